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
from fastweights.theory.gradients.state_jacobians import norms
from fastweights.theory.networks import built, outputs, perturbed, run_once
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

_INPUT, _UNITS, _BATCH, _STEPS = 5, 8, 3, 31
_OPEN = 40.0

Gates = Mapping[str, Float[np.ndarray, "batch time hidden"]]


def forget_gate(gates: Gates) -> Float[np.ndarray, "batch time hidden"]:
    """The factor of the cell's error in a step."""
    return gates["forget"]


def missing(steps: int, least: float) -> float:
    """T e^(−(b − m)): what a product of T gates misses of 1, at most, if what a gate sums is at least b −
    m."""
    return steps * np.exp(-least)


def unchanged(hidden: Array) -> Array:
    """Not detached."""
    return hidden


@register_check("constant-error-path", source="Hochreiter & Schmidhuber 1997, section 3; Gers et al. 2000")
class ConstantErrorPath(Check):
    """With h(t) detached wherever it enters a gate, ∂c(T)/∂c(τ) = diag(Π_{t>τ} f(t)): 1 while it is open.

    Each of the T factors is a sigmoid of a sum of R + 2 terms; the sigmoid turns a sum's absolute error
    into no larger relative one, so the product's is at most T (R + 6) roundings of 1 plus the sizes of
    the sums. A gate with the bias b and other inputs of at most m misses 1 by at most e^(m − b), T of
    them by T e^(m − b), which is the limit where all gates receive −m and b − m is large: then by T gates
    up to T e^(m − b) of it, and up to the rounding of 1.
    """

    statement = "Along the cell of an LSTM the error is multiplied by the forget gates and nothing else."
    has_figure = True

    factor: Callable[[Gates], Float[np.ndarray, "batch time hidden"]] = forget_gate
    """The factor of the cell's error in a step, given all gates."""

    missing: Callable[[int, float], float] = missing
    """What the product of gates misses of 1 at most, given T and b − m."""

    detached: Callable[[Array], Array] = lax.stop_gradient
    """A function applied to h(t) before it enters the gates of the next step."""

    def examine(self) -> Finding:
        """In generic position, with open gates, and, for the figure, at initialisation."""
        inputs = np.moveaxis(np.random.default_rng(0).standard_normal((_STEPS, _INPUT, _BATCH)), -1, 0)
        initial = built(lambda: LSTM(_INPUT, _UNITS, key=jax.random.key(0)))

        cell = perturbed(initial, 1)
        gates, sums = _gates(cell, inputs)
        products = np.cumprod(self.factor(gates)[:, :0:-1], axis=1)[:, ::-1, None] * np.eye(_UNITS)
        direct, sizes = _cell_jacobians(cell, inputs, self.detached), products * (1 + sums.max())
        apart = roundings_apart(direct, products, sizes, _STEPS * (_UNITS + 6))

        cell = _with_bias(cell, _OPEN)
        off = abs(_cell_jacobians(cell, inputs, self.detached) - np.eye(_UNITS)).max()
        rest = _gates(cell, inputs)[1].max() - _OPEN
        series, ages = [], np.arange(_STEPS - 1, 0, -1)
        for bias in (0.0, 1.0, 4.0):
            cell, name = _with_bias(initial, bias), f"forget bias {bias:g}"
            direct, everything = (_cell_jacobians(cell, inputs, of) for of in (self.detached, unchanged))
            diagonal = np.diagonal(direct, axis1=-2, axis2=-1)
            series += [
                Series(name, ages, norms(everything).mean(axis=0)),
                Series("", ages, diagonal.mean(axis=(0, 2)), "dashed", group=name),
            ]
        label = "‖∂c(T)/∂c(τ)‖; dashed: Π f(t), mean"
        name = "gates open: ∂c(T)/∂c(τ) off the identity"
        return Finding(
            within_rounding("∂c(T)/∂c(τ) off Π f(t)", apart),
            Quantity(name, off, highest=self.missing(_STEPS, _OPEN - rest)),
            self._nearly_open(initial),
            panels=[Panel("At initialisation", "T − τ", label, series, y_scale="log")],
        )

    def _nearly_open(self, cell: LSTM) -> Quantity:
        """All gates receive 12: T of them, between t = 2 and the end."""
        least, gates = 12.0, _STEPS - 1
        cell = _with_bias(jax.tree.map(jnp.zeros_like, cell), least)
        inputs = np.zeros((_BATCH, _STEPS, _INPUT))
        missed = 1 - _cell_jacobians(cell, inputs, self.detached)[0, 0, 0, 0]
        expected = self.missing(gates, least)
        slack = gates * np.exp(-least) + 4 * gates * UNIT / expected
        return Quantity.near("gates that receive 12: 1 − product, over T e⁻¹²", missed / expected, 1, slack)


@run_once
def _cell_jacobians(
    cell: LSTM, inputs: Float[Array, "batch time input"], detached: Callable[[Array], Array]
) -> Float[Array, "batch earlier hidden hidden"]:
    """∂c(T)/∂c(τ) for τ = 1 … T − 1."""

    def step(state, now):
        x, shift = now
        state, _ = cell(LSTMState(state.cell, detached(state.hidden)), x)
        return LSTMState(state.cell + shift, state.hidden), None

    def of_one(inputs):
        def last_cell(shifts):
            return lax.scan(step, cell.initial_state(), (inputs, shifts))[0].cell

        return jax.jacrev(last_cell)(jnp.zeros((_STEPS, _UNITS))).swapaxes(0, 1)[:-1]

    return jax.vmap(of_one)(inputs)


def _gates(
    cell: LSTM, inputs: Float[np.ndarray, "batch time input"]
) -> tuple[Gates, Float[np.ndarray, "batch time hidden"]]:
    """The gates at every step, and the sizes of the terms that the forget gate sums."""
    recurrent, input_weights, bias = map(np.asarray, (cell.recurrent, cell.input, cell.bias))
    projections = inputs @ input_weights.T + bias
    before = np.pad(outputs(cell, projections)[:, :-1], ((0, 0), (1, 0), (0, 0)))
    gates = 1 / (1 + np.exp(-(before @ recurrent.T + projections)))
    sizes = abs(before) @ abs(recurrent).T + abs(projections)
    values = np.split(gates, 4, axis=-1)[:3]
    return dict(zip(("input", "forget", "output"), values, strict=True)), np.split(sizes, 4, axis=-1)[1]


def _with_bias(cell: LSTM, forget_bias: float) -> LSTM:
    rows = slice(_UNITS, 2 * _UNITS)
    return eqx.tree_at(lambda cell: cell.bias, cell, cell.bias.at[rows].set(forget_bias))
