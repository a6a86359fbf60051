"""Fails with another loss, step size or start."""

import pytest

from checks import failures
from fastweights.theory.recurrence.gradient_steps import disagreement, squared_error


@pytest.mark.parametrize(
    ("wrong", "rules"),
    [
        ({"loss_of_delta_rule": lambda m, k, v: 1.1 * squared_error(m, k, v)}, "delta gated"),
        ({"loss_of_delta_rule": disagreement}, "delta gated"),
        ({"loss_of_hebb": lambda m, k, v: 0.9 * disagreement(m, k, v)}, "hebb"),
        ({"loss_of_hebb": squared_error}, "hebb"),
        ({"step_size": 0.75 * 0.9}, "delta gated"),
        ({"step_size_of_hebb": 1.1}, "hebb"),
        ({"kept": lambda m, decay: m}, "gated"),
        ({"kept": lambda m, decay: 0.9 * decay * m}, "gated"),
    ],
)
def test_fails_with_another_ingredient(wrong, rules):
    names = {"delta": "delta rule", "hebb": "Hebb's rule", "gated": "gated delta rule"}
    expected = [f"{names[rule]}: largest difference of S" for rule in names if rule in rules.split()]
    assert failures("gradient-steps", **wrong) == expected
