"""Progress on stderr: one bar a run."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from rich import progress
from rich.console import Console

from fastweights.report.error_units import UNITS
from fastweights.report.labels import last_line
from fastweights.studies.record.store import Run

if TYPE_CHECKING:
    from fastweights.runs.worker import Outcome
    from fastweights.tasks.base import Task

_MAX_KEPT = 12
"""The bars of runs that have ended stay visible if there are no more runs than this."""

_NEEDED = len(" 100000/100000 validation 1.234e-05 left 0:00:00")
_ELAPSED, _LEAST_BAR, _LONGEST_BAR, _LEAST_NAME = len(" 0:00:00"), 8, 24, 10


def error_of(kind: str, error: float) -> str:
    """The error of answers as text: `error 3.14 %`, or `mean squared error 0.001234` of real vectors."""
    return f"{UNITS[kind].full_name} {UNITS[kind].full(error)}"


def floor_of(task: "Task") -> str:
    """The error of the best guesser as text."""
    return f"guessing floor {UNITS[task.error_kind].full(task.floor())}"


def answers(task: "Task", count: int) -> str:
    """How many answers were given: as many as sequences, if each asks for one."""
    return f"{count:,} {'sequences' if task.num_answers == 1 else 'answers'}"


def shortened(name: str, width: int) -> str:
    """A name with … in its middle if it is longer; its end, which has the size and the seed, stays."""
    if len(name) <= width:
        return name
    _, space, end = name.partition(" ")
    kept = len(space + end) if space and len(end) < width - 2 else width // 2
    return f"{name[: width - 1 - kept]}…{name[-kept:]}"


class Bars:
    """A bar for each run in progress with its updates, validation error and time left, and one for all runs.
    Where stderr is no terminal, a line for each run that ends."""

    def __init__(self) -> None:
        self._bar = progress.BarColumn()
        self._progress = progress.Progress(console=Console(stderr=True), disable=not sys.stderr.isatty())
        self._bars: dict[str, tuple[progress.TaskID, str]] = {}
        self._total: progress.TaskID | None = None
        self._keep = True
        self._fit()

    def _fit(self) -> None:
        """Columns for the names that are visible, within the width of the terminal.

        Nothing that tells how far a run is may be cut. What there is no room for is left out: the time that
        has passed, the bar, the middle of long names.
        """
        width = self._progress.console.width
        visible = [task for task in self._progress.tasks if task.visible]
        longest = max((len(task.fields["name"]) for task in visible), default=0)
        room = width - _NEEDED - longest
        shows_elapsed = room >= _LEAST_BAR + _ELAPSED
        self._bar.bar_width = min(room - _ELAPSED * shows_elapsed, _LONGEST_BAR)
        self._progress.columns = (
            progress.TextColumn("{task.fields[shown]}", markup=False),
            *[self._bar] * (self._bar.bar_width >= _LEAST_BAR),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[note]}"),
            *[progress.TimeElapsedColumn()] * shows_elapsed,
            progress.TextColumn("left"),
            progress.TimeRemainingColumn(),
        )
        for task in visible:
            name = shortened(task.fields["name"], max(width - _NEEDED, _LEAST_NAME))
            self._progress.update(task.id, shown=name)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def add_total(self, runs: int, done: int) -> None:
        """Add the bar for all runs, of which `done` have ended, or update it."""
        if self._total is None:
            self._total = self._progress.add_task(
                "", total=runs, completed=done, name="all runs", shown="all runs", note=""
            )
        self._progress.update(self._total, total=runs, completed=done)
        self._keep = runs <= _MAX_KEPT

    def add(self, identifier: str, name: str, updates: int) -> None:
        """Add a bar for a run that begins, if it has none."""
        if identifier not in self._bars:
            bar = self._progress.add_task(
                "", total=updates, start=False, name=name, shown=name, note="begins"
            )
            self._bars[identifier] = bar, name
            self._fit()

    def advance(self, identifier: str, update: int, validation: str) -> None:
        """Show that a run reached an update, and its validation error: `3.14 %`."""
        bar, _ = self._bars[identifier]
        self._progress.start_task(bar)
        self._progress.update(bar, completed=update, note=f"validation {validation}")

    def say(self, identifier: str, message: str) -> None:
        """Print a line about a run above the bars."""
        line = f"{self._bars[identifier][1]}: {message}"
        self._progress.console.print(line, soft_wrap=True, markup=False, highlight=False)

    def end(self, identifier: str, *, failed: bool) -> None:
        """Show that a run has ended."""
        bar, name = self._bars.pop(identifier)
        self._progress.start_task(bar)
        self._progress.update(bar, visible=self._keep)
        if failed:
            self._progress.update(bar, note="failed")
        self._progress.stop_task(bar)
        if self._total is not None:
            self._progress.advance(self._total)
        if self._progress.disable:
            print(f"{name}: {'failed' if failed else 'finished'}", file=sys.stderr)


def _is_of_other_code(run: Run) -> bool:
    """Whether the record says so; earlier ones do not name a run's code."""
    from fastweights.runs.environment import code  # JAX, which is there when a study is planned

    return ((run.outcome or {}).get("environment") or {}).get("code", code()) != code()


class StudyProgress(Bars):
    """The coordinator's listener: a bar for each run that is trained."""

    _planned = 0

    def planned(self, runs: Sequence[Run]) -> None:
        before, self._planned = self._planned, len(runs)
        finished = sum(run.state == "finished" for run in runs)
        over = finished + sum(run.state == "failed" for run in runs)
        if before:
            more = len(runs) - before
            print(
                f"{more} more run{'s' * (more > 1)} follow{'s' * (more == 1)} from the results",
                file=sys.stderr,
            )
        elif finished:
            print(f"{finished} of {len(runs)} runs are finished already", file=sys.stderr)
            if other := sum(map(_is_of_other_code, runs)):
                print(
                    f"{other} of them by other code than this; for runs of this code only take a new folder",
                    file=sys.stderr,
                )
        if 1 < len(runs) > over:
            self.add_total(len(runs), over)

    def began(self, run: Run) -> None:
        model, training = run.specification["model"], run.specification["training"]
        name = f"{model['name']} R={model['hidden_size']} seed {run.specification['seed']}"
        self.add(run.identifier, name, training["updates"])

    def progressed(self, run: Run, update: int, validation_error: float) -> None:
        self.advance(run.identifier, update, UNITS[run.error_kind].full(validation_error))

    def crashed(self, run: Run, reason: str) -> None:
        self.say(run.identifier, f"{last_line(reason)}; it will be tried again")

    def ended(self, run: Run, outcome: "Outcome") -> None:
        self.began(run)
        self.end(run.identifier, failed=outcome["state"] != "finished")
