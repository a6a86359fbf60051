"""How many numbers a state has, and how many values of how many numbers it can hold."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fastweights import registry
from fastweights.memories import OuterProduct
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check

_UNITS, _NUMBERS = 12, 48


def lost(state: int, numbers: int) -> float:
    """max(0, 1 − n / N): the least share of N numbers' variance that n of them lose."""
    return max(0.0, 1 - state / numbers)


@register_check("state-counting", source="this project; Ba et al. 2016, section 1, for O(R) and O(R²)")
class StateCounting(Check):
    """Of N independent numbers of variance 1, a state of n numbers that is linear in them answers linearly
    with the mean squared error 1 − n/N at best. An LSTM carries 2 R numbers, fast weights R + R²; so R
    values of R numbers each, R² in all, fit into an outer-product memory without an error, and lose 1 − 2/R
    in 2 R numbers.

    The least error of a given way to store is that of its pseudo-inverse; the trace of a projection is
    exact up to rounding, 10⁻¹².
    """

    statement = "R values of R numbers fit into a matrix without loss; of 2 R numbers they leave 2/R."
    has_figure = True

    lost: Callable[[int, int], float] = lost
    """The least share, given the numbers of the state and those to be held."""

    vector: Callable[[int], int] = lambda units: 2 * units
    """Numbers of an LSTM's state."""

    matrix: Callable[[int], int] = lambda units: units + units**2
    """Numbers of the state of fast weights."""

    def examine(self) -> Finding:
        """States of the library's cells; random ways to store; the memory under orthonormal keys."""
        rng, off, measured = np.random.default_rng(0), [], []
        sizes = np.arange(4, 61, 4)
        for size in sizes:
            stored = rng.standard_normal((size, _NUMBERS))
            measured.append(1 - np.trace(np.linalg.pinv(stored) @ stored) / _NUMBERS)
            off.append(abs(measured[-1] - self.lost(int(size), _NUMBERS)))
        keys = np.linalg.qr(rng.standard_normal((_UNITS, _UNITS)))[0]
        values = rng.standard_normal((_UNITS, _UNITS))
        memory = OuterProduct.empty(_UNITS, _UNITS)
        for key, value in zip(keys, values, strict=True):
            memory = memory.write(jnp.asarray(key), jnp.asarray(value))
        answers = np.array([memory.read(jnp.asarray(key)) for key in keys])
        in_vector = _least_loss(rng, _state_size("lstm"), _UNITS**2)
        return Finding(
            Quantity("an LSTM's numbers beside 2 R", _state_size("lstm") - self.vector(_UNITS), 0, 0),
            Quantity(
                "fast weights' numbers beside R + R²", _state_size("fast-weights") - self.matrix(_UNITS), 0, 0
            ),
            Quantity("what a linear state loses, off 1 − n/N by", max(off), highest=1e-12),
            Quantity("R pairs in a matrix: error", abs(answers - values).max(), highest=1e-13 * _UNITS),
            Quantity.near(
                "R pairs in an LSTM's state: loss", in_vector, self.lost(2 * _UNITS, _UNITS**2), 1e-12
            ),
            panels=[
                Panel(
                    "48 numbers in a linear state",
                    "numbers of the state",
                    "share of the variance lost",
                    [
                        Series("a random way to store, read in the best way", sizes, measured, "marks"),
                        Series("1 − n/N", sizes, [lost(int(size), _NUMBERS) for size in sizes], "dashed"),
                    ],
                )
            ],
        )


def _state_size(name: str) -> int:
    """The numbers that a cell of the library carries from step to step."""
    cell = eqx.filter_eval_shape(registry.cells[name], 3, _UNITS, key=jax.random.key(0))
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter_eval_shape(cell.initial_state)))


def _least_loss(rng: np.random.Generator, size: int, numbers: int) -> float:
    stored = rng.standard_normal((size, numbers))
    return float(1 - np.trace(np.linalg.pinv(stored) @ stored) / numbers)
