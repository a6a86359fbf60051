"""The answer of an outer-product memory: the value times the key's squared length, plus the crosstalk."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.linalg import hadamard

from fastweights.memories import OuterProduct
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.rounding import roundings_apart, within_rounding

Vectors = Float[np.ndarray, "pairs _"]

_KEY, _VALUE, _PAIRS = 16, 5, 11


def orthonormal(rng: np.random.Generator) -> Vectors:
    """Keys that are rows of a Hadamard matrix over 4: entries ±¼, so that nothing is ever rounded."""
    return hadamard(_KEY)[rng.permutation(_KEY)[:_PAIRS]] / 4


def crosstalk(keys: Vectors, values: Vectors) -> Vectors:
    """Σ_{n≠j} v_n (k_nᵀ k_j) for each query k_j."""
    overlaps = keys @ keys.T
    np.fill_diagonal(overlaps, 0)
    return overlaps @ values


@register_check("outer-product-recall", source="Kohonen 1972; Haykin 1994, chapter 3")
class OuterProductRecall(Check):
    """M k_j = v_j ‖k_j‖² + Σ_{n≠j} v_n (k_nᵀ k_j).

    With orthonormal keys of entries ±¼ and whole numbers as values, every product and sum is a multiple
    of 1/16 below 2⁵³ and therefore exact: the error must be 0, not small. With keys in general position a
    term of the answer goes through N + R + 2 roundings on either side."""

    statement = "Hebb's memory answers exactly for orthonormal keys; else its error is the crosstalk."

    keys: Callable[[np.random.Generator], Vectors] = orthonormal
    """Draws keys for which recall should be exact."""

    own: Callable[[Vectors, Vectors], Vectors] = lambda values, keys: (
        values * np.sum(keys**2, axis=1, keepdims=True)
    )
    """The answer's own part, v ‖k‖², given values and keys."""

    crosstalk: Callable[[Vectors, Vectors], Vectors] = crosstalk
    """The expected error of recall of each pair."""

    def examine(self) -> Finding:
        """Every stored key as a query; and the identity in symbols."""
        rng = np.random.default_rng(0)
        keys, values = self.keys(rng), rng.integers(-9, 10, (_PAIRS, _VALUE)).astype(float)
        exact = np.max(abs(_recalled(keys, values) - values))
        keys, values = (rng.standard_normal((_PAIRS, units)) for units in (_KEY, _VALUE))
        expected = self.own(values, keys) + self.crosstalk(keys, values)
        sizes = abs(keys) @ abs(keys).T @ abs(values)
        apart = roundings_apart(_recalled(keys, values), expected, sizes, _PAIRS + _KEY + 2)
        return Finding(
            Quantity("error with orthonormal keys", exact, highest=0),
            within_rounding("error against the crosstalk", apart),
            Quantity("entries that differ, by symbols", _symbolic_differences(), highest=0),
        )


def _recalled(keys: Vectors, values: Vectors) -> np.ndarray:
    """The answer to each key once all pairs are stored."""
    memory = OuterProduct.empty(_KEY, _VALUE).store(jnp.asarray(keys), jnp.asarray(values))
    return np.asarray(memory.read(jnp.asarray(keys)))


def _symbolic_differences() -> int:
    """(Σ_n v_n k_nᵀ) k_j against v_j ‖k_j‖² + Σ_{n≠j} v_n (k_nᵀ k_j) for three pairs, entry by entry."""
    from sympy import Matrix, diag, expand, symbols, zeros

    keys, values = (Matrix(2, 3, symbols(f"{name}:6")) for name in "kv")  # pairs are columns
    memory = sum((values.col(n) * keys.col(n).T for n in range(3)), start=zeros(2, 2))
    overlaps = keys.T * keys
    own = diag(*overlaps.diagonal())
    difference = memory * keys - values * own - values * (overlaps - own)
    return sum(expand(entry) != 0 for entry in difference)
