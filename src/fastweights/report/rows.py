"""The rows of a study's table, as text: test errors beside the published ones and the guessing floor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastweights.report.labels import duration, last_line, model_label, percent, task_label, with_interval
from fastweights.studies.analysis.settings import (
    Record,
    Summary,
    failure_of,
    outcome,
    setting_of,
)
from fastweights.studies.papers import published_errors

if TYPE_CHECKING:
    from fastweights.papers.base import Publication


@dataclass(frozen=True)
class Row:
    """A line of the table, as text; empty where there is nothing to say."""

    task: str
    hidden_size: int
    model: str
    model_id: str
    test_error: tuple[str, ...]
    """Percent: mean ± half of the 95 % interval or the one value, if there is one; then what is missing."""
    seeds: str
    published: Sequence[tuple["Publication", float]]
    """Published test errors, in percent: the paper's own first."""
    floor: str
    parameters: str
    updates: str
    time: str
    range: str
    """Percent: the lowest and the highest seed."""
    at_best: str
    """Percent: mean test error at each run's lowest validation error."""
    validation: str
    """Percent: mean final validation error."""
    settings: str
    lowest: bool
    """Whether no other model has a lower mean test error at this task and size."""
    notes: tuple[str, ...]
    """What the line cannot show: failures with their reasons, unfinished runs, settings not selected."""

    def published_in(self, source: "Publication") -> str:
        """Percent as printed there; empty if there is no such number."""
        return next((f"{error:g}" for each, error in self.published if each == source), "")

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts in the order of the columns, from the model on."""
        return (
            self.model,
            ", ".join(self.test_error),
            self.seeds,
            f"{self.published[0][1]:g}" if self.published else "",
            self.floor,
            self.parameters,
            self.updates,
            self.time,
        )


def rows(summaries: Sequence[Summary], runs: Sequence[Record]) -> list[Row]:
    """A row for each summary: by task in order of appearance, then by size, then by model."""
    tasks = list(dict.fromkeys(task_label(run["specification"]["task"]) for run in runs))
    lowest: dict[tuple[str, int], float] = {}
    for summary in summaries:
        if summary.test_error is not None:
            place = _place(summary)
            lowest[place] = min(summary.test_error, lowest.get(place, summary.test_error))
    order = sorted(summaries, key=lambda summary: (tasks.index(_place(summary)[0]), summary.hidden_size))
    return [_row(summary, lowest.get(_place(summary))) for summary in order]


def grouped(lines: Iterable[Row]) -> list[list[Row]]:
    """The rows of one task and size together: what is to be compared."""
    groups: dict[tuple[str, int], list[Row]] = {}
    for row in lines:
        groups.setdefault((row.task, row.hidden_size), []).append(row)
    return list(groups.values())


def notes(lines: Iterable[Row]) -> list[str]:
    """The rows' notes, each with the name of its row."""
    return [f"{row.model}, R = {row.hidden_size}: {note}" for row in lines for note in row.notes]


def legend(lines: Sequence[Row]) -> list[str]:
    """What the columns mean, in sentences; only what the table shows."""
    if not lines:
        return ["The study has no runs yet."]
    sentences = ["R: hidden units."]
    if any("±" in part for row in lines for part in row.test_error):
        sentences.append("±: half of the 95 % t interval of the mean over seeds.")
    sources = dict.fromkeys(
        f"{row.published[0][0].name}, {row.published[0][0].place}" for row in lines if row.published
    )
    if sources:
        sentences.append(f"paper: {'; '.join(sources)}.")
    sentences.append("floor: the error of the best answer without the ability that the task tests.")
    return sentences


def _place(summary: Summary) -> tuple[str, int]:
    return task_label(summary.setting["task"]), summary.hidden_size


def _row(summary: Summary, lowest: float | None) -> Row:
    planned = summary.finished + summary.failed + summary.unfinished
    error = []
    if summary.test_error is not None:
        error.append(with_interval(summary.test_error, summary.half_interval))
    error += [f"failed ({summary.failed} of {planned})"] * bool(summary.failed)
    error += [f"unfinished ({summary.unfinished} of {planned})"] * bool(summary.unfinished)
    return Row(
        task=task_label(summary.setting["task"]),
        hidden_size=summary.hidden_size,
        model=model_label(summary.model),
        model_id=summary.model,
        test_error=tuple(error),
        seeds=str(summary.finished),
        published=published_errors(summary.setting["task"], summary.model, summary.hidden_size),
        floor=f"{100 * summary.floor:.2f}",  # exact, so in full
        parameters="" if summary.parameters is None else f"{summary.parameters:,}",
        updates=f"{summary.setting['training']['updates']:,}",
        time="" if summary.seconds is None else duration(summary.seconds),
        range=" – ".join(
            dict.fromkeys([percent(summary.lowest_test_error), percent(summary.highest_test_error)])
        ),
        at_best=percent(summary.best_test_error),
        validation=percent(summary.validation_error),
        settings=str(summary.settings),
        lowest=summary.test_error is not None and summary.test_error == lowest,
        notes=tuple(_notes(summary)),
    )


def _notes(summary: Summary) -> Iterable[str]:
    others = [run for run in summary.runs if setting_of(run) != summary.setting]
    if summary.settings > 1 and summary.validation_error is not None:
        yield (
            f"selected of {summary.settings} settings by its mean validation error, "
            f"{percent(summary.validation_error)} %"
        )
    for group, place in ((summary.selected, ""), (others, " in settings not selected")):
        reasons: dict[str, int] = {}
        for run in group:
            if failure := failure_of(run):
                reasons[last_line(failure)] = reasons.get(last_line(failure), 0) + 1
        for reason, count in reasons.items():
            yield f"failed ({count} of {len(group)}{place}): {reason}"
        for state in ("interrupted", "waiting"):
            if count := sum(outcome(run) == state for run in group):
                yield f"{state} ({count} of {len(group)}{place})"
