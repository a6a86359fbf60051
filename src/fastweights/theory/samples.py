"""Random patterns for the checks of memories, and means over seeds beside what theory expects."""

from typing import Any, SupportsFloat

import numpy as np
from jaxtyping import Float

from fastweights.theory.check import Quantity

Pairs = Float[np.ndarray, "_ _ batch"]
"""Keys or values; the columns of the batch are independent draws, as if each had a seed of its own."""

STANDARD_ERRORS = 4
"""How far from its expectation a mean of many independent columns may lie. It is nearly normal, so that a
true statement would miss this range for one choice of seeds in sixteen thousand; the seeds are fixed."""


def on_sphere(rng: np.random.Generator, pairs: int, units: int, batch: int) -> Pairs:
    """Vectors drawn uniformly from the unit sphere."""
    drawn = rng.standard_normal((pairs, units, batch))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def signs(rng: np.random.Generator, *shape: int) -> Float[np.ndarray, "..."]:
    """−1 and +1, each with probability ½."""
    return rng.integers(0, 2, shape) * 2.0 - 1


def mirrored(drawn: Float[np.ndarray, "batch n n"]) -> Float[np.ndarray, "n n batch"]:
    """Symmetric matrices with a zero diagonal, from the upper triangles of random ones."""
    upper = np.triu(drawn, 1)
    return np.moveaxis(upper + upper.swapaxes(1, 2), 0, -1)


def mean_of(name: str, samples: Float[np.ndarray, " seeds"], expected: SupportsFloat) -> Quantity:
    """The mean over seeds is the expected one, up to four standard errors."""
    return Quantity.near(name, np.mean(samples), expected, STANDARD_ERRORS * standard_error(samples))


def standard_error(samples: Float[np.ndarray, "*loads seeds"]) -> Any:
    """The standard error of the mean over seeds, for each load."""
    return np.std(samples, axis=-1, ddof=1) / np.sqrt(samples.shape[-1])
