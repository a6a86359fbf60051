"""The contract of a recurrent cell."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.derivatives import by_kernel
from fastweights.errors import check
from fastweights.inheritance import drop_outdated
from fastweights.native.calls import Kernel
from fastweights.numerics import checkpointed_scan
from fastweights.types import Tokens

State = Any
"""Whatever a cell carries from step to step: any pytree whose arrays end in the batch axis."""

MAX_KEPT_STEPS = 128
"""Steps whose states are all kept for the derivative; of longer sequences only some are."""


@dataclass(frozen=True)
class NoOptions:
    """The options of a cell that has none."""


class Cell(eqx.Module):
    """A recurrence h(t) = step(h(t−1), projection(x(t))).

    A subclass defines `initial_state` and `step`, and usually `project`: the part of the step that
    depends on the input alone, such as C x + b. It is computed for all time steps at once, or once
    for each symbol of an alphabet. All else is optional: `kernel` and `unroll_in_jax` are faster forms of
    the recurrence, `attention` shows what it reads, `step_operations` counts its arithmetic. A class that
    changes the equations of another inherits none of these.

    Shapes: an input `x` is (input, batch), an output is (hidden, batch); one sequence is a batch of one.

    The constructor is `(input_size, hidden_size, *, options, key)`, with `options` an instance of the
    frozen dataclass `Options`: its fields are what the command line offers.
    """

    Options: ClassVar[type] = NoOptions
    # Array fields that a search may vary but training leaves alone: traced, so that one compilation
    # serves a whole grid.
    hyperparameters: ClassVar[tuple[str, ...]] = ()
    # What hidden_size must be a multiple of: 2, where a state is made of complex numbers.
    size_multiple: ClassVar[int] = 1

    input_size: eqx.AbstractVar[int]
    hidden_size: eqx.AbstractVar[int]

    @classmethod
    def recommended(cls, hidden_size: int) -> Any:
        """The options recommended at this size: the defaults unless a cell has others."""
        del hidden_size
        return cls.Options()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Keep the fast forms only where the equations that they stand for are unchanged.

        A class that defines `step` or `initial_state` anew loses the fast forms that it inherits, unless it
        defines them anew too: they would compute its parent's recurrence.
        """
        super().__init_subclass__(**kwargs)
        for name in _SHARED & set(vars(cls)):
            raise TypeError(
                f"{cls.__qualname__} must not override {name}, which follows from project and step"
            )
        drop_outdated(cls, Cell, _EQUATIONS, _FAST_FORMS)

    @abstractmethod
    def initial_state(self, batch: int) -> State:
        """The state before the first step."""

    def project(self, x: Float[Array, "input *columns"]) -> Float[Array, "projection *columns"]:
        """The part of a step that depends on the input alone; by default the input itself."""
        return x

    @abstractmethod
    def step(
        self, state: State, projection: Float[Array, "projection batch"]
    ) -> tuple[State, Float[Array, "hidden batch"]]:
        """One step from an input's projection: the new state, and the output (hidden, batch)."""

    def __call__(
        self, state: State, x: Float[Array, "input batch"]
    ) -> tuple[State, Float[Array, "hidden batch"]]:
        """One step from an input; carry first, as in `jax.lax.scan`. Raises InvalidValueError unless x is
        (input, batch).

        Modules that hold arrays have no hash, which JAX asks of functions: put a function around the cell.

        >>> import fastweights as fw, jax, jax.numpy as jnp
        >>> cell, inputs = fw.LSTM(3, 5, key=jax.random.key(0)), jnp.ones((4, 3, 2))
        >>> state, outputs = jax.lax.scan(lambda state, x: cell(state, x), cell.initial_state(2), inputs)
        >>> outputs.shape
        (4, 5, 2)
        """
        check(
            jnp.ndim(x) == 2 and len(x) == self.input_size,
            f"x must be ({self.input_size}, batch); got {jnp.shape(x)}",
        )
        return self.step(state, self.project(x))

    def unroll(self, inputs: Float[Array, "time input batch"]) -> Float[Array, "time hidden batch"]:
        """The outputs (time, hidden, batch) for the inputs (time, input, batch), from the initial state.

        Raises: InvalidValueError for inputs of another shape.

        To compile it, use `eqx.filter_jit`, or `jax.jit` around a function of the cell.

        >>> import equinox as eqx, fastweights as fw, jax, jax.numpy as jnp
        >>> cell, inputs = fw.LSTM(3, 5, key=jax.random.key(0)), jnp.ones((4, 3, 2))
        >>> eqx.filter_jit(cell.unroll)(inputs).shape
        (4, 5, 2)
        >>> jax.jit(lambda cell, inputs: cell.unroll(inputs))(cell, inputs).shape
        (4, 5, 2)
        """
        shape = jnp.shape(inputs)
        check(
            len(shape) == 3 and shape[1] == self.input_size,
            f"inputs must be (time, {self.input_size}, batch); got {shape}",
        )
        columns = inputs.swapaxes(0, 1)
        return self.unroll_projected(self.project(columns).swapaxes(0, 1))

    def unroll_projected(
        self, projections: Float[Array, "time projection batch"]
    ) -> Float[Array, "time hidden batch"]:
        """`unroll` for projections that are known already."""
        length, size, batch = projections.shape
        kernel_of = self._kernel_of(length, length, projections.dtype)
        if kernel_of is None:
            return self.unroll_in_jax(projections)
        # To a kernel, every projection is a symbol of its own.
        tokens = jnp.arange(length * batch, dtype=jnp.int32).reshape(length, batch)
        table = projections.swapaxes(1, 2).reshape(-1, size)
        return by_kernel(kernel_of, _unroll_table, self, table, tokens)

    def last_output(
        self, table: Float[Array, "projection symbols"], tokens: Tokens
    ) -> Float[Array, "hidden batch"]:
        """The last output of sequences of symbols, whose projections are the columns of a table.

        Tokens beyond the table count as its first or last symbol, whichever is nearer.
        """
        kernel_of = self._kernel_of(len(tokens), 1, table.dtype)
        if kernel_of is None:
            return self.unroll_in_jax(gather(table, tokens))[-1]
        tokens = nearest_symbols(tokens, table.shape[1])
        return by_kernel(kernel_of, _last_of_table, self, table.T, tokens)[0]

    def _kernel_of(self, length: int, outputs: int, dtype: jnp.dtype) -> Callable[["Cell"], Kernel] | None:
        """The kernel as a function of the cell; None where there is none for such arrays."""
        kernel = self.kernel(length, outputs, dtype)
        if kernel is None or any(array.dtype != dtype for array in jax.tree.leaves(kernel.operands)):
            return None

        # The cell that a derivative is taken of has the same sizes, and so a kernel too.
        return lambda cell: cast(Kernel, cell.kernel(length, outputs, dtype))

    def unroll_in_jax(
        self, projections: Float[Array, "time projection batch"]
    ) -> Float[Array, "time hidden batch"]:
        """`unroll_projected` without a kernel: by default a scan; a cell may have a faster form."""
        state = self.initial_state(projections.shape[-1])
        scan = lax.scan if len(projections) <= MAX_KEPT_STEPS else checkpointed_scan
        # Not `self.step`: JAX hashes the function, and a module that holds tracers has no hash.
        return scan(lambda state, projection: self.step(state, projection), state, projections)[1]

    def kernel(self, length: int, outputs: int, dtype: jnp.dtype) -> Kernel | None:
        """A faster form, equal to `unroll_in_jax` to rounding: of a table (symbols, projection) and tokens
        (time, batch) it makes the last `outputs` outputs (outputs, hidden, batch).

        None where there is none for sequences of this length and numbers of this type.
        """
        del length, outputs, dtype
        return None

    def attention(
        self, projections: Float[Array, "time projection batch"]
    ) -> Float[Array, "time time batch"] | None:
        """How much of each earlier state (second axis) each step (first axis) reads; None for a cell that
        does not read its earlier states."""
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
_FAST_FORMS = ("kernel", "unroll_in_jax", "attention", "step_operations", "unroll_operations")


