"""Fails with keys that are not orthonormal, or a wrong crosstalk."""

import pytest

from checks import holds
from fastweights.theory.memories.outer_product_recall import crosstalk
from fastweights.theory.samples import on_sphere


def test_fails_with_keys_that_are_not_orthogonal():
    assert not holds("outer-product-recall", keys=lambda rng: on_sphere(rng, 11, 16))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda keys, values: 0 * values,
        lambda keys, values: crosstalk(keys, values) + values,  # the pair's own term too
        lambda keys, values: -crosstalk(keys, values),
    ],
)
def test_fails_with_a_wrong_crosstalk(wrong):
    assert not holds("outer-product-recall", crosstalk=wrong)
