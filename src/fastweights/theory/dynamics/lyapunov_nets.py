"""Lyapunov exponents of recurrent networks, before and after training."""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights.cells.base import State
from fastweights.cells.fast_weights import FastWeights
from fastweights.cells.lstm import LSTM
from fastweights.cells.standard_rnn import StandardRNN
from fastweights.models import SequenceClassifier
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.lyapunov import HOUSEHOLDER, Jacobians, frame, stretches
from fastweights.theory.dynamics.orbits import STEPS, Orbit, orbit_of
from fastweights.theory.dynamics.symmetric_memory import (
    after_two_pasts,
    queries,
    unread_apart,
)
from fastweights.theory.networks import before_and_after, simple_cell
from fastweights.theory.rounding import UNIT

_TASK = AssociativeRetrieval(num_pairs=2)
_UNITS = {"standard-rnn": 16, "irnn": 16, "lstm": 16, "fast-weights": 6}
_BESIDE = 1e-4
_CONDITION = 1e6  # directions that a step shrinks by more, relative to the others, are not compared
_NORM = 0.9


def slopes(hidden: Float[np.ndarray, "time n"]) -> Float[np.ndarray, "time n"]:
    """1 − h²: a unit's factor of |det J| of the standard RNN, beside |det W|."""
    return 1 - hidden**2


def gates(forget: np.ndarray, cell: np.ndarray, output: np.ndarray) -> np.ndarray:
    """f |tanh c| o (1 − o): a unit's factor of |det J| of the LSTM, beside |det W_o|."""
    return forget * np.abs(np.tanh(cell)) * output * (1 - output)


def contracting(norm: float) -> float:
    """log ‖W‖: the bound on a standard RNN's largest exponent."""
    return float(np.log(norm))


def forgotten(decay: float) -> float:
    """λ: the factor of a change of A that isn't read."""
    return decay


