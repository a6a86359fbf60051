"""The pseudo-inverse memory recalls its pairs best of all matrices, and is the smallest that does."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights import registry
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.rounding import UNIT

_SEEDS, _KEY, _VALUE = 4, 7, 3

Matrix = Float[np.ndarray, "_ _"]


@register_check("pseudo-inverse-optimum", source="Penrose 1955; Greville 1960; Kohonen & Ruohonen 1973")
class PseudoInverseOptimum(Check):
    """M, written one pair at a time, satisfies the normal equations (V − M K) Kᵀ = 0, so that for every
    matrix D ‖V − (M + D) K‖² = ‖V − M K‖² + ‖D K‖²; it vanishes on vectors orthogonal to all keys, so
    that of all minimisers it is the smallest; hence it is V K⁺.

    For independent keys fewer than R, as many, more, and keys of rank 4 with repetitions. The rounding of
    N writes of R² sums of R terms, magnified by up to κ², is at most R³ N κ² u relative to ‖V‖ ‖K⁺‖ ‖K‖²,
    κ being the keys' condition number on their span."""

    statement = "The memory written by Greville's theorem is the least-squares optimum V K⁺."

    memory: str = "pseudo-inverse"
    """The name of the memory that should be optimal."""

    together: Callable[[Matrix, Matrix], float] = lambda error, moved: np.sum(error**2) + np.sum(moved**2)
    """‖V − (M + D) K‖², given V − M K and D K."""

    def examine(self) -> Finding:
        """After 4, 7 and 11 pairs of rank as high as possible, and after 11 of rank 4."""
        rng = np.random.default_rng(0)
        empty, worst = registry.memories[self.memory].empty(_KEY, _VALUE), np.zeros(4)
        for pairs, rank in ((4, 4), (7, 7), (11, 11), (11, 4)):
            keys, values = (rng.standard_normal((pairs, _SEEDS, units)) for units in (_KEY, _VALUE))
            keys[rank:] = np.tensordot(rng.integers(-1, 2, (pairs - rank, rank)), keys[:rank], 1)
            matrices = np.asarray(empty.store(jnp.asarray(keys), jnp.asarray(values)).matrix)
            for seed, matrix in enumerate(matrices):
                worst = np.maximum(worst, self._excess(rng, matrix, keys[:, seed].T, values[:, seed].T))
        names = (
            "normal equations (V − M K) Kᵀ",
            "M on what is orthogonal to the keys",
            "M against V K⁺ by singular values",
            "‖V − (M + D) K‖² against ‖V − M K‖² + ‖D K‖²",
        )
        return Finding(
            *(
                Quantity(f"{name}, in rounding errors R³ N κ² u", most, highest=1.0)
                for name, most in zip(names, worst, strict=True)
            )
        )

    def _excess(self, rng: np.random.Generator, matrix: Matrix, keys: Matrix, values: Matrix) -> np.ndarray:
        """How far each of the four equations is from holding, in units of rounding."""
        left, singular, _ = np.linalg.svd(keys)
        rank = int(np.sum(singular > 1e-9 * singular[0]))
        largest, least = singular[0], singular[rank - 1]
        rounding = _KEY**3 * keys.shape[1] * (largest / least) ** 2 * UNIT
        norm = np.linalg.norm
        size = norm(values)  # ‖V‖; ‖M‖ is at most ‖V‖/least
        error = values - matrix @ keys
        other = rng.standard_normal(matrix.shape)
        pythagoras = np.sum((error - other @ keys) ** 2) - self.together(error, other @ keys)
        apart = (
            norm(error @ keys.T) / (size * largest),
            norm(matrix @ left[:, rank:]) / (size / least),
            norm(matrix - values @ np.linalg.pinv(keys)) / (size / least),
            abs(pythagoras) / (size + norm(other) * largest) ** 2,
        )
        return np.array(apart) / rounding
