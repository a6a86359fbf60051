"""Optax optimisers on given sequences of gradients."""

from typing import Any

import numpy as np
import optax
from jax import lax
from jaxtyping import Array, Float

from fastweights.theory.networks import run_once

Gradients = Float[np.ndarray, "steps sequences"]

DEFAULTS = (0.9, 0.999)
"""β1 and β2 of Kingma & Ba 2014, and of the library's training."""


@run_once
def steps_of(
    optimiser: optax.GradientTransformation, gradients: Float[Array, "steps sequences"]
) -> Float[Array, "steps sequences"]:
    """The updates Δ of one parameter, for each sequence of gradients."""

    def step(state: Any, gradient: Array) -> tuple[Any, Any]:
        change, state = optimiser.update(gradient, state)
        return state, change

    return lax.scan(step, optimiser.init(gradients[0]), gradients)[1]
