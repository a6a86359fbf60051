"""The update of the softmax network decreases its energy."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from fastweights.memories import SoftmaxHopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.rounding import UNIT, within_rounding

_STARTS, _PAIRS, _UNITS, _UPDATES = 40, 11, 7, 30
_BETAS = (0.2, 1.0, 4.0)
_MANY = 50

Numbers = Any
"""A number or an array."""


def descent(step: np.ndarray) -> Numbers:
    """½ ‖f(ξ) − ξ‖²: by so much an update lowers the energy, at least; given f(ξ) − ξ."""
    return np.sum(step**2, axis=-1) / 2


def lowest(state: np.ndarray, longest: Numbers) -> Numbers:
    """½ (‖ξ‖ − M)², given ξ and M."""
    return (np.linalg.norm(state, axis=-1) - longest) ** 2 / 2


def highest(longest: Numbers) -> Numbers:
    """2 M²: the upper bound in the keys' convex hull."""
    return 2 * longest**2


@register_check(
    "softmax-hopfield-energy", source="Ramsauer et al. 2020, arXiv:2008.02217, theorem 1 and lemma A1"
)
class SoftmaxHopfieldEnergy(Check):
    """E(f(ξ)) <= E(ξ) − ½ ‖f(ξ) − ξ‖², where f is the update; ∇E(ξ) = ξ − f(ξ); ½ (‖ξ‖ − M)² <= E, and E
    <= 2 M² in the keys' convex hull, M being the longest key.

    The first and the second bound are attained if all keys are equal, the second at states parallel to
    them. The third is approached for β → 0 at one of N keys of which the others are its opposite, where E
    is 2 M² (1 − 1/N) + O(β M⁴): both must be reached.

    E is a sum of terms of at most M² + (ln N)/β + ½ ‖ξ‖² + M ‖ξ‖, each rounded some d + N times: the
    tolerance is 8 (d + N) u times that."""

    statement = "Every update of the softmax network lowers its energy, by half its squared length or more."
    has_figure = True

    update: Callable[[SoftmaxHopfield, Array], Array] = SoftmaxHopfield.update
    """One step of recall."""

    energy_temperature: Callable[[np.ndarray], np.ndarray] = lambda beta: beta
    """The energy's inverse temperature, given that of the update."""

    descent: Callable[[np.ndarray], Numbers] = descent
    """By how much an update lowers the energy at least, given f(ξ) − ξ."""

    lowest: Callable[[np.ndarray, Numbers], Numbers] = lowest
    """The lower bound on the energy, given ξ and M."""

    highest: Callable[[Numbers], Numbers] = highest
    """The upper bound on the energy in the keys' convex hull, given M."""

    def examine(self) -> Finding:
        """Thirty updates of 40 random states at three temperatures; and the gradient of lse in symbols."""
        rng = np.random.default_rng(0)
        keys = jnp.asarray(rng.standard_normal((_STARTS, _PAIRS, _UNITS)))
        start = jnp.tile(3 * rng.standard_normal((_STARTS, _UNITS)), (len(_BETAS), 1, 1))
        betas, longest = np.array(_BETAS)[:, None], np.max(np.sum(np.asarray(keys) ** 2, axis=-1), axis=-1)
        memory = SoftmaxHopfield(keys, keys, jnp.asarray(betas))
        judge = SoftmaxHopfield(keys, keys, jnp.asarray(self.energy_temperature(betas)))
        # [update, β, start]
        states, energies, slopes = map(np.asarray, _descend(self.update, memory, judge, start))
        sizes = np.sum(states**2, axis=-1)
        scale = longest + np.log(_PAIRS) / betas + sizes / 2 + np.sqrt(longest * sizes)
        rounding = 8 * (_UNITS + _PAIRS) * UNIT * scale
        before, after = rounding[:-1], rounding[1:]
        steps, inside = np.diff(states, axis=0), energies[1:]
        excess = (np.diff(energies, axis=0) + self.descent(steps)) / before
        under, over = self.lowest(states, np.sqrt(longest)), self.highest(np.sqrt(longest))
        wrong = np.max(abs(slopes[:-1] + steps), axis=-1) / before
        return Finding(
            within_rounding("E(f(ξ)) − E(ξ) + ½ ‖f(ξ) − ξ‖²", excess.max()),
            within_rounding("∇E against ξ − f(ξ)", wrong.max()),
            within_rounding("½ (‖ξ‖ − M)² − E", ((under - energies) / rounding).max()),
            within_rounding("E − 2 M² in the hull", ((inside - over) / after).max()),
            *self._attained(),
            Quantity("entries of ∇lse that are not softmax, by symbols", _symbolic_differences(), highest=0),
            panels=[_panel(energies)],
        )

    def _attained(self) -> list[Quantity]:
        """Equal keys and states parallel to them; and a key whose opposites are the other keys."""
        key, shares = np.array([1.5, -0.5, 1.0]), np.array([0.3, 0.7, 2.0])[:, None]
        longest = np.linalg.norm(key)
        states, keys = shares * key, jnp.asarray(np.tile(key, (_PAIRS, 1)))
        memory = SoftmaxHopfield(keys, keys, jnp.asarray(self.energy_temperature(np.array(1.0))))
        after = np.asarray(self.update(memory, jnp.asarray(states)))
        energies, fallen = (np.asarray(memory.energy(jnp.asarray(of))) for of in (states, after))
        rounding, size = 8 * (_UNITS + _PAIRS) * UNIT, 10 * longest**2
        apart = fallen - energies + self.descent(after - states), energies - self.lowest(states, longest)
        names = "E(f(ξ)) − E(ξ) + ½ ‖f(ξ) − ξ‖²", "E − ½ (‖ξ‖ − M)²"
        quantities = [
            within_rounding(f"equal keys: {name}", np.max(np.abs(off)) / (rounding * size))
            for name, off in zip(names, apart, strict=True)
        ]
        keys, beta = jnp.asarray(np.vstack([key, np.tile(-key, (_MANY - 1, 1))])), 1e-6
        memory = SoftmaxHopfield(keys, keys, jnp.asarray(self.energy_temperature(np.array(beta))))
        share = float(memory.energy(keys[0])) / self.highest(longest)
        name, slack = f"{_MANY - 1} opposite keys: E/(2 M²)", beta * longest**2
        return [*quantities, Quantity.near(name, share, 1 - 1 / _MANY, slack + rounding / beta)]


