"""The variance of the crosstalk of random keys."""

from collections.abc import Callable

import numpy as np

from fastweights.memories import OuterProduct
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.memories.streams import mean_errors
from fastweights.theory.samples import (
    STANDARD_ERRORS,
    Pairs,
    every_stream,
    exactly,
    mean_of,
    on_sphere,
    signs,
    standard_error,
)

_SEEDS, _MAX_PAIRS, _UNITS = 200, 32, 16
_PAIRS = (2, 8, 16, 32)
_FEW_PAIRS, _FEW_UNITS = 5, (2, 3)


def variance(pairs: int, units: int) -> float:
    """(N − 1)/R: expected squared crosstalk for values of length 1."""
    return (pairs - 1) / units


def spherical(rng: np.random.Generator) -> Pairs:
    """Keys drawn uniformly from the unit sphere."""
    return on_sphere(rng, _SEEDS, _MAX_PAIRS, _UNITS)


@register_check("crosstalk-variance", source="Kohonen 1972; Hertz, Krogh & Palmer 1991, section 2.2")
class CrosstalkVariance(Check):
    """E ‖M k_j − v_j‖² = (N − 1)/R for N keys drawn from the unit sphere in R dimensions and values of
    length 1, and as well for keys of entries ±1/√R. Both expectations are exact at every N and R.

    Only E k kᵀ = I/R and ‖k‖ = 1 are used, so it holds for the R unit vectors of a basis as well: the
    mean over every stream of up to five of them, with values of ±1, must be (N − 1)/R up to rounding. For
    the other keys the mean is over 200 seeds, each with a memory of its own, with four standard errors
    left.
    """

    statement = "The crosstalk of N random unit keys in R dimensions has variance (N − 1)/R."
    has_figure = True

    variance: Callable[[int, int], float] = variance
    """The expected squared error by N and R."""

    keys: Callable[[np.random.Generator], Pairs] = spherical
    """Draws keys for each seed."""

    def examine(self) -> Finding:
        """For loads from 2/R to 2, while the pairs are written; and for keys of ±1/√R at one load."""
        rng = np.random.default_rng(0)
        errors = _errors(rng, self.keys(rng))
        binary = _errors(rng, signs(rng, _SEEDS, _MAX_PAIRS, _UNITS) / np.sqrt(_UNITS))
        cases = [("sphere", errors, pairs) for pairs in _PAIRS] + [("±1/√R", binary, _PAIRS[1])]
        quantities = [
            mean_of(
                f"mean squared error, {kind}, N = {pairs}, R = {_UNITS}",
                along[:, pairs - 1],
                self.variance(pairs, _UNITS),
            )
            for kind, along, pairs in cases
        ]
        quantities += [self._of_basis(units) for units in _FEW_UNITS]
        counts = np.arange(1, _MAX_PAIRS + 1)
        mean, slack = errors.mean(0), STANDARD_ERRORS * standard_error(errors)
        series = (
            Series("mean of 200 seeds", counts / _UNITS, mean, "marks"),
            Series("± 4 standard errors", counts / _UNITS, mean - slack, "band", upper=mean + slack),
            Series("(N − 1)/R", counts / _UNITS, [self.variance(int(n), _UNITS) for n in counts], "dashed"),
        )
        panel = Panel("Crosstalk of random keys", "load N/R", "squared error", series)
        return Finding(*quantities, panels=[panel])

    def _of_basis(self, units: int) -> Quantity:
        """For 1 to 5 pairs whose keys are the unit vectors of a basis."""
        errors = mean_errors(OuterProduct.empty(units, 1), *every_stream(np.eye(units), _FEW_PAIRS))
        expected = [self.variance(pairs, units) for pairs in range(1, _FEW_PAIRS + 1)]
        return exactly(f"squared error, basis of R = {units}", errors, expected, _FEW_PAIRS + units)


def _errors(rng: np.random.Generator, keys: Pairs) -> np.ndarray:
    """The mean squared error of the pairs stored, for each seed and after each write."""
    return mean_errors(OuterProduct.empty(_UNITS, 2), keys, on_sphere(rng, *keys.shape[:2], 2))
