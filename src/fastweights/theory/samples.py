"""Random patterns for the checks of memories, and means over seeds beside what theory expects."""

import itertools
from collections.abc import Callable
from typing import Any, SupportsFloat

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.memories.base import Memory
from fastweights.theory.check import Quantity
from fastweights.theory.networks import run_once
from fastweights.theory.rounding import roundings_apart, within_rounding

Pairs = Float[np.ndarray, "seeds pairs _"]
"""Keys or values: for each seed a stream of its own."""

STANDARD_ERRORS = 4
"""How far from its expectation a mean of many independent seeds may lie. It is nearly normal, so that a
true statement would miss this range for one choice of seeds in sixteen thousand; the seeds are fixed."""


def on_sphere(rng: np.random.Generator, *shape: int) -> Float[np.ndarray, "..."]:
    """Vectors (the last axis) drawn uniformly from the unit sphere."""
    drawn = rng.standard_normal(shape)
    return drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)


def signs(rng: np.random.Generator, *shape: int) -> Float[np.ndarray, "..."]:
    """−1 and +1, each with probability ½."""
    return rng.integers(0, 2, shape) * 2.0 - 1


def every_stream(
    keys: Float[np.ndarray, "choices key"], pairs: int
) -> tuple[Float[np.ndarray, "streams pairs key"], Float[np.ndarray, "streams pairs 1"]]:
    """Every stream of so many keys out of a few, each with every choice of values of −1 and +1: a mean
    over all streams is the expectation for keys drawn from the few with equal probability, without an
    error."""
    drawn = np.array(list(itertools.product(range(len(keys)), repeat=pairs)))
    values = np.array(list(itertools.product((-1.0, 1.0), repeat=pairs)))
    return np.repeat(keys[drawn], len(values), axis=0), np.tile(values, (len(drawn), 1))[..., None]


def mirrored(drawn: Float[np.ndarray, "... n n"]) -> Float[np.ndarray, "... n n"]:
    """Symmetric matrices with a zero diagonal, from the upper triangles of random ones."""
    upper = np.triu(drawn, 1)
    return upper + upper.swapaxes(-2, -1)


def for_each_seed(
    along: Callable[[Any, Array, Array], Array],
) -> Callable[[Memory, Pairs, Pairs], Float[np.ndarray, "seeds ..."]]:
    """A function of an empty memory and a stream of keys and values, compiled, for a stream of each
    seed."""
    mapped = run_once(jax.vmap(along, in_axes=(None, 0, 0)))
    return lambda memory, *pairs: np.asarray(mapped(memory, *map(jnp.asarray, pairs)))


def mean_of_stored(numbers: Float[np.ndarray, "seeds written pairs"]) -> Float[np.ndarray, "seeds written"]:
    """After each write the mean over the pairs stored so far."""
    return np.tril(numbers).sum(-1) / np.arange(1, numbers.shape[-1] + 1)


def mean_of(name: str, samples: Float[np.ndarray, " seeds"], expected: SupportsFloat) -> Quantity:
    """The mean over seeds is the expected one, up to four standard errors."""
    return Quantity.near(name, np.mean(samples), expected, STANDARD_ERRORS * standard_error(samples))


def exactly(
    name: str, samples: Float[np.ndarray, "streams *cases"], expected: Any, roundings: int
) -> Quantity:
    """The means over all streams are the expected ones, if each number went through at most so many
    roundings; a mean adds some 20 of them, as NumPy adds by halves."""
    count = roundings + 20
    apart = roundings_apart(samples.mean(0), expected, 1 + np.abs(samples).max(0), count)
    return within_rounding(f"{name}, mean over all {len(samples):,} streams", apart)


def standard_error(samples: Float[np.ndarray, "seeds *loads"]) -> Any:
    """The standard error of the mean over seeds, for each load."""
    return np.std(samples, axis=0, ddof=1) / np.sqrt(len(samples))
