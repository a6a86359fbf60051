"""The contract of a recurrent cell."""

from abc import abstractmethod
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Integer

from fastweights.cells.batches import Batch, last_outputs, unroll_batch, unroll_steps
from fastweights.cells.layers import check_sizes as check_sizes
from fastweights.cells.sequences import (
    checked_lengths,
    checked_resets,
    checked_state,
    each_vector,
    nearest_symbols,
    without_padding,
)
from fastweights.errors import check
from fastweights.inheritance import drop_outdated
from fastweights.memories.base import as_floats
from fastweights.native.calls import Kernel
from fastweights.types import Tokens

State = Any
"""What a cell carries from step to step: a pytree of arrays with named fields, or a single array."""


class AttentionText(NamedTuple):
    """What a picture of a cell's attention says beside it."""

    read: str
    """What a step reads, with its source: `the state after each symbol (Ba et al. 2016, equation 4)`."""
    remark: str
    """A sentence on how to take it."""


@dataclass(frozen=True)
class NoOptions:
    """The options of a cell that has none."""


class Cell(eqx.Module):
    """A recurrence h(t) = step(h(t−1), projection(x(t))), written for one sequence.

    A subclass defines `initial_state` and `step`, and usually `project`: the part of the step that
    depends on the input alone, such as C x + b. It is computed for all time steps at once, or once
    for each symbol of an alphabet. All else is optional: `kernel`, `unroll_in_jax` and `unroll_together` are
    faster forms of the recurrence, `attention` shows what it reads, `step_operations` counts its arithmetic.
    A class that changes the equations of another inherits none of these.

    Shapes: an input `x` is (input,), an output is (hidden,); `unroll` takes any leading batch axes.

    The constructor is `(input_size, hidden_size, *, options, key)`, with `options` an instance of the
    frozen dataclass `Options`: its fields are what the command line offers.

    >>> import equinox as eqx, fastweights as fw, jax, jax.numpy as jnp
    >>> cell, inputs = fw.LSTM(3, 5, key=jax.random.key(0)), jnp.ones((2, 4, 3))
    >>> outputs, state = eqx.filter_jit(cell.unroll)(inputs)
    >>> outputs.shape, state.hidden.shape
    ((2, 4, 5), (2, 5))
    >>> outputs, state = cell.unroll(inputs, state)  # goes on where the last one ended
    >>> state, output = cell(cell.initial_state(), inputs[0, 0])
    >>> output.shape
    (5,)
    """

    Options: ClassVar[type] = NoOptions
    # Array fields that a search may vary but training leaves alone: traced, so that one compilation
    # serves a whole grid.
    hyperparameters: ClassVar[tuple[str, ...]] = ()
    # Trained arrays of which weight decay takes nothing, besides those that base classes name.
    undecayed: ClassVar[tuple[str, ...]] = ()
    # What hidden_size must be a multiple of: 2, where a state is made of complex numbers.
    size_multiple: ClassVar[int] = 1
    # What is said of `attention`, by a cell that has it.
    attention_text: ClassVar[AttentionText | None] = None

    input_size: eqx.AbstractVar[int]
    hidden_size: eqx.AbstractVar[int]

    @classmethod
    def recommended(cls, hidden_size: int) -> Any:
        """The options recommended at this size: the defaults unless a cell has others."""
        del hidden_size
        return cls.Options()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Keep the fast forms only where the equations that they stand for are unchanged.

        A class that defines `step`, `initial_state` or a private helper anew loses the fast forms that it
        inherits, unless it defines them anew too: they would compute its parent's recurrence.
        """
        super().__init_subclass__(**kwargs)
        for name in _SHARED & set(vars(cls)):
            raise TypeError(
                f"{cls.__qualname__} must not override {name}, which follows from project and step"
            )
        drop_outdated(cls, Cell, _EQUATIONS, _FAST_FORMS)

    @abstractmethod
    def initial_state(self) -> State:
        """The state before the first step."""

    def project(self, x: Float[Array, " input"]) -> Float[Array, " projection"]:
        """The part of a step that depends on the input alone; by default the input itself."""
        return x

    @abstractmethod
    def step(
        self, state: State, projection: Float[Array, " projection"]
    ) -> tuple[State, Float[Array, " hidden"]]:
        """One step from an input's projection: the new state, and the output."""

    def __call__(self, state: State, x: Float[Array, " input"]) -> tuple[State, Float[Array, " hidden"]]:
        """One step from an input; carry first, as in `jax.lax.scan`.

        Modules that hold arrays have no hash, which JAX asks of functions: put a function around the cell,
        `jax.lax.scan(lambda state, x: cell(state, x), cell.initial_state(), inputs)`.

        Raises: InvalidValueError unless x is (input,).
        """
        check(jnp.shape(x) == (self.input_size,), f"x must be ({self.input_size},); got {jnp.shape(x)}")
        return self.step(state, self.project(x))

    def unroll(
        self,
        inputs: Float[Array, "*batch time input"],
        state: State = None,
        *,
        lengths: Integer[Array, "*batch"] | None = None,
        resets: Bool[Array, "*batch time"] | None = None,
    ) -> tuple[Float[Array, "*batch time hidden"], State]:
        """The outputs of all steps, and the state after the last one.

        It starts from `state`, whose arrays have the batch axes first, or from `initial_state`. Steps from
        `lengths` on, between 0 and time, change nothing: their inputs are never looked at, their outputs are
        0 and the state stays. Where `resets` is true, the step starts from `initial_state`.

        Raises: InvalidValueError for arrays of other shapes.

        To compile it, use `eqx.filter_jit`, or `jax.jit` around a function of the cell.
        """
        inputs = as_floats(inputs)
        check(
            inputs.ndim >= 2 and inputs.shape[-1] == self.input_size,
            f"inputs must be (…, time, {self.input_size}); got {inputs.shape}",
        )
        if lengths is not None:
            inputs = without_padding(inputs, lengths)
        projections = each_vector(self.project, inputs)
        return self.unroll_projected(projections, state, lengths=lengths, resets=resets)

    def unroll_projected(
        self,
        projections: Float[Array, "*batch time projection"],
        state: State = None,
        *,
        lengths: Integer[Array, "*batch"] | None = None,
        resets: Bool[Array, "*batch time"] | None = None,
    ) -> tuple[Float[Array, "*batch time hidden"], State]:
        """`unroll` for projections that are known already."""
        batch, time = projections.shape[:-2], projections.shape[-2]
        if state is not None:
            one = eqx.filter_eval_shape(self.initial_state)
            state = checked_state(state, one, batch, projections.dtype)
        lengths = None if lengths is None else checked_lengths(lengths, batch, time)
        resets = None if resets is None else checked_resets(resets, (*batch, time))
        given = Batch(projections, state, lengths, resets)
        flat = jax.tree.map(lambda leaf: leaf.reshape(prod(batch), *leaf.shape[len(batch) :]), given)
        result = self.unroll_together(flat)
        return jax.tree.map(lambda leaf: leaf.reshape(*batch, *leaf.shape[1:]), result)

    def last_output(
        self, table: Float[Array, "symbols projection"], tokens: Tokens
    ) -> Float[Array, "*batch hidden"]:
        """The last output of sequences of symbols, whose projections are the rows of a table.

        Tokens beyond the table count as its first or last symbol, whichever is nearer.
        """
        *batch, time = tokens.shape
        tokens = nearest_symbols(tokens, len(table)).reshape(prod(batch), time)
        return last_outputs(self, table, tokens).reshape(*batch, self.hidden_size)

    def unroll_together(self, given: Batch) -> tuple[Float[Array, "batch time hidden"], State]:
        """`unroll_projected` of one batch: by default by the kernel, or in JAX for each sequence."""
        return unroll_batch(self, given)

    def kernel(self, length: int, outputs: int, dtype: jnp.dtype) -> Kernel | None:
        """A faster form, equal to `unroll_in_jax` to rounding, for batches of sequences of symbols.

        None where there is none for sequences of this length and numbers of this type.
        """
        del length, outputs, dtype
        return None

    def unroll_in_jax(
        self,
        projections: Float[Array, "time projection"],
        state: State = None,
        valid: Bool[Array, " time"] | None = None,
        resets: Bool[Array, " time"] | None = None,
    ) -> tuple[Float[Array, "time hidden"], State]:
        """`unroll_projected` for one sequence, in JAX: by default a scan; a cell may have a faster form."""
        return unroll_steps(self, projections, state, valid, resets)

    def attention(self, projections: Float[Array, "time projection"]) -> Float[Array, "time time"] | None:
        """How much of each earlier step (second axis) each step (first axis) reads; None for a cell that
        does not weigh earlier steps one by one. `attention_text` says what the numbers are."""
        del projections
        return None

    def step_operations(self) -> int | None:
        """The multiplications and additions of one step of one sequence from its projection, in the form of
        `step`; None where the number is not known.

        Those of matrices and memories count. Activations, gates and normalisations, some operations a unit,
        are left out.
        """
        return None

    def unroll_operations(self, length: int) -> int | None:
        """The fewest operations, counted in the same way, of a sequence of `length` steps in any form of the
        recurrence; by default those of all steps but the first, whose products are with the zeros of the
        initial state. None where the number is not known."""
        step = self.step_operations()
        return None if step is None else (length - 1) * step


# What all cells share; what defines a recurrence; and what may stand for it, if it is equal to it.
_SHARED = {"__call__", "unroll", "unroll_projected", "last_output"}
_EQUATIONS = ("step", "initial_state")
_FAST_FORMS = (
    "unroll_together",
    "kernel",
    "unroll_in_jax",
    "attention",
    "step_operations",
    "unroll_operations",
)
