"""What a write leaves of the value that a key had before."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from fastweights.memories import DeltaRule, OuterProduct
from fastweights.theory import Check, Finding, Quantity, register_check

_KEY, _VALUE, _WRITES = 4, 3, 3
_RATES = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
_LENGTHS = (0.5, 1.0, 1.5)


def remains(rate: float, length: float) -> float:
    """1 − β ‖k‖²: the factor of the old value under the key."""
    return 1 - rate * length**2


def arrives(rate: float, length: float) -> float:
    """β ‖k‖²: the factor of the new one."""
    return rate * length**2


def arrives_with_hebb(length: float) -> float:
    """‖k‖²."""
    return length**2


@register_check(
    "remaining-value", source="Widrow & Hoff 1960; Schlag et al. 2021, arXiv:2102.11174, section 4.2"
)
class RemainingValue(Check):
    """Reading S k before and after v is written under k: the delta rule makes S k into (1 − β‖k‖²) S k +
    β‖k‖² v, also when it writes again; Hebb's rule makes it S k + ‖k‖² v. At β‖k‖² = 1, v is what is read.

    Keys are ½, 1 or 3/2 times (½, ½, −½, ½), rates multiples of ¼ and values whole numbers: nothing is
    rounded, and the differences must be 0."""

    statement = "A delta write leaves (1 − β‖k‖²) of a key's old value, Hebb's rule all of it."

    remains: Callable[[float, float], float] = remains
    """The factor of what was there, given β and ‖k‖."""

    arrives: Callable[[float, float], float] = arrives
    """The factor of what is written."""

    remains_with_hebb: float = 1.0
    """Nothing is taken away."""

    arrives_with_hebb: Callable[[float], float] = arrives_with_hebb

    overwriting_rate: float = 1.0
    """The β that overwrites exactly, for ‖k‖ = 1."""

    def examine(self) -> Finding:
        """Three writes under one key, for six rates and three lengths of the key."""
        rng = np.random.default_rng(0)
        held = rng.integers(-9, 10, (_VALUE, _KEY)).astype(float)
        values = rng.integers(-9, 10, (_WRITES, _VALUE)).astype(float)
        direction = np.array([0.5, 0.5, -0.5, 0.5])
        off_delta, off_hebb = [], []
        for length in _LENGTHS:
            key = length * direction
            for rate in _RATES:
                memory, expected = DeltaRule(jnp.asarray(held), jnp.asarray(rate)), held @ key
                for value in values:
                    memory = memory.write(jnp.asarray(key), jnp.asarray(value))
                    expected = self.remains(rate, length) * expected + self.arrives(rate, length) * value
                    off_delta.append(np.max(abs(memory.read(jnp.asarray(key)) - expected)))
            hebb = OuterProduct(jnp.asarray(held)).write(jnp.asarray(key), jnp.asarray(values[0]))
            expected = self.remains_with_hebb * (held @ key) + self.arrives_with_hebb(length) * values[0]
            off_hebb.append(np.max(abs(hebb.read(jnp.asarray(key)) - expected)))
        whole = DeltaRule(jnp.asarray(held), jnp.asarray(self.overwriting_rate))
        read = whole.write(jnp.asarray(direction), jnp.asarray(values[0])).read(jnp.asarray(direction))
        return Finding(
            Quantity("delta rule: largest difference", np.max(off_delta), 0, 0),
            Quantity("Hebb's rule: largest difference", np.max(off_hebb), 0, 0),
            Quantity("unit key, β = 1: difference from v", np.max(abs(read - values[0])), 0, 0),
        )
