"""Recurrent networks with fast associative memory.

The public names, which `__init__.pyi` lists, are imported on first use, so that programs that only look at
results do not wait for JAX.
"""

import functools
import importlib
from pathlib import Path
from typing import Any

__version__ = "0.1.0"


@functools.cache
def _modules() -> dict[str, str]:
    """The module of each public name."""
    import ast

    statements = ast.parse(Path(__file__).with_suffix(".pyi").read_text("utf-8")).body
    imports = [statement for statement in statements if isinstance(statement, ast.ImportFrom)]
    return {alias.name: str(statement.module) for statement in imports for alias in statement.names}


def __getattr__(name: str) -> Any:
    if name not in _modules():
        raise AttributeError(f"module 'fastweights' has no attribute {name!r}")
    value = getattr(importlib.import_module(_modules()[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return ["__version__", *_modules()]
