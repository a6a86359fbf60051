"""What a memory recalls of a stream of pairs, while it is written and afterwards."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.memories.base import Memory
from fastweights.theory.samples import Pairs


@jax.jit
def errors_along(
    memory: Memory, keys: Float[Array, "pairs key batch"], values: Float[Array, "pairs value batch"]
) -> Float[Array, "written pairs batch"]:
    """After each write the squared error ‖answer − value‖² of every pair, including those not yet stored.

    For memories of fixed size: the stream is one scan.
    """

    def add(memory, pair):
        memory = memory.write(*pair)
        return memory, jnp.sum((jax.vmap(memory.read)(keys) - values) ** 2, axis=1)

    return jax.lax.scan(add, memory, (keys, values))[1]


def of_stored(errors: Float[Array, "written pairs batch"]) -> Float[Array, "written batch"]:
    """After each write the mean error of the pairs stored so far."""
    numbers = jnp.arange(len(errors))
    stored = (numbers[:, None] >= numbers)[..., None]
    return jnp.sum(jnp.where(stored, errors, 0), axis=1) / (numbers[:, None] + 1)


def mean_errors(memory: Memory, keys: Pairs, values: Pairs) -> Float[np.ndarray, "written batch"]:
    """After each write the mean squared error of the pairs stored so far, for a memory of fixed size."""
    return np.asarray(of_stored(errors_along(memory, keys, values)))


@jax.jit
def recalled(
    memory: Memory, keys: Float[Array, "pairs key batch"], values: Float[Array, "pairs value batch"]
) -> Float[Array, "pairs value batch"]:
    """The memory's answer to each key once all pairs are stored."""
    return jax.vmap(memory.store(keys, values).read)(keys)
