"""Two values under one key: the delta rule keeps the second, Hebb's rule the sum."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from scipy.linalg import hadamard

from fastweights import registry
from fastweights.memories import DecayingMatrix, Memory
from fastweights.theory import Check, Finding, Quantity, register_check

_KEY, _VALUE = 16, 5


@register_check(
    "delta-rule-overwrites", source="Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, section 4.2"
)
class DeltaRuleOverwrites(Check):
    """After v under k and then v′ under k, with ‖k‖ = 1: the delta rule at β = 1 answers v′, Hebb's rule
    v + v′, the decaying memory λ v + v′. The value of an orthogonal key is changed by nothing but the
    decay.

    Keys have entries ±¼, values are whole numbers and λ = ½, so that every number is a multiple of 2⁻⁶
    below 2⁵³: nothing is rounded, and the differences must be 0."""

    statement = "The delta rule overwrites the value of a key, where Hebb's rule adds to it."

    overwriting: str = "delta-rule"
    """The name of the memory that should overwrite."""

    decayed: Callable[[float, np.ndarray, np.ndarray], np.ndarray] = lambda decay, old, new: decay * old + new
    """What the decaying memory answers, given λ and both values under a key."""

    adding: str = "outer-product"
    """The name of the memory that should add."""

    def examine(self) -> Finding:
        """Two values under one key, a third value under another."""
        rng = np.random.default_rng(0)
        old, new, other = rng.integers(-9, 10, (3, _VALUE)).astype(float)
        key, aside = hadamard(_KEY)[[5, 11]] / 4
        keys, values = jnp.stack([aside, key, key]), jnp.stack([other, old, new])

        def difference(memory: Memory, *expected: np.ndarray) -> float:
            """Of the answers under both keys, the other one's first."""
            return float(jnp.max(abs(memory.store(keys, values).read(keys[:2]) - jnp.stack(expected))))

        delta, hebb = (
            registry.memories[name].empty(_KEY, _VALUE) for name in (self.overwriting, self.adding)
        )
        twice = self.decayed(0.5, self.decayed(0.5, other, 0 * other), 0 * other)
        decaying = DecayingMatrix.empty(_KEY, _VALUE, 0.5, 1.0)
        return Finding(
            Quantity("delta rule: answers against v′", difference(delta, other, new), highest=0),
            Quantity("Hebb: answers against v + v′", difference(hebb, other, old + new), highest=0),
            Quantity(
                "decaying: answers against λ v + v′",
                difference(decaying, twice, self.decayed(0.5, old, new)),
                highest=0,
            ),
        )
