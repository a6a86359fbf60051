"""The classifier: what is counted and trained, how symbols become inputs, what attention reads."""

import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import EVERY_CELL, FAST_WEIGHTS, Case, each, small_model
from fastweights.errors import InvalidValueError
from fastweights.models import ClassifierOptions, SequenceClassifier, count_parameters, partition

R, X, SYMBOLS, CLASSES = 5, 7, 37, 10
TOKENS = jnp.asarray(np.random.default_rng(0).integers(0, SYMBOLS, (3, 11)), jnp.int32)
READOUT = 100 * R + 100 + CLASSES * 100 + CLASSES

# Cell → numbers in the cell, for hidden size R and input size X.
CELL_PARAMETERS = {
    Case("standard-rnn"): R * R + R * X + R,
    Case("irnn"): R * R + R * X + R,
    Case("irnn", (("layer_norm", True),)): R * R + R * X + 2 * R,
    Case("lstm"): 4 * (R * R + R * X + R),
    Case("lstm", (("layer_norm", True),)): 4 * (R * R + R * X + 2 * R) + 2 * R,
    # 2 R units: its state is made of pairs.
    Case("associative-lstm", (("heads", 1),)): 9 * R * (2 * R + X + 1),
    Case("associative-lstm", (("heads", 3),)): 25 * R * (2 * R + X + 1),
    Case("fast-weights"): R * R + R * X + 2 * R,
    Case("fast-weights", (("norm", "none"),)): R * R + R * X,
    Case("fast-weights", (("inner_steps", 3), ("norm_sets", "per-step"), ("preliminary_norm", "separate"))): R
    * R
    + R * X
    + 2 * 4 * R,
}


def generic_model(case, input_size=X, **options):
    """A model with numbers from NumPy: JAX would compile a generator for each shape."""
    shapes = eqx.filter_eval_shape(small_model, case, R, input_size, **options)
    rng = np.random.default_rng(0)
    model = jax.tree.map(lambda x: jnp.asarray(0.3 * rng.standard_normal(x.shape), x.dtype), shapes)
    numbers = [dict(case.options).get(name, 0.9) for name in model.cell.hyperparameters]
    where = [lambda m, name=name: getattr(m.cell, name) for name in model.cell.hyperparameters]
    for get, number in zip(where, numbers, strict=True):
        model = eqx.tree_at(get, model, jnp.asarray(number, get(model).dtype))
    return model


@pytest.mark.parametrize(("case", "expected"), CELL_PARAMETERS.items(), ids=str)
def test_parameters_are_as_many_as_the_equations_have(case, expected):
    model = generic_model(case)
    more_read = 100 * (model.cell.hidden_size - R)
    assert count_parameters(model) == expected + X * SYMBOLS + READOUT + more_read


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"embedding": "expanded"}, X * 50 + 50 * SYMBOLS + READOUT),
        ({"embedding": "one-hot"}, READOUT),
        ({"readout_size": 0}, X * SYMBOLS + CLASSES * R + CLASSES),
        ({"softmax": "symbols"}, X * SYMBOLS + 100 * R + 100 + SYMBOLS * 101),
    ],
    ids=str,
)
def test_parameters_around_the_cell(options, expected):
    input_size = SYMBOLS if options.get("embedding") == "one-hot" else X
    model = generic_model(Case("standard-rnn"), input_size, **options)
    assert count_parameters(model) == expected + R * R + R * input_size + R
    logits = eqx.filter_eval_shape(model, TOKENS)
    assert logits.shape == (3, SYMBOLS if "softmax" in options else CLASSES)


@each(EVERY_CELL)
def test_partition_leaves_the_hyperparameters_out_and_combines_back(case):
    model = generic_model(case)
    trained, rest = partition(model)
    for name in model.cell.hyperparameters:
        assert getattr(trained.cell, name) is None
        assert getattr(rest.cell, name) is getattr(model.cell, name)
    assert eqx.tree_equal(eqx.combine(trained, rest), model)
    assert len(jax.tree.leaves(rest)) == len(model.cell.hyperparameters)


def test_fast_weights_do_not_train_decay_and_write_rate():
    assert generic_model(FAST_WEIGHTS[0]).cell.hyperparameters == ("decay", "write_rate")


@pytest.mark.parametrize("embedding", ["direct", "expanded", "one-hot"])
@each(EVERY_CELL)
def test_projections_are_those_of_each_symbol_s_vector(case, embedding):
    model = generic_model(case, SYMBOLS if embedding == "one-hot" else X, embedding=embedding)
    table = np.eye(SYMBOLS) if model.embedding.table is None else np.asarray(model.embedding.table)
    if embedding == "expanded":
        table = np.asarray(model.embedding.expansion) @ table
    projections = model.projections(TOKENS)
    for token, projection in zip(np.asarray(TOKENS[1]), projections[1], strict=True):
        expected = model.cell.project(jnp.asarray(table[:, token], jnp.float32))
        np.testing.assert_allclose(projection, expected, rtol=1e-5, atol=1e-5)


