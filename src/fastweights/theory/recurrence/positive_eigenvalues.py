"""Why a memory whose transitions have no negative eigenvalue cannot tell even from odd."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from fastweights.memories.writes import Write, written
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.networks import run_once
from fastweights.theory.samples import on_sphere

_KEY, _VALUE, _TIME, _CASES = 3, 2, 120, 4000


def most_changes(bases: int) -> int:
    """n − 1: Σ c_i λ_i^t with n different positive λ_i has no more zeros."""
    return bases - 1


def remaining(rate: float, time: int) -> float:
    """|1 − β|^t: what is left of the distance from the fixed point."""
    return abs(1 - rate) ** time


@register_check(
    "positive-eigenvalues",
    source="Grazzi et al. 2024, arXiv:2411.12537, theorem 1; Pólya & Szegő 1925, part V",
)
class PositiveEigenvalues(Check):
    """Under a constant input, what a linear read-out has of the memory is a sum of as many powers λ^t as the
    transition has different eigenvalues, the 1 of the fixed point included. If none is negative, its side of
    a threshold changes at most once less often, for all times; the answer to parity changes at every step.

    Gated and ungated delta memories with β <= 1, from random states, read by random queries, with random
    thresholds: the most changes in 120 steps must be 2 (1, a, a (1 − β)) and 1 (1, 1 − β): the bound is
    attained. So it is, with 1 change, by every second answer of memories with β up to 2, whose eigenvalue of
    two steps is (1 − β)². Four powers are given the zeros 1½, 4½ and 8½, and so change 3 times. With β = 2
    the answer changes at each of the 120 steps, and with 1 < β < 2 the distance from the fixed point shrinks
    by |1 − β| at each step."""

    statement = "Without negative eigenvalues, an answer to a constant input changes only a few times."

    most_changes: Callable[[int], int] = most_changes
    """How often a sum of so many powers changes its sign."""

    remaining: Callable[[float, int], float] = remaining
    """What is left of a distance after t steps, given β."""

    alternating_rate: float = 2.0
    """The β with which the answer changes forever."""

    def examine(self) -> Finding:
        """Counts of changes."""
        rng = np.random.default_rng(0)
        every_second = _answers(rng, np.ones(_CASES), 2.0)[:, ::2]
        ungated, gated = (
            _answers(rng, decays) for decays in (np.ones(_CASES), rng.uniform(0.3, 0.999, _CASES))
        )
        counts = [_changes(answers, rng) for answers in (ungated, gated, every_second)]
        powers = np.array([1, 0.85, 0.6, 0.3])
        zeros = np.array([1.5, 4.5, 8.5])
        weights = np.linalg.solve(powers[1:] ** zeros[:, None], -np.ones(3))
        sums = 1 + powers[1:] ** np.arange(_TIME)[:, None] @ weights
        alternating = _along(self.alternating_rate)
        flips = np.count_nonzero(np.diff(alternating > 0.5))
        off = [abs(abs(_along(rate)[20] - 0.5) / 0.5 - self.remaining(rate, 20)) for rate in (1.5, 1.9, 1.99)]
        return Finding(
            Quantity.near("delta rule: most changes", counts[0], self.most_changes(2), 0),
            Quantity.near("gated delta rule: most changes", counts[1], self.most_changes(3), 0),
            Quantity.near("β < 2, every second answer: most changes", counts[2], self.most_changes(2), 0),
            Quantity.near("four powers: changes", _changes_of(sums), self.most_changes(4), 0),
            Quantity.near("β = 2: changes in 120 steps", flips, _TIME, 0),
            Quantity("β = 2: distance from 0 and 1", _apart(alternating), 0, 0),
            Quantity("1 < β < 2: distance left after 20 steps, off by", max(off), highest=1e-13),
        )


def _answers(rng: np.random.Generator, decays: np.ndarray, highest_rate: float = 1.0) -> np.ndarray:
    """uᵀ S q at each time, for each case, under a constant input."""
    key, rate = on_sphere(rng, _CASES, _KEY), rng.uniform(0, highest_rate, (_CASES, 1))
    shapes = (_CASES, _VALUE, _KEY), (_CASES, _VALUE), (_CASES, _KEY), (_CASES, _VALUE)
    start, value, query, read = (rng.standard_normal(shape) for shape in shapes)
    write = Write(*map(jnp.asarray, (rate * key, value, decays[:, None], decays[:, None] * key)))
    step, memory, answers = run_once(written), start, []
    for _ in range(_TIME):
        answers.append(np.einsum("cv,cvk,ck->c", read, memory, query))
        memory = step(memory, write)
    return np.array(answers).T


def _changes(answers: np.ndarray, rng: np.random.Generator) -> int:
    """The most of all cases, each with a threshold within its range."""
    lowest, highest = answers.min(1), answers.max(1)
    thresholds = lowest + rng.uniform(0.05, 0.95, len(answers)) * (highest - lowest)
    return max(map(_changes_of, answers - thresholds[:, None]))


def _changes_of(numbers: np.ndarray) -> int:
    return int(np.count_nonzero(np.diff(numbers > 0)))


def _along(rate: float) -> np.ndarray:
    """One unit, S ← S − β (S − ½) from 0: at each time."""
    memory, states = np.zeros((1, 1)), []
    one, half = jnp.ones(1), jnp.full(1, 0.5)
    step = run_once(written)
    for _ in range(_TIME + 1):
        states.append(memory[0, 0])
        memory = step(memory, Write(rate * one, half, lookup=one))
    return np.array(states)


def _apart(states: np.ndarray) -> float:
    """From 0, 1, 0, 1, …"""
    return float(np.max(abs(states - np.arange(len(states)) % 2)))