@register_check(
    "lyapunov-nets",
    source="Eckmann & Ruelle 1985, section V.C; Vogt, Puelma Touzel, Shlizerman & Lajoie 2020",
)
class LyapunovNets(Check):
    """The Lyapunov exponents λ_1 >= λ_2 >= … of a driven network, s(t) = F(s(t−1), x(t)), with J = ∂F/∂s:
    λ_1 + … + λ_k is at most the mean of the sum of the k largest log σ_i(J), so λ_1 <= mean log ‖J‖; all
    of them sum up to the mean of log |det J|, which is

        log |det W| + Σ_i log(1 − h_i²)                              for the standard RNN,
        log |det W_o| + Σ_i log(f_i |tanh c_i| o_i (1 − o_i))        for the LSTM, W_o the output gate's rows.

    A standard RNN with ‖W‖ < 1 has λ_1 <= log ‖W‖ < 0, with equality at h = 0 for W orthogonal times its
    norm.

    Fast weights write symmetric matrices, so that their state has R + R (R + 1)/2 numbers, which a step
    does not leave. A change of A that the step's query q does not see, δA q = 0, is multiplied by λ and
    by nothing else; there are R (R − 1)/2 independent ones. Under an input that stays the same the query
    is the same at last, so that as many exponents are log λ: a difference that two pasts have left in A
    then falls by λ a step or more slowly, up to the share of what falls faster, (λ_k/λ)ⁿ.

    A QR decomposition errs like a change of J by c N² u ‖J‖, c a small constant (Higham 2002, theorem
    19.4): the sums by that times the condition, ‖J‖ over the smallest σ that is compared; determinants
    add the rounding of their factors, such as 1 − h². λ_1 is also the rate at which two trajectories
    part: off by the curvature, 10⁻⁷ of it, and by rounding, 10⁻¹⁶/10⁻⁷; 10⁻⁴ is far above both, and far
    below what a path left out takes away.
    """

    statement = "A network's Lyapunov exponents obey its Jacobians, before and after training."
    has_figure = True

    through: Callable[[State], State] = lambda state: state
    """A function applied to a state before the derivative is taken."""

    method: Callable[[Jacobians], np.ndarray] = stretches
    """The logarithms of the stretching in every step and direction."""

    slopes: Callable[[np.ndarray], np.ndarray] = slopes
    """A unit's factor of |det J| of the standard RNN, given h."""

    gates: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray] = gates
    """A unit's factor of |det J| of the LSTM, given f, c and o."""

    contracting: Callable[[float], float] = contracting
    """The bound on a standard RNN's largest exponent, given ‖W‖."""

    forgotten: Callable[[float], float] = forgotten
    """The factor of a change of A that isn't read, given the decay."""

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
                    quantities.append(self._volume(name, cell, orbit, logs))
                if isinstance(cell, FastWeights):
                    quantities += self._forgetting(name, models[i], cell, orbit)
                spectra[cell_name, when] = np.sort(logs.mean(0))[::-1]
        if "standard-rnn" in pairs:
            quantities += self._contraction(pairs["standard-rnn"][0])
        return Finding(*quantities, panels=_panels(spectra))

    def _orbit(self, model: SequenceClassifier) -> Orbit:
        return orbit_of(model, self.through)

    def _contraction(self, model: SequenceClassifier) -> tuple[Quantity, Quantity]:
        def recurrent(model: Any) -> Any:
            return model.cell.recurrent

        scaled = _NORM / jnp.linalg.norm(recurrent(model), 2) * recurrent(model)
        orbit = self._orbit(eqx.tree_at(recurrent, model, scaled))
        largest = self.method(orbit.jacobians)[:, 0].mean()
        bound, units = self.contracting(_NORM), model.cell.hidden_size
        orthogonal = _NORM * frame(units)
        cell = simple_cell("standard-rnn", orthogonal, np.zeros((units, 1)), np.zeros(units))
        step = jax.jacfwd(lambda hidden: cell.step(hidden, jnp.zeros(units))[1])
        at_rest = np.asarray(step(jnp.zeros(units)))
        attained = self.method(np.broadcast_to(at_rest, (STEPS, units, units)))[:, 0].mean()
        name = f"standard RNN with ‖W‖ = {_NORM:g}: largest exponent"
        rounding = HOUSEHOLDER * units**2 * UNIT
        return (
            Quantity(name, largest, highest=bound),
            Quantity.near(f"{name}, W orthogonal, h = 0", attained, bound, rounding),
        )

    def _volume(
        self, name: str, cell: StandardRNN | LSTM, orbit: Orbit, logs: Float[np.ndarray, "time n"]
    ) -> Quantity:
        """All exponents together, against log |det J| by formula."""
        recurrent, states = np.asarray(cell.recurrent), orbit.states
        if isinstance(cell, StandardRNN):
            factors = self.slopes(states)
            weights, relative = recurrent, 1 / factors
        else:
            units = cell.hidden_size
            cells, hidden = np.split(states, 2, axis=1)
            before = np.concatenate([np.zeros((1, units)), hidden[:-1]])
            summed = np.split(before @ recurrent.T + orbit.projections, 4, axis=1)
            forget, output = (1 / (1 + np.exp(-x)) for x in summed[1:3])
            factors = self.gates(forget, cells, output)
            weights, relative = recurrent[2 * units : 3 * units], 1 / (1 - output)
        expected = np.linalg.slogdet(weights)[1] + np.log(factors).sum(1).mean()
        condition = np.linalg.cond(orbit.jacobians).mean()
        rounding = (HOUSEHOLDER * logs.shape[1] ** 2 * condition + 4 * relative.sum(1).mean()) * UNIT
        apart = abs(logs.sum(1).mean() - expected)
        return Quantity(f"{name}: sum of all exponents against log |det J|", apart, highest=rounding)

    def _forgetting(
        self, name: str, model: SequenceClassifier, cell: FastWeights, orbit: Orbit
    ) -> list[Quantity]:
        """What becomes of changes of A that aren't read; and of those that two pasts have left there."""
        factor = self.forgotten(float(cell.decay))
        off = unread_apart(orbit.jacobians, queries(cell, orbit.states, orbit.projections), factor)
        # J has entries of some ‖J‖, and its products with a change R² terms.
        rounding = 4 * orbit.states.shape[1] * UNIT * float(np.abs(orbit.jacobians).max())
        return [
            Quantity(
                f"{name}: what a step takes out of the symmetric changes", orbit.left.max(), highest=rounding
            ),
            Quantity(f"{name}: |J δA − λ δA| of changes that aren't read", off, highest=rounding),
            Quantity(
                f"{name}: constant input, factor of ΔA a step", after_two_pasts(model), lowest=factor - 1e-4
            ),
        ]


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
