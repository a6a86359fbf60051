"""The additive model of a neural net in continuous time: its equation, its solution, its equilibria."""

from collections.abc import Sequence
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix
from jax import Array
from jaxtyping import Float

from fastweights.theory.networks import run_once

Potentials = Float[Array, "*nets units batch"]

STEEPEST_BEND = 4 / 3**1.5
"""The largest |φ″| of φ = tanh."""


class AdditiveModel(eqx.Module):
    """C_j dv_j/dt = −v_j/R_j + Σ_i w_ji φ(v_i) + I_j, with φ(v) = tanh(g v).

    Shapes: weights (units, units), row j for the receiving unit; capacitances C, resistances R and currents I
    (units, 1); gain g (1, 1). For several nets at once all of them have the same leading axes.
    Source: Haykin 2009, section 13.5; Hopfield 1984, equation 5.
    """

    weights: Float[Array, "*nets units units"]
    currents: Float[Array, "*nets units 1"]
    capacitances: Float[Array, "*nets units 1"]
    resistances: Float[Array, "*nets units 1"]
    gain: Float[Array, "*nets 1 1"]

    @classmethod
    def of(
        cls,
        weights: Any,
        currents: Any = 0.0,
        capacitances: Any = 1.0,
        resistances: Any = 1.0,
        gain: Any = 1.0,
    ) -> "AdditiveModel":
        """From anything that NumPy can broadcast to these shapes."""
        matrix = np.asarray(weights, float)
        column, one = (*matrix.shape[:-1], 1), (*matrix.shape[:-2], 1, 1)
        columns = [np.broadcast_to(numbers, column) for numbers in (currents, capacitances, resistances)]
        return cls(*map(jnp.asarray, (matrix, *columns, np.broadcast_to(gain, one))))

    @staticmethod
    def stacked(models: Sequence["AdditiveModel"]) -> "AdditiveModel":
        """Several models along a new leading axis."""
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *models)

    def activation(self, potentials: Potentials) -> Potentials:
        """φ(v)."""
        return jnp.tanh(self.gain * potentials)

    def velocity(self, potentials: Potentials) -> Potentials:
        """dv/dt."""
        inputs = self.weights @ self.activation(potentials) + self.currents
        return (inputs - potentials / self.resistances) / self.capacitances


def integrate(
    model: AdditiveModel,
    starts: Float[np.ndarray, "*nets units batch"],
    times: Float[np.ndarray, " times"],
    tolerance: float,
) -> tuple[Float[np.ndarray, "times *nets units batch"], int]:
    """The potentials at all times, by Diffrax, and the number of its steps. The first time is that of the
    starts.

    Tsitouras's method of order 5; the root mean square of every step's estimated error over all numbers is at
    most the tolerance, relative to 1 + |v|.
    """
    values, steps = _integrate(model, *map(jnp.asarray, (starts, times, tolerance)))
    return np.asarray(values), int(steps)


@run_once
def _integrate(
    model: AdditiveModel, starts: Potentials, times: Float[Array, " times"], tolerance: Float[Array, ""]
) -> tuple[Float[Array, "times *nets units batch"], Array]:
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, potentials, model: model.velocity(potentials)),
        diffrax.Tsit5(),
        times[0],
        times[-1],
        1e-3 * (times[-1] - times[0]),
        starts,
        args=model,
        saveat=diffrax.SaveAt(ts=times),
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
        adjoint=diffrax.ForwardMode(),  # does not compile what derivatives by adjoints need
        max_steps=50_000,
    )
    values: Any = solution.ys
    return values, solution.stats["num_steps"]


def local_error(values: np.ndarray, tolerance: float) -> float:
    """A bound on the error of one step of `integrate`, in the norm of all numbers together, provided that the
    solver does not underestimate it: √n tolerance (1 + |v|)."""
    size = values[0].size
    return float(np.sqrt(size) * tolerance * (1 + np.abs(values).max()))


def equilibria(model: AdditiveModel, starts: Float[np.ndarray, "units starts"]) -> np.ndarray:
    """The distinct equilibria (number, units) that Newton's method, by Optimistix, reaches from the starts,
    in ascending order of their first potential."""
    ends, speeds = map(np.asarray, _newton(model, jnp.asarray(starts)))
    points: list[np.ndarray] = []
    for point in ends[:, np.isfinite(ends).all(0) & (speeds.max(0) < 1e-12)].T:
        if all(np.abs(point - known).max() > 1e-6 for known in points):
            points.append(point)
    return np.array(sorted(points, key=tuple))


@run_once
def _newton(model: AdditiveModel, starts: Potentials) -> tuple[Potentials, Potentials]:
    def from_one(start: Float[Array, " units"]) -> Float[Array, " units"]:
        return optimistix.root_find(
            lambda v, model: model.velocity(v[:, None])[:, 0],
            optimistix.Newton(1e-13, 1e-13),
            start,
            args=model,
            max_steps=100,
            throw=False,
        ).value

    ends = jax.vmap(from_one, in_axes=1, out_axes=1)(starts)
    return ends, abs(model.velocity(ends))


@run_once
def jacobian(model: AdditiveModel, point: Any) -> Any:
    """∂(dv/dt)/∂v at a point: (w_ji φ′(v_i) − δ_ij/R_j)/C_j, by automatic differentiation."""
    return jax.jacfwd(lambda v: model.velocity(v[:, None])[:, 0])(point)


def start_grid(reach: float, count: int) -> Float[np.ndarray, "2 starts"]:
    """A grid of `count` by `count` points in the square |v_1|, |v_2| <= reach, row by row from below."""
    along = np.linspace(-reach, reach, count)
    second, first = np.meshgrid(along, along, indexing="ij")
    return np.stack([first.ravel(), second.ravel()])


def runge_kutta(velocity, start: np.ndarray, duration: float, steps: int) -> np.ndarray:
    """The classical method of order 4 with equal steps, by NumPy: all states, beginning with the start."""
    step, state = duration / steps, np.asarray(start, float)
    states = [state]
    for _ in range(steps):
        k1 = velocity(state)
        k2 = velocity(state + step / 2 * k1)
        k3 = velocity(state + step / 2 * k2)
        k4 = velocity(state + step * k3)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        states.append(state)
    return np.stack(states)
