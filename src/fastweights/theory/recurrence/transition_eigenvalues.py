"""The eigenvalues of a delta write's transition, and what they mean for stability."""

from collections.abc import Callable

import numpy as np

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.rounding import UNIT
from fastweights.theory.samples import on_sphere

_UNITS, _CASES, _STEPS = 5, 200, 300
_RATES = (0.0, 0.3, 1.0, 1.6, 2.0, 2.4)
_LENGTHS = (0.5, 1.0, 1.3)


def along_key(rate: float, length: float) -> float:
    """1 − β ‖k‖², of the eigenvector k; all others are 1."""
    return 1 - rate * length**2


def norm(rate: float, length: float) -> float:
    """max(1, |1 − β ‖k‖²|)."""
    return max(1.0, abs(1 - rate * length**2))


def lowest(rate: float, gates: np.ndarray) -> float:
    """(1 − β) min a for β <= 1, (1 − β) max a beyond: no eigenvalue of (I − β k kᵀ) Diag(a) is below."""
    return float((1 - rate) * (gates.min() if rate <= 1 else gates.max()))


def highest(gates: np.ndarray) -> float:
    """max a: none is above."""
    return float(gates.max())


def of_rwkv7(decay: float, erase_rate: float) -> float:
    """w − a: RWKV-7's along κ̂, for one number w and one number a; the others are w."""
    return decay - erase_rate


@register_check("transition-eigenvalues", source="Grazzi et al. 2024, arXiv:2411.12537")
class TransitionEigenvalues(Check):
    """I − β k kᵀ has the eigenvalues 1 − β‖k‖², once, and 1; its norm is max(1, |1 − β‖k‖²|), so it is 1 up
    to β = 2/‖k‖² and larger beyond. With gates a, the eigenvalues of (I − β k kᵀ) Diag(a) are real, between
    the two bounds of the chapter, which equal gates attain; and no product of such transitions is longer
    than 1.

    Eigenvalues by LAPACK, of symmetric matrices within 20 d u times the norm; for those with gates they are
    those of a similar symmetric matrix only in exact arithmetic, and their error grows with the root of the
    largest over the smallest gate, which is below 4: 10⁻¹³. Products of 300 random transitions."""

    statement = "A delta write multiplies by eigenvalues 1 and 1 − β‖k‖²: it is stable up to β‖k‖² = 2."
    has_figure = True

    along_key: Callable[[float, float], float] = along_key
    norm: Callable[[float, float], float] = norm
    lowest: Callable[[float, np.ndarray], float] = lowest
    highest: Callable[[np.ndarray], float] = highest

    of_rwkv7: Callable[[float, float], float] = of_rwkv7

    largest_rate: float = 2.0
    """The β up to which a unit key's transition is no longer than 1."""

    def examine(self) -> Finding:
        """Random keys, six rates, three lengths."""
        rng = np.random.default_rng(0)
        off_eigenvalues, off_norms = [], []
        for key, length, rate in _cases(rng):
            matrix = np.eye(_UNITS) - rate * length**2 * np.outer(key, key)
            found = np.linalg.eigvalsh(matrix)
            expected = np.sort([self.along_key(rate, length)] + [1.0] * (_UNITS - 1))
            off_eigenvalues.append(np.max(abs(found - expected)))
            off_norms.append(abs(np.linalg.norm(matrix, 2) - self.norm(rate, length)))
        rounding = 20 * _UNITS * UNIT * norm(max(_RATES), max(_LENGTHS))
        key = on_sphere(rng, _UNITS)
        at, beyond = (
            np.linalg.norm(np.eye(_UNITS) - rate * np.outer(key, key), 2)
            for rate in (self.largest_rate, self.largest_rate * (1 + 1e-9))
        )
        return Finding(
            Quantity("eigenvalues: largest difference", np.max(off_eigenvalues), highest=rounding),
            Quantity("norm: largest difference", np.max(off_norms), highest=rounding),
            Quantity("norm at the largest rate", at, highest=1 + 1e-14),
            Quantity("norm a billionth beyond it", beyond, lowest=1 + 1e-9),
            *self._with_gates(rng),
            Quantity("RWKV-7: largest difference", self._of_rwkv7(key), highest=rounding),
            Quantity("longest product of transitions", _longest_product(rng), highest=1 + 1e-12),
            panels=[self._panel()],
        )

    def _with_gates(self, rng: np.random.Generator) -> list[Quantity]:
        imaginary, below, above, attained = [], [], [], []
        for _ in range(_CASES):
            key, rate = on_sphere(rng, _UNITS), rng.uniform(0, 2)
            gates = rng.uniform(0.1, 1, _UNITS)
            for a in (gates, np.full(_UNITS, gates[0])):
                found = np.linalg.eigvals((np.eye(_UNITS) - rate * np.outer(key, key)) * a)
                imaginary.append(np.max(abs(found.imag)))
                below.append(self.lowest(rate, a) - found.real.min())
                above.append(found.real.max() - self.highest(a))
            attained += [abs(below[-1]), abs(above[-1])]
        return [
            Quantity("gates: largest imaginary part", max(imaginary), highest=1e-13),
            Quantity("gates: lowest bound − eigenvalue", max(below), highest=1e-13),
            Quantity("gates: eigenvalue − highest bound", max(above), highest=1e-13),
            Quantity("equal gates: distance of both bounds", max(attained), highest=1e-13),
        ]

    def _of_rwkv7(self, key: np.ndarray) -> float:
        """Of the eigenvalues of w I − κ̂ (a κ̂)ᵀ, some of which are negative."""
        off = []
        for decay, erase_rate in ((0.9, 0.3), (0.6, 0.6), (0.6, 1.0)):
            found = np.linalg.eigvalsh(decay * np.eye(_UNITS) - erase_rate * np.outer(key, key))
            expected = np.sort([self.of_rwkv7(decay, erase_rate)] + [decay] * (_UNITS - 1))
            off.append(np.max(abs(found - expected)))
        return max(off)

    def _panel(self) -> Panel:
        rates = np.linspace(0, 2.4, 49)
        series = [
            Series("along k: 1 − β", rates, [self.along_key(rate, 1) for rate in rates]),
            Series("the others", rates, np.ones_like(rates)),
            Series("norm", rates, [self.norm(rate, 1) for rate in rates], "dashed"),
        ]
        return Panel("The transition of a delta write, ‖k‖ = 1", "write rate β", "eigenvalue", series)


def _cases(rng: np.random.Generator):
    for length in _LENGTHS:
        for rate in _RATES:
            yield on_sphere(rng, _UNITS), length, rate


def _longest_product(rng: np.random.Generator) -> float:
    """Of the norms of products of 1, 2, … random transitions with β up to 2 and gates up to 1."""
    product, norms = np.eye(_UNITS), []
    for step in range(_STEPS):
        key, rate = on_sphere(rng, _UNITS), rng.choice([0, 1, 2, rng.uniform(0, 2)])
        gates = rng.uniform(0.9, 1, _UNITS) if step % 10 == 9 else np.ones(_UNITS)
        product = product @ ((np.eye(_UNITS) - rate * np.outer(key, key)) * gates)
        norms.append(np.linalg.norm(product, 2))
    return max(norms)
