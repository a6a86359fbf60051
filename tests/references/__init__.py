"""Cells once more, slowly: NumPy in double precision, one sequence, one time step, one unit at a time.

Each module has `outputs(cell, options, x)` for one sequence `x` (time, input): the states (time, hidden).
"""

import importlib
import importlib.util
from types import ModuleType


def reference(name: str) -> ModuleType:
    """The reference of a cell; ImportError if it has none."""
    return importlib.import_module(f"references.{name.replace('-', '_')}")


def has_reference(name: str) -> bool:
    """Whether there is a reference of the cell."""
    return importlib.util.find_spec(f"references.{name.replace('-', '_')}") is not None
