"""A memory chunk by chunk: within a chunk of writes, everything is a product of matrices.

Of what S held at the start of the chunk and of every write i, a later read with x at write t finds

    S x = (S_0 Diag(b(t))) x + Σ_i v_i [Σ_k w_i b(t, i) x] − Σ_i p_i [Σ_k e_i b(t, i) x],

where b(t, i) = Π_{i < j ≤ t} a_j is what has decayed since, b(t) since the start, and p_i = S_{i−1} r_i is
what the i-th write found. These p solve a triangular system, once a chunk. Products of decays in [0, 1]
neither overflow nor, as a quotient of cumulative products would, divide by what has become 0; so a decay of 0
has exact values and derivatives here, too.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from fastweights.cells.programmers.masks import cleared, spoiled, with_resets, without_padding
from fastweights.cells.sequences import within
from fastweights.memories.writes import Write
from fastweights.native.memory import Memories

_CHUNK = 64
# With a decay for each unit of a key, b(t, i) has an axis more.
_CHUNK_OF_VECTORS = 16


def in_chunks(
    memories: Memories, chunk: int | None = None
) -> tuple[Float[Array, "batch time heads value"], Float[Array, "batch heads value key"]]:
    """All outputs and the last state, as in `unroll_memory`."""
    queries, key, value, decay, lookup, erase, _, lengths, resets = memories
    state = memories.first_state()
    queries, write = without_padding(queries, Write(key, value, decay, lookup, erase), lengths)
    time, writes = queries.shape[1], write.key.shape[1]
    if not time:
        return jnp.zeros((*queries.shape[:-1], write.value.shape[-1]), queries.dtype), state
    a_step = writes // time
    resets = within(resets, lengths)
    if resets is not None:
        resets = jnp.repeat(resets, a_step, axis=1) & (jnp.arange(writes) % a_step == 0)
    bad = spoiled(state, write, resets)
    state, write = jax.tree.map(cleared, (state, write))
    write = with_resets(write, resets)
    is_vector = write.decay is not None and write.decay.shape[-1] > 1
    steps = max(1, (chunk or (_CHUNK_OF_VECTORS if is_vector else _CHUNK)) // a_step)
    steps = min(steps, time)
    count = -(-time // steps)

    def cut(array: Array, size: int, filling: float = 0.0) -> Array:
        """(batch, time, heads, …) as (chunks, batch, heads, time of one, …)."""
        missing = [(0, count * size - array.shape[1]) if i == 1 else (0, 0) for i in range(array.ndim)]
        whole = jnp.pad(array, missing, constant_values=filling)
        parts = whole.reshape(len(array), count, size, *array.shape[2:])
        return jnp.moveaxis(parts, (1, 3), (0, 2))

    size = steps * a_step
    cuts = {name: cut(a, size, name == "decay") for name, a in write._asdict().items() if a is not None}

    @jax.checkpoint
    def one(state, now):
        return _chunk(state, now[0], Write(**now[1]), a_step)

    state, outputs = lax.scan(one, state, (cut(queries, steps), cuts))
    outputs = jnp.moveaxis(outputs, (0, 2), (1, 3))
    outputs = outputs.reshape(len(outputs), count * steps, *outputs.shape[3:])[:, :time]
    outputs = jnp.where(bad[:, a_step::a_step, :, None], jnp.nan, outputs)
    if lengths is not None:
        outputs = jnp.where((jnp.arange(time) < lengths[:, None])[..., None, None], outputs, 0)
    return outputs, jnp.where(bad[:, -1, :, None, None], jnp.nan, state)


def _chunk(
    state: Float[Array, "batch heads value key"],
    queries: Float[Array, "batch heads steps key"],
    write: Write,
    a_step: int,
) -> tuple[Float[Array, "batch heads value key"], Float[Array, "batch heads steps value"]]:
    """The state after a chunk, and the outputs of its steps."""
    key, value, decay, lookup, erase = write
    size = key.shape[-2]
    # b(t, i) and b(t) after so many writes t, before which the state is S_t; b(0) = 1.
    since, since_start = _products(decay, size)

    def matches(x: Array, after: slice, at: Array, vectors: Array) -> Array:
        """Σ_k w_i b(t, i) x for each t (rows) and each write before it (columns)."""
        b, seen = since[..., after, :, :], jnp.arange(size) < at[:, None]
        if b.shape[-1] == 1:
            scores = (x @ jnp.swapaxes(vectors, -1, -2)) * b[..., 0]
        else:
            scores = jnp.einsum("...tk,...tik,...ik->...ti", x, b, vectors)
        return jnp.where(seen, scores, 0)

    def of_start(x: Array, after: slice) -> Array:
        return (x * since_start[..., after, :]) @ jnp.swapaxes(state, -1, -2)

    # What write t finds, after t writes; what is read after the last write of each step.
    before, times = slice(0, size), jnp.arange(size)
    read, reads = slice(a_step, size + 1, a_step), jnp.arange(a_step, size + 1, a_step)
    last = slice(size, size + 1)
    outputs = of_start(queries, read) + matches(queries, read, reads, key) @ value
    kept = jnp.swapaxes(since[..., last, :, :][..., 0, :, :] * key, -1, -2)
    after = state * since_start[..., last, :] + jnp.swapaxes(kept @ value, -1, -2)
    if lookup is not None:
        erase = key if erase is None else erase
        given = of_start(lookup, before) + matches(lookup, before, times, key) @ value
        system = jnp.eye(size, dtype=key.dtype) + matches(lookup, before, times, erase)
        p = solve_triangular(system, given, lower=True, unit_diagonal=True)
        outputs -= matches(queries, read, reads, erase) @ p
        erased = jnp.swapaxes(since[..., last, :, :][..., 0, :, :] * erase, -1, -2)
        after -= jnp.swapaxes(erased @ p, -1, -2)
    return after, outputs


def _products(
    decay: Float[Array, "batch heads size gates"] | None, size: int
) -> tuple[Float[Array, "*batch times size gates"], Float[Array, "*batch times gates"]]:
    """b(t, i), the product of the decays after write i until t writes are done (1 where none is), and b(t),
    for t = 0 … size."""
    if decay is None:
        return jnp.ones((size + 1, size, 1)), jnp.ones((size + 1, 1))
    later = jnp.arange(size)[:, None] > jnp.arange(size)  # decay j (rows) comes after write i
    factors = jnp.where(later[..., None], decay[..., :, None, :], 1)
    ones = jnp.ones_like(factors[..., :1, :, :])
    since = jnp.concatenate([ones, jnp.cumprod(factors, axis=-3)], axis=-3)
    since_start = jnp.concatenate([jnp.ones_like(decay[..., :1, :]), jnp.cumprod(decay, axis=-2)], axis=-2)
    return since, since_start
