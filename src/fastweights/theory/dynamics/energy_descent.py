"""The Lyapunov function of the additive model."""

from collections.abc import Callable
from typing import Any, NamedTuple

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
Vector = Float[np.ndarray, " units"]


def symmetric(drawn: Matrix) -> Matrix:
    """S = M + Mᵀ of a random M, over 2 to be of its size."""
    return (drawn + drawn.T) / 2  # survives: the claim holds for symmetric weights of every size


def leak(v: Any, activation: Any, integral: Any) -> Any:
    """∫_0^v u φ′(u) du = v φ(v) − Φ(v), Φ the integral of φ: the same as ∫ φ⁻¹ up to φ(v)."""
    return v * activation - integral


def alone(leak: Any, resistance: Any, current: Any, activation: Any) -> Any:
    """∫_0^v u φ′(u) du/R − I φ(v), given that integral, R, I and φ(v): a unit's own part of E, before
    d."""
    return leak / resistance - current * activation


def energy(alone: Any, pairs: Any) -> Any:
    """Σ_j d_j alone_j − ½ Σ_ji d_j w_ji φ(v_j) φ(v_i), given both sums."""
    return alone - pairs / 2


def fall(importance: Any, capacitance: Any, slope: Any, speed: Any) -> Any:
    """−d C φ′(v) (dv/dt)²: a unit's part of dE/dt."""
    return -importance * capacitance * slope * speed**2


def integral(v: Any, gain: Any) -> Any:
    """log cosh(g v)/g, without overflow: Φ(v) of φ(v) = tanh(g v)."""
    return (jnp.logaddexp(gain * v, -gain * v) - jnp.log(2.0)) / gain


class Formulas(NamedTuple):
    """Those of E and dE/dt."""

    leak: Leak
    alone: Callable[[Any, Any, Any, Any], Any]
    energy: Callable[[Any, Any], Any]
    fall: Callable[[Any, Any, Any, Any], Any]
    integral: Callable[[Any, Any], Any]


