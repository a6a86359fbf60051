"""Fails with another gate, or with the paths through the gates included."""

import pytest

from checks import holds
from fastweights.theory.gradients.constant_error_path import unchanged


@pytest.mark.parametrize(
    "wrong",
    [
        lambda gates: gates["input"],
        lambda gates: gates["output"],
        lambda gates: gates["forget"] * gates["output"],
    ],
)
def test_fails_with_another_gate(wrong):
    assert not holds("constant-error-path", factor=wrong)


def test_fails_with_the_paths_through_the_gates():
    assert not holds("constant-error-path", detached=unchanged)
