"""Carries out runs, one or several side by side: from specification to trained model and outcome."""

import functools
import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastweights.compilation import check_platform, keep_compiled
from fastweights.errors import CheckpointError, check
from fastweights.files import remove_leftovers
from fastweights.models import count_parameters, count_state
from fastweights.runs.environment import code, environment
from fastweights.runs.saved_models import load_model as load_model
from fastweights.runs.saved_models import save_model
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.base import Dataset, Split, Task
from fastweights.training import loop
from fastweights.training.evaluation import evaluate
from fastweights.training.saved_fits import curve_of, load_fit, save_fit
from fastweights.training.state import Fit, Point

Outcome = dict[str, Any]
"""A run's record: `state` (finished, failed or interrupted), `curve`, `result`, `failure`, `environment`."""


def prepare() -> None:
    """Prepare a process for training or evaluation: JAX uses one thread and keeps compiled programs.

    Raises: InvalidValueError if JAX_PLATFORMS names what JAX cannot use here.
    """
    use_one_thread()
    check_platform()
    keep_compiled()


def use_one_thread() -> None:
    """Let JAX's CPU backend use one thread; to be called before JAX computes anything.

    These networks are too small to share between cores: one run a core is more than twice as fast as
    one run on two. It also makes a run's bits independent of the number of cores.
    """
    os.environ.setdefault("NPROC", "1")
    flag = "--xla_cpu_multi_thread_eigen=false"
    if flag not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}".strip()


def run(
    specification: RunSpecification,
    out: Path,
    *,
    report: Callable[[Point], None] = lambda point: None,
    stopped: Callable[[], bool] = lambda: False,
    callbacks: Sequence[Callable[[Fit], object]] = (),
) -> Outcome:
    """Train, evaluate, and write the trained model to `out`.

    After every chunk the whole state is written to `out` with the ending `.partial`, a checkpoint, and only
    then `report` is called with the chunk's point of the learning curve: what was reported is safe. After the
    last chunk the model is written instead and the checkpoint removed. If there is a checkpoint of the same
    specification and `code` at the start, its last point is reported again and the run continues from it, bit
    for bit; a run that failed leaves it, so that it fails again after one chunk. A run that other code has
    begun begins anew: half of each would be a run of neither. `stopped` is called between chunks, and
    `callbacks` after each evaluation with the whole run so far.

    Raises: FileError if `out` cannot be written.
    """
    (outcome,) = run_many(
        [specification],
        [out],
        report=lambda index, point: report(point),
        stopped=stopped,
        callbacks=callbacks,
    )
    return outcome


def run_many(
    specifications: Sequence[RunSpecification],
    outs: Sequence[Path],
    *,
    report: Callable[[int, Point], None] = lambda index, point: None,
    stopped: Callable[[], bool] = lambda: False,
    callbacks: Sequence[Callable[[Fit], object]] = (),
) -> list[Outcome]:
    """As `run`, for several specifications of equal `shape_of` side by side in one program.

    `report` also gets the run's index. Each run has files as if it were alone: it can be begun in a group
    and finished alone or in another group, or the other way round, with results that are equal up to
    rounding; in the same group they are equal bit for bit. A run that diverges fails and disturbs no other.

    Raises: FileError if a file cannot be written; InvalidValueError if the runs don't fit together.
    """
    check(len(specifications) == len(set(outs)) == len(outs) > 0, "expected a file of its own for each run")
    check(len(set(map(shape_of, specifications))) == 1, "runs side by side need one shape_of")
    files = [_Files(*pair) for pair in zip(specifications, outs, strict=True)]
    fits = [file.resume() for file in files]
    for index, fit in enumerate(fits):
        if fit.curve:
            report(index, fit.curve[-1])
    first = specifications[0]
    train, validation = dataset(first, "train"), dataset(first, "validation")
    test = dataset(first, "test") if first.training.test_curve else None
    options = [specification.training for specification in specifications]
    seeds = [specification.seed for specification in specifications]
    runs = loop.train_batched(fits, train, validation, options=options, seeds=seeds, test=test)
    for following in runs:
        for index, (before, now) in enumerate(zip(fits, following, strict=True)):
            if now.done > before.done:
                if now.done < options[index].updates:
                    files[index].save(now)
                report(index, now.curve[-1])
                for callback in callbacks:
                    callback(now)
        fits = following
        if stopped():
            break
    return [file.end(fit) for file, fit in zip(files, fits, strict=True)]


