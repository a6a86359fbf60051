"""Published cells are one recurrence: what each puts into it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from fastweights.memories.linear_attention import elu_plus_one
from fastweights.memories.writes import Write, written
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.recurrence import published
from fastweights.theory.recurrence.published import Inputs
from fastweights.theory.rounding import roundings_apart, within_rounding

_TIME, _KEY, _VALUE = 6, 5, 3


class Columns(NamedTuple):
    """w, v, a, r and e of one write; what is None is left out, and e is then w."""

    key: np.ndarray
    value: np.ndarray
    decay: np.ndarray | None = None
    lookup: np.ndarray | None = None
    erase: np.ndarray | None = None


Row = Callable[[Inputs, int], Sequence[Columns]]
"""What a cell writes at a step, one after the other."""


def mapped(vector: np.ndarray) -> np.ndarray:  # survives: an answer is a mean, whatever the scale of φ
    """φ = elu + 1."""
    return np.asarray(elu_plus_one(jnp.asarray(vector)))


def with_one(value: np.ndarray) -> np.ndarray:
    """[v; 1]: the row below the values adds up what they are divided by."""
    return np.append(value, 1.0)


def linear_attention(x: Inputs, t: int) -> Sequence[Columns]:
    """v = [v; 1], w = φ(k)."""
    return [Columns(mapped(x.key[t, 0]), with_one(x.value[t, 0]))]


def retnet(x: Inputs, t: int) -> Sequence[Columns]:
    """a = 1 − 2⁻⁵."""
    return [Columns(x.key[t, 0], x.value[t, 0], decay=np.array([1 - 2.0**-5]))]


def mamba2(x: Inputs, t: int) -> Sequence[Columns]:
    """a = exp(−Δ), v = Δ x, w = B."""
    return [Columns(x.key[t, 0], x.step[t] * x.value[t, 0], decay=np.exp(-x.step[[t]]))]


def gla(x: Inputs, t: int) -> Sequence[Columns]:
    """a = α, a vector."""
    return [Columns(x.key[t, 0], x.value[t, 0], decay=x.gates[t])]


def mlstm(x: Inputs, t: int) -> Sequence[Columns]:
    """a = f, v = [v; 1], w = i k/√d."""
    key = x.step[t] * x.key[t, 0] / np.sqrt(_KEY)
    return [Columns(key, with_one(x.value[t, 0]), decay=x.gate[[t]])]


def deltanet(x: Inputs, t: int) -> Sequence[Columns]:
    """r = k, e = w = β k."""
    return [Columns(x.rate[t, 0] * x.key[t, 0], x.value[t, 0], lookup=x.key[t, 0])]


def gated_deltanet(x: Inputs, t: int) -> Sequence[Columns]:
    """a = α, r = α k, e = w = β k."""
    gate, key = x.gate[[t]], x.key[t, 0]
    return [Columns(x.rate[t, 0] * key, x.value[t, 0], gate, lookup=gate * key)]


def kda(x: Inputs, t: int) -> Sequence[Columns]:
    """a = α, r = α ⊙ k, e = w = β k."""
    return [Columns(x.rate[t, 0] * x.key[t, 0], x.value[t, 0], x.gates[t], lookup=x.gates[t] * x.key[t, 0])]


def deltaproduct(x: Inputs, t: int) -> Sequence[Columns]:
    """r = k_j, e = w = β_j k_j, for both j."""
    return [
        Columns(rate * key, value, lookup=key)
        for rate, key, value in zip(x.rate[t], x.key[t], x.value[t], strict=True)
    ]


def rwkv7(x: Inputs, t: int) -> Sequence[Columns]:
    """a = w, r = κ̂, e = a ⊙ κ̂, w = k̃."""
    removal = x.key[t, 1]
    return [Columns(x.key[t, 0], x.value[t, 0], x.gates[t], removal, x.erase[t] * removal)]


def table() -> Mapping[str, Row]:
    """The table of the chapter, by the names of the equations in `published`."""
    return {
        "linear_attention": linear_attention,
        "retnet": retnet,
        "mamba2": mamba2,
        "gla": gla,
        "mlstm": mlstm,
        "deltanet_2021": deltanet,
        "deltanet": deltanet,
        "gated_deltanet": gated_deltanet,
        "kda": kda,
        "deltaproduct": deltaproduct,
        "rwkv7": rwkv7,
    }


def mean(read: np.ndarray) -> np.ndarray:
    """S φ(q) / zᵀ φ(q)."""
    return read[:-1] / read[-1]


def at_least_one(read: np.ndarray) -> np.ndarray:
    """C q / max(|nᵀ q|, 1)."""
    return read[:-1] / np.maximum(abs(read[-1]), 1)


def readings() -> Mapping[str, Callable[[np.ndarray], np.ndarray]]:
    """What is made of S q, where it isn't the output itself."""
    return {"linear_attention": mean, "mlstm": at_least_one}


