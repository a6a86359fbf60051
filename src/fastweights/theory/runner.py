"""Examining claims: each in double precision, several at a time, and none stops the others."""

import multiprocessing
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from fastweights import registry
from fastweights.theory.check import Check, Verdict


def examine(name: str, check: Check | None = None) -> Verdict:
    """Examine one claim, or a check that stands in for it. What a check raises is a claim that doesn't hold.

    Raises: UnknownNameError if there is no claim of that name.
    """
    import jax

    examined: Check = check or registry.checks[name]()
    about = name, examined.claim, registry.checks.source(name)
    began = time.perf_counter()
    try:
        with jax.enable_x64(True):
            found = examined.examine()
    except Exception:  # noqa: BLE001 - whatever it is, the other claims are examined
        reason = traceback.format_exc().strip().splitlines()[-1]
        return Verdict(*about, (), time.perf_counter() - began, error=reason)
    return Verdict(*about, tuple(found.quantities), time.perf_counter() - began, drawing=found.drawing)


def examine_all(names: Sequence[str], workers: int) -> Iterator[Verdict]:
    """The verdicts in the order of the names, computed by so many processes."""
    for name in names:
        registry.checks[name]  # an unknown one is refused before anything is computed
    if workers == 1 or len(names) == 1:
        yield from map(examine, names)
        return
    with ProcessPoolExecutor(min(workers, len(names)), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(examine, names)
