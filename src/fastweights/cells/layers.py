"""What several cells share: layer normalisation, initial weights, limits of sizes."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float

from fastweights.errors import check


class Norms(NamedTuple):
    """Gains and biases of several layer normalisations."""

    gains: Float[Array, "sets hidden"]
    biases: Float[Array, "sets hidden"]


def layer_norm(
    x: Float[Array, "*batch units"],
    gain: Float[Array, " units"],
    bias: Float[Array, " units"],
    epsilon: float = 1e-5,
) -> Float[Array, "*batch units"]:
    """LN[x] = gain · (x − μ) / √(σ² + ε) + bias, with μ and σ² over the units.

    Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450, equations 3 and 4.
    """
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean(centred * centred, axis=-1, keepdims=True)
    return gain * (centred * lax.rsqrt(variance + epsilon)) + bias


def uniform(key: Array, shape: tuple[int, ...], fan: int, scale: float = 1.0) -> Array:
    """Weights drawn uniformly from ± scale / √fan.

    Source: Ba et al. 2016, appendix; the printed bound ±√H cannot be meant, ±1/√H is the usual one.
    """
    bound = scale / fan**0.5
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)


def check_sizes(input_size: int, hidden_size: int, multiple: int = 1) -> None:
    """Raise InvalidValueError unless both sizes are at least 1, and hidden_size is such a multiple."""
    check(input_size >= 1, f"input_size must be at least 1; got {input_size}")
    check(hidden_size >= 1, f"hidden_size must be at least 1; got {hidden_size}")
    check(hidden_size % multiple == 0, f"hidden_size must be a multiple of {multiple}; got {hidden_size}")
