"""How errors are written: shares of wrong answers in percent, squared errors as they are."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from fastweights.report.labels import percent_range, with_interval


@dataclass(frozen=True)
class ErrorUnit:
    """How the errors of one kind are written."""

    name: str
    """In a heading: `error`."""
    sign: str
    """After a number: ` %`, or nothing."""
    factor: float
    """From an error to the number that is written."""
    text: Callable[[float, float | None], str]
    """An error and half of its interval, if it has one, without the sign."""
    range_text: Callable[[float, float], str]
    """The lowest and the highest, without the sign."""
    floor_text: Callable[[float], str]
    """What is derived and not measured, without the sign."""

    def heading(self, words: str) -> str:
        """Of a column: the words and the sign."""
        return f"{words}{self.sign}"

    def one(self, error: float | None) -> str:
        """One error, without the sign; nothing if there is none."""
        return "" if error is None else self.text(error, None)

    def goal_text(self, goal: float) -> str:
        """`1 %`, `0.01`."""
        return f"{self.factor * goal:.6g}{self.sign}"


def _number(error: float, half_interval: float | None) -> str:
    """`0.00123`, `0.00123 ± 0.00004`: three digits of the error."""
    if half_interval is None or not 1e-6 < error < 1000:
        half = "" if half_interval is None else f" ± {half_interval:.2g}"
        return f"{error:.3g}{half}"
    decimals = max(2 - math.floor(math.log10(error)), 0)
    return f"{error:.{decimals}f} ± {half_interval:.{decimals}f}"


def _range(low: float, high: float) -> str:
    return "–".join(dict.fromkeys([f"{low:.3g}", f"{high:.3g}"]))


UNITS = {
    "share": ErrorUnit("error", " %", 100, with_interval, percent_range, lambda error: f"{100 * error:.2f}"),
    "squared": ErrorUnit("MSE", "", 1, _number, _range, "{:.4g}".format),
}
"""By the kind of error that a record names."""
