"""The limit cycles of synchronous recall."""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.memories import Hopfield
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.samples import mirrored, signs

_NETWORKS, _UNITS, _STEPS = 200, 24, 100
_FEW, _WEIGHTS, _FEW_STEPS = 4, (-2, -1, 0, 1, 2), 20

Weights = Float[np.ndarray, "networks units units"]


def symmetric(rng: np.random.Generator) -> Weights:
    """W = Wᵀ of odd numbers, with a zero diagonal: a field is a sum of 23 odd numbers and so never 0."""
    return mirrored(2 * rng.integers(-20, 20, (_NETWORKS, _UNITS, _UNITS)) + 1.0)


def every_few() -> Weights:
    """All symmetric W of four units with a zero diagonal and weights from −2 to 2: many fields are 0."""
    places = np.triu_indices(_FEW, 1)
    drawn = np.array(list(itertools.product(_WEIGHTS, repeat=len(places[0]))), float)
    weights = np.zeros((len(drawn), _FEW, _FEW))
    weights[:, *places] = drawn
    return mirrored(weights)


def staying(field: Any, state: Any) -> Any:
    """(W + ½ I) x, given W x and x: for whole numbers its sign is that of W x, and where that is 0, x."""
    return field + state / 2  # survives: every self-coupling between 0 and 1 has these signs


def change(field: Any) -> Any:
    """−2 |field|: what a unit with x(t + 1) ≠ x(t − 1) contributes to L(t + 1) − L(t)."""
    return -2 * abs(field)


class Recall(NamedTuple):
    """Of all networks and starts after each step."""

    states: np.ndarray
    changes: np.ndarray
    """L(t + 1) − L(t)."""
    formula: np.ndarray
    """The same by formula."""
    plain: np.ndarray
    """The same with W in place of W + ½ I."""
    turned: np.ndarray
    """The number of units with x(t + 1) ≠ x(t − 1)."""
    energies: np.ndarray


@register_check("hopfield-cycles", source="Goles, Fogelman & Pellegrin 1985; Little 1974")
class HopfieldCycles(Check):
    """With W = Wᵀ of whole numbers, synchronous recall changes L(t) = −x(t)ᵀ (W + ½ I) x(t − 1) by −2 Σ |(W
    x(t) + ½ x(t))_i|, summed over the units with x_i(t + 1) ≠ x_i(t − 1): no term is 0, so that every step
    with x(t + 1) ≠ x(t − 1) lowers L, and recall ends with x(t + 1) = x(t − 1): at a fixed point or between
    two states. The energy −½ xᵀ W x may rise on the way.

    The ½ stands for "a unit stays where its field is 0": without it a step with x(t + 1) ≠ x(t − 1) can leave
    L as it is. That must happen, and so must fixed points and cycles of two, or the networks would show
    nothing. Large networks with odd weights, where no field is 0; and all networks of four units with weights
    from −2 to 2, from all states. Everything is a multiple of ½ and exact.
    """

    statement = "Synchronous recall with symmetric weights ends in a cycle of at most two states."

    weights: Callable[[np.random.Generator], Weights] = symmetric
    """The large networks' weights, odd numbers."""

    staying: Callable[[Any, Any], Any] = staying
    """What a unit takes the sign of, given its field and state."""

    change: Callable[[Any], Any] = change
    """A unit's part of the change of L, given what it takes the sign of."""

    def examine(self) -> Finding:
        """A hundred steps of 200 networks from random states; twenty of all small ones from all states."""
        rng = np.random.default_rng(0)
        large = jnp.asarray(self.weights(rng)), jnp.asarray(signs(rng, _NETWORKS, _UNITS))
        every = np.array(list(itertools.product((-1.0, 1.0), repeat=_FEW)))
        weights = every_few()
        starts = np.broadcast_to(every, (len(weights), *every.shape))
        small = jnp.asarray(weights[:, None]), jnp.asarray(starts)
        quantities = []
        for name, networks, steps in (("large", large, _STEPS), ("small", small, _FEW_STEPS)):
            recall = self._recall(*networks, steps)
            quantities += _ends(name, recall)
            if name == "large":
                quantities.append(Quantity("largest rise of −½ xᵀ W x", _rise(recall.energies), lowest=1))
            else:
                tied = np.sum((recall.plain == 0) & (recall.turned > 0))
                quantities.append(
                    Quantity(
                        "small: steps with x(t + 1) ≠ x(t − 1) that leave −x(t)ᵀ W x(t − 1)", tied, lowest=1
                    )
                )
        return Finding(*quantities)

    def _recall(self, weights: Array, start: Array, steps: int) -> Recall:
        memory = Hopfield(weights)

        def fields(state):
            return jnp.einsum("...ij,...j->...i", weights, state, precision="highest")

        def step(carry, _):
            before, state = carry
            after = memory.update_together(state)
            field = fields(state)
            held, held_before = self.staying(field, state), self.staying(fields(before), before)
            turned = after != before
            changes = jnp.sum(state * held_before - after * held, axis=-1)
            plain = jnp.sum(state * fields(before) - after * field, axis=-1)
            formula = jnp.sum(jnp.where(turned, self.change(held), 0), axis=-1)
            return (state, after), (after, changes, formula, plain, turned.sum(-1), memory.energy(after))

        first = memory.update_together(start)
        return Recall(
            *map(np.asarray, jax.jit(lambda s: jax.lax.scan(step, s, None, steps)[1])((start, first)))
        )


def _ends(name: str, recall: Recall) -> list[Quantity]:
    """How recall ends, and what happens to L."""
    states = recall.states
    moving, longer = (np.any(states[-1] != states[-1 - back], axis=-1) for back in (1, 2))
    off = np.abs(recall.changes - recall.formula).max()
    left = np.max(recall.changes[recall.turned > 0])
    return [
        Quantity(f"{name}: recalls in a longer cycle, or in none yet", longer.sum(), highest=0),
        Quantity(f"{name}: recalls that end at a fixed point", np.sum(~moving), lowest=1),
        Quantity(f"{name}: recalls that end between two states", np.sum(moving & ~longer), lowest=1),
        Quantity(f"{name}: change of L against its formula", off, highest=0),
        Quantity(f"{name}: largest change of L in a step with x(t + 1) ≠ x(t − 1)", left, highest=-1),
    ]


def _rise(energies: np.ndarray) -> float:
    return float(np.diff(energies, axis=0).max())
