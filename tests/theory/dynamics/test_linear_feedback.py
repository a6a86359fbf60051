"""A sum that forgets the forward weight, or counts ages from one, isn't the loop's."""

import pytest

from checks import holds


@pytest.mark.parametrize(
    "wrong", [lambda w, age: w**age, lambda w, age: w ** (age + 2), lambda w, age: w * (age + 1)]
)
def test_fails_with_another_response(wrong):
    assert not holds("linear-feedback", response=wrong)
