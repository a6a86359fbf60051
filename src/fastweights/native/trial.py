"""A trial of a library that has just been compiled: every kernel on small fixed inputs, against NumPy.

Results are compared with loops over the equations, in float64; cotangents, all at once, with the change of
those when all given numbers move a little in one direction. A process of its own runs it, `python -m
fastweights.native.trial LIBRARY`, since a kernel that is wrong may end its process. No framework is imported.
"""

import ctypes
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from fastweights.native.arrays import Array, function
from fastweights.native.sizes import (
    BLOCK_BYTES,
    Plan,
    associative_tape_size,
    bits,
    kept_every,
    lstm_tape_size,
    segment,
    states_kept,
)
from fastweights.native.trial_references import associate, attend, lstm, remember

Reals = Sequence[np.ndarray | None]
Results = tuple[np.ndarray, np.ndarray]
_STEP = 1e-5
_TOLERANCES = ((np.float64, 1e-9, 1e-6), (np.float32, 1e-4, 1e-4))  # of results, and of cotangents


# Keys, values, time, gates, and how many of lookup and erase; backward of the first two goes in chunks.
_MEMORIES = (33, 34, 28, 1, 1), (33, 34, 28, 0, 0), (5, 3, 4, 1, 1), (5, 3, 4, 5, 2)


class Case(NamedTuple):
    """A kernel, and how it is called."""

    name: str
    real: Reals
    """The real arrays that it is given, None for what there is none of."""
    reference: Callable[..., Results]
    """Outputs and last states, of the same arrays."""
    given: Callable[[Reals], list[np.ndarray]]
    """What the kernel takes forward: these arrays, and others."""
    kept: Callable[[type], list[np.ndarray]]
    """Room for what forward leaves to backward."""
    numbers: Sequence[int]
    again: Callable[[list[np.ndarray]], list[np.ndarray]]
    """What backward takes of what forward took, between the cotangents and what was kept."""


def fault(path: str) -> str | None:
    """What is wrong with a library; None if nothing is."""
    try:
        library = ctypes.CDLL(path)
        tried = (_fault(library, case, *precision) for case in _cases() for precision in _TOLERANCES)
        return next(filter(None, tried), None)
    except (AttributeError, OSError, RuntimeError) as error:  # it has no such function, is none, says so
        return str(error)


def _fault(library, case: Case, dtype: type, of_results: float, of_cotangents: float) -> str | None:
    rng = np.random.default_rng(1)
    expected = case.reference(*case.real)
    real = [None if a is None else a.astype(dtype) for a in case.real]
    given, kept = case.given(real), case.kept(dtype)
    results = [np.full(a.shape, np.nan, dtype) for a in expected]
    _call(library, f"{case.name}Forward", [*given, *results, *kept], case.numbers)
    for actual, right in zip(results, expected, strict=True):
        if not np.max(np.abs(actual - right), initial=0) <= of_results * np.max(np.abs(right)):
            return f"{case.name}Forward gives wrong numbers in {np.dtype(dtype).name}"

    def total(real: Reals) -> float:
        return sum(float(np.vdot(d, a)) for d, a in zip(d_results, case.reference(*real), strict=True))

    def moved(step: float) -> Reals:
        pairs = zip(case.real, direction, strict=True)
        return [None if a is None or d is None else a + step * d for a, d in pairs]

    d_results = [rng.standard_normal(a.shape) for a in expected]
    direction = [None if a is None else rng.standard_normal(a.shape) for a in case.real]
    cotangents = [np.full(np.shape(a) if a is not None else (0,), np.nan, dtype) for a in real]
    given_back = [*(d.astype(dtype) for d in d_results), *case.again(given), *kept]
    _call(library, f"{case.name}Backward", [*given_back, *cotangents], case.numbers)
    changes = [c * d for c, d in zip(cotangents, direction, strict=True) if d is not None]
    slope = (total(moved(_STEP)) - total(moved(-_STEP))) / (2 * _STEP)
    scale = sum(float(np.linalg.norm(change)) for change in changes)
    if not abs(sum(float(np.sum(change)) for change in changes) - slope) <= of_cotangents * scale:
        return f"{case.name}Backward gives wrong numbers in {np.dtype(dtype).name}"
    return None


def _call(library: ctypes.CDLL, name: str, arrays: list[np.ndarray], numbers: Sequence[int]) -> None:
    described = [Array(a.ctypes.data, a.itemsize, a.shape) for a in arrays]
    function(library, name)(described, numbers)


