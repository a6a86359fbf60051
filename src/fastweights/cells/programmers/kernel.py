"""A memory by its kernel in C++, with all derivatives."""

from jaxtyping import Array, Float

from fastweights.cells.programmers.chunks import in_chunks
from fastweights.native import memory
from fastweights.native.derivatives import recurrence
from fastweights.native.memory import Memories


def by_kernel(
    memories: Memories,
) -> tuple[Float[Array, "batch time heads value"], Float[Array, "batch heads value key"]]:
    """All outputs and the last state, as in `unroll_memory`."""
    outputs, last = _recurrence((), memories)
    return outputs, last


def _plain(_, memories: Memories):
    return in_chunks(memories)


_recurrence = recurrence(
    _plain,
    lambda _, memories: memory.evaluate(memories),
    lambda _, memories: memory.forward(memories),
    lambda _, memories, kept, cotangents: ((), memory.backward(memories, kept, cotangents)),
)
