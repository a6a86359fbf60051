"""The kernel of a recurrence that attends to its own past, `cells/attending.py`.

The equations, and the cost of a pair of steps, stand in attending.h.
"""

from typing import Literal, NamedTuple

import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.native.calls import Kernel, native

_ACTIVATIONS = ("relu", "tanh")  # in the order of layers.h


class Plan(NamedTuple):
    """The static part of the recurrence: which normalisation stands where, −1 for none."""

    activation: Literal["relu", "tanh"]
    """f."""
    preliminary: int
    """The gain and bias of LN[u], before h_0."""
    inside: tuple[int, ...]
    """Those of LN[r_s], for each inner step."""
    outside: tuple[int, ...]
    """Those of LN[u or h_s] before the memory's answer is added, for each inner step."""
    sustained: bool
    """Whether u enters every inner step (method 1), or h_s (method 2)."""

    def tape_size(self, length: int, units: int) -> int:
        """The numbers that one sequence leaves for its backward pass; `Tape` in attending.h."""
        steps = len(self.inside)
        norms = sum(chosen >= 0 for chosen in (self.preliminary, *self.inside, *self.outside))
        return length * (units * (1 + steps + norms) + norms + steps * length)


def kernel(
    plan: Plan,
    outputs: int,
    recurrent: Float[Array, "hidden hidden"],
    gains: Float[Array, "sets hidden"],
    biases: Float[Array, "sets hidden"],
    weights: Float[Array, "time time"],
) -> Kernel:
    """The last `outputs` of h(1) … h(T); `weights[t, τ]` is read for τ < t only."""
    return native(
        "Attend",
        outputs,
        plan.tape_size(len(weights), len(recurrent)),
        (recurrent, gains, biases, weights),
        activation=np.int64(_ACTIVATIONS.index(plan.activation)),
        preliminary=np.int64(plan.preliminary),
        inside=np.array(plan.inside, np.int64),
        outside=np.array(plan.outside, np.int64),
        sustained=np.bool_(plan.sustained),
    )