def test_embeddings_have_the_scale_they_are_told():
    """Variance s² from the normal, s²/(3 n) from the uniform, which stays within ± s/√n."""
    normal, uniform = (
        small_model(Case("irnn"), R, 100, embedding_init=init, embedding_scale=3.0).embedding.table
        for init in ("normal", "uniform")
    )
    assert float(normal.std()) == pytest.approx(3, rel=0.05)
    assert float(uniform.std()) == pytest.approx(3 / np.sqrt(3 * 100), rel=0.05)
    assert float(abs(uniform).max()) <= 3 / np.sqrt(100)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([[0, 37]], "tokens must be between 0 and 36; got 37"),
        ([[-1, 3]], "tokens must be between 0 and 36; got -1"),
        ([[0.0, 1.0]], "tokens must be integers; got numbers of type float32"),
        ([[True, False]], "tokens must be integers; got numbers of type bool"),
    ],
)
def test_tokens_out_of_range_are_refused(tokens, message, untyped):
    model = generic_model(Case("irnn"))
    with pytest.raises(InvalidValueError, match=message):
        model(jnp.asarray(tokens))


@pytest.mark.parametrize("units", [100, 0])
def test_logits_read_the_last_state_out(units):
    model = generic_model(Case("standard-rnn"), readout_size=units)
    last = np.asarray(model.cell.unroll_projected(model.projections(TOKENS))[0][:, -1])
    if units:
        weight, bias = map(np.asarray, model.readout.hidden)
        last = np.maximum(np.stack([weight @ state for state in last]) + bias, 0)
    weight, bias = map(np.asarray, model.readout.output)
    expected = np.stack([weight @ state for state in last]) + bias
    np.testing.assert_allclose(model(TOKENS), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model(TOKENS[2]), expected[2], rtol=1e-4, atol=1e-5)


@each([Case("fast-weights", (*FAST_WEIGHTS[0].options, ("inner_steps", 2))), FAST_WEIGHTS[3]])
def test_attention_is_equation_4_s_terms(case, float64):
    """η λ^age [h(τ)ᵀ h_s] for the last reading, from the hidden states alone."""
    model = generic_model(case)
    options = dict(case.options)
    projections = model.projections(TOKENS[0])
    states = np.asarray(model.cell.unroll_projected(projections)[0])
    attention = np.asarray(model.attention(TOKENS[0]))
    length, late = len(states), options["write_time"] == "late"
    assert attention.shape == (length, length)
    assert not attention[np.triu_indices(length)].any()
    recurrent, decay, rate = np.asarray(model.cell.recurrent), options["decay"], options["write_rate"]
    gain, bias = (np.asarray(p[0]) for p in model.cell.norms)
    for t in range(1, length):
        # The last query: h_0 with one inner step, or what the reading before made of it.
        summed = recurrent @ states[t - 1] + projections[t]
        query = np.maximum(summed, 0)
        for _ in range(options["inner_steps"]):
            ages = t - 1 - np.arange(t) - late
            weights = np.where(ages >= 0, rate * decay ** np.maximum(ages, 0.0), 0)
            terms = weights * (states[:t] @ query)
            total = (query if options["method"] == 2 else summed) + terms @ states[:t]
            normal = (total - total.mean()) / np.sqrt(total.var() + 1e-5)
            query = np.maximum(gain * normal + bias, 0)
        np.testing.assert_allclose(attention[t, :t], terms, rtol=1e-9, atol=1e-12)
    assert attention[-1].any()


def test_attention_without_a_reading_is_zero_and_without_a_memory_none():
    nothing = generic_model(FAST_WEIGHTS[2]).attention(TOKENS[0])
    assert nothing.shape == (11, 11) and not nothing.any()
    assert generic_model(Case("lstm")).attention(TOKENS[0]) is None


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"embedding": "word2vec"}, "direct, expanded, one-hot; got 'word2vec'"),
        ({"embedding_init": "zeros"}, "normal, uniform; got 'zeros'"),
        ({"embedding_scale": 0.0}, "embedding_scale .*got 0.0"),
        ({"embedding_scale": float("nan")}, "got nan"),
        ({"readout_size": -1}, "readout_size .*got -1"),
        ({"softmax": "letters"}, "classes, symbols; got 'letters'"),
    ],
)
def test_options_out_of_range_are_refused(bad, message):
    with pytest.raises(InvalidValueError, match=message):
        ClassifierOptions(**bad)


def test_one_hot_symbols_need_a_cell_of_their_size():
    with pytest.raises(InvalidValueError, match="input_size 37; got 7"):
        small_model(Case("irnn"), R, X, embedding="one-hot")


def test_the_same_key_gives_the_same_model():
    one, same, other = (small_model(Case("irnn"), seed=seed) for seed in (0, 0, 1))
    assert isinstance(one, SequenceClassifier)
    assert eqx.tree_equal(one, same) and not eqx.tree_equal(one, other)


def test_what_is_no_classifier_has_no_trained_part():
    with pytest.raises(InvalidValueError, match="partition expects a Model; got int"):
        inspect.unwrap(partition)(3)  # the types are checked in tests alone
