"""Lyapunov exponents of recurrent networks, before and after training."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Float

from fastweights.cells.base import State
from fastweights.cells.fast_weights import FastWeights
from fastweights.cells.lstm import LSTM
from fastweights.cells.standard_rnn import StandardRNN
from fastweights.models import SequenceClassifier
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.lyapunov import HOUSEHOLDER, Jacobians, frame, stretches
from fastweights.theory.networks import before_and_after, run_once
from fastweights.theory.rounding import UNIT

_TASK = AssociativeRetrieval(num_pairs=2)
_UNITS = {"standard-rnn": 16, "irnn": 16, "lstm": 16, "fast-weights": 6}
_STEPS = 300
_NEAR, _BESIDE = 1e-7, 1e-4
_CONDITION = 1e6  # directions that a step shrinks by more, relative to the others, are not compared
_NORM = 0.9


class Orbit(NamedTuple):
    """A cell driven by a long sequence: one step after another."""

    projections: Float[np.ndarray, "time projection"]
    states: Float[np.ndarray, "time n"]
    """The carried numbers after each step, one below the other."""
    jacobians: Jacobians
    """∂s(t)/∂s(t−1)."""
    beside: Float[np.ndarray, " time"]
    """The log of the factor by which each step stretches a difference of 10⁻⁷ (1 + ‖s‖) to another
    trajectory."""


@register_check(
    "lyapunov-nets",
    source="Eckmann & Ruelle 1985, section V.C; Vogt, Puelma Touzel, Shlizerman & Lajoie 2020",
)
class LyapunovNets(Check):
    """The Lyapunov exponents λ_1 >= λ_2 >= … of a driven network, s(t) = F(s(t−1), x(t)), with J = ∂F/∂s: λ_1
    + … + λ_k is at most the mean of the sum of the k largest log σ_i(J), so λ_1 <= mean log ‖J‖; all of them
    sum up to the mean of log |det J|, which is

        log |det W| + Σ_i log(1 − h_i²)                              for the standard RNN,
        log |det W_o| + Σ_i log(f_i |tanh c_i| o_i (1 − o_i))        for the LSTM, W_o the output gate's rows.

    A standard RNN with ‖W‖ < 1 has λ_1 <= log ‖W‖ < 0. Of fast weights, the antisymmetric part of a change of
    A changes by the factor λ alone, P J = λ P with P its m = R (R − 1)/2 coordinates: the first m exponents
    have at least the mean log λ, after n steps up to log |det P Q| / (m n), with Q the first m columns of the
    frame.

    A QR decomposition errs like a change of J by c N² u ‖J‖, c a small constant (Higham 2002, theorem 19.4):
    the sums by that times the condition, ‖J‖ over the smallest σ that is compared; determinants add the
    rounding of their factors, such as 1 − h². λ_1 is also the rate at which two trajectories part: off by the
    curvature, 10⁻⁷ of it, and by rounding, 10⁻¹⁶/10⁻⁷; 10⁻⁴ is far above both, and far below what a path left
    out takes away.
    """

    statement = "A network's Lyapunov exponents obey its Jacobians, before and after training."

    through: Callable[[State], State] = lambda state: state
    """A function applied to a state before the derivative is taken."""

    method: Callable[[Jacobians], np.ndarray] = stretches
    """The logarithms of the stretching in every step and direction."""

    cells: tuple[str, ...] = tuple(_UNITS)

    def examine(self) -> Finding:
        """Every cell untrained and trained on associative retrieval, driven by a long stream of pairs."""
        pairs = before_and_after(self.cells, _UNITS.__getitem__, _TASK, 600, 5e-3)
        quantities, spectra = [], {}
        for i, when in enumerate(("untrained", "trained")):
            for cell_name, models in pairs.items():
                name, cell = f"{cell_name}, {when}", models[i].cell
                orbit = self._orbit(models[i])
                logs = self.method(orbit.jacobians)
                quantities += _general(name, orbit, logs)
                if isinstance(cell, StandardRNN | LSTM):
                    quantities.append(_volume(name, cell, orbit, logs))
                if isinstance(cell, FastWeights):
                    quantities += _forgetting(name, cell, orbit, logs)
                spectra[cell_name, when] = np.sort(logs.mean(0))[::-1]
        if "standard-rnn" in pairs:
            quantities.append(self._contraction(pairs["standard-rnn"][0]))
        return Finding(*quantities, panels=_panels(spectra))

    def _orbit(self, model: SequenceClassifier) -> Orbit:
        return Orbit(*_follow(model, _stream(), self.through))

    def _contraction(self, model: SequenceClassifier) -> Quantity:
        def recurrent(model: Any) -> Any:
            return model.cell.recurrent

        scaled = _NORM / jnp.linalg.norm(recurrent(model), 2) * recurrent(model)
        orbit = self._orbit(eqx.tree_at(recurrent, model, scaled))
        largest = self.method(orbit.jacobians)[:, 0].mean()
        return Quantity(
            f"standard RNN with ‖W‖ = {_NORM:g}: largest exponent", largest, highest=np.log(_NORM)
        )


def _general(name: str, orbit: Orbit, logs: Float[np.ndarray, "time n"]) -> list[Quantity]:
    """What holds for every cell."""
    singular = np.linalg.svd(orbit.jacobians, compute_uv=False)
    compared = (singular * _CONDITION > singular[:, :1]).all(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = np.log(singular).mean(0)[compared]
        excess = np.cumsum(logs.mean(0)[compared]) - np.cumsum(bounds)
        beside = orbit.beside.mean()
    largest, norm = logs[:, 0].mean(), np.log(singular[:, 0]).mean() if singular[:, 0].all() else -np.inf
    apart = 0.0 if largest == beside else abs(largest - beside)
    rounding = HOUSEHOLDER * logs.shape[1] ** 2 * UNIT * _CONDITION
    quantities = [
        Quantity(f"{name}: largest exponent, at most mean log ‖J‖", largest, highest=norm),
        Quantity(f"{name}: the same from two trajectories, difference", apart, highest=_BESIDE),
    ]
    if compared.any() and np.isfinite(excess).all():
        about = f"{name}: most that k exponents exceed k log σ, k <= {int(compared.sum())}"
        quantities.append(Quantity(about, excess.max(), highest=rounding))
    return quantities


def _volume(name: str, cell: StandardRNN | LSTM, orbit: Orbit, logs: Float[np.ndarray, "time n"]) -> Quantity:
    """All exponents together, against log |det J| by formula."""
    recurrent, states = np.asarray(cell.recurrent), orbit.states
    if isinstance(cell, StandardRNN):
        factors = 1 - states**2
        weights, relative = recurrent, 1 / factors
    else:
        units = cell.hidden_size
        cells, hidden = np.split(states, 2, axis=1)
        before = np.concatenate([np.zeros((1, units)), hidden[:-1]])
        summed = np.split(before @ recurrent.T + orbit.projections, 4, axis=1)
        forget, output = (1 / (1 + np.exp(-x)) for x in summed[1:3])
        factors = forget * np.abs(np.tanh(cells)) * output * (1 - output)
        weights, relative = recurrent[2 * units : 3 * units], 1 / (1 - output)
    expected = np.linalg.slogdet(weights)[1] + np.log(factors).sum(1).mean()
    condition = np.linalg.cond(orbit.jacobians).mean()
    rounding = (HOUSEHOLDER * logs.shape[1] ** 2 * condition + 4 * relative.sum(1).mean()) * UNIT
    apart = abs(logs.sum(1).mean() - expected)
    return Quantity(f"{name}: sum of all exponents against log |det J|", apart, highest=rounding)


def _forgetting(
    name: str, cell: FastWeights, orbit: Orbit, logs: Float[np.ndarray, "time n"]
) -> list[Quantity]:
    """The antisymmetric part of the memory, into which nothing is written."""
    units, decay = cell.hidden_size, float(cell.decay)
    rows, columns = np.triu_indices(units, 1)
    numbers, count, steps = np.arange(len(rows)), len(rows), len(logs)
    antisymmetric = np.zeros((count, units + units**2))
    antisymmetric[numbers, units + rows * units + columns] = 1 / np.sqrt(2)
    antisymmetric[numbers, units + columns * units + rows] = -1 / np.sqrt(2)
    size = np.abs(antisymmetric @ orbit.jacobians - decay * antisymmetric).max()
    start = np.linalg.slogdet(antisymmetric @ frame(logs.shape[1])[:, :count])[1]
    lowest = np.log(decay) + start / (count * steps)
    return [
        Quantity(f"{name}: |P J − λ P|", size, highest=4 * UNIT),
        Quantity(f"{name}: mean of the first {count} exponents", logs[:, :count].mean(), lowest=lowest),
    ]


def _stream() -> np.ndarray:
    """Letters, each followed by a digit."""
    rng, count = np.random.default_rng(1), _STEPS // 2
    return np.stack([rng.integers(26, size=count), 26 + rng.integers(10, size=count)], axis=1).ravel()


@run_once
def _follow(model: SequenceClassifier, tokens: Array, through: Callable[[State], State]):
    cell, projections = model.cell, model.projections(tokens)
    first, unravel = ravel_pytree(cell.initial_state())

    def advanced(vector, projection, through=lambda state: state):
        return ravel_pytree(cell.step(through(unravel(vector)), projection)[0])[0]

    def advance_both(carry, projection):
        vector, direction = carry
        after = advanced(vector, projection)
        near = _NEAR * (1 + jnp.linalg.norm(vector))  # an unstable IRNN's states grow
        apart = (advanced(vector + near * direction, projection) - after) / near
        size = jnp.linalg.norm(apart)
        jacobian = jax.jacrev(advanced)(vector, projection, through)
        # A direction that is lost once is lost for good.
        return (after, apart / jnp.where(size > 0, size, 1)), (after, jacobian, jnp.log(size))

    orbit = lax.scan(advance_both, (first, jnp.asarray(frame(first.size)[:, 0])), projections)[1]
    return projections, *orbit


def _panels(spectra: Mapping[tuple[str, str], Float[np.ndarray, " n"]]) -> list[Panel]:
    panels = []
    for when in ("untrained", "trained"):
        series = []
        for (name, state), values in spectra.items():
            places = np.arange(1, len(values) + 1) / len(values)
            shown = np.isfinite(values) & (values > -8)  # below it, mostly the rounding of −∞
            if state == when and shown.any():
                series.append(Series(name, places[shown], values[shown], "marks"))
        panels.append(Panel(when, "i / N", "λ_i", series))
    return panels