def query(cell: str, x: Inputs, t: int) -> np.ndarray:
    """q, or φ(q)."""
    return mapped(x.query[t]) if cell == "linear_attention" else x.query[t]


@register_check(
    "one-recurrence",
    source="Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174; Yang et al. 2024, arXiv:2412.06464",
)
class OneRecurrence(Check):
    """Eleven published cells, from each paper's own equation, are S ← S Diag(a) − (S r) eᵀ + v wᵀ, y = S q.

    The right side is the package's `written`. Six steps with keys of 5 and values of 3 units; in a step a
    term goes through fewer than 20 roundings, those of a transition as a matrix among them. The sum of the
    absolute terms is that of the same recurrence with every term positive, which runs beside it; a division
    adds the relative error of what is divided by."""

    statement = (
        "Linear attention, RetNet, Mamba-2, GLA, mLSTM, the delta rules and RWKV-7 are one recurrence."
    )

    table: Mapping[str, Row] = field(default_factory=table)
    """What each cell puts into the recurrence."""

    readings: Mapping[str, Callable[[np.ndarray], np.ndarray]] = field(default_factory=readings)
    """What is made of what is read."""

    query: Callable[[str, Inputs, int], np.ndarray] = query
    """What the memory is asked."""

    def examine(self) -> Finding:
        """Every cell on one random sequence."""
        inputs = Inputs.drawn(np.random.default_rng(0), _TIME, _KEY, _VALUE)
        return Finding(*(self._of_cell(name, row, inputs) for name, row in self.table.items()))

    def _of_cell(self, name: str, row: Row, x: Inputs) -> Quantity:
        expected, apart = getattr(published, name)(x), []
        rows = _VALUE + (name in self.readings)
        memory, sizes = np.zeros((2, rows, _KEY))
        for t in range(_TIME):
            for write in row(x, t):
                memory = np.asarray(written(jnp.asarray(memory), _on_jax(write)))
                sizes = _grown(sizes, write)
            asked = self.query(name, x, t)
            read, size = memory @ asked, sizes @ abs(asked)
            reading = self.readings.get(name)
            if reading is not None:
                answer = reading(read)
                total = abs(read[:-1] / answer)
                read, size = answer, (size[:-1] + abs(answer) * size[-1]) / total
            apart.append(roundings_apart(read, expected[t], size, 20 * _TIME))
        return within_rounding(name.replace("_", "-"), *apart)


def _on_jax(write: Columns) -> Write:
    vectors = {name: jnp.asarray(part) for name, part in write._asdict().items() if part is not None}
    return Write(**vectors)


def _grown(sizes: np.ndarray, write: Columns) -> np.ndarray:
    """The recurrence with every term positive."""
    key = abs(write.key)
    grown = np.outer(abs(write.value), key) + (sizes if write.decay is None else sizes * abs(write.decay))
    if write.lookup is None:
        return grown
    return grown + np.outer(sizes @ abs(write.lookup), key if write.erase is None else abs(write.erase))
