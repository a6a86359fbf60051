"""Fails with too small or too large a bound."""

import pytest

from checks import holds
from fastweights.theory.fast_weights.inner_loop_normalised import factor, room


@pytest.mark.parametrize(
    "wrong",
    [
        {"factor": lambda gain, centred, least: abs(gain).min() / 4 * centred / least},
        {"factor": lambda *given: 1.15 * factor(*given)},
        {"room": lambda spread, centred, radius, units: room(spread, centred, 0.2 * radius, units)},
        {"room": lambda spread, centred, radius, units: room(spread, 1.15 * centred, radius, units)},
    ],
)
def test_fails_with_another_bound(wrong):
    assert not holds("inner-loop-normalised", **wrong)
