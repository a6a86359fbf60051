"""Fails with transposed weights, or a capacitance that is off by a millionth."""

import equinox as eqx
import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong",
    [
        lambda model: eqx.tree_at(lambda m: m.weights, model, model.weights.T),
        lambda model: eqx.tree_at(lambda m: m.capacitances, model, model.capacitances * (1 + 1e-6)),
    ],
)
def test_fails_with_another_model(wrong):
    assert not holds("additive-model-solution", given=wrong)
