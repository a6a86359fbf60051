"""What cells share whose units are shared out among heads."""

from dataclasses import dataclass

from fastweights.errors import check, check_between, to_python_numbers


@dataclass(frozen=True)
class HeadsOptions:
    """Options of a cell with heads."""

    heads: int = 1
    """Memories side by side, each of its own part of the units; hidden_size is a multiple of it."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("heads", self.heads, 1, 10_000)


def check_heads(hidden_size: int, heads: int) -> None:
    """Raise InvalidValueError unless the units can be shared out among the heads."""
    check(
        hidden_size % heads == 0,
        f"hidden_size must be a multiple of the number of heads, {heads}; got {hidden_size}",
    )
