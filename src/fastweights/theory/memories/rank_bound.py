"""A matrix on R units stores R pairs exactly, and no more."""

from collections.abc import Callable

import numpy as np

from fastweights import registry
from fastweights.memories.linear import LinearMemory
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.memories.streams import mean_errors
from fastweights.theory.rounding import UNIT
from fastweights.theory.samples import Pairs, mean_of, on_sphere

_SEEDS, _MAX_PAIRS, _UNITS = 100, 24, 10
_BEYOND = (11, 15, 24)


def residual(pairs: int, units: int) -> float:
    """max(0, 1 − R/N): the least mean squared error of a matrix for random values of length 1."""
    return max(0.0, 1 - units / pairs)


def least(values: np.ndarray, null: np.ndarray) -> np.ndarray:
    """‖V n‖²/‖n‖², given the values, [..., pair, unit], and n."""
    answered = np.einsum("...nv,...n->...v", values, null)
    return np.sum(answered**2, axis=-1) / np.sum(null**2, axis=-1)


def random_keys(rng: np.random.Generator) -> Pairs:
    """Keys of which any R are linearly independent, with probability 1."""
    return on_sphere(rng, _SEEDS, _MAX_PAIRS, _UNITS)


def linear_memories() -> list[str]:
    """The names of all registered memories that are one matrix, read by a product."""
    return [name for name in registry.memories if issubclass(registry.memories[name], LinearMemory)]


@register_check("rank-bound", source="Kohonen 1989, chapter 6; Penrose 1955; Greville 1960")
class RankBound(Check):
    """With N <= R independent keys the pseudo-inverse memory has no error; with N > R the mean squared
    error of random values is 1 − R/N, and any matrix M, however it was written, errs by at least ‖V
    n‖²/‖n‖² for any n with K n = 0, because (V − M K) n = V n.

    Rounding is magnified by up to the square of the keys' condition number κ, over R² sums of R terms:
    the bound on the exact side is R³ κ² u. The least possible error with R + 1 pairs is computed from a
    singular vector, and the pseudo-inverse memory must attain it; where it is small against the values,
    rounding is the larger part of it, hence the 10⁻⁶. The mean 1 − R/N is exact in expectation, so four
    standard errors are left; with a rank of R + 1 it would move by 1/N."""

    statement = "An R-dimensional linear memory stores R independent pairs exactly, and cannot store more."
    has_figure = True

    residual: Callable[[int, int], float] = residual
    """The least mean squared error, given N and R."""

    least: Callable[[np.ndarray, np.ndarray], np.ndarray] = least
    """The least squared error of any matrix, given V and an n with K n = 0."""

    keys: Callable[[np.random.Generator], Pairs] = random_keys
    """Keys for every seed."""

    def examine(self) -> Finding:
        """Recall after every write of 24 pairs, and every linear memory against the bound."""
        rng = np.random.default_rng(0)
        keys, values = self.keys(rng), on_sphere(rng, _SEEDS, _MAX_PAIRS, 3)
        means, ratios = {}, {}  # [seed, pairs − 1]; with R + 1 pairs, in units of the least possible error
        least = self.least(values[:, : _UNITS + 1], 3 * _null(keys[:, : _UNITS + 1]))
        for name in linear_memories():
            means[name] = mean_errors(registry.memories[name].empty(_UNITS, 3), keys, values)
            ratios[name] = (_UNITS + 1) * means[name][:, _UNITS] / least
        best = means["pseudo-inverse"]
        magnified = []
        for stored in (1, 4, 7, _UNITS):
            condition = np.linalg.cond(keys[:, :stored])
            magnified.append(np.max(np.sqrt(best[:, stored - 1]) / (_UNITS**3 * condition**2 * UNIT)))
        expected = [self.residual(n, _UNITS) for n in range(1, _MAX_PAIRS + 1)]
        beyond = [
            mean_of(f"mean squared error, N = {n}, R = {_UNITS}", best[:, n - 1], expected[n - 1])
            for n in _BEYOND
        ]
        quantities = [
            Quantity(f"error with N <= R = {_UNITS}, in rounding errors R³ κ² u", max(magnified), highest=1),
            Quantity("the expected one there", max(map(abs, expected[:_UNITS])), highest=0),
            *beyond,
            *(
                Quantity(f"squared error of {name} / least possible", np.min(ratio), lowest=1 - 1e-6)
                for name, ratio in ratios.items()
            ),
            Quantity("the largest, of pseudo-inverse", np.max(ratios["pseudo-inverse"]), highest=1 + 1e-6),
        ]
        pairs = np.arange(1, _MAX_PAIRS + 1)
        series = (
            Series("pseudo-inverse, mean of 100 seeds", pairs, best.mean(0), "marks"),
            Series("1 − R/N", pairs, expected, "dashed"),
        )
        title = f"The least error of a matrix, R = {_UNITS}"
        return Finding(*quantities, panels=[Panel(title, "pairs N", "squared error", series)])


def _null(keys: Pairs) -> np.ndarray:
    """The n of length 1 with K n = 0, of R + 1 keys."""
    return np.linalg.svd(keys.swapaxes(1, 2))[2][:, -1]
