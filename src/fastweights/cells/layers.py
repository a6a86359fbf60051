"""What several cells share: affine maps, layer normalisation, initial weights."""

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float

from fastweights.numerics import sum_units


def layer_norm(
    x: Float[Array, "units batch"],
    gain: Float[Array, "units #batch"],
    bias: Float[Array, "units #batch"],
    epsilon: float = 1e-5,
) -> Float[Array, "units batch"]:
    """LN[x] = gain · (x − μ) / √(σ² + ε) + bias, with μ and σ² over the units of each column.

    Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450, equations 3 and 4.
    """
    units = x.shape[0]
    centred = x - sum_units(x) / units
    variance = sum_units(centred * centred) / units
    return gain * (centred * lax.rsqrt(variance + epsilon)) + bias


def uniform(key: Array, shape: tuple[int, ...], fan: int, scale: float = 1.0) -> Array:
    """Weights drawn uniformly from ± scale / √fan.

    Source: Ba et al. 2016, appendix; the printed bound ±√H cannot be meant, ±1/√H is the usual one.
    """
    bound = scale / fan**0.5
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)


def affine(
    weight: Float[Array, "out in"], x: Float[Array, "in *columns"], bias: Float[Array, " out"] | None = None
) -> Float[Array, "out *columns"]:
    """weight x + bias for every column of `x`, however many column axes there are."""
    product = jnp.tensordot(weight, x, axes=1)
    return product if bias is None else product + bias.reshape(-1, *[1] * (x.ndim - 1))
