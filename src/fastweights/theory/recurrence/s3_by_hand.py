"""A cell of two units that multiplies permutations of three things."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.recurrence.by_hand import Factor, outputs, programmed
from fastweights.theory.rounding import UNIT

_LENGTH, _SEQUENCES = 10_000, 3
_PERMUTATIONS = list(itertools.permutations(range(3)))
_SWAPS = [(1, 0, 2), (2, 1, 0), (0, 2, 1)]
_QUERY = (np.cos(0.3), np.sin(0.3))
"""In no mirror's line: the six permutations take it to six places."""


def corner_angle(corner: int) -> float:
    """2π/3 for each corner of the triangle."""
    return 2 * np.pi / 3 * corner


def mirror_key(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(w_i − w_j)/‖w_i − w_j‖: the reflection along it swaps two corners."""
    return (first - second) / np.linalg.norm(first - second)


def value_for(key: np.ndarray) -> np.ndarray:
    """k itself: then I − S starts at I, and is multiplied by the transitions and nothing else."""
    return 1.0 * key


@register_check(
    "s3-by-hand", source="Siems et al. 2025, arXiv:2502.10297; Merrill et al. 2024, arXiv:2404.08819"
)
class S3ByHand(Check):
    """The six permutations of a triangle's corners are the identity, three reflections and two rotations of
    the plane; each is the product of at most two reflections I − 2 k kᵀ. A cell of two units writes k under
    k, at rates of 2 or 0, and has S = I − P(g_1) … P(g_t); so q − S q is one of six places, which names the
    product of all permutations so far.

    The weights are set in a delta rule cell with two writes a step. 10,000 steps of three random sequences
    and of a repeated rotation, every prefix a case, against permutations multiplied as such; the nearest of
    the six places is the answer. A step adds fewer than 40 roundings of numbers up to 2, and transitions are
    no longer than 1: after t of them, S is within 80 t u."""

    statement = "With two writes a step and β = 2, two units multiply 10,000 permutations of three things."

    rate: float = 2.0
    """β of a reflection."""

    corner_angle: Callable[[int], float] = corner_angle
    mirror_key: Callable[[np.ndarray, np.ndarray], np.ndarray] = mirror_key
    value_for: Callable[[np.ndarray], np.ndarray] = value_for

    def examine(self) -> Finding:
        """Every prefix of four sequences."""
        rng = np.random.default_rng(0)
        sequences = rng.integers(0, len(_PERMUTATIONS), (_SEQUENCES, _LENGTH))
        rotations = np.full((1, _LENGTH), _PERMUTATIONS.index((1, 2, 0)))
        sequences = np.concatenate([sequences, rotations])
        # The places are those of an equilateral triangle, whatever the cell is told.
        corners = [np.array([np.cos(a), np.sin(a)]) for a in 2 * np.pi / 3 * np.arange(3)]
        places = np.array([_matrix(p, corners) @ _QUERY for p in _PERMUTATIONS])
        found = _QUERY - outputs(self._cell(), sequences)
        products = _products(sequences)
        answers = np.argmin(np.sum((found[..., None, :] - places) ** 2, axis=-1), axis=-1)
        off = np.max(abs(found - places[products]), axis=-1) / (80 * UNIT * np.arange(1, _LENGTH + 1))
        gap = min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2))
        return Finding(
            Quantity(f"wrong answers of {products.size:,}", np.count_nonzero(answers != products), 0, 0),
            Quantity("distance from the place, in rounding errors", np.max(off), highest=1),
            Quantity("least distance of two places", gap, lowest=0.5),
        )

    def _cell(self):
        corners = [np.array([np.cos(a), np.sin(a)]) for a in map(self.corner_angle, range(3))]
        return programmed(_QUERY, [self._factors(p, corners) for p in _PERMUTATIONS])

    def _factors(self, permutation: tuple[int, ...], corners: Sequence[np.ndarray]) -> list[Factor]:
        """Swaps whose product it is, and what does nothing."""
        swaps = next(
            some
            for count in range(3)
            for some in itertools.product(_SWAPS, repeat=count)
            if _product(some) == permutation
        )
        factors = []
        for swap in swaps:
            i, j = (corner for corner in range(3) if swap[corner] != corner)
            key = self.mirror_key(corners[i], corners[j])
            factors.append(Factor(list(key), list(self.value_for(key)), self.rate))
        idle = Factor([1.0, 0.0], [0.0, 0.0], 0.0)
        return factors + [idle] * (2 - len(factors))


def _after(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """first ∘ second: i goes to first(second(i)), as the product of their matrices does."""
    return tuple(first[i] for i in second)


def _product(some: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    product = (0, 1, 2)
    for permutation in some:
        product = _after(product, permutation)
    return product


def _products(sequences: np.ndarray) -> np.ndarray:
    """The number of the product of all permutations up to each time."""
    table = np.array([[_PERMUTATIONS.index(_after(a, b)) for b in _PERMUTATIONS] for a in _PERMUTATIONS])
    products, product = np.empty_like(sequences), np.zeros(len(sequences), int)
    for time, now in enumerate(sequences.T):
        product = table[product, now]
        products[:, time] = product
    return products


def _matrix(permutation: tuple[int, ...], corners: Sequence[np.ndarray]) -> np.ndarray:
    """The linear map that takes each corner to its image."""
    images = np.array([corners[i] for i in permutation]).T
    return images @ np.linalg.pinv(np.array(corners).T)
