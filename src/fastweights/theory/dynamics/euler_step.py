"""Euler's method turns the additive model into the standard RNN."""

from collections.abc import Callable
from typing import Literal

import jax
import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.additive_model import runge_kutta
from fastweights.theory.networks import simple_cell
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

_UNITS, _INPUTS, _BATCH, _STEPS, _END = 5, 3, 4, 20, 2.0
_TIME_CONSTANT = 0.8
_COUNTS = (64, 128, 256, 512)  # of steps, up to _END
_EXACT_STEPS = 2048
_SHOWN: tuple[tuple[int, Literal["dashed", "marks"]], ...] = (20, "dashed"), (2, "marks")

Vectors = Float[np.ndarray, "*batch units"]
Matrix = Float[np.ndarray, "units units"]
Units = Float[np.ndarray, " units"]


def euler(velocity: Callable[[Vectors], Vectors], potentials: Vectors, step: float) -> Vectors:
    """v(t + s) = v(t) + s dv/dt."""
    return potentials + step * velocity(potentials)


def error_speed(jacobian: Matrix, error: Units, slope: Units) -> Units:
    """dE/dt = J E − ½ J dv/dt, given J, E and dv/dt."""
    return jacobian @ (error - slope / 2)


def velocity(weights: Matrix, currents: Vectors, resistances: Units) -> Callable[[Vectors], Vectors]:
    """dv/dt = (R (W φ(v) + I) − v)/τ, as a function of v."""
    return lambda v: (resistances * (np.tanh(v) @ weights.T + currents) - v) / _TIME_CONSTANT


def jacobian(weights: Matrix, resistances: Units) -> Callable[[Vectors], Matrix]:
    """∂(dv/dt)/∂v, as a function of v."""
    return lambda v: (resistances[:, None] * weights / np.cosh(v) ** 2 - np.eye(len(v))) / _TIME_CONSTANT


