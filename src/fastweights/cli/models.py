"""`fastweights models`: the registered cells."""

from collections.abc import Sequence

from fastweights.cli.listing import show
from fastweights.registry import cells


def run(arguments: Sequence[str]) -> int:
    """List them."""
    return show(cells, arguments, "models")
