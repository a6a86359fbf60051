"""Does each check notice a false formula? Every constant and exponent of every formula is changed by 15 %.

    .venv/bin/python benchmarks/theory_mutations.py [--only NAME …] [--record FOLDER] [--workers 2]
        [--into FILE]

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
With --into, the tables are put into a document (docs/book.md): counts by chapter, and what survives for a
reason.
"""

import argparse
import hashlib
import inspect
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fastweights import registry
from fastweights.report.documents import fill
from fastweights.report.labels import count
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import grouped
from mutations.mutants import formulas, mutants
from mutations.trials import Trials

ROOT = Path(__file__).parents[1]
ENGINE = Path(__file__).parent / "mutations"
Results = dict[str, list[dict[str, Any]]]
"""What became of each mutant, by check."""
OUTCOMES = "killed", "raised", "timed out", "argued", "survived"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", default=None, metavar="NAME", help="checks; by default all")
    parser.add_argument("--record", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--into", type=Path, default=None, metavar="FILE", help="a document with places")
    options = parser.parse_args()
    registered = {n for n in registry.checks if registry.checks[n].__module__.startswith("fastweights.")}
    names = options.only or sorted(registered)
    if unknown := set(names) - registered:
        parser.error(f"no checks of the package: {', '.join(sorted(unknown))}")
    with ThreadPoolExecutor(options.workers) as pool:
        jobs = {name: pool.submit(results_of, name, options.record) for name in names}
        results = {name: job.result() for name, job in jobs.items()}
    if options.into:
        fill(options.into, {table.name: table.markdown() for table in tables(results)}, "mutations")
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


def outcome_of(result: dict[str, Any]) -> str:
    return "argued" if result["argument"] else result["outcome"]


def tables(results: Results) -> list[Table]:
    """Counts by chapter, and each survivor with its argument."""
    chapters = grouped(results, lambda name: registry.checks[name].__module__.split(".")[2].replace("_", " "))
    counts = {
        chapter: [len(names), *_counts(result for name in names for result in results[name])]
        for chapter, names in sorted(chapters.items())
    }
    counts["all"] = [sum(column) for column in zip(*counts.values(), strict=True)]
    numbers = ("checks", "changes", *OUTCOMES)
    argued = [
        [name, result["formula"], result["change"], result["argument"]]
        for name, found in results.items()
        for result in found
        if outcome_of(result) == "argued"
    ]
    return [
        Table(
            "by-chapter",
            "",
            [Column("chapter", "word"), *map(Column, numbers)],
            [[chapter, *map(count, numbers_of)] for chapter, numbers_of in counts.items()],
            "Killed: the check does not hold with the change. Raised: what has no value; timed out: no end. "
            "Argued: the check holds, and the source says why it must; survived: and it doesn't say so.",
            bold={len(counts) - 1},
        ),
        Table(
            "argued",
            "",
            [Column(heading, "word") for heading in ("check", "formula", "change", "why it stays")],
            argued,
        ),
    ]


def _counts(found: Iterable[dict[str, Any]]) -> list[int]:
    """How many there are, and how many of each outcome."""
    outcomes = Counter(map(outcome_of, found))
    return [outcomes.total(), *(outcomes[each] for each in OUTCOMES)]


def report(results: Results) -> int:
    """Print every mutant that no number of the check gave away, and the counts."""
    counts = Counter(outcome_of(result) for found in results.values() for result in found)
    for name, mutants_of in results.items():
        for result in mutants_of:
            outcome = outcome_of(result)
            if outcome != "killed":
                line = f"{outcome:9} {name}  {result['place']}  {result['formula']}: {result['change']}"
                reason = result["argument"] or result["error"]
                print(line + (f"  ({reason})" if reason else ""))
        if not mutants_of:
            print(f"none      {name} has no formula with a constant")
    print(
        f"{counts.total()} mutants of {len(results)} checks: {counts['killed']} killed, {counts['raised']} "
        f"raised an error, {counts['timed out']} timed out, {counts['argued']} survived for a reason, "
        f"{counts['survived']} survived"
    )
    return 1 if counts["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
