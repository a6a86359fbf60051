"""Runs from specification to result, one or several side by side; knows nothing of the study."""

import dataclasses
import functools
import os
import platform
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import equinox as eqx

from fastweights.compilation import check_platform, keep_compiled
from fastweights.errors import CheckpointError, FastweightsError, check
from fastweights.files import remove_leftovers
from fastweights.machine import processor_name
from fastweights.models import SequenceClassifier, count_parameters, count_state
from fastweights.native import library
from fastweights.plugins import PluginError
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.base import Dataset
from fastweights.training import checkpoint, loop
from fastweights.training.evaluation import evaluate
from fastweights.training.state import Fit, Point
from fastweights.training.state import shape_of as shape_of_state

Outcome = dict[str, Any]
"""A run's record: `state` (finished, failed or interrupted), `curve`, `result`, `failure`, `environment`."""


def prepare() -> None:
    """What a process does before it trains or evaluates: one thread, and compiled programs are kept.

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
) -> Outcome:
    """Train, evaluate, and write the trained model to `out`.

    After every chunk the whole state goes to `out` with the ending `.partial`, and only then `report` gets
    the chunk's point of the learning curve: what was reported is safe. The last chunk ends in the model
    instead, and the partial file goes when that is written. If a partial file of the same specification
    is there at the start, its last point is reported again and the run goes on from it, to the same bits; a
    run that failed leaves it, so that it fails again after one chunk. `stopped` is asked between chunks.

    Raises: FileError if `out` cannot be written.
    """
    (outcome,) = run_many([specification], [out], report=lambda index, point: report(point), stopped=stopped)
    return outcome


def run_many(
    specifications: Sequence[RunSpecification],
    outs: Sequence[Path],
    *,
    report: Callable[[int, Point], None] = lambda index, point: None,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Outcome]:
    """As `run`, for several specifications of equal `shape_of` side by side in one program.

    `report` also gets the run's index. Each run has files as if it were alone: it can be begun in a group
    and finished alone or in another group, and the other way round, to results that are equal up to
    rounding; in the same group, to the same bits. A run that diverges fails and disturbs no other.

    Raises: FileError if a file cannot be written; InvalidValueError if the runs don't fit together.
    """
    check(len(specifications) == len(set(outs)) == len(outs) > 0, "expected a file of its own for each run")
    check(len({shape_of(each) for each in specifications}) == 1, "runs side by side need one shape_of")
    for path in [*outs, *map(_partial, outs)]:
        remove_leftovers(path)
    fits = [_take_up(*each) for each in zip(specifications, map(_partial, outs), strict=True)]
    for index, fit in enumerate(fits):
        if fit.curve:
            report(index, fit.curve[-1])
    train, validation = dataset(specifications[0], "train"), dataset(specifications[0], "validation")
    options, seeds = [each.training for each in specifications], [each.seed for each in specifications]
    test = dataset(specifications[0], "test") if options[0].test_curve else None
    for following in loop.train_batched(fits, train, validation, options, seeds, test=test):
        for index, (before, now) in enumerate(zip(fits, following, strict=True)):
            if now.done > before.done:
                if now.done < options[index].updates:
                    _save_partial(specifications[index], _partial(outs[index]), now)
                report(index, now.curve[-1])
        fits = following
        if stopped():
            break
    return [_end(*each) for each in zip(specifications, outs, fits, strict=True)]


def shape_of(specification: RunSpecification) -> Hashable:
    """Equal for runs that can be trained side by side: all but seed, learning rate and clipping norm.

    Raises: TypeError if a task's or a cell's options are not hashable, as frozen dataclasses are.
    """
    training = replace(specification.training, learning_rate=1.0, clip_norm=0.0)
    return replace(specification, training=training, seed=0)


def load_model(path: Path) -> tuple[RunSpecification, SequenceClassifier, Outcome]:
    """A trained model, the specification it was trained by, and the outcome of its training.

    Raises: CheckpointError if the file is not a model written by `run`, or if it was trained with a plugin
    that is not loaded, or was changed.
    """
    arrays, about = checkpoint.load(path)
    if about.get("kind") != "model":
        raise CheckpointError(f"{path} is not a trained model, but {str(about.get('kind'))[:40]!r}")
    try:
        specification = RunSpecification.from_json(about.get("specification"))
    except PluginError as error:
        raise CheckpointError(f"{path} was trained with {error}") from error
    except FastweightsError as error:
        raise CheckpointError(f"{path} has a specification that cannot be used: {error}") from error
    # Names, shapes and types are enough: nothing is drawn that the file's arrays would replace.
    template = {"model": eqx.filter_eval_shape(specification.build_model)}
    return specification, checkpoint.restore(path, template, arrays)["model"], about.get("outcome", {})


@functools.lru_cache(maxsize=6)
def _dataset(task, split: str, count: int, seed: int) -> Dataset:
    return task.split(split, count, seed)


def dataset(specification: RunSpecification, split: str) -> Dataset:
    """One of the run's three sets; drawn once for all runs of a process that share it."""
    data = specification.data
    return _dataset(specification.task, split, getattr(data, split), data.seed)


