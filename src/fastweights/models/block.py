"""A layer of a deep model: norm, cell, residual, perceptron."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
from jax import Array
from jaxtyping import Float, Integer

from fastweights.cells.base import Cell
from fastweights.cells.sequences import each_vector
from fastweights.errors import InvalidValueError, check
from fastweights.models.layers import Perceptron
from fastweights.options import Norm

NORMS: dict[str, Callable[[int], eqx.nn.LayerNorm | eqx.nn.RMSNorm | None]] = {
    "none": lambda size: None,
    "layer": lambda size: eqx.nn.LayerNorm(size),
    "rms": lambda size: eqx.nn.RMSNorm(size, use_bias=False),
}


class Block(eqx.Module):
    """h(t) = cell(norm(x(t))), plus x(t) with a residual; then h + perceptron(norm(h)) if there is one.

    Without norm, residual and perceptron a block is its cell.

    Shapes: x (…, time, input), output (…, time, hidden).
    Raises: InvalidValueError if a residual's sizes differ.
    """

    norm: eqx.nn.LayerNorm | eqx.nn.RMSNorm | None
    cell: Cell
    perceptron_norm: eqx.nn.LayerNorm | eqx.nn.RMSNorm | None
    perceptron: Perceptron | None
    residual: bool = eqx.field(static=True)

    def __init__(
        self,
        cell: Cell,
        *,
        norm: Norm = "none",
        residual: bool = False,
        perceptron_size: int = 0,
        key: Array | None = None,
    ) -> None:
        check(
            not residual or cell.input_size == cell.hidden_size,
            f"a residual needs a cell with as many inputs as units; got {cell.input_size} and "
            f"{cell.hidden_size}",
        )
        self.norm, self.cell, self.residual = NORMS[norm](cell.input_size), cell, residual
        self.perceptron_norm = self.perceptron = None
        if perceptron_size:
            if key is None:
                raise InvalidValueError("a block with a perceptron needs a key")
            size = cell.hidden_size
            self.perceptron_norm = NORMS[norm](size)
            self.perceptron = Perceptron(size, perceptron_size, size, key=key)

    @property
    def is_plain(self) -> bool:
        """Whether the block is just its cell."""
        return self.norm is None and self.perceptron is None and not self.residual

    def project(self, x: Float[Array, "*batch input"]) -> Float[Array, "*batch projection"]:
        """The cell's projections of normalised inputs."""
        return each_vector(lambda x: self.cell.project(x if self.norm is None else self.norm(x)), x)

    def __call__(
        self,
        x: Float[Array, "*batch time input"],
        projections: Float[Array, "*batch time projection"],
        lengths: Integer[Array, "*batch"] | None = None,
    ) -> Float[Array, "*batch time hidden"]:
        """The outputs for inputs whose projections are known."""
        outputs, _ = self.cell.unroll_projected(projections, lengths=lengths)
        return self._finish(x, outputs)

    def step(self, state: Any, x: Float[Array, " input"]) -> tuple[Any, Float[Array, " hidden"]]:
        """One step of one sequence."""
        state, output = self.cell.step(state, self.project(x))
        return state, self._finish(x, output)

    def _finish(self, x: Array, outputs: Array) -> Array:
        hidden = x + outputs if self.residual else outputs
        if self.perceptron is None:
            return hidden
        norm = self.perceptron_norm
        return hidden + self.perceptron(hidden if norm is None else each_vector(norm, hidden))
