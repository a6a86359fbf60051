"""Random patterns for the claims about memories, and means over seeds beside what theory expects."""

from typing import Any

import numpy as np
from jaxtyping import Float

from fastweights.theory.check import Quantity

Pairs = Float[np.ndarray, "_ _ batch"]
"""Keys or values; every column of the batch is drawn on its own, as from a seed of its own."""

STANDARD_ERRORS = 4
"""How far from its expectation a mean of many independent columns may lie. It is nearly normal, so that a
true claim would miss this range for one choice of seeds in sixteen thousand; the seeds are fixed."""


def on_sphere(rng: np.random.Generator, pairs: int, units: int, batch: int) -> Pairs:
    """Vectors drawn uniformly from the unit sphere."""
    drawn = rng.standard_normal((pairs, units, batch))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def signs(rng: np.random.Generator, *shape: int) -> Float[np.ndarray, "..."]:
    """−1 and +1, each with probability ½."""
    return rng.integers(0, 2, shape) * 2.0 - 1


def mean_of(name: str, samples: Float[np.ndarray, " seeds"], expected: float) -> Quantity:
    """The mean over seeds, which should be the expected one up to its standard error, four times over."""
    slack = float(STANDARD_ERRORS * standard_error(samples))
    return Quantity(name, np.mean(samples), expected - slack, expected + slack)


def standard_error(samples: Float[np.ndarray, "*loads seeds"]) -> Any:
    """Of the means of independent samples, one for each load."""
    return np.std(samples, axis=-1, ddof=1) / np.sqrt(samples.shape[-1])