def environment() -> dict[str, Any]:
    """Versions and machine, as they enter a record; a run's bits depend on the kernels too."""
    names = ("fastweights", "jax", "jaxlib", "equinox", "optax", "numpy")
    return {
        **{name: metadata.version(name) for name in names},
        "kernels": library.describe(),
        "python": platform.python_version(),
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "platform": platform.platform(),
    }


def _partial(out: Path) -> Path:
    """Where a run's state lies until its model is written."""
    return out.with_name(out.name + ".partial")


def _take_up(specification: RunSpecification, partial: Path) -> Fit:
    """The run as the partial file left it, or from the start."""
    fresh = loop.init(specification.build_model(), specification.training)
    if not partial.exists():
        return fresh
    try:
        arrays, about = checkpoint.load(partial)
        if about.get("specification") != specification.to_json():
            return fresh
        # Files written before the optimiser state had its name call it `moments`.
        arrays = arrays.renamed("state.moments.", "state.opt_state.")
        tree = checkpoint.restore(partial, {"state": fresh.state, "best": fresh.best}, arrays)
        if shape_of_state(tree["state"]) != shape_of_state(fresh.state):
            return fresh  # of another precision: it would not go on to the same bits
        curve = tuple(Point(int(update), *map(float, rest)) for update, *rest in about["curve"])
        return Fit(tree["state"], tree["best"], curve, float(about["seconds"]))
    except (CheckpointError, KeyError, OverflowError, TypeError, ValueError):
        # What cannot be read cannot be taken up; the run's record is not in this file.
        return fresh


def _save_partial(specification: RunSpecification, partial: Path, fit: Fit) -> None:
    about = {
        "kind": "run",
        "specification": specification.to_json(),
        "curve": _curve(fit),
        "seconds": fit.seconds,
    }
    checkpoint.save(partial, {"state": fit.state, "best": fit.best}, about)


def _end(specification: RunSpecification, out: Path, fit: Fit) -> Outcome:
    """The outcome of a run that is not trained any more; if it is finished, its model is written."""
    if fit.failed_at is not None:
        return _outcome("failed", fit, failure=f"the loss is not finite at update {fit.failed_at}")
    if fit.done < specification.training.updates:
        return _outcome("interrupted", fit)
    outcome = _outcome("finished", fit, result=_result(specification, fit))
    about = {"kind": "model", "specification": specification.to_json(), "outcome": outcome}
    checkpoint.save(out, {"model": fit.model}, about)
    _partial(out).unlink(missing_ok=True)
    return outcome


def _curve(fit: Fit) -> list[list[float]]:
    return [[number for number in dataclasses.astuple(point) if number is not None] for point in fit.curve]


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
        "state_size": count_state(fit.model.cell),
        "seconds": fit.seconds,
    }


def _shortened(point: list[float]) -> list[float]:
    """The point with its nats as exact as single precision is: half as long to write. Updates and errors stay
    what they are; they alternate with the nats."""
    return [float(f"{number:.7g}") if i % 2 else number for i, number in enumerate(point)]


def _outcome(state: str, fit: Fit, *, result: Any = None, failure: str | None = None) -> Outcome:
    return {
        "state": state,
        "curve": [_shortened(point) for point in _curve(fit)],
        "result": result,
        "failure": failure,
        "environment": environment(),
    }
