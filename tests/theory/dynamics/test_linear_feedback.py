"""Fails without the forward weight, with ages counted from one, or with linear growth."""

import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong", [lambda w, age: w**age, lambda w, age: w ** (age + 2), lambda w, age: w * (age + 1)]
)
def test_fails_with_another_response(wrong):
    assert not holds("linear-feedback", response=wrong)
