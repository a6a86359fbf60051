"""A chunk of steps at once: triangular systems, and decays that must not be quotients."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from fastweights.cells.programmers.recurrence import unroll_memory
from fastweights.memories.writes import Write
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.networks import run_once
from fastweights.theory.rounding import UNIT

_KEY, _VALUE, _TIME = 4, 3, 12
_LONG, _EXPONENTS = 180, (1, 2, 3, 5)


def since(gates: np.ndarray) -> np.ndarray:
    """b(t, i) = a_{i+1} … a_t for t >= i, else 0: what of write i is kept after write t; (t, i, key)."""
    time = len(gates)
    kept = np.zeros((time, time, gates.shape[1]))
    for i in range(time):
        kept[i, i] = 1
        for t in range(i + 1, time):
            kept[t, i] = kept[t - 1, i] * gates[t]
    return kept


def last_nonzero(exponent: int) -> int:
    """⌊149/n⌋: single precision has no number between 0 and 2⁻¹⁴⁹, so a product of more gates 2⁻ⁿ is 0."""
    return 149 // exponent


@register_check(
    "chunk-form",
    source="Yang et al. 2024, arXiv:2406.06484, section 3; this project for r, e and a of any kind",
)
class ChunkForm(Check):
    """With p_t = S_{t−1} r_t, the recurrence is p = (lookups of S_0) + tril(R, W) V − tril(R, E) p, one
    unit-triangular system, and outputs and the last state are sums over what was written and erased, each
    with its decay b(t, i). In double precision this and the recurrence differ by rounding, which the system
    magnifies by its condition number, below 10³ here: 10⁻¹² for numbers of size 1. The package's two forms
    are compared with both, in the same way.

    In single precision a quotient of cumulative products in the place of b(t, i) is 0/0 as soon as a product
    is 0: for gates 2⁻ⁿ after ⌊149/n⌋ steps, exactly, and has lost digits since step 126/n. Products over
    pairs are right to the end, and the package's chunks too."""

    statement = "A chunk of steps is one triangular system, with products of decays, and never quotients."
    has_figure = True

    since: Callable[[np.ndarray], np.ndarray] = since
    """b(t, i), of all gates."""

    last_nonzero: Callable[[int], int] = last_nonzero
    """How many gates 2⁻ⁿ have a product that single precision can tell from 0."""

    def examine(self) -> Finding:
        """One chunk with vector gates and e ≠ w; then gates that are powers of ½, in single precision."""
        rng = np.random.default_rng(0)
        shapes = (_TIME, _KEY), (_TIME, _KEY), (_TIME, _VALUE), (_TIME, _KEY), (_TIME, _KEY)
        queries, keys, values, lookups, erases = (rng.standard_normal(shape) / 2 for shape in shapes)
        gates = rng.uniform(0, 1, (_TIME, _KEY))
        gates[5, 2] = 0.0
        start = rng.standard_normal((_VALUE, _KEY))
        arrays = keys, values, gates, lookups, erases
        expected = _recurrent(queries, *arrays, start)
        one_head = queries[:, None], Write(*(jnp.asarray(array)[:, None] for array in arrays)), start[None]
        results = {
            "chunk": self._chunk(queries, *arrays, start),
            "the package's chunks": _in_chunks(*one_head),
            "the package's steps": _in_steps(*one_head),
        }
        quantities = []
        for name, (outputs, last) in results.items():
            outputs, last = (
                np.asarray(outputs).reshape(expected[0].shape),
                np.asarray(last).reshape(start.shape),
            )
            off = max(np.max(abs(outputs - expected[0])), np.max(abs(last - expected[1])))
            quantities.append(Quantity(f"{name}: largest difference", off, highest=1e-12))
        quantities += self._in_single_precision()
        return Finding(*quantities, panels=[_panel()])

    def _chunk(self, queries, keys, values, gates, lookups, erases, start):
        """The form of the chapter, by NumPy."""
        kept = self.since(gates)  # b(t, i)
        whole = np.cumprod(gates, axis=0)  # b(t) since the start
        earlier = np.concatenate([np.zeros_like(kept[:1]), kept[:-1]])  # b(t − 1, i): 0 for i >= t
        before = np.concatenate([np.ones_like(whole[:1]), whole[:-1]])
        written, erased = (np.einsum("tk,tik,ik->ti", lookups, earlier, x) for x in (keys, erases))
        found = np.linalg.solve(np.eye(len(keys)) + erased, (lookups * before) @ start.T + written @ values)
        written, erased = (np.einsum("tk,tik,ik->ti", queries, kept, x) for x in (keys, erases))
        outputs = (queries * whole) @ start.T + written @ values - erased @ found
        last = start * whole[-1] + values.T @ (kept[-1] * keys) - found.T @ (kept[-1] * erases)
        return outputs, last

    def _in_single_precision(self) -> list[Quantity]:
        quantities = []
        for exponent in _EXPONENTS:
            gates = np.full((_LONG, 1), 2.0**-exponent, np.float32)
            quotients = _quotients(gates[:, 0])
            finite = int(np.count_nonzero(np.isfinite(quotients)))
            expected = self.last_nonzero(exponent)
            quantities.append(
                Quantity.near(f"gates 2^-{exponent}: quotients that are numbers", finite, expected, 0)
            )
        # The geometric sums Σ 2^(−n i), a head for each n.
        gates = np.tile(2.0 ** -np.array(_EXPONENTS)[:, None], (_LONG, 1, 1)).astype(np.float32)
        ones = np.ones_like(gates)
        outputs, _ = _in_chunks(
            ones, Write(*map(jnp.asarray, (ones, ones, gates))), np.zeros_like(ones[0])[..., None]
        )
        off = np.max(abs(outputs[-1, :, 0] * (1 - gates[0, :, 0]) - 1))
        return [
            *quantities,
            Quantity("sums by the package's chunks, relative error", off, highest=2**30 * UNIT),
        ]


