"""What the fast memory adds to the gradient's path: a way from every past state, no product over time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeights, FastWeightsState
from fastweights.registry import register_check
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.fast_weights.layer_norm_jacobian import deviation, jacobian
from fastweights.theory.gradients.state_jacobians import norms
from fastweights.theory.networks import built, perturbed, run_once
from fastweights.theory.plot import Panel, Series
from fastweights.theory.rounding import UNIT, roundings_apart
from fastweights.types import Columns

_UNITS, _BATCH, _STEPS = 10, 4, 16

Vector = Float[np.ndarray, " units"]
Matrix = Float[np.ndarray, "units units"]
Jacobians = Float[np.ndarray, "earlier batch units units"]


def power(decay: float, age: int) -> float:
    """λ^age."""
    return decay**age


def of_state(state: Vector, query: Vector) -> Matrix:
    """The derivative of h [hᵀ q] for h: (hᵀ q) I + h qᵀ."""
    return (state @ query) * np.eye(len(state)) + np.outer(state, query)


class Valves(NamedTuple):
    """How much of a gradient passes, at each step: 1 all, 0 none. The numbers themselves always pass."""

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

    statement = "The fast memory adds a direct path from every h(τ), which falls as λ^age."

    weight: Callable[[float, int], float] = power
    """What the state of an age counts for."""

    pull: Callable[[Vector, Vector], Matrix] = of_state
    """The derivative of h [hᵀ q] for h, given h and q."""

    writes: float = 1.0
    """How much of the gradient passes where states are written."""

    def examine(self) -> Finding:
        """In generic position; and at initialisation, for the figure."""
        projections = np.random.default_rng(0).standard_normal((_STEPS, _UNITS, _BATCH))
        initial = built(lambda: FastWeights(1, _UNITS, key=jax.random.key(0)))
        cell = perturbed(initial, 1, 0.2)
        measured, outputs = self._by_autodiff(cell, projections)
        formula, sizes = (
            _Formula(self, cell, projections, outputs),
            _Formula(self, cell, projections, outputs, abs),
        )
        count = int(_STEPS * (5 * _UNITS + 20) * formula.conditioning())
        apart = {
            name: roundings_apart(measured[name], getattr(formula, name)(), getattr(sizes, name)(), count)
            for name in ("full", "recurrent", "direct")
        }
        sums = roundings_apart(
            measured["by state"] + measured["by memory"], measured["full"], sizes.full(), count
        )
        ages = np.arange(_STEPS - 2, -1, -1)
        relative = norms(measured["direct"]) / norms(formula.last_pulls())
        # What does not reach back at all has no slope.
        reaches = bool(np.all(relative > 0))
        slope = float(np.exp(np.polyfit(ages, np.log(relative).mean(axis=1), 1)[0])) if reaches else np.nan
        excess = float((norms(measured["recurrent"]) / formula.recurrent_bounds()).max())
        decay = float(cell.decay)
        loose = (_STEPS * _UNITS + _UNITS**2) * UNIT
        curves = {each: self._curves(initial, each, projections) for each in (0.9, 0.5)}
        return Finding(
            (
                *(
                    Quantity(f"{name} derivative off its formula, in rounding errors", off, highest=1.0)
                    for name, off in apart.items()
                ),
                Quantity("by state + by memory off the whole, in rounding errors", sums, highest=1.0),
                Quantity(
                    "direct term, factor for each step of age, λ = 0.9",
                    slope,
                    lowest=decay * (1 - count * UNIT),
                    highest=decay * (1 + count * UNIT),
                ),
                Quantity("recurrent term / product of norms", excess, highest=1 + loose),
            ),
            _panels(curves),
        )

    def _by_autodiff(
        self, cell: FastWeights, projections: Float[np.ndarray, "time units batch"]
    ) -> tuple[Mapping[str, Jacobians], Float[np.ndarray, "time batch units"]]:
        """∂h(T)/∂h(τ) through each set of valves, and the outputs."""
        found, outputs = {}, None
        for name, valves in _VALVES.items():
            valves = valves._replace(write=valves.write * self.writes)
            slopes, outputs = _through_valves(cell, jnp.asarray(projections), valves)
            found[name] = np.asarray(slopes)
        return found, np.moveaxis(np.asarray(outputs), -1, 1)

    def _curves(
        self, cell: FastWeights, decay: float, projections: Float[np.ndarray, "time units batch"]
    ) -> Mapping[str, Jacobians]:
        cell = eqx.tree_at(lambda cell: cell.decay, cell, jnp.asarray(decay))
        return self._by_autodiff(cell, projections)[0]


@run_once
def _through_valves(
    cell: FastWeights, projections: Columns, valves: Valves
) -> tuple[Float[Array, "earlier batch units units"], Columns]:
    def last(shifts: Columns) -> tuple[Array, Columns]:
        def step(state, now):
            projection, shift, valve = now
            written = _passed(state.hidden, valve.write)
            kept = _passed(state.hidden, valve.recurrent)
            memory = jax.tree.map(lambda array: _passed(array, valve.memory), state.memory)
            # W is applied to what is written; the difference, which is 0, makes it what is kept.
            projection += cell.recurrent @ (kept - written)
            state, output = cell.step(FastWeightsState(written, memory), projection)
            return FastWeightsState(_passed(output, valve.output) + shift, state.memory), output

        _, outputs = lax.scan(step, cell.initial_state(_BATCH), (projections, shifts, valves))
        return outputs[-1], outputs

    output, pull_back, outputs = jax.vjp(last, jnp.zeros_like(projections), has_aux=True)
    units = jnp.eye(_UNITS)[..., None] * jnp.ones_like(output)
    (slopes,) = jax.vmap(pull_back)(units)
    return jnp.moveaxis(slopes, (1, 3), (0, 1))[:-1], outputs


def _passed(x: Array, share: Array) -> Array:
    """x, with so much of its gradient."""
    held = lax.stop_gradient(x)
    return held + share * (x - held)


@dataclass(frozen=True)
class _Formula:
    """The recursion for D, or, with `abs`, the sizes of its terms."""

    check: FastMemoryPath
    cell: FastWeights
    projections: Float[np.ndarray, "time units batch"]
    outputs: Float[np.ndarray, "time batch units"]
    of: Callable[[np.ndarray], np.ndarray] = np.asarray

    def full(self) -> Jacobians:
        return self._each(lambda column: self._derivatives(column, lambda since, now: since))

    def recurrent(self) -> Jacobians:
        return self._each(lambda column: self._derivatives(column, lambda since, now: now))

    def direct(self) -> Jacobians:
        return self._each(
            lambda column: [
                self._after(_STEPS - 1, column) @ self._jump(_STEPS - 1, state, column)
                for state in range(_STEPS - 1)
            ]
        )

    def last_pulls(self) -> Jacobians:
        """P(T) [(h(τ)ᵀ h_0) I + h(τ) h_0ᵀ]: the direct term without its weight."""
        last = _STEPS - 1
        return self._each(
            lambda column: [
                self._after(last, column) @ of_state(self._state(state, column), self._query(last, column))
                for state in range(last)
            ]
        )

    def recurrent_bounds(self) -> Float[np.ndarray, "earlier batch"]:
        """Π_{t>τ} ‖P(t) (I + A(t−1) F(t)) W‖."""
        factors = self._each(
            lambda column: [self._after(t, column) @ self._by_state(t, column) for t in range(1, _STEPS)]
        )
        return np.cumprod(norms(factors)[::-1], axis=0)[::-1]

    def conditioning(self) -> float:
        """The largest κ² of a normalisation."""
        kappas = [
            1 + 2 * abs(r).max() / deviation(r)
            for r in (self._read(t, column) for t in range(_STEPS) for column in range(_BATCH))
        ]
        return max(kappas) ** 2

    def _each(self, of_column: Callable[[int], list[Matrix]]) -> Jacobians:
        return np.stack([np.stack(of_column(column)) for column in range(_BATCH)], axis=1)

    def _derivatives(self, column: int, first_jump: Callable[[int, int], int]) -> list[Matrix]:
        """D(T) for each τ, with the jumps from `first_jump(τ, t)` on."""
        found = []
        for since in range(_STEPS - 1):
            slopes = {since: np.eye(_UNITS)}
            for t in range(since + 1, _STEPS):
                total = self._by_state(t, column) @ slopes[t - 1]
                for state in range(first_jump(since, t), t):
                    total = total + self._jump(t, state, column) @ slopes[state]
                slopes[t] = self._after(t, column) @ total
            found.append(slopes[_STEPS - 1])
        return found

    def _by_state(self, t: int, column: int) -> Matrix:
        """(I + A(t−1) F(t)) W."""
        active = np.diag((self._summed(t, column) > 0).astype(float))
        passed = np.eye(_UNITS) + self.of(self._memory(t, column)) @ active
        return passed @ self.of(np.asarray(self.cell.recurrent))

    def _jump(self, t: int, state: int, column: int) -> Matrix:
        """η λ^(t−1−σ) [(h(σ)ᵀ h_0(t)) I + h(σ) h_0(t)ᵀ]; states and queries are not negative."""
        weight = float(self.cell.write_rate) * self.check.weight(float(self.cell.decay), t - 1 - state)
        return weight * self.check.pull(self._state(state, column), self._query(t, column))

    def _after(self, t: int, column: int) -> Matrix:
        """P(t) = diag(f′) J of the normalisation, at what was read."""
        active = np.diag((self._state(t, column) > 0).astype(float))
        gain = np.asarray(self.cell.norms.gains)[0, :, 0]
        return active @ self.of(jacobian(self._read(t, column), gain))

    def _state(self, t: int, column: int) -> Vector:
        return self.outputs[t, column] if t >= 0 else np.zeros(_UNITS)

    def _summed(self, t: int, column: int) -> Vector:
        return np.asarray(self.cell.recurrent) @ self._state(t - 1, column) + self.projections[t, :, column]

    def _query(self, t: int, column: int) -> Vector:
        return np.maximum(self._summed(t, column), 0)

    def _read(self, t: int, column: int) -> Vector:
        return self._summed(t, column) + self._memory(t, column) @ self._query(t, column)

    def _memory(self, t: int, column: int) -> Matrix:
        """A(t−1), by equation 3."""
        decay, rate = float(self.cell.decay), float(self.cell.write_rate)
        states = [self._state(state, column) for state in range(t)]
        written = (decay ** (t - 1 - i) * np.outer(state, state) for i, state in enumerate(states))
        return rate * sum(written, start=np.zeros((_UNITS, _UNITS)))


def _panels(curves: Mapping[float, Mapping[str, Jacobians]]) -> list[Panel]:
    ages = list(range(_STEPS - 1, 0, -1))
    panels = []
    for decay, found in curves.items():
        parts = {
            "all paths": found["full"],
            "one jump through A": found["direct"],
            "through W alone": found["recurrent"],
        }
        series = [Series(name, ages, norms(each).mean(axis=1)) for name, each in parts.items()]
        newest = float(norms(found["direct"][-1]).mean())
        series.append(Series("λ^age", ages, [newest * decay ** (age - 1) for age in ages], "dashed"))
        panels.append(
            Panel(f"λ = {decay:g}, before training", "T − τ", "‖∂h(T)/∂h(τ)‖", series, y_scale="log")
        )
    return panels
