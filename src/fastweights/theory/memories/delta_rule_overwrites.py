"""Two values under one key: the delta rule keeps the second, Hebb's rule the sum."""

from dataclasses import dataclass

import jax
import numpy as np
from jax import Array
from scipy.linalg import hadamard

from fastweights import registry
from fastweights.memories.base import Memory
from fastweights.registry import register_check
from fastweights.theory.check import Check, Finding, Quantity

_KEY, _VALUE, _BATCH = 16, 5, 3


@register_check(
    "delta-rule-overwrites", source="Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, section 4.2"
)
@dataclass(frozen=True)
class DeltaRuleOverwrites(Check):
    """After v under k and then v′ under k, with ‖k‖ = 1: the delta rule at β = 1 answers v′, Hebb's rule v +
    v′, the decaying memory λ v + v′. What lies under an orthogonal key is untouched by all but the decay.

    Keys have entries ±¼, values are whole numbers and λ = ½, so that every number is a multiple of 2⁻⁶ below
    2⁵³: nothing is rounded, and the differences must be 0."""

    statement = "The delta rule overwrites the value of a key, where Hebb's rule adds to it."

    overwriting: str = "delta-rule"
    """The name of the memory that is to overwrite."""

    adding: str = "outer-product"
    """The name of the memory that is to add."""

    def examine(self) -> Finding:
        """Two values under one key, a third value under another."""
        rng = np.random.default_rng(0)
        old, new, other = rng.integers(-9, 10, (3, _VALUE, _BATCH)).astype(float)
        columns = hadamard(_KEY).T.astype(float) / 4
        key, aside = (np.repeat(columns[i][:, None], _BATCH, axis=1) for i in (5, 11))
        keys, values = np.stack([aside, key, key]), np.stack([other, old, new])

        def differences(memory: Memory, expected: np.ndarray, expected_aside: np.ndarray) -> float:
            at_key, at_aside = (np.asarray(a) for a in _answers(memory, keys, values))
            return float(max(np.max(abs(at_key - expected)), np.max(abs(at_aside - expected_aside))))

        def empty(name: str, *numbers: float) -> Memory:
            return registry.memories[name].empty(_KEY, _VALUE, _BATCH, *numbers)

        decaying = differences(empty("decaying", 0.5, 1.0), 0.5 * old + new, 0.25 * other)
        return Finding(
            (
                Quantity(
                    "delta rule: answers against v′",
                    differences(empty(self.overwriting), new, other),
                    highest=0.0,
                ),
                Quantity(
                    "Hebb: answers against v + v′",
                    differences(empty(self.adding), old + new, other),
                    highest=0.0,
                ),
                Quantity("decaying: answers against λ v + v′", decaying, highest=0.0),
            )
        )


@jax.jit
def _answers(memory: Memory, keys: Array, values: Array) -> tuple[Array, Array]:
    memory = memory.store(keys, values)
    return memory.read(keys[-1]), memory.read(keys[0])
