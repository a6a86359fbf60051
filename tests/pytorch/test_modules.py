"""Modules have the habits of PyTorch's own: layouts, layers, directions, packing, saving, compiling."""

import copy
import io
import pickle

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from twins import assert_close, build, numbers, to_jax, weights

import fastweights.torch as ft
from cases import LAST_OF_EACH, SIZES, Case, each
from fastweights import registry

LSTM = Case("lstm", (("layer_norm", True),))
FAST = Case("fast-weights", (("norm_sets", "per-step"), ("inner_steps", 2), ("decay", 0.8)))
DELTA = Case("gated-deltanet", (("heads", 2), ("key_size", 3), ("value_size", 4)))
CASES = [LSTM, FAST, DELTA, Case("softmax-attention", (("window", 4),)), Case("mlstm", (("convolution", 3),))]


def equal(a, b, tolerance: float = 1e-12) -> None:
    assert_close(a.detach(), b.detach(), tolerance)


def states_equal(a, b, tolerance: float = 1e-12) -> None:
    for x, y in zip(a, b, strict=True):
        assert (x is None) == (y is None)
        if x is not None:
            equal(x, y, tolerance)


@each(CASES)
def test_layers_and_directions_are_cells_one_after_the_other(case, float64):
    cells, module = build(case, SIZES, num_layers=2, bidirectional=True)
    x = numbers((SIZES.time, SIZES.batch, SIZES.input), 1)
    outputs, state = module(x)
    hidden, last = to_jax(x.transpose(0, 1)), []
    for layer in range(2):
        there, at_end = cells[2 * layer].unroll(hidden)
        back, at_begin = cells[2 * layer + 1].unroll(hidden[:, ::-1])
        hidden = jnp.concatenate([there, back[:, ::-1]], axis=-1)
        last += [at_end, at_begin]
    assert_close(outputs.detach().transpose(0, 1), hidden, 1e-12)
    arrays = [a for a in state if a is not None]
    for array, leaves in zip(arrays, zip(*map(jax.tree.leaves, last), strict=True), strict=True):
        assert_close(array.detach(), np.stack(leaves), 1e-12)


@each(CASES)
def test_all_layouts_are_one(case):
    _, module = build(case, SIZES, num_layers=2)
    first = copy.deepcopy(module)
    first.batch_first = True
    x = numbers((SIZES.time, SIZES.batch, SIZES.input), 1)
    outputs, state = module(x)
    by_batch, same = first(x.transpose(0, 1))
    equal(by_batch.transpose(0, 1), outputs)
    states_equal(same, state)
    for i in range(SIZES.batch):
        one, of_one = module(x[:, i])
        equal(one, outputs[:, i])
        states_equal(of_one, [None if a is None else a[:, i] for a in state])
        again, _ = module(x[:, i], of_one)
        equal(again, module(x, state)[0][:, i])


@each(CASES)
def test_every_split_changes_nothing(case):
    _, module = build(case, SIZES)
    x = numbers((SIZES.time, SIZES.batch, SIZES.input), 1)
    whole, last = module(x)
    for at in range(1, SIZES.time):
        before, state = module(x[:at])
        after, end = module(x[at:], state)
        equal(torch.cat([before, after]), whole)
        states_equal(end, last)


@each(LAST_OF_EACH)
def test_a_cell_is_one_step_of_its_module(case):
    _, module = build(case, SIZES)
    x = numbers((SIZES.time, SIZES.batch, SIZES.input), 1)
    outputs, last = module(x)
    cell, state, found = module.cells[0], None, []
    for now in x:
        output, state = cell(now, state)
        found.append(output)
    equal(torch.stack(found), outputs)
    states_equal(state, [None if a is None else a[0] for a in last])
    one, of_one = cell(x[0, 0])
    equal(one, outputs[0, 0])
    equal(cell(x[1, 0], of_one)[0], outputs[1, 0])


