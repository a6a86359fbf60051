"""A linear unit with a feedback loop of one step."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.cells.simple import SimpleCell
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.networks import run_once, simple_cell
from fastweights.theory.rounding import roundings_apart, within_rounding

_WEIGHTS, _STEPS, _BATCH = (0.8, 1.0, 1.1), 40, 3


@register_check("linear-feedback", source="Haykin 2009, introduction, section 5, Feedback")
class LinearFeedback(Check):
    """y(n) = w (x(n) + y(n−1)), y(−1) = 0, is y(n) = Σ_{l=0}^n w^{l+1} x(n−l). Under a constant input of
    1 it is n + 1 at w = 1, and otherwise its distance from w/(1−w) is −w^{n+2}/(1−w): it is multiplied by
    w in every step. At w = −1 it alternates between −1 and 0.

    For every n and w, by symbols. The sum is the solution for all inputs if the newest one has the weight
    w, and every older one w times its weight of the step before. In numbers, an IRNN of one unit is this
    loop where w and all inputs are positive; a term of either goes through at most 2 n + 2 roundings,
    those of the power among them.
    """

    statement = "A linear feedback loop decays, grows linearly or grows exponentially, by its weight."
    has_figure = True

    response: Callable[[Any, Any], Any] = lambda weight, age: weight ** (age + 1)
    """The weight of an input in the sum, given w and its age; works on symbols and on numbers."""

    limit: Callable[[Any], Any] = lambda weight: weight / (1 - weight)
    """Of the constant input's output for |w| < 1, given w ≠ 1."""

    away: Callable[[Any, Any], Any] = lambda weight, n: -(weight ** (n + 2)) / (1 - weight)
    """y(n) less that, given w ≠ 1 and n."""

    growing: Callable[[Any], Any] = lambda n: n + 1
    """y(n) under the constant input at w = 1, given n."""

    alternating: Callable[[Any], Any] = lambda n: ((-1) ** (n + 1) - 1) / 2
    """The same at w = −1."""

    def examine(self) -> Finding:
        """By symbols, and with the library's cell."""
        return Finding(*self._symbolic(), self._by_cell(), panels=self._panels())

    def _symbolic(self) -> tuple[Quantity, ...]:
        from sympy import Symbol, simplify, summation, symbols

        w = Symbol("w", nonzero=True)
        n, age = symbols("n l", integer=True, nonnegative=True)
        away = Symbol("a", positive=True)  # w = 1 + a and w = 1/(1 + a): so SymPy knows that w isn't 1

        def sums(weight):
            return summation(self.response(weight, age), (age, 0, n))

        def from_limit(weight):
            return sums(weight) - self.limit(weight) - self.away(weight, n)

        differences = {
            "the newest input's weight": self.response(w, 0) - w,
            "the weight of every older one": self.response(w, age + 1) - w * self.response(w, age),
            "constant input, w = 1, against n + 1": sums(1) - self.growing(n),
            "constant input, w = −1, against −1, 0, −1, …": sums(-1) - self.alternating(n),
            "constant input, w > 1": from_limit(1 + away),
            "constant input, 0 < w < 1": from_limit(1 / (1 + away)),
        }
        return tuple(
            Quantity(f"for all n: {name}, 1 if it differs", simplify(difference) != 0, highest=0)
            for name, difference in differences.items()
        )

    def _by_cell(self) -> Quantity:
        inputs, apart = np.random.default_rng(0).uniform(0, 1, (_STEPS, _BATCH)).T, []
        ages = np.arange(_STEPS)[:, None] - np.arange(_STEPS)
        for weight in _WEIGHTS:
            # An IRNN of one unit, whose recurrent weight is also its input's.
            loop = simple_cell("irnn", np.full((1, 1), weight), np.full((1, 1), weight), np.zeros(1))
            outputs = _unroll(loop, inputs[..., None])[..., 0]
            weights = np.where(ages >= 0, self.response(weight, np.maximum(ages, 0).astype(float)), 0)
            sums = inputs @ weights.T
            apart.append(roundings_apart(outputs, sums, sums, 2 * _STEPS + 2))
        return within_rounding("an IRNN of one unit against the sum", *apart)

    def _panels(self) -> list[Panel]:
        times, panels = np.arange(20), []
        for title, inputs in (("One impulse", times == 0), ("A constant input", times >= 0)):
            series = []
            for weight in (*_WEIGHTS, -1.0):
                y, values = 0.0, []
                for x in inputs:
                    y = weight * (x + y)
                    values.append(y)
                series.append(Series(f"w = {weight:g}".replace("-", "−"), times, values))
            panels.append(Panel(title, "n", "y(n)", series))
        return panels


@run_once
def _unroll(cell: SimpleCell, inputs: Float[Array, "batch time input"]) -> Float[Array, "batch time hidden"]:
    return cell.unroll(inputs)[0]
