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


def percent(fraction: float) -> str:
    """A fraction as a percentage, to hundredths: the step of an error on ten thousand sequences."""
    return "-" if math.isnan(fraction) else f"{100 * fraction:.2f}"


class Bars:
    """A bar for each run: updates, validation error, time left. Lines instead, where there is no terminal."""

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
        self._error = float("nan")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def add(self, identifier: str, name: str, updates: int) -> None:
        """A run that has not begun."""
        task = self._progress.add_task(name, total=updates, start=False, note="waiting")
        self._tasks[identifier], self._names[identifier] = task, name

    def advance(self, identifier: str, update: int, validation_error: float) -> None:
        """A run reached an update."""
        task = self._tasks[identifier]
        self._progress.start_task(task)
        note = f"validation error {percent(validation_error)} %"
        self._progress.update(task, completed=update, note=note)
        self._error = validation_error

    def end(self, identifier: str, *, failed: bool, note: str = "") -> None:
        """A run is over."""
        task = self._tasks[identifier]
        self._progress.start_task(task)
        words = note or ("failed" if failed else f"validation error {percent(self._error)} %")
        self._progress.update(task, note=words)
        self._progress.stop_task(task)
        if not self._live:
            print(
                f"{self._names[identifier]}: {'failed' if failed else 'finished'} {note}".rstrip(),
                file=sys.stderr,
            )
