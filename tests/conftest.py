"""What every test shares: shapes checked at run time, and double precision on request."""

from collections.abc import Iterator

import jax
import pytest
from jaxtyping import install_import_hook

_NUMERIC = ("cells", "memories", "models", "numerics", "tasks", "theory", "training")
# Before anything imports the package: every annotated shape is then checked in every call.
install_import_hook([f"fastweights.{room}" for room in _NUMERIC], "shapes.checker")


@pytest.fixture
def float64() -> Iterator[None]:
    """Double precision within one test."""
    with jax.enable_x64(True):
        yield
