"""The kernel of outer-product memories over sequences, `cells/programmers/recurrence.py`.

The equations stand in memory.h, the cost of a write in memory_passes.h.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.ffi
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Bool, Float, Int32

from fastweights.native.calls import Cotangents, Results
from fastweights.native.sizes import kept_every, states_kept
from fastweights.native.xla import available, target

_TYPES = (jnp.float32, jnp.float64)


class Memories(NamedTuple):
    """A batch of sequences of writes and queries; None for what a rule does not have, and for zero states."""

    query: Float[Array, "batch time heads key"]
    key: Float[Array, "batch writes heads key"]
    value: Float[Array, "batch writes heads value"]
    decay: Float[Array, "batch writes heads gates"] | None
    lookup: Float[Array, "batch writes heads key"] | None
    erase: Float[Array, "batch writes heads key"] | None
    state: Float[Array, "batch heads value key"] | None
    lengths: Int32[Array, " batch"] | None = None
    resets: Bool[Array, "batch time"] | None = None

    def first_state(self) -> Float[Array, "batch heads value key"]:
        """The states from which the sequences start."""
        return jnp.zeros(self.state_shape, self.query.dtype) if self.state is None else self.state

    @property
    def state_shape(self) -> tuple[int, ...]:
        batch, _, heads, keys = self.query.shape
        return batch, heads, self.value.shape[-1], keys

    def merged(self, is_mapped: "Memories", size: int) -> "Memories":
        """The sequences of `size` batches as one; what is mapped has one more axis, the first one."""
        return jax.tree.map(
            lambda a, mapped: lax.collapse(a if mapped else jnp.broadcast_to(a, (size, *a.shape)), 0, 2),
            self,
            is_mapped,
        )


Kept = tuple[Float[Array, "batch heads states key value"], Float[Array, "batch kept heads value"]]
"""The states before some of the writes, and what each write found, if it looked something up."""


def runs(dtype: jnp.dtype) -> bool:
    """Whether there is a kernel, here, for numbers of this type."""
    return dtype in _TYPES and available()


def evaluate(memories: Memories) -> Results:
    """The outputs (batch, time, heads, value), and the last states (batch, heads, value, key)."""
    return _forward(memories, states=0, finds=0)[0]


def forward(memories: Memories) -> tuple[Results, Kept]:
    """`evaluate`, and what `backward` needs besides."""
    writes = memories.key.shape[1]
    finds = 0 if memories.lookup is None else writes
    return _forward(memories, states=states_kept(writes), finds=finds)


def backward(memories: Memories, kept: Kept, cotangents: Cotangents) -> Memories:
    """The cotangents of all that is real."""
    batch, time, heads, _ = memories.query.shape
    dtype, values = memories.query.dtype, memories.value.shape[-1]
    d_outputs, d_last = cotangents
    d_outputs = np.zeros((batch, time, heads, values), dtype) if d_outputs is None else d_outputs
    d_last = np.zeros(0, dtype) if d_last is None else d_last
    *given, _, _ = arrays = _without_none(memories)
    results = [jax.ShapeDtypeStruct(a.shape, dtype) for a in given]
    found = iter(_call("WriteBackward", memories, results, d_outputs, d_last, *arrays, *kept))
    return Memories(*(None if a is None else d for a, d in zip(memories[:7], found, strict=True)))  # pyright: ignore


def _forward(memories: Memories, states: int, finds: int) -> tuple[Results, Kept]:
    batch, time, heads, keys = memories.query.shape
    values = memories.value.shape[-1]
    shapes = (
        (batch, time, heads, values),
        memories.state_shape,
        (batch, heads, states, keys, values),
        (batch, finds, heads, values),
    )
    results = [jax.ShapeDtypeStruct(shape, memories.query.dtype) for shape in shapes]
    outputs, last, kept, found = _call("WriteForward", memories, results, *_without_none(memories))
    return (outputs, last), (kept, found)


def _call(name: str, memories: Memories, results: list, *arrays: Any) -> Sequence[Array]:
    function = jax.ffi.ffi_call(target(name), results, vmap_method="sequential")
    return function(*arrays, numbers=np.array([kept_every(memories.key.shape[1])], np.int64))


def _without_none(memories: Memories) -> list[Array | np.ndarray]:
    """All arrays, empty ones for what is not given."""
    row = np.zeros((*memories.key.shape[:-1], 0), memories.query.dtype)
    empty = [*7 * [row], np.zeros(0, np.int32), np.zeros((0, 0), bool)]
    return [b if a is None else a for a, b in zip(memories, empty, strict=True)]
