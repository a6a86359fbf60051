"""`fastweights study`: a comparison that a file describes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import tyro

from fastweights.cli.options import parse
from fastweights.cli.report import report
from fastweights.cli.reproduce import ExecutionOptions, carry_out
from fastweights.errors import FastweightsError
from fastweights.report.error_units import UNITS
from fastweights.report.labels import duration, model_label, task_label
from fastweights.report.table import MODEL, R, Table
from fastweights.runs import worker
from fastweights.runs.pace import MEASURED_UPDATES, measure_seconds
from fastweights.runs.tracing import check_code
from fastweights.studies.analysis.progress import (
    RunProgress,
    Shape,
    run_progress,
    seconds_an_update,
    seconds_left,
)
from fastweights.studies.analysis.runs import grouped
from fastweights.studies.description import StudyDescription
from fastweights.studies.record.folder import locate
from fastweights.studies.record.store import Run, Store
from fastweights.studies.study import Row, Study


@dataclass(frozen=True)
class StudyOptions(ExecutionOptions):
    """Options of `fastweights study`."""

    action: tyro.conf.Positional[Literal["run", "show"]]
    """run trains what is not finished yet and writes the report; show says what that would be."""

    file: tyro.conf.Positional[Path]
    """What is compared (see docs/studies.md); the plugins that it names are loaded."""

    dir: Path | None = None
    """The study's folder; runs that are finished there are not run again. show needs none."""


def run(arguments: Sequence[str]) -> int:
    """Run the study and end as `reproduce` does, or show it."""
    options = parse(StudyOptions, arguments, "study")
    description = StudyDescription.read(options.file)
    study = description.study()
    if options.action == "show":
        return _show(study, options)
    if options.dir is None:
        raise FastweightsError("missing --dir, the study's folder (see fastweights study --help)")
    words = [str(options.file)]
    results = carry_out(options, options.dir, options.file.name, study.plan, words, file=description.text)
    return report(results, options.dir, as_json=options.json)


class _Shown(NamedTuple):
    row: Row
    label: str
    runs: Sequence[RunProgress]
    """All of them; those that the search will name later look like the row's base."""

    @property
    def shape(self) -> Shape:
        return Shape.of(self.runs[0])


def _show(study: Study, options: StudyOptions) -> int:
    """Print the rows, how many runs there are, and how long those that are left will take."""
    recorded = _recorded(options)
    rows = zip(study.rows, study.labels(), strict=True)
    shown = [_shown(study, row, label, recorded) for row, label in rows]
    runs = [run for each in shown for run in each.runs]
    paces = seconds_an_update([run_progress(run) for run, _ in recorded.values()])
    unknown = {each.shape: each.row.base for each in shown if each.shape not in paces}
    if unknown:
        worker.prepare()
    for shape, base in unknown.items():
        check_code(base)
        paces[shape] = measure_seconds(base) / base.training.updates
    left = seconds_left(runs, options.num_workers, paces)
    ended = sum(run.state in ("finished", "failed") for run in runs)
    if options.json:
        counts = {"runs": len(runs), "ended": ended, "workers": options.num_workers}
        print(json.dumps({**counts, "seconds_left": left, "shapes_measured": len(unknown)}))
    else:
        _print_tables(study, shown, paces)
        time_left, source = duration(left or 0.0), _source(shown, unknown)
        print(f"\n{len(runs):,} runs, of which {ended:,} have ended.")
        print(f"Time left: about {time_left} with {options.num_workers} workers, {source}.")
    return 0


def _recorded(options: StudyOptions) -> dict[str, tuple[Run, dict]]:
    """The runs in the study's record and what results.json says of them; nothing if there is no record."""
    if options.storage is None and (options.dir is None or not options.dir.exists()):
        return {}
    store = Store(*locate(options.dir or Path(), options.storage, options.study))
    runs = store.runs()
    records = zip(runs, store.results(runs)["runs"], strict=True)
    return {run.identifier: (run, record) for run, record in records}


def _shown(study: Study, row: Row, label: str, recorded: dict[str, tuple[Run, dict]]) -> _Shown:
    known = {name: record for name, (_, record) in recorded.items()}
    named = [planned.specification for planned in study.runs_of(row, label, known)]
    runs = [*named, *[row.base] * (study.num_runs(row) - len(named))]
    waiting = [Run(0, each.identifier, "waiting", each.to_json()) for each in runs]
    return _Shown(row, label, [run_progress(recorded.get(run.identifier, (run,))[0]) for run in waiting])


def _print_tables(study: Study, shown: Sequence[_Shown], paces: dict[Shape, float]) -> None:
    from rich.console import Console

    selecting = _counted(len(study.search.seeds) if study.search else 0, "seed")
    columns = {
        R: lambda each: str(each.row.base.hidden_size),
        MODEL: lambda each: ", ".join(filter(None, [model_label(each.row.base.model), each.label])),
        "tried": lambda each: f"{tried} × {selecting}" if (tried := study.num_tried(each.row)) else "",
        "reported": lambda each: _counted(len(study.seeds), "seed"),
        "runs": lambda each: str(len(each.runs)),
        "updates": lambda each: f"{each.row.base.training.updates:,}",
        "a run": lambda each: duration(paces[each.shape] * each.row.base.training.updates),
    }
    for title, group in grouped(shown, lambda each: _title(each.row)).items():
        rows = sorted(group, key=lambda each: each.row.base.hidden_size)
        Console().print(Table.of("study", title, rows, columns).terminal())


def _title(row: Row) -> str:
    """The task, that of the test set if it is another, and the goal if the study names one."""
    base, said = row.base.to_json(), []
    if "test_task" in base:
        said.append(f"tested on {task_label(base['test_task'])}")
    if row.goal is not None:
        said.append(f"goal {UNITS[row.base.task.error_kind].goal_text(row.goal)}")
    return ", ".join([task_label(base["task"]), *said])


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _source(shown: Sequence[_Shown], unknown: dict) -> str:
    """Where the estimate comes from."""
    measured = f"{MEASURED_UPDATES} updates and two evaluations of each shape, measured now on one core"
    if not unknown:
        return "from the runs in the record"
    if len(unknown) == len({each.shape for each in shown}):
        return f"from {measured}"
    return f"from the runs in the record and, for {len(unknown)} shapes, from {measured}"
