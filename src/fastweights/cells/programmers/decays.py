"""How much of a memory is kept at each step."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fastweights.cells.layers import uniform
from fastweights.cells.programmers.options import RuledOptions
from fastweights.cells.programmers.parts import least_rate


def retention(heads: int) -> np.ndarray:
    """1 − 2^(−5−h) for head h = 0, 1, …

    Source: Sun et al. 2023, arXiv:2307.08621, equation 8.
    """
    return 1 - 2.0 ** (-5 - np.arange(heads))


class ExponentialDecay(eqx.Module):
    """a = exp(−exp(rate) Δ) of the step Δ = softplus(x + bias), for each head, or each unit of its keys.

    exp(rate) is drawn from U(`least_rate`, 16) for each head; the bias is such that Δ is log-uniform in
    [0.001, 0.1] where x is 0.

    Shapes: x, Δ and a (heads, gates), rate (heads,), bias (heads, gates).
    Source: Dao & Gu 2024, arXiv:2405.21060; the initial values are those of the reference implementations.
    """

    undecayed: ClassVar[tuple[str, ...]] = ("rate", "bias")

    rate: Float[Array, " heads"]
    bias: Float[Array, "heads gates"]

    def __init__(self, heads: int, gates: int, *, least_rate: float, key: Array) -> None:
        rate_key, bias_key = jax.random.split(key)
        self.rate = jnp.log(jax.random.uniform(rate_key, (heads,), minval=least_rate, maxval=16.0))
        least, most = np.log([0.001, 0.1])
        step = jnp.exp(jax.random.uniform(bias_key, (heads, gates), minval=least, maxval=most))
        self.bias = step + jnp.log(-jnp.expm1(-step))  # the inverse of softplus

    def step_sizes(self, x: Float[Array, "heads gates"]) -> Float[Array, "heads gates"]:
        """Δ."""
        return jax.nn.softplus(x + self.bias)

    def __call__(self, x: Float[Array, "heads gates"]) -> Float[Array, "heads gates"]:
        return jnp.exp(-jnp.exp(self.rate.astype(x.dtype))[:, None] * self.step_sizes(x))


class SigmoidDecay(eqx.Module):
    """a = σ(x + bias)^(1/16); the bias is uniform in ± 1/√rank.

    Shapes: x, a and bias (heads, gates).
    Source: Yang, Wang, Shen, Panda & Kim 2023, arXiv:2312.06635, section 4.4.
    """

    undecayed: ClassVar[tuple[str, ...]] = ("bias",)

    bias: Float[Array, "heads gates"]

    def __init__(self, heads: int, gates: int, *, fan: int, key: Array) -> None:
        self.bias = uniform(key, (heads, gates), fan)

    def __call__(self, x: Float[Array, "heads gates"]) -> Float[Array, "heads gates"]:
        return jnp.exp(jax.nn.log_sigmoid(x + self.bias) / 16)


def decay_of(options: RuledOptions, gates: int, input_size: int, *, key: Array) -> Any:
    """What makes a head's decays of a projection, or None where there are none."""
    if not gates:
        return None
    if options.decay_map == "exponential":
        return ExponentialDecay(options.heads, gates, least_rate=least_rate(options), key=key)
    return SigmoidDecay(options.heads, gates, fan=options.decay_rank or input_size, key=key)
