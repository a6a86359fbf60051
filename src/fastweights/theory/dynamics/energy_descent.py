"""The Lyapunov function of the additive model."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.additive_model import AdditiveModel, integrate, local_error
from fastweights.theory.networks import run_once
from fastweights.theory.rounding import roundings_apart, within_rounding

_UNITS, _STARTS, _TOLERANCE = 5, 6, 1e-10
_TIMES = np.linspace(0, 15, 151)

Leak = Callable[[Any, Any, Any], Any]
Matrix = Float[np.ndarray, "units units"]


@register_check("energy-descent", source="Cohen & Grossberg 1983; Hopfield 1984, equations 7 and 8")
class EnergyDescent(Check):
    """E = −½ Σ_ji d_j w_ji φ(v_j) φ(v_i) + Σ_j d_j [∫_0^{v_j} u φ′(u) du / R_j − I_j φ(v_j)] has the
    derivative dE/dt = −Σ_j d_j C_j φ′(v_j) (dv_j/dt)² <= 0, if d_j w_ji = d_i w_ij for some d_j > 0 and φ
    increases.

    Symmetric weights are the case d = 1; R, C and I differ from unit to unit. By symbols for every number of
    units and every φ; in numbers against automatic differentiation, where a term goes through at most N + 10
    roundings; and along trajectories. There, the solver's n steps err by at most n times the `local_error`,
    and so E by that times the largest ‖∇E‖ on the way.
    """

    statement = "With symmetric weights the additive model has an energy that never increases."

    weights: Callable[[Matrix], Matrix] = lambda drawn: (drawn + drawn.T) / 2
    """S from random numbers; the weights are w_ji = s_ji/d_j."""

    leak: Leak = lambda v, activation, integral: v * activation - integral
    """The leak's integral ∫_0^v u φ′(u) du, the same as ∫ φ⁻¹ up to φ(v), given v, φ(v) and Φ(v), the
    integral of φ; works on symbols and on numbers."""

    gain: float = 1.0
    """g of φ(v) = tanh(g v)."""

    def examine(self) -> Finding:
        """Without and with different d."""
        rng = np.random.default_rng(0)
        drawn = rng.standard_normal((_UNITS, _UNITS))
        name = "terms of ∂E/∂v_k by symbols that differ, for any N and φ"
        quantities, curves = [Quantity(name, self._symbolic(), highest=0)], []
        cases = ("symmetric", np.ones(_UNITS)), ("symmetrisable", rng.uniform(0.5, 2, _UNITS))
        for name, importance in cases:
            model = AdditiveModel.of(
                self.weights(drawn) / importance[:, None],
                rng.uniform(-0.3, 0.3, (_UNITS, 1)),
                rng.uniform(0.5, 2, (_UNITS, 1)),
                rng.uniform(0.7, 3, (_UNITS, 1)),
                self.gain,
            )
            starts = rng.uniform(-2, 2, (_UNITS, _STARTS))
            descent, energies = self._descent(name, model, jnp.asarray(importance[:, None]), starts)
            quantities += descent
            curves.append(energies)
        model = AdditiveModel.of(drawn)
        path, _ = integrate(model, rng.uniform(-2, 2, (_UNITS, _STARTS)), _TIMES, _TOLERANCE)
        ones, leak = jnp.ones((_UNITS, 1)), EnergyDescent.leak
        curves.append(np.asarray(_energies(model, ones, jnp.asarray(path), leak)[0]))
        titles = "Symmetric weights", "Symmetrisable weights", "Neither: the same E grows, too"
        panels = [
            Panel(title, "t", "E", [Series("", _TIMES, e, group=str(i)) for i, e in enumerate(energies.T)])
            for title, energies in zip(titles, curves, strict=True)
        ]
        return Finding(*quantities, panels=panels)

    def _descent(
        self, name: str, model: AdditiveModel, importance: Array, starts: Float[np.ndarray, "units starts"]
    ) -> tuple[list[Quantity], Float[np.ndarray, "times starts"]]:
        path, steps = integrate(model, starts, _TIMES, _TOLERANCE)
        energies, slopes, gradients = map(
            np.asarray, _energies(model, importance, jnp.asarray(path), self.leak)
        )
        formula, sizes = map(np.asarray, _dissipation(model, importance, jnp.asarray(path)))
        apart, rise = roundings_apart(slopes, formula, sizes, _UNITS + 10), np.diff(energies, axis=0).max()
        tolerance = steps * local_error(path, _TOLERANCE) * gradients.max()
        return [
            within_rounding(f"{name}: dE/dt against its formula", apart),
            Quantity(f"{name}: largest change of E between two times", rise, highest=tolerance),
        ], energies

    def _symbolic(self) -> int:
        """In how many terms ∂E/∂v_k is not −d_k φ′(v_k) C_k dv_k/dt."""
        from sympy import Add, Function, IndexedBase, Le, Sum, simplify, symbols, true

        n = symbols("n", integer=True, positive=True)
        i, j, k = symbols("i j k", integer=True, positive=True)
        indexed: list[Any] = [IndexedBase(name) for name in ("v", "w", "d", "R", "I")]
        v, w, d, resistance, current = indexed
        integral = Function("Phi")

        def phi(at):
            return integral(v[at]).diff(v[at])

        pairs: Any = Sum(Sum(d[j] * w[j, i] * phi(j) * phi(i), (i, 1, n)), (j, 1, n))
        alone = d[j] * (self.leak(v[j], phi(j), integral(v[j])) / resistance[j] - current[j] * phi(j))
        derivative = (Sum(alone, (j, 1, n)) - pairs / 2).diff(v[k]).doit()
        derivative = derivative.replace(lambda e: e == Le(k, n), lambda _: true)
        derivative = derivative.xreplace({j: i}).xreplace({w[i, k]: d[k] * w[k, i] / d[i]})
        velocity = Sum(w[k, i] * phi(i), (i, 1, n)) + current[k] - v[k] / resistance[k]
        difference = simplify(derivative + d[k] * phi(k).diff(v[k]) * velocity)
        return len(Add.make_args(difference)) if difference != 0 else 0


@run_once
def _energies(
    model: AdditiveModel,
    importance: Float[Array, "units 1"],
    path: Float[Array, "times units batch"],
    leak: Leak,
) -> tuple[Float[Array, "times batch"], Float[Array, "times batch"], Float[Array, "times batch"]]:
    """E, dE/dt by automatic differentiation, and ‖∇E‖, along trajectories."""

    def energy(v: Float[Array, "units batch"]) -> Float[Array, " batch"]:
        activation = model.activation(v)
        # log cosh without overflow
        integral = (jnp.logaddexp(model.gain * v, -model.gain * v) - jnp.log(2.0)) / model.gain
        alone = leak(v, activation, integral) / model.resistances - model.currents * activation
        return jnp.sum(importance * (alone - activation * (model.weights @ activation) / 2), axis=0)

    def at(v: Float[Array, "units batch"]):
        value, slope = jax.jvp(energy, (v,), (model.velocity(v),))
        gradient = jax.grad(lambda v: jnp.sum(energy(v)))(v)
        return value, slope, jnp.linalg.norm(gradient, axis=0)

    return jax.vmap(at)(path)


@run_once
def _dissipation(
    model: AdditiveModel, importance: Float[Array, "units 1"], path: Float[Array, "times units batch"]
) -> tuple[Float[Array, "times batch"], Float[Array, "times batch"]]:
    """−Σ d_j C_j φ′(v_j) (dv_j/dt)², and the sum of the sizes of all terms of dE/dt, with φ′ <= |g|."""
    activation = model.activation(path)
    slope = model.gain * (1 - activation**2)
    formula = -importance * model.capacitances * slope * model.velocity(path) ** 2
    driving = abs(model.weights) @ abs(activation) + abs(path) / model.resistances + abs(model.currents)
    driving = abs(model.gain) * driving
    sizes = importance / model.capacitances * driving * (driving + 2 * abs(activation) / model.resistances)
    return jnp.sum(formula, axis=1), jnp.sum(sizes, axis=1)
