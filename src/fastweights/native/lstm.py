"""The LSTM with its derivative: the kernel of `cells/lstm.py`. The equations stand in lstm.h."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from fastweights.native.calls import kernel, like, tapes

_GATES = 4


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def unroll(
    outputs: int,
    table: Float[Array, "symbols rows"],
    tokens: Int[Array, "time batch"],
    recurrent: Float[Array, "rows hidden"],
    gains: Float[Array, "norms hidden"],
    biases: Float[Array, "norms hidden"],
) -> Float[Array, "outputs hidden batch"]:
    """The last `outputs` of h(1) … h(T), where projection(t) is the row `tokens[t]` of the table.

    `norms` is 5, for the four gates and the cell, or 0 where nothing is normalised. Tokens beyond the
    table count as its last row.
    """
    return _call(outputs, False, table, tokens, recurrent, gains, biases)[0]


def _call(outputs, keep, table, tokens, recurrent, gains, biases):
    (length, batch), units, norms = tokens.shape, recurrent.shape[1], len(gains)
    size = length * (units * (3 + _GATES + norms) + norms)  # `LstmTape` in lstm.h
    shapes = [
        jax.ShapeDtypeStruct((outputs, units, batch), recurrent.dtype),
        tapes(batch, size, recurrent.dtype, keep),
    ]
    arguments = table, tokens.astype(jnp.int32), recurrent, gains, biases
    return kernel("LstmForward", shapes)(*arguments)


def _forward(outputs, table, tokens, recurrent, gains, biases):
    out, tape = _call(outputs, True, table, tokens, recurrent, gains, biases)
    # Of the table, backward needs the shape: an empty array carries it.
    return out, (jnp.zeros((len(table), 0)), tokens, recurrent, gains, tape)


def _backward(_outputs, residuals, d_out):
    shape_of_table, tokens, recurrent, gains, tape = residuals
    d_table = jax.ShapeDtypeStruct((len(shape_of_table), len(recurrent)), recurrent.dtype)
    shapes = [d_table, like(recurrent), like(gains), like(gains)]
    arguments = d_out, tokens.astype(jnp.int32), recurrent, gains, tape
    d_table, *others = kernel("LstmBackward", shapes)(*arguments)
    return d_table, None, *others


unroll.defvjp(_forward, _backward)
