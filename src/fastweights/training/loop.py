"""Training to the end of a budget: one run, or several side by side."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from fastweights.errors import DivergenceError, check
from fastweights.models import Model
from fastweights.tasks.base import Dataset
from fastweights.training.chunk import Rule, chunk_alone, chunk_batched, static_options
from fastweights.training.datasets import Sequences, check_dataset
from fastweights.training.evaluation import evaluate, summarise
from fastweights.training.options import TrainingOptions
from fastweights.training.state import Fit, Point, TrainingState, shape_of
from fastweights.training.step import Hyperparameters

Callback = Callable[[Fit], object]
"""What `fit` calls after each evaluation, with the run so far: `fit.done` updates, `fit.curve[-1]`, the
models. It stops the run by returning something true."""


def init(model: Model, options: TrainingOptions = TrainingOptions(), *, optimiser: Rule | None = None) -> Fit:
    """A run before its first update."""
    return Fit(TrainingState.init(model, options, optimiser), model)


def fit(
    model: Model,
    data: Dataset,
    validation: Dataset,
    *,
    options: TrainingOptions = TrainingOptions(),
    seed: int = 0,
    test: Dataset | None = None,
    optimiser: Rule | None = None,
    callbacks: Iterable[Callback] = (),
) -> Fit:
    """Train a model to the end of its budget, or until a callback returns something true.

    `optimiser` is any Optax transformation, in place of the options' Adam: then learning rate, schedule,
    clipping and weight decay are its own. With `test`, the points of the learning curve have the errors on
    that set too.

    Raises: InvalidValueError if the data do not fit the model, as `train_batched`; DivergenceError at the
    first loss that is not finite: its `fit` is the run before that.
    Source of the protocol: Ba et al. 2016, section 4.1 (Adam, mini-batches of 128).
    """
    begun = init(model, options, optimiser=optimiser)
    return resume(
        begun,
        data,
        validation,
        options=options,
        seed=seed,
        test=test,
        optimiser=optimiser,
        callbacks=callbacks,
    )


def resume(
    fit: Fit,
    data: Dataset,
    validation: Dataset,
    *,
    options: TrainingOptions = TrainingOptions(),
    seed: int = 0,
    test: Dataset | None = None,
    optimiser: Rule | None = None,
    callbacks: Iterable[Callback] = (),
) -> Fit:
    """Go on with a run, to the end of `options.updates`: one that a callback stopped, that `load_fit` read,
    or that had a smaller budget.

    The same arguments give the same bits on the same machine, from whichever of its own results the run is
    resumed.

    Raises: as `fit`.
    """
    callbacks = list(callbacks)
    runs = train_batched(
        [fit], data, validation, options=[options], seeds=[seed], test=test, optimiser=optimiser
    )
    for (fit,) in runs:
        if fit.failed_at is not None:
            break
        if any([callback(fit) for callback in callbacks]):  # noqa: C419 - each is called
            break
    if fit.failed_at is not None:
        raise DivergenceError(
            f"the loss is not finite at update {fit.failed_at}: the run diverged; a lower learning rate or a "
            f"lower clip_norm may help",
            fit,
        )
    return fit


def train_batched(
    fits: Sequence[Fit],
    data: Dataset,
    validation: Dataset,
    *,
    options: Sequence[TrainingOptions],
    seeds: Sequence[int],
    test: Dataset | None = None,
    optimiser: Rule | None = None,
) -> Iterator[list[Fit]]:
    """Go on with several runs of one shape side by side; yields all of them after every chunk of
    `options.evaluate_every` updates.

    The models must differ in numbers only, the options only in learning rate and clipping norm. Those
    that have done the fewest updates go first, until all are level and go on together. Each ends after
    `options.updates`, or with `failed_at` set at the first loss that is not finite: then its state is the one
    before that chunk, and the others are not disturbed. Results equal those of `resume` up to
    rounding; the same runs in the same order give the same bits, from whichever of these results each is
    resumed. On an accelerator this is how small networks fill it; on a CPU, one process a core is faster.
    `test` and `optimiser` are those of `fit`.

    Raises: InvalidValueError, before anything is trained, if lengths, shapes or options don't fit together,
    or if a set is empty or does not fit the model: inputs that are no symbols or vectors of it, targets that
    are no outputs of it, or not as many targets as sequences; or if only some sets ask for classes.
    """
    check(len(fits) == len(options) == len(seeds) > 0, "expected one fit, options and seed a run")
    check(len({(o.updates, static_options(o)) for o in options}) == 1, "runs side by side need equal budgets")
    shapes = [shape_of(fit.state) for fit in fits]
    check(all(shape == shapes[0] for shape in shapes), "runs side by side need models of one shape")
    model = fits[0].model
    begun = eqx.filter_eval_shape(TrainingState.init, model, options[0], optimiser)
    check(
        jax.tree.structure(begun.opt_state) == jax.tree.structure(fits[0].state.opt_state),
        "the run was begun with another optimiser",
    )
    sets = check_dataset("training data", data, model), check_dataset("validation data", validation, model)
    tested = () if test is None else (check_dataset("test data", test, model),)
    check(
        len({np.issubdtype(each.targets.dtype, np.integer) for each in (*sets, *tested)}) == 1,
        "targets must be classes in all data, or real vectors in all",
    )
    keys = [_batch_key(seed) for seed in seeds]
    return _chunks(list(fits), *sets, test, options, keys, optimiser)


def _chunks(
    fits: list[Fit],
    data: Sequences,
    validation: Sequences,
    test: Dataset | None,
    options: Sequence[TrainingOptions],
    keys: Sequence[Array],
    rule: Rule | None,
) -> Iterator[list[Fit]]:
    chunk = chunk_alone if len(fits) == 1 else chunk_batched
    hyperparameters, on_device = [Hyperparameters.of(o) for o in options], jax.tree.map(jnp.asarray, data)
    budget, every = options[0].updates, options[0].evaluate_every
    while unfinished := [fit.done for fit in fits if fit.failed_at is None and fit.done < budget]:
        started, done = time.perf_counter(), min(unfinished)
        count = min(every - done % every, budget - done)
        runs = list(zip([fit.state for fit in fits], hyperparameters, keys, strict=True))
        states, losses, scores = chunk(runs, on_device, validation, jnp.asarray(count), options[0], rule)
        for i, fit in enumerate(fits):
            if fit.failed_at is None and fit.done == done:
                fits[i] = _record(fit, states[i], losses[i][:count], scores[i], validation, test, started)
        yield list(fits)


def _record(fit, state, losses, scores, validation, test, started) -> Fit:
    """The run after one more chunk: its next point, or the update at which it diverged."""
    bad = np.flatnonzero(~np.isfinite(losses))
    if len(bad) or not np.isfinite(scores.log_likelihood).all():
        # If no loss shows it, the chunk's last update did it.
        failed_at = fit.done + (int(bad[0]) + 1 if len(bad) else len(losses))
        return replace(fit, failed_at=failed_at, seconds=fit.seconds + time.perf_counter() - started)
    result = summarise(scores, validation)
    point = Point(int(state.done), float(losses.mean(dtype=np.float64)), result.error, result.log_likelihood)
    if test is not None:
        tested = evaluate(state.model, test)
        point = replace(point, test_error=tested.error, test_log_likelihood=tested.log_likelihood)
    best = fit.best_point
    better = best is None or point.validation_error < best.validation_error
    seconds = fit.seconds + time.perf_counter() - started
    return Fit(state, state.model if better else fit.best, (*fit.curve, point), seconds)


def _batch_key(seed: int) -> Array:
    return jax.random.fold_in(jax.random.key(seed), 1)
