"""Lengths, resets and what is not a number, for forms that know of none of them."""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int32

from fastweights.memories.writes import Write


def without_padding(
    queries: Float[Array, "batch time heads key"], write: Write, lengths: Int32[Array, " batch"] | None
) -> tuple[Float[Array, "batch time heads key"], Write]:
    """Behind a sequence's end queries are 0, and nothing is written, erased or decays."""
    if lengths is None:
        return queries, write
    time = queries.shape[1]
    steps = jnp.arange(time) < lengths[:, None]
    runs = jnp.repeat(steps, write.key.shape[1] // max(1, time), axis=1)[..., None, None]
    cleared = jax.tree.map(lambda array: jnp.where(runs, array, 0), write)
    decay = None if write.decay is None else jnp.where(runs, write.decay, 1)
    return jnp.where(steps[..., None, None], queries, 0), cleared._replace(decay=decay)


def with_resets(write: Write, resets: Bool[Array, "batch writes"] | None) -> Write:
    """Writes at a reset find nothing, and keep nothing."""
    if resets is None:
        return write
    here = resets[..., None, None]
    decay = jnp.ones_like(write.key[..., :1]) if write.decay is None else write.decay
    lookup = None if write.lookup is None else jnp.where(here, 0, write.lookup)
    return write._replace(decay=jnp.where(here, 0, decay), lookup=lookup)


def spoiled(
    state: Float[Array, "batch heads value key"], write: Write, resets: Bool[Array, "batch writes"] | None
) -> Bool[Array, "batch times heads"]:
    """Whether a memory holds what is not a number: before the first write, and after every one.

    A sum of products would spread it to where it doesn't belong: to earlier steps, and beyond resets.
    """
    bad = [~jnp.all(jnp.isfinite(state), axis=(2, 3))[:, None]]
    parts = [~jnp.all(jnp.isfinite(array), axis=-1) for array in jax.tree.leaves(write)]
    bad = jnp.concatenate([*bad, jnp.any(jnp.stack(parts), axis=0)], axis=1)
    number = jnp.arange(bad.shape[1])[:, None]
    latest = lax.cummax(jnp.where(bad, number, -1), axis=1)
    if resets is None:
        return latest >= 0
    begin = lax.cummax(jnp.where(jnp.pad(resets, ((0, 0), (1, 0)))[..., None], number, 0), axis=1)
    return latest >= begin


def cleared(array: Float[Array, "..."]) -> Float[Array, "..."]:
    """The array with zeros for what is not a number."""
    return jnp.where(jnp.isfinite(array), array, 0)
