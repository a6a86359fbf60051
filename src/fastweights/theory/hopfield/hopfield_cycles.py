"""The limit cycles of synchronous recall."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.memories import Hopfield
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.samples import mirrored, signs

_NETWORKS, _UNITS, _STEPS = 200, 24, 100

Weights = Float[np.ndarray, "networks units units"]


def symmetric(rng: np.random.Generator) -> Weights:
    """W = Wᵀ of odd numbers, with a zero diagonal: a field is a sum of 23 odd numbers and so never 0."""
    return mirrored(2 * rng.integers(-20, 20, (_NETWORKS, _UNITS, _UNITS)) + 1.0)


@register_check("hopfield-cycles", source="Goles, Fogelman & Pellegrin 1985; Little 1974")
class HopfieldCycles(Check):
    """With W = Wᵀ synchronous recall never raises L(t) = −x(t)ᵀ W x(t − 1), and a step with x(t + 1) ≠ x(t −
    1) lowers it; so it ends with x(t + 1) = x(t − 1): at a fixed point or between two states. The energy −½
    xᵀ W x may rise on the way.

    Weights are odd numbers: everything is exact, and no field is zero. Fixed points and cycles of two must
    both occur, or the networks would show nothing.
    """

    statement = "Synchronous recall with symmetric weights ends in a cycle of at most two states."

    weights: Callable[[np.random.Generator], Weights] = symmetric
    """The networks' weights, odd numbers."""

    def examine(self) -> Finding:
        """A hundred steps of 200 networks from random states."""
        rng = np.random.default_rng(0)
        memory = Hopfield(jnp.asarray(self.weights(rng)))
        start = jnp.asarray(signs(rng, _NETWORKS, _UNITS))
        states, lyapunov, energies = (np.asarray(a) for a in _recall(memory, start))
        moving, longer = (np.any(states[-1] != states[-1 - back], axis=-1) for back in (1, 2))
        return Finding(
            Quantity("networks in a longer cycle, or in none yet", longer.sum(), highest=0),
            Quantity("networks that end at a fixed point", np.sum(~moving), lowest=1),
            Quantity("networks that end between two states", np.sum(moving & ~longer), lowest=1),
            Quantity("largest rise of −x(t)ᵀ W x(t − 1)", np.diff(lyapunov, axis=0).max(), highest=0),
            Quantity("largest rise of −½ xᵀ W x", np.diff(energies, axis=0).max(), lowest=1),
        )


@jax.jit
def _recall(memory: Hopfield, start: Array) -> tuple[Array, Array, Array]:
    """The states, L(t) and the energies, of all networks at once."""

    def step(state, _):
        after = memory.update_together(state)
        lyapunov = -jnp.sum(after * jnp.matvec(memory.matrix, state), axis=-1)
        return after, (state, lyapunov, memory.energy(state))

    return jax.lax.scan(step, start, None, _STEPS)[1]
