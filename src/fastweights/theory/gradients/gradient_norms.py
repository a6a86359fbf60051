"""How far back gradients reach, for every registered cell, before and after a short training."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights import registry
from fastweights.cells.base import State
from fastweights.cells.simple import SimpleCell
from fastweights.models import SequenceClassifier
from fastweights.registry import register_check
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.gradients.state_jacobians import (
    carried_size,
    last_output,
    norms,
    product_bounds,
    state_jacobians,
    step_jacobians,
)
from fastweights.theory.networks import built, run_once, sequences, trained, untrained
from fastweights.theory.plot import Panel, Series
from fastweights.theory.rounding import UNIT
from fastweights.training.options import TrainingOptions
from fastweights.types import Columns, Tokens

_TASK = AssociativeRetrieval(num_pairs=6)
_UNITS, _SEQUENCES = 20, 16
_FAR = 1e-6


@register_check("gradient-norms", source="Pascanu et al. 2013, equation 6; Hochreiter et al. 2001, section 2")
class GradientNorms(Check):
    """‖∂h(T)/∂h(τ)‖ ≤ Π_{t>τ} ‖diag(f′(a(t))) W‖ for the standard RNN and the IRNN, at every τ; and for
    every cell the derivative is a difference quotient's limit.

    The bound may be missed by the rounding of products of R × R matrices and of their norms, T R + R² of
    them. A central difference over 2 · 10⁻⁶ is off by the curvature, 10⁻¹² of it, and by the rounding of
    states, 10⁻¹⁶ / 10⁻⁶, grown by as many steps as it was carried: 10⁻⁶ of the derivative is far above
    both, and far below what a path left out would take away.
    """

    statement = "No gradient of a simple cell is larger than the product of its steps' norms."

    through: Callable[[State], State] = lambda state: state
    """What every state goes through on its way to the next step."""

    bound: Callable[[Float[np.ndarray, "time batch rows columns"]], Float[np.ndarray, "earlier batch"]] = (
        product_bounds
    )
    """From the Jacobians of all steps, what no gradient to an earlier step exceeds."""

    cells: tuple[str, ...] | None = None
    """The names of the cells; by default all that are registered."""

    updates: int = 500
    """How long each is trained."""

    def examine(self) -> Finding:
        """All cells of one size on the task that the library is about."""
        data = sequences(_TASK, 512, 0)
        tokens = jnp.asarray(sequences(_TASK, _SEQUENCES, 1).inputs.T.astype(int))
        models = built(
            lambda: {name: untrained(name, _UNITS, _TASK) for name in self.cells or registry.cells}
        )
        training = TrainingOptions(
            updates=self.updates, evaluate_every=self.updates, batch_size=32, learning_rate=3e-3
        )
        curves = {
            name: (self._reach(model, tokens), self._reach(trained(model, data, training), tokens))
            for name, model in models.items()
        }
        bounded = [reach for pair in curves.values() for reach in pair if reach.bounds is not None]
        loose = 1 + (len(tokens) * _UNITS + _UNITS**2) * UNIT
        return Finding(
            (
                Quantity(
                    "largest ‖∂h(T)/∂h(τ)‖ / Π ‖diag(f′) W‖",
                    max(float(np.max(reach.norms / reach.bounds)) for reach in bounded),
                    highest=loose,
                ),
                *(
                    Quantity(
                        f"{name}, off difference quotients, relative", max(r.off for r in pair), highest=1e-6
                    )
                    for name, pair in curves.items()
                ),
            ),
            _panels(curves, self.updates),
        )

    def _reach(self, model: SequenceClassifier, tokens: Tokens) -> "_Reach":
        outputs, slopes, quotients = map(np.asarray, _measure(self, model, tokens))
        predicted = np.einsum("tbhc,tcb->hb", slopes, _direction(slopes.shape[-1])[:-1])
        off = float(np.max(abs(predicted - quotients)) / np.max(abs(quotients)))
        cell, bound = model.cell, None
        if isinstance(cell, SimpleCell) and cell.gain is None:
            bound = self.bound(step_jacobians(cell, jnp.asarray(outputs)))
        return _Reach(norms(slopes), bound, off)


class _Reach(NamedTuple):
    """‖∂h(T)/∂s(τ)‖ for τ = 1 … T − 1, its bound, and how far the derivative is off a difference quotient."""

    norms: Float[np.ndarray, "earlier batch"]
    bounds: Float[np.ndarray, "earlier batch"] | None
    off: float


def _direction(size: int) -> Float[np.ndarray, "time carried batch"]:
    """A way to shift every state but the last."""
    direction = np.random.default_rng(2).standard_normal((_TASK.length, size, _SEQUENCES))
    direction[-1] = 0
    return direction


@run_once
def _measure(
    check: GradientNorms, model: SequenceClassifier, tokens: Tokens
) -> tuple[Columns, Float[Array, "earlier batch hidden carried"], Float[Array, "hidden batch"]]:
    """The outputs, the state_jacobians, and a difference quotient of the last output."""
    cell, projections = model.cell, model.projections(tokens)
    slopes = state_jacobians(cell, projections, check.through)
    shift = _FAR * jnp.asarray(_direction(carried_size(cell)))
    ahead, behind = last_output(cell, projections, shift), last_output(cell, projections, -shift)
    return cell.unroll_in_jax(projections), slopes, (ahead - behind) / (2 * _FAR)


def _panels(curves: Mapping[str, tuple[_Reach, _Reach]], updates: int) -> list[Panel]:
    ages = list(range(_TASK.length - 1, 0, -1))
    panels = []
    for number, when in enumerate(("before training", f"after {updates} updates")):
        series = []
        for name, pair in curves.items():
            reach = pair[number]
            series.append(Series(name, ages, np.mean(reach.norms, axis=1)))
            if reach.bounds is not None:
                series.append(Series("", ages, np.mean(reach.bounds, axis=1), "dashed", group=name))
        panels.append(Panel(when, "T − τ", "‖∂h(T)/∂h(τ)‖", series, y_scale="log"))
    return panels
