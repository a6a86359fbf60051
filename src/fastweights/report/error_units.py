"""How errors are written: shares of wrong answers in percent, squared errors as they are."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from fastweights.report.labels import Rounded, decimals_that_show, percent_range, with_interval


@dataclass(frozen=True)
class ErrorUnit:
    """How the errors of one kind are written."""

    name: str
    """In a heading: `error`."""
    full_name: str
    """In a sentence: `mean squared error`."""
    in_percent: bool
    """Whether it is a share, and written in percent."""
    text: Callable[[float, float | None], str]
    """An error and half of its interval, if it has one, without the sign."""
    range_text: Callable[[float, float], str]
    """The lowest and the highest, without the sign."""
    digits: str
    """The format of what is derived, or measured once: those that an error on ten thousand sequences has."""

    @property
    def sign(self) -> str:
        """After a number: ` %`, or nothing."""
        return " %" if self.in_percent else ""

    @property
    def factor(self) -> float:
        """From an error to the number that is written."""
        return 100 if self.in_percent else 1

    def heading(self, words: str) -> str:
        """Of a column: the words and the sign."""
        return f"{words}{self.sign}"

    def one(self, error: float | None) -> str:
        """One error, without the sign; nothing if there is none."""
        return "" if error is None else self.text(error, None)

    def full_text(self, error: float) -> str:
        """One error with all its digits, without the sign; `-` if it is not a number."""
        return Rounded(self._in_full(error), {} if math.isnan(error) else {"": self.factor * error})

    def full(self, error: float) -> str:
        """`3.14 %`, `0.001234`."""
        return f"{self._in_full(error)}{self.sign}"

    def _in_full(self, error: float) -> str:
        return "-" if math.isnan(error) else f"{self.factor * error:{self.digits}}"

    def goal_text(self, goal: float) -> str:
        """`1 %`, `0.01`."""
        return f"{self.factor * goal:.6g}{self.sign}"


def _number(error: float, half_interval: float | None) -> str:
    """`0.00123`, `0.00123 ± 0.00004`: three digits of the error, and more if the interval is narrower."""
    if half_interval is None:
        return Rounded(f"{error:.3g}", {"": error})
    if not 1e-6 < error < 1000:
        text = f"{error:.3g} ± {half_interval:.2g}"
    else:
        decimals = decimals_that_show(half_interval, max(2 - math.floor(math.log10(error)), 0))
        text = f"{error:.{decimals}f} ± {half_interval:.{decimals}f}"
    return Rounded(text, {"": error, "±": half_interval})


def _range(low: float, high: float) -> str:
    text = "–".join(dict.fromkeys([f"{low:.3g}", f"{high:.3g}"]))
    return Rounded(text, {"lowest": low, "highest": high})


UNITS = {
    "share": ErrorUnit("error", "error", True, with_interval, percent_range, ".2f"),
    "squared": ErrorUnit("MSE", "mean squared error", False, _number, _range, ".4g"),
}
"""By the kind of error that a record names."""
