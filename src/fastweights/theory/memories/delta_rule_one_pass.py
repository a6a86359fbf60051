"""The error of the delta rule for each pair of a stream after one pass."""

from collections.abc import Callable

import numpy as np

from fastweights.memories import DeltaRule
from fastweights.theory import Check, Finding, Panel, Series, register_check
from fastweights.theory.memories.streams import recalled
from fastweights.theory.samples import every_stream, exactly, mean_of, on_sphere

_SEEDS, _PAIRS, _UNITS = 400, 36, 12
_AGES = (1, 6, 12, 35)
_FEW_PAIRS = 4
_GOLDEN = (1 + np.sqrt(5)) / 2
_AXES = np.array([[0, 1, _GOLDEN], [0, 1, -_GOLDEN]]) / np.sqrt(1 + _GOLDEN**2)
_ICOSAHEDRON = np.concatenate([np.roll(_AXES, shift, axis=1) for shift in range(3)])
"""One of each two opposite corners; the other one is the same key with the other sign of the value."""


def squared_error(units: int, pairs: int) -> np.ndarray:
    """E ‖M k − v‖² of the pair of each age 0 … N − 1, after N pairs with random unit keys at β = 1.

    The error at age a is e = s − 2 (1 − 1/R)^a + 1, where s = E ‖M k‖² starts at 1 and each later write
    makes it s (1 − 2/R + 2/(R (R + 2))) + F/(R (R + 2)) + 1/R, with F = E ‖M‖² going to F (1 − 1/R) + 1
    from R (1 − (1 − 1/R)^n) after n writes."""
    errors = np.empty(pairs)
    spread = 1 / (units * (units + 2))
    for age in range(pairs):
        norm, size = units * (1 - (1 - 1 / units) ** (pairs - age)), 1.0
        for _ in range(age):
            size = size * (1 - 2 / units + 2 * spread) + norm * spread + 1 / units
            norm = norm * (1 - 1 / units) + 1
        errors[age] = size - 2 * (1 - 1 / units) ** age + 1
    return errors


@register_check(
    "delta-rule-one-pass",
    source="this project; the rule of Widrow & Hoff 1960, moments of a random unit vector",
)
class DeltaRuleOnePass(Check):
    """The expected squared error of a pair of any age after one pass at write rate 1, for keys drawn from
    the unit sphere: exact at every N and R, by the second and fourth moments of such a key.

    The corners of an icosahedron have the moments of the sphere up to the fifth (they are a spherical
    5-design: Delsarte, Goethals & Seidel 1977), and no more are used: for R = 3 the mean over every
    stream of four corners, with values of ±1, must be the expectation up to rounding. For R = 12 the
    means are over 400 seeds, each a stream of its own, with four standard errors left.
    """

    statement = "After one pass of the delta rule a pair's error depends on its age, by two recursions."
    has_figure = True

    squared_error: Callable[[int, int], np.ndarray] = squared_error
    """The expected squared error by age, given R and N."""

    def examine(self) -> Finding:
        """A stream of 3 R pairs."""
        rng = np.random.default_rng(0)
        keys, values = (on_sphere(rng, _SEEDS, _PAIRS, units) for units in (_UNITS, 3))
        answers = recalled(DeltaRule.empty(_UNITS, 3), keys, values)
        errors = np.sum((answers - values) ** 2, axis=-1)[:, ::-1]  # by age
        expected = self.squared_error(_UNITS, _PAIRS)
        quantities = [
            mean_of(f"squared error at age {age}, R = {_UNITS}", errors[:, age], expected[age])
            for age in _AGES
        ]
        quantities.append(mean_of(f"the same over all {_PAIRS} pairs", errors.mean(1), expected.mean()))
        few = every_stream(_ICOSAHEDRON, _FEW_PAIRS)
        by_age = np.sum((recalled(DeltaRule.empty(3, 1), *few) - few[1]) ** 2, axis=-1)[:, ::-1]
        # A write goes through 4 R + 8 roundings of numbers that are at most 1 + ‖M‖.
        name, roundings = "squared error, icosahedron", 2 * _FEW_PAIRS * (4 * 3 + 8)
        quantities.append(exactly(name, by_age, self.squared_error(3, _FEW_PAIRS), roundings))
        ages = np.arange(_PAIRS)
        series = (
            Series("mean of 400 seeds", ages, errors.mean(0), "marks"),
            Series("expected", ages, expected, "dashed"),
        )
        title = f"Delta rule after one pass, R = {_UNITS}"
        return Finding(*quantities, panels=[Panel(title, "age of the pair", "squared error", series)])
