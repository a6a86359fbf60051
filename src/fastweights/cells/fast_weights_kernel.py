"""The kernels of fast weights: attention to past states, equation 4 of Ba et al. 2016."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Integer

from fastweights.cells.options.fast_weights import CHUNK, longest_attention
from fastweights.memories.decaying import powers
from fastweights.native import attending, calls
from fastweights.native.calls import Kernel

if TYPE_CHECKING:
    from fastweights.cells.fast_weights import FastWeights

_LEAST_BATCH = 3
"""So many sequences at least make a block of lanes faster than JAX, which takes them one by one."""


def kernel(cell: "FastWeights", length: int, outputs: int, dtype: jnp.dtype) -> Kernel | None:
    """The kernel for sequences of this length.

    Short sequences attend to all their past. Longer ones attend to their chunk's, and read what is older as
    a matrix: that is cheaper there, and leaves no T² matches. None for a memory of preliminary states, since
    attention to past states has no place for the present one.
    """
    if cell.write_time == "preliminary" or not calls.runs(length, dtype, attending.LONGEST):
        return None
    plan = _plan(cell)
    if length <= longest_attention(cell.hidden_size):
        weights, least_batch = _weights(cell, jnp.arange(length) - cell.newest, length, dtype), 1
        made = attending.kernel(plan, length, outputs, cell.recurrent, *cell.norms, weights)
    else:
        # The next chunk's memory is without the last state, like one that is read a step late.
        lasts = jnp.append(jnp.arange(CHUNK) - cell.newest, CHUNK - 2)
        weights, least_batch = _weights(cell, lasts, CHUNK, dtype), _LEAST_BATCH
        made = attending.kernel_in_chunks(plan, length, CHUNK, outputs, cell.recurrent, *cell.norms, weights)

    def last_state(hidden: Array, outputs: Array, state: Any, lengths: Any, resets: Any) -> Any:
        lengths = jnp.full(len(outputs), outputs.shape[1]) if lengths is None else lengths
        memory = jax.vmap(lambda *one: cell.memory_after(*one))(outputs, state, lengths, resets)
        return cell.initial_state()._replace(hidden=hidden, memory=memory)

    return made._replace(last_state=last_state, least_batch=least_batch)


def _plan(cell: "FastWeights") -> attending.Plan:
    sets = tuple(s if cell.norm_sets == "per-step" else 0 for s in range(cell.inner_steps))
    preliminary = {"none": -1, "shared": 0, "separate": len(cell.norms.gains) - 1}[cell.preliminary_norm]
    inside, outside = (sets if cell.norm == place else (-1,) * len(sets) for place in ("inside", "outside"))
    return attending.Plan("relu", preliminary, inside, outside, sustained=cell.method == 1)


def _weights(
    cell: "FastWeights", lasts: Integer[Array, " readings"], count: int, dtype: jnp.dtype
) -> Float[Array, "readings sources"]:
    """What A(0), h(0) and `count` states after it count in readings, given the last state that each sees."""
    # A(0) fades like a state that was written before h(0).
    fading = powers(cell.decay.astype(dtype), lasts[:, None] - jnp.arange(-2, count))
    return jnp.concatenate([fading[:, :1], cell.write_rate * fading[:, 1:]], axis=1)
