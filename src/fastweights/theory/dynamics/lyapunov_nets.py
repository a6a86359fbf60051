"""Lyapunov exponents of recurrent networks, before and after training."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.base import State
from fastweights.cells.fast_weights import FastWeights
from fastweights.cells.lstm import LSTM
from fastweights.cells.standard_rnn import StandardRNN
from fastweights.models import SequenceClassifier
from fastweights.registry import register_check
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.dynamics.lyapunov import Jacobians, frame, stretches
from fastweights.theory.networks import built, run_once, sequences, trained, untrained
from fastweights.theory.plot import Panel, Series
from fastweights.theory.rounding import UNIT
from fastweights.training.options import TrainingOptions
from fastweights.types import Column

_TASK = AssociativeRetrieval(num_pairs=2)
_UNITS = {"standard-rnn": 16, "irnn": 16, "lstm": 16, "fast-weights": 6}
_STEPS = 300
_TRAINING = TrainingOptions(updates=600, evaluate_every=600, batch_size=32, learning_rate=5e-3)
_NEAR, _BESIDE = 1e-7, 1e-4
_HOUSEHOLDER = 10  # the "small constant" of the backward error of a QR decomposition
_CONDITION = 1e6  # directions that a step shrinks by more, relative to the others, are not compared
_NORM = 0.9

Vector = Float[Array, " n"]


class Orbit(NamedTuple):
    """A cell driven by a long sequence: one step after another."""

    projections: Float[np.ndarray, "time projection"]
    states: Float[np.ndarray, "time n"]
    """The carried numbers after each step, one below the other."""
    jacobians: Jacobians
    """∂s(t)/∂s(t−1)."""
    beside: Float[np.ndarray, " time"]
    """log of what each step stretches a difference of 10⁻⁷ (1 + ‖s‖) to another trajectory by."""


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
    """What a state goes through before it is differentiated by."""

    method: Callable[[Jacobians], np.ndarray] = stretches
    """The logarithms of the stretching in every step and direction."""

    cells: tuple[str, ...] = tuple(_UNITS)

    def examine(self) -> Finding:
        """Every cell untrained and trained on associative retrieval, driven by a long stream of pairs."""
        first = built(lambda: {name: untrained(name, _UNITS[name], _TASK) for name in self.cells})
        models = {f"{name}, untrained": model for name, model in first.items()}
        data = sequences(_TASK, 512, 0)
        models |= {f"{name}, trained": trained(model, data, _TRAINING) for name, model in first.items()}
        quantities, spectra = [], {}
        for name, model in models.items():
            orbit = self._orbit(model)
            logs = self.method(orbit.jacobians)
            quantities += _general(name, orbit, logs)
            if isinstance(model.cell, StandardRNN | LSTM):
                quantities.append(_volume(name, model.cell, orbit, logs))
            if isinstance(model.cell, FastWeights):
                quantities += _forgetting(name, model.cell, orbit, logs)
            spectra[name] = np.sort(logs.mean(0))[::-1]
        if "standard-rnn" in self.cells:
            quantities.append(self._contraction(first["standard-rnn"]))
        return Finding(quantities, _panels(spectra))

    def _orbit(self, model: SequenceClassifier) -> Orbit:
        return Orbit(*map(np.asarray, _follow(model, jnp.asarray(_stream())[:, None], self.through)))

    def _contraction(self, model: SequenceClassifier) -> Quantity:
        def recurrent(model: Any) -> Any:
            return model.cell.recurrent

        scaled = _NORM / jnp.linalg.norm(recurrent(model), 2) * recurrent(model)
        orbit = self._orbit(eqx.tree_at(recurrent, model, scaled))
        largest = float(self.method(orbit.jacobians)[:, 0].mean())
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
    slack = _HOUSEHOLDER * logs.shape[1] ** 2 * UNIT * _CONDITION
    found = [
        Quantity(f"{name}: largest exponent, at most mean log ‖J‖", largest, highest=norm),
        Quantity(f"{name}: the same from two trajectories, difference", apart, highest=_BESIDE),
    ]
    if compared.any() and np.isfinite(excess).all():
        words = f"{name}: most that k exponents exceed k log σ, k <= {int(compared.sum())}"
        found.append(Quantity(words, excess.max(), highest=slack))
    return found


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
        _, keep, show, _ = np.split(before @ recurrent.T + orbit.projections, 4, axis=1)
        keep, show = 1 / (1 + np.exp(-keep)), 1 / (1 + np.exp(-show))
        factors = keep * np.abs(np.tanh(cells)) * show * (1 - show)
        weights, relative = recurrent[2 * units : 3 * units], 1 / (1 - show)
    expected = np.linalg.slogdet(weights)[1] + np.log(factors).sum(1).mean()
    condition = np.linalg.cond(orbit.jacobians).mean()
    slack = (_HOUSEHOLDER * logs.shape[1] ** 2 * condition + 4 * relative.sum(1).mean()) * UNIT
    apart = abs(logs.sum(1).mean() - expected)
    return Quantity(f"{name}: sum of all exponents against log |det J|", apart, highest=slack)


def _forgetting(
    name: str, cell: FastWeights, orbit: Orbit, logs: Float[np.ndarray, "time n"]
) -> list[Quantity]:
    """What the antisymmetric part of the memory does, which nothing is written into."""
    units, decay = cell.hidden_size, float(cell.decay)
    rows, columns = np.triu_indices(units, 1)
    antisymmetric = np.zeros((len(rows), units + units**2))
    for sign, place in ((1, units + rows * units + columns), (-1, units + columns * units + rows)):
        antisymmetric[np.arange(len(rows)), place] = sign / np.sqrt(2)
    size = np.abs(antisymmetric @ orbit.jacobians - decay * antisymmetric).max()
    count, steps = len(rows), len(logs)
    start = np.linalg.slogdet(antisymmetric @ frame(logs.shape[1])[:, :count])[1]
    lowest = np.log(decay) + start / (count * steps)
    first = logs[:, :count].mean()
    return [
        Quantity(f"{name}: |P J − λ P|", size, highest=4 * UNIT),
        Quantity(f"{name}: mean of the first {count} exponents", first, lowest=lowest),
    ]


def _stream() -> np.ndarray:
    """Letters, each followed by a digit."""
    rng = np.random.default_rng(1)
    return np.stack(
        [rng.integers(26, size=_STEPS // 2), 26 + rng.integers(10, size=_STEPS // 2)], axis=1
    ).ravel()


@run_once
def _follow(model: SequenceClassifier, tokens: Array, through: Callable[[State], State]):
    cell, projections = model.cell, model.projections(tokens)
    empty = cell.initial_state(1)

    def packed(state: State) -> Vector:
        return jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(state) if leaf.ndim])

    def unpacked(vector: Vector) -> State:
        leaves, structure = jax.tree.flatten(empty)
        for i, leaf in enumerate(leaves):
            if leaf.ndim:
                part, vector = jnp.split(vector, [leaf.size])
                leaves[i] = part.reshape(leaf.shape)
        return jax.tree.unflatten(structure, leaves)

    def step(vector: Vector, projection: Column) -> Vector:
        return packed(cell.step(unpacked(vector), projection)[0])

    def watched(vector: Vector, projection: Column) -> Vector:
        return packed(cell.step(through(unpacked(vector)), projection)[0])

    def advance_both(carry, projection):
        vector, direction = carry
        after = step(vector, projection)
        near = _NEAR * (1 + jnp.linalg.norm(vector))  # an unstable IRNN's states grow
        apart = (step(vector + near * direction, projection) - after) / near
        size = jnp.linalg.norm(apart)
        seen = after, jax.jacrev(watched)(vector, projection), jnp.log(size)
        return (after, apart / jnp.where(size > 0, size, 1)), seen  # what is lost once is lost for good

    first = packed(empty)
    seen = lax.scan(advance_both, (first, jnp.asarray(frame(first.size)[:, 0])), projections)[1]
    return projections[..., 0], *seen


def _panels(spectra: Mapping[str, Float[np.ndarray, " n"]]) -> list[Panel]:
    panels = []
    for when in ("untrained", "trained"):
        series = []
        for name, values in spectra.items():
            cell, state = name.split(", ")
            places = np.arange(1, len(values) + 1) / len(values)
            shown = np.isfinite(values) & (values > -8)  # below it, mostly the rounding of −∞
            if state == when and shown.any():
                series.append(Series(cell, places[shown], values[shown], "marks"))
        panels.append(Panel(when, "i / N", "λ_i", series))
    return panels