@register_check(
    "euler-step", source="Haykin 2009, section 13.5; Elman 1990; Hairer, Nørsett & Wanner 1993, section II.8"
)
class EulerStep(Check):
    """An Euler step of the additive model, as long as the time constant τ = R_j C_j that all units share,
    is a step of the standard RNN for h = φ(v), with the weights R_j w_ji and the input R_j I_j.

    *The same map.* From the same state, under changing inputs; a term goes through at most N + M + 8
    roundings. *First order.* The error of steps s is s E(t) + O(s²), where dE/dt = J E − ½ J dv/dt, E(0)
    = 0. Two step lengths leave s², so that what is extrapolated lies within s of E, relatively, and the
    order within s of 1. *No approximation.* At s = τ, one unit with w = −2 ends in the cycle ±h, h = tanh
    2h, of two steps, though the additive model has a Lyapunov function and tends to 0. In the cycle,
    errors shrink by 2 (1 − h²) a step, below ½, so that two roundings of h remain, its own and the
    root's, each a few units in the last place.
    """

    statement = "An Euler step as long as the time constant is a step of the standard RNN."
    has_figure = True

    method: Callable[[Callable[[Vectors], Vectors], Vectors, float], Vectors] = euler
    """One step, given dv/dt, v and the step's length."""

    velocity: Callable[[Matrix, Vectors, Units], Callable[[Vectors], Vectors]] = velocity
    """dv/dt, given W, I and R."""

    jacobian: Callable[[Matrix, Units], Callable[[Vectors], Matrix]] = jacobian
    """∂(dv/dt)/∂v, given W and R."""

    error_speed: Callable[[Matrix, Units, Units], Units] = error_speed
    """dE/dt, given J, E and dv/dt."""

    step: float = _TIME_CONSTANT
    """The length of the step that should be the standard RNN's."""

    def examine(self) -> Finding:
        """The identity, the order, and a cycle that the differential equation does not have."""
        quantities, panels = self._order()
        return Finding(self._identity(), *quantities, self._cycle(), panels=panels)

    def _identity(self) -> Quantity:
        rng = np.random.default_rng(0)
        weights, inputs, bias, resistances = _drawn(rng)
        arrays = resistances[:, None] * weights, resistances[:, None] * inputs, resistances * bias
        step = jax.vmap(simple_cell("standard-rnn", *arrays))
        potentials, apart = rng.standard_normal((_UNITS, _BATCH)).T, []
        for x in np.moveaxis(rng.standard_normal((_STEPS, _INPUTS, _BATCH)), -1, 1):
            velocity = self.velocity(weights, x @ inputs.T + bias, resistances)
            hidden, stepped = np.tanh(potentials), self.method(velocity, potentials, self.step)
            by_cell = np.asarray(step(hidden, x)[1])
            summed = abs(hidden) @ abs(weights).T + abs(x) @ abs(inputs).T + abs(bias)
            sizes = 2 * abs(potentials) + resistances * summed + abs(by_cell)
            apart.append(roundings_apart(np.tanh(stepped), by_cell, sizes, _UNITS + _INPUTS + 8))
            potentials = stepped
        return within_rounding("Euler's step against the cell's", *apart)

    def _order(self) -> tuple[tuple[Quantity, ...], list[Panel]]:
        rng = np.random.default_rng(1)
        weights, _, bias, resistances = _drawn(rng)
        velocity, jacobian = self.velocity(weights, bias, resistances), self.jacobian(weights, resistances)
        start = rng.standard_normal(_UNITS)

        def with_error(both: Vectors) -> Vectors:
            v, error = np.split(both, 2)
            slope = velocity(v)
            return np.concatenate([slope, self.error_speed(jacobian(v), error, slope)])

        exact = runge_kutta(with_error, np.concatenate([start, np.zeros_like(start)]), _END, _EXACT_STEPS)
        true, expected = np.split(exact[-1], 2)
        lengths = _END / np.array(_COUNTS)
        errors = np.array([self._steps(velocity, start, count)[-1] - true for count in _COUNTS])
        sizes, size = np.linalg.norm(errors, axis=1), np.linalg.norm(expected)
        orders, (coarse, fine) = np.log2(sizes[:-1] / sizes[1:]), errors[-2:] / lengths[-2:, None]
        slack, apart = lengths[-2], np.linalg.norm(2 * fine - coarse - expected) / size
        return (
            Quantity.near("order of Euler's method", 2 * orders[-1] - orders[-2], 1, slack),
            Quantity("error over step, extrapolated, relative distance from E", apart, highest=slack),
        ), self._panels(velocity, start, exact[:, :_UNITS], lengths, sizes, expected)

    def _cycle(self) -> Quantity:
        potential = np.array([0.3])
        for _ in range(100):
            potential = self.method(lambda v: -v - 2 * np.tanh(v), potential, 1.0)
        expected = brentq(lambda h: h - np.tanh(2 * h), 0.5, 1, xtol=UNIT)
        apart = np.abs(np.abs(np.tanh(potential)) - expected).item()
        name = "one unit, w = −2: |h| after 100 steps, distance from the cycle"
        return Quantity(name, apart, highest=8 * UNIT)

    def _steps(
        self, velocity: Callable[[Vectors], Vectors], start: Vectors, count: int, end: float = _END
    ) -> Float[np.ndarray, "times units"]:
        states = [start]
        for _ in range(count):
            states.append(self.method(velocity, states[-1], end / count))
        return np.array(states)

    def _panels(self, velocity, start, exact, lengths, sizes, expected) -> list[Panel]:
        series, end = [], 2 * _TIME_CONSTANT
        times = np.linspace(0, _END, _EXACT_STEPS + 1)[::32]
        shown = times <= end
        for j in range(2):
            name = f"v_{j + 1}"
            series.append(Series(name, times[shown], exact[::32, j][shown]))
            for count, kind in _SHOWN:
                stepped = self._steps(velocity, start, count, end)[:, j]
                series.append(Series("", np.linspace(0, end, count + 1), stepped, kind, group=name))
        orders = [
            Series("‖v_s − v‖ / s", lengths, sizes / lengths, "marks"),
            Series("‖E‖", [0, lengths[0]], [float(np.linalg.norm(expected))] * 2),
        ]
        return [
            Panel("Steps τ/10 (dashed), τ (marks)", "t", "v", series),
            Panel("Error at the end, over the step", "step s", "error / s", orders),
        ]


def _drawn(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Weights, weights of the inputs, biases and resistances; the capacitances are τ/R_j."""
    sizes = (_UNITS, _UNITS), (_UNITS, _INPUTS), _UNITS
    return *(rng.standard_normal(size) for size in sizes), rng.uniform(0.5, 2, _UNITS)
