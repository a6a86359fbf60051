"""The counts of operations, against loops that count and against XLA's own account."""

import jax
import jax.numpy as jnp
import pytest

from fastweights.bench.cases import Case
from fastweights.bench.operations import attention, gigaflops, matrix, multiply_adds
from fastweights.bench.peak import product_rate

SMALL = {"hidden_size": 3, "num_pairs": 1, "batch_size": 2}


def forward_by_counting(model: str, units: int, steps: int, batch: int) -> int:
    """One multiply-add at a time, sequence by sequence."""
    rows = units * (4 if model == "lstm" else 1)
    count = 37 * rows * 100
    for _ in range(batch):
        for t in range(steps):
            count += rows * units if t else 0
            if model == "fast-weights":
                for _ in range(t):
                    count += units  # h(τ)ᵀ h_0
                    count += units  # h(τ) times it
        count += 100 * units + 10 * 100
    return count


@pytest.mark.parametrize("model", ["irnn", "standard-rnn", "lstm", "fast-weights"])
def test_counts(model):
    assert multiply_adds(Case(model, **SMALL)) == 3 * forward_by_counting(model, 3, 5, 2)


def test_runs_side_by_side_add_up():
    assert multiply_adds(Case("lstm", **SMALL, runs=4)) == 4 * multiply_adds(Case("lstm", **SMALL))


def test_the_smaller_form_of_the_memory_counts():
    long, wide = Case("fast-weights", 3, num_pairs=20), Case("fast-weights", 200, num_pairs=2)
    assert matrix(long) < attention(long)
    assert attention(wide) < matrix(wide)
    assert multiply_adds(long) == multiply_adds(long, matrix)
    assert multiply_adds(wide) == multiply_adds(wide, attention)


def test_backward_is_twice_forward():
    """XLA counts the operations of attention over a fixed past, and of its derivative."""
    past, query, time, units = jnp.ones((6, 5)), jnp.ones(5), 6, 5

    def forward(past, query):
        return past.T @ (past @ query)

    def both(past, query, cotangent):
        value, pull_back = jax.vjp(forward, past, query)
        return value, pull_back(cotangent)

    def operations(function, *arguments):
        return jax.jit(function).lower(*arguments).cost_analysis()["flops"]

    once = operations(forward, past, query)
    assert once == pytest.approx(2 * 2 * time * units, rel=0.1)
    # The cotangent of the past states is a sum of two products, which XLA counts as one operation more.
    assert operations(both, past, query, query) == pytest.approx(3 * once, rel=0.25)


def test_peak_is_a_rate():
    assert 0.01 < product_rate("numpy", 64, 0.01) < 10_000


def test_rate():
    case = Case("irnn", 50)
    assert gigaflops(case, 1.0) == pytest.approx(2e-6 * multiply_adds(case))
