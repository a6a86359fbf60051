"""Progress on stderr: one bar a run."""

import math
import sys
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_MAX_KEPT = 12
"""The bars of runs that have ended stay visible if there are no more runs than this."""


def percent(fraction: float) -> str:
    """A fraction as a percentage with two decimals: the resolution of an error on ten thousand sequences."""
    return "-" if math.isnan(fraction) else f"{100 * fraction:.2f}"


class Bars:
    """A bar for each run in progress with its updates, validation error and time left, and one for all runs.
    Where stderr is no terminal, a line for each run that ends."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not self._live,
        )
        self._tasks = {}
        self._names: dict[str, str] = {}
        self._notes: dict[str, str] = {}
        self._total = None
        self._keep = True

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def add_total(self, runs: int, done: int) -> None:
        """Add the bar for all runs, of which `done` have ended, or update it."""
        if self._total is None:
            self._total = self._progress.add_task("all runs", total=runs, completed=done, note="")
        self._progress.update(self._total, total=runs, completed=done)
        self._keep = runs <= _MAX_KEPT

    def add(self, identifier: str, name: str, updates: int) -> None:
        """Add a bar for a run that begins, if it has none."""
        if identifier not in self._tasks:
            task = self._progress.add_task(name, total=updates, start=False, note="begins")
            self._tasks[identifier], self._names[identifier] = task, name

    def advance(self, identifier: str, update: int, validation_error: float) -> None:
        """Show that a run reached an update."""
        task = self._tasks[identifier]
        self._notes[identifier] = f"validation error {percent(validation_error)} %"
        self._progress.start_task(task)
        self._progress.update(task, completed=update, note=self._notes[identifier])

    def say(self, identifier: str, message: str) -> None:
        """Print a line about a run above the bars."""
        line = f"{self._names[identifier]}: {message}"
        self._progress.console.print(line, soft_wrap=True, markup=False, highlight=False)

    def end(self, identifier: str, *, failed: bool) -> None:
        """Show that a run has ended."""
        task = self._tasks.pop(identifier)
        note = "failed" if failed else self._notes.get(identifier, "")
        self._progress.start_task(task)
        self._progress.update(task, note=note, visible=self._keep)
        self._progress.stop_task(task)
        if self._total is not None:
            self._progress.advance(self._total)
        if not self._live:
            print(f"{self._names[identifier]}: {'failed' if failed else 'finished'}", file=sys.stderr)
