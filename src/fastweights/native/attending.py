"""A recurrence that attends to its own past, with its derivative: the kernel of `cells/attending.py`.

The equations, and the cost of a pair of steps, stand in attending.h. Columns are looked up in a table of
projections; of the states, as many as are asked for come back.
"""

from functools import partial
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from fastweights.native.calls import kernel, like, tapes


class Plan(NamedTuple):
    """The static part of the recurrence: which normalisation stands where, −1 for none."""

    activation: Literal["relu", "tanh"]
    """f."""
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
        return {
            "activation": np.int64(_ACTIVATIONS.index(self.activation)),
            "preliminary": np.int64(self.preliminary),
            "inside": np.array(self.inside, np.int64),
            "outside": np.array(self.outside, np.int64),
            "sustained": np.bool_(self.sustained),
        }

    def tape_size(self, length: int, units: int) -> int:
        """The numbers that one column leaves for its backward pass; `Tape` in attending.h."""
        steps = len(self.inside)
        norms = sum(chosen >= 0 for chosen in (self.preliminary, *self.inside, *self.outside))
        return length * (units * (1 + steps + norms) + norms + steps * length)


_ACTIVATIONS = ("relu", "tanh")  # in the order of layers.h


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
    """The last `outputs` of h(1) … h(T), where projection(t) is the row `tokens[t]` of the table.

    `weights[t, τ]` is read for τ < t only. Tokens beyond the table count as its last row.
    """
    return _call(plan, outputs, False, table, tokens, recurrent, gains, biases, weights)[0]


def _call(plan, outputs, keep, table, tokens, recurrent, gains, biases, weights):
    (length, batch), units = tokens.shape, len(recurrent)
    tape = tapes(batch, plan.tape_size(length, units), recurrent.dtype, keep)
    shapes = [jax.ShapeDtypeStruct((outputs, units, batch), recurrent.dtype), tape]
    arguments = table, tokens.astype(jnp.int32), recurrent, gains, biases, weights
    return kernel("AttendForward", shapes)(*arguments, **plan.attributes)


def _forward(plan, outputs, table, tokens, recurrent, gains, biases, weights):
    out, tape = _call(plan, outputs, True, table, tokens, recurrent, gains, biases, weights)
    # Of the table, backward needs the shape: an empty array carries it.
    return out, (jnp.zeros((len(table), 0)), tokens, recurrent, gains, weights, tape)


def _backward(plan, _outputs, residuals, d_out):
    shape_of_table, tokens, recurrent, gains, weights, tape = residuals
    d_table = jax.ShapeDtypeStruct((len(shape_of_table), len(recurrent)), recurrent.dtype)
    shapes = [d_table, like(recurrent), like(gains), like(gains), like(weights)]
    arguments = d_out, tokens.astype(jnp.int32), recurrent, gains, weights, tape
    d_table, *others = kernel("AttendBackward", shapes)(*arguments, **plan.attributes)
    return d_table, None, *others


unroll.defvjp(_forward, _backward)
