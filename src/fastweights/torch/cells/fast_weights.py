"""Fast weights: a recurrent network that attends to its recent past."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fastweights.cells.options.fast_weights import CHUNK, FastWeightsOptions, longest_attention
from fastweights.native.sizes import LONGEST, Plan, segment
from fastweights.torch.cell import Cell
from fastweights.torch.kernels import Kernel
from fastweights.torch.layers import fill_, identity_, layer_norm, uniform_
from fastweights.torch.recurrent import Recurrent
from fastweights.torch.states import running


class FastWeightsState(NamedTuple):
    """h(t), and the fast memory A (hidden, hidden) as it is before h(t) is written."""

    hidden: Tensor
    memory: Tensor


class Norms(nn.Module):
    """Gains and biases (sets, hidden) of several layer normalisations."""

    def __init__(self, sets: int, units: int, place: dict[str, Any]) -> None:
        super().__init__()
        self.gains = nn.Parameter(torch.empty(sets, units, **place))
        self.biases = nn.Parameter(torch.empty(sets, units, **place))


class FastWeightsCell(Cell):
    """One step of `FastWeights`, by the matrix A."""

    Options = FastWeightsOptions
    State = FastWeightsState

    decay: Tensor
    write_rate: Tensor

    def make(self, place: dict[str, Any]) -> None:
        options, units = self.options, self.hidden_size
        self.recurrent = nn.Parameter(torch.empty(units, units, **place))
        self.input = nn.Parameter(torch.empty(units, self.input_size, **place))
        sets = options.inner_steps if options.norm_sets == "per-step" else 1
        sets *= options.norm != "none"
        # Those of the inner loop, then h_0's own if any.
        self.norms = Norms(sets + (options.preliminary_norm == "separate"), units, place)
        self.register_buffer("decay", torch.empty((), **place))
        self.register_buffer("write_rate", torch.empty((), **place))

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        options = self.options
        identity_(self.recurrent, options.recurrent_scale)
        uniform_(self.input, self.hidden_size, generator, options.input_scale)
        fill_(self.norms.gains, 1.0)
        fill_(self.norms.biases, options.norm_bias)
        fill_(self.decay, options.decay)
        fill_(self.write_rate, options.write_rate)

    def state_shapes(self) -> FastWeightsState:
        units = self.hidden_size
        return FastWeightsState((units,), (units, units))  # pyright: ignore

    def step(self, state: FastWeightsState, projection: Tensor) -> tuple[FastWeightsState, Tensor]:
        summed = torch.addmm(projection, state.hidden, self.recurrent.T)
        preliminary = self._preliminary(summed)
        stored = preliminary if self.options.write_time == "preliminary" else state.hidden
        faded = self.decay * state.memory
        written = torch.baddbmm(faded, (self.write_rate * stored)[..., None], stored[:, None])
        used = state.memory if self.options.write_time == "late" else written
        hidden = self._inner_loop(
            summed, preliminary, lambda query: torch.bmm(used, query[..., None])[..., 0]
        )
        return FastWeightsState(hidden, written), hidden

    def unroll_plain(
        self, projections: Tensor, state: Any = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """By the matrix, or where that is cheaper, by attention to the past states."""
        time, steps = projections.shape[1], self.options.inner_steps
        # Operations: 4 S τ R for the τ-th step's readings, against 3 R² + 2 S R² for the matrix.
        cheaper = 2 * steps * time <= (3 + 2 * steps) * self.hidden_size
        if not cheaper or self.options.write_time == "preliminary":
            return super().unroll_plain(projections, state, lengths)
        if lengths is None:
            outputs = self._attend(projections, state)
            last = outputs[:, -1]
        else:
            valid = running(lengths, time)[..., None]
            outputs = torch.where(valid, self._attend(torch.where(valid, projections, 0), state), 0)
            first = torch.zeros_like(outputs[:, :1]) if state is None else state.hidden[:, None]
            last = torch.cat([first, outputs], 1).take_along_dim(lengths[:, None, None].long(), 1)[:, 0]
        return outputs, self.last_state(last, outputs, state, lengths)

    def kernel(self, length: int) -> Kernel | None:
        if self.options.write_time == "preliminary" or length > LONGEST:
            return None  # attention to past states has no place for the present one
        plan, units = self._plan(), self.hidden_size
        operands: list[Tensor] = [self.recurrent, self.norms.gains, self.norms.biases]
        if length <= longest_attention(units):
            weights = self._weights(self._times(length) - self._newest, length)
            numbers, size, name = plan.numbers(length), plan.tape_size(length, units), "Attend"
        else:
            # The next chunk's memory is without the last state, like one that is read a step late.
            times = self._times(CHUNK)
            weights = self._weights(torch.cat([times - self._newest, times[-1:] - 1]), CHUNK)
            numbers, size = plan.numbers(CHUNK, segment(length, CHUNK)), plan.kept_size(length, CHUNK, units)
            name = "AttendChunks"
        operands.append(weights if plan.inside else weights[:0, :0])
        return Kernel(name, operands, units, size, numbers)

    def last_state(
        self, last: Tensor, outputs: Tensor, state: Any, lengths: Tensor | None
    ) -> FastWeightsState:
        """A after the last step: h(length) is not written yet."""
        batch, time, _ = outputs.shape
        ends = outputs.new_full((batch,), time, dtype=torch.long) if lengths is None else lengths
        weights = self.write_rate * self._powers(ends[:, None] - 2 - self._times(time))
        memory = (weights[..., None] * outputs).mT @ outputs
        if state is not None:
            ages = ends[:, None, None]
            written = (
                self.write_rate * self._powers(ages - 1) * (state.hidden[..., None] * state.hidden[:, None])
            )
            memory = memory + self._powers(ages) * state.memory + written
        return FastWeightsState(last, memory)

    def _attend(self, projections: Tensor, state: Any) -> Tensor:
        """h(t) by equation 4: A h_s = Σ_τ w(t, τ) h(τ) [h(τ)ᵀ h_s], and what A(0) adds."""
        time = projections.shape[1]
        weights = self._weights(self._times(time) - self._newest, time)
        past = [torch.zeros_like(projections[:, 0]) if state is None else state.hidden]
        for t, projection in enumerate(projections.unbind(1)):
            summed = torch.addmm(projection, past[-1], self.recurrent.T)
            # Products and sums: batched products of such small matrices take longer.
            states, own = torch.stack(past), weights[t, 1 : t + 2, None]

            def read(query: Tensor, states=states, own=own, t=t) -> Tensor:
                answer = (states * ((states * query).sum(2) * own)[..., None]).sum(0)
                if state is None:
                    return answer
                return answer + weights[t, 0] * torch.bmm(state.memory, query[..., None])[..., 0]

            past.append(self._inner_loop(summed, self._preliminary(summed), read))
        return torch.stack(past[1:], dim=1)

    def _preliminary(self, summed: Tensor) -> Tensor:
        """h_0 from u = W h + C x."""
        norm = self.options.preliminary_norm
        return torch.relu(
            summed if norm == "none" else self._normalise(0 if norm == "shared" else -1, summed)
        )

    def _inner_loop(self, summed: Tensor, hidden: Tensor, read: Callable[[Tensor], Tensor]) -> Tensor:
        """h_S from u, h_0 and the memory."""
        options = self.options
        for s in range(options.inner_steps):
            norms = s if options.norm_sets == "per-step" else 0
            base = summed if options.method == 1 else hidden
            if options.norm == "outside":
                base = self._normalise(norms, base)
            total = base + read(hidden)
            hidden = torch.relu(self._normalise(norms, total) if options.norm == "inside" else total)
        return hidden

    def _normalise(self, chosen: int, x: Tensor) -> Tensor:
        return layer_norm(x, self.norms.gains[chosen], self.norms.biases[chosen])

    def _plan(self) -> Plan:
        options, last = self.options, len(self.norms.gains) - 1
        sets = tuple(s if options.norm_sets == "per-step" else 0 for s in range(options.inner_steps))
        preliminary = {"none": -1, "shared": 0, "separate": last}[options.preliminary_norm]
        places = (sets if options.norm == place else (-1,) * len(sets) for place in ("inside", "outside"))
        return Plan("relu", preliminary, *places, sustained=options.method == 1)

    @property
    def _newest(self) -> int:
        """How many steps before the present one the newest state was written that a step reads."""
        return 2 if self.options.write_time == "late" else 1

    def _weights(self, lasts: Tensor, count: int) -> Tensor:
        """What A(0), h(0) and `count` states after it count in readings, each up to a last one."""
        # A(0) fades like a state that was written before h(0).
        fading = self._powers(lasts[:, None] - torch.arange(-2, count, device=lasts.device))
        return torch.cat([fading[:, :1], self.write_rate * fading[:, 1:]], dim=1)

    def _times(self, count: int) -> Tensor:
        return torch.arange(count, device=self.decay.device)

    def _powers(self, ages: Tensor) -> Tensor:
        """λ^age where age >= 0, and 0 for what is not stored yet."""
        return torch.where(ages >= 0, self.decay ** ages.clamp(min=0), 0)


class FastWeights(Recurrent):
    """A(t) = λ A(t−1) + η h(t) h(t)ᵀ,  h_0 = relu(W h(t) + C x(t)),
    h_{s+1} = relu(LN[W h(t) + C x(t) + A(t) h_s]),  h(t+1) = h_S.

    W starts at recurrent_scale · I, C uniform in ± input_scale / √R, gains at 1. λ and η, `decay` and
    `write_rate`, are saved but not trained. Kernels, and for short sequences the form without, attend to past
    states instead of computing A (equation 4). hx is `FastWeightsState(hidden, memory)`, A being as it is
    before h(t) is written.

    Source: Ba, Hinton, Mnih, Leibo & Ionescu 2016, arXiv:1610.06258, equations 1, 2, 4 and 5, and appendix B.
    """

    cell_class = FastWeightsCell
