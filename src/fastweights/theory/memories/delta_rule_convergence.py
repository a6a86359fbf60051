"""The limit of the delta rule on repeated presentation, its rate, and the write rates that converge."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.memories import DeltaRule
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

_UNITS, _VALUE = 7, 3
_SPECTRUM = (1.6, 0.9, 0.5, 0.2)  # of K Kᵀ on the keys' span
_RATES = (0.25, 0.5, 1.0)
_ROUNDS = 400
_LOW_RATE = 0.001


def contraction(rate: float, eigenvalues: Float[np.ndarray, " keys"]) -> float:
    """max_i |1 − β λ_i|: the error's factor in the limit, if every round presents all pairs at once."""
    return float(np.max(np.abs(1 - rate * eigenvalues)))


def highest_rate(eigenvalues: Float[np.ndarray, " keys"]) -> float:
    """2/λ_max: below this rate every round is a contraction, above it the error grows."""
    return float(2 / np.max(eigenvalues))


def shrinking(rate: Any, squared_length: float) -> Any:
    """1 − β ‖k‖²: the factor by which writing a pair reduces its error."""
    return 1 - rate * squared_length


@register_check(
    "delta-rule-convergence", source="Widrow & Hoff 1960; Kohonen 1989, chapter 6; Bauer & Fike 1960"
)
class DeltaRuleConvergence(Check):
    """For linearly independent keys K the error E = M − V K⁺ is multiplied, on the keys' span, by I − β K Kᵀ
    if all pairs are presented at once and by S = Π_n (I − β k_n k_nᵀ) if one after another.

    The four eigenvalues of K Kᵀ are chosen. The error's norm shrinks in the end by the spectral radius, which
    is the t-th root of what happens between rounds t and 2 t for t = 40/β: the parts along other eigenvectors
    are by then at most (0.6/0.8)⁸⁰ = 10⁻¹⁰ of it, and rounding, 10⁻¹⁵ of a distance that has fallen to 10⁻⁹
    or so, at most 10⁻⁶, of which the 40-th root leaves less than 10⁻⁷. S differs from I − β K Kᵀ by at most
    Π(1 + β‖k_n‖²) − 1 − β Σ‖k_n‖² in norm, and so do its eigenvalues (Bauer & Fike, the second matrix being
    symmetric): at β = 0.001 this leaves 3 % of β λ_min."""

    statement = "The repeated delta rule converges to the pseudo-inverse, at once by max |1 − β λ| a round."
    has_figure = True

    contraction: Callable[[float, Float[np.ndarray, " keys"]], float] = contraction
    """The error's factor for each round, given β and the eigenvalues of K Kᵀ."""

    highest_rate: Callable[[Float[np.ndarray, " keys"]], float] = highest_rate
    """The write rate at which rounds at once stop contracting."""

    shrinking: Callable[[Any, float], Any] = shrinking
    """The factor of one pair's error in one write, given β and ‖k‖²."""

    def examine(self) -> Finding:
        """One write; rounds at once, also about the highest rate; rounds one after another; the limit."""
        rng = np.random.default_rng(0)
        keys, values = _keys(rng), rng.standard_normal((len(_SPECTRUM), _VALUE))
        eigenvalues = np.array(_SPECTRUM)
        edge = self.highest_rate(eigenvalues)
        rates = np.array([*_RATES, 0.99 * edge, 1.01 * edge])
        at_once, in_turn = (np.asarray(d).T for d in _distances(_empty(rates), keys, values))  # [rate, round]

        def factors(what: str, distances: np.ndarray, expected: Sequence[float]) -> list[Quantity]:
            return [
                Quantity.near(what.format(rate), _factor(along, rate) - factor, 0, 1e-7)
                for rate, along, factor in zip(_RATES, distances, expected, strict=False)
            ]

        contractions = [self.contraction(rate, eigenvalues) for rate in _RATES]
        radii = [_spectral_radius(rate, keys) for rate in _RATES]
        rounding = _UNITS**2 * max(_SPECTRUM) / min(_SPECTRUM) * UNIT
        name = f"distance from V K⁺ after {_ROUNDS} rounds, in rounding errors R² κ² u"
        return Finding(
            self._one_write(keys, values),
            *factors("factor of a round at once, β = {}, against max |1 − β λ|", at_once, contractions),
            Quantity("factor at 0.99 × 2/λ_max", _factor(at_once[-2], 1.0), highest=1),
            Quantity("factor at 1.01 × 2/λ_max", _factor(at_once[-1], 1.0), lowest=1),
            *factors("factor of a round in turn, β = {}, against the spectral radius", in_turn, radii),
            self._first_order(keys, eigenvalues),
            Quantity(name, in_turn[2, -1] / rounding, highest=1),
            panels=[_panel(in_turn)],
        )

    def _first_order(self, keys: np.ndarray, eigenvalues: np.ndarray) -> Quantity:
        """By how much a round in turn shrinks the error, over what a round at once does, at a low rate."""
        grown = _LOW_RATE * np.sum(keys**2, axis=1)
        off = 1 - self.contraction(_LOW_RATE, eigenvalues)
        tolerance = (np.prod(1 + grown) - 1 - np.sum(grown)) / off
        shrunk = (1 - _spectral_radius(_LOW_RATE, keys)) / off
        return Quantity.near(f"shrinking in turn / at once, β = {_LOW_RATE}", shrunk, 1, tolerance)

    def _one_write(self, keys: np.ndarray, values: np.ndarray) -> Quantity:
        """The error of a pair before and after it is written, to a memory that holds the others."""
        key, value, rates = jnp.asarray(keys[-1]), values[-1], np.array(_RATES)[:, None]
        memory = _empty(np.array(_RATES)).store(jnp.asarray(keys), jnp.asarray(values[::-1]))
        before, after = value - memory.read(key), value - memory.write(key, jnp.asarray(value)).read(key)
        squared = float(key @ key)
        sizes = abs(value) + abs(before) * (1 + rates * squared)
        expected = self.shrinking(rates, squared) * before
        apart = roundings_apart(after, expected, sizes, 4 * (_UNITS + len(keys)) + 4)
        return within_rounding("error after a write against (1 − β‖k‖²) × before", apart)


