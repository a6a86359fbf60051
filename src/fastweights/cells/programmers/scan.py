"""A memory step by step: the equation, by a scan."""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from fastweights.cells.options.footprint import MAX_KEPT_STEPS
from fastweights.cells.programmers.masks import without_padding
from fastweights.cells.sequences import within
from fastweights.memories.writes import Write, written
from fastweights.native.memory import Memories
from fastweights.numerics import checkpointed_scan


def in_steps(
    memories: Memories,
) -> tuple[Float[Array, "batch time heads value"], Float[Array, "batch heads value key"]]:
    """All outputs and the last state, as in `unroll_memory`."""
    queries, key, value, decay, lookup, erase, _, lengths, resets = memories
    state = memories.first_state()
    queries, write = without_padding(queries, Write(key, value, decay, lookup, erase), lengths)
    time = queries.shape[1]
    if not time:
        return jnp.zeros((*queries.shape[:-1], write.value.shape[-1]), queries.dtype), state
    # The time axis first, and the writes of each step side by side.
    queries = jnp.moveaxis(queries, 1, 0)
    write = jax.tree.map(
        lambda a: jnp.moveaxis(a.reshape(len(a), time, -1, *a.shape[2:]), (1, 2), (0, 1)), write
    )

    def step(state, now):
        query, writes, reset = now
        if reset is not None:
            state = jnp.where(reset[:, None, None, None], 0, state)
        for i in range(len(writes.key)):
            state = written(state, jax.tree.map(lambda a, i=i: a[i], writes))
        return state, jnp.matvec(state, query)

    scan = lax.scan if time <= MAX_KEPT_STEPS else checkpointed_scan
    resets = within(resets, lengths)
    resets = None if resets is None else resets.T
    state, outputs = scan(step, state, (queries, write, resets))
    return jnp.moveaxis(outputs, 0, 1), state
