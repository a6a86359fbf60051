"""How many pairs a memory of 32 units can hold, by write rule.

    python examples/memory_capacity.py

stores 4 to 64 pairs of random unit keys and values, reads each value back with its key, and prints the
relative squared error of each write rule, averaged over 1,000 memories. Hebb's rule suffers from crosstalk
from the start: its error averages (pairs − 1) / 32. The pseudo-inverse recalls without error up to 32
pairs, one per unit. The decaying memory retains the most recent pairs only.
"""

import jax
import jax.numpy as jnp

from fastweights.memories import DecayingMatrix, DeltaRule, OuterProduct, PseudoInverse

UNITS, MEMORIES, COUNTS = 32, 1000, (4, 8, 16, 32, 64)
EMPTY = {
    "Hebb": OuterProduct.empty(UNITS, UNITS),
    "decaying, λ = 0.9": DecayingMatrix.empty(UNITS, UNITS, decay=0.9, write_rate=1.0),
    "delta rule": DeltaRule.empty(UNITS, UNITS),
    "pseudo-inverse": PseudoInverse.empty(UNITS, UNITS),
}


def random_unit_vectors(key):
    """(pairs, memories, units), each of length 1."""
    x = jax.random.normal(key, (max(COUNTS), MEMORIES, UNITS))
    return x / jnp.linalg.norm(x, axis=-1, keepdims=True)


def recall_error(memory, keys, values):
    """‖v − M k‖² / ‖v‖², averaged over the pairs and the memories."""
    answers = memory.store(keys, values).read(keys)
    return float(jnp.mean(jnp.sum((answers - values) ** 2, axis=-1)))


all_keys, all_values = map(random_unit_vectors, jax.random.split(jax.random.key(0)))
print("pairs  " + "  ".join(f"{name:>17}" for name in EMPTY))
for pairs in COUNTS:
    errors = [recall_error(memory, all_keys[:pairs], all_values[:pairs]) for memory in EMPTY.values()]
    print(f"{pairs:5d}  " + "  ".join(f"{error:17.3f}" for error in errors))
