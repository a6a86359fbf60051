"""How far back in time gradients reach, for recurrent cells, before and after a short training."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.cells.base import State
from fastweights.cells.simple import SimpleCell
from fastweights.models import SequenceClassifier
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.gradients.state_jacobians import (
    carried_size,
    last_output,
    norms,
    product_bounds,
    state_jacobians,
    step_jacobians,
)
from fastweights.theory.networks import before_and_after, run_once, sequences
from fastweights.theory.rounding import UNIT
from fastweights.types import Tokens

_TASK = AssociativeRetrieval(num_pairs=6)
_UNITS, _SEQUENCES = 20, 16
_FAR = 1e-6


@register_check("gradient-norms", source="Pascanu et al. 2013, equation 6; Hochreiter et al. 2001, section 2")
class GradientNorms(Check):
    """‖∂h(T)/∂h(τ)‖ ≤ Π_{t>τ} ‖diag(f′(a(t))) W‖ for the standard RNN and the IRNN, at every τ; and for
    every cell the derivative is a difference quotient's limit. For the last step, τ = T − 1, both sides
    are equal.

    The bound may be missed by the rounding of products of R × R matrices and of their norms, T R + R² of
    them. A central difference over 2 · 10⁻⁶ is off by the curvature, 10⁻¹² of it, and by the rounding of
    states, 10⁻¹⁶ / 10⁻⁶, grown by as many steps as it was carried: 10⁻⁶ of the derivative is far above
    both, and far below what a path left out would take away.
    """

    statement = "No gradient of a simple cell is larger than the product of its steps' norms."
    has_figure = True

    through: Callable[[State], State] = lambda state: state
    """A function applied to every state between two steps."""

    bound: Callable[[Float[np.ndarray, "time rows columns"]], Float[np.ndarray, " earlier"]] = product_bounds
    """The bound on the gradient's norm for each earlier step, given the Jacobians of all steps."""

    steps: Callable[..., Float[np.ndarray, "*batch time hidden hidden"]] = step_jacobians
    """∂h(t)/∂h(t−1) of all steps, given the cell and its outputs."""

    cells: tuple[str, ...] = ("associative-lstm", "fast-weights", "irnn", "lstm", "standard-rnn")
    """The names of the cells, whose outputs depend on their earlier ones."""

    updates: int = 500
    """The number of updates in the training of each."""

    def examine(self) -> Finding:
        """All cells of one size on the task that the library is about."""
        tokens = jnp.asarray(sequences(_TASK, _SEQUENCES, 1).inputs.astype(int))
        curves = {
            name: [self._reach(model, tokens) for model in models]
            for name, models in before_and_after(
                self.cells, lambda _: _UNITS, _TASK, self.updates, 3e-3
            ).items()
        }
        ratios = [
            reach.norms / reach.bounds
            for reaches in curves.values()
            for reach in reaches
            if reach.bounds is not None
        ]
        last = [ratios_of[:, -1] for ratios_of in ratios]
        rounding = (_TASK.length * _UNITS + _UNITS**2) * UNIT
        quantities = [
            Quantity("largest ‖∂h(T)/∂h(τ)‖ / Π ‖diag(f′) W‖", np.max(ratios), highest=1 + rounding)
        ]
        least = min(float(np.min(of_cell)) for of_cell in last)
        quantities.append(Quantity("the least of the last step, τ = T − 1", least, lowest=1 - rounding))
        for name, reaches in curves.items():
            off = max(reach.off for reach in reaches)
            quantities.append(Quantity(f"{name}, off difference quotients, relative", off, highest=1e-6))
        return Finding(*quantities, panels=_panels(curves, self.updates))

    def _reach(self, model: SequenceClassifier, tokens: Tokens) -> "_Reach":
        outputs, slopes, quotients = _measure(self, model, tokens)
        predicted = np.einsum("bthc,btc->bh", slopes, _directions(slopes.shape[-1])[:, :-1])
        off = float(np.max(abs(predicted - quotients)) / np.max(abs(quotients)))
        cell, bound = model.cell, None
        if isinstance(cell, SimpleCell) and cell.gain is None:
            bound = np.stack([self.bound(factors) for factors in self.steps(cell, outputs)])
        return _Reach(norms(slopes), bound, off)


class _Reach(NamedTuple):
    """‖∂h(T)/∂s(τ)‖ for τ = 1 … T − 1, its bound, and how far the derivative is off a difference
    quotient."""

    norms: Float[np.ndarray, "batch earlier"]
    bounds: Float[np.ndarray, "batch earlier"] | None
    off: float


def _directions(size: int) -> Float[np.ndarray, "batch time carried"]:
    """Directions in which to shift every state but the last."""
    directions = np.random.default_rng(2).standard_normal((_TASK.length, size, _SEQUENCES))
    directions[-1] = 0
    return np.moveaxis(directions, -1, 0)


@run_once
def _measure(
    check: GradientNorms, model: SequenceClassifier, tokens: Tokens
) -> tuple[
    Float[Array, "batch time hidden"],
    Float[Array, "batch earlier hidden carried"],
    Float[Array, "batch hidden"],
]:
    """The outputs, the Jacobians, and a difference quotient of the last output."""
    cell, projections = model.cell, model.projections(tokens)
    last = jax.vmap(lambda one, shifts: last_output(cell, one, shifts))
    shifts = _FAR * jnp.asarray(_directions(carried_size(cell)))
    quotients = (last(projections, shifts) - last(projections, -shifts)) / (2 * _FAR)
    return cell.unroll_projected(projections)[0], state_jacobians(cell, projections, check.through), quotients


def _panels(curves: Mapping[str, Sequence[_Reach]], updates: int) -> list[Panel]:
    ages, panels = np.arange(_TASK.length - 1, 0, -1), []
    for number, when in enumerate(("before training", f"after {updates} updates")):
        series = []
        for name, reaches in curves.items():
            reach = reaches[number]
            series.append(Series(name, ages, reach.norms.mean(axis=0)))
            if reach.bounds is not None:
                series.append(Series("", ages, reach.bounds.mean(axis=0), "dashed", group=name))
        panels.append(Panel(when, "T − τ", "‖∂h(T)/∂h(τ)‖", series, y_scale="log"))
    return panels
