"""The counts of operations, against loops that count and against XLA's own account."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from fastweights import registry
from fastweights.bench import roofline
from fastweights.bench.cases import Case
from fastweights.bench.roofline import operations, product_rate
from fastweights.cells.base import Cell

SMALL = {"hidden_size": 3, "num_pairs": 1, "batch_size": 2}


def forward_by_counting(model: str, units: int, steps: int, batch: int) -> int:
    """Two for every multiply-add, one at a time, sequence by sequence."""
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
    return 2 * count


@pytest.mark.parametrize("model", ["irnn", "standard-rnn", "lstm", "fast-weights"])
def test_counts(model):
    case = Case(model, 5, num_pairs=1, batch_size=2)
    assert operations(case) == 3 * forward_by_counting(model, 5, 5, 2)


def test_the_associative_lstm_counts_its_copies_and_heads():
    """R = 4 with 3 heads and 4 copies: W and C have (4 + 3 · 2) · 4 + 2 · … rows, as in its arrays."""
    case = Case("associative-lstm", 4, num_pairs=1, batch_size=2)
    cell = eqx.filter_eval_shape(roofline.specification(case).build_model).cell
    rows = len(cell.recurrent)
    # 8 operations for every complex unit, head and copy that is written, and as many where it is read.
    step = 2 * rows * 4 + 4 * 2 * (2 + 16 * 3)
    forward = 2 * 37 * rows * 100 + 2 * (4 * step + 2 * (100 * 4 + 10 * 100))
    assert operations(case) == 3 * forward


def test_runs_side_by_side_add_up():
    assert operations(Case("lstm", **SMALL, runs=4)) == 4 * operations(Case("lstm", **SMALL))


def test_the_smaller_form_of_the_memory_counts():
    long, wide = Case("fast-weights", 3, num_pairs=20), Case("fast-weights", 200, num_pairs=2)
    assert operations(long) == operations(long, by_steps=True)
    assert operations(wide) < operations(wide, by_steps=True)
    # λ A + (η h) hᵀ and A h_0, of R² each, besides W h; or attention to all steps before.
    assert operations(wide, by_steps=True) - operations(wide) == 3 * 128 * (6 * 5 * 200**2 - 4 * 21 * 200)


class UncountedCell(Cell):
    """h = W h + C x, with nothing said about operations, and the input as its projection."""

    weight: jax.Array
    input_size: int = eqx.field(static=True)
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, *, options: Any, key: Any) -> None:
        self.weight = jnp.ones((hidden_size, hidden_size + input_size))
        self.input_size, self.hidden_size = input_size, hidden_size

    def initial_state(self):
        return jnp.zeros(self.hidden_size)

    def step(self, state, projection):
        state = self.weight @ jnp.concatenate([state, projection])
        return state, state


@pytest.fixture
def uncounted(monkeypatch):
    """Registers that cell for one test."""
    registry.cells["irnn"]
    monkeypatch.setattr(registry.cells, "_entries", dict(registry.cells._entries))
    registry.register_cell("uncounted", source="a test")(UncountedCell)
    roofline._count.cache_clear()
    yield
    roofline._count.cache_clear()


def test_a_cell_that_counts_nothing_is_counted_by_xla(uncounted):
    case = Case("uncounted", 5, num_pairs=1, batch_size=2)
    assert operations(case) == 3 * 2 * (4 * 2 * 5 * 105 + 2 * (100 * 5 + 10 * 100))


def test_nothing_is_guessed(uncounted, monkeypatch):
    monkeypatch.setattr(roofline, "_counted_by_xla", lambda *arguments: None)
    case = Case("uncounted", 5)
    assert operations(case) is None
    assert operations(Case("a-plugin-that-is-not-loaded", 5)) is None


def test_backward_is_twice_forward():
    """XLA counts the operations of attention over a fixed past, and of its derivative."""
    past, query, time, units = jnp.ones((6, 5)), jnp.ones(5), 6, 5

    def forward(past, query):
        return past.T @ (past @ query)

    def both(past, query, cotangent):
        value, pull_back = jax.vjp(forward, past, query)
        return value, pull_back(cotangent)

    def counted(function, *arguments):
        return jax.jit(function).lower(*arguments).cost_analysis()["flops"]

    once = counted(forward, past, query)
    assert once == pytest.approx(2 * 2 * time * units, rel=0.1)
    # The cotangent of the past states is a sum of two products, which XLA counts as one operation more.
    assert counted(both, past, query, query) == pytest.approx(3 * once, rel=0.25)


def test_peak_is_a_rate():
    assert 0.01 < product_rate("numpy", 64, 0.01) < 10_000
