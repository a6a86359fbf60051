"""`fastweights tasks`: the registered tasks."""

from collections.abc import Sequence

from fastweights.cli.listing import show
from fastweights.registry import tasks


def run(arguments: Sequence[str]) -> int:
    """List them."""
    return show(tasks, arguments, "tasks")
