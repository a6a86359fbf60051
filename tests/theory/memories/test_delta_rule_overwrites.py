"""Fails with one rule in place of the other."""

import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"overwriting": "outer-product"},
        {"overwriting": "decaying"},
        {"adding": "delta-rule"},
        {"adding": "decaying"},
    ],
)
def test_fails_with_the_other_rule(wrong):
    assert not holds("delta-rule-overwrites", **wrong)
