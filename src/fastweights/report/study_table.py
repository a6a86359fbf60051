"""The tables of any study: test errors beside the published ones and the guessing floor, one row a model."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from fastweights.report.labels import last_line, model_label, percent, task_label, with_interval
from fastweights.report.setting_texts import length_text, parameters_text, range_text, time_text
from fastweights.report.table import MODEL, R, Table, plain
from fastweights.studies.analysis.runs import Record, failure_of, grouped, outcome
from fastweights.studies.analysis.settings import Selection, Setting, selections
from fastweights.studies.papers import published_errors

if TYPE_CHECKING:
    from fastweights.studies.papers import Publication


class StudyTables:
    """What the general report shows of a study's runs: for each task, size and model the selected setting."""

    def __init__(self, runs: Sequence[Record]) -> None:
        tasks = list(dict.fromkeys(task_label(run["specification"]["task"]) for run in runs))
        self.by_task: dict[str, list[Selection]] = {task: [] for task in tasks}
        for selection in sorted(selections(runs), key=lambda selection: selection.selected.hidden_size):
            self.by_task[task_label(selection.selected.options["task"])].append(selection)

    @property
    def selections(self) -> list[Selection]:
        """By task in order of appearance, then by size, then by model."""
        return [selection for group in self.by_task.values() for selection in group]

    def results(self, publications: "Sequence[Publication] | None" = None) -> list[Table]:
        """A table for each task, with the numbers of these publications, or of the first that has any."""
        published: dict[str, Callable[[Setting], str]] = {
            f"{source.heading} %": lambda setting, name=source.name: _published_texts(setting).get(name, "")
            for source in publications or ()
        }
        if publications is None:
            published = {"paper %": lambda setting: next(iter(_published_texts(setting).values()), "")}
        return [
            Table.of(
                "table",
                task if len(self.by_task) > 1 else "",
                [selection.selected for selection in group],
                {
                    R: lambda setting: str(setting.hidden_size),
                    MODEL: lambda setting: model_label(setting.model),
                    "test error %": _errors,
                    "seeds": lambda setting: str(setting.finished),
                    **published,
                    "floor %": lambda setting: f"{100 * setting.floor:.2f}",  # exact, so in full
                    "parameters": parameters_text,
                    "updates": length_text,
                    "time": time_text,
                },
                bold=[i for i, selection in enumerate(group) if selection in self.lowest(group)],
            )
            for task, group in self.by_task.items()
        ]

    def details(self) -> list[Table]:
        """The range of the seeds, and what selected."""
        return [
            Table.of(
                "details",
                "Last, best and range",
                group,
                {
                    R: lambda selection: str(selection.selected.hidden_size),
                    MODEL: lambda selection: model_label(selection.selected.model),
                    "lowest–highest test error %": lambda selection: range_text(selection.selected),
                    "at best validation %": lambda selection: percent(selection.selected.best_test_error),
                    "last validation %": lambda selection: percent(selection.selected.validation_error),
                    "settings tried": lambda selection: str(len(selection.settings)),
                },
            )
            for group in self.by_task.values()
        ]

    def lowest(self, group: Sequence[Selection]) -> list[Selection]:
        """Of one task's, those with the lowest mean test error at their size."""
        known = [selection for selection in group if selection.selected.test_error is not None]
        by_size = grouped(known, lambda selection: selection.selected.hidden_size)
        return [
            selection
            for alike in by_size.values()
            for selection in alike
            if selection.selected.test_error == min(other.selected.test_error or 0.0 for other in alike)
        ]

    def publications(self) -> "list[Publication]":
        """The publications with a number for one of the rows."""
        sources = [source for selection in self.selections for source, _ in _published(selection.selected)]
        return list({source.name: source for source in sources}.values())

    def notes(self) -> list[str]:
        """What the rows cannot show: failures with their reasons, unfinished runs, settings not selected."""
        return [
            f"{model_label(selection.selected.model)}, R = {selection.selected.hidden_size}: {note}"
            for selection in self.selections
            for note in _notes(selection)
        ]

    def legend(self) -> str:
        """What the columns mean; only what the table shows."""
        if not self.selections:
            return "The study has no runs yet."
        sentences = ["R: hidden units."]
        settings = [selection.selected for selection in self.selections]
        if any(setting.half_interval is not None for setting in settings):
            sentences.append("±: half of the 95 % t interval of the mean over seeds.")
        first = [published[0][0] for published in map(_published, settings) if published]
        if first:
            sources = dict.fromkeys(f"{source.name}, {source.place}" for source in first)
            sentences.append(f"paper: {'; '.join(sources)}.")
        sentences.append("floor: the error of the best answer without the ability that the task tests.")
        return " ".join(sentences)

    def terminal(self) -> RenderableType:
        """The tables for a terminal, with the notes below."""
        notes = "\n".join(["", *self.notes(), self.legend()])
        return Group(*(table.terminal() for table in self.results()), Text(notes))

    def markdown(self) -> str:
        """The tables in GitHub's Markdown, with the notes as a list."""
        parts = []
        for table in self.results():
            parts += [f"**{plain(table.title)}**"] * bool(table.title) + [table.markdown().rstrip()]
        notes = "\n".join(f"- {plain(note)}" for note in self.notes())
        return "\n\n".join(filter(None, [*parts, notes, plain(self.legend())])) + "\n"


def _published(setting: Setting) -> "list[tuple[Publication, float]]":
    return published_errors(setting.options["task"], setting.model, setting.hidden_size)


def _published_texts(setting: Setting) -> dict[str, str]:
    """Published errors in percent, by the name of their source."""
    return {source.name: f"{error:g}" for source, error in _published(setting)}


def _errors(setting: Setting) -> str:
    """The mean test error, and how many runs failed or are missing."""
    errors = []
    if setting.test_error is not None:
        errors.append(with_interval(setting.test_error, setting.half_interval))
    errors += [f"failed ({setting.failed} of {setting.planned})"] * bool(setting.failed)
    errors += [f"unfinished ({setting.unfinished} of {setting.planned})"] * bool(setting.unfinished)
    return ",\n".join(errors)


def _notes(selection: Selection) -> Iterable[str]:
    setting, tried = selection.selected, len(selection.settings)
    if tried > 1 and setting.validation_error is not None:
        error = percent(setting.validation_error)
        yield f"selected of {tried} settings by its mean validation error, {error} %"
    others = [run for other in selection.settings if other is not setting for run in other.runs]
    for group, place in ((setting.runs, ""), (others, " in settings not selected")):
        reasons = Counter(last_line(failure) for run in group if (failure := failure_of(run)))
        for reason, count in reasons.items():
            yield f"failed ({count} of {len(group)}{place}): {reason}"
        for state in ("interrupted", "waiting"):
            if count := sum(outcome(run) == state for run in group):
                yield f"{state} ({count} of {len(group)}{place})"
