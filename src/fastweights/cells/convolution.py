"""A short causal convolution over time: each unit is mixed with its own past."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32

from fastweights.cells.sequences import within


def nothing_before(
    weights: Float[Array, "channels width"], dtype: jnp.dtype
) -> Float[Array, "past channels"]:
    """What comes before the first step of a sequence: zeros."""
    channels, width = weights.shape
    return jnp.zeros((width - 1, channels), dtype)


def convolve_step(
    weights: Float[Array, "channels width"],
    recent: Float[Array, "past channels"],
    x: Float[Array, " channels"],
) -> tuple[Float[Array, " channels"], Float[Array, "past channels"]]:
    """One step of one sequence of `convolve`."""
    window = jnp.concatenate([recent, x[None]])
    return jnp.sum(window[::-1].T * weights, axis=1), window[1:]


def convolve(
    weights: Float[Array, "channels width"],
    recent: Float[Array, "batch past channels"],
    x: Float[Array, "batch time channels"],
    lengths: Int32[Array, " batch"] | None,
    resets: Bool[Array, "batch time"] | None,
) -> tuple[Float[Array, "batch time channels"], Float[Array, "batch past channels"]]:
    """y(t) = Σ_j w_j x(t − j), and the last width − 1 inputs of each sequence, `recent` having those before.

    What comes before a reset counts as 0; what stands behind a sequence's end must be numbers.
    """
    past, time = recent.shape[1], x.shape[1]
    whole = jnp.concatenate([recent, x], axis=1)  # x(t) is number past + t
    ends = jnp.full(len(x), time) if lengths is None else lengths
    runs = jnp.zeros(whole.shape[:2], jnp.int32)  # how many resets came before; equal without one in between
    resets = within(resets, lengths)
    if resets is not None:
        runs = jnp.concatenate([runs[:, :past], jnp.cumsum(resets, axis=1)], axis=1)
    mixed = jnp.zeros_like(x)
    for j in range(past + 1):
        begin = past - j
        same = runs[:, begin : begin + time] == runs[:, past:]
        mixed += weights[:, j] * jnp.where(same[..., None], whole[:, begin : begin + time], 0)
    kept = ends[:, None] + jnp.arange(past)
    newest = jnp.take_along_axis(runs, past + ends[:, None] - 1, axis=1)
    same = jnp.take_along_axis(runs, kept, axis=1) == newest
    last = jnp.take_along_axis(whole, kept[..., None], axis=1)
    return mixed, jnp.where(same[..., None], last, 0)
