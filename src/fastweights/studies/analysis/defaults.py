"""What a specification leaves out, because it came later than the first runs and is at its default there.

The options themselves are beside what they are options of, which imports JAX; this module does not.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import UNSET

UNKNOWN: Final = UNSET
"""Of an entry that is no option of the same task or cell."""

LATER = {
    "training.test_curve": False,
    "training.weight_decay": 0.0,
    "model.blocks.layers": 1,
    "model.blocks.block_norm": "none",
    "model.blocks.residual": False,
    "model.blocks.perceptron_size": 0,
}
"""By their places in a specification."""

LATER_OF_CELLS = {"associative-lstm": {"combine_heads": "sum"}}
"""By the model's name and the option's."""


def left_out(place: str, entries: Mapping[str, Any]) -> Any:
    """What an entry is that these entries of a specification, by their places, lack, or UNKNOWN."""
    table, _, name = place.rpartition(".")
    if table == "test_task":  # the task of the other sets, if it is not said
        return entries.get(f"task.{name}", UNKNOWN) if "test_task.name" not in entries else UNKNOWN
    if table == "model.cell":
        return LATER_OF_CELLS.get(entries.get("model.name", ""), {}).get(name, UNKNOWN)
    return LATER.get(place, UNKNOWN)
