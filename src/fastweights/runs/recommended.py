"""The cell options that the documentation recommends."""

from typing import Any

from fastweights import registry

SMALL = 35
"""Below this many units fast weights train best in the setting for small networks."""


def recommended(model: str, hidden_size: int) -> Any:
    """The defaults, but for small fast-weights nets; docs/defaults.md says why."""
    options = registry.cells[model].Options
    if model == "fast-weights" and hidden_size < SMALL:
        return options(decay=0.95, preliminary_norm="separate")
    return options()
