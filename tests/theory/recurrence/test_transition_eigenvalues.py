"""Fails with another eigenvalue, norm, bound or largest rate."""

import pytest

from checks import failures


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        ({"along_key": lambda rate, length: 1 - rate * length}, "eigenvalues: largest difference"),
        ({"along_key": lambda rate, length: 1 - 1.1 * rate * length**2}, "eigenvalues: largest difference"),
        ({"norm": lambda rate, length: abs(1 - rate * length**2)}, "norm: largest difference"),
        ({"norm": lambda rate, length: 1.0}, "norm: largest difference"),
        ({"of_rwkv7": lambda decay, erase_rate: decay * (1 - erase_rate)}, "RWKV-7: largest difference"),
        ({"of_rwkv7": lambda decay, erase_rate: decay - 1.1 * erase_rate}, "RWKV-7: largest difference"),
        ({"largest_rate": 1.8}, "norm a billionth beyond it"),
        ({"largest_rate": 2.2}, "norm at the largest rate"),
        ({"highest": lambda gates: 0.9 * gates.max()}, "gates: eigenvalue − highest bound"),
        ({"lowest": lambda rate, gates: 0.9 * (1 - rate) * gates.max()}, "gates: lowest bound − eigenvalue"),
    ],
)
def test_fails_with_another_ingredient(wrong, fails):
    assert fails in failures("transition-eigenvalues", **wrong)


def test_bounds_that_are_too_wide_are_not_attained():
    attained = ["equal gates: distance of both bounds"]
    assert failures("transition-eigenvalues", highest=lambda gates: 1.1 * gates.max()) == attained
    assert failures("transition-eigenvalues", lowest=lambda rate, gates: -1.0) == attained
