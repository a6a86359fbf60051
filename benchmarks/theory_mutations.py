"""Does each check notice a false formula? Every constant and exponent of every formula is changed by 15 %.

    .venv/bin/python benchmarks/theory_mutations.py [--only NAME …] [--record FOLDER] [--workers 2]

Formulas are the functions among the fields of a check, and what these call (`benchmarks/mutations`).
The literal numbers in them are multiplied by 1.15 and 0.85, or, where only a whole number makes sense,
raised and lowered by one; so are exponents, the terms of sums, and the value itself, whose factor 1 isn't
written. A mutant is killed if the check doesn't hold with it, and survives if it does. A survivor must be
argued by a comment `# survives: …` at its place; without one it is an error, and the exit status is 1.

With --record, the results of each check are kept in a file of that folder, and a check whose formulas' files
have not changed since is not run again: so an interrupted run goes on where it was.
"""

import argparse
import hashlib
import inspect
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from fastweights import registry
from fastweights.theory.runner import examine
from mutations.mutants import Mutant, applied, formulas, mutants, name_of

ROOT = Path(__file__).parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", default=None, metavar="NAME", help="checks; by default all")
    parser.add_argument("--record", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    names = options.only or [
        n for n in registry.checks if registry.checks[n].__module__.startswith("fastweights.")
    ]
    with ProcessPoolExecutor(
        options.workers, multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        jobs = {name: pool.submit(results_of, name, options.record) for name in names}
        results = {name: job.result() for name, job in jobs.items()}
    return report(results)


def results_of(name: str, folder: Path | None) -> list[dict[str, Any]]:
    """What became of each mutant of a check, computed or read."""
    file = folder / f"{name}.json" if folder else None
    sources = digest(name)
    if file and file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["sources"] == sources:
            return kept["mutants"]
    results = run(name)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = {"sources": sources, "mutants": results}
        file.write_text(json.dumps(kept, indent=1, ensure_ascii=False), encoding="utf-8")
    return results


def digest(name: str) -> str:
    """Of the files of a check and its formulas."""
    check = registry.checks[name]
    codes = [function.__code__.co_filename for function in formulas(check())]
    files = sorted({inspect.getfile(check), *codes})
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()


def run(name: str) -> list[dict[str, Any]]:
    check = registry.checks[name]()
    began = time.perf_counter()
    true, traced = with_traced_formulas(name, check)
    assert true.holds, f"{name} doesn't hold as it is: {true.error}"
    results = []
    for mutant in mutants(check):
        outcome = outcome_of(name, check, mutant, mutant.name in traced)
        if outcome == "raised" and mutant.whole:
            mutant = mutant.whole
            outcome = outcome_of(name, check, mutant, mutant.name in traced)
        place = f"{mutant.path.relative_to(ROOT)}:{mutant.line}"
        results.append(
            {
                "place": place,
                "formula": mutant.name,
                "change": mutant.change,
                "outcome": outcome,
                "argument": mutant.argument if outcome == "survived" else "",
            }
        )
    seconds = time.perf_counter() - began
    print(f"{name}: {len(results)} mutants in {seconds:.0f} s", file=sys.stderr, flush=True)
    return results


def outcome_of(name: str, check: Any, mutant: Mutant, is_traced: bool) -> str:
    import jax

    if is_traced:
        jax.clear_caches()  # what was compiled has the true formula in it
    with applied(mutant):
        result = examine(name, check)
    if is_traced:
        jax.clear_caches()
    return "raised" if result.error else "survived" if result.holds else "killed"


def with_traced_formulas(name: str, check: Any) -> tuple[Any, set[str]]:
    """The true result, and the names of the formulas that JAX traces, for any of their arguments."""
    import jax
    from jax.core import Tracer

    codes, traced = {function.__code__: name_of(function) for function in formulas(check)}, set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in codes:
            leaves = jax.tree.leaves(list(frame.f_locals.values()))
            if any(isinstance(leaf, Tracer) for leaf in leaves):
                traced.add(codes[frame.f_code])

    sys.setprofile(watch)
    try:
        result = examine(name, check)
    finally:
        sys.setprofile(None)
    return result, traced


def report(results: dict[str, list[dict[str, Any]]]) -> int:
    """Print every mutant that wasn't killed, and the counts."""
    count = {"killed": 0, "raised": 0, "argued": 0, "survived": 0}
    for name, mutants_of in results.items():
        for result in mutants_of:
            outcome = "argued" if result["argument"] else result["outcome"]
            count[outcome] += 1
            if outcome != "killed":
                line = f"{outcome}  {name}  {result['place']}  {result['formula']}: {result['change']}"
                print(line + (f"  ({result['argument']})" if result["argument"] else ""))
        if not mutants_of:
            print(f"none      {name} has no formula with a constant")
    total = sum(count.values())
    print(
        f"{total} mutants of {len(results)} checks: {count['killed']} killed, {count['raised']} raised an "
        f"error, {count['argued']} survived for a reason, {count['survived']} survived"
    )
    return 1 if count["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
