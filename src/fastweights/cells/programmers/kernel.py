"""A memory by its kernel in C++, with all derivatives."""

from jaxtyping import Array, Bool, Float, Int32

from fastweights.cells.programmers.chunks import in_chunks
from fastweights.memories.writes import Write
from fastweights.native import memory
from fastweights.native.derivatives import recurrence
from fastweights.native.memory import Memories


def by_kernel(
    queries: Float[Array, "batch time heads key"],
    write: Write,
    state: Float[Array, "batch heads value key"],
    lengths: Int32[Array, " batch"] | None,
    resets: Bool[Array, "batch time"] | None,
) -> tuple[Float[Array, "batch time heads value"], Float[Array, "batch heads value key"]]:
    """All outputs and the last state, as in `unroll_memory`."""
    outputs, last = _recurrence((), Memories(queries, *write, state, lengths, resets))
    return outputs, last


def _plain(_, memories: Memories):
    query, key, value, decay, lookup, erase, state, lengths, resets = memories
    return in_chunks(query, Write(key, value, decay, lookup, erase), state, lengths, resets)


_recurrence = recurrence(
    _plain,
    lambda _, memories: memory.evaluate(memories),
    lambda _, memories: memory.forward(memories),
    lambda _, memories, kept, cotangents: ((), memory.backward(memories, kept, cotangents)),
)
