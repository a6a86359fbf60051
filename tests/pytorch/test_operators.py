"""The kernels as operators: registered rightly, their derivatives right, the same bits as from JAX."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from twins import build, numbers, to_jax

import fastweights.torch as ft
from cases import FAST_WEIGHTS, SIZES, Case
from fastweights.cells.programmers import recurrence
from fastweights.memories.writes import Write
from fastweights.native import calls as kernels_of_jax
from fastweights.torch import call, kernels
from fastweights.torch.memory import kernel as memory_kernel

WITH_KERNEL = [
    Case("irnn"),
    Case("standard-rnn", (("layer_norm", True),)),
    Case("lstm", (("layer_norm", True),)),
    FAST_WEIGHTS[1],
    Case("associative-lstm", (("copies", 2), ("heads", 3))),
]
RULES = {
    "additive": (),
    "decay": ("decay",),
    "gated delta": ("decay", "lookup"),
    "general": ("gates", "lookup", "erase"),
}


@pytest.fixture(autouse=True)
def _kernels_run_here():
    assert call.available(), "no C++ compiler? the kernels cannot be tested"


def arguments(case: Case, dtype=torch.float64, batch: int = 2, time: int = 5):
    """What `kernels.forward` takes."""
    _, module = build(case, SIZES, dtype)
    cell = module.cells[0]
    kernel = cell.kernel(time)
    width = cell.project(torch.zeros(1, SIZES.input, dtype=dtype)).shape[-1]
    table = numbers((batch * time, width), 1, dtype).requires_grad_()
    tokens = torch.arange(batch * time, dtype=torch.int32).view(batch, time)
    rows = sum(torch.Size(shape).numel() for shape in cell.state_shapes())
    state = 0.3 * numbers((batch, rows), 2, dtype)
    lengths = torch.tensor([3, 5], dtype=torch.int32)
    operands = [operand.detach().requires_grad_() for operand in kernel.operands]
    return (
        kernel.name,
        table,
        tokens,
        state.requires_grad_(),
        lengths,
        operands,
        list(kernel.constants),
        list(kernel.numbers) or [0],
        time,
        kernel.state_size,
        kernel.tape_size,
        True,
    )


def memories(rule: str, dtype=torch.float64, time: int = 5, writes: int = 10):
    """Queries, a write, and a state."""
    batch, heads, keys, values = 2, 3, 4, 5
    shapes = {"decay": (1,), "gates": (keys,), "lookup": (keys,), "erase": (keys,)}
    given = {"key": numbers((batch, writes, heads, keys), 1, dtype) / 2}
    given["value"] = numbers((batch, writes, heads, values), 2, dtype)
    for i, name in enumerate(RULES[rule]):
        array = numbers((batch, writes, heads, *shapes[name]), 3 + i, dtype) / 2
        given["decay" if name == "gates" else name] = torch.sigmoid(array) if "a" in name else array
    for array in given.values():
        array.requires_grad_()
    queries = numbers((batch, time, heads, keys), 9, dtype).requires_grad_()
    return queries, ft.Write(**given), numbers((batch, heads, values, keys), 8, dtype).requires_grad_()


@pytest.mark.parametrize("case", WITH_KERNEL, ids=str)
def test_the_operators_of_sequences_are_registered_rightly(case):
    given = arguments(case)
    torch.library.opcheck(kernels.forward, given)
    out, last, tapes = kernels.forward(*given)
    kernel, table, tokens, state, lengths, operands, constants, numbers_, *_ = given
    back = (kernel, table, tokens, state, lengths, operands, constants, numbers_, out, last, tapes)
    back = torch.utils._pytree.tree_map(lambda a: a.detach() if isinstance(a, torch.Tensor) else a, back)
    torch.library.opcheck(kernels.backward, back)


@pytest.mark.parametrize("rule", RULES)
def test_the_operators_of_memories_are_registered_rightly(rule):
    queries, write, state = memories(rule)
    lengths = torch.tensor([3, 5], dtype=torch.int32)
    torch.library.opcheck(memory_kernel.memory_forward, (queries, *write, state, lengths, True))
    results = memory_kernel.memory_forward(queries, *write, state, lengths, True)
    back = (queries, *write, state, lengths, *results[2:], *results[:2])
    back = [a if a is None else a.detach() for a in back]
    torch.library.opcheck(memory_kernel.memory_backward, tuple(back))


@pytest.mark.parametrize("case", WITH_KERNEL, ids=str)
def test_derivatives_of_sequences_are_those_of_differences(case):
    kernel, table, tokens, state, lengths, operands, *rest = arguments(case)

    def results(table, state, *operands):
        return kernels.forward(kernel, table, tokens, state, lengths, list(operands), *rest)[:2]

    assert torch.autograd.gradcheck(results, (table, state, *operands))


@pytest.mark.parametrize("rule", RULES)
def test_derivatives_of_memories_are_those_of_differences(rule):
    queries, write, state = memories(rule)
    names = [name for name, array in write._asdict().items() if array is not None]

    def results(queries, state, *arrays):
        write = ft.Write(**dict(zip(names, arrays, strict=True)))
        return ft.unroll_memory(queries, write, state, lengths=torch.tensor([3, 5]), form="kernel")

    given = [getattr(write, name) for name in names]
    assert torch.autograd.gradcheck(results, (queries, state, *given))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("form", ["chunks", "steps"])
def test_forms_of_a_memory_are_equal(rule, form):
    queries, write, state = memories(rule, time=70, writes=140)
    given = [queries, state, *(array for array in write if array is not None)]
    lengths = torch.tensor([70, 33])
    weights = numbers((2, 70, 3, 5), 20), numbers((2, 3, 5, 4), 21)

    def results(form):
        both = ft.unroll_memory(queries, write, state, lengths=lengths, form=form)
        number = sum((a * w).sum() for a, w in zip(both, weights, strict=True))
        return *both, *torch.autograd.grad(number, given)

    for a, b in zip(results(form), results("kernel"), strict=True):
        assert (a - b).abs().max().item() < 1e-11 * b.abs().max().item()


@pytest.mark.parametrize("rule", RULES)
def test_a_memory_has_the_same_bits_as_in_jax(rule):
    queries, write, state = memories(rule, torch.float32)
    given = [queries, state, *(array for array in write if array is not None)]
    outputs, last = ft.unroll_memory(queries, write, state, form="kernel")
    weights = numbers(outputs.shape, 20, torch.float32), numbers(last.shape, 21, torch.float32)
    found = torch.autograd.grad((outputs, last), given, weights)
    arrays = Write(*(None if a is None else to_jax(a) for a in write))

    def results(queries, state, arrays):
        return recurrence.unroll_memory(queries, arrays, state, form="kernel")

    expected, pull = jax.vjp(results, to_jax(queries), to_jax(state), arrays)
    same((outputs, last), expected)
    same(found, pull(tuple(map(to_jax, weights))))


@pytest.mark.parametrize("case", WITH_KERNEL, ids=str)
def test_sequences_have_the_same_bits_as_in_jax(case):
    """Given the same projections and operands: XLA's powers and products round otherwise."""
    (cell,), _ = build(case, SIZES, torch.float32)
    cell = jax.tree.map(lambda a: a.astype(jnp.float32) if eqx.is_inexact_array(a) else a, cell)
    kernel, table, tokens, state, lengths, _, *rest = arguments(case, torch.float32)
    time = rest[2]
    ours = cell.kernel(time, time, jnp.dtype("float32"))
    operands = [torch.tensor(np.asarray(a)).requires_grad_() for a in jax.tree.leaves(ours.operands)]
    results = kernels.forward(kernel, table, tokens, state, lengths, operands, *rest)[:2]
    weights = [numbers(a.shape, 20 + i, torch.float32) for i, a in enumerate(results)]
    found = torch.autograd.grad(results, [table, state, *operands], weights, materialize_grads=True)

    sequences = kernels_of_jax.Sequences(to_jax(table), to_jax(tokens), to_jax(state), to_jax(lengths))
    expected, kept = ours.forward(sequences, ours.operands)
    d_sequences, d_operands = ours.backward(sequences, ours.operands, kept, tuple(map(to_jax, weights)))
    same(results, expected)
    same(found, (d_sequences.table, d_sequences.state, *jax.tree.leaves(d_operands)))


def same(actual, expected) -> None:
    for a, b in zip(actual, jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), np.asarray(b))


def test_a_second_derivative_is_refused_with_a_sentence():
    layer = ft.LSTM(3, 5)
    x = torch.randn(4, 2, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x)[0].sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative: with FASTWEIGHTS_NATIVE=0"):
        gradient.sum().backward()


def test_without_kernels_there_is_a_second_derivative(monkeypatch):
    monkeypatch.setenv("FASTWEIGHTS_NATIVE", "0")
    layer = ft.LSTM(2, 3, dtype=torch.float64)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: layer(x)[0], (x,))


def test_the_kernel_says_what_is_wrong():
    given = list(arguments(Case("irnn")))
    given[-2] += 1
    with pytest.raises(RuntimeError, match="AttendForward: wrong size of tape"):
        kernels.forward(*given)
