"""The derivatives of the softmax and of the cross-entropy behind it."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import Array
from jaxtyping import Float

from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.networks import run_once
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

_CLASSES = (2, 10, 37)
_DRAWS = 50


@register_check("softmax-cross-entropy", source="Bridle 1990, NIPS 2:211; Nair 2025, arXiv:2510.23012")
class SoftmaxCrossEntropy(Check):
    """∂y/∂z = diag(y) − y yᵀ, of norm at most ½; −log y_t has the gradient y − e_t.

    By symbols for every number of classes n, and against automatic differentiation for three. There, y_i
    is a quotient of an exponential and a sum of n of them, and the derivative a product of two such: n +
    8 roundings with those of exponentials, on terms as large as y_i (δ_ij + y_j).
    """

    statement = "The softmax has the Jacobian diag(y) − y yᵀ; cross-entropy the gradient y − e_t."

    entry: Callable[[Any, Any, Any], Any] = lambda y_i, y_j, same: y_i * (same - y_j)
    """An entry of the softmax's Jacobian, given y_i, y_j and δ_ij; works on symbols and on numbers."""

    largest: Callable[[], float] = lambda: 0.5
    """The largest norm of the Jacobian."""

    error: Callable[[Any, Any], Any] = lambda y_j, is_target: y_j - is_target
    """An entry of the cross-entropy's gradient, given y_j and δ_tj."""

    def examine(self) -> Finding:
        """For all n by symbols, then in numbers, including a class with nearly all of the probability."""
        rng = np.random.default_rng(0)
        jacobians_apart, gradients_apart, largest = [], [], []
        for classes in _CLASSES:
            logits = 3 * rng.standard_normal((_DRAWS, classes))
            logits[0] = np.where(np.arange(classes) < 2, 0, -800)  # two classes share everything
            logits[1, 0] = 30
            y, jacobians, gradients = _by_autodiff(logits)
            same, target, rows = np.eye(classes), np.eye(classes)[0], y[:, :, None]
            given = np.broadcast_to(self.entry(rows, y[:, None], same), jacobians.shape)
            sizes = rows * (same + y[:, None])
            jacobians_apart.append(roundings_apart(jacobians, given, sizes, classes + 8))
            given = self.error(y, target)
            gradients_apart.append(roundings_apart(gradients, given, y + target, classes + 8))
            largest.append(np.linalg.norm(jacobians, 2, (1, 2)).max())
        return Finding(
            Quantity("symbolic differences that are not 0, for any n", self._symbolic(), highest=0),
            within_rounding("Jacobian against autodiff", *jacobians_apart),
            within_rounding("gradient against autodiff", *gradients_apart),
            # Attained by two equal classes: an equality, but for the rounding of a 37 × 37 norm.
            Quantity(
                "largest norm of the Jacobian", max(largest), self.largest(), self.largest() + 37**2 * UNIT
            ),
        )

    def _symbolic(self) -> int:
        from sympy import IndexedBase, KroneckerDelta, Sum, exp, log, simplify, symbols
        from sympy import diff as differentiate

        n = symbols("n", integer=True, positive=True)
        i, j, k = symbols("i j k", integer=True, positive=True)
        z: Any = IndexedBase("z")
        total = Sum(exp(z[k]), (k, 1, n))

        def y(at):
            return exp(z[at]) / total

        def collapsed(expression):
            """Σ_k e^{z_k} δ_jk is e^{z_j}, for 1 ≤ j ≤ n."""
            picked = Sum(exp(z[k]) * KroneckerDelta(j, k), (k, 1, n))
            return expression.subs(picked, exp(z[j]))

        of_softmax = collapsed(differentiate(y(i), z[j])) - self.entry(y(i), y(j), KroneckerDelta(i, j))
        cross_entropy = log(total) - z[i]
        of_loss = collapsed(differentiate(cross_entropy, z[j])) - self.error(y(j), KroneckerDelta(i, j))
        return sum(simplify(difference) != 0 for difference in (of_softmax, of_loss))


@run_once
def _by_autodiff(logits: Float[Array, "draws classes"]) -> tuple[Array, Array, Array]:
    """For each row the softmax, its Jacobian, and the gradient of the first class's cross-entropy."""

    def one(z):
        loss = jax.grad(lambda z: -jax.nn.log_softmax(z)[0])
        return jax.nn.softmax(z), jax.jacfwd(jax.nn.softmax)(z), loss(z)

    return jax.vmap(one)(logits)
