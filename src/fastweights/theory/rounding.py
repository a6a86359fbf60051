"""How far two computations of one quantity may lie apart: the usual bound on rounding."""

import numpy as np
from numpy.typing import ArrayLike

from fastweights.theory.check import Quantity

UNIT = float(np.finfo(float).eps) / 2
"""The unit roundoff u of double precision, 2^-53."""


def roundings_apart(first: ArrayLike, second: ArrayLike, sizes: ArrayLike, count: int) -> float:
    """The largest difference of two arrays, in units of the bound 2 n u `sizes`; at most 1 if only rounding
    separates them.

    `sizes` has, for each number, the sum of the absolute values of the terms that it is made of, and n,
    `count`, is the most roundings that a term goes through. Either computation is then within n u `sizes` of
    the exact number, to first order in u. NaN is infinitely far off.

    Source: Higham 2002, Accuracy and stability of numerical algorithms, 2nd edition, sections 3.1 and 4.2.
    """
    difference = np.abs(np.asarray(first, float) - np.asarray(second, float))
    bound = 2 * count * UNIT * np.broadcast_to(np.asarray(sizes, float), difference.shape)
    apart = np.divide(difference, bound, out=np.where(difference == 0, 0.0, np.inf), where=bound > 0)
    return float(np.max(np.where(np.isnan(difference), np.inf, apart)))


def within_rounding(name: str, *apart: float) -> Quantity:
    """Two computations are equal up to rounding: the largest of some `roundings_apart` is at most 1."""
    return Quantity(f"{name}, in rounding errors", max(apart), highest=1)
