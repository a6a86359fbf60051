"""mLSTM's stabiliser changes no output, only what numbers pass by."""

from collections.abc import Callable

import numpy as np

from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.rounding import UNIT, within_rounding

_KEY, _VALUE, _TIME = 5, 3, 12


def largest(log_forget: float, before: float, log_input: float) -> float:
    """max(log f + m, log i): the paper's stabiliser."""
    return max(log_forget + before, log_input)


def input_gate(log_input: float, stabiliser: float) -> float:
    """i′ = exp(ĩ − m)."""
    return float(np.exp(log_input - stabiliser))


def forget_gate(log_forget: float, before: float, stabiliser: float) -> float:
    """f′ = exp(log f + m(t−1) − m)."""
    return float(np.exp(log_forget + before - stabiliser))


def least_denominator(stabiliser: float) -> float:
    """e^{−m}: what was 1 before."""
    return float(np.exp(-stabiliser))


@register_check("stabiliser-cancels", source="Beck et al. 2024, arXiv:2405.04517, equations 15 and 19 to 27")
class StabiliserCancels(Check):
    """C(t) = f C + i v kᵀ, n likewise, h = C q / max(|nᵀ q|, 1), with i = exp(ĩ) and f = exp(log f). With any
    numbers m(t) instead, C′ = e^{−m} C follows from f′ and i′, and h = C′ q / max(|n′ᵀ q|, e^{−m}): the m
    cancels, whether it is the paper's maximum or drawn at random.

    The outputs of both, up to the rounding of 12 steps: the exponents are below 20, so a gate is within 20 u
    and a state within 12 (20 + 5) u of the sum of its absolute terms; ten times that is left. Where ĩ reaches
    800, the plain form overflows and the stabilised one doesn't. A denominator of at least 1, whatever m,
    gives other outputs."""

    statement = "mLSTM's outputs are the same with any stabiliser m, if the least denominator is e^{−m}."

    largest: Callable[[float, float, float], float] = largest
    """m(t), given log f, m(t−1) and ĩ: the larger of both gates is 1 then."""

    input_gate: Callable[[float, float], float] = input_gate
    forget_gate: Callable[[float, float, float], float] = forget_gate
    least_denominator: Callable[[float], float] = least_denominator

    def examine(self) -> Finding:
        """Moderate gates, which both forms can take, then input gates of e^{800}."""
        rng = np.random.default_rng(0)
        shapes = (_TIME, _KEY), (_TIME, _KEY), (_TIME, _VALUE)
        queries, keys, values = (rng.standard_normal(shape) for shape in shapes)
        log_forget, log_input = np.log(rng.uniform(0.2, 0.99, _TIME)), rng.normal(0, 3, _TIME)
        sequence = queries, keys, values, log_forget, log_input
        expected, sizes = _plain(*sequence)
        drawn = iter(rng.normal(0, 3, _TIME))
        choices = {"the paper's m": self.largest, "random m": lambda *_: float(next(drawn))}
        quantities = []
        for name, choose in choices.items():
            outputs, _ = self._stabilised(choose, *sequence)
            apart = np.max(abs(outputs - expected) / (10 * _TIME * 25 * UNIT * sizes))
            quantities.append(within_rounding(f"{name}: outputs", apart))
        # Far below 1, |nᵀ q| meets the least denominator.
        small = (*sequence[:4], log_input - 12)
        expected, sizes = _plain(*small)
        outputs, gates = self._stabilised(self.largest, *small)
        apart = np.max(abs(outputs - expected) / (10 * _TIME * 25 * UNIT * sizes))
        quantities.append(within_rounding("small input gates: outputs", apart))
        one = np.max(abs(_stabilised_with_one(self._stabilised, self.largest, small) - expected))
        large, large_gates = self._stabilised(self.largest, *sequence[:4], log_input + 800)
        with np.errstate(over="ignore", invalid="ignore"):
            overflown = np.count_nonzero(~np.isfinite(_plain(*sequence[:4], log_input + 800)[0]))
        return Finding(
            *quantities,
            Quantity("larger gate of a step, the largest", max(gates + large_gates), 1, 1),
            Quantity("the same, the smallest", min(gates + large_gates), 1, 1),
            Quantity("input gates of e^800: numbers that aren't finite", overflown, lowest=1),
            Quantity("the same, stabilised", np.count_nonzero(~np.isfinite(large)), 0, 0),
            Quantity("a least denominator of 1, off by", one / np.max(abs(expected)), lowest=0.5),
        )

    def _stabilised(
        self,
        choose: Callable[[float, float, float], float],
        queries: np.ndarray,
        keys: np.ndarray,
        values: np.ndarray,
        log_forget: np.ndarray,
        log_input: np.ndarray,
        least: Callable[[float], float] | None = None,
    ) -> tuple[np.ndarray, list[float]]:
        """The outputs, and the larger gate of each step; m(0) = 0, where nothing is stored."""
        memory, normaliser, m = np.zeros((_VALUE, _KEY)), np.zeros(_KEY), 0.0
        outputs, gates = [], []
        for q, k, v, f, i in zip(queries, keys, values, log_forget, log_input, strict=True):
            before, m = m, choose(f, m, i)
            forget, write = self.forget_gate(f, before, m), self.input_gate(i, m)
            memory = forget * memory + write * np.outer(v, k)
            normaliser = forget * normaliser + write * k
            outputs.append(memory @ q / max(abs(normaliser @ q), (least or self.least_denominator)(m)))
            gates.append(max(forget, write))
        return np.array(outputs), gates


def _stabilised_with_one(
    stabilised: Callable[..., tuple[np.ndarray, list[float]]],
    choose: Callable[[float, float, float], float],
    sequence: tuple[np.ndarray, ...],
) -> np.ndarray:
    """With a least denominator of 1, as if it were not stabilised."""
    return stabilised(choose, *sequence, least=lambda m: 1.0)[0]


def _plain(
    queries: np.ndarray, keys: np.ndarray, values: np.ndarray, log_forget: np.ndarray, log_input: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The outputs without a stabiliser, and what rounding is relative to."""
    memory, normaliser = np.zeros((_VALUE, _KEY)), np.zeros(_KEY)
    large, large_normaliser = memory, normaliser
    outputs, sizes = [], []
    for q, k, v, f, i in zip(queries, keys, values, np.exp(log_forget), np.exp(log_input), strict=True):
        memory, normaliser = f * memory + i * np.outer(v, k), f * normaliser + i * k
        large = f * large + i * abs(np.outer(v, k))
        large_normaliser = f * large_normaliser + i * abs(k)
        total = max(abs(normaliser @ q), 1)
        output = memory @ q / total
        outputs.append(output)
        sizes.append((large @ abs(q) + abs(output) * (large_normaliser @ abs(q))) / total)
    return np.array(outputs), np.array(sizes)
