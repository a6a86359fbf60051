"""The additive model of a neural net in continuous time: its equation, its solution, its points of rest."""

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

    Shapes: weights (units, units), row j for the unit that receives; capacitances C, resistances R and
    currents I (units, 1); gain g (1, 1). Nets side by side have the same leading axes in all of them.
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
        """From whatever NumPy can spread out to these shapes."""
        matrix = np.asarray(weights, float)
        column, one = (*matrix.shape[:-1], 1), (*matrix.shape[:-2], 1, 1)
        spread = [np.broadcast_to(each, column) for each in (currents, capacitances, resistances)]
        return cls(*(jnp.asarray(each) for each in (matrix, *spread, np.broadcast_to(gain, one))))

    def activation(self, potentials: Potentials) -> Potentials:
        """φ(v)."""
        return jnp.tanh(self.gain * potentials)

    def velocity(self, potentials: Potentials) -> Potentials:
        """dv/dt."""
        received = self.weights @ self.activation(potentials) + self.currents
        return (received - potentials / self.resistances) / self.capacitances


def integrate(
    model: AdditiveModel,
    starts: Float[np.ndarray, "*nets units batch"],
    times: Float[np.ndarray, " times"],
    tolerance: float,
) -> tuple[Float[np.ndarray, "times *nets units batch"], int]:
    """The potentials at all times, by Diffrax, and the number of its steps. The first time is the start.

    Tsitouras's method of order 5; of every step's estimated error, the root mean square over all numbers is
    at most the tolerance, relative to 1 + |v|.
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
        adjoint=diffrax.ForwardMode(),  # what derivatives by adjoints need isn't compiled
        max_steps=50_000,
    )
    assert solution.ys is not None
    return solution.ys, solution.stats["num_steps"]


def local_error(values: np.ndarray, tolerance: float) -> float:
    """The most that one step of `integrate` errs, in the norm of all numbers together, where the estimate of
    the error is none too small: √n tolerance (1 + |v|)."""
    size = values[0].size
    return float(np.sqrt(size) * tolerance * (1 + np.abs(values).max()))


def rest_points(model: AdditiveModel, starts: Float[np.ndarray, "units starts"]) -> np.ndarray:
    """The different equilibria (units, number) that Newton's method, by Optimistix, reaches from the starts,
    in ascending order of their first potential."""
    found, speeds = map(np.asarray, _newton(model, jnp.asarray(starts)))
    rest = found[:, np.isfinite(found).all(0) & (speeds.max(0) < 1e-12)]
    points: list[np.ndarray] = []
    for point in rest.T:
        if all(np.abs(point - known).max() > 1e-6 for known in points):
            points.append(point)
    return np.array(sorted(points, key=tuple)).T


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

    found = jax.vmap(from_one, in_axes=1, out_axes=1)(starts)
    return found, abs(model.velocity(found))


def jacobian(model: AdditiveModel, point: Float[np.ndarray, " units"]) -> np.ndarray:
    """∂(dv/dt)/∂v at a point: (w_ji φ′(v_i) − δ_ij/R_j)/C_j, by automatic differentiation."""
    return np.asarray(_jacobian(model, jnp.asarray(point)))


@run_once
def _jacobian(model: AdditiveModel, point: Float[Array, " units"]) -> Float[Array, "units units"]:
    return jax.jacfwd(lambda v: model.velocity(v[:, None])[:, 0])(point)


def start_grid(reach: float, count: int) -> Float[np.ndarray, "2 starts"]:
    """So many by so many points of the square |v_1|, |v_2| <= reach, row by row from below."""
    along = np.linspace(-reach, reach, count)
    second, first = np.meshgrid(along, along, indexing="ij")
    return np.stack([first.ravel(), second.ravel()])


def runge_kutta(velocity, start: np.ndarray, duration: float, steps: int) -> np.ndarray:
    """The classical method of order 4 with equal steps, by NumPy: all states, first the start."""
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