@partial(jax.jit, static_argnums=0)
def _descend(
    update: Callable, memory: SoftmaxHopfield, judge: SoftmaxHopfield, start: Array
) -> tuple[Array, Array, Array]:
    """The states, their energies and ∇E."""
    slope = jax.grad(lambda state: jnp.sum(judge.energy(state)))

    def step(state, _):
        return update(memory, state), (state, judge.energy(state), slope(state))

    return jax.lax.scan(step, start, None, _UPDATES)[1]


def _symbolic_differences() -> int:
    """∂/∂z_i (1/β) ln Σ_n exp(β z_n) against exp(β z_i)/Σ_n exp(β z_n), for three patterns."""
    from sympy import diff, exp, log, simplify, symbols

    beta, *scores = symbols("beta z0:3", positive=True)
    total = sum(exp(beta * z) for z in scores)
    return sum(simplify(diff(log(total) / beta, z) - exp(beta * z) / total) != 0 for z in scores)


def _panel(energies: np.ndarray) -> Panel:
    series = [
        Series("" if start else f"β = {beta}", np.arange(9), energies[:9, i, start], group=str(beta))
        for i, beta in enumerate(_BETAS)
        for start in range(3)
    ]
    return Panel(f"Updates from random states, N = {_PAIRS}, d = {_UNITS}", "updates", "energy", series)
