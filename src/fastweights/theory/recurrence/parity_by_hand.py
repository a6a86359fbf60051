"""A cell of one unit that counts modulo 2, at any length."""

import numpy as np

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.recurrence.by_hand import Factor, outputs, programmed

_LENGTH = 10_000
_SHOWN = (1.99, 1.9, 1.0)


@register_check("parity-by-hand", source="Grazzi et al. 2024, arXiv:2411.12537")
class ParityByHand(Check):
    """One unit, k = 1 and v = ½: a bit 1 writes with β = 2, S ← S − 2 (S − ½) = 1 − S, a bit 0 with β = 0.
    So S is the parity of all bits so far, 0 or 1 without rounding, at every one of 10,000 steps.

    The weights are set in a delta rule cell of this package with max_write_rate = 2, whose logits of ±800
    make 2 and 0 of it. Sequences: random bits, only ones, and one in a hundred; every prefix is a case. By
    any other rate or value, S comes to lie between 0 and 1 and forgets."""

    statement = "With an eigenvalue of −1 one unit computes the parity of 10,000 bits, exactly."
    has_figure = True

    rate: float = 2.0
    """β at a bit 1."""

    value: float = 0.5
    """v, on which S turns."""

    key: float = 1.0
    """k."""

    def examine(self) -> Finding:
        """All prefixes of three sequences, and ones at other rates."""
        rng = np.random.default_rng(0)
        bits = np.stack([rng.random(_LENGTH) < share for share in (0.5, 1.0, 0.01)]).astype(int)
        # The symbols from 2 on are ones at other rates, alone in their sequences.
        others = np.repeat(np.arange(len(_SHOWN))[:, None] + 2, _LENGTH, axis=1)
        rates = (0.0, self.rate, *_SHOWN)
        cell = programmed([1.0], [[Factor([self.key], [self.value], rate)] for rate in rates])
        read = outputs(cell, np.concatenate([bits, others]))[..., 0]
        parity, answers = np.cumsum(bits, axis=1) % 2, read[: len(bits)]
        return Finding(
            Quantity(
                f"further than ¼ from the parity, of {parity.size:,}",
                np.sum(abs(answers - parity) > 0.25),
                0,
                0,
            ),
            Quantity("largest distance from 0 and 1", np.max(abs(answers - parity)), 0, 0),
            panels=[_panel((self.rate, *_SHOWN), read[[1, *range(len(bits), len(read))]])],
        )


def _panel(rates: tuple[float, ...], read: np.ndarray) -> Panel:
    steps = np.unique(np.geomspace(1, 1000, 60).astype(int))
    series = [
        Series(
            f"β = {rate:g}, eigenvalue {1 - rate:g}", steps, np.maximum(abs(states[steps - 1] - 0.5), 1e-17)
        )
        for rate, states in zip(rates, read, strict=True)
    ]
    title = "How far even and odd lie apart"
    return Panel(title, "number of ones", "|S − ½| (10⁻¹⁷ for 0)", series, x_scale="log", y_scale="log")
