"""PyTorch = JAX on the same weights, over the registry: outputs, last states, and all gradients."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from twins import assert_close, build, numbers, to_jax, trained, weights

import fastweights.torch as ft
from cases import CASES, EVERY_CELL, LAST_OF_EACH, LONG, SIZES, Sizes, each
from fastweights import registry

pytestmark = pytest.mark.usefixtures("float64")
LENGTHS = [4, 7]


def jax_results(cell, x, state, lengths, weight, of_state):
    """Outputs, last state, and the gradients for weights, inputs and state of a number made of all
    results."""

    def number(model, x, state):
        outputs, last = eqx.combine(model, rest).unroll(x, state, lengths=lengths)
        sums = jax.tree.map(lambda a, w: jnp.sum(a * w), last, of_state)
        return jnp.sum(outputs * weight) + sum(jax.tree.leaves(sums)), (outputs, last)

    model, rest = trained(cell)
    pull = jax.jit(jax.value_and_grad(number, (0, 1, 2), has_aux=True))
    (_, results), gradients = pull(model, x, state)
    return results, gradients


def compare(case, sizes: Sizes, tolerance: float, dtype=torch.float64, ragged: bool = False) -> None:
    (cell,), module = build(case, sizes, dtype, batch_first=True)
    twin = module.cells[0]
    x = numbers((sizes.batch, sizes.time, sizes.input), 1, dtype).requires_grad_()
    shapes = twin.state_shapes()
    state = type(shapes)(
        *(
            None if s is None else 0.3 * numbers((1, sizes.batch, *s), 2 + i, dtype)
            for i, s in enumerate(shapes)
        )
    )
    given = [a.requires_grad_() for a in state if a is not None]
    lengths = torch.tensor(LENGTHS) if ragged else None
    packed = x
    if lengths is not None:
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = module(packed, state)
    if lengths is not None:
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
    weight = numbers(outputs.shape, 11, dtype)
    arrays = [a for a in last if a is not None]
    of_state = [numbers(a.shape, 12 + i, dtype) for i, a in enumerate(arrays)]
    number = (outputs * weight).sum() + sum((a * w).sum() for a, w in zip(arrays, of_state, strict=True))
    names, parameters = zip(*twin.named_parameters(), strict=True)
    found = torch.autograd.grad(number, [x, *given, *parameters], materialize_grads=True)

    cell = jax.tree.map(lambda a: a.astype(x.detach().numpy().dtype) if eqx.is_inexact_array(a) else a, cell)
    form = jax.tree.structure(cell.initial_state())

    def as_state(arrays):
        return form.unflatten([to_jax(a)[0] for a in arrays])

    results, (d_model, d_x, d_state) = jax_results(
        cell,
        to_jax(x),
        as_state(given),
        None if lengths is None else jnp.asarray(LENGTHS),
        to_jax(weight),
        as_state(of_state),
    )
    assert_close(outputs.detach(), results[0], tolerance, "outputs")
    for a, b in zip(arrays, jax.tree.leaves(results[1]), strict=True):
        assert_close(a.detach()[0], b, tolerance, "last state")
    # A single number may be what is left of large ones: the gradient is one vector.
    size = max(np.abs(leaf).max(initial=0.0) for leaf in jax.tree.leaves((d_model, d_x, d_state)))
    assert_close(found[0], d_x, tolerance, "gradient of inputs", size)
    for a, b in zip(found[1 : 1 + len(given)], jax.tree.leaves(d_state), strict=True):
        assert_close(a[0], b, tolerance, "gradient of state", size)
    expected = weights(d_model, dtype)
    assert set(expected) == set(names)
    for name, a in zip(names, found[1 + len(given) :], strict=True):
        assert_close(a, expected[name], tolerance, name, size)


def test_every_registered_cell_has_a_module_with_its_options():
    built_in = {
        name: cell for name, cell in registry.cells.items() if cell.__module__.startswith("fastweights.")
    }
    assert set(ft.MODULES) == set(built_in)
    for name, module in ft.MODULES.items():
        assert module.cell_class.Options is built_in[name].Options, name
        assert module.__name__ == built_in[name].__name__
        assert module.cell_class.__name__ == f"{module.__name__}Cell"
        assert getattr(ft, module.__name__) is module
        assert getattr(ft, module.cell_class.__name__) is module.cell_class


@each(LAST_OF_EACH)
def test_outputs_states_and_gradients_are_those_of_jax(case):
    compare(case, SIZES, 1e-12)


@each(CASES)
@pytest.mark.parametrize("ragged", [False, True], ids=["whole", "ragged"])
@pytest.mark.parametrize("native", [True, False], ids=["kernels", "plain"])
def test_with_every_option_ragged_and_without_kernels(case, ragged, native, monkeypatch):
    if not native:
        monkeypatch.setenv("FASTWEIGHTS_NATIVE", "0")
    compare(case, SIZES, 1e-12, ragged=ragged)


@each(LAST_OF_EACH)
def test_single_precision_too(case):
    # With these options a gradient of 98 is a sum over many steps: it differs by 2e-6 of itself.
    compare(case, SIZES, 4e-6 if case.name == "deltaproduct" else 1e-6, torch.float32)


@each([case for case in CASES if case.name == "fast-weights"])
def test_long_sequences_too(case):
    compare(case, LONG._replace(time=70), 1e-12)
