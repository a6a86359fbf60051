"""The fixed permutations of the associative LSTM; this module imports no JAX."""

import functools

import numpy as np
from jaxtyping import Int


@functools.cache
def permutations(units: int, copies: int) -> Int[np.ndarray, "copies units"]:
    """Each copy's permutation P_s: (P_s z)_i = z[permutations[s, i]]. The same numbers always and everywhere.

    They are not part of a model's weights: whoever knows the two sizes knows them. So they are made of a
    generator's raw bits, which never change, where NumPy may change how it shuffles.
    """
    bits = [np.random.Philox(key=copy).random_raw(units) for copy in range(copies)]
    table = np.argsort(np.array(bits), axis=1, kind="stable").astype(np.int32)
    table.flags.writeable = False
    return table
