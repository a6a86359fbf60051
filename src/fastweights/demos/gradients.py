"""How far back gradients reach: ‖∂h(T)/∂h(τ)‖ against T − τ, for cells at initialisation."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from fastweights import registry
from fastweights.cells.base import Cell
from fastweights.cells.simple import SimpleCell
from fastweights.demos.base import Curve, Demo, Demonstration, Graph
from fastweights.errors import MAX_SCALE, check, check_between, to_python_numbers
from fastweights.models import SequenceClassifier
from fastweights.registry import register_demo
from fastweights.theory.gradients.state_jacobians import (
    carried_size,
    norms,
    product_bounds,
    state_jacobians,
    step_jacobians,
)
from fastweights.theory.networks import built, run_once
from fastweights.theory.samples import standard_error

_SYMBOLS, _CLASSES = 37, 10


@register_demo(
    "gradients", source="Hochreiter et al. 2001, section 2; Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063"
)
@dataclass(frozen=True)
class Gradients(Demo):
    """‖∂h(T)/∂s(τ)‖, the largest singular value, for the vectors s that a cell carries from step to step: h,
    and c of an LSTM; what h(τ) writes into a fast memory is included. Inputs are random symbols through an
    embedding. The line of simple cells is the bound Π_{t>τ} ‖diag f′(a(t)) W‖.

    Raises: InvalidValueError if a knob is out of its range, or a cell carries no vector; UnknownNameError for
    a cell that is not known.
    """

    statement = "How far back in time gradients reach, by cell, at initialisation."

    cells: tuple[str, ...] = ("standard-rnn", "irnn", "lstm", "fast-weights")
    """The models to compare."""

    hidden_size: int = 32
    """R, the units of each cell, and its inputs."""

    steps: int = 50
    """T, the length of the sequences."""

    decay: float = 0.9
    """λ of cells with an option `decay`, such as fast weights."""

    forget_bias: float = 1.0
    """The forget gate's bias of cells with such an option, such as the LSTM."""

    sequences: int = 8
    """Random sequences, over which norms are averaged."""

    seed: int = 0
    """What weights and symbols are drawn from."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("hidden_size", self.hidden_size, 2, 100)
        check_between("steps", self.steps, 3, 150)
        check_between("decay", self.decay, 0, 1)
        check_between("forget_bias", self.forget_bias, -MAX_SCALE, MAX_SCALE)
        check_between("sequences", self.sequences, 2, 16)
        check_between("seed", self.seed, 0, 2**32 - 1)
        check(len(self.cells) > 0, "cells must name at least one")
        for name in self.cells:
            size = registry.cells[name].size_multiple
            check(
                self.hidden_size % size == 0,
                f"hidden_size must be a multiple of {size} for {name}; got {self.hidden_size}",
            )

    def measure(self) -> Demonstration:
        """The norms for τ = T − 1 … 1."""
        tokens = np.random.default_rng(self.seed).integers(_SYMBOLS, size=(self.sequences, self.steps))
        names = list(dict.fromkeys(self.cells))
        models = built(lambda: {name: self._model(name) for name in names})
        for name, model in models.items():
            carried = carried_size(model.cell) > 0
            check(carried, f"cells must carry a vector from step to step; {name} carries matrices alone")
        ages, curves = np.arange(1, self.steps), []
        for name in names:
            sizes, bounds = _reach(models[name], tokens)
            theory = bounds.mean(0) if bounds is not None else ()
            curves.append(Curve(name, ages, sizes.mean(0), standard_error(sizes), theory, joined=True))
        title = f"Gradients at initialisation, R = {self.hidden_size}"
        graph = Graph(title, "T − τ", "‖∂h(T)/∂h(τ)‖", curves, y_scale="log", expectation="bound")
        note = f"lines: mean of {self.sequences} sequences; dashed: bound of a simple cell, Π ‖diag f′ W‖"
        return Demonstration([graph], note, _seen(curves))

    def _model(self, name: str) -> SequenceClassifier:
        """A classifier with that cell, whose embedding and cell are as they are before training."""
        cell_key, key = jax.random.split(jax.random.key(self.seed))
        cell_class: Any = registry.cells[name]
        options = cell_class.recommended(self.hidden_size)
        knobs = {"decay": self.decay, "forget_bias": self.forget_bias}
        # A word in some cells: which kind of decay they have.
        numbers = {knob: n for knob, n in knobs.items() if isinstance(getattr(options, knob, None), float)}
        options = dataclasses.replace(options, **numbers)
        cell: Cell = cell_class(self.hidden_size, self.hidden_size, options=options, key=cell_key)
        return SequenceClassifier(cell, _SYMBOLS, _CLASSES, key=key)


def _reach(
    model: SequenceClassifier, tokens: np.ndarray
) -> tuple[Float[np.ndarray, "batch ages"], Float[np.ndarray, "batch ages"] | None]:
    """The norms, and for a simple cell their bounds, by T − τ."""
    cell, projections = model.cell, run_once(lambda model, tokens: model.projections(tokens))(model, tokens)
    sizes = norms(run_once(state_jacobians)(cell, projections))[:, ::-1]
    if not isinstance(cell, SimpleCell) or cell.gain is not None:
        return sizes, None
    factors = step_jacobians(cell, _outputs(cell, projections))
    return sizes, np.stack([product_bounds(one) for one in factors])[:, ::-1]


@run_once
def _outputs(cell: Cell, projections: Float[Array, "batch time units"]) -> Float[Array, "batch time units"]:
    """h(1) … h(T) in JAX: kernels, which are compiled at first use, are not worth it."""

    def of_one(projections):
        return lax.scan(lambda *now: cell.step(*now), cell.initial_state(), projections)[1]

    return jax.vmap(of_one)(projections)


def _seen(curves: list[Curve]) -> str:
    """By how much each curve changes from its first point to its last."""
    factors = []
    for curve in curves:
        first, last = float(curve.y[0]), float(curve.y[-1])
        factors.append(f"{curve.name} {last / first:.1e}" if last and first else f"{curve.name} 0")
    away = f"From T − τ = 1 to {curves[0].x[-1]} the gradient changes by the factor"
    return f"{away} {', '.join(factors)}."
