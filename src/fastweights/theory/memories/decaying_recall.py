"""Signal and crosstalk of the decaying memory, by age and by λ, and for keys without negative entries."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import fminbound

from fastweights.memories import DecayingMatrix
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.memories.streams import recalled
from fastweights.theory.rounding import UNIT
from fastweights.theory.samples import Pairs, every_stream, exactly, mean_of, on_sphere

_SEEDS, _PAIRS, _UNITS = 200, 64, 16
_DECAYS = (0.8, 0.9, 0.95, 1.0)
_AGES = (0, 10, 40)
_FEW_PAIRS = 4
_FEW_KEYS = np.array([[1, 0, 0], [0, 0.6, 0.8], [2 / 3, 2 / 3, 1 / 3]])
"""Like the states of ReLUs: of length 1, not negative, some entries 0."""
_SIZES = (4, 16, 64)
_NOT_NEGATIVE_DECAY = 0.9

ByAge = Float[np.ndarray, " ages"]
Overlaps = Float[np.ndarray, "units units"]
"""C = E k kᵀ."""


def weight(decay: float, age: np.ndarray) -> ByAge:
    """λ^age."""
    return decay ** age.astype(float)


def crosstalk(weights: ByAge, overlaps: Overlaps) -> ByAge:
    """tr C² Σ_{a′≠a} w_{a′}² for each age a: the variance of the crosstalk of values of length 1 that are
    independent of the keys and of mean 0."""
    return np.sum(overlaps**2) * (np.sum(weights**2) - weights**2)


def crosstalk_of_states(weights: ByAge, overlaps: Overlaps) -> ByAge:
    """The same where every value is its key, as in fast weights: two other pairs have the mean product tr
    C³, so that tr C³ [(Σ_{a′≠a} w_{a′})² − Σ_{a′≠a} w_{a′}²] is added."""
    others, squares = np.sum(weights) - weights, np.sum(weights**2) - weights**2
    return crosstalk(weights, overlaps) + np.trace(overlaps @ overlaps @ overlaps) * (others**2 - squares)


def overlaps_not_negative(units: int) -> Overlaps:
    """C of keys drawn uniformly from the part of the unit sphere without negative entries. With k =
    |z|/‖z‖, z normal, the length is independent of the direction, and E |z_i| |z_j| = 2/π."""
    return (2 / np.pi * np.ones((units, units)) + (1 - 2 / np.pi) * np.eye(units)) / units


def effective_number(decay: Any) -> Any:
    """1/(1 − λ²): so many pairs without decay have the crosstalk of infinitely many with it."""
    return 1 / (1 - decay**2)


def best_decay(age: float) -> float:
    """√(a/(a + 1)): the λ with the greatest ratio of signal to crosstalk at that age."""
    return float(np.sqrt(age / (age + 1)))


def reach(ratio: float) -> float:
    """R/(e ρ) − ½, given R/ρ: the age up to which some λ keeps the ratio of signal to crosstalk above
    ρ."""
    return ratio / np.e - 0.5


@register_check(
    "decaying-recall", source="Ba et al. 2016, equation 3; Hopfield 1982 and Parisi 1986 on forgetting"
)
class DecayingRecall(Check):
    """Of a pair of age a the decaying memory answers λ^a v and a crosstalk of variance tr C² Σ_{a′≠a}
    λ^{2a′}, C = E k kᵀ, for independent keys of length 1, independent values of length 1 and mean 0, and
    η = 1. Keys from the unit sphere have tr C² = 1/R; from its part without negative entries (2/π)² +
    O(1/R), which does not vanish. Where values are keys, tr C³ [(Σ_{a′≠a} λ^{a′})² − Σ_{a′≠a} λ^{2a′}] is
    added. After many pairs the sum of λ^{2a} is 1/(1 − λ²), the effective number of pairs. The ratio of
    signal to crosstalk, λ^{2a} (1 − λ²)/tr C², is greatest at λ² = a/(a + 1); the age up to which it can
    be kept above ρ, with 1/tr C² = R, is R/(e ρ) − ½ for the best λ, up to 1/(24 a).

    The variances are exact expectations: the mean over every stream of four keys out of three that are
    not negative must be them up to rounding. For both kinds of random keys four standard errors over 200
    seeds are left. The age follows from (a + 1)(1 + 1/a)^a = R/ρ, whose logarithm is 1 + ln(a + ½) −
    1/(24 a²) up to the next power: at most 1/(12 a) is left."""

    statement = "A pair of age a is recalled with λ^a against a crosstalk of tr(E k kᵀ)² Σ λ^{2a′}."
    has_figure = True

    weight: Callable[[float, np.ndarray], ByAge] = weight
    """The weight of a pair, given decay and age."""

    crosstalk: Callable[[ByAge, Overlaps], ByAge] = crosstalk
    """Its variance by age, given all weights and C, for values that are independent of the keys."""

    crosstalk_of_states: Callable[[ByAge, Overlaps], ByAge] = crosstalk_of_states
    """The same where every value is its key."""

    overlaps_not_negative: Callable[[int], Overlaps] = overlaps_not_negative
    """C of random keys without negative entries, given R."""

    effective_number: Callable[[Any], Any] = effective_number
    """The sum of squared weights over infinitely many pairs, given decay; works on symbols and on
    numbers."""

    best_decay: Callable[[float], float] = best_decay
    """The λ of the greatest ratio of signal to crosstalk, given the age."""

    reach: Callable[[float], float] = reach
    """The greatest age at which the ratio of signal to crosstalk can be above ρ, given R/ρ."""

    def examine(self) -> Finding:
        """Streams of 4 R pairs, at four λ; every short stream; the optimum and the reach by numbers."""
        rng = np.random.default_rng(0)
        keys, values = (on_sphere(rng, _SEEDS, _PAIRS, units) for units in (_UNITS, 3))
        quantities, curves = [], {}
        for decay in _DECAYS:
            answers = recalled(DecayingMatrix.empty(_UNITS, 3, decay, 1.0), keys, values)
            weights = self.weight(decay, np.arange(_PAIRS))
            noise = self.crosstalk(weights, np.eye(_UNITS) / _UNITS)
            own = weights[::-1, None] * values
            signal = np.sum(answers * values, axis=-1)[:, ::-1]  # by age, as the weights are
            measured = np.sum((answers - own) ** 2, axis=-1)[:, ::-1]
            curves[decay] = signal.mean(0), measured.mean(0), weights, noise
            quantities += [
                mean_of(f"signal, λ = {decay}, age {age}", signal[:, age], weights[age]) for age in _AGES
            ]
            name = f"crosstalk, λ = {decay}, mean of all ages"
            quantities.append(mean_of(name, measured.mean(1), noise.mean()))
        for age in (1.0, 5.0, 20.0):
            best: Any = fminbound(lambda x, a=age: -(x**a) * (1 - x), 0, 1, xtol=1e-12)
            difference = np.sqrt(best) - self.best_decay(age)
            # A minimum can be found to the root of the roundings alone: 10⁻⁸ in double precision.
            quantities.append(Quantity.near(f"best λ at age {age:.0f}, by search", difference, 0, 1e-6))
        off, left = _reach(1000) - self.reach(1000), 1 / (12 * self.reach(1000))
        few, panel = self._of_few_keys(), self._not_negative(rng)
        return Finding(
            *quantities,
            *few,
            *panel[0],
            Quantity.near("greatest age − (R/(e ρ) − ½), R/ρ = 1000", off, 0, left),
            Quantity("sums that differ, by symbols", self._symbolic_differences(), highest=0),
            panels=[*_panels(curves), panel[1]],
        )

    def _of_few_keys(self) -> list[Quantity]:
        """Every stream of four keys out of three, at λ = 0.9 and 1."""
        keys, values = every_stream(_FEW_KEYS, _FEW_PAIRS)
        overlaps, quantities = _FEW_KEYS.T @ _FEW_KEYS / len(_FEW_KEYS), []
        roundings = 2 * _FEW_PAIRS * (4 * len(overlaps) + 8)
        for decay in (0.9, 1.0):
            weights = self.weight(decay, np.arange(_FEW_PAIRS))
            for name, stored, formula in (
                ("independent values", values, self.crosstalk),
                ("values that are keys", keys, self.crosstalk_of_states),
            ):
                measured = _crosstalk(decay, keys, stored)
                name = f"crosstalk by age, three keys, {name}, λ = {decay}"
                quantities.append(exactly(name, measured, formula(weights, overlaps), roundings))
        return quantities

    def _not_negative(self, rng: np.random.Generator) -> tuple[list[Quantity], Panel]:
        """Random keys of several sizes, whose mean crosstalk over all ages doesn't fall with the size."""
        weights = self.weight(_NOT_NEGATIVE_DECAY, np.arange(_PAIRS))
        quantities, means, lines = [], [], []
        for units in _SIZES:
            signed, values = on_sphere(rng, _SEEDS, _PAIRS, units), on_sphere(rng, _SEEDS, _PAIRS, 3)
            overlaps, keys = self.overlaps_not_negative(units), abs(signed)
            off = np.trace(overlaps) - 1  # E ‖k‖² is 1; R sums of R products are rounded
            cases = (
                ("signed", signed, values, self.crosstalk(weights, np.eye(units) / units)),
                ("not negative", keys, values, self.crosstalk(weights, overlaps)),
                ("values that are keys", keys, keys, self.crosstalk_of_states(weights, overlaps)),
            )
            measured = [_crosstalk(_NOT_NEGATIVE_DECAY, *case[1:3]).mean(1) for case in cases]
            quantities += [
                mean_of(f"crosstalk of all ages, R = {units}, keys {name}", samples, expected.mean())
                for (name, *_, expected), samples in zip(cases[1:], measured[1:], strict=True)
            ]
            quantities.append(Quantity.near(f"tr C off 1, R = {units}", off, 0, 2 * units * UNIT))
            means.append([samples.mean() for samples in measured])
            lines.append([expected.mean() for *_, expected in cases])
        series = []
        names = "keys of both signs", "keys not negative", "and values that are keys"
        for name, marks, line in zip(names, np.transpose(means), np.transpose(lines), strict=True):
            series += [Series(name, _SIZES, marks, "marks"), Series("", _SIZES, line, group=name)]
        title = f"Mean crosstalk, λ = {_NOT_NEGATIVE_DECAY}"
        return quantities, Panel(title, "R", "its square", series, x_scale="log", y_scale="log")

    def _symbolic_differences(self) -> int:
        """Σ_{a<n} λ^{2a} = (1 − λ^{2n}) N by induction, N the effective number; d/dx x^a (1 − x) vanishes
        at x = a/(a + 1)."""
        from sympy import diff, simplify, symbols

        n, a, decay, x = symbols("n a lambda x", positive=True)
        total = (1 - decay ** (2 * n)) * self.effective_number(decay)
        steps = (
            total.subs(n, 0),
            total.subs(n, n + 1) - total - decay ** (2 * n),
            diff(x**a * (1 - x), x).subs(x, a / (a + 1)),
        )
        return sum(simplify(step) != 0 for step in steps)


