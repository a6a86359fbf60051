"""The tables of any study: test errors beside the published ones and the guessing floor, one row a model."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from fastweights.report.error_units import UNITS, ErrorUnit
from fastweights.report.labels import last_line, task_label
from fastweights.report.setting_texts import name_text, unit_of
from fastweights.report.study_columns import (
    COSTS,
    NUMBERS,
    ROW,
    Columns,
    chosen_by,
    floor,
    mean_error,
    of_reported,
    published_numbers,
    published_texts,
    seeds,
    validation,
)
from fastweights.report.table import Column, Table, plain
from fastweights.studies.analysis.runs import Record, distinguished, error_kind, failure_of, grouped, outcome
from fastweights.studies.analysis.selections import Selection, selections

if TYPE_CHECKING:
    from fastweights.studies.papers import Publication


class StudyTables:
    """What the general report shows of a study's runs: for each task, size and model the selected setting."""

    def __init__(self, runs: Sequence[Record]) -> None:
        order = list(dict.fromkeys(map(_title, runs)))
        found = [(_title(each.selected.runs[0]), each) for each in selections(runs)]
        found.sort(key=lambda entry: (order.index(entry[0]), entry[1].selected.hidden_size))
        groups = grouped(found, lambda entry: entry[0])
        self.by_task = {task: [each for _, each in group] for task, group in groups.items()}

    @property
    def selections(self) -> list[Selection]:
        """By task in order of appearance, then by size, then by model."""
        return [selection for group in self.by_task.values() for selection in group]

    def results(self, publications: "Sequence[Publication] | None" = None) -> list[Table]:
        """A table for each task, with the numbers of these publications, or of the first that has any."""
        return self._tables(
            "table", lambda unit, goal: {**self._errors(unit, publications), **floor(unit), **COSTS}
        )

    def brief(self) -> list[Table]:
        """The errors and the time alone, for a narrow page."""
        time = {"time": COSTS["time"]}
        return self._tables("brief", lambda unit, goal: {**self._errors(unit, None), **floor(unit), **time})

    def details(self) -> list[Table]:
        """How the seeds differ, how soon they learned, and what was chosen."""
        return self._tables(
            "details", lambda unit, goal: {**seeds(unit, goal), **validation(unit), **self._choice(unit)}
        )

    def complete(self) -> list[Table]:
        """Both in one, as a paper prints it."""
        costs = {heading: text for heading, text in COSTS.items() if heading != "time"}
        return self._tables(
            "complete",
            lambda unit, goal: {
                **self._errors(unit, None),
                **seeds(unit, goal),
                **floor(unit),
                **costs,
                **self._choice(unit),
            },
        )

    def numbers(self) -> Table:
        """Every row, for programs: one table for all tasks, errors as numbers with all their digits."""
        tasks: Columns = {
            "test_" * (key == "test_task") + ("task" if name == "name" else name): (
                lambda each, key=key, name=name: str(each.selected.options.get(key, {}).get(name, ""))
            )
            for key in ("task", "test_task")
            for name in dict.fromkeys(
                name for each in self.selections for name in each.selected.options.get(key, {})
            )
        }
        return Table.of("numbers", "", self.selections, {**tasks, **NUMBERS})

    def _tables(self, name: str, columns: "Callable[[ErrorUnit, float | None], Columns]") -> list[Table]:
        """One for each task, with the columns for its errors and their goal."""
        return [
            Table.of(
                name,
                task if len(self.by_task) > 1 else "",
                group,
                {**ROW, **columns(unit_of(group[0].selected), group[0].selected.goal)},
                bold=[i for i, selection in enumerate(group) if selection in self.lowest(group)],
            )
            for task, group in self.by_task.items()
        ]

    def _errors(self, unit: ErrorUnit, publications: "Sequence[Publication] | None") -> Columns:
        if not unit.in_percent:
            publications = ()  # what is published is in percent
        published: dict[str, Callable[[Selection], str]] = {
            f"{source.heading} %": lambda each, name=source.name: published_texts(each).get(name, "")
            for source in publications or ()
        }
        if publications is None and self.publications():
            published = {"paper %": lambda selection: next(iter(published_texts(selection).values()), "")}
        finished = of_reported(lambda setting: str(setting.finished))
        return {unit.heading(f"test {unit.name}"): mean_error, "seeds": finished, **published}

    def _choice(self, unit: ErrorUnit) -> Columns:
        """The columns of what was chosen, and by which error, if anything was."""
        if not self._is_search:
            return {}
        return {Column("chosen", "word"): lambda each: each.choice, **chosen_by(unit)}

    @property
    def _is_search(self) -> bool:
        """Whether any row is one of several settings that were tried."""
        return any(each.choice for each in self.selections)

    @property
    def _has_details(self) -> bool:
        """Whether any row has several seeds, or is one of several settings."""
        return self._is_search or any(
            each.reported and each.reported.finished > 1 for each in self.selections
        )

    def lowest(self, group: Sequence[Selection]) -> list[Selection]:
        """Of one task's, those with the lowest mean test error at their size, where there are others."""
        known = [
            (selection, selection.reported.test_error)
            for selection in group
            if selection.reported is not None and selection.reported.test_error is not None
        ]
        by_size = grouped(known, lambda entry: entry[0].selected.hidden_size)
        return [
            selection
            for alike in by_size.values()
            for selection, error in alike
            if len(alike) > 1 and error == min(other for _, other in alike)
        ]

    def publications(self) -> "list[Publication]":
        """The publications with a number for one of the rows."""
        sources = [source for selection in self.selections for source, _ in published_numbers(selection)]
        return list({source.name: source for source in sources}.values())

    def notes(self) -> list[str]:
        """What the rows cannot show: failures with their reasons, and unfinished runs."""
        firsts = [group[0].selected for group in self.by_task.values()]
        tasks = distinguished([{**first.options["task"], **_own_goal(first.runs[0])} for first in firsts])
        places = [
            (selection, [name_text(selection.selected), f"R = {selection.selected.hidden_size}", *task])
            for task, group in zip(tasks, self.by_task.values(), strict=True)
            for selection in group
        ]
        return [f"{', '.join(place)}: {note}" for selection, place in places for note in _notes(selection)]

    def legend(self) -> str:
        """What the columns mean; only what the table shows."""
        if not self.selections:
            return "The study has no runs yet."
        sentences = ["R: hidden units."]
        settings = [selection.reported for selection in self.selections]
        if any(setting is not None and setting.half_interval is not None for setting in settings):
            sentences.append("±: half of the 95 % t interval of the mean over seeds.")
        first = [published[0][0] for published in map(published_numbers, self.selections) if published]
        if first:
            sources = dict.fromkeys(f"{source.name}, {source.place}" for source in first)
            sentences.append(f"paper: {'; '.join(sources)}.")
        if self._has_details:
            sentences += [
                f"to {goal}: the median of the updates until the validation error was {goal} or less."
                for goal in self.goals()
            ]
        if self._is_search:
            tried = {len(each.settings) for each in self.selections}
            count = " to ".join(map(str, dict.fromkeys([min(tried), max(tried)])))
            sentences.append(f"by validation: the mean validation error by which it was chosen, of {count}.")
        if any(each.selected.error_kind == "squared" for each in self.selections):
            sentences.append("MSE: the mean squared error.")
        sentences.append("floor: the error of the best answer without the ability that the task tests.")
        options = [each.selected.options for each in self.selections]
        tests = dict.fromkeys(task_label(each["test_task"]) for each in options if "test_task" in each)
        sentences += [f"Test sequences: {task}." for task in tests]
        return " ".join(sentences)

    def goals(self) -> list[str]:
        """The errors at which the tasks count as learned, as text."""
        goals = [(unit_of(each.selected), each.selected.goal) for each in self.selections]
        return list(dict.fromkeys(unit.goal_text(goal) for unit, goal in goals if goal is not None))

    def terminal(self) -> RenderableType:
        """The tables for a terminal, with the notes below; details if there are several seeds, or choices."""
        tables = self.results()
        if self._has_details:
            tables += self._tables("details", lambda unit, goal: {**seeds(unit, goal), **self._choice(unit)})
        notes = "\n".join(["", *self.notes(), self.legend()])
        return Group(*(table.terminal() for table in tables), Text(notes))

    def markdown(self, tables: Sequence[Table] | None = None) -> str:
        """Tables, by default the results, in GitHub's Markdown, with the notes as a list."""
        parts = []
        for table in self.results() if tables is None else tables:
            parts += [f"**{plain(table.title)}**"] * bool(table.title) + [table.markdown().rstrip()]
        notes = "\n".join(f"- {plain(note)}" for note in self.notes())
        return "\n\n".join(filter(None, [*parts, notes, plain(self.legend())])) + "\n"


def _title(run: Record) -> str:
    """The task, and the goal if the study names one."""
    goal = [f"{name} {text}" for name, text in _own_goal(run).items()]
    return ", ".join([task_label(run["specification"]["task"]), *goal])


def _own_goal(run: Record) -> dict[str, str]:
    """The goal, if the study names one: `{"goal": "10 %"}`."""
    goal = run.get("errors", {}).get("goal")
    return {} if goal is None else {"goal": UNITS[error_kind(run)].goal_text(goal)}


def _notes(selection: Selection) -> Iterable[str]:
    shown = [] if selection.reported is None else selection.reported.runs
    others = [run for run in selection.runs if not any(run is each for each in shown)]
    place = " in settings not selected" if selection.fresh is None else " in the search"
    for group, where in ((shown, ""), (others, place)):
        reasons = Counter(last_line(failure) for run in group if (failure := failure_of(run)))
        for reason, count in reasons.items():
            yield f"failed ({count} of {len(group)}{where}): {reason}"
        for state in ("interrupted", "waiting"):
            if count := sum(outcome(run) == state for run in group):
                yield f"{state} ({count} of {len(group)}{where})"
