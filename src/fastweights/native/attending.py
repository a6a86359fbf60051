"""The kernel of `cells/attending.py`: a recurrence that attends to its own past, with its derivative.

The equations, and the cost of a pair of steps, stand in attending.h. Columns are looked up in a table of
drives; of the states, as many as are asked for come back.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.ffi
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from fastweights.native.library import target

_BLOCK_BYTES = 64
_TYPES = (jnp.float32, jnp.float64)


class Plan(NamedTuple):
    """The static part of the recurrence: which normalisation stands where, −1 for none."""

    preliminary: int
    """The gain and bias of LN[u], before h_0."""
    inside: tuple[int, ...]
    """Those of LN[r_s], for each inner step."""
    outside: tuple[int, ...]
    """Those of LN[u or h_s] before the memory's answer is added, for each inner step."""
    sustained: bool
    """Whether u enters every inner step (method 1), or h_s (method 2)."""

    @property
    def attributes(self) -> dict[str, np.generic | np.ndarray]:
        """As the kernel takes them."""
        inside, outside = (np.array(sets, np.int64) for sets in (self.inside, self.outside))
        preliminary, sustained = np.int64(self.preliminary), np.bool_(self.sustained)
        return {"preliminary": preliminary, "inside": inside, "outside": outside, "sustained": sustained}

    def tape_size(self, length: int, units: int) -> int:
        """The numbers that one column leaves for its backward pass; `Tape` in attending.h."""
        steps = len(self.inside)
        norms = sum(chosen >= 0 for chosen in (self.preliminary, *self.inside, *self.outside))
        return length * (units * (1 + steps + norms) + norms + steps * length)


def runs(dtype: jnp.dtype) -> bool:
    """Whether there is a kernel for numbers of this type, here."""
    return dtype in _TYPES and target("AttendForward") is not None


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def unroll(
    plan: Plan,
    outputs: int,
    table: Float[Array, "symbols hidden"],
    tokens: Int[Array, "time batch"],
    recurrent: Float[Array, "hidden hidden"],
    gains: Float[Array, "sets hidden"],
    biases: Float[Array, "sets hidden"],
    weights: Float[Array, "time time"],
) -> Float[Array, "outputs hidden batch"]:
    """The last `outputs` of h(1) … h(T), where drive(t) is the row `tokens[t]` of the table.

    `weights[t, τ]` is read for τ < t only. Tokens beyond the table count as its last row.
    """
    return _forward_call(plan, outputs, False, table, tokens, recurrent, gains, biases, weights)[0]


def _forward_call(plan, outputs, keep, table, tokens, recurrent, gains, biases, weights):
    (length, batch), (units, dtype) = tokens.shape, (len(recurrent), recurrent.dtype)
    lanes = _BLOCK_BYTES // dtype.itemsize
    # A tape for each block of lanes, or one that all blocks write over.
    tapes = -(-batch // lanes) if keep else 1
    shapes = (outputs, units, batch), (tapes, plan.tape_size(length, units) * lanes)
    return jax.ffi.ffi_call(
        target("AttendForward"),
        [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes],
        vmap_method="sequential",
    )(table, tokens.astype(jnp.int32), recurrent, gains, biases, weights, **plan.attributes)


def _forward(plan, outputs, table, tokens, recurrent, gains, biases, weights):
    out, tape = _forward_call(plan, outputs, True, table, tokens, recurrent, gains, biases, weights)
    # Of the table, backward needs the shape: an empty array carries it.
    shape_of_table = jnp.zeros((len(table), 0), table.dtype)
    return out, (shape_of_table, tokens, recurrent, gains, weights, tape)


def _backward(plan, outputs, residuals, d_out):
    shape_of_table, tokens, recurrent, gains, weights, tape = residuals
    shapes = (len(shape_of_table), len(recurrent)), recurrent.shape, gains.shape, gains.shape, weights.shape
    d_table, d_recurrent, d_gains, d_biases, d_weights = jax.ffi.ffi_call(
        target("AttendBackward"),
        [jax.ShapeDtypeStruct(shape, recurrent.dtype) for shape in shapes],
        vmap_method="sequential",
    )(d_out, tokens.astype(jnp.int32), recurrent, gains, weights, tape, **plan.attributes)
    return d_table, None, d_recurrent, d_gains, d_biases, d_weights


unroll.defvjp(_forward, _backward)
