"""The answer of an outer-product memory: the value times the key's squared length, plus the crosstalk."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.linalg import hadamard

from fastweights.memories import OuterProduct
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.memories.streams import recalled
from fastweights.theory.rounding import roundings_apart, within_rounding
from fastweights.theory.samples import Pairs

_KEY, _VALUE, _PAIRS, _BATCH = 16, 5, 11, 3


def orthonormal(rng: np.random.Generator) -> Pairs:
    """Keys that are columns of a Hadamard matrix over 4: entries ±¼, so that nothing is ever rounded."""
    columns = [rng.permutation(_KEY)[:_PAIRS] for _ in range(_BATCH)]
    return np.stack([hadamard(_KEY).T[chosen].astype(float) for chosen in columns], axis=-1) / 4


def crosstalk(keys: Pairs, values: Pairs, query: int) -> Float[np.ndarray, "value batch"]:
    """Σ_{n≠j} v_n (k_nᵀ k_j) for the query k_j."""
    overlaps = np.sum(keys * keys[query], axis=1)
    overlaps[query] = 0
    return np.einsum("nvb,nb->vb", values, overlaps)


@register_check("outer-product-recall", source="Kohonen 1972; Haykin 1994, chapter 3")
class OuterProductRecall(Check):
    """M k_j = v_j ‖k_j‖² + Σ_{n≠j} v_n (k_nᵀ k_j).

    With orthonormal keys of entries ±¼ and whole numbers as values, every product and sum is a multiple of
    1/16 below 2⁵³ and therefore exact: the error must be 0, not small. With keys in general position a term
    of the answer goes through N + R + 2 roundings on either side."""

    statement = "Hebb's memory answers exactly for orthonormal keys; else its error is the crosstalk."

    keys: Callable[[np.random.Generator], Pairs] = orthonormal
    """Draws keys for which recall should be exact."""

    crosstalk: Callable[[Pairs, Pairs, int], Float[np.ndarray, "value batch"]] = crosstalk
    """The expected error of recall."""

    def examine(self) -> Finding:
        """Every stored key as a query; and the identity in symbols."""
        rng = np.random.default_rng(0)
        empty = OuterProduct.empty(_KEY, _VALUE, _BATCH)
        keys, values = self.keys(rng), rng.integers(-9, 10, (_PAIRS, _VALUE, _BATCH)).astype(float)
        exact = np.max(abs(recalled(empty, keys, values) - values))
        keys, values = (rng.standard_normal((_PAIRS, units, _BATCH)) for units in (_KEY, _VALUE))
        expected = np.stack(
            [
                values[j] * np.sum(keys[j] ** 2, axis=0) + self.crosstalk(keys, values, j)
                for j in range(_PAIRS)
            ]
        )
        sizes = np.einsum("nvb,nkb,jkb->jvb", abs(values), abs(keys), abs(keys))
        apart = roundings_apart(recalled(empty, keys, values), expected, sizes, _PAIRS + _KEY + 2)
        return Finding(
            Quantity("error with orthonormal keys", exact, highest=0),
            within_rounding("error against the crosstalk", apart),
            Quantity("entries that differ, by symbols", _symbolic_differences(), highest=0),
        )


def _symbolic_differences() -> int:
    """(Σ_n v_n k_nᵀ) k_j against v_j ‖k_j‖² + Σ_{n≠j} v_n (k_nᵀ k_j) for three pairs, entry by entry."""
    from sympy import Matrix, expand, symbols, zeros

    keys = [Matrix(2, 1, symbols(f"k{n}_:2")) for n in range(3)]
    values = [Matrix(2, 1, symbols(f"v{n}_:2")) for n in range(3)]
    memory = sum((v * k.T for k, v in zip(keys, values, strict=True)), start=zeros(2, 2))
    wrong = 0
    for j in range(3):
        error = sum((values[n] * keys[n].dot(keys[j]) for n in range(3) if n != j), start=zeros(2, 1))
        difference = memory * keys[j] - values[j] * keys[j].dot(keys[j]) - error
        wrong += sum(expand(entry) != 0 for entry in difference)
    return wrong
