"""Which numbers weight decay takes from."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import fastweights as fw
from fastweights.registry import cells
from fastweights.training.step import Hyperparameters, optimiser

LEFT_OUT = {
    "decay.bias",
    "decay.rate",
    "gain",
    "norm_bias",
    "skip",
    "convolution_bias",
    "input_gate_bias",
    "forget_gate_bias",
    "decay_bias",
    "rate_bias",
    "removal",
    "replacement",
    "bonus",
}
"""Of programmers: biases, gains, rates; r_k, k_k and k_a of RWKV-7; D of Mamba-2."""


def model_of(name):
    cell = cells[name](4, 8, key=jax.random.key(0))
    return fw.SequenceClassifier(cell, 5, 3, key=jax.random.key(1))


def left_out(model):
    """The names of the cell's arrays that weight decay does not take from."""
    leaves = jax.tree_util.tree_leaves_with_path(fw.decayed(model).cell)
    return {jax.tree_util.keystr(path, simple=True, separator=".") for path, taken in leaves if not taken}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fast-weights", set()),
        ("lstm", set()),
        ("gated-deltanet", {"decay.bias", "decay.rate", "gain"}),
        ("gla", {"decay.bias", "gain"}),
        ("mamba-2", {"decay.bias", "decay.rate", "skip", "convolution_bias", "gain"}),
        ("mlstm", {"input_gate_bias", "forget_gate_bias"}),
        ("rwkv-7", {"decay_bias", "rate_bias", "removal", "replacement", "bonus", "gain", "norm_bias"}),
    ],
)
def test_what_is_left_out(name, expected):
    assert left_out(model_of(name)) == expected


def test_the_left_out_are_vectors_a_head_and_nothing_else_is():
    for name in cells:
        model = eqx.filter_eval_shape(model_of, name)
        matrices = {"input", "output", "recurrent", "convolution"}
        assert left_out(model) <= LEFT_OUT - matrices, name
        assert all(jax.tree.leaves((fw.decayed(model).embedding, fw.decayed(model).readout)))


@pytest.mark.thorough
def test_an_update_without_a_gradient_shrinks_the_others_alone():
    model = model_of("gated-deltanet")
    options = fw.TrainingOptions(learning_rate=0.01, weight_decay=0.1, schedule="constant")
    rule = optimiser(Hyperparameters.of(options), options.schedule, options.weight_decay, model)
    trained, _ = fw.partition(model)
    changes, _ = rule.update(jax.tree.map(jnp.zeros_like, trained), rule.init(trained), trained)
    after = optax.apply_updates(trained, changes)
    expected = jax.tree.map(lambda a, taken: a * (1 - 0.001 * taken), trained, fw.decayed(model))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), after, expected)
    reference = optax.adamw(0.01, weight_decay=0.1, mask=fw.decayed(model))
    changes, _ = reference.update(jax.tree.map(jnp.zeros_like, trained), reference.init(trained), trained)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), after, optax.apply_updates(trained, changes)
    )
