"""Every baseline trains the same model: after some updates on the same mini-batches, the same weights."""

from importlib.util import find_spec

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fastweights import registry
from fastweights.bench import baselines
from fastweights.bench.baselines import BASELINES, OURS
from fastweights.bench.benchmark import get_benchmark
from fastweights.bench.cases import Case
from fastweights.bench.inputs import make_inputs, named_weights, specification
from fastweights.bench.roofline import operations
from fastweights.cells.gru import GRU
from fastweights.errors import InvalidValueError
from fastweights.training import loop
from fastweights.training.datasets import Sequences
from fastweights.training.step import Hyperparameters, optimiser, update
from wide_task import WideTask

UPDATES = 3
TORCH = "PyTorch is not installed: its baselines are NOT checked (install fastweights[bench])"
SIMPLE = ("standard-rnn", "irnn", "lstm")
MODELS = {
    "jax-scan": (*SIMPLE, "fast-weights"),
    "numpy": (*SIMPLE, "fast-weights"),
    "torch-eager": (*SIMPLE, "fast-weights"),
    "torch-compile": (*SIMPLE, "fast-weights"),
    "torch-nn": SIMPLE,
}
needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason=TORCH)
PAIRS = [
    pytest.param(
        name,
        model,
        id=f"{name}-{model}",
        marks=[
            *([needs_torch] * (BASELINES[name].library == "torch")),
            # Each takes seconds to compile.
            *([pytest.mark.slow] * (name == "torch-compile")),
            *([pytest.mark.slow] * (name == "jax-scan" and model in ("standard-rnn", "lstm"))),
        ],
    )
    for name, models in MODELS.items()  # the library, with and without kernels: tests/native
    for model in models
]


def case_of(model: str) -> Case:
    """Small, and no two sizes alike."""
    return Case(model, hidden_size=7, num_pairs=3, batch_size=13)


def batches(case: Case):
    data = make_inputs(case)
    generator = np.random.default_rng(1)
    for _ in range(UPDATES):
        rows = generator.integers(len(data.targets), size=case.batch_size)
        yield data.tokens[rows], data.targets[rows]


@pytest.fixture(scope="module")
def trained():
    """The library's weights after the updates, computed once for each model."""
    known = {}

    def weights(model: str):
        if model not in known:
            case, options = case_of(model), specification(case_of(model)).training
            state = loop.init(specification(case).build_model(), options).state
            rule = optimiser(Hyperparameters.of(options), "constant")
            step = jax.jit(lambda *given: update(*given, rule))
            network, opt_state = state.model, state.opt_state
            for inputs, targets in batches(case):
                batch = Sequences(inputs.astype(np.int32), targets.astype(np.int32))
                network, opt_state, _ = step(network, opt_state, batch)
            known[model] = named_weights(network)
        return known[model]

    return weights


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs_torch) for name in MODELS])
def test_a_baseline_says_what_it_can_run(name):
    for model in registry.cells:
        reason = None if model in MODELS[name] else f"it has no {model}"
        assert baselines.why_not(name, Case(model, 8)) == reason
    assert baselines.why_not(name, Case("irnn", 8, runs=2)) == "it has no runs side by side"


def test_the_library_runs_every_cell_side_by_side():
    for name in (OURS, "fastweights-jax"):
        assert [baselines.why_not(name, Case(model, 8, runs=2)) for model in registry.cells] == [None] * len(
            registry.cells
        )


@pytest.mark.parametrize(("name", "model"), PAIRS)
def test_baselines_train_the_same_model(name, model, trained):
    case = case_of(model)
    before = make_inputs(case)
    trainer = baselines.prepare(name, case, before)
    for inputs, targets in batches(case):
        trainer.update(inputs, targets)
    expected, actual = trained(model), trainer.weights()
    assert set(actual) == set(expected)
    for key, array in expected.items():
        assert actual[key].shape == array.shape
        assert actual[key].dtype == np.float32
        # Adam divides by the gradient's size: after few updates a change is the rate times a sign, so
        # that an error of the gradient shows, but rounding of what is nearly 0 does too.
        np.testing.assert_allclose(actual[key], array, atol=2e-5, err_msg=key)
        assert np.abs(array - before.weights[key]).max() > 1e-3, f"{key} has not moved"


def test_any_task_can_be_trained_on(monkeypatch):
    registry.tasks["associative-retrieval"]
    monkeypatch.setattr(registry.tasks, "_entries", dict(registry.tasks._entries))
    registry.register_task("wide", source="a test")(WideTask)
    case = Case("irnn", hidden_size=7, batch_size=13, task="wide")
    inputs = make_inputs(case)
    assert inputs.tokens.shape == (20_000, 2) and inputs.weights["readout.output.0"].shape[0] == 200
    trainer = baselines.prepare("numpy", case, inputs)
    trainer.advance(1)
    assert np.abs(trainer.weights()["cell.input"] - inputs.weights["cell.input"]).max() > 1e-3
    # C e of 200 symbols; one step of W h and the read-out, 13 times.
    assert operations(case) == 3 * 2 * (200 * 7 * 100 + 13 * (7 * 7 + 100 * 7 + 200 * 100))
    assert Case(**case.to_json()) == case
    assert str(case) == "IRNN, R = 7, wide, batch 13"
    with pytest.raises(InvalidValueError, match="the task wide has no num_pairs to vary"):
        get_benchmark("quick", {"num_pairs": (2, 4), "task": "wide"})


@needs_torch
def test_the_gru_is_pytorch_s_layer():
    """It has no kernel to be compared in speed, but order of gates, biases and update are PyTorch's."""
    import torch

    cell, layer = GRU(3, 5, key=jax.random.key(0)), torch.nn.GRU(3, 5, batch_first=True)
    rng = np.random.default_rng(0)
    x, state = (rng.standard_normal(shape).astype(np.float32) for shape in ((2, 7, 3), (2, 5)))
    b_hh = np.concatenate([np.zeros(10, np.float32), cell.candidate_bias])
    with torch.no_grad():
        for name, array in (("hh", cell.recurrent), ("ih", cell.input)):
            getattr(layer, f"weight_{name}_l0").copy_(torch.tensor(np.array(array)))
        for name, array in (("ih", cell.bias), ("hh", b_hh)):
            getattr(layer, f"bias_{name}_l0").copy_(torch.tensor(np.array(array)))
        expected, last = layer(torch.tensor(x), torch.tensor(state[None]))
    actual, end = cell.unroll(jnp.asarray(x), jnp.asarray(state))
    np.testing.assert_allclose(actual, expected.numpy(), atol=1e-6)
    np.testing.assert_allclose(end, last[0].numpy(), atol=1e-6)
