"""Does each check notice a false formula? Every constant and exponent of every formula is changed by 15 %.

    .venv/bin/python benchmarks/theory_mutations.py [--only NAME …] [--record FOLDER] [--workers 2]

Formulas are the functions among the fields of a check, and what these call (`benchmarks/mutations`).
The literal numbers in them are multiplied by 1.15 and 0.85; so are exponents, the terms of sums, and what is
returned, whose factor 1 isn't written. Numbers and terms that must be whole are raised and lowered by one.
A mutant is killed if the check doesn't hold with it, and survives if it does. A survivor must be argued by a
comment `# survives: …` at its place; without one it is an error, and the exit status is 1.

A mutant that raises an error, or comes to no end in ten times the check's own processor time (and in at least
30 s), fails the check's test as well, so neither is a survivor; but no number of the check gave it away: both
are counted apart, and printed with their errors. What raises should have no value at all, as these have none:
the length or the axes of an array, with which nothing fits; the order of a matrix norm, of which NumPy has 1
and 2; a seed below 0. Where a formula has a value that is merely beyond what a solver or a figure expects,
the check is to be mended.

With --record, the results of each check are kept in a file of that folder, and a check whose formulas' files
(and the engine's) have not changed since is not run again: so an interrupted run goes on where it was.
"""

import argparse
import hashlib
import inspect
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fastweights import registry
from mutations.mutants import formulas, mutants
from mutations.trials import Trials

ROOT = Path(__file__).parents[1]
ENGINE = Path(__file__).parent / "mutations"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", default=None, metavar="NAME", help="checks; by default all")
    parser.add_argument("--record", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    registered = {n for n in registry.checks if registry.checks[n].__module__.startswith("fastweights.")}
    names = options.only or sorted(registered)
    if unknown := set(names) - registered:
        parser.error(f"no checks of the package: {', '.join(sorted(unknown))}")
    with ThreadPoolExecutor(options.workers) as pool:
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
    """Of the files of a check and its formulas, and of what changes these."""
    check = registry.checks[name]
    codes = [function.__code__.co_filename for function in formulas(check())]
    files = [*sorted({inspect.getfile(check), *codes}), *sorted(ENGINE.glob("*.py"))]
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()


def run(name: str) -> list[dict[str, Any]]:
    began, results, trials = time.perf_counter(), [], Trials(name)
    try:
        for number, mutant in enumerate(mutants(registry.checks[name]())):
            outcome = trials.outcome(number, whole=False)
            if outcome.word == "raised" and mutant.whole:
                mutant, outcome = mutant.whole, trials.outcome(number, whole=True)
            results.append(
                {
                    "place": f"{mutant.path.relative_to(ROOT)}:{mutant.line}",
                    "formula": mutant.name,
                    "change": mutant.change,
                    "outcome": outcome.word,
                    "error": outcome.error,
                    "argument": mutant.argument if outcome.word == "survived" else "",
                }
            )
    finally:
        trials.close()
    seconds = time.perf_counter() - began
    print(f"{name}: {len(results)} mutants in {seconds:.0f} s", file=sys.stderr, flush=True)
    return results


def report(results: dict[str, list[dict[str, Any]]]) -> int:
    """Print every mutant that no number of the check gave away, and the counts."""
    count = {"killed": 0, "raised": 0, "timed out": 0, "argued": 0, "survived": 0}
    for name, mutants_of in results.items():
        for result in mutants_of:
            outcome = "argued" if result["argument"] else result["outcome"]
            count[outcome] += 1
            if outcome != "killed":
                line = f"{outcome:9} {name}  {result['place']}  {result['formula']}: {result['change']}"
                reason = result["argument"] or result["error"]
                print(line + (f"  ({reason})" if reason else ""))
        if not mutants_of:
            print(f"none      {name} has no formula with a constant")
    total = sum(count.values())
    print(
        f"{total} mutants of {len(results)} checks: {count['killed']} killed, {count['raised']} raised an "
        f"error, {count['timed out']} timed out, {count['argued']} survived for a reason, "
        f"{count['survived']} survived"
    )
    return 1 if count["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
