"""Running checks: each in double precision, several at a time; an error in one does not stop the others."""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from fastweights import registry
from fastweights.errors import summarise_error
from fastweights.theory.check import Check, CheckResult, Finding


def examine(name: str, check: Check | None = None) -> CheckResult:
    """Run a registered check, or another in its place. A check that raises an exception does not hold.

    Raises: UnknownNameError if no check has that name.
    """
    import jax

    examined: Check = check or registry.checks[name]()
    finding, error, began = Finding(), None, time.perf_counter()
    try:
        with jax.enable_x64(True):
            finding = examined.examine()
    except Exception as raised:  # noqa: BLE001 - whatever it is, the other checks run
        error = summarise_error(raised)
    return CheckResult(
        name,
        examined.statement,
        registry.checks.source(name),
        finding.quantities,
        time.perf_counter() - began,
        error,
        finding.panels,
    )


def examine_all(names: Sequence[str], workers: int) -> Iterator[CheckResult]:
    """The results in the order of the names, computed by up to `workers` processes.

    Checks that were registered from outside the package are computed in this process: the others would not
    know of them.

    Raises: UnknownNameError, before anything is computed, if a name is unknown.
    """
    ours = [name for name in names if registry.checks[name].__module__.startswith("fastweights.theory.")]
    if workers == 1 or len(names) == 1 or not ours:
        yield from map(examine, names)
        return
    with ProcessPoolExecutor(min(workers, len(ours)), multiprocessing.get_context("spawn")) as pool:
        results = {name: pool.submit(examine, name) for name in ours}
        for name in names:
            yield results[name].result() if name in results else examine(name)
