"""What all fast weight programmers share."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fastweights.cells.programmers.parts import Parts
from fastweights.errors import check
from fastweights.torch.cell import Cell
from fastweights.torch.convolution import convolve
from fastweights.torch.layers import fill_, uniform_
from fastweights.torch.memory.recurrence import unroll_memory
from fastweights.torch.memory.writes import Write
from fastweights.torch.programmers.features import features, num_features
from fastweights.torch.states import running

EPSILON = 1e-5
"""Of norms of what is read."""


class ProgrammerState(NamedTuple):
    """The memories S (heads, value, key), and the latest projections (convolution − 1, channels) of queries,
    keys and values, the oldest first; None without a convolution."""

    memory: Tensor
    recent: Tensor | None


class ProgrammerCell(Cell):
    """q, k, v = maps of W x(t),  S ← S Diag(a) − (S r) eᵀ + v wᵀ,  h(t) = W_o (norm(S q) ⊙ gate).

    For all steps at once, a subclass says what is asked and written (`vectors`), of how many rows of W
    (`rows`).
    """

    State = ProgrammerState

    def make(self, place: dict[str, Any]) -> None:
        options = self.options
        check(
            bool(options.value_size) or self.hidden_size % options.heads == 0,
            f"hidden_size must be a multiple of the heads, {options.heads}; got {self.hidden_size}",
        )

        def parameter(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(*shape, **place))

        values, rows, each = options.heads * self.value_size, self.rows(), (options.heads, self.value_size)
        self.input = parameter(sum(rows), self.input_size)
        self.convolution = parameter(sum(rows[:3]), options.convolution) if options.convolution else None
        norms = {"none": None, "rms": (self.value_size,), "layer": each}[options.output_norm]
        self.gain = None if norms is None else parameter(*norms)
        self.norm_bias = parameter(*each) if options.output_norm == "layer" else None
        rank = options.output_gate_rank if options.output_gate != "none" else 0
        self.gate_expansion = parameter(values, rank) if rank else None
        self.output = parameter(self.hidden_size, values)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        for tensor in (self.input, self.convolution, self.gate_expansion, self.output):
            if tensor is not None:
                uniform_(tensor, tensor.shape[1], generator)
        for tensor, value in ((self.gain, 1.0), (self.norm_bias, 0.0)):
            if tensor is not None:
                fill_(tensor, value)

    @property
    def value_size(self) -> int:
        """Units of a head's values."""
        return self.options.value_size or self.hidden_size // self.options.heads

    @property
    def key_size(self) -> int:
        """Units of a head's keys, before the key map."""
        return self.options.key_size or self.value_size

    def memory_shape(self) -> tuple[int, int, int]:
        """Of S: heads, values and features."""
        return self.options.heads, self.value_size, num_features(self.key_size, self.options)

    @property
    def epsilon(self) -> float:
        """Of the norm of what is read."""
        return EPSILON

    def rows(self) -> Parts:
        """How many rows of W there are for each part; the first three are mixed by the convolution."""
        raise NotImplementedError

    def vectors(self, mixed: Tensor) -> tuple[Tensor, Write]:
        """What each head is asked at every step (N, time, heads, key), and its writes, whose arrays are (N,
        time, writes, heads, …)."""
        raise NotImplementedError

    def state_shapes(self) -> Any:
        recent = None if self.convolution is None else (self.convolution.shape[1] - 1, len(self.convolution))
        return ProgrammerState(self.memory_shape(), recent)  # pyright: ignore

    def step(self, state: Any, projection: Tensor) -> tuple[Any, Tensor]:
        outputs, state = self.unroll(projection[:, None], state)
        return state, outputs[:, 0]

    def unroll(
        self, projections: Tensor, state: Any = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        state = self.initial_state(len(projections)) if state is None else state
        valid = None
        if lengths is not None:
            valid = running(lengths, projections.shape[1])[..., None]
            projections = torch.where(valid, projections, 0)
        mixed, state = self.mixed(projections, state, lengths)
        query, write = self.vectors(mixed)
        answers, memory = unroll_memory(
            query, write.map(lambda array: array.flatten(1, 2)), state.memory, lengths=lengths
        )
        outputs = self.answer(answers, mixed)
        outputs = outputs if valid is None else torch.where(valid, outputs, 0)
        # Not `_replace`, which PyTorch 2.4 does not compile.
        return outputs, self.State(memory, *state[1:])

    def mixed(self, projections: Tensor, state: Any, lengths: Tensor | None) -> tuple[Tensor, Any]:
        """The projections after the convolution, and the state but for the memory's steps."""
        if self.convolution is None:
            return projections, state
        channels = len(self.convolution)
        before, rest = projections.split([channels, projections.shape[-1] - channels], dim=-1)
        now, recent = convolve(self.convolution, state.recent, before, lengths)
        return torch.cat([now, rest], dim=-1), self.State(state.memory, recent, *state[2:])

    def to_query(self, x: Tensor) -> Tensor:
        """What the memory is asked: mapped, normed and scaled."""
        query = features(x, self.options)
        return query * query.shape[-1] ** -0.5 if self.options.scale_queries else query

    def to_key(self, x: Tensor) -> Tensor:
        """What is written under: mapped and normed."""
        return features(x, self.options)

    def to_value(self, x: Tensor) -> Tensor:
        """What is written."""
        return nn.functional.silu(x) if self.options.value_map == "silu" else x

    def answer(self, read: Tensor, mixed: Tensor) -> Tensor:
        """The outputs, of what each head has read (N, time, heads, value)."""
        return self.gated(self.normed(read), self.parts(mixed)).flatten(-2) @ self.output.T

    def normed(self, read: Tensor) -> Tensor:
        """What is read over the root of its mean square, in each head; without its mean before."""
        if self.gain is None:
            return read
        if self.norm_bias is not None:
            read = read - read.mean(-1, keepdim=True)
        read = self.gain * read * torch.rsqrt((read * read).mean(-1, keepdim=True) + self.epsilon)
        return read if self.norm_bias is None else read + self.norm_bias

    def gated(self, read: Tensor, parts: Parts) -> Tensor:
        """What is read, as far as the output gate lets it pass."""
        if self.options.output_gate == "none":
            return read
        gate = parts.output_gate
        gate = gate if self.gate_expansion is None else gate @ self.gate_expansion.T
        return read * self.gate(gate).reshape(read.shape)

    def gate(self, x: Tensor) -> Tensor:
        """The output gate's function."""
        return nn.functional.silu(x) if self.options.output_gate == "silu" else torch.sigmoid(x)

    def parts(self, mixed: Tensor) -> Parts:
        """The projections, cut into what they are for."""
        return Parts(*mixed.split(list(self.rows()), dim=-1))


def in_heads(x: Tensor, *shape: int) -> Tensor:
    """The last axis in this shape."""
    return x.reshape(*x.shape[:-1], *shape)