@run_once
def _in_chunks(queries, write, state):
    return unroll_memory(queries, write, state, form="chunks")


@run_once
def _in_steps(queries, write, state):
    return unroll_memory(queries, write, state, form="steps")


def _recurrent(queries, keys, values, gates, lookups, erases, start):
    """Step by step."""
    state, outputs = start, []
    for q, k, v, a, r, e in zip(queries, keys, values, gates, lookups, erases, strict=True):
        state = state * a - np.outer(state @ r, e) + np.outer(v, k)
        outputs.append(state @ q)
    return np.array(outputs), state


def _quotients(gates: np.ndarray) -> np.ndarray:
    """b(t)/b(t), t = 1 …, which is 1 in exact arithmetic, by cumulative products."""
    products = np.cumprod(gates, dtype=gates.dtype)
    with np.errstate(invalid="ignore", divide="ignore"):
        return products / products


def _panel() -> Panel:
    """The newest pair's weight b(t, t − 1) by quotients, with gates of 0.3, over the true one."""
    gate, steps = np.float32(0.3), np.arange(1, 101)
    products = np.cumprod(np.full(100, gate), dtype=np.float32)
    logs = np.cumsum(np.full(100, np.log(gate)), dtype=np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        quotients = abs(products[1:] / products[:-1] / gate - 1)
    differences = abs(np.exp(np.diff(logs)) / gate - 1)
    series = [
        Series("quotients of products", steps[1:], np.maximum(quotients, 1e-9)),
        Series("differences of logarithms", steps[1:], np.maximum(differences, 1e-9)),
        Series("products over pairs", steps[1:], np.full(99, 1e-9), "dashed"),
    ]
    title = "One gate of 0.3 after t steps, single precision"
    return Panel(title, "steps t", "relative error (10⁻⁹ for 0)", series, y_scale="log")
