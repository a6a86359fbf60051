"""Signal and crosstalk of the decaying memory, by a pair's age and by λ."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import fminbound

from fastweights.memories import DecayingMatrix
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.memories.streams import recalled
from fastweights.theory.samples import mean_of, on_sphere

_SEEDS, _PAIRS, _UNITS = 200, 64, 16
_DECAYS = (0.8, 0.9, 0.95, 1.0)
_AGES = (0, 10, 40)


def weight(decay: float, age: np.ndarray) -> np.ndarray:
    """λ^age."""
    return decay ** age.astype(float)


def effective_number(decay: float) -> float:
    """1/(1 − λ²): so many pairs without decay have the crosstalk of infinitely many with it."""
    return 1 / (1 - decay**2)


def best_decay(age: float) -> float:
    """√(a/(a + 1)): the λ with the greatest ratio of signal to crosstalk at that age."""
    return float(np.sqrt(age / (age + 1)))


@register_check(
    "decaying-recall", source="Ba et al. 2016, equation 3; Hopfield 1982 and Parisi 1986 on forgetting"
)
class DecayingRecall(Check):
    """Of a pair of age a the decaying memory answers λ^a v and a crosstalk of variance Σ_{a′≠a} λ^{2a′}/R,
    for keys from the unit sphere, values of length 1 and η = 1. After many pairs the sum with the pair's own
    term is 1/(1 − λ²), the effective number of pairs. The ratio of signal to crosstalk, λ^{2a} (1 − λ²) R
    with that sum, is greatest at λ² = a/(a + 1); the age up to which it can be kept above ρ is R/(e ρ) for
    the best λ.

    Signal and crosstalk are exact expectations at every R and N, with four standard errors over 200 seeds
    left. The sum of the series and the best λ are found in symbols. The age follows from (a + 1)(1 + 1/a)^a =
    R/ρ, whose left side is e (a + ½) (1 + O(1/a²)): at R/ρ = 1000, where a is some 367, the ratio of a + ½ to
    R/(e ρ) may differ from 1 by 1/a² < 10⁻⁵."""

    statement = "A pair of age a is recalled with λ^a against a crosstalk of Σ λ^{2a′}/R."

    weight: Callable[[float, np.ndarray], np.ndarray] = weight
    """The weight of a pair, given decay and age."""

    effective_number: Callable[[float], float] = effective_number
    """The sum of squared weights over infinitely many pairs, given decay."""

    best_decay: Callable[[float], float] = best_decay
    """The λ of the greatest ratio of signal to crosstalk, given the age."""

    def examine(self) -> Finding:
        """A stream of 4 R pairs, at four λ; the optimum and the reach by numbers; the sums in symbols."""
        rng = np.random.default_rng(0)
        keys, values = (on_sphere(rng, _SEEDS, _PAIRS, units) for units in (_UNITS, 3))
        quantities, curves = [], {}
        for decay in _DECAYS:
            answers = recalled(DecayingMatrix.empty(_UNITS, 3, decay, 1.0), keys, values)
            weights = self.weight(decay, np.arange(_PAIRS))
            noise = (np.sum(weights**2) - weights**2) / _UNITS
            own = weights[::-1, None] * values
            signal = np.sum(answers * values, axis=-1)[:, ::-1]  # by age, as the weights are
            crosstalk = np.sum((answers - own) ** 2, axis=-1)[:, ::-1]
            curves[decay] = signal.mean(0), crosstalk.mean(0), weights, noise
            quantities += [
                mean_of(f"signal, λ = {decay}, age {age}", signal[:, age], weights[age]) for age in _AGES
            ]
            name = f"crosstalk, λ = {decay}, mean of all ages"
            quantities.append(mean_of(name, crosstalk.mean(1), noise.mean()))
            if decay < 0.9:
                name, expected = f"effective number, λ = {decay}", self.effective_number(decay)
                quantities.append(mean_of(name, _UNITS * crosstalk[:, 0] + 1, expected))
        for age in (1.0, 5.0, 20.0):
            best: Any = fminbound(lambda x, a=age: -(x**a) * (1 - x), 0, 1, xtol=1e-12)
            difference = np.sqrt(best) - self.best_decay(age)
            # A minimum can be found to the root of the roundings alone: 10⁻⁸ in double precision.
            quantities.append(Quantity.near(f"best λ at age {age:.0f}, by search", difference, 0, 1e-6))
        reach = (_reach(1000) + 0.5) * np.e / 1000
        return Finding(
            *quantities,
            Quantity.near("(a + ½) / (R/(e ρ)) at R/ρ = 1000", reach, 1, 1e-5),
            Quantity("sums that differ, by symbols", _symbolic_differences(), highest=0),
            panels=_panels(curves),
        )


def _reach(ratio: float) -> float:
    """The greatest age at which some λ has λ^{2a} (1 − λ²) >= 1/ratio: with x = λ², the greatest of
    ln(1/(ratio (1 − x)))/ln x."""

    def age(x):
        return np.log(1 / (ratio * (1 - x))) / np.log(x)

    best: Any = fminbound(lambda x: -age(x), 0.5, 1 - 1e-6, xtol=1e-12)
    return age(float(best))


def _symbolic_differences() -> int:
    """Σ_{a<n} λ^{2a} = (1 − λ^{2n})/(1 − λ²) by induction; d/dx x^a (1 − x) vanishes at x = a/(a + 1)."""
    from sympy import diff, simplify, symbols

    n, a, decay, x = symbols("n a lambda x", positive=True)
    total = (1 - decay ** (2 * n)) / (1 - decay**2)
    steps = (
        total.subs(n, 0),
        total.subs(n, n + 1) - total - decay ** (2 * n),
        diff(x**a * (1 - x), x).subs(x, a / (a + 1)),
    )
    return sum(simplify(step) != 0 for step in steps)


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