def _cases() -> Iterator[Case]:
    yield from _memories()
    units, rng = 5, np.random.default_rng(2)
    normal = partial(_normal, rng)
    plan = Plan("relu", -1, (0, 1), (-1, -1), sustained=True)
    norms, widths = (1 + normal(2, units), normal(2, units)), (units, units + units**2)
    operands = normal(units, units), *norms, normal(6, 8)
    tape, numbers = plan.tape_size(6, units), plan.numbers(6)
    yield _sequences("Attend", 6, widths, operands, partial(attend, chunk=6), tape, numbers)
    operands = normal(units, units), *norms, normal(4, 5)
    tape, numbers = plan.kept_size(7, 3, units), plan.numbers(3, segment(7, 3))
    reference = partial(attend, chunk=3)
    yield _sequences("AttendChunks", 7, widths, operands, reference, tape, numbers, again=True)
    operands = normal(4 * units, units), 1 + normal(5, units), normal(5, units)
    yield _sequences("Lstm", 4, (4 * units, 2 * units), operands, lstm, lstm_tape_size(4, units, 5), [])
    half, heads, copies = 3, 2, 2
    orders = np.array([[1, 2, 0], [2, 0, 1]], np.int32)
    rows = half * (1 + 2 * heads + 6 * heads)
    reference = partial(associate, orders=orders, heads=heads)
    tape = associative_tape_size(4, rows, heads, copies, half)
    sizes = rows, 2 * half * (copies + 1)
    operands = (normal(rows, 2 * half),)
    yield _sequences("Associate", 4, sizes, operands, reference, tape, [bits(0.5)], (orders,))


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return 0.5 * rng.standard_normal(shape)


def _sequences(
    name: str,
    time: int,
    sizes: tuple[int, int],
    operands: tuple[np.ndarray, ...],
    reference: Callable[..., Results],
    tape_size: int,
    numbers: Sequence[int],
    constants: tuple[np.ndarray, ...] = (),
    again: bool = False,
) -> Case:
    """A kernel of two sequences, with so wide a table and such a state before them."""
    batch, normal = 2, partial(_normal, np.random.default_rng(3))
    tokens = np.arange(batch * time, dtype=np.int32).reshape(batch, time)

    def given(real: Reals) -> list[np.ndarray]:
        table, state, *rest = (a for a in real if a is not None)
        lengths, resets = np.zeros(0, np.int32), np.zeros((0, 0), bool)
        return [table, tokens, state, lengths, resets, *rest, *constants]

    def kept(dtype: type) -> list[np.ndarray]:
        return [np.zeros((1, tape_size * (BLOCK_BYTES // np.dtype(dtype).itemsize)), dtype)]

    real = (normal(batch * time, sizes[0]), normal(batch, sizes[1]), *operands)
    return Case(name, real, reference, given, kept, numbers, lambda given: given[not again :])


def _memories() -> Iterator[Case]:
    """Each rule and each decay."""
    for keys, values, time, gates, erases in _MEMORIES:
        rng = np.random.default_rng(keys)

        def normal(size: int, rng=rng, time=time) -> np.ndarray:
            return rng.standard_normal((1, time, 2, size)) / np.sqrt(size)

        real = (
            normal(keys),
            normal(keys),
            normal(values),
            rng.uniform(size=(1, time, 2, gates)) if gates else None,
            normal(keys) if erases > 0 else None,
            normal(keys) if erases > 1 else None,
            rng.standard_normal((1, 2, values, keys)),
        )
        yield _memory(real, keys, values, time)


def _memory(real: Reals, keys: int, values: int, time: int) -> Case:
    def given(real: Reals) -> list[np.ndarray]:
        dtype = next(a.dtype for a in real if a is not None)
        arrays = [np.zeros((1, time, 2, 0), dtype) if a is None else a for a in real]
        return [*arrays, np.zeros(0, np.int32), np.zeros((0, 0), bool)]

    def kept(dtype: type) -> list[np.ndarray]:
        finds = 0 if real[4] is None else time
        return [
            np.zeros((1, 2, states_kept(time), keys, values), dtype),
            np.zeros((1, finds, 2, values), dtype),
        ]

    return Case("Write", real, remember, given, kept, [kept_every(time)], lambda given: given)


if __name__ == "__main__":
    sys.exit(fault(sys.argv[1]))
