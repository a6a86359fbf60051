"""Perturbed patterns, as queries: a part of a stored key, or a noisy one."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.errors import check


def erase(pattern: Float[Array, "... units"], share: float, *, key: Array) -> Float[Array, "... units"]:
    """The pattern with that share of its units (rounded) set to 0, which stands for "not known"; each pattern
    of a batch loses other units.

    Raises: InvalidValueError if the share is not in [0, 1].
    """
    return jnp.where(_chosen(pattern, share, key), 0, pattern)


def flip_signs(pattern: Float[Array, "... units"], share: float, *, key: Array) -> Float[Array, "... units"]:
    """The pattern with the sign of that share of its units (rounded) changed; other units in each pattern of
    a batch.

    Raises: InvalidValueError if the share is not in [0, 1].
    """
    return jnp.where(_chosen(pattern, share, key), -pattern, pattern)


def add_noise(
    pattern: Float[Array, "... units"], deviation: float, *, key: Array
) -> Float[Array, "... units"]:
    """The pattern plus normal noise of that standard deviation on every unit.

    Raises: InvalidValueError if the deviation is negative or not finite.
    """
    check(0 <= deviation < float("inf"), f"deviation must be at least 0 and finite; got {deviation}")
    return pattern + deviation * jax.random.normal(key, pattern.shape, pattern.dtype)


def _chosen(pattern: Float[Array, "... units"], share: float, key: Array) -> Array:
    check(0 <= share <= 1, f"share must be between 0 and 1; got {share}")
    places = jnp.broadcast_to(jnp.arange(pattern.shape[-1]), pattern.shape)
    shuffled = jax.random.permutation(key, places, axis=-1, independent=True)
    return shuffled < round(share * pattern.shape[-1])
