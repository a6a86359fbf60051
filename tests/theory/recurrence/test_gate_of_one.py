"""Fails with gates and rates that aren't 1."""

import pytest

from checks import failures

GATED = ["gated and Hebb", "gated delta and delta", "generalised and delta"]


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        ({"gate": 0.9}, GATED),
        ({"erase_rate": 0.9}, GATED[2:]),
        ({"write_rate": 0.9}, GATED[2:]),
        ({"write_rate": 1.1}, GATED[2:]),
        ({"max_write_rate": 0.9}, ["DeltaProduct and DeltaNet"]),
        ({"max_write_rate": 1.1}, ["DeltaProduct and DeltaNet"]),
    ],
)
def test_fails_with_another_number(wrong, fails):
    assert failures("gate-of-one", **wrong) == [f"{name}: difference" for name in fails]
