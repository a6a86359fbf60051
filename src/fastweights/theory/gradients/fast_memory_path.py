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
from fastweights.theory.gradients.fast_memory_formula import Matrix, Vector, formula, of_state
from fastweights.theory.gradients.state_jacobians import jacobian_of_last, norms
from fastweights.theory.networks import built, perturbed, run_once
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding
from fastweights.types import Columns

_UNITS, _BATCH, _STEPS = 10, 4, 16

Jacobians = Float[np.ndarray, "earlier batch units units"]


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

    weight: Callable[[float, int], float] = lambda decay, age: decay**age
    """The weight of a state, given λ and its age."""

    pull: Callable[[Vector, Vector], Matrix] = of_state
    """The derivative of h [hᵀ q] for h, given h and q."""

    writes: float = 1.0
    """The share of the gradient that passes where states are written."""

    def examine(self) -> Finding:
        """In generic position; and at initialisation, for the figure."""
        projections = np.random.default_rng(0).standard_normal((_STEPS, _UNITS, _BATCH))
        initial = built(lambda: FastWeights(1, _UNITS, key=jax.random.key(0)))
        cell = perturbed(initial, 1, 0.2)
        measured, outputs = self._by_autodiff(cell, projections)
        exact, sizes = (
            formula(cell, projections, outputs, self.weight, self.pull, of) for of in (np.asarray, abs)
        )
        count = int(_STEPS * (5 * _UNITS + 20) * exact.conditioning)
        parts = (
            ("full", exact.full(), sizes.full()),
            ("recurrent", exact.recurrent(), sizes.recurrent()),
            ("direct", exact.direct(), sizes.direct()),
        )
        apart = [
            within_rounding(
                f"{name} derivative off its formula",
                roundings_apart(measured[name], derivative, derivative_sizes, count),
            )
            for name, derivative, derivative_sizes in parts
        ]
        both = measured["by state"] + measured["by memory"]
        sums = roundings_apart(both, measured["full"], parts[0][2], count)
        relative = norms(measured["direct"]) / norms(exact.last_pulls)
        # A term that does not reach back at all has no slope.
        slope = np.nan
        if np.all(relative > 0):
            slope = np.exp(np.polyfit(np.arange(_STEPS - 2, -1, -1), np.log(relative).mean(axis=1), 1)[0])
        excess = (norms(measured["recurrent"]) / exact.recurrent_bounds()).max()
        decay, rounding = float(cell.decay), (_STEPS * _UNITS + _UNITS**2) * UNIT
        name = "direct term, factor for each step of age, λ = 0.9"
        return Finding(
            *apart,
            within_rounding("by state + by memory off the whole", sums),
            Quantity.near(name, slope, decay, decay * count * UNIT),
            Quantity("recurrent term / product of norms", excess, highest=1 + rounding),
            panels=[self._panel(initial, decay, projections) for decay in (0.9, 0.5)],
        )

    def _by_autodiff(
        self, cell: FastWeights, projections: Float[np.ndarray, "time units batch"]
    ) -> tuple[Mapping[str, Jacobians], Float[np.ndarray, "time batch units"]]:
        """∂h(T)/∂h(τ) through each set of valves, and the outputs."""
        derivatives, outputs = {}, None
        for name, valves in _VALVES.items():
            valves = valves._replace(write=valves.write * self.writes)
            slopes, outputs = _through_valves(cell, jnp.asarray(projections), valves)
            derivatives[name] = np.asarray(slopes)
        return derivatives, np.moveaxis(np.asarray(outputs), -1, 1)

    def _panel(
        self, cell: FastWeights, decay: float, projections: Float[np.ndarray, "time units batch"]
    ) -> Panel:
        cell = eqx.tree_at(lambda cell: cell.decay, cell, jnp.asarray(decay))
        derivatives, ages = self._by_autodiff(cell, projections)[0], np.arange(_STEPS - 1, 0, -1)
        labels = {"full": "all paths", "direct": "one jump through A", "recurrent": "through W alone"}
        series = [Series(labels[name], ages, norms(derivatives[name]).mean(axis=1)) for name in labels]
        newest = norms(derivatives["direct"][-1]).mean()
        series.append(Series("λ^age", ages, newest * decay ** (ages - 1.0), "dashed"))
        return Panel(f"λ = {decay:g}, before training", "T − τ", "‖∂h(T)/∂h(τ)‖", series, y_scale="log")


@run_once
def _through_valves(
    cell: FastWeights, projections: Columns, valves: Valves
) -> tuple[Float[Array, "earlier batch units units"], Columns]:
    def last(shifts: Columns) -> tuple[Array, Columns]:
        def step(state, now):
            projection, shift, valve = now
            written = _passed(state.hidden, valve.write)
            carried = _passed(state.hidden, valve.recurrent)
            memory = jax.tree.map(lambda array: _passed(array, valve.memory), state.memory)
            # The cell applies W to the state it writes; adding a difference that is 0 moves the gradient.
            projection += cell.recurrent @ (carried - written)
            state, output = cell.step(FastWeightsState(written, memory), projection)
            return FastWeightsState(_passed(output, valve.output) + shift, state.memory), output

        _, outputs = lax.scan(step, cell.initial_state(_BATCH), (projections, shifts, valves))
        return outputs[-1], outputs

    return jacobian_of_last(last, jnp.zeros_like(projections))


def _passed(x: Array, share: Array) -> Array:
    """x, with a share of its gradient."""
    held = lax.stop_gradient(x)
    return held + share * (x - held)
