"""The path of the error along an LSTM's cell: a product of forget gates."""

from collections.abc import Callable, Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.lstm import LSTM, LSTMState
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.gradients.state_jacobians import jacobian_of_last, norms
from fastweights.theory.networks import built, perturbed, run_once
from fastweights.theory.rounding import roundings_apart, within_rounding
from fastweights.types import Column, Columns

_INPUT, _UNITS, _BATCH, _STEPS = 5, 8, 3, 31
_OPEN = 40.0

Jacobians = Float[np.ndarray, "earlier batch hidden hidden"]
Gates = Mapping[str, Float[np.ndarray, "time batch hidden"]]
Run = tuple[Float[Array, "time gates batch"], Float[Array, "time hidden batch"]]
"""Projections and outputs."""


def unchanged(hidden: Array) -> Array:
    """Not detached."""
    return hidden


@register_check("constant-error-path", source="Hochreiter & Schmidhuber 1997, section 3; Gers et al. 2000")
class ConstantErrorPath(Check):
    """With h(t) detached wherever it enters a gate, ∂c(T)/∂c(τ) = diag(Π_{t>τ} f(t)): 1 while it is open.

    Each of the T factors is a sigmoid of a sum of R + 2 terms; the sigmoid turns a sum's absolute error into
    no larger relative one, so the product's is at most T (R + 6) roundings of 1 plus the sizes of the sums. A
    gate with the bias b and other inputs of at most m misses 1 by at most e^(m − b), T of them by T e^(m −
    b).
    """

    statement = "Along the cell of an LSTM the error is multiplied by the forget gates and nothing else."

    factor: Callable[[Gates], Float[np.ndarray, "time batch hidden"]] = lambda gates: gates["forget"]
    """The factor of the cell's error in a step, given all gates."""

    detached: Callable[[Array], Array] = lax.stop_gradient
    """A function applied to h(t) before it enters the gates of the next step."""

    def examine(self) -> Finding:
        """In generic position, with open gates, and, for the figure, at initialisation."""
        inputs = jnp.asarray(np.random.default_rng(0).standard_normal((_STEPS, _INPUT, _BATCH)))
        initial = built(lambda: LSTM(_INPUT, _UNITS, key=jax.random.key(0)))

        cell = perturbed(initial, 1)
        direct, _, run = self._paths(cell, inputs)
        gates, sums = _gates(cell, run)
        products = np.cumprod(self.factor(gates)[:0:-1], axis=0)[::-1, :, None] * np.eye(_UNITS)
        apart = roundings_apart(direct, products, products * (1 + sums.max()), _STEPS * (_UNITS + 6))

        cell = _with_bias(cell, _OPEN)
        direct, _, run = self._paths(cell, inputs)
        rest = _gates(cell, run)[1].max() - _OPEN
        off, closed = abs(direct - np.eye(_UNITS)).max(), _STEPS * np.exp(rest - _OPEN)
        series, ages = [], np.arange(_STEPS - 1, 0, -1)
        for bias in (0.0, 1.0, 4.0):
            direct, everything, _ = self._paths(_with_bias(initial, bias), inputs)
            name, diagonal = f"forget bias {bias:g}", np.diagonal(direct, axis1=-2, axis2=-1)
            series += [
                Series(name, ages, norms(everything).mean(axis=1)),
                Series("", ages, diagonal.mean(axis=(1, 2)), "dashed", group=name),
            ]
        label = "‖∂c(T)/∂c(τ)‖; dashed: Π f(t), mean"
        return Finding(
            within_rounding("∂c(T)/∂c(τ) off Π f(t)", apart),
            Quantity("gates open: ∂c(T)/∂c(τ) off the identity", off, highest=closed),
            panels=[Panel("At initialisation", "T − τ", label, series, y_scale="log")],
        )

    def _paths(self, cell: LSTM, inputs: Columns) -> tuple[Jacobians, Jacobians, Run]:
        """∂c(T)/∂c(τ) along the cell alone and along all paths; projections and outputs."""
        direct, run = _cell_jacobians(cell, inputs, self.detached)
        everything, _ = _cell_jacobians(cell, inputs, unchanged)
        return np.asarray(direct), np.asarray(everything), run


@run_once
def _cell_jacobians(
    cell: LSTM, inputs: Columns, detached: Callable[[Array], Array]
) -> tuple[Float[Array, "earlier batch hidden hidden"], Run]:
    """∂c(T)/∂c(τ) for τ = 1 … T − 1, and what was run."""
    projections = cell.project(inputs.swapaxes(0, 1)).swapaxes(0, 1)

    def last_cell(shifts: Columns) -> tuple[Column, Columns]:
        def step(state, now):
            projection, shift = now
            state, output = cell.step(LSTMState(state.cell, detached(state.hidden)), projection)
            return LSTMState(state.cell + shift, state.hidden), output

        state, outputs = lax.scan(step, cell.initial_state(_BATCH), (projections, shifts))
        return state.cell, outputs

    jacobians, outputs = jacobian_of_last(last_cell, jnp.zeros((_STEPS, _UNITS, _BATCH)))
    return jacobians, (projections, outputs)


def _gates(cell: LSTM, run: Run) -> tuple[Gates, Float[np.ndarray, "time hidden batch"]]:
    """The gates at every step, and the sizes of the terms that the forget gate sums."""
    projections, outputs, recurrent = (np.asarray(a) for a in (*run, cell.recurrent))
    before = np.concatenate([np.zeros((1, _UNITS, _BATCH)), outputs[:-1]])
    gates = 1 / (1 + np.exp(-np.moveaxis(recurrent @ before + projections, -1, 1)))
    sizes = abs(recurrent) @ abs(before) + abs(projections)
    values = np.split(gates, 4, axis=-1)[:3]
    return dict(zip(("input", "forget", "output"), values, strict=True)), np.split(sizes, 4, axis=1)[1]


def _with_bias(cell: LSTM, forget_bias: float) -> LSTM:
    rows = slice(_UNITS, 2 * _UNITS)
    return eqx.tree_at(lambda cell: cell.bias, cell, cell.bias.at[rows].set(forget_bias))