@each(CASES)
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
def test_packed_sequences_end_where_they_end(case, bidirectional):
    _, module = build(case, SIZES, num_layers=2, bidirectional=bidirectional)
    lengths = torch.tensor([3, 7, 5, 5])
    x = numbers((7, 4, SIZES.input), 1)
    hx = module(x)[1]
    for sort in (False, True):
        order = lengths.argsort(descending=True) if sort else torch.arange(4)
        packed = pack_padded_sequence(x[:, order], lengths[order], enforce_sorted=sort)
        given = type(hx)(*(None if a is None else a[:, order] for a in hx))
        outputs, state = module(packed, given)
        assert isinstance(outputs, torch.nn.utils.rnn.PackedSequence)
        for name in ("batch_sizes", "sorted_indices", "unsorted_indices"):
            a, b = getattr(outputs, name), getattr(packed, name)
            assert a is b or torch.equal(a, b)
        padded, _ = pad_packed_sequence(outputs)
        for i, number in enumerate(order.tolist()):
            length = int(lengths[number])
            one = type(hx)(*(None if a is None else a[:, number] for a in hx))
            alone, of_one = module(x[:length, number], one)
            equal(padded[:length, i], alone)
            assert not padded[length:, i].any()
            states_equal([None if a is None else a[:, i] for a in state], of_one)


def test_padding_is_not_looked_at():
    for case in CASES:
        _, module = build(case, SIZES)
        x = numbers((1, 7, SIZES.input), 1)
        spoiled = x.clone()
        spoiled[:, 4:] = torch.nan
        cell, lengths = module.cells[0], torch.tensor([4])
        for form in (cell.unroll, cell.unroll_plain):
            a, b = (form(cell.project(given), None, lengths) for given in (x, spoiled))
            equal(a[0], b[0])
            states_equal(a[1], b[1])


@each(LAST_OF_EACH)
def test_copies_and_files_of_a_module(case):
    _, module = build(case, SIZES, torch.float32, num_layers=2)
    x = torch.randn(SIZES.time, SIZES.batch, SIZES.input)
    expected, _ = module(x)
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other = type(module)(SIZES.input, module.hidden_size, num_layers=2, **dict(case.options))
    other.load_state_dict(torch.load(file))
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), other):
        assert torch.equal(twin(x)[0], expected)
        assert repr(twin) == repr(module)


def test_names_and_text_are_stable():
    module = ft.FastWeights(3, 5, num_layers=2, bidirectional=True, dropout=0.5, decay=0.8)
    names = ["recurrent", "input", "decay", "write_rate", "norms.gains", "norms.biases"]
    assert list(module.state_dict()) == [f"cells.{i}.{name}" for i in range(4) for name in names]
    assert repr(module).startswith(
        "FastWeights(\n  3, 5, decay=0.8, num_layers=2, dropout=0.5, bidirectional=True\n"
    )


def test_dropout_is_between_layers_and_while_training():
    torch.manual_seed(0)
    module = ft.IRNN(3, 50, num_layers=2, dropout=1.0)
    x = torch.randn(7, 2, 3)
    dropped, _ = module(x)
    second = module.cells[1]
    nothing = second.unroll(second.project(torch.zeros(2, 7, 50)))[0].transpose(0, 1)
    equal(dropped, nothing)
    assert not torch.equal(module.eval()(x)[0], dropped)


@each(LAST_OF_EACH)
def test_it_is_compiled_without_a_break(case):
    _, module = build(case, SIZES)
    x = numbers((SIZES.time, SIZES.batch, SIZES.input), 1).requires_grad_()
    torch._dynamo.reset()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    parameters = list(module.parameters())

    def results(function):
        outputs, _ = function(x)
        return outputs, *torch.autograd.grad(outputs.square().sum(), [x, *parameters], materialize_grads=True)

    for a, b in zip(results(compiled), results(module), strict=True):
        equal(a, b)


@each([FAST, DELTA])
def test_a_program_for_any_length_is_compiled_without_a_break(case):
    _, module = build(case, SIZES)
    torch._dynamo.reset()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager", dynamic=True)
    for time in (7, 9, 40):
        x = numbers((time, SIZES.batch, SIZES.input), 1)
        equal(compiled(x)[0], module(x)[0])


