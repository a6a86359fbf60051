"""Sums that XLA's CPU compiler turns into good vector code."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_LONGEST_BLOCK = 25


@jax.custom_vjp
def sum_units(x: Float[Array, "units batch"]) -> Float[Array, " batch"]:
    """Σ_i x_i over the units, for each column.

    Equal to `x.sum(axis=0)`. XLA's CPU compiler walks a long sum one column at a time; short blocks it
    unrolls, and then adds whole vectors of columns. Blocks of at most 25 rows made the sum 3 to 10
    times faster at 50 and 100 units.
    """
    units = x.shape[0]
    blocks = max(2, -(-units // _LONGEST_BLOCK))
    size = max(1, -(-units // blocks))
    partial = [jnp.sum(x[i : i + size], axis=0) for i in range(0, units, size)]
    return sum(partial[1:], partial[0])


def _sum_units_forward(x):
    # The derivative needs nothing but the number of units: an empty array carries it.
    return sum_units(x), jnp.zeros((x.shape[0], 0), x.dtype)


def _sum_units_backward(shape_of, cotangent):
    return (jnp.broadcast_to(cotangent, (shape_of.shape[0], *cotangent.shape)),)


sum_units.defvjp(_sum_units_forward, _sum_units_backward)