def _crosstalk(decay: float, keys: Pairs, values: Pairs) -> Float[np.ndarray, "streams ages"]:
    """The squared length of each pair's answer less its own part, λ^a v, by age."""
    pairs, (key_size, value_size) = keys.shape[1], (keys.shape[2], values.shape[2])
    answers = recalled(DecayingMatrix.empty(key_size, value_size, decay, 1.0), keys, values)
    own = decay ** np.arange(pairs - 1, -1, -1.0)[:, None] * values
    return np.sum((answers - own) ** 2, axis=-1)[:, ::-1]


def _reach(ratio: float) -> float:
    """The greatest age at which some λ has λ^{2a} (1 − λ²) >= 1/ratio: with x = λ², the greatest of
    ln(1/(ratio (1 − x)))/ln x."""

    def age(x):
        return np.log(1 / (ratio * (1 - x))) / np.log(x)

    best: Any = fminbound(lambda x: -age(x), 0.5, 1 - 1e-6, xtol=1e-12)
    return age(float(best))


def _panels(curves: dict[float, tuple[np.ndarray, ...]]) -> list[Panel]:
    ages, signals, noises = np.arange(_PAIRS), [], []
    for decay, (signal, crosstalk, weights, noise) in curves.items():
        name = f"λ = {decay}"
        signals += [Series(name, ages[::2], signal[::2], "marks"), Series("", ages, weights, group=name)]
        noises += [
            Series(name, ages[::2], np.sqrt(crosstalk[::2]), "marks"),
            Series("", ages, np.sqrt(noise), group=name),
        ]

    def ratio(age, decay):
        return decay ** (2 * age) * (1 - decay**2) * _UNITS

    decays, shown = np.linspace(0.6, 0.999, 120), np.array([1, 3, 10])
    ratios = [Series(f"age {age}", decays, ratio(age, decays)) for age in shown]
    best = np.array([best_decay(float(age)) for age in shown])
    ratios.append(Series("√(a/(a + 1))", best, ratio(shown, best), "marks"))
    return [
        Panel("Signal λ^a", "age of the pair", "answer along the value", signals),
        Panel(f"Crosstalk, R = {_UNITS}, N = {_PAIRS}", "age of the pair", "its length", noises),
        Panel("Signal² / crosstalk", "λ", "ratio", ratios),
    ]
