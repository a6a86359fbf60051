"""Texts of rounded numbers that keep the numbers."""

from collections.abc import Mapping


class Rounded(str):
    """The text of a table's cell, with the numbers that it was rounded from, in the unit of its heading.

    It is a text like any other; only `Table.csv` asks for the numbers.

    >>> cell = Rounded("1.81 ± 0.20", {"": 1.8125, "±": 0.2031})
    >>> cell.numbers["±"]
    0.2031
    """

    __slots__ = ("numbers",)

    numbers: Mapping[str, float]
    """By what is said after the heading of each number's column: nothing for the number itself, `±` for half
    of its interval, `seconds` for a unit."""

    def __new__(cls, text: str, numbers: Mapping[str, float]) -> "Rounded":
        made = super().__new__(cls, text)
        made.numbers = numbers
        return made


def count(number: float) -> Rounded:
    """`100,000`."""
    return Rounded(f"{number:,.0f}", {"": number})


def share_of(part: int, whole: int) -> Rounded:
    """How many of how many: `4 of 5`, or `5` for all."""
    return Rounded(str(part) if part == whole else f"{part} of {whole}", {"": part, "planned": whole})


def digits(number: float) -> str:
    """A number in full, without what binary fractions add after the fifteenth digit: 1.49, not
    1.4900000000000002."""
    return str(number) if isinstance(number, int) else f"{number:.15g}"
