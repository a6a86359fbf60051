"""How long a cell of an LSTM keeps what it holds, by the bias of its forget gate."""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fastweights.cells.lstm import LSTM, LSTMState
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.networks import built, run_once

_BIASES, _STEPS = (-1.0, 0.0, 1.0, 3.0, 6.0), 50


def half_life(bias: float) -> float:
    """ln 2 / ln(1 + e^−b), in steps."""
    return math.log(2) / math.log(1 + math.exp(-bias))


def bias_for(steps: float) -> float:
    """ln(T − 1): the bias at which a gate misses 1 by 1/T."""
    return math.log(steps - 1)


@register_check(
    "forget-half-life", source="Gers et al. 2000; Tallec & Ollivier 2018 for ln(T − 1), from memory"
)
class ForgetHalfLife(Check):
    """A forget gate that receives its bias b alone is σ(b) = 1 / (1 + e^−b), so that the cell has halved
    after ln 2 / ln(1 + e^−b) steps. With b = ln(T − 1) the gate is 1 − 1/T.

    The library's LSTM with no other weights: the logarithm of its cell is exact up to rounding, 10⁻¹² of it.
    """

    statement = "A forget gate with the bias b halves a cell in ln 2 / ln(1 + e^−b) steps."

    half_life: Callable[[float], float] = half_life
    """In steps, given b."""

    bias_for: Callable[[float], float] = bias_for
    """b, given T."""

    def examine(self) -> Finding:
        """Five biases; and those for 10 and 1,000 steps."""
        biases = np.array([*_BIASES, self.bias_for(10.0), self.bias_for(1000.0)])
        cell = built(lambda: LSTM(1, len(biases), key=jax.random.key(0)))
        units = len(biases)
        bias = np.zeros(4 * units)
        bias[units : 2 * units] = biases
        empty = jax.tree.map(jnp.zeros_like, cell)
        cell = eqx.tree_at(lambda cell: cell.bias, empty, jnp.asarray(bias))
        left = _cells(cell, np.ones(units))
        measured = -_STEPS * math.log(2) / np.log(left[: len(_BIASES)])
        expected = np.array([self.half_life(bias) for bias in _BIASES])
        gates = left[len(_BIASES) :] ** (1 / _STEPS)
        return Finding(
            Quantity(
                "half-life against the formula, off by", abs(measured / expected - 1).max(), highest=1e-12
            ),
            Quantity.near("what the gate for 10 steps misses of 1, times 10", 10 * (1 - gates[0]), 1, 1e-10),
            Quantity.near("the same for 1,000", 1000 * (1 - gates[1]), 1, 1e-10),
        )


@run_once
def _cells(cell, start):
    state = LSTMState(start, jnp.zeros_like(start))
    return cell.unroll_in_jax(jnp.zeros((_STEPS, 4 * len(start))) + cell.bias, state)[1].cell
