"""What all cells share: options, states, one step, and a whole batch of sequences."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from fastweights.torch import kernels
from fastweights.torch.checks import (
    as_weights,
    check_sizes,
    check_state,
    described,
    make_options,
    without_autocast,
)
from fastweights.torch.kernels import Kernel
from fastweights.torch.states import chosen, map_state, running

AnyState = Any
"""What a cell carries from step to step: a named tuple of tensors, or None for what a cell goes without."""


class Cell(nn.Module):
    """One step of a recurrence: (output, hx) = cell(input, hx).

    A subclass names its `Options`, the class that the cell of this name has in JAX, and the named tuple of
    its `State`; it makes its parameters (`make`), says what they are before training (`reset_parameters`),
    how large the arrays of a state are (`state_shapes`), and what a step is (`step`), usually of a projection
    of the input (`project`). It may have a `kernel`, or another form for whole sequences (`unroll_plain`).
    Names and shapes of parameters are as in JAX.

    Shapes: input (N, input_size) or (input_size,); output (N, hidden_size) or (hidden_size,); the arrays of
    hx have the axis N first, or none.
    """

    Options: ClassVar[type]
    State: ClassVar[Any]
    size_multiple: ClassVar[int] = 1

    input: nn.Parameter

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        check_sizes(input_size, hidden_size, self.size_multiple)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.options: Any = make_options(type(self).__name__, self.Options, options)
        self.make({"device": device, "dtype": dtype})
        self.reset_parameters()

    def make(self, place: dict[str, Any]) -> None:
        """Make the parameters, there and of that type; they have no values yet."""
        raise NotImplementedError

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the parameters anew, as they are before training."""
        raise NotImplementedError

    def state_shapes(self) -> AnyState:
        """The shapes of the arrays of one sequence's state, which is 0 at first."""
        raise NotImplementedError

    def step(self, state: AnyState, projection: Tensor) -> tuple[AnyState, Tensor]:
        """One step from the projections (N, …) of inputs: new states, and outputs (N, hidden_size)."""
        raise NotImplementedError

    def project(self, input: Tensor) -> Tensor:
        """The part of a step that depends on the input alone, of any number of inputs (…, input_size)."""
        return nn.functional.linear(input, self.input)

    def kernel(self, length: int) -> Kernel | None:
        """A faster form for sequences of so many steps, or None."""
        del length
        return None

    def last_state(self, last: Tensor, outputs: Tensor, state: AnyState, lengths: Tensor | None) -> AnyState:
        """The states from a kernel's numbers (N, …), all outputs, and what it was given."""
        del outputs, state, lengths
        shapes = self.state_shapes()
        parts = last.split([torch.Size(shape).numel() for shape in shapes], dim=1)
        return self.State(*(a.reshape(len(a), *shape) for a, shape in zip(parts, shapes, strict=True)))

    def initial_state(self, batch: int) -> AnyState:
        """The states of so many sequences before their first step."""
        shapes = self.state_shapes()
        return self.State(
            *(None if shape is None else self.input.new_zeros(batch, *shape) for shape in shapes)
        )

    def unroll(
        self, projections: Tensor, state: AnyState = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, AnyState]:
        """All outputs (N, time, hidden_size) and the last states, from projections (N, time, …).

        Steps from `lengths` on (integers, where the projections are) change nothing: their outputs are 0.
        """
        batch, time, width = projections.shape
        kernel = self.kernel(time)
        if kernel is None or not kernel.runs(projections):
            return self.unroll_plain(projections, state, lengths)
        # To a kernel, every projection is a symbol of its own.
        tokens = torch.arange(batch * time, dtype=torch.int32).view(batch, time)
        rows = None if state is None else torch.cat([array.flatten(1) for array in state], dim=1)
        lengths = None if lengths is None else lengths.to(torch.int32)
        outputs, last = kernels.evaluate(kernel, projections.reshape(-1, width), tokens, rows, lengths)
        return outputs, self.last_state(last, outputs, state, lengths)

    def unroll_plain(
        self, projections: Tensor, state: AnyState = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, AnyState]:
        """`unroll` without a kernel: step by step, unless a cell has another form."""
        batch, time, _ = projections.shape
        state = self.initial_state(batch) if state is None else state
        valid = None if lengths is None else running(lengths, time)
        if valid is not None:
            projections = torch.where(valid[..., None], projections, 0)
        outputs = []
        for t, projection in enumerate(projections.unbind(1)):
            new, output = self.step(state, projection)
            if valid is not None:
                runs = valid[:, t]
                new = map_state(lambda a, b, runs=runs: chosen(runs, a, b), new, state)
                output = torch.where(runs[:, None], output, 0)
            state = new
            outputs.append(output)
        return torch.stack(outputs, dim=1), state

    def last_output(self, table: Tensor, tokens: Tensor) -> Tensor:
        """The last output of sequences of symbols (N, time), whose projections are the rows of a table."""
        kernel = self.kernel(tokens.shape[1])
        if kernel is None or not kernel.runs(table, len(tokens)):
            return self.unroll(table[tokens])[0][:, -1]
        outputs, _ = kernels.evaluate(kernel, table, tokens.to(torch.int32), outputs=1)
        return outputs[:, 0]

    def forward(self, input: Tensor, hx: AnyState = None) -> tuple[Tensor, AnyState]:
        """The output, and the state after it."""
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        batched = as_weights(name, input, self.input_size, self.input)
        if hx is not None:
            check_state(name, hx, self.State, self.state_shapes(), input.shape[:-1], self.input)
        if input.dim() == 1:
            batched = batched[None]
            hx = None if hx is None else map_state(lambda array: array[None], hx)
        with without_autocast(input):
            state = self.initial_state(len(batched)) if hx is None else hx
            state, output = self.step(state, self.project(batched))
        if input.dim() == 1:
            return output[0], map_state(lambda array: array[0], state)
        return output, state

    def extra_repr(self) -> str:
        return described(self)
