"""What a memory recalls of a stream of pairs, while it is written and afterwards; a stream for each seed."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.memories.base import Memory
from fastweights.theory.samples import Pairs, for_each_seed, mean_of_stored


@for_each_seed
def errors_along(
    memory: Memory, keys: Float[Array, "pairs key"], values: Float[Array, "pairs value"]
) -> Float[Array, "written pairs"]:
    """After each write the squared error ‖answer − value‖² of every pair, including those not yet stored.

    For memories of fixed size: the stream is one scan.
    """

    def add(memory, pair):
        memory = memory.write(*pair)
        return memory, jnp.sum((memory.read(keys) - values) ** 2, axis=-1)

    return jax.lax.scan(add, memory, (keys, values))[1]


def mean_errors(memory: Memory, keys: Pairs, values: Pairs) -> Float[np.ndarray, "seeds written"]:
    """After each write the mean squared error of the pairs stored so far, for a memory of fixed size."""
    return mean_of_stored(errors_along(memory, keys, values))


@for_each_seed
def recalled(
    memory: Memory, keys: Float[Array, "pairs key"], values: Float[Array, "pairs value"]
) -> Float[Array, "pairs value"]:
    """The memory's answer to each key once all pairs are stored."""
    return memory.store(keys, values).read(keys)
