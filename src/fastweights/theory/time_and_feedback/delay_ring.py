"""A feedback loop of several unit delays."""

from collections.abc import Callable

import numpy as np

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.networks import outputs, simple_cell
from fastweights.theory.rounding import roundings_apart, within_rounding

_WEIGHT, _STEPS = 0.8, 60
_DELAYS = (1, 3, 10)


def response(weight: float, delay: int, n: int) -> float:
    """w^(n/m + 1) at multiples of m, else 0."""
    return weight ** (n // delay + 1) if n % delay == 0 else 0.0


def factor(weight: float, delay: int) -> float:
    """w^(1/m): by how much a state shrinks in a step, in the long run."""
    return weight ** (1 / delay)


@register_check(
    "delay-ring", source="Haykin 2009, introduction, section 5, Feedback; this project for m delays"
)
class DelayRing(Check):
    """y(n) = w (x(n) + y(n − m)) answers an impulse with w^(j+1) after j m steps and with 0 between. As a
    network of m units in a ring its eigenvalues are the m roots of λᵐ = w, all of absolute value w^(1/m).

    Inputs and weights are positive, so that an IRNN is the ring; a response goes through a rounding each time
    round. The eigenvalues of a cyclic matrix are well conditioned: 10⁻¹³ is left for their computation.
    """

    statement = (
        "A loop of m unit delays and the weight w forgets by w^(1/m) a step, longer loops more slowly."
    )
    has_figure = True

    response: Callable[[float, int, int], float] = response
    """To an impulse, given w, m and the time."""

    factor: Callable[[float, int], float] = factor
    """The absolute value of all eigenvalues, given w and m."""

    def examine(self) -> Finding:
        """Loops of 1, 3 and 10 delays."""
        times, apart, off, series = np.arange(_STEPS), [], [], []
        for delay in _DELAYS:
            recurrent = np.roll(np.eye(delay), 1, axis=0)
            recurrent[0] *= _WEIGHT
            ring = simple_cell("irnn", recurrent, np.eye(delay)[:, :1], np.zeros(delay))
            impulse = np.zeros((1, _STEPS, delay))
            impulse[0, 0, 0] = _WEIGHT
            measured = outputs(ring, impulse)[0, :, 0]
            derived = np.array([self.response(_WEIGHT, delay, int(n)) for n in times])
            apart.append(roundings_apart(measured, derived, abs(derived), 2 * _STEPS))
            sizes = abs(np.linalg.eigvals(recurrent))
            off.append(np.max(abs(sizes - self.factor(_WEIGHT, delay))))
            series.append(Series(f"m = {delay}", times, measured, "marks" if delay > 1 else "line"))
        return Finding(
            within_rounding("responses against w^(j+1)", *apart),
            Quantity("|eigenvalues| against w^(1/m), off by", max(off), highest=1e-13),
            panels=[Panel(f"An impulse in loops of weight {_WEIGHT:g}", "n", "y(n)", series)],
        )
