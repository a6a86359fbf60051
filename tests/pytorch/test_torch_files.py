"""Weights move both ways: files of models, and PyTorch's own layers."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
import torch

import fastweights as fw
import fastweights.torch as ft
from cases import BUILT_IN
from fastweights import registry
from fastweights.errors import CheckpointError, InvalidValueError
from fastweights.training import array_file

RETRIEVAL, ADDING = fw.AssociativeRetrieval(num_pairs=2), fw.Adding(6)
TOKENS = np.random.default_rng(0).integers(0, RETRIEVAL.num_symbols, (3, 5))
VECTORS = np.random.default_rng(1).standard_normal((3, 6, 2)).astype(np.float32)
SPECIFICATIONS = {
    "one-hot": fw.RunSpecification(
        RETRIEVAL, "lstm", 6, classifier=fw.ClassifierOptions("one-hot", readout_size=0)
    ),
    "expanded": fw.RunSpecification(
        RETRIEVAL, "gru", 6, classifier=fw.ClassifierOptions("expanded", "uniform", softmax="symbols")
    ),
    "vectors": fw.RunSpecification(ADDING, "irnn", 6),
    "blocks": fw.RunSpecification(RETRIEVAL, "lstm", 6, blocks=fw.BlockOptions(2, "layer", True, 3)),
    "blocks of vectors": fw.RunSpecification(ADDING, "irnn", 6, blocks=fw.BlockOptions(2, "rms", True, 3)),
}
for name in BUILT_IN:
    options = (
        {"heads": 2}
        if name != "associative-lstm" and hasattr(registry.cells[name].Options(), "heads")
        else {}
    )
    cell = registry.cells[name].Options(**options)
    SPECIFICATIONS[name] = fw.RunSpecification(RETRIEVAL, name, 6, cell=cell)


def close(a, b) -> None:
    np.testing.assert_allclose(a.detach().numpy(), np.asarray(b), rtol=0, atol=2e-6 * max(1, np.abs(b).max()))


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_a_model_goes_to_pytorch_and_back(name, tmp_path):
    specification = SPECIFICATIONS[name]
    model = jax.tree.map(
        lambda a: (
            a + 0.05 * np.random.default_rng(a.size).standard_normal(a.shape).astype(a.dtype)
            if eqx.is_inexact_array(a) and a.ndim
            else a
        ),
        specification.build_model(),
    )
    fw.save_model(tmp_path / "a", model, specification=specification, outcome={"state": "finished"})
    twin = ft.from_file(tmp_path / "a")
    inputs = TOKENS if specification.task.num_symbols else VECTORS
    lengths = np.array([5, 1, 3])
    close(twin(torch.tensor(inputs)), model(jnp.asarray(inputs)))
    close(
        twin(torch.tensor(inputs), lengths=torch.tensor(lengths)),
        model(jnp.asarray(inputs), lengths=jnp.asarray(lengths)),
    )
    positions = np.array([[0, 4], [1, 2], [3, 3]])
    close(
        twin(torch.tensor(inputs), torch.tensor(positions)),
        model(jnp.asarray(inputs), jnp.asarray(positions)),
    )

    # It goes on being trained, and what is saved is read by JAX as the model of its specification.
    optimiser = torch.optim.SGD(twin.parameters(), 0.1)
    twin(torch.tensor(inputs)).square().mean().backward()
    optimiser.step()
    ft.save(tmp_path / "b", twin)
    saved = fw.load_model(tmp_path / "b")
    assert saved.specification == specification and saved.outcome == {}
    close(twin(torch.tensor(inputs)), saved.model(jnp.asarray(inputs)))
    assert not eqx.tree_equal(saved.model, model)


def test_models_without_a_specification_need_one_like_them(tmp_path):
    def by_hand(units: int = 8):
        cells = [ft.LSTMCell(4, units), ft.LSTMCell(units, units)]
        return ft.SequenceModel(cells, 3, num_symbols=7, norm="rms", perceptron_size=5)

    path, model = tmp_path / "m", by_hand()
    ft.save(path, model)
    with pytest.raises(
        CheckpointError, match="saved without a specification: from_file needs a model like it"
    ):
        ft.from_file(path)
    other = by_hand()
    assert ft.from_file(path, other) is other
    tokens = torch.tensor(TOKENS % 7)
    assert torch.equal(other(tokens), model(tokens))
    with pytest.raises(CheckpointError, match=r"should be \(5, 5\)|should be \(20, 5\)"):
        ft.from_file(path, by_hand(5))
    keys = jax.random.split(jax.random.key(0), 3)
    cells = [fw.LSTM(4, 8, key=keys[0]), fw.LSTM(8, 8, key=keys[1])]
    like = fw.SequenceModel(cells, 3, num_symbols=7, norm="rms", perceptron_size=5, key=keys[2])
    close(model(tokens), fw.load_model(path, like=like).model(jnp.asarray(TOKENS % 7)))


def test_what_is_no_model_is_refused(tmp_path):
    path = tmp_path / "m"
    with pytest.raises(InvalidValueError, match=r"save expects a Sequence.*torch\.save writes"):
        ft.save(path, ft.LSTM(3, 5))
    model = ft.SequenceClassifier(ft.IRNNCell(4, 5), 7, 3)
    with pytest.raises(InvalidValueError, match=r"in float32 or float64; got torch\.bfloat16"):
        ft.save(path, model.bfloat16())
    safetensors.numpy.save_file({"a": np.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="was not written by fastweights"):
        ft.from_file(path)
    array_file.save(path, {"a": np.zeros(3)}, {"kind": "fit"})
    with pytest.raises(CheckpointError, match="not a trained model, but 'fit'"):
        ft.from_file(path)
    ft.save(path, model.float())
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="is not a checkpoint, or is damaged"):
        ft.from_file(path)


FORGED = {
    "no object": "text",
    "nothing": {},
    "of a plugin": {"model": {"name": "mgu"}},
    "huge": {
        "model": {"name": "irnn", "hidden_size": 10**6, "cell": {}, "classifier": {"embedding": "direct"}}
    },
    "unknown option": {"model": {"name": "irnn", "hidden_size": 5, "cell": {"x": 1}, "classifier": {}}},
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_specification_is_one_error(name, tmp_path):
    model = ft.SequenceClassifier(ft.IRNNCell(4, 5), 7, 3)
    model.about = {"specification": FORGED[name]}
    ft.save(tmp_path / "m", model)
    with pytest.raises(CheckpointError, match=r"cannot be used|does not fit"):
        ft.from_file(tmp_path / "m")


def test_a_classifier_without_an_embedding_is_one_error(tmp_path):
    """A file that has only been cut short of the array that says how many symbols there are."""
    model = ft.SequenceClassifier(ft.IRNNCell(4, 5), 7, 3)
    cell = {"name": "irnn", "hidden_size": 5, "cell": {}, "classifier": {"embedding": "direct"}}
    arrays = {
        f"model.{name}": array.numpy()
        for name, array in model.state_dict().items()
        if not name.startswith("embedding")
    }
    array_file.save(tmp_path / "m", arrays, {"kind": "model", "specification": {"model": cell}})
    with pytest.raises(CheckpointError, match="a classifier needs an embedding"):
        ft.from_file(tmp_path / "m")


LAYERS = {
    "rnn": (torch.nn.RNN, {}),
    "relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (torch.nn.LSTM, {}),
    "gru": (torch.nn.GRU, {}),
    "lstm without biases": (torch.nn.LSTM, {"bias": False}),
    "gru without biases": (torch.nn.GRU, {"bias": False}),
}


@pytest.mark.parametrize("name", LAYERS)
def test_pytorchs_layers_become_ours_and_theirs_again(name):
    kind, keywords = LAYERS[name]
    theirs = kind(3, 5, num_layers=2, bidirectional=True, dropout=0.5, dtype=torch.float64, **keywords).eval()
    ours = ft.from_torch(theirs)
    again = ft.to_torch(ours)
    x = torch.randn(7, 2, 3, dtype=torch.float64)
    outputs, last = theirs(x)
    for module in (ours, again):
        torch.testing.assert_close(module(x)[0], outputs, rtol=0, atol=1e-14)
    hidden = last[0] if isinstance(last, tuple) else last
    torch.testing.assert_close(ours(x)[1].hidden, hidden, rtol=0, atol=1e-14)
    assert (again.num_layers, again.dropout, again.bidirectional) == (2, 0.5, True)
    assert again.training == theirs.training


def test_what_has_no_counterpart_is_refused():
    for module, words in (
        (ft.FastWeights(3, 5), "no counterpart of FastWeights"),
        (ft.LSTM(3, 5, layer_norm=True), "no layer normalisation"),
        (ft.GRU(3, 5, reset_gate="before"), "comes after the product"),
    ):
        with pytest.raises(InvalidValueError, match=words):
            ft.to_torch(module)
    with pytest.raises(InvalidValueError, match="proj_size"):
        ft.from_torch(torch.nn.LSTM(3, 5, proj_size=2))
    with pytest.raises(InvalidValueError, match=r"expects a torch\.nn\.RNN, LSTM or GRU; got Linear"):
        ft.from_torch(torch.nn.Linear(3, 5))
