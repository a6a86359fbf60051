"""The contract of a recurrent cell."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
from jax import Array, lax
from jaxtyping import Float

from fastweights.errors import check
from fastweights.types import Tokens

State = Any
"""Whatever a cell carries from step to step: any pytree whose arrays end in the batch axis."""


@dataclass(frozen=True)
class NoOptions:
    """The options of a cell that has none."""


class Cell(eqx.Module):
    """A recurrence h(t) = step(h(t−1), drive(x(t))).

    A subclass defines `initial_state` and `step`, and usually `drive`: the part of the step that
    depends on the input alone, such as C x + b. It is computed for all time steps at once, or once
    for each symbol of an alphabet.

    Shapes: an input `x` is (input, batch), an output is (hidden, batch); one sequence is a batch of one.

    The constructor is `(input_size, hidden_size, *, options, key)`, with `options` an instance of the
    frozen dataclass `Options`: its fields are what the command line offers.
    """

    Options: ClassVar[type] = NoOptions
    # Array fields that a search may vary but training leaves alone: traced, so that one compilation
    # serves a whole grid.
    hyperparameters: ClassVar[tuple[str, ...]] = ()

    input_size: eqx.AbstractVar[int]
    hidden_size: eqx.AbstractVar[int]

    @abstractmethod
    def initial_state(self, batch: int) -> State:
        """The state before the first step."""

    def drive(self, x: Float[Array, "input *columns"]) -> Float[Array, "drive *columns"]:
        """The part of a step that depends on the input alone; by default the input itself."""
        return x

    @abstractmethod
    def step(
        self, state: State, drive: Float[Array, "drive batch"]
    ) -> tuple[State, Float[Array, "hidden batch"]]:
        """One step from an input's drive: the new state, and the output (hidden, batch)."""

    def __call__(
        self, state: State, x: Float[Array, "input batch"]
    ) -> tuple[State, Float[Array, "hidden batch"]]:
        """One step from an input; carry first, as in `jax.lax.scan`."""
        return self.step(state, self.drive(x))

    def unroll(self, inputs: Float[Array, "time input batch"]) -> Float[Array, "time hidden batch"]:
        """The outputs (time, hidden, batch) for the inputs (time, input, batch), from the initial state."""
        columns = inputs.swapaxes(0, 1)
        return self.unroll_driven(self.drive(columns).swapaxes(0, 1))

    def unroll_driven(self, drives: Float[Array, "time drive batch"]) -> Float[Array, "time hidden batch"]:
        """`unroll` for drives that are known already; a cell may override it with a faster exact form."""
        state = self.initial_state(drives.shape[-1])
        # Not `self.step`: JAX hashes the function, and a module that holds tracers has no hash.
        return lax.scan(lambda state, drive: self.step(state, drive), state, drives)[1]

    def last_output(self, table: Float[Array, "drive symbols"], tokens: Tokens) -> Float[Array, "hidden batch"]:
        """The last output for drives that are columns of a table: all that a classifier needs. A cell may
        override it with a form that neither looks up all drives nor keeps all outputs."""
        return self.unroll_driven(look_up(table, tokens))[-1]


def look_up(table: Float[Array, "drive symbols"], tokens: Tokens) -> Float[Array, "time drive batch"]:
    """The drives of a sequence of symbols."""
    return table.T[tokens].swapaxes(1, 2)


def check_sizes(input_size: int, hidden_size: int) -> None:
    """Raise InvalidValueError unless both sizes are at least 1."""
    check(input_size >= 1, f"input_size must be at least 1; got {input_size}")
    check(hidden_size >= 1, f"hidden_size must be at least 1; got {hidden_size}")
