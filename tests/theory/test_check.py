"""Checks are frozen dataclasses, with or without the decorator; quantities hold finite ranges of floats."""

from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

from fastweights.theory import Check, CheckResult, Finding, Quantity


class Implicit(Check):
    statement = "One is one."
    one: float = 1.0

    def examine(self):
        return Finding(Quantity("one", self.one, 1, 1))


@dataclass(frozen=True)
class Explicit(Check):
    statement = "One is one."
    one: float = 1.0

    def examine(self):
        return Finding(Quantity("one", self.one, 1, 1))


@pytest.mark.parametrize("kind", [Implicit, Explicit])
def test_a_check_is_a_frozen_dataclass(kind):
    check = kind(one=2.0)
    assert (check.one, check == kind(2.0), hash(check) == hash(kind(2.0))) == (2.0, True, True)
    assert not check.examine().quantities[0].holds and kind().examine().quantities[0].holds
    with pytest.raises(FrozenInstanceError, match="'one'"):
        check.one = 1.0


def test_a_quantity_stores_floats_and_nan_does_not_hold():
    quantity = Quantity("n", np.float32(0.5), np.int64(0), True)
    assert [type(number) for number in (quantity.measured, quantity.lowest, quantity.highest)] == [float] * 3
    assert quantity.holds
    assert not Quantity("n", np.nan).holds
    near = Quantity.near("n", 1.2, np.float64(1), 0.25)
    assert (near.lowest, near.highest, near.holds) == (0.75, 1.25, True)


def test_a_result_without_quantities_or_with_an_error_does_not_hold():
    one = Quantity("one", 1.0, 1, 1)
    assert CheckResult("n", "s", "b", (one,), 0.0).holds
    assert not CheckResult("n", "s", "b", (), 0.0).holds
    assert not CheckResult("n", "s", "b", (one,), 0.0, error="ValueError: no").holds
