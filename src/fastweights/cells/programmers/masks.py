"""Lengths and resets of sequences as writes: what changes nothing, and what forgets everything."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32

from fastweights.memories.writes import Write


def masked(
    queries: Float[Array, "batch time heads key"],
    write: Write,
    lengths: Int32[Array, " batch"] | None,
    resets: Bool[Array, "batch time"] | None,
) -> tuple[Float[Array, "batch time heads key"], Write]:
    """Queries and writes that need no lengths and resets.

    Behind a sequence's end queries are 0, and nothing is written, erased or decays. At a reset the first
    write of the step finds nothing, and keeps nothing.
    """
    time = queries.shape[1]
    writes = write.key.shape[1] // max(1, time)
    key, value, decay, lookup, erase = write
    if resets is not None:
        first = jnp.repeat(resets, writes, axis=1) & (jnp.arange(time * writes) % writes == 0)
        first = first[..., None, None]
        decay = jnp.ones_like(key[..., :1]) if decay is None else decay
        decay = jnp.where(first, 0, decay)
        lookup = None if lookup is None else jnp.where(first, 0, lookup)
    if lengths is None:
        return queries, Write(key, value, decay, lookup, erase)
    steps = jnp.arange(time) < lengths[:, None]
    runs = jnp.repeat(steps, writes, axis=1)[..., None, None]
    key, value = jnp.where(runs, key, 0), jnp.where(runs, value, 0)
    decay = None if decay is None else jnp.where(runs, decay, 1)
    lookup, erase = (None if array is None else jnp.where(runs, array, 0) for array in (lookup, erase))
    return jnp.where(steps[..., None, None], queries, 0), Write(key, value, decay, lookup, erase)