@register_check("energy-descent", source="Cohen & Grossberg 1983; Hopfield 1984, equations 7 and 8")
class EnergyDescent(Check):
    """E = −½ Σ_ji d_j w_ji φ(v_j) φ(v_i) + Σ_j d_j [∫_0^{v_j} u φ′(u) du / R_j − I_j φ(v_j)] has the
    derivative dE/dt = −Σ_j d_j C_j φ′(v_j) (dv_j/dt)² <= 0, if d_j w_ji = d_i w_ij for some d_j > 0 and φ
    increases.

    Symmetric weights are the case d = 1; R, C and I differ from unit to unit. By symbols for every number
    of units and every φ; in numbers against automatic differentiation, where a term goes through at most
    N + 10 roundings; and along trajectories. There, the solver's n steps err by at most n times the
    `local_error`, and so E by that times the largest ‖∇E‖ on the way.
    """

    statement = "With symmetric weights the additive model has an energy that never increases."
    has_figure = True

    weights: Callable[[Matrix], Matrix] = symmetric
    """S from random numbers; the weights are w_ji = s_ji/d_j."""

    leak: Leak = leak
    """The leak's integral, given v, φ(v) and Φ(v); works on symbols and on numbers."""

    alone: Callable[[Any, Any, Any, Any], Any] = alone
    """A unit's own part of E over d, given the leak's integral, R, I and φ(v)."""

    energy: Callable[[Any, Any], Any] = energy
    """E, given the units' own parts and Σ_ji d_j w_ji φ(v_j) φ(v_i)."""

    fall: Callable[[Any, Any, Any, Any], Any] = fall
    """A unit's part of dE/dt, given d, C, φ′(v) and dv/dt."""

    integral: Callable[[Any, Any], Any] = integral
    """Φ(v), given v and the gain."""

    gain: float = 1.0  # survives: the claim holds for every gain above 0
    """g of φ(v) = tanh(g v)."""

    def examine(self) -> Finding:
        """Without and with different d."""
        rng = np.random.default_rng(0)
        drawn = rng.standard_normal((_UNITS, _UNITS))
        name = "terms of ∂E/∂v_k by symbols that differ, for any N and φ"
        quantities, curves = [Quantity(name, self._symbolic(), highest=0)], []
        at_rest = self.leak(0.0, 0.0, float(self.integral(0.0, self.gain)))
        quantities.append(Quantity("∫_0^v u φ′(u) du at v = 0", at_rest, 0, 0))
        cases = ("symmetric", np.ones(_UNITS)), ("symmetrisable", rng.uniform(0.5, 2, _UNITS))
        for name, importance in cases:
            model = AdditiveModel.of(
                self.weights(drawn) / importance[:, None],
                rng.uniform(-0.3, 0.3, _UNITS),
                rng.uniform(0.5, 2, _UNITS),
                rng.uniform(0.7, 3, _UNITS),
                self.gain,
            )
            starts = rng.uniform(-2, 2, (_UNITS, _STARTS)).T
            descent, energies = self._descent(name, model, importance, starts)
            quantities += descent
            curves.append(energies)
        model = AdditiveModel.of(drawn)
        path, _ = integrate(model, rng.uniform(-2, 2, (_UNITS, _STARTS)).T, _TIMES, _TOLERANCE)
        curves.append(_along(model, np.ones(_UNITS), path, self._formulas)[0])
        titles = "Symmetric weights", "Symmetrisable weights", "Neither: the same E grows, too"
        panels = [
            Panel(title, "t", "E", [Series("", _TIMES, e, group=str(i)) for i, e in enumerate(energies.T)])
            for title, energies in zip(titles, curves, strict=True)
        ]
        return Finding(*quantities, panels=panels)

    def _descent(
        self, name: str, model: AdditiveModel, importance: Vector, starts: Float[np.ndarray, "starts units"]
    ) -> tuple[list[Quantity], Float[np.ndarray, "times starts"]]:
        path, steps = integrate(model, starts, _TIMES, _TOLERANCE)
        energies, gradients, changes, formula, sizes = _along(model, importance, path, self._formulas)
        apart, rise = roundings_apart(changes, formula, sizes, _UNITS + 10), np.diff(energies, axis=0).max()
        tolerance = steps * local_error(path, _TOLERANCE) * gradients.max()
        return [
            within_rounding(f"{name}: dE/dt against its formula", apart),
            Quantity(f"{name}: largest change of E between two times", rise, highest=tolerance),
        ], energies

    @property
    def _formulas(self) -> Formulas:
        return Formulas(self.leak, self.alone, self.energy, self.fall, self.integral)

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
        own = self.alone(self.leak(v[j], phi(j), integral(v[j])), resistance[j], current[j], phi(j))
        derivative = self.energy(Sum(d[j] * own, (j, 1, n)), pairs).diff(v[k]).doit()
        derivative = derivative.replace(lambda e: e == Le(k, n), lambda _: true)
        derivative = derivative.xreplace({j: i}).xreplace({w[i, k]: d[k] * w[k, i] / d[i]})
        velocity = Sum(w[k, i] * phi(i), (i, 1, n)) + current[k] - v[k] / resistance[k]
        difference = simplify(derivative + d[k] * phi(k).diff(v[k]) * velocity)
        return len(Add.make_args(difference)) if difference != 0 else 0


@run_once
def _along(
    model: AdditiveModel,
    importance: Float[Array, " units"],
    path: Float[Array, "times starts units"],
    of: Formulas,
) -> tuple[Float[Array, "times starts"], ...]:
    """E, ‖∇E‖, dE/dt by automatic differentiation and as −Σ d_j C_j φ′(v_j) (dv_j/dt)², and the sum of the
    sizes of all terms of dE/dt, with φ′ <= |g|, along trajectories."""

    def energy(v: Float[Array, " units"]) -> Float[Array, ""]:
        activation = model.activation(v)
        leak = of.leak(v, activation, of.integral(v, model.gain))
        own = of.alone(leak, model.resistances, model.currents, activation)
        return of.energy(importance @ own, importance @ (activation * (model.weights @ activation)))

    def at(v: Float[Array, " units"]):
        velocity, activation = model.velocity(v), model.activation(v)
        value, change = jax.jvp(energy, (v,), (velocity,))
        slope = model.gain * (1 - activation**2)
        formula = of.fall(importance, model.capacitances, slope, velocity)
        driving = abs(model.weights) @ abs(activation) + abs(v) / model.resistances + abs(model.currents)
        driving = abs(model.gain) * driving
        sizes = driving * (driving + 2 * abs(activation) / model.resistances) / model.capacitances
        return value, jnp.linalg.norm(jax.grad(energy)(v)), change, jnp.sum(formula), importance @ sizes

    return jax.vmap(jax.vmap(at))(path)
