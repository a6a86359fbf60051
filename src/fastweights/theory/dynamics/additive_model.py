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

Potentials = Float[Array, " units"]

STEEPEST_BEND = 4 / 3**1.5
"""The largest |φ″| of φ = tanh."""


class AdditiveModel(eqx.Module):
    """C_j dv_j/dt = −v_j/R_j + Σ_i w_ji φ(v_i) + I_j, with φ(v) = tanh(g v).

    Shapes: weights (units, units), row j for the receiving unit; capacitances C, resistances R and currents I
    (units,); gain g (). Several nets at once have a leading axis of nets everywhere.
    Source: Haykin 2009, section 13.5; Hopfield 1984, equation 5.
    """

    weights: Float[Array, "*nets units units"]
    currents: Float[Array, "*nets units"]
    capacitances: Float[Array, "*nets units"]
    resistances: Float[Array, "*nets units"]
    gain: Float[Array, "*nets"]

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
        given = currents, capacitances, resistances
        vectors = [np.broadcast_to(numbers, matrix.shape[:-1]) for numbers in given]
        return cls(*map(jnp.asarray, (matrix, *vectors, np.broadcast_to(gain, matrix.shape[:-2]))))

    @staticmethod
    def stacked(models: Sequence["AdditiveModel"]) -> "AdditiveModel":
        """Several models along a new leading axis."""
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *models)

    def activation(self, potentials: Potentials) -> Potentials:
        """φ(v)."""
        return jnp.tanh(self.gain * potentials)

    def velocity(self, potentials: Potentials) -> Potentials:
        """dv/dt of one net and state."""
        inputs = self.weights @ self.activation(potentials) + self.currents
        return (inputs - potentials / self.resistances) / self.capacitances


@run_once
def integrate(
    model: AdditiveModel,
    starts: Float[Array, "*nets starts units"],
    times: Float[Array, " times"],
    tolerance: float | Float[Array, ""],
) -> tuple[Float[Array, "times *nets starts units"], Array]:
    """The potentials at all times, by Diffrax, and the number of its steps, which all starts share. The first
    time is that of the starts.

    Tsitouras's method of order 5; the root mean square of every step's estimated error over all numbers is at
    most the tolerance, relative to 1 + |v|.
    """
    of_net = jax.vmap(AdditiveModel.velocity, (None, 0))
    velocity = of_net if starts.ndim == 2 else jax.vmap(of_net)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, potentials, model: velocity(model, potentials)),
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


def equilibria(
    model: AdditiveModel, starts: Float[np.ndarray, "starts units"]
) -> Float[np.ndarray, "found units"]:
    """The distinct equilibria that Newton's method, by Optimistix, reaches from the starts, ordered by their
    first potential."""
    ends, speeds = _newton(model, starts)
    points: list[np.ndarray] = []
    for point in ends[np.isfinite(ends).all(1) & (speeds.max(1) < 1e-12)]:
        if all(np.abs(point - known).max() > 1e-6 for known in points):
            points.append(point)
    return np.array(sorted(points, key=tuple))


@run_once
def _newton(
    model: AdditiveModel, starts: Float[Array, "starts units"]
) -> tuple[Float[Array, "starts units"], Float[Array, "starts units"]]:
    """Where it ends, and how fast each unit still moves there."""

    def from_one(start: Potentials) -> tuple[Potentials, Potentials]:
        end = optimistix.root_find(
            lambda v, model: model.velocity(v),
            optimistix.Newton(1e-13, 1e-13),
            start,
            args=model,
            max_steps=100,
            throw=False,
        ).value
        return end, abs(model.velocity(end))

    return jax.vmap(from_one)(starts)


@run_once
def jacobian(model: AdditiveModel, point: Potentials) -> Float[Array, "units units"]:
    """∂(dv/dt)/∂v at a point: (w_ji φ′(v_i) − δ_ij/R_j)/C_j, by automatic differentiation."""
    return jax.jacfwd(model.velocity)(point)


def start_grid(reach: float, count: int) -> Float[np.ndarray, "starts 2"]:
    """A grid of `count` by `count` points in the square |v_1|, |v_2| <= reach, row by row from below."""
    along = np.linspace(-reach, reach, count)
    second, first = np.meshgrid(along, along, indexing="ij")
    return np.stack([first.ravel(), second.ravel()], axis=1)


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
