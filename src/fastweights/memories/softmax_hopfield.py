"""The modern Hopfield network with continuous states: attention as a memory."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.errors import check, check_positive
from fastweights.memories.base import EnergyMemory, StoredPairs, as_scalar, check_sizes
from fastweights.registry import register_memory
from fastweights.types import Scalar


@register_memory("softmax-hopfield", source="Ramsauer et al. 2020, arXiv:2008.02217")
class SoftmaxHopfield(StoredPairs, EnergyMemory):
    """V softmax(β Kᵀ q) on reading, for the keys K = (k_1 … k_N) and values V = (v_1 … v_N) written so far.

    This is attention; with values that are the keys, the update of a state ξ ← K softmax(β Kᵀ ξ) never raises
    E(ξ) = −lse(β, Kᵀ ξ) + ½ ξᵀξ + (ln N)/β + ½ max_n ‖k_n‖², where lse(β, z) = (1/β) ln Σ_n exp(β z_n).

    Shapes: keys (..., n, key), values (..., n, value), inverse temperature β > 0 (...); a write lengthens
    keys and values, so this memory is for unrolled programs.
    Raises: InvalidValueError if a size is below 1, β is not positive and finite, a shape is wrong, or it is
    read while nothing is stored.
    Source: Ramsauer et al. 2020, arXiv:2008.02217, equations 1 to 3 and 10.
    """

    keys: Float[Array, "... stored key"]
    values: Float[Array, "... stored value"]
    inverse_temperature: Float[Array, "..."]

    @classmethod
    def empty(
        cls, key_size: int, value_size: int, inverse_temperature: Scalar | float = 8.0
    ) -> "SoftmaxHopfield":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size)
        beta = as_scalar("inverse_temperature", inverse_temperature, check_positive)
        return cls(jnp.zeros((0, key_size)), jnp.zeros((0, value_size)), beta)

    def read(self, query: Float[Array, "... key"]) -> Float[Array, "... value"]:
        """V softmax(β Kᵀ q): one update, and the values at the place of the keys."""
        return jnp.vecmat(self.attention(query), self.values)

    def update(self, state: Float[Array, "... key"]) -> Float[Array, "... key"]:
        """ξ ← K softmax(β Kᵀ ξ)."""
        return jnp.vecmat(self.attention(state), self.keys)

    def attention(self, query: Float[Array, "... key"]) -> Float[Array, "... stored"]:
        """softmax(β Kᵀ q): how much each stored pair counts."""
        return jax.nn.softmax(self._scores(query))

    def energy(self, state: Float[Array, "... key"]) -> Float[Array, "..."]:
        """E(ξ), between 0 and 2 max_n ‖k_n‖² for states in the keys' convex hull."""
        state = self.checked_query(state)
        largest = jnp.max(jnp.sum(self.keys**2, axis=-1), axis=-1)
        attracted = jax.nn.logsumexp(self._scores(state), axis=-1) - jnp.log(self.keys.shape[-2])
        return -attracted / self.inverse_temperature + (jnp.sum(state**2, axis=-1) + largest) / 2

    def _scores(self, query: Float[Array, "... key"]) -> Float[Array, "... stored"]:
        check(self.keys.shape[-2] > 0, "nothing is stored: a softmax over no pairs has no value")
        return self.inverse_temperature[..., None] * jnp.matvec(self.keys, self.checked_query(query))
