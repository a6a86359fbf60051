"""When gradients vanish: a small norm of the recurrent matrix suffices, small eigenvalues do not."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from fastweights.cells.simple import SimpleCell
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.gradients.state_jacobians import norms, state_jacobians
from fastweights.theory.networks import outputs, run_once, simple_cell
from fastweights.theory.rounding import UNIT

Matrix = Float[np.ndarray, "hidden hidden"]

_UNITS, _BATCH, _STEPS = 12, 4, 41
_AGES = np.arange(1, _STEPS)
_FACTOR = 0.9
_NILPOTENT = 2.0 * np.array([[1.0, 1.0], [-1.0, -1.0]])


def spectral_norm(matrix: Matrix) -> float:
    """The largest singular value."""
    return float(np.linalg.norm(matrix, 2))


def bound(norm: float, age: np.ndarray) -> np.ndarray:
    """‖W‖^age."""
    return norm**age


def growth(age: np.ndarray) -> np.ndarray:
    """√2 · 2^age: the norms of the example's derivatives."""
    return np.sqrt(2) * 2.0**age


@register_check("vanishing-gradients", source="Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, section 2.1")
class VanishingGradients(Check):
    """With ‖W‖ = β < 1 and |f′| ≤ 1, ‖∂h(T)/∂h(τ)‖ ≤ β^(T−τ); the eigenvalues of W give no bound.

    A norm computed in floating point is off by at most R² roundings, and the product before it by T (R +
    2) of what its factors' norms are. For an orthogonal matrix times β no singular value of a step is
    below β min f′, so that the norms are at least β^(T−τ) Π min f′, f′ = 1 − h²: with small inputs,
    nearly the bound. The second part has powers of 2 alone, with √2 from the norm.
    """

    statement = "A norm of W below 1 makes gradients vanish; eigenvalues below 1 do not suffice."
    has_figure = True

    size: Callable[[Matrix], float] = spectral_norm
    """The size of the matrix that is below 1."""

    bound: Callable[[float, np.ndarray], np.ndarray] = bound
    """The bound on the norm of the derivative, given ‖W‖ and T − τ."""

    growth: Callable[[np.ndarray], np.ndarray] = growth
    """The norms of the example's derivatives, given T − τ."""

    unstable: Callable[[], Matrix] = _NILPOTENT.copy
    """A matrix without an eigenvalue other than 0 whose gradients grow as 2^age."""

    def examine(self) -> Finding:
        """A tanh network with small inputs, where |f′| is close to 1, and a rectified one of two units."""
        rng = np.random.default_rng(0)
        square = rng.uniform(-1, 1, (_UNITS, _UNITS))
        projections = 0.02 * np.moveaxis(rng.standard_normal((_STEPS, _UNITS, _BATCH)), -1, 0)
        decaying = {
            name: _norms_by_age("standard-rnn", matrix * _FACTOR / self.size(matrix), projections)
            for name, matrix in (("W orthogonal", np.linalg.qr(square)[0]), ("W uniform", square))
        }
        bounds = self.bound(_FACTOR, _AGES)
        worst = max(np.max(size / bounds) for size in decaying.values())
        orthogonal = np.linalg.qr(square)[0]
        hidden = outputs(_cell("standard-rnn", orthogonal * _FACTOR / self.size(orthogonal)), projections)
        least = np.cumprod(np.min(1 - hidden[:, :0:-1] ** 2, axis=2), axis=1)  # Π min f′ from T back
        nearest = np.min(decaying["W orthogonal"] / least / bounds)

        unstable = self.unstable()
        first = np.zeros((1, _STEPS, 2))
        first[0, 0] = 1, -1  # h(1) = (1, 0): from there on, the second unit is off
        growing, powers = _norms_by_age("irnn", unstable, first)[0], self.growth(_AGES)
        rounding = (_STEPS * (_UNITS + 2) + _UNITS**2) * UNIT
        square, off = spectral_norm(unstable @ unstable), np.max(abs(growing / powers - 1))
        return Finding(
            Quantity("largest ‖∂h(T)/∂h(τ)‖ / 0.9^(T−τ), ‖W‖ = 0.9", worst, highest=1 + rounding),
            Quantity("least, W orthogonal, / (0.9^(T−τ) Π min f′)", nearest, lowest=1 - rounding),
            Quantity("‖W²‖ of a matrix with eigenvalues 0 only", square, highest=0),
            Quantity("its ‖∂h(T)/∂h(τ)‖ off √2 · 2^(T−τ), relative", off, highest=8 * UNIT),
            panels=[
                _panel(
                    "tanh, ‖W‖ = 0.9",
                    *(Series(name, _AGES, size.max(axis=0)) for name, size in decaying.items()),
                    Series("0.9^(T−τ)", _AGES, bounds, "dashed"),
                ),
                _panel(
                    "ReLU, all eigenvalues 0",
                    Series("measured", _AGES, growing, "marks"),
                    Series("√2 · 2^(T−τ)", _AGES, powers, "dashed"),
                ),
            ],
        )


def _norms_by_age(
    name: str, recurrent: Matrix, projections: Float[np.ndarray, "batch time hidden"]
) -> Float[np.ndarray, "batch ages"]:
    """‖∂h(T)/∂h(T − age)‖ for ages 1 … T − 1, of the cell of that name with the given W."""
    return norms(run_once(state_jacobians)(_cell(name, recurrent), projections))[:, ::-1]


def _cell(name: str, recurrent: Matrix) -> SimpleCell:
    units = len(recurrent)
    return simple_cell(name, recurrent, np.zeros((units, 1)), np.zeros(units))


def _panel(title: str, *series: Series) -> Panel:
    return Panel(title, "T − τ", "‖∂h(T)/∂h(τ)‖", series, y_scale="log")
