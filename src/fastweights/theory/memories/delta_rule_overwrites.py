"""Two values under one key: the delta rule keeps the second, Hebb's rule the sum."""

import numpy as np
from scipy.linalg import hadamard

from fastweights import registry
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.memories.streams import recalled

_KEY, _VALUE, _BATCH = 16, 5, 3


@register_check(
    "delta-rule-overwrites", source="Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, section 4.2"
)
class DeltaRuleOverwrites(Check):
    """After v under k and then v′ under k, with ‖k‖ = 1: the delta rule at β = 1 answers v′, Hebb's rule v +
    v′, the decaying memory λ v + v′. The value of an orthogonal key is changed by nothing but the decay.

    Keys have entries ±¼, values are whole numbers and λ = ½, so that every number is a multiple of 2⁻⁶ below
    2⁵³: nothing is rounded, and the differences must be 0."""

    statement = "The delta rule overwrites the value of a key, where Hebb's rule adds to it."

    overwriting: str = "delta-rule"
    """The name of the memory that should overwrite."""

    adding: str = "outer-product"
    """The name of the memory that should add."""

    def examine(self) -> Finding:
        """Two values under one key, a third value under another."""
        rng = np.random.default_rng(0)
        old, new, other = rng.integers(-9, 10, (3, _VALUE, _BATCH)).astype(float)
        columns = hadamard(_KEY).T.astype(float) / 4
        key, aside = (np.repeat(columns[i][:, None], _BATCH, axis=1) for i in (5, 11))
        keys, values = np.stack([aside, key, key]), np.stack([other, old, new])

        def difference(name: str, expected: np.ndarray, aside: np.ndarray, *numbers: float) -> float:
            memory = registry.memories[name].empty(_KEY, _VALUE, _BATCH, *numbers)
            answers = np.asarray(recalled(memory, keys, values))
            return float(np.max(abs(answers[[0, 2]] - np.stack([aside, expected]))))

        overwritten = difference(self.overwriting, new, other)
        added = difference(self.adding, old + new, other)
        decayed = difference("decaying", 0.5 * old + new, 0.25 * other, 0.5, 1.0)
        return Finding(
            Quantity("delta rule: answers against v′", overwritten, highest=0),
            Quantity("Hebb: answers against v + v′", added, highest=0),
            Quantity("decaying: answers against λ v + v′", decayed, highest=0),
        )
