"""The kernel of a recurrence that attends to its own past, `cells/fast_weights.py`.

The equations, and the cost of a pair of steps, stand in attending_steps.h.
"""

import math
from typing import Any, Literal, NamedTuple

import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.native.calls import Kernel, native

LONGEST = 2**24
"""Steps that a number in single precision counts."""

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
        """The numbers that one sequence leaves for its backward pass; `Tape` in attending_steps.h."""
        steps = len(self.inside)
        norms = sum(chosen >= 0 for chosen in (self.preliminary, *self.inside, *self.outside))
        return length * (units * (1 + steps + norms) + norms + steps * (length + 1)) + units

    def attributes(self) -> dict[str, Any]:
        """The plan as kernels.cc takes it."""
        return {
            "activation": np.int64(_ACTIVATIONS.index(self.activation)),
            "preliminary": np.int64(self.preliminary),
            "inside": np.array(self.inside, np.int64),
            "outside": np.array(self.outside, np.int64),
            "sustained": np.bool_(self.sustained),
        }


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
    operands = recurrent, gains, biases, weights if plan.inside else weights[:0, :0]
    units = len(recurrent)
    return native("Attend", outputs, units, plan.tape_size(length, units), operands, **plan.attributes())


def kernel_in_chunks(
    plan: Plan,
    length: int,
    chunk: int,
    outputs: int,
    recurrent: Float[Array, "hidden hidden"],
    gains: Float[Array, "sets hidden"],
    biases: Float[Array, "sets hidden"],
    weights: Float[Array, "steps sources"],
) -> Kernel:
    """The same for sequences of any length, which attend to the last `chunk` steps at most, and to what was
    stored before as one matrix M for each sequence.

    The first `chunk` rows of the weights are those of the steps of every chunk, M and the h before it being
    the given ones of `kernel`. The last row has the weights of M and of that h and the chunk's own ones in
    the next M.
    """
    units = len(recurrent)
    chunks = -(-length // chunk)
    # A segment's tapes take some three times the room of as many states.
    segment = math.isqrt(chunks // 4) + 1
    state = units + (units**2 if plan.inside else 0)
    operands = recurrent, gains, biases, weights if plan.inside else weights[:0, :0]
    attributes = {**plan.attributes(), "chunk": np.int64(chunk), "segment": np.int64(segment)}
    kept = -(-chunks // segment) * state
    return native("AttendChunks", outputs, units, kept, operands, table_again=True, **attributes)
