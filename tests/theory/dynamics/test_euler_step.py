"""Fails with a step other than the time constant, or a method of another order."""

from checks import holds
from fastweights.theory.dynamics.euler_step import EulerStep


def midpoint(velocity, potentials, step):
    return potentials + step * velocity(potentials + step / 2 * velocity(potentials))


def test_fails_with_a_step_that_keeps_some_potential():
    assert not holds("euler-step", step=0.4)


def test_fails_with_a_method_of_second_order():
    assert not holds("euler-step", method=midpoint)


def test_fails_with_a_step_that_is_slightly_too_long():
    assert not holds("euler-step", method=lambda f, v, s: EulerStep.method(f, v, s * (1 + 1e-12)))