def _factor(distances: np.ndarray, rate: float) -> float:
    """The factor of the distance for one round, in the limit."""
    start = round(40 / rate)
    return float((distances[2 * start] / distances[start]) ** (1 / start))


def _spectral_radius(rate: float, keys: np.ndarray) -> float:
    """Of Π_n (I − β k_n k_nᵀ) on the keys' span."""
    inside = keys @ np.linalg.qr(keys.T)[0]
    product = np.linalg.multi_dot([np.eye(len(keys)) - rate * np.outer(key, key) for key in inside])
    return float(np.max(np.abs(np.linalg.eigvals(product))))


def _keys(rng: np.random.Generator) -> Float[np.ndarray, "keys units"]:
    """Keys whose K Kᵀ has the chosen eigenvalues and no zero entries."""
    left = np.linalg.qr(rng.standard_normal((_UNITS, len(_SPECTRUM))))[0]
    right = np.linalg.qr(rng.standard_normal((len(_SPECTRUM), len(_SPECTRUM))))[0]
    return (left * np.sqrt(_SPECTRUM) @ right).T


def _empty(rates: Float[np.ndarray, " rates"]) -> DeltaRule:
    """A memory for each write rate."""
    return jax.vmap(lambda rate: DeltaRule.empty(_UNITS, _VALUE, rate))(jnp.asarray(rates))


@jax.jit
def _distances(memory: DeltaRule, keys: Array, values: Array) -> list[Float[Array, "round rates"]]:
    """‖M − V K⁺‖ / ‖V K⁺‖ before each round: of pairs at once, presented to the memory as it was before the
    round, and of pairs in turn."""
    limit = values.T @ jnp.linalg.pinv(keys.T)

    def at_once(memory):
        written = memory.write(keys[:, None], values[:, None]).matrix - memory.matrix
        return DeltaRule(memory.matrix + written.sum(0), memory.write_rate)

    def distances(present):
        def step(memory, _):
            off = jnp.linalg.norm(memory.matrix - limit, axis=(-2, -1))
            return present(memory), off / jnp.linalg.norm(limit)

        return jax.lax.scan(step, memory, None, _ROUNDS)[1]

    return [distances(at_once), distances(lambda memory: memory.store(keys, values))]


def _panel(in_turn: np.ndarray) -> Panel:
    rounds = np.arange(41)
    series = [
        Series(f"one after another, β = {rate}", rounds, distances[rounds])
        for rate, distances in zip(_RATES, in_turn, strict=False)
    ]
    factor = contraction(_RATES[0], np.array(_SPECTRUM))
    series.append(Series("(1 − β λ_min)^t", rounds, in_turn[0, 10] * factor ** (rounds - 10.0), "dashed"))
    return Panel("The delta rule on its way", "rounds t", "distance from V K⁺", series, y_scale="log")
