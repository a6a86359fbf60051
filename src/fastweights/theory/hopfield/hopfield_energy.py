"""Asynchronous recall in Hopfield's network decreases the energy, and ends at a fixed point."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from fastweights.memories import Hopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.samples import mirrored, signs

_NETWORKS, _UNITS, _SWEEPS = 24, 40, 12

Weights = Float[np.ndarray, "networks units units"]


def symmetric(rng: np.random.Generator) -> Weights:
    """Whole numbers, W = Wᵀ, a zero diagonal: half of the networks Hebbian, half arbitrary."""
    patterns = signs(rng, _NETWORKS // 2, 9, _UNITS)
    arbitrary = rng.integers(-20, 21, (_NETWORKS // 2, _UNITS, _UNITS)).astype(float)
    return mirrored(np.concatenate([patterns.swapaxes(1, 2) @ patterns, arbitrary]))


def one_unit(memory: Hopfield, state: Array, unit: Array) -> Array:
    """Asynchronous recall: the unit takes the sign of its field."""
    return memory.sweep(state, unit[None])


def change_of_energy(field: Array) -> Array:
    """−2 |Σ_j W_ij x_j|, given the field of a unit that turns."""
    return -2 * abs(field)


def recall_along(
    memory: Hopfield,
    start: Float[Array, "networks units"],
    order: Int[Array, " steps"],
    change: Callable[[Hopfield, Array, Array], Array] = one_unit,
    change_of_energy: Callable[[Array], Array] = change_of_energy,
) -> tuple[Float[Array, "networks after"], Float[Array, "networks steps"], Float[Array, "networks units"]]:
    """For each network the energies before each step and at the end, the changes by formula, and the last
    state, where the units of `order` are updated one after another."""

    def run(memory, state):
        def step(state, unit):
            after = change(memory, state, unit)
            expected = change_of_energy(memory.matrix[unit] @ state)
            return after, (memory.energy(state), jnp.where(after[unit] != state[unit], expected, 0))

        last, (energies, changes) = jax.lax.scan(step, state, order)
        return jnp.append(energies, memory.energy(last)), changes, last

    return jax.jit(jax.vmap(run))(memory, start)


@register_check("hopfield-energy", source="Hopfield 1982, equations 7 and 8")
class HopfieldEnergy(Check):
    """With W = Wᵀ and W_ii = 0 an asynchronous change of unit i changes E = −½ xᵀ W x by −2 |Σ_j W_ij
    x_j| <= 0, so that no state returns and recall ends at a fixed point.

    Weights are whole numbers, so fields and energies are exact and the bounds are 0. Units change in
    random order, from random states; a sweep in which no unit changes is a fixed point.
    """

    statement = "Asynchronous recall never raises −½ xᵀ W x for symmetric W, and ends at a fixed point."
    has_figure = True

    weights: Callable[[np.random.Generator], Weights] = symmetric
    """The networks' weights, whole numbers."""

    change: Callable[[Hopfield, Array, Array], Array] = one_unit
    """One step of recall, given the memory, the state and the unit to update."""

    change_of_energy: Callable[[Array], Array] = change_of_energy
    """By how much the energy changes with a unit that turns, given its field."""

    def examine(self) -> Finding:
        """Twelve sweeps of 24 networks, and the energy after every step."""
        rng = np.random.default_rng(0)
        memory = Hopfield(jnp.asarray(self.weights(rng)))
        start = jnp.asarray(signs(rng, _NETWORKS, _UNITS))
        order = jnp.asarray(np.concatenate([rng.permutation(_UNITS) for _ in range(_SWEEPS)]))
        energies, changes, last = recall_along(memory, start, order, self.change, self.change_of_energy)
        rises = np.diff(energies)
        moving = np.sum(np.any(memory.update(last) != last, axis=-1))
        return Finding(
            Quantity("largest rise of the energy in a step", rises.max(), highest=0),
            Quantity("change against −2 |field|, largest difference", abs(rises - changes).max(), highest=0),
            Quantity("networks still moving after 12 sweeps", moving, highest=0),
            panels=[_panel(np.asarray(energies))],
        )


def _panel(energies: np.ndarray) -> Panel:
    steps, half = np.arange(energies.shape[1]) / _UNITS, _NETWORKS // 2
    lines = [
        Series("" if n else name, steps, energies[first + n], group=name)
        for name, first in (("Hebbian weights, 9 patterns", 0), ("arbitrary symmetric weights", half))
        for n in range(4)
    ]
    return Panel(f"Recall from random states, {_UNITS} units", "sweeps", "energy", lines)
