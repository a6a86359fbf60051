"""A fast function with a derivative written by hand: every other derivative is that of the plain form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quickly
from fastweights.cells.derivatives import with_derivatives

X, Y = jnp.array([0.1, 0.2, 0.3]), jnp.array([1.0, 2.0, -3.0])
FACTORS = jnp.array([2, 3, 4])


def plain(arrays, factors):
    return jnp.sin(arrays["x"]) * arrays["y"] * factors


class Spy:
    """`plain` by another way, that counts how often its derivative by hand is asked for."""

    def __init__(self):
        self.backward_calls = 0

    def forward(self, arrays, factors):
        sine = jnp.sin(arrays["x"])
        return sine * arrays["y"] * factors, (sine, jnp.cos(arrays["x"]))

    def backward(self, arrays, factors, kept, cotangent):
        self.backward_calls += 1
        sine, cosine = kept
        return {"x": cosine * arrays["y"] * factors * cotangent, "y": sine * factors * cotangent}


def pair():
    """A number from the fast function, the same from the plain one, and the spy."""
    spy = Spy()
    fast = with_derivatives(plain, lambda *given: spy.forward(*given)[0], spy.forward, spy.backward)

    def number(function):
        return lambda x, y: jnp.sum(function({"x": x, "y": y}, FACTORS) ** 2)

    return number(fast), number(plain), spy


def summed(function):
    return lambda xs, y: jnp.sum(jax.vmap(function, (0, None))(xs, y))


BOTH = jnp.stack([X, Y])
TRANSFORMATIONS = {
    "gradient": lambda f: jax.grad(f, (0, 1))(X, Y),
    "forward": lambda f: jax.jvp(f, (X, Y), (Y, X)),
    "forward for one argument": lambda f: jax.jacfwd(f)(X, Y),
    "forward over reverse": lambda f: jax.hessian(f, (0, 1))(X, Y),
    "reverse over reverse": lambda f: jax.jacrev(jax.jacrev(f))(X, Y),
    "reverse over forward": lambda f: jax.jacrev(jax.jacfwd(f))(X, Y),
    "third": lambda f: jax.jacfwd(jax.hessian(f))(X, Y),
    "gradients side by side": lambda f: jax.vmap(jax.grad(f), (0, None))(BOTH, Y),
    "gradient of a batch": lambda f: jax.grad(summed(f), (0, 1))(BOTH, Y),
    "hessian of a batch": lambda f: jax.hessian(summed(f), (0, 1))(BOTH, Y),
    "checkpointed": lambda f: jax.grad(jax.checkpoint(f))(X, Y),
    "in a loop": lambda f: jax.grad(
        lambda x, y: jax.lax.scan(lambda s, _: (s + f(s, y) * x, None), x, length=3)[0].sum(), (0, 1)
    )(X, Y),
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_derivatives_are_those_of_the_plain_form(name, float64):
    fast, slow, _ = pair()
    for function in (fast, jax.jit(fast)):
        actual, expected = (quickly(lambda f=f: TRANSFORMATIONS[name](f))() for f in (function, slow))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), actual, expected)


def test_the_first_derivative_backward_is_the_one_by_hand():
    fast, _, spy = pair()
    program = str(jax.make_jaxpr(jax.grad(fast))(X, Y))
    assert spy.backward_calls == 1
    assert "fastweights_linear" not in program or "push" not in program.split("fastweights_linear")[0]
    jax.jvp(fast, (X, Y), (X, Y))
    assert spy.backward_calls == 1
