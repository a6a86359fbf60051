"""The modern Hopfield network with continuous states: attention as a memory."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.errors import check
from fastweights.memories.base import EnergyMemory, StoredPairs, check_sizes, contract
from fastweights.numerics import is_known
from fastweights.registry import register_memory
from fastweights.types import Scalar


@register_memory("softmax-hopfield", source="Ramsauer et al. 2020, arXiv:2008.02217")
class SoftmaxHopfield(StoredPairs, EnergyMemory):
    """V softmax(β Kᵀ q) on reading, for the keys K = (k_1 … k_N) and values V = (v_1 … v_N) written so far.

    This is attention; with values that are the keys, the update of a state ξ ← K softmax(β Kᵀ ξ) never raises
    E(ξ) = −lse(β, Kᵀ ξ) + ½ ξᵀξ + (ln N)/β + ½ max_n ‖k_n‖², where lse(β, z) = (1/β) ln Σ_n exp(β z_n).

    Shapes: keys (n, key, batch), values (n, value, batch); a write lengthens both, so this memory is for
    unrolled programs. The inverse temperature β > 0 is a scalar.
    Raises: InvalidValueError if a size is below 1, β is not positive and finite, a shape is wrong, or it is
    read while nothing is stored.
    Source: Ramsauer et al. 2020, arXiv:2008.02217, equations 1 to 3 and 10.
    """

    keys: Float[Array, "stored key batch"]
    values: Float[Array, "stored value batch"]
    inverse_temperature: Scalar

    @classmethod
    def empty(
        cls, key_size: int, value_size: int, batch: int, inverse_temperature: Scalar | float = 8.0
    ) -> "SoftmaxHopfield":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size, batch)
        if is_known(inverse_temperature):
            good = 0 < float(inverse_temperature) < float("inf")
            check(good, f"inverse_temperature must be positive and finite; got {inverse_temperature}")
        keys, values = jnp.zeros((0, key_size, batch)), jnp.zeros((0, value_size, batch))
        return cls(keys, values, jnp.asarray(inverse_temperature, keys.dtype))

    def write(self, key: Float[Array, "key batch"], value: Float[Array, "value batch"]) -> "SoftmaxHopfield":
        key, value = self.checked_pair(key, value)
        return SoftmaxHopfield._store(self, key[None], value[None])

    def _store(
        self, keys: Float[Array, "pairs key batch"], values: Float[Array, "pairs value batch"]
    ) -> "SoftmaxHopfield":
        return SoftmaxHopfield(
            jnp.concatenate([self.keys, keys]),
            jnp.concatenate([self.values, values]),
            self.inverse_temperature,
        )

    def read(self, query: Float[Array, "key batch"]) -> Float[Array, "value batch"]:
        """V softmax(β Kᵀ q): one update, and the values at the place of the keys."""
        return contract(self.values, self.attention(query))

    def update(self, state: Float[Array, "key batch"]) -> Float[Array, "key batch"]:
        """ξ ← K softmax(β Kᵀ ξ)."""
        return contract(self.keys, self.attention(state))

    def attention(self, query: Float[Array, "key batch"]) -> Float[Array, "stored batch"]:
        """softmax(β Kᵀ q): how much each stored pair counts."""
        return jax.nn.softmax(self._scores(query), axis=0)

    def energy(self, state: Float[Array, "key batch"]) -> Float[Array, " batch"]:
        """E(ξ), between 0 and 2 max_n ‖k_n‖² for states in the keys' convex hull."""
        state = self.checked_query(state)
        beta, largest = self.inverse_temperature, jnp.max(jnp.sum(self.keys**2, axis=1), axis=0)
        attracted = (jax.nn.logsumexp(self._scores(state), axis=0) - jnp.log(len(self.keys))) / beta
        return -attracted + (jnp.sum(state**2, axis=0) + largest) / 2

    def _scores(self, query: Float[Array, "key batch"]) -> Float[Array, "stored batch"]:
        check(len(self.keys) > 0, "nothing is stored: a softmax over no pairs has no value")
        query = self.checked_query(query)
        return self.inverse_temperature * contract(self.keys.swapaxes(0, 1), query)
