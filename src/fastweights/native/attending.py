"""The kernel of a recurrence that attends to its own past, `cells/fast_weights.py`.

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
        return length * (units * (1 + steps + norms) + norms + steps * (length + 1)) + units


def kernel(
    plan: Plan,
    length: int,
    outputs: int,
    recurrent: Float[Array, "hidden hidden"],
    gains: Float[Array, "sets hidden"],
    biases: Float[Array, "sets hidden"],
    weights: Float[Array, "time sources"],
) -> Kernel:
    """The last `outputs` of h(1) … h(T), and the last h.

    A state that is given is h(0), and if there are inner steps, after it the rows of the memory M. The
    weights of step t are that of M, then those of h(0), h(1) … h(T), of which those of h(t) and later are
    not read: sources = T + 2. Without inner steps there is nothing to weigh, and no cotangent of a weight.
    """
    if not plan.inside:
        weights = weights[:0, :0]
    return native(
        "Attend",
        outputs,
        len(recurrent),
        plan.tape_size(length, len(recurrent)),
        (recurrent, gains, biases, weights),
        activation=np.int64(_ACTIVATIONS.index(plan.activation)),
        preliminary=np.int64(plan.preliminary),
        inside=np.array(plan.inside, np.int64),
        outside=np.array(plan.outside, np.int64),
        sustained=np.bool_(plan.sustained),
    )
