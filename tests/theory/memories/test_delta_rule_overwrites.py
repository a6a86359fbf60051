"""Hebb's rule does not overwrite, and the delta rule does not add."""

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
