"""What is shared over time: few parameters, and the same answer later."""

from collections.abc import Callable

import equinox as eqx
import jax
import numpy as np

from fastweights.cells.standard_rnn import StandardRNN
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.networks import built, perturbed, run_once

_INPUTS, _UNITS, _STEPS, _DELAY = 3, 5, 20, 7


def parameters(inputs: int, hidden: int) -> int:
    """R² + R I + R: of W, C and b."""
    return hidden**2 + hidden * inputs + hidden


@register_check("time-invariance", source="Elman 1990; Rumelhart, Hinton & Williams 1986 for the unfolding")
class TimeInvariance(Check):
    """h(t) = f(W h(t−1) + C x(t) + b) has R² + R I + R parameters for sequences of any length. With b = 0 and
    f(0) = 0, inputs that come D steps later make the same states D steps later: the same numbers to the bit,
    since the steps before leave h at 0. The unfolded network of T layers computes the same.
    """

    statement = "A recurrent network answers a delayed input as it answers it at once, but later."

    parameters: Callable[[int, int], int] = parameters
    """Their number, given I and R."""

    bias: float = 0.0  # survives: 15 % of 0 is 0
    """b of all units."""

    def examine(self) -> Finding:
        """A standard RNN with random weights."""
        cell = built(lambda: StandardRNN(_INPUTS, _UNITS, key=jax.random.key(0)))
        count = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(cell, eqx.is_inexact_array)))
        cell = perturbed(cell, 0)
        cell = eqx.tree_at(lambda cell: cell.bias, cell, np.full(_UNITS, self.bias))
        inputs = np.random.default_rng(1).standard_normal((_STEPS, _INPUTS))
        late = np.concatenate([np.zeros((_DELAY, _INPUTS)), inputs[:-_DELAY]])
        at_once, later = _unroll(cell, inputs), _unroll(cell, late)
        recurrent, weights = np.asarray(cell.recurrent), np.asarray(cell.input)
        layer, layers = np.zeros(_UNITS), []
        for x in inputs:  # the unfolded network: a layer for each time
            layer = np.tanh(recurrent @ layer + weights @ x + self.bias)
            layers.append(layer)
        return Finding(
            Quantity("delayed states off the states", abs(later[_DELAY:] - at_once[:-_DELAY]).max(), 0, 0),
            Quantity("states before the input comes", abs(later[:_DELAY]).max(), 0, 0),
            Quantity("the unfolded network off the cell", abs(at_once - layers).max(), highest=1e-12),
            Quantity("parameters beside R² + R I + R", count - self.parameters(_INPUTS, _UNITS), 0, 0),
        )


@run_once
def _unroll(cell, inputs):
    return cell.unroll(inputs)[0]
