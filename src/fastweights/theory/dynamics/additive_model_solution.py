"""The additive model's solution, by Diffrax, against two independent ones."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.linalg import expm

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.additive_model import AdditiveModel, integrate, local_error, runge_kutta

_UNITS, _STARTS, _END, _TIMES = 3, 4, 8.0, 81
_TOLERANCE = 1e-12
_WEIGHTS = np.array([[0.5, -1.5, 0.4], [1.2, 0.8, -0.6], [-0.3, 0.9, 0.2]])
_CURRENTS = np.array([0.3, -0.2, 0.1])
_CAPACITANCES = np.array([1.0, 0.7, 1.6])
_RESISTANCES = np.array([1.0, 1.5, 0.8])
_TINY = 1e-8  # a gain: tanh(g v)/g is v (1 − (g v)²/3), and so v in every digit

Path = Float[np.ndarray, "times starts units"]


def velocity(potentials: Float[np.ndarray, "starts units"]) -> Float[np.ndarray, "starts units"]:
    """dv/dt, from the equation once more."""
    inputs = np.einsum("ji,si->sj", _WEIGHTS, np.tanh(potentials))
    return (inputs - potentials / _RESISTANCES + _CURRENTS) / _CAPACITANCES


def by_exponential(starts: Float[np.ndarray, "starts units"], times: Float[np.ndarray, " times"]) -> Path:
    """v(t) = v* + exp(J t) (v(0) − v*), with J = C⁻¹ (W − R⁻¹) and J v* = −C⁻¹ I."""
    jacobian = (_WEIGHTS - np.diag(1 / _RESISTANCES)) / _CAPACITANCES[:, None]
    rest = -np.linalg.solve(jacobian, _CURRENTS / _CAPACITANCES)
    return rest + np.einsum("tji,si->tsj", expm(jacobian * times[:, None, None]), starts - rest)


@register_check("additive-model-solution", source="Haykin 2009, section 13.5; Hopfield 1984, equation 5")
class AdditiveModelSolution(Check):
    """C_j dv_j/dt = −v_j/R_j + Σ_i w_ji φ(v_i) + I_j, integrated by an adaptive method, has the solution
    that the matrix exponential gives where φ is linear, and the one of many equal steps of another
    method, written again from the equation, where φ = tanh.

    Each of the n adaptive steps errs by at most the `local_error` of its tolerance, and an error made at
    time s is at time t at most exp ∫_s^t μ times as large, with μ the largest eigenvalue of the symmetric
    part of the Jacobian (Hairer, Nørsett & Wanner 1993, theorem I.10.6). The bound is the sum. Equal
    steps h = 1/400 err by h⁴/120 or 3e-13 times the fifth derivative, which is far below.
    """

    statement = "The additive model, integrated in adaptive steps, follows its exact solution."
    has_figure = True

    given: Callable[[AdditiveModel], AdditiveModel] = lambda model: model
    """The model that the adaptive method integrates, given the true one."""

    velocity: Callable[[Float[np.ndarray, "starts units"]], Float[np.ndarray, "starts units"]] = velocity
    """dv/dt, given v."""

    by_exponential: Callable[..., Path] = by_exponential
    """The solution for linear φ, given starts and times."""

    steps: int = 3200
    """The number of steps of the method with equal steps."""

    def examine(self) -> Finding:
        """From several starts, at many times."""
        starts = np.random.default_rng(0).uniform(-2, 2, (_UNITS, _STARTS)).T
        times = np.linspace(0, _END, _TIMES)
        stepped = runge_kutta(self.velocity, starts, _END, self.steps)[:: self.steps // (_TIMES - 1)]
        cases = (
            (
                "linear φ, against the matrix exponential",
                self.by_exponential(starts, times),
                _TINY,
                np.ones_like,
            ),
            ("φ = tanh, against equal steps", stepped, 1.0, lambda v: 1 / np.cosh(v) ** 2),
        )
        quantities, panels = [], []
        for name, reference, gain, slope in cases:
            model = AdditiveModel.of(_WEIGHTS / gain, _CURRENTS, _CAPACITANCES, _RESISTANCES, gain)
            path, steps = integrate(self.given(model), starts, times, _TOLERANCE)
            bound = steps * local_error(path, _TOLERANCE) * _amplification(slope(reference), times)
            apart = np.abs(path - reference).max()
            quantities.append(Quantity(f"{name}, largest difference", apart, highest=bound))
            title = "Linear φ" if gain < 1 else "φ = tanh"
            panels.append(Panel(title, "t", "v", _series(times, path, reference)))
        return Finding(*quantities, panels=panels)


def _amplification(slopes: Path, times: Float[np.ndarray, " times"]) -> float:
    """The largest factor exp ∫_s^t μ, s <= t, by which an error made on one of the paths may grow, given
    φ′ along them."""
    jacobians = _WEIGHTS * slopes[..., None, :] - np.diag(1 / _RESISTANCES)
    jacobians /= _CAPACITANCES[:, None]
    rates = np.linalg.eigvalsh((jacobians + jacobians.swapaxes(-1, -2)) / 2).max((1, 2))
    grown = np.concatenate([[0], np.cumsum((rates[1:] + rates[:-1]) / 2 * np.diff(times))])
    return float(np.exp((grown - np.minimum.accumulate(grown)).max()))


def _series(times: Float[np.ndarray, " times"], path: Path, reference: Path) -> list[Series]:
    """The first start's potentials, and every fourth point of the reference."""
    names = [f"v_{j + 1}" for j in range(_UNITS)]
    lines = [Series(name, times, path[:, 0, j]) for j, name in enumerate(names)]
    marks = [
        Series("", times[::4], reference[::4, 0, j], "marks", group=name) for j, name in enumerate(names)
    ]
    return lines + marks
