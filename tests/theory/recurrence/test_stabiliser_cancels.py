"""Fails with other gates or another least denominator; another stabiliser changes no output."""

import numpy as np
import pytest

from checks import failures

OUTPUTS = {
    f"{name}: outputs, in rounding errors" for name in ("the paper's m", "random m", "small input gates")
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"input_gate": lambda log_input, m: np.exp(0.9 * log_input - m)},
        {"forget_gate": lambda log_forget, before, m: np.exp(log_forget - m)},
        {"forget_gate": lambda log_forget, before, m: np.exp(log_forget + 0.9 * before - m)},
    ],
)
def test_fails_with_other_gates(wrong):
    assert set(failures("stabiliser-cancels", **wrong)) >= OUTPUTS


@pytest.mark.parametrize("least", [lambda m: 1.0, lambda m: 1.1 * np.exp(-m), lambda m: np.exp(-0.9 * m)])
def test_fails_with_another_least_denominator(least):
    assert "small input gates: outputs, in rounding errors" in failures(
        "stabiliser-cancels", least_denominator=least
    )


def test_another_stabiliser_changes_only_the_gates():
    assert failures("stabiliser-cancels", largest=lambda f, m, i: max(f + m, i) + 0.1) == [
        "larger gate of a step, the largest",
        "the same, the smallest",
    ]


def test_a_factor_of_the_input_gate_is_seen_where_the_denominator_is_least():
    """Elsewhere it divides out."""
    wrong = failures("stabiliser-cancels", input_gate=lambda log_input, m: 1.1 * np.exp(log_input - m))
    assert wrong == [
        "small input gates: outputs, in rounding errors",
        "larger gate of a step, the largest",
    ]
