"""What is done to keys and queries before they meet the memory."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.cells.programmers.options import ProgrammerOptions
from fastweights.memories.linear_attention import elu_plus_one

_EPSILON = 1e-6

Map = Callable[[Float[Array, "... key"]], Float[Array, "... key"]]


def dpfp(x: Float[Array, "... key"], order: int) -> Float[Array, "... features"]:
    """φ(x) = concat_{j = 1 … ν} z ⊙ roll(z, j), z = [relu(x); relu(−x)]: 2 d ν features of d units.

    For ν < 2 d a memory keeps no more keys apart than 2 d min(ν, d − 1): the features of j = d are 0, since
    relu(x) relu(−x) is, and those of j > d are those of 2 d − j once more.

    Source: Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, equations 37 and 38.
    """
    z = jnp.concatenate([jax.nn.relu(x), jax.nn.relu(-x)], axis=-1)
    return jnp.concatenate([z * jnp.roll(z, j, axis=-1) for j in range(1, order + 1)], axis=-1)


_MAPS: dict[str, Map] = {
    "identity": lambda x: x,
    "elu": elu_plus_one,
    "relu": jax.nn.relu,
    "silu": jax.nn.silu,
    "softmax": jax.nn.softmax,
}

_NORMS: dict[str, Map] = {
    "none": lambda x: x,
    "l2": lambda x: x * jax.lax.rsqrt(jnp.sum(x * x, axis=-1, keepdims=True) + _EPSILON),
    "sum": lambda x: x / (jnp.sum(x, axis=-1, keepdims=True) + _EPSILON),
}


def features(x: Float[Array, "... key"], options: ProgrammerOptions) -> Float[Array, "... features"]:
    """The key or query that the memory meets: mapped, then normalised."""
    mapped = dpfp(x, options.dpfp_order) if options.key_map == "dpfp" else _MAPS[options.key_map](x)
    return _NORMS[options.key_norm](mapped)


def num_features(key_size: int, options: ProgrammerOptions) -> int:
    """How many `features` there are of so many units."""
    return key_size * (2 * options.dpfp_order if options.key_map == "dpfp" else 1)
