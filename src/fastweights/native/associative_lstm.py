"""The kernel of `cells/associative_lstm.py`. The equations stand in associative_lstm.h."""

import numpy as np
from jax import Array
from jaxtyping import Float, Int

from fastweights.native.calls import Kernel, native


def kernel(
    length: int,
    outputs: int,
    recurrent: Float[Array, "rows hidden"],
    permutations: Int[np.ndarray, "copies half"],
) -> Kernel:
    """The last `outputs` of h(1) … h(T); the number of heads follows from that of the rows."""
    rows, (copies, half) = len(recurrent), permutations.shape
    heads = (rows // half - 1) // 8
    tape_size = length * (
        rows + (6 * heads + 2 * copies + 2) * half
    )  # `AssociativeTape` in associative_lstm.h
    return native("Associate", outputs, tape_size, (recurrent,), (permutations,))
