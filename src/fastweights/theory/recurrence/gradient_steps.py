"""Write rules are steps of gradient descent, each on a loss of its own."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from fastweights.memories import DeltaRule, GatedDeltaRule, OuterProduct
from fastweights.memories.linear import LinearMemory
from fastweights.theory import Check, Finding, Quantity, register_check

_KEY, _VALUE = 4, 3
_RATE, _DECAY = 0.75, 0.5

Loss = Callable[[np.ndarray, np.ndarray, np.ndarray], float]
"""Of S, k and v."""


def squared_error(memory: np.ndarray, k: np.ndarray, v: np.ndarray) -> float:
    """½ ‖v − S k‖²."""
    return float(np.sum((v - memory @ k) ** 2) / 2)


def disagreement(memory: np.ndarray, k: np.ndarray, v: np.ndarray) -> float:
    """−vᵀ S k."""
    return float(-(v @ memory @ k))


def kept(memory: np.ndarray, decay: float) -> np.ndarray:
    """a S: where the gated delta rule starts its step."""
    return decay * memory


def numerical_gradient(function: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    """(f(S + E_ij) − f(S − E_ij))/2 for each entry: of a polynomial of second degree, the derivative itself,
    at any step."""
    units = np.eye(at.size).reshape(-1, *at.shape)
    return np.reshape([(function(at + unit) - function(at - unit)) / 2 for unit in units], at.shape)


@register_check(
    "gradient-steps",
    source="Widrow & Hoff 1960; Schlag et al. 2021, arXiv:2102.11174; Yang et al. 2024, arXiv:2412.06464",
)
class GradientSteps(Check):
    """A write of the delta rule is S − β ∇ ½‖v − S k‖², one of Hebb's rule S − ∇(−vᵀ S k), and one of the
    gated delta rule is the delta rule's from a S.

    Gradients are central differences of the losses. Both losses are polynomials of at most second degree in
    S, for which central differences are exact at any distance, here 1; and all numbers are multiples of ½
    and ¼ with few digits, so that nothing is rounded: the differences must be 0."""

    statement = "The delta rule is one gradient step on ½‖v − S k‖², Hebb's rule one on −vᵀ S k."

    loss_of_delta_rule: Loss = squared_error
    loss_of_hebb: Loss = disagreement
    kept: Callable[[np.ndarray, float], np.ndarray] = kept
    """What the gated delta rule makes its step from."""

    step_size: float = _RATE
    """Of the delta rule's step, for β = ¾."""

    step_size_of_hebb: float = 1.0

    def examine(self) -> Finding:
        """From a memory that is not empty."""
        rng = np.random.default_rng(0)
        held, k, v = (rng.integers(-4, 5, shape) / 2 for shape in ((_VALUE, _KEY), _KEY, _VALUE))
        decayed = self.kept(held, _DECAY)
        cases: dict[str, tuple[LinearMemory, Loss, float, np.ndarray]] = {
            "delta rule": (_holding(DeltaRule, held, _RATE), self.loss_of_delta_rule, self.step_size, held),
            "Hebb's rule": (_holding(OuterProduct, held), self.loss_of_hebb, self.step_size_of_hebb, held),
            "gated delta rule": (
                _holding(GatedDeltaRule, held, jnp.array([_DECAY]), _RATE),
                self.loss_of_delta_rule,
                self.step_size,
                decayed,
            ),
        }
        quantities = []
        for name, (memory, loss, size, start) in cases.items():
            gradient = numerical_gradient(lambda matrix, loss=loss: loss(matrix, k, v), start)
            after = memory.write(jnp.asarray(k), jnp.asarray(v)).matrix
            difference = np.max(abs(np.asarray(after) - (start - size * gradient)))
            quantities.append(Quantity(f"{name}: largest difference of S", difference, 0, 0))
        return Finding(*quantities)


def _holding(kind: type, matrix: np.ndarray, *options: object) -> LinearMemory:
    """A memory whose matrix this is."""
    return kind(jnp.asarray(matrix), *map(jnp.asarray, options))