def _unroll_table(cell: Cell, table: Float[Array, "symbols projection"], tokens: Tokens) -> Array:
    """`unroll_projected` in the plain form."""
    return Cell.unroll_in_jax(cell, gather(table.T, tokens))


def _last_of_table(cell: Cell, table: Float[Array, "symbols projection"], tokens: Tokens) -> Array:
    """`last_output` in the plain form."""
    return _unroll_table(cell, table, tokens)[-1:]


def gather(
    table: Float[Array, "projection symbols"], tokens: Tokens
) -> Float[Array, "time projection batch"]:
    """The projections of a sequence of symbols.

    Tokens beyond the table count as its first or last symbol, whichever is nearer.
    """
    return table.T[nearest_symbols(tokens, table.shape[1])].swapaxes(1, 2)


def nearest_symbols(tokens: Tokens, num_symbols: int) -> Tokens:
    """The tokens as 32-bit integers, those outside [0, num_symbols) replaced by the nearest inside."""
    if tokens.dtype.itemsize < 4:  # the last symbol might not fit
        tokens = tokens.astype(jnp.int32)
    return jnp.clip(tokens, 0, num_symbols - 1).astype(jnp.int32)


def check_sizes(input_size: int, hidden_size: int, multiple: int = 1) -> None:
    """Raise InvalidValueError unless both sizes are at least 1, and hidden_size is such a multiple."""
    check(input_size >= 1, f"input_size must be at least 1; got {input_size}")
    check(hidden_size >= 1, f"hidden_size must be at least 1; got {hidden_size}")
    check(hidden_size % multiple == 0, f"hidden_size must be a multiple of {multiple}; got {hidden_size}")
