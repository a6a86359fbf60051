"""Outer-product memories over whole sequences: written to at every step, and read after."""

from collections.abc import Callable
from math import prod
from typing import Literal, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer

from fastweights.cells.programmers.chunks import in_chunks
from fastweights.cells.programmers.kernel import by_kernel
from fastweights.cells.programmers.scan import in_steps
from fastweights.cells.sequences import checked_lengths, checked_resets
from fastweights.errors import check, check_choice
from fastweights.memories.base import as_floats
from fastweights.memories.writes import Write
from fastweights.native import memory

Form = Literal["best", "chunks", "kernel", "steps"]

Results = tuple[Float[Array, "*batch time heads value"], Float[Array, "*batch heads value key"]]


def unroll_memory(
    queries: Float[Array, "*batch time heads key"],
    write: Write,
    state: Array | None = None,
    *,
    lengths: Integer[Array, "*batch"] | None = None,
    resets: Bool[Array, "*batch time"] | None = None,
    form: Form = "best",
) -> Results:
    """y(t) = S(t) q(t), where every step writes S ← S Diag(a) − (S r) eᵀ + v wᵀ: the outputs, and the last S.

    `write` has the arrays of all writes: key w, value v, decay a, lookup r and erase e, where what is None is
    left out (see `Write`). With n times as many writes as queries, each step has n of them, one after the
    other, and reads after the last.

    Shapes: queries (…, time, heads, key); key, lookup and erase (…, writes, heads, key), value
    (…, writes, heads, value), decay (…, writes, heads, key), or (…, writes, heads, 1) for a number a head;
    writes = n · time for some n >= 1; outputs (…, time, heads, value), states (…, heads, value, key).
    Ranges: decay in [0, 1]; a delta rule with ‖k‖ = 1 is stable for write rates in [0, 2].

    Steps from `lengths` on change nothing, whatever stands there: their outputs are 0. Where `resets` is
    true, a step starts from the zero state, not from `state` or what came before.

    The forms are equal to rounding: "kernel" is native code for the CPU, where there is a C++ compiler;
    "steps" is the equation, by a scan; "chunks" is a few large products for every chunk of steps. "best" is
    the kernel where there is one, else "chunks"; but on a CPU "steps" for fewer than 16 steps, and for
    memories of fewer than 8 × 8 numbers, of 32 × 32 if they decay, as measured in docs/speed.md. Numbers of
    less than 32 bits are computed with as float32, and the last state is returned so.

    Raises: InvalidValueError if a shape doesn't fit, or "kernel" is asked for where there is none.

    >>> import fastweights as fw, jax, jax.numpy as jnp
    >>> queries, keys, values = jax.random.normal(jax.random.key(0), (3, 10, 1, 4))  # 10 steps, one head
    >>> outputs, state = fw.unroll_memory(queries, fw.Write(keys, values))  # Hebb's rule
    >>> outputs.shape, state.shape
    ((10, 1, 4), (1, 4, 4))
    >>> unit = keys / jnp.linalg.norm(keys, axis=-1, keepdims=True)
    >>> outputs, _ = fw.unroll_memory(unit, fw.Write(unit, values, lookup=unit))  # the delta rule, β = 1
    >>> bool(jnp.allclose(outputs, values, atol=1e-5))
    True

    Source: Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, section 4; the chunk form after Yang, Wang,
    Zhang, Shen & Kim 2024, arXiv:2406.06484, for decay, lookup and erase of any kind.
    """
    check_choice("form", form, get_args(Form))
    queries, write = jax.tree.map(as_floats, (queries, write))
    batch, time = _checked_shapes(queries, write, state)
    lengths = None if lengths is None else checked_lengths(lengths, batch, time)
    resets = None if resets is None else checked_resets(resets, (*batch, time))
    dtype = jnp.result_type(queries, *jax.tree.leaves(write))
    precise = jnp.promote_types(dtype, jnp.float32)
    real = jax.tree.map(lambda a: jnp.asarray(a, precise), (queries, *write, state))
    memories = memory.Memories(*real, lengths=lengths, resets=resets)
    flat = jax.tree.map(lambda a: a.reshape(prod(batch), *a.shape[len(batch) :]), memories)
    outputs, last = _function(form, flat)(flat)
    outputs, last = (a.reshape(*batch, *a.shape[1:]) for a in (outputs, last))
    return outputs.astype(dtype), last


_FORMS = {"chunks": in_chunks, "kernel": by_kernel, "steps": in_steps}
# With fewer steps, or numbers of a memory, a scan is faster than chunks on a CPU.
_LEAST_STEPS = 16
_LEAST_NUMBERS, _LEAST_NUMBERS_THAT_DECAY = 8 * 8, 32 * 32


def _function(form: Form, memories: memory.Memories) -> Callable:
    """Raises: InvalidValueError if there is no kernel where one is asked for."""
    (_, time, _, units), dtype = memories.query.shape, memories.query.dtype
    is_there = memory.runs(dtype)
    check(
        is_there or form != "kernel",
        f"there is no kernel for {dtype} here: it needs a CPU and a C++ compiler",
    )
    if form == "best":
        least = _LEAST_NUMBERS if memories.decay is None else _LEAST_NUMBERS_THAT_DECAY
        is_small = time < _LEAST_STEPS or memories.value.shape[-1] * units < least
        on_cpu = jax.default_backend() == "cpu"
        form = "kernel" if is_there else "steps" if on_cpu and is_small else "chunks"
    return _FORMS[form]


def _checked_shapes(queries: Array, write: Write, state: Array | None) -> tuple[tuple[int, ...], int]:
    """The batch axes, and the number of steps. Raises: InvalidValueError unless all shapes fit."""
    check(queries.ndim >= 3, f"queries must be (…, time, heads, key); got {queries.shape}")
    *batch, time, heads, size = queries.shape
    check(write.key.ndim == queries.ndim, f"key must be (…, writes, heads, key); got {write.key.shape}")
    writes = write.key.shape[-3]
    check(
        writes % time == 0 and writes >= time if time else writes == 0,
        f"there must be as many writes at every step; got {writes} writes and {time} steps",
    )
    expected = {"key": size, "value": write.value.shape[-1], "lookup": size, "erase": size}
    for name, units in expected.items():
        array, shape = getattr(write, name), (*batch, writes, heads, units)
        check(
            array is None or array.shape == shape,
            f"{name} must be {shape}; got {getattr(array, 'shape', None)}",
        )
    gates = [(*batch, writes, heads, units) for units in (1, size)]
    check(
        write.decay is None or write.decay.shape in gates,
        f"decay must be {gates[0]} or {gates[1]}; got {getattr(write.decay, 'shape', None)}",
    )
    check(write.erase is None or write.lookup is not None, "erase needs lookup, whose answer is erased")
    shape = (*batch, heads, write.value.shape[-1], size)
    got = shape if state is None else jnp.shape(state)
    check(got == shape, f"state must be {shape}; got {got}")
    return tuple(batch), time
