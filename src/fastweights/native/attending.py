"""The kernel of a recurrence that attends to its own past, `cells/fast_weights.py`.

The equations, and the cost of a pair of steps, stand in attending_steps.h.
"""

from jax import Array
from jaxtyping import Float

from fastweights.native.calls import Kernel, native
from fastweights.native.sizes import LONGEST as LONGEST
from fastweights.native.sizes import Plan as Plan
from fastweights.native.sizes import segment


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
    return native("Attend", outputs, units, plan.tape_size(length, units), operands, plan.numbers(length))


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
    operands = recurrent, gains, biases, weights if plan.inside else weights[:0, :0]
    numbers, kept = plan.numbers(chunk, segment(length, chunk)), plan.kept_size(length, chunk, units)
    return native("AttendChunks", outputs, units, kept, operands, numbers, table_again=True)
