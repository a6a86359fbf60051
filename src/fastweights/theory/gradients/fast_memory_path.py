"""The gradient's paths through the fast memory: from every past state, without a product over time."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeights, FastWeightsState
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.fast_weights.layer_norm_jacobian import deviation
from fastweights.theory.gradients.fast_memory_formula import (
    FastMemoryFormula,
    Matrix,
    Vector,
    formulas,
    of_state,
)
from fastweights.theory.gradients.state_jacobians import norms
from fastweights.theory.networks import built, outputs, perturbed, run_once
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

_UNITS, _BATCH, _STEPS = 10, 4, 16

Sequences = Float[np.ndarray, "batch time units"]
Jacobians = Float[np.ndarray, "batch earlier units units"]


class Valves(NamedTuple):
    """The share of a gradient that passes at each step, from 0 to 1. The values themselves always pass."""

    output: Float[np.ndarray, " time"]
    """Out of h(t), into anything later."""
    recurrent: Float[np.ndarray, " time"]
    """From h(t−1) through W."""
    write: Float[np.ndarray, " time"]
    """From h(t−1) into A(t−1)."""
    memory: Float[np.ndarray, " time"]
    """From A(t−2) into A(t−1)."""


_OPEN, _SHUT = np.ones(_STEPS), np.zeros(_STEPS)
_OPEN_BUT_LAST = np.where(np.arange(_STEPS) < _STEPS - 1, 1.0, 0.0)
_VALVES = {
    "full": Valves(_OPEN, _OPEN, _OPEN, _OPEN),
    "recurrent": Valves(_OPEN, _OPEN, _SHUT, _OPEN),
    "direct": Valves(_SHUT, _SHUT, _OPEN, _OPEN),
    "by state": Valves(_OPEN, _OPEN, _OPEN_BUT_LAST, _OPEN_BUT_LAST),
    "by memory": Valves(_OPEN, _OPEN_BUT_LAST, _OPEN, _OPEN),
}


@register_check("fast-memory-path", source="Ba et al. 2016, equations 3 to 5, differentiated")
class FastMemoryPath(Check):
    """D(t) = P(t) { (I + A(t−1) F(t)) W D(t−1) + η Σ_{τ≤σ<t} λ^(t−1−σ) [(h(σ)ᵀ h_0) I + h(σ) h_0ᵀ] D(σ) },
    with D(τ) = I, is ∂h(t)/∂h(τ) for one reading; its term σ = τ, the direct one, falls as λ^(T−1−τ).

    An entry of D(T) is a sum of products that go through at most T (5 R + 20) roundings, and through the
    normalisations' κ² (see `LayerNormJacobian`); their size is the recursion's with absolute values.
    """

    statement = "The fast memory adds a direct path from every h(τ), which decays as λ^age."
    has_figure = True

    weight: Callable[[float, int], float] = lambda decay, age: decay**age
    """The weight of a state, given λ and its age."""

    pull: Callable[[Vector, Vector], Matrix] = of_state
    """The derivative of h [hᵀ q] for h, given h and q."""

    formulas: Callable[..., FastMemoryFormula] = formulas
    """All derivatives by formula, given the cell, its inputs and outputs, and the two functions above."""

    writes: float = 1.0
    """The share of the gradient that passes where states are written."""

    def examine(self) -> Finding:
        """In generic position; and at initialisation, for the figure."""
        projections = np.moveaxis(np.random.default_rng(0).standard_normal((_STEPS, _UNITS, _BATCH)), -1, 0)
        initial = built(lambda: FastWeights(1, _UNITS, key=jax.random.key(0)))
        cell = perturbed(initial, 1, 0.2)
        measured, hidden = self._by_autodiff(cell, projections), outputs(cell, projections)
        exact, sizes = (
            self.formulas(cell, projections, hidden, self.weight, self.pull, of) for of in (np.asarray, abs)
        )
        conditions = [1 + 2 * abs(read).max() / deviation(read) for read in exact.reads.reshape(-1, _UNITS)]
        count = int(_STEPS * (5 * _UNITS + 20) * max(conditions) ** 2)
        apart = []
        for name in ("full", "recurrent", "direct"):
            off = roundings_apart(measured[name], getattr(exact, name), getattr(sizes, name), count)
            apart.append(within_rounding(f"{name} derivative off its formula", off))
        both = measured["by state"] + measured["by memory"]
        sums = roundings_apart(both, measured["full"], sizes.full, count)
        relative = norms(measured["direct"]) / norms(exact.last_pulls)
        # A term that does not reach back at all has no slope.
        slope = np.nan
        if np.all(relative > 0):
            slope = np.exp(np.polyfit(np.arange(_STEPS - 2, -1, -1), np.log(relative).mean(axis=0), 1)[0])
        bounds = np.cumprod(norms(exact.factors)[:, ::-1], axis=1)[:, ::-1]
        shares = norms(measured["recurrent"]) / bounds
        decay, rounding = float(cell.decay), (_STEPS * _UNITS + _UNITS**2) * UNIT
        name = "direct term, factor for each step of age, λ = 0.9"
        return Finding(
            *apart,
            within_rounding("by state + by memory off the whole", sums),
            Quantity.near(name, slope, decay, decay * count * UNIT),
            Quantity("recurrent term / product of norms", shares.max(), highest=1 + rounding),
            Quantity("the same of the last step, least", shares[:, -1].min(), lowest=1 - rounding),
            panels=[self._panel(initial, decay, projections) for decay in (0.9, 0.5)],
        )

    def _by_autodiff(self, cell: FastWeights, projections: Sequences) -> Mapping[str, Jacobians]:
        """∂h(T)/∂h(τ) through each set of valves."""
        valves = {name: given._replace(write=given.write * self.writes) for name, given in _VALVES.items()}
        return {name: _through(given, cell, projections) for name, given in valves.items()}

    def _panel(self, cell: FastWeights, decay: float, projections: Sequences) -> Panel:
        cell = eqx.tree_at(lambda cell: cell.decay, cell, jnp.asarray(decay))
        derivatives, ages = self._by_autodiff(cell, projections), np.arange(_STEPS - 1, 0, -1)
        labels = {"full": "all paths", "direct": "one jump through A", "recurrent": "through W alone"}
        series = [Series(labels[name], ages, norms(derivatives[name]).mean(axis=0)) for name in labels]
        newest = norms(derivatives["direct"][:, -1]).mean()
        series.append(Series("λ^age", ages, newest * decay ** (ages - 1.0), "dashed"))
        return Panel(f"λ = {decay:g}, before training", "T − τ", "‖∂h(T)/∂h(τ)‖", series, y_scale="log")


@run_once
def _through(
    valves: Valves, cell: FastWeights, projections: Float[Array, "batch time units"]
) -> Float[Array, "batch earlier units units"]:
    def step(state, now):
        projection, shift, valve = now
        written = _passed(state.hidden, valve.write)
        carried = _passed(state.hidden, valve.recurrent)
        # The cell applies W to the state it writes; adding a difference that is 0 moves the gradient.
        projection += cell.recurrent @ (carried - written)
        state = FastWeightsState(written, _passed(state.memory, valve.memory))
        state, output = cell.step(state, projection)
        return FastWeightsState(_passed(output, valve.output) + shift, state.memory), output

    def of_one(projections):
        def last(shifts):
            return lax.scan(step, cell.initial_state(), (projections, shifts, valves))[1][-1]

        return jax.jacrev(last)(jnp.zeros_like(projections)).swapaxes(0, 1)[:-1]

    return jax.vmap(of_one)(projections)


def _passed(x: Array, share: Array) -> Array:
    """x, with a share of its gradient."""
    held = lax.stop_gradient(x)
    return held + share * (x - held)