@each(LAST_OF_EACH)
def test_functional_calls_and_transforms(case):
    _, module = build(case, SIZES)
    x = numbers((SIZES.time, SIZES.batch, SIZES.input), 1)
    parameters = {name: value.detach() for name, value in module.named_parameters()}
    doubled = {name: 2 * value for name, value in parameters.items()}
    other = copy.deepcopy(module)
    with torch.no_grad():
        for value in other.parameters():
            value.mul_(2)

    def number(parameters, x):
        return torch.func.functional_call(module, parameters, (x,))[0].square().sum()

    equal(number(doubled, x), other(x)[0].square().sum())
    other.zero_grad()
    other(x)[0].square().sum().backward()
    found = torch.func.grad(number)(doubled, x)
    for name, value in other.named_parameters():
        equal(found[name], torch.zeros_like(value) if value.grad is None else value.grad)
    each_one = torch.vmap(torch.func.grad(number), (None, 1))(doubled, x)
    for name in found:
        equal(each_one[name].sum(0), found[name])


@pytest.mark.parametrize("name", [*ft.MODULES, "np-rnn"])
def test_initial_numbers_have_the_distributions_of_jax(name, float64):
    """Means, deviations, least and largest numbers of every array, over several draws."""
    more = {"recurrent_init": "positive-definite"} if name == "np-rnn" else {}
    name = "irnn" if more else name
    draws, cls = 30, registry.cells[name]
    options = {"heads": 4} if name != "associative-lstm" and hasattr(cls.Options(), "heads") else {}
    options |= more
    ours = ft.MODULES[name].cell_class(6, 24, dtype=torch.float64, **options)
    found = []
    for seed in range(draws):
        ours.reset_parameters(torch.Generator().manual_seed(seed))
        found.append({key: value.clone() for key, value in ours.state_dict().items()})
    keys = jax.random.split(jax.random.key(0), draws)
    theirs = eqx.filter_vmap(lambda key: cls(6, 24, options=cls.Options(**options), key=key))(keys)
    for array, expected in weights(theirs, torch.float64).items():
        drawn = torch.stack([each[array] for each in found])
        assert drawn.shape[1:] == expected.shape[1:] if len(expected) == draws else expected.shape
        spread = (expected.max() - expected.min()).item()
        few = 3 / expected.numel() ** 0.5
        for of in (torch.mean, torch.std, _least, _most):
            assert abs((of(drawn) - of(expected)).item()) <= few * spread + 1e-6, (array, of)


def _least(numbers):
    return numbers.quantile(0.02)


def _most(numbers):
    return numbers.quantile(0.98)


def test_a_generator_draws_the_same_again():
    cells = [ft.GRUCell(3, 5), ft.GRUCell(3, 5)]
    for cell in cells:
        cell.reset_parameters(torch.Generator().manual_seed(7))
    for a, b in zip(*(cell.parameters() for cell in cells), strict=True):
        assert torch.equal(a, b)


def test_autocast_changes_nothing():
    module, x = ft.LSTM(3, 5), torch.randn(7, 2, 3)
    expected, _ = module(x)
    with torch.autocast("cpu", torch.bfloat16):
        outputs, state = module(x)
        half, _ = module(x.bfloat16())
        step, _ = module.cells[0](x[0].bfloat16())
    assert torch.equal(outputs, expected)
    assert state.cell.dtype == half.dtype == step.dtype == torch.float32
    assert (half - expected).abs().max() < 0.05


def test_threads_do_no_harm():
    from concurrent.futures import ThreadPoolExecutor

    module = ft.FastWeights(3, 20)
    inputs = [torch.randn(9, 33, 3) for _ in range(8)]

    def gradient(x):
        copied = copy.deepcopy(module)
        copied(x)[0].sum().backward()
        return copied.cells[0].recurrent.grad

    expected = [gradient(x) for x in inputs]
    with ThreadPoolExecutor(2) as pool:
        for a, b in zip(pool.map(gradient, 4 * inputs), 4 * expected, strict=True):
            assert torch.equal(a, b)
