"""How much of a memory is kept at each step."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fastweights.cells.layers import uniform
from fastweights.cells.programmers.options import ProgrammerOptions


def retention(heads: int) -> np.ndarray:
    """1 − 2^(−5−h) for head h = 0, 1, …

    Source: Sun et al. 2023, arXiv:2307.08621, equation 8.
    """
    return 1 - 2.0 ** (-5 - np.arange(heads))


class ExponentialDecay(eqx.Module):
    """a = exp(−exp(rate) softplus(x + bias)), for each head, or each unit of its keys.

    For heads, exp(rate) is drawn from U(0, 16) and softplus(bias) log-uniformly from [0.001, 0.1], as gated
    DeltaNet does; for units, exp(rate) from U(1, 16) for each head, and the bias is 0, as in KDA.

    Shapes: x and a (heads, gates), rate (heads,), bias (heads, gates).
    Source: Yang, Kautz & Hatamizadeh 2024, arXiv:2412.06464, after Dao & Gu 2024, arXiv:2405.21060; KDA: Kimi
    Team 2025, arXiv:2510.26692. The initial values are those of their reference implementations.
    """

    rate: Float[Array, " heads"]
    bias: Float[Array, "heads gates"]

    def __init__(self, heads: int, gates: int, *, of_units: bool, key: Array) -> None:
        rate_key, bias_key = jax.random.split(key)
        least = 1.0 if of_units else 1e-6
        self.rate = jnp.log(jax.random.uniform(rate_key, (heads,), minval=least, maxval=16.0))
        self.bias = jnp.zeros((heads, gates))
        if not of_units:
            bounds = np.log(1e-3), np.log(0.1)
            step = jnp.exp(jax.random.uniform(bias_key, (heads, gates), minval=bounds[0], maxval=bounds[1]))
            self.bias = step + jnp.log(-jnp.expm1(-step))  # the inverse of softplus

    def __call__(self, x: Float[Array, "heads gates"]) -> Float[Array, "heads gates"]:
        rate = jnp.exp(self.rate.astype(x.dtype))[:, None]
        return jnp.exp(-rate * jax.nn.softplus(x + self.bias))


class SigmoidDecay(eqx.Module):
    """a = σ(x + bias)^(1/16); the bias is uniform in ± 1/√rank.

    Shapes: x, a and bias (heads, gates).
    Source: Yang, Wang, Shen, Panda & Kim 2023, arXiv:2312.06635, section 4.4.
    """

    bias: Float[Array, "heads gates"]

    def __init__(self, heads: int, gates: int, *, fan: int, key: Array) -> None:
        self.bias = uniform(key, (heads, gates), fan)

    def __call__(self, x: Float[Array, "heads gates"]) -> Float[Array, "heads gates"]:
        return jnp.exp(jax.nn.log_sigmoid(x + self.bias) / 16)


def decay_of(options: ProgrammerOptions, gates: int, input_size: int, *, key: Array) -> Any:
    """What makes a head's decays of a projection, or None where there are none."""
    if not gates:
        return None
    if options.decay_map == "exponential":
        return ExponentialDecay(options.heads, gates, of_units=options.decay == "vector", key=key)
    return SigmoidDecay(options.heads, gates, fan=options.decay_rank or input_size, key=key)