def shape_of(specification: RunSpecification) -> Hashable:
    """Equal for runs that can be trained side by side: all but seed, learning rate and clipping norm.

    Raises: TypeError if a task's or a cell's options are not hashable, as frozen dataclasses are.
    """
    training = replace(specification.training, learning_rate=1.0, clip_norm=0.0)
    return replace(specification, training=training, seed=0)


@functools.lru_cache(maxsize=6)
def _dataset(task: Task, split: Split, count: int, seed: int) -> Dataset:
    return task.split(split, count, seed)


def dataset(specification: RunSpecification, split: Split) -> Dataset:
    """One of the run's three sets; drawn once for all runs of a process that share it."""
    data = specification.data
    return _dataset(specification.task_of(split), split, getattr(data, split), data.seed)


class _Files:
    """Where a run's model is written, and its checkpoint until then."""

    def __init__(self, specification: RunSpecification, out: Path) -> None:
        self._specification, self._out = specification, out
        self._partial = out.with_name(f"{out.name}.partial")
        self._about = {"specification": specification.to_json(), "code": code()}

    def resume(self) -> Fit:
        """The run as its checkpoint left it, or from the start."""
        remove_leftovers(self._out)
        remove_leftovers(self._partial)
        fresh = loop.init(self._specification.build_model(), self._specification.training)
        if not self._partial.exists():
            return fresh
        try:
            return load_fit(self._partial, fresh, self._about)
        except CheckpointError:
            return fresh  # a checkpoint that cannot be read, or is of other code, costs time only

    def save(self, fit: Fit) -> None:
        """Write the checkpoint."""
        save_fit(self._partial, fit, self._about)

    def end(self, fit: Fit) -> Outcome:
        """The outcome of a run that is not trained any more; the model of a finished one is written."""
        if fit.failed_at is not None:
            return _outcome("failed", fit, failure=f"the loss is not finite at update {fit.failed_at}")
        if fit.done < self._specification.training.updates:
            return _outcome("interrupted", fit)
        outcome = _outcome("finished", fit, result=_result(self._specification, fit))
        save_model(self._out, fit.model, specification=self._specification, outcome=outcome)
        self._partial.unlink(missing_ok=True)
        return outcome


def _result(specification: RunSpecification, fit: Fit) -> dict[str, Any]:
    test, best = dataset(specification, "test"), fit.best_point
    last = evaluate(fit.model, test)
    chosen = last if best == fit.curve[-1] else evaluate(fit.best, test)
    return {
        "test_error": last.error,
        "test_log_likelihood": last.log_likelihood,
        "test_count": last.count,
        "best_update": best.update if best else None,
        "best_validation_error": best.validation_error if best else None,
        "best_test_error": chosen.error,
        "parameters": count_parameters(fit.model),
        "state_size": count_state(fit.model),
        "seconds": fit.seconds,
    }


def _shortened(point: list[float]) -> list[float]:
    """The point with its losses, which alternate with updates and errors, to the seven digits that single
    precision has."""
    return [float(f"{number:.7g}") if i % 2 else number for i, number in enumerate(point)]


def _outcome(state: str, fit: Fit, *, result: Any = None, failure: str | None = None) -> Outcome:
    return {
        "state": state,
        "curve": [_shortened(point) for point in curve_of(fit)],
        "result": result,
        "failure": failure,
        "environment": environment(),
    }
