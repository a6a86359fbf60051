"""Without symmetric weights a net may oscillate forever."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.optimize import root_scalar

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.additive_model import AdditiveModel, integrate, local_error

_ROTATION = 2.0  # b
_EXCESSES = (1.0, 0.12, 0.06, 0.03)  # a − 1
_TOLERANCE = 1e-10
_TIMES = np.concatenate([[0], np.linspace(275, 300, 2501)])  # several turns at the end

Path = Float[np.ndarray, "times 2"]


def square(excess: float, _: float) -> float:
    """r² = 4 (ε + ε²/3) up to ε³, given ε = a − 1 and b."""
    return 4 * (excess + excess**2 / 3)


def period(excess: float, rotation: float) -> float:
    """T = 2π/b (1 + ε + (1 + b²)/(12 b²) ε²) up to ε³, given ε = a − 1 and b."""
    second = (1 + rotation**2) / (12 * rotation**2)
    return 2 * np.pi / rotation * (1 + excess + second * excess**2)


@register_check(
    "limit-cycle", source="Marsden & McCracken 1976, section 4A; Hirsch 1989, Neural Networks 2:331"
)
class LimitCycle(Check):
    """dv_1/dt = −v_1 + a φ(v_1) − b φ(v_2), dv_2/dt = −v_2 + b φ(v_1) + a φ(v_2), φ = tanh, b >= a > 1:
    the only equilibrium repels, all trajectories stay bounded, and so all others approach a closed orbit.
    With ε = a − 1 it has the mean squared radius r² = 4 (ε + ε²/3 + O(ε³)) and the period T = 2π/b (1 + ε
    + (1 + b²)/(12 b²) ε² + O(ε³)).

    An orbit is closed if it returns to where it started, and approached from both sides if trajectories
    from within and from without, at half and twice that radius, end on the same. By averaging, r⁻²
    approaches its value like exp(−2 ε t), which leaves at most 2 r times that of these starts; the
    solver's steps add at most n times their `local_error`.

    The coefficients are read off as limits. The measured number less what the formula has for it, divided
    by ε² in units of the first term, must go to 0 with ε: a wrong coefficient of ε² leaves its error, one
    of lower order is blown up by 1/ε. The limit is that of a parabola through ε = 0.12, 0.06 and 0.03,
    which errs by the product of the three times a number of order 1.
    """

    statement = "Rotating weights produce a limit cycle, so that the net has no energy function."
    has_figure = True

    weights: Callable[[float, float], np.ndarray] = lambda a, b: np.array([[a, -b], [b, a]])
    """W, given a and b: two units that excite themselves, of which one excites the other and is inhibited
    by it."""

    square: Callable[[float, float], float] = square
    """The mean squared radius up to ε³, given ε and b."""

    period: Callable[[float, float], float] = period
    """The period up to ε³, given ε and b."""

    def examine(self) -> Finding:
        """Far from the onset of the oscillation, and near it."""
        excesses = np.array(_EXCESSES)
        weights = np.stack([self.weights(1 + excess, _ROTATION) for excess in _EXCESSES])
        expected = np.sqrt([self.square(excess, _ROTATION) for excess in _EXCESSES])
        starts = np.zeros((len(_EXCESSES), 2, 2))
        starts[:, :, 0] = expected[:, None] * [0.5, 2.0]  # within and without
        paths, steps = integrate(AdditiveModel.of(weights), starts, _TIMES, _TOLERANCE)
        cycles = [[_turn(paths[1:, net, start]) for start in range(2)] for net in range(len(_EXCESSES))]
        begun, ended, periods, squares = np.array(cycles).transpose(2, 0, 1)  # each [net, start]
        stepping = steps * local_error(paths, _TOLERANCE)
        slack = stepping + 2 * expected * np.exp(-2 * excesses * _TIMES[1])
        closed = abs(ended - begun) / slack[:, None]
        with np.errstate(invalid="ignore"):  # infinite without a cycle
            same = abs(ended[:, 0] - ended[:, 1]) / slack
        measured = ("squared radius", self.square, squares, 4), ("period", self.period, periods, 2 * np.pi)
        limits = []
        for name, formula, found, first in measured:
            given = np.array([formula(excess, _ROTATION) for excess in excesses[1:]])
            off = (found[1:, 0] - given) / (first * excesses[1:] ** 2)
            limits.append(
                Quantity.near(
                    f"{name} off its series, over {first:.3g} ε², at ε = 0",
                    np.polyfit(excesses[1:], off, 2)[-1],
                    0,
                    np.prod(excesses[1:]),
                )
            )
        name = "v₁ from within and without, difference in units of its bound"
        return Finding(
            Quantity("v₁ after one turn, change in units of its bound", closed.max(), highest=1),
            Quantity(name, same.max(), highest=1),
            *limits,
            panels=_panels(paths[1:, :, 0], expected),
        )


def _turn(path: Path) -> tuple[float, float, float, float]:
    """Of the last complete turn, from one crossing of v_2 = 0 < v_1 upwards to the next: v_1 at both, the
    period, and the mean of v_1² + v_2². Without a turn, of a cycle that doesn't close and has no size."""
    times, (first, second) = _TIMES[1:], path.T
    before = np.flatnonzero((second[:-1] < 0) & (second[1:] >= 0) & (first[:-1] > 0))[-2:]
    if len(before) < 2:
        return 0.0, np.inf, 0.0, 0.0
    spline, height = CubicSpline(times, path), CubicSpline(times, second)
    start, end = (root_scalar(height, bracket=(times[i], times[i + 1])).root for i in before)
    square = CubicSpline(times, np.sum(path**2, axis=1)).integrate(start, end) / (end - start)
    return float(spline(start)[0]), float(spline(end)[0]), end - start, float(square)


def _panels(paths: Float[np.ndarray, "times nets 2"], expected: Float[np.ndarray, " nets"]) -> list[Panel]:
    angles, panels = np.linspace(0, 2 * np.pi, 200), []
    for net in (0, 3):
        circle = expected[net] * np.cos(angles), expected[net] * np.sin(angles)
        series = [
            Series("the cycle", *paths[::4, net].T),
            Series("circle, r by the series", *circle, "dashed"),
        ]
        panels.append(Panel(f"a = {1 + _EXCESSES[net]:g}, b = {_ROTATION:g}", "v₁", "v₂", series))
    return panels
