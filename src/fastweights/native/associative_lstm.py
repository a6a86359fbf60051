"""The associative LSTM with its derivative: the kernel of `cells/associative_lstm.py`. The equations stand in
associative_lstm.h."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from fastweights.native.calls import kernel, like, tapes


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def unroll(
    outputs: int,
    table: Float[Array, "symbols rows"],
    tokens: Int[Array, "time batch"],
    recurrent: Float[Array, "rows hidden"],
    orders: Int[Array, "copies half"],
) -> Float[Array, "outputs hidden batch"]:
    """The last `outputs` of h(1) … h(T), where projection(t) is the row `tokens[t]` of the table.

    `orders` are the copies' permutations; the number of heads follows from that of the rows. Tokens beyond
    the table count as its last row.
    """
    return _call(outputs, False, table, tokens, recurrent, orders)[0]


def _call(outputs, keep, table, tokens, recurrent, orders):
    (length, batch), (rows, units), (copies, half) = tokens.shape, recurrent.shape, orders.shape
    heads = (rows // half - 1) // 8
    size = length * (rows + (6 * heads + 2 * copies + 2) * half)  # `AssociativeTape` in associative_lstm.h
    shapes = [
        jax.ShapeDtypeStruct((outputs, units, batch), recurrent.dtype),
        tapes(batch, size, recurrent.dtype, keep),
    ]
    return kernel("AssociateForward", shapes)(table, tokens.astype(jnp.int32), recurrent, orders)


def _forward(outputs, table, tokens, recurrent, orders):
    out, tape = _call(outputs, True, table, tokens, recurrent, orders)
    # Of the table, backward needs the shape: an empty array carries it.
    return out, (jnp.zeros((len(table), 0)), tokens, recurrent, orders, tape)


def _backward(_outputs, residuals, d_out):
    shape_of_table, tokens, recurrent, orders, tape = residuals
    d_table = jax.ShapeDtypeStruct((len(shape_of_table), len(recurrent)), recurrent.dtype)
    arguments = d_out, tokens.astype(jnp.int32), recurrent, orders, tape
    d_table, d_recurrent = kernel("AssociateBackward", [d_table, like(recurrent)])(*arguments)
    return d_table, None, d_recurrent, None


unroll.defvjp(_forward, _backward)
