"""The kernel of `cells/lstm.py`. The equations stand in lstm.h."""

from jax import Array
from jaxtyping import Float

from fastweights.native.calls import Kernel, native

_GATES = 4


def kernel(
    length: int,
    outputs: int,
    recurrent: Float[Array, "rows hidden"],
    gains: Float[Array, "norms hidden"],
    biases: Float[Array, "norms hidden"],
) -> Kernel:
    """The last `outputs` of h(1) … h(T); `norms` is 5, for the four gates and the cell, or 0 where nothing is
    normalised."""
    units, norms = recurrent.shape[1], len(gains)
    tape_size = length * (units * (3 + _GATES + norms) + norms)  # `LstmTape` in lstm.h
    return native("Lstm", outputs, tape_size, (recurrent, gains, biases))
