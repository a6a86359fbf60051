"""These tests need PyTorch, which `make test` does not install: a step of `.ci/run` does, and runs all.

Where PyTorch is installed, those run by default that take little time; the others are thorough ones.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]
QUICK = (
    "test_imports",
    "has_a_module_with_its_options",
    "are_those_of_jax[irnn-layer_norm=True]",
    "are_those_of_jax[lstm-layer_norm=True]",
    "test_a_second_derivative",
    "test_names_and_text",
    "test_torch_errors",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and not any(name in item.nodeid for name in QUICK):
            item.add_marker(pytest.mark.thorough)
