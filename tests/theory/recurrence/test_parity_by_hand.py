"""Fails with another rate, value or key."""

import pytest

from checks import failures
from fastweights import registry
from fastweights.theory.runner import examine


@pytest.mark.parametrize(
    ("wrong", "counts"),
    [
        ({"rate": 1.8}, False),
        ({"rate": 1.0}, False),
        ({"value": 0.45}, True),
        ({"key": 0.9}, False),
    ],
)
def test_fails_with_another_ingredient(wrong, counts):
    """With another value S still alternates, between 0 and 2 v; with another eigenvalue not for long."""
    names = failures("parity-by-hand", **wrong)
    assert "largest distance from 0 and 1" in names
    assert counts or "further than ¼ from the parity, of 30,000" in names


def test_the_distance_of_even_and_odd_shrinks_by_the_eigenvalue():
    panel = examine("parity-by-hand", registry.checks["parity-by-hand"]()).panels[0]
    by_label = {series.label: series for series in panel.series}
    steps = by_label["β = 2, eigenvalue -1"].x
    assert set(by_label["β = 2, eigenvalue -1"].y) == {0.5}
    expected = [0.5 * 0.9**step for step in steps]
    assert by_label["β = 1.9, eigenvalue -0.9"].y[:20] == pytest.approx(expected[:20], rel=1e-9)
