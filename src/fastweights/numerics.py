"""What several rooms need of JAX: whether numbers are known, and a scan that saves memory."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.core import Tracer
from jaxtyping import Array, PyTree, Shaped


def is_known(array: Any) -> bool:
    """Whether the numbers can be looked at: not while JAX compiles or differentiates."""
    return not isinstance(array, Tracer)


def checkpointed_scan(
    step: Callable[[Any, Any], tuple[Any, Any]], state: Any, inputs: PyTree[Shaped[Array, "time ..."]]
) -> tuple[Any, Any]:
    """`lax.scan` whose derivative keeps 2 √T states instead of T.

    The time axis is cut into √T segments; backward, each is computed again from the state before it. So a
    gradient costs one more forward pass.
    Source: Chen, Xu, Zhang & Guestrin 2016, Training deep nets with sublinear memory cost, arXiv:1604.06174.
    """
    length = len(jax.tree.leaves(inputs)[0])
    segment = math.isqrt(length)
    whole = length // segment * segment

    @jax.checkpoint
    def run(state, inputs):
        return lax.scan(step, state, inputs)

    segments = jax.tree.map(lambda x: x[:whole].reshape(-1, segment, *x.shape[1:]), inputs)
    state, outputs = lax.scan(run, state, segments)
    state, last = run(state, jax.tree.map(lambda x: x[whole:], inputs))
    joined = jax.tree.map(lambda x, y: jnp.concatenate([x.reshape(whole, *x.shape[2:]), y]), outputs, last)
    return state, joined
