"""What a memory knows of a stream of pairs while it is written."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.memories.base import Memory


@jax.jit
def errors_along(
    memory: Memory, keys: Float[Array, "pairs key batch"], values: Float[Array, "pairs value batch"]
) -> Float[Array, "written pairs batch"]:
    """After each write the squared error ‖answer − value‖² of every pair, whether it is stored by then or
    not.

    For memories that keep their size: the stream is one scan.
    """

    def add(memory, pair):
        memory = memory.write(*pair)
        return memory, jnp.sum((jax.vmap(memory.read)(keys) - values) ** 2, axis=1)

    return jax.lax.scan(add, memory, (keys, values))[1]


def of_stored(errors: Float[Array, "written pairs batch"]) -> Float[Array, "written batch"]:
    """The mean error of the pairs that are stored by then."""
    numbers = jnp.arange(len(errors))
    stored = (numbers[:, None] >= numbers)[..., None]
    return jnp.sum(jnp.where(stored, errors, 0), axis=1) / (numbers[:, None] + 1)
