"""Adam's moments and their bias correction."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.optimisation.adam_sequences import DEFAULTS, Gradients, steps_of
from fastweights.theory.rounding import roundings_apart, within_rounding
from fastweights.training.step import Hyperparameters, optimiser

_RATE, _EPSILON = 1e-3, 1e-8
_STEPS, _SEQUENCES = 200, 8


@register_check("adam-bias-correction", source="Kingma & Ba 2014, arXiv:1412.6980, algorithm 1 and section 3")
class AdamBiasCorrection(Check):
    """m(t) = Σ_i (1 − β) β^(t−i) g(i), and the weights add up to 1 − β^t: so E[m(t)] / (1 − β^t) = E[g]
    for stationary gradients, and the same for squares. Optax and the library's optimiser follow algorithm
    1.

    A term of m or v goes through 3 roundings in each of t steps, and what follows through ten; 1 − β2^t
    loses up to 1 / (1 − β2) of them to cancellation, as β2 is close to 1.
    """

    statement = "Divided by 1 − β^t, Adam's moments are unbiased; Optax follows algorithm 1."
    has_figure = True

    correction: Callable[[Any, Any], Any] = lambda decay, steps: 1 - decay**steps
    """The divisor of a moment, the sum of the weights of t gradients, given β and t; works on symbols and
    on numbers."""

    moment: Callable[[Any, Any, Any], Any] = lambda decay, before, new: decay * before + (1 - decay) * new
    """A moment after one step, given β, the moment before and the gradient or its square."""

    step: Callable[[Any, Any], Any] = lambda first, second: -first / (np.sqrt(second) + _EPSILON)
    """Δ over the learning rate, given both moments, corrected."""

    def examine(self) -> Finding:
        """By symbols for every β and t; then for gradients of very different sizes, some of them zero."""
        rng = np.random.default_rng(0)
        gradients = rng.standard_normal((_STEPS, _SEQUENCES)) * np.geomspace(1e-9, 1e3, _SEQUENCES)
        gradients *= rng.uniform(size=gradients.shape) < 0.8
        steps, sizes = self._algorithm(gradients)
        count = 3 * _STEPS + 10 + int(1 / (1 - DEFAULTS[1]))
        rates = Hyperparameters(*map(jnp.asarray, (_RATE, 1.0, np.inf)))
        optimisers = {
            "Optax": optax.adam(_RATE, *DEFAULTS, eps=_EPSILON),
            "the library's optimiser": optimiser(rates, "constant"),
        }
        symbolic = Quantity(
            "symbolic differences that are not 0, for any β and t", self._symbolic(), highest=0
        )
        apart = [
            within_rounding(
                f"{name} off algorithm 1", roundings_apart(steps_of(adam, gradients), steps, sizes, count)
            )
            for name, adam in optimisers.items()
        ]
        return Finding(symbolic, *apart, panels=[_panel()])

    def _algorithm(self, gradients: Gradients) -> tuple[Gradients, Gradients]:
        """The steps of algorithm 1, and the sizes of their terms."""
        first, second = DEFAULTS
        m, v, size = np.zeros((3, gradients.shape[1]))
        steps, sizes = [], []
        for t, gradient in enumerate(gradients, start=1):
            m, v = self.moment(first, m, gradient), self.moment(second, v, gradient**2)
            size = first * size + (1 - first) * abs(gradient)
            squared = v / self.correction(second, t)
            steps.append(_RATE * self.step(m / self.correction(first, t), squared))
            sizes.append(_RATE * abs(self.step(size / self.correction(first, t), squared)))
        return np.array(steps), np.array(sizes)

    def _symbolic(self) -> int:
        from sympy import simplify, summation, symbols

        decay = symbols("beta", positive=True)
        i, t = symbols("i t", integer=True, positive=True)
        weights = summation((1 - decay) * decay ** (t - i), (i, 1, t))
        return int(simplify(weights / self.correction(decay, t) - 1) != 0)


def _panel() -> Panel:
    """A gradient that never changes: each step should be one learning rate."""
    first, second = DEFAULTS
    t = np.unique(np.geomspace(1, 5000, 80).astype(int)).astype(float)
    raw = (1 - first**t) / np.sqrt(1 - second**t)
    measured = -steps_of(optax.adam(1.0, *DEFAULTS), np.ones((5000, 1)))[t.astype(int) - 1, 0]
    series = [Series("Optax, corrected", t, measured), Series("without correction", t, raw)]
    return Panel("A constant gradient", "t", "|Δ| / learning rate", series, x_scale="log")
