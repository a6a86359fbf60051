"""Models of several layers: against their equations, step by step, at any positions, of any lengths."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quickly, relative_error, unroll
from fastweights.cells.irnn import IRNN
from fastweights.cells.lstm import LSTM
from fastweights.errors import InvalidValueError
from fastweights.models import (
    Block,
    BlockOptions,
    SequenceClassifier,
    SequenceModel,
    count_parameters,
    count_state,
)
from fastweights.models.parameters import partition

SIZE, SYMBOLS, CHANNELS, OUTPUTS, TIME, BATCH = 5, 11, 3, 7, 13, 2
TOKENS = jnp.asarray(np.random.default_rng(0).integers(0, SYMBOLS, (BATCH, TIME)))
VECTORS = jnp.asarray(np.random.default_rng(1).standard_normal((BATCH, TIME, CHANNELS)), jnp.float32)
LENGTHS = jnp.array([TIME, 4])
OPTIONS = {
    "plain": {},
    "deep": {"norm": "rms", "residual": True},
    "perceptrons": {"norm": "layer", "residual": True, "perceptron_size": 17},
    "no residual": {"norm": "none", "perceptron_size": 17},
}


# One program for each model and shape: operation by operation there would be dozens.
call = quickly(lambda model, *given, **options: model(*given, **options))
step = quickly(lambda model, state, x: model.step(state, x))


def model_of(inputs: str, layers: int = 2, **options) -> SequenceModel:
    """With every array moved off its initial value."""
    keys = jax.random.split(jax.random.key(0), 1 + layers)
    cells = [LSTM(SIZE, SIZE, key=key) for key in keys[1:]]
    sizes = {"num_symbols": SYMBOLS} if inputs == "symbols" else {"num_channels": CHANNELS}
    model = SequenceModel(cells, OUTPUTS, **sizes, **options, key=keys[0])
    noise = np.random.default_rng(2)
    return jax.tree.map(lambda x: x + jnp.asarray(0.3 * noise.standard_normal(x.shape), x.dtype), model)


def inputs_of(model):
    return TOKENS if model.num_symbols else VECTORS


# The two kinds of inputs meet the options in turn; the rest is shown by these.
_TURNS = dict(zip(OPTIONS, ("symbols", "vectors") * 2, strict=True))
each_model = pytest.mark.parametrize(
    ("inputs", "options"),
    [
        pytest.param(inputs, name, marks=() if _TURNS[name] == inputs else pytest.mark.thorough)
        for inputs in ("symbols", "vectors")
        for name in OPTIONS
    ],
)


def normalised(norm, x):
    """In NumPy."""
    if norm is None:
        return x
    centred = x - x.mean(-1, keepdims=True) if isinstance(norm, eqx.nn.LayerNorm) else x
    y = np.asarray(norm.weight) * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + norm.eps)
    return y if norm.bias is None else y + np.asarray(norm.bias)


def perceptron(part, x):
    """In NumPy."""
    (weight, bias), (weight_2, bias_2) = (map(np.asarray, pair) for pair in (part.hidden, part.output))
    return np.maximum(x @ weight.T + bias, 0) @ weight_2.T + bias_2


@each_model
def test_the_outputs_are_those_of_the_equations(inputs, options):
    model = model_of(inputs, **OPTIONS[options])
    if inputs == "symbols":
        hidden = np.asarray(model.embedding.table).T[np.asarray(TOKENS)]
    else:
        hidden = np.asarray(VECTORS) @ np.asarray(model.embedding.weight).T + np.asarray(model.embedding.bias)
    for block in model.blocks:
        outputs = unroll(block.cell, jnp.asarray(normalised(block.norm, hidden), jnp.float32))
        hidden = np.asarray(outputs) + (hidden if block.residual else 0)
        if block.perceptron is not None:
            hidden = hidden + perceptron(block.perceptron, normalised(block.perceptron_norm, hidden))
    expected = perceptron(model.readout, normalised(model.output_norm, hidden))
    x, every_step = inputs_of(model), np.broadcast_to(np.arange(TIME), (BATCH, TIME))
    everywhere = np.asarray(call(model, x, every_step))
    assert relative_error(everywhere, expected) < 1e-4
    np.testing.assert_allclose(call(model, x), everywhere[:, -1], rtol=1e-5, atol=1e-5)
    chosen = call(model, x, np.array([[3, 0], [12, 12]]))
    np.testing.assert_allclose(np.asarray(chosen)[0], everywhere[0, [3, 0]], rtol=1e-5, atol=1e-5)


@each_model
def test_a_stream_gives_the_same_outputs(inputs, options):
    model = model_of(inputs, **OPTIONS[options])
    sequence, state, streamed = inputs_of(model)[0], model.initial_state(), []
    for x in np.asarray(sequence):
        state, outputs = step(model, state, x)
        streamed.append(outputs)
    assert relative_error(np.stack(streamed), call(model, sequence, np.arange(TIME))) < 1e-5


@each_model
def test_what_stands_behind_a_sequence_changes_nothing(inputs, options):
    """Not its outputs nor any gradient, not even as NaN; and a shorter sequence is the sequence alone."""
    model = model_of(inputs, **OPTIONS[options])
    good = inputs_of(model)
    bad = np.array(good)
    bad[1, 4:] = np.nan if inputs == "vectors" else SYMBOLS + 5

    @quickly
    def value_and_gradient(model, inputs):
        trained, rest = partition(model)
        loss = lambda trained: jnp.sum(eqx.combine(trained, rest)(inputs, lengths=LENGTHS) ** 2)  # noqa: E731
        return jax.value_and_grad(loss)(trained)

    one, other = value_and_gradient(model, good), value_and_gradient(model, bad)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_array_equal(a, b)
    together = np.asarray(call(model, good, lengths=LENGTHS))
    np.testing.assert_allclose(together[1], call(model, good[1, :4]), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(together[0], call(model, good[0]), rtol=1e-5, atol=1e-5)


def test_one_layer_without_norm_and_residual_is_the_classifier():
    cell, key = IRNN(6, SIZE, key=jax.random.key(0)), jax.random.key(1)
    classifier = SequenceClassifier(cell, SYMBOLS, OUTPUTS, key=key)
    model = SequenceModel([cell], OUTPUTS, num_symbols=SYMBOLS, key=key)
    model = eqx.tree_at(lambda m: (m.embedding, m.readout), model, (classifier.embedding, classifier.readout))
    np.testing.assert_array_equal(model(TOKENS), classifier(TOKENS))
    assert count_parameters(model) == count_parameters(classifier)
    positions = jnp.full((BATCH, 1), TIME - 1)
    np.testing.assert_allclose(classifier(TOKENS, positions)[:, 0], classifier(TOKENS), rtol=1e-5, atol=1e-6)
    short = classifier(TOKENS, lengths=LENGTHS)
    np.testing.assert_allclose(short[1], classifier(TOKENS[1, :4]), rtol=1e-5, atol=1e-6)


def test_many_symbols_are_projected_at_each_step_few_only_once():
    """Whichever is less work, with the same outputs."""
    model = model_of("symbols", **OPTIONS["deep"])
    assert SYMBOLS > 4
    few = np.asarray(call(model, TOKENS[:1, :4]))
    many = np.asarray(call(model, np.repeat(TOKENS[:1, :4], 9, axis=0)))
    np.testing.assert_allclose(few[0], many[8], rtol=1e-5, atol=1e-5)


def test_parameters_and_state_are_as_many_as_the_equations_have():
    model = model_of("symbols", layers=3, **OPTIONS["perceptrons"])
    cell, perceptrons = 4 * SIZE * (2 * SIZE + 1), 2 * SIZE * 17 + 17 + SIZE
    readout = 100 * (SIZE + 1) + OUTPUTS * 101
    assert (
        count_parameters(model) == 3 * (cell + perceptrons + 4 * SIZE) + 2 * SIZE + SIZE * SYMBOLS + readout
    )
    assert count_state(model) == 3 * 2 * SIZE
    assert count_parameters(model_of("vectors", layers=1)) == cell + SIZE * (CHANNELS + 1) + readout


def test_vectors_go_to_the_first_cell_as_they_are_without_a_linear_map():
    cell = IRNN(CHANNELS, SIZE, key=jax.random.key(0))
    model = SequenceModel([cell], 1, key=jax.random.key(1))
    outputs, _ = cell.unroll(VECTORS)
    np.testing.assert_allclose(model(VECTORS), model.readout(outputs[:, -1]), rtol=1e-5)
    assert model.num_channels == CHANNELS and model.num_symbols is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda k: SequenceModel([], 2, key=k), "needs at least one cell"),
        (
            lambda k: SequenceModel([LSTM(2, 3, key=k)] * 2, 2, key=k),
            "after 3 units needs as many inputs; got 2",
        ),
        (lambda k: SequenceModel([LSTM(2, 3, key=k)], 2, residual=True, key=k), "as units; got 2 and 3"),
        (
            lambda k: SequenceModel([LSTM(2, 3, key=k)], 2, num_symbols=3, num_channels=3, key=k),
            "sizes of both",
        ),
        (lambda k: Block(LSTM(2, 3, key=k), perceptron_size=4), "needs a key"),
        (lambda k: BlockOptions(layers=0), "layers must be between 1 and 100; got 0"),
        (lambda k: BlockOptions(perceptron_size=-1), "perceptron_size must be between 0 and 10,000; got -1"),
        (
            lambda k: model_of("vectors")(VECTORS[..., :2]),
            r"vectors of 3 channels; got float32 of shape \(2, 13, 2\)",
        ),
        (lambda k: model_of("vectors")(TOKENS), "vectors of 3 channels; got int"),
        (lambda k: model_of("symbols")(VECTORS), "tokens must be integers; got numbers of type float32"),
        (lambda k: model_of("symbols")(TOKENS + 9), "tokens must be between 0 and 10; got"),
    ],
)
def test_what_does_not_fit_is_refused(make, message, untyped):
    with pytest.raises(InvalidValueError, match=message):
        make(jax.random.key(0))
