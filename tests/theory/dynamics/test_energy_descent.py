"""Fails without symmetry, with a linear unit's leak, or with a decreasing φ."""

from checks import holds


def test_fails_without_symmetry():
    assert not holds("energy-descent", weights=lambda drawn: drawn)


def test_fails_with_the_leak_of_a_linear_unit():
    assert not holds("energy-descent", leak=lambda v, activation, integral: v**2 / 2)


def test_fails_with_a_falling_activation():
    assert not holds("energy-descent", gain=-1.0)
