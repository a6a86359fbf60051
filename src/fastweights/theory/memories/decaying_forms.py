"""Equations 1, 3 and 4 of Ba et al. 2016 are one memory."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from fastweights.memories import DecayingMatrix, DecayingStates
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.rounding import roundings_apart
from fastweights.types import Scalar

_UNITS, _STEPS = 5, 8
_SETTINGS = ((0.9, 0.5), (0.95, 1.0), (0.5, 0.1), (1.0, 0.5), (0.0, 2.0))


def power(decay: float, age: np.ndarray) -> np.ndarray:
    """λ^age: the weight of a state written `age` steps ago."""
    return decay ** age.astype(float)


@register_check("decaying-forms", source="Ba et al. 2016, equations 1, 3 and 4")
class DecayingForms(Check):
    """A(t) h, with A from the recursion, equals the written sum and attention to the past states; the rank
    of A(t) is at most min(t, R).

    The three are sums of at most t R products in different orders. Their difference is bounded by the usual
    error of a sum, t R times the unit roundoff, times the sum of the absolute values, and three forms differ
    from the exact sum by one such error each.
    """

    statement = "The decaying matrix, its sum and attention to the past are one memory."

    weight: Callable[[float, np.ndarray], np.ndarray] = power
    """The weight of a state, given decay and age."""

    def examine(self) -> Finding:
        """For several λ and η, after every step."""
        rng = np.random.default_rng(0)
        differences, excess = [], []
        for decay, rate in _SETTINGS:
            states, query = rng.standard_normal((_STEPS, _UNITS)), rng.standard_normal(_UNITS)
            answers, matrices = _recalled(jnp.asarray(decay), jnp.asarray(rate), states, query)
            for t in range(1, _STEPS + 1):
                weights, past = rate * self.weight(decay, t - 1 - np.arange(t)), states[:t]
                written = (weights * (past @ query)) @ past
                sizes = (weights * (abs(past) @ abs(query))) @ abs(past)
                differences.append(roundings_apart(answers[t - 1], written, sizes, t * _UNITS + 2))
                excess.append(np.linalg.matrix_rank(matrices[t - 1]) - min(t, _UNITS))
        return Finding(
            Quantity("largest difference, in rounding errors of the sum", max(differences), highest=1),
            Quantity("rank of A(t) above min(t, R)", max(excess), highest=0),
        )


@jax.jit
def _recalled(decay: Scalar, rate: Scalar, states: Array, query: Array) -> tuple[Array, Array]:
    """After every step the answers of both memories, and the matrix."""
    arguments = _UNITS, _UNITS, decay, rate
    matrix, pairs = DecayingMatrix.empty(*arguments), DecayingStates.empty(*arguments)
    answers, matrices = [], []
    for state in states:
        matrix, pairs = matrix.write(state, state), pairs.write(state, state)
        answers.append(jnp.stack([matrix.read(query), pairs.read(query)]))
        matrices.append(matrix.matrix)
    return jnp.stack(answers), jnp.stack(matrices)
