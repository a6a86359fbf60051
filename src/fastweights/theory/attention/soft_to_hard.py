"""How near softmax attention is to picking one place; equation 4 as attention without a normaliser."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights.memories import DecayingStates
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check

_UNITS, _STATES, _DECAY, _RATE = 8, 12, 0.9, 0.5


def least_share(others: int, lead: float) -> float:
    """1 / (1 + n e^−Δ): of the best place, if its score is at least Δ above those of n others."""
    return 1 / (1 + others * np.exp(-lead))


def weights(scores: Float[np.ndarray, " past"], decay: float, rate: float) -> Float[np.ndarray, " past"]:
    """η λ^age times the score: equation 4's weight of each past state, the newest last."""
    ages = np.arange(len(scores))[::-1]
    return rate * decay**ages * scores


@register_check("soft-to-hard", source="Ba et al. 2016, equation 4; this project for the bound")
class SoftToHard(Check):
    """If the best of n + 1 scores is Δ above the others, softmax gives it at least 1/(1 + n e^−Δ), exactly so
    if the others are equal. Equation 4 weighs the state of age a by η λ^a times its score; after one write
    for each state the library's memory answers with that sum, to 10⁻¹³.

    Random scores; the bound's margin must be 0 in the equal case, up to rounding.
    """

    statement = (
        "Softmax picks the best place up to n e^−Δ; fast weights weigh each state by its score and age."
    )
    has_figure = True

    least_share: Callable[[int, float], float] = least_share
    """Of the best place, given the number of the others and Δ."""

    weights: Callable[[Float[np.ndarray, " past"], float, float], Float[np.ndarray, " past"]] = weights
    """Equation 4's, given scores, λ and η."""

    def examine(self) -> Finding:
        """Random scores with a given lead, equal ones, and a memory of random states."""
        rng, margins, equal = np.random.default_rng(0), [], []
        leads = np.linspace(0, 8, 17)
        for lead in leads:
            others = -lead - rng.exponential(1.0, (200, _STATES - 1))
            margins.append((1 / (1 + np.exp(others).sum(axis=1))).min() - self.least_share(_STATES - 1, lead))
            scores = np.array([0.0] + [-lead] * (_STATES - 1))
            share = np.exp(scores[0]) / np.exp(scores).sum()
            equal.append(abs(share - self.least_share(_STATES - 1, lead)))
        states = rng.standard_normal((_STATES, _UNITS))
        query = rng.standard_normal(_UNITS)
        memory = DecayingStates.empty(_UNITS, _UNITS, decay=_DECAY, write_rate=_RATE)
        for state in states:
            memory = memory.write(jnp.asarray(state), jnp.asarray(state))
        answer = np.asarray(memory.read(jnp.asarray(query)))
        derived = self.weights(states @ query, _DECAY, _RATE) @ states
        return Finding(
            Quantity("best place's share over the bound: least", min(margins), lowest=-1e-15),
            Quantity("the same for equal others, off by", max(equal), highest=1e-15),
            Quantity("equation 4's sum off the memory's answer", abs(answer - derived).max(), highest=1e-13),
            panels=[
                Panel(
                    "Share of the best of 12 places",
                    "lead Δ of its score",
                    "share",
                    [
                        Series(
                            "others equal: 1/(1 + 11 e^−Δ)", leads, [least_share(11, lead) for lead in leads]
                        )
                    ],
                )
            ],
        )
