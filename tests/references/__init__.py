"""Every cell once more, slowly: NumPy in double precision, one sequence, one time step, one unit at a time.

Each module has `outputs(cell, options, x)` for one sequence `x` (time, input): the states (time, hidden).
"""

import importlib
from types import ModuleType


def reference(name: str) -> ModuleType:
    """The reference of a registered cell; a missing file is an error, so that no cell goes unchecked."""
    return importlib.import_module(f"references.{name.replace('-', '_')}")
