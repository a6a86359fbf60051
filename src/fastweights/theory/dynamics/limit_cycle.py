"""Without symmetric weights a net may oscillate for ever."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.optimize import root_scalar

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.additive_model import AdditiveModel, integrate, local_error

_ROTATION = 2.0  # b
_EXCESSES = (1.0, 0.04, 0.02)  # a − 1
_TOLERANCE = 1e-10
_TIMES = np.concatenate([[0], np.linspace(275, 300, 2501)])  # several turns at the end

Path = Float[np.ndarray, "times 2"]


@register_check(
    "limit-cycle", source="Marsden & McCracken 1976, section 4A; Hirsch 1989, Neural Networks 2:331"
)
class LimitCycle(Check):
    """dv_1/dt = −v_1 + a φ(v_1) − b φ(v_2), dv_2/dt = −v_2 + b φ(v_1) + a φ(v_2), φ = tanh, b >= a > 1: the
    only equilibrium repels, all trajectories stay bounded, and so all others approach a closed orbit. Near a
    = 1, averaging gives it the squared radius 4 (a − 1)/a and the period 2π / (b (1 − (a − 1)/a)), both up to
    a relative error of order (a − 1).

    An orbit is closed if it comes back to where it was, and approached from both sides if trajectories from
    within and from without, at half and twice the averaged radius, end on the same. By averaging, r⁻²
    approaches its value like exp(−2 (a − 1) t), which leaves at most 2 r times that of these starts; the
    solver's steps add at most n times their `local_error`. The two relations are extrapolated from a − 1 =
    0.04 and 0.02 to first order, which leaves (a − 1)² times numbers of order 1.
    """

    statement = "Rotating weights produce a limit cycle, so that the net has no energy function."

    weights: Callable[[float, float], np.ndarray] = lambda a, b: np.array([[a, -b], [b, a]])
    """W, given a and b: two units that excite themselves, of which one excites the other and is inhibited by
    it."""

    def examine(self) -> Finding:
        """Far from the onset of the oscillation, and near it."""
        excesses = np.array(_EXCESSES)
        weights = np.stack([self.weights(1 + excess, _ROTATION) for excess in _EXCESSES])
        expected = 2 * np.sqrt(excesses / (1 + excesses))
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
        share, error = excesses / (1 + excesses), _EXCESSES[1] ** 2
        square = squares[:, 0] / (4 * share)
        period = periods[:, 0] * _ROTATION * (1 - share) / (2 * np.pi)
        name = "v₁ from within and without, difference in units of its bound"
        return Finding(
            Quantity("v₁ after one turn, change in units of its bound", closed.max(), highest=1),
            Quantity(name, same.max(), highest=1),
            *(
                Quantity.near(f"{name} at the onset, against averaging", 2 * x[2] - x[1], 1, error)
                for name, x in (("squared radius", square), ("period", period))
            ),
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
    for net in (0, 2):
        circle = expected[net] * np.cos(angles), expected[net] * np.sin(angles)
        series = [Series("the cycle", *paths[::4, net].T), Series("averaging's circle", *circle, "dashed")]
        panels.append(Panel(f"a = {1 + _EXCESSES[net]:g}, b = {_ROTATION:g}", "v₁", "v₂", series))
    return panels
