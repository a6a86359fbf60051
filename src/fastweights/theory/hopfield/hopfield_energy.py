"""Asynchronous recall in Hopfield's network decreases the energy, and ends at a fixed point."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.memories import Hopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.samples import mirrored, signs

_UNITS, _BATCH, _SWEEPS = 40, 24, 12

Weights = Float[np.ndarray, "units units batch"]


def symmetric(rng: np.random.Generator) -> Weights:
    """Whole numbers, W = Wᵀ, a zero diagonal: half of the networks Hebbian, half arbitrary."""
    patterns = signs(rng, 9, _UNITS, _BATCH // 2)
    hebbian = np.einsum("nib,njb->ijb", patterns, patterns)
    arbitrary = mirrored(rng.integers(-20, 21, (_BATCH // 2, _UNITS, _UNITS)).astype(float))
    weights = np.concatenate([hebbian, arbitrary], axis=-1)
    weights[np.arange(_UNITS), np.arange(_UNITS)] = 0
    return weights


def one_unit(memory: Hopfield, state: Array, unit: Array) -> Array:
    """Asynchronous recall: the unit takes the sign of its field."""
    return memory.sweep(state, unit[None])


@register_check("hopfield-energy", source="Hopfield 1982, equations 7 and 8")
class HopfieldEnergy(Check):
    """With W = Wᵀ and W_ii = 0 an asynchronous change of unit i changes E = −½ xᵀ W x by −2 |Σ_j W_ij x_j| <=
    0, so that no state returns and recall ends at a fixed point.

    Weights are whole numbers, so fields and energies are exact and the bounds are 0. Units change in random
    order, from random states; a sweep in which no unit changes is a fixed point.
    """

    statement = "Asynchronous recall never raises −½ xᵀ W x for symmetric W, and ends at a fixed point."

    weights: Callable[[np.random.Generator], Weights] = symmetric
    """The networks' weights, whole numbers."""

    change: Callable[[Hopfield, Array, Array], Array] = one_unit
    """One step of recall, given the memory, the state and the unit to update."""

    def examine(self) -> Finding:
        """Twelve sweeps of 24 networks, and the energy after every step."""
        rng = np.random.default_rng(0)
        memory = Hopfield(jnp.asarray(self.weights(rng)))
        start = jnp.asarray(signs(rng, _UNITS, _BATCH))
        order = jnp.asarray(np.concatenate([rng.permutation(_UNITS) for _ in range(_SWEEPS)]))
        energies, drops, last = (np.asarray(a) for a in _recall(self.change, memory, start, order))
        rises = np.diff(energies, axis=0)
        moving = np.sum(np.any(np.asarray(memory.update(jnp.asarray(last))) != last, axis=0))
        return Finding(
            Quantity("largest rise of the energy in a step", rises.max(), highest=0),
            Quantity("change against −2 |field|, largest difference", abs(rises + drops).max(), highest=0),
            Quantity("networks still moving after 12 sweeps", moving, highest=0),
            panels=[_panel(energies)],
        )


def _recall(change: Callable, memory: Hopfield, state: Array, order: Array) -> tuple[Array, Array, Array]:
    """The energies before each step and at the end, 2 |field| where a unit changed, and the last state."""

    @jax.jit
    def run(memory, state):
        def step(state, unit):
            after = change(memory, state, unit)
            field = jnp.sum(memory.matrix[:, unit] * state, axis=0)
            drop = jnp.where(after[unit] != state[unit], 2 * jnp.abs(field), 0)
            return after, (memory.energy(state), drop)

        last, (energies, drops) = jax.lax.scan(step, state, order)
        return jnp.concatenate([energies, memory.energy(last)[None]]), drops, last

    return run(memory, state)


def _panel(energies: np.ndarray) -> Panel:
    steps, half = np.arange(len(energies)) / _UNITS, _BATCH // 2
    kinds = (("Hebbian weights, 9 patterns", "Hebbian", 0), ("arbitrary symmetric weights", "other", half))
    lines = [
        Series("" if n else name, steps, energies[:, first + n], group=group)
        for name, group, first in kinds
        for n in range(4)
    ]
    return Panel(f"Recall from random states, {_UNITS} units", "sweeps", "energy", lines)
