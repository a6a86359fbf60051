"""Many updates in one compiled call; one run, or several side by side."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float, Int

from fastweights.errors import check
from fastweights.models import SequenceClassifier
from fastweights.tasks.base import Dataset
from fastweights.training.datasets import check_dataset
from fastweights.training.evaluation import (
    evaluate,
    in_blocks,
    log_probabilities,
    log_probabilities_batched,
    score,
)
from fastweights.training.options import TrainingOptions
from fastweights.training.state import Fit, Point, TrainingState, shape_of, stack, unstack
from fastweights.training.step import Hyperparameters, update


def _advance(
    state: TrainingState,
    hyperparameters: Hyperparameters,
    key: Array,
    data: Dataset,
    updates: Int[Array, ""],
    static: tuple[int, int, str, float],
) -> tuple[TrainingState, Float[Array, " max_updates"]]:
    """`updates` more updates, and their losses in the first places of an array.

    Mini-batches are drawn with replacement from a key made of the run's key and the update's number:
    a resumed run draws what it would have drawn.
    """
    max_updates, batch_size = static[:2]

    @jax.vmap
    def draw(number):
        return jax.random.randint(jax.random.fold_in(key, number), (batch_size,), 0, len(data.targets))

    # All at once: half the cost of drawing one mini-batch after the other.
    batches = draw(state.done + jnp.arange(max_updates))

    def one_update(i, carry):
        state, losses = carry
        rows = batches[i]
        tokens, targets = data.inputs[rows].astype(jnp.int32), data.targets[rows].astype(jnp.int32)
        model, opt_state, value = update(
            state.model, state.opt_state, tokens, targets, hyperparameters, *static[2:]
        )
        return TrainingState(model, opt_state, state.done + 1), losses.at[i].set(value)

    # The loop carries arrays only; what is static in the model goes around it.
    arrays, rest = eqx.partition(state, eqx.is_array)

    def body(i, carry):
        state, losses = one_update(i, (eqx.combine(carry[0], rest), carry[1]))
        return eqx.filter(state, eqx.is_array), losses

    arrays, losses = lax.fori_loop(0, updates, body, (arrays, jnp.zeros(max_updates)))
    return eqx.combine(arrays, rest), losses


_advance_one = eqx.filter_jit(_advance)


@eqx.filter_jit
def _advance_batched(states, hyperparameters, keys, data, updates, static):
    axes = (eqx.if_array(0), 0, 0, None, None, None)
    return eqx.filter_vmap(_advance, in_axes=axes)(states, hyperparameters, keys, data, updates, static)


def _static(options: TrainingOptions) -> tuple[int, int, str, float]:
    max_updates = min(options.evaluate_every, options.updates)
    return max_updates, options.batch_size, options.schedule, options.weight_decay


def advance(
    state: TrainingState,
    hyperparameters: Hyperparameters,
    key: Array,
    data: Dataset,
    updates: Int[Array, ""],
    options: TrainingOptions,
) -> tuple[TrainingState, Float[Array, " max_updates"]]:
    """At most `options.evaluate_every` more updates in one compiled call: the state after them, and
    the loss before each of them in the first places of an array.

    `data` and `updates` are arrays on the device, and are not checked; one compilation serves all runs of
    a shape.
    """
    return _advance_one(state, hyperparameters, key, data, updates, _static(options))


def init(model: SequenceClassifier, options: TrainingOptions) -> Fit:
    """A run before its first update."""
    return Fit(TrainingState.init(model, options), model)


def fit(
    model: SequenceClassifier,
    data: Dataset,
    validation: Dataset,
    *,
    options: TrainingOptions = TrainingOptions(),
    seed: int = 0,
) -> Fit:
    """Train a model to the end of its budget.

    Raises: InvalidValueError if the data do not fit the model, as `train_batched`.
    Source of the protocol: Ba et al. 2016, section 4.1 (Adam, mini-batches of 128).
    """
    result = initial = init(model, options)
    for result in resume(initial, data, validation, options, seed):  # noqa: B007 - the last one counts
        pass
    return result


def resume(
    fit: Fit,
    data: Dataset,
    validation: Dataset,
    options: TrainingOptions,
    seed: int,
) -> Iterator[Fit]:
    """Continue a run; yields it after every `options.evaluate_every` updates.

    Ends after `options.updates`, or with `failed_at` set at the first loss that is not finite: then the
    state is the one before that chunk. The same arguments give the same bits on the same machine, from
    whichever of its own results the run is resumed.

    Raises: InvalidValueError if the data do not fit the model, as `train_batched`.
    """
    return (fits[0] for fits in train_batched([fit], data, validation, [options], [seed]))


def train_batched(
    fits: Sequence[Fit],
    data: Dataset,
    validation: Dataset,
    options: Sequence[TrainingOptions],
    seeds: Sequence[int],
    *,
    test: Dataset | None = None,
) -> Iterator[list[Fit]]:
    """Continue several runs of one shape side by side; yields all of them after every chunk.

    The models must differ in numbers only, the options only in learning rate and clipping norm. Those
    that have done the fewest updates go first, until all are level and go on together; each ends as by
    `resume`, and one that diverges does not disturb the others. Results equal those of `resume` up to
    rounding; the same runs in the same order give the same bits, from whichever of these results each is
    resumed. On an accelerator this is how small networks fill it; on a CPU, one process a core is faster.
    With `test`, the points of the learning curves have the errors on that set too.

    Raises: InvalidValueError, before anything is trained, if lengths, shapes or options don't fit together,
    or if a set is empty, has inputs that are no symbols of the model, targets that are no classes of it, or
    not as many targets as sequences.
    """
    check(len(fits) == len(options) == len(seeds) > 0, "expected one fit, options and seed a run")
    check(len({(o.updates, _static(o)) for o in options}) == 1, "runs side by side need equal budgets")
    shapes = [shape_of(fit.state) for fit in fits]
    check(all(shape == shapes[0] for shape in shapes), "runs side by side need models of one shape")
    model = fits[0].model
    data = check_dataset("training data", data, model)
    validation = check_dataset("validation data", validation, model)
    test = None if test is None else check_dataset("test data", test, model)
    return _chunks(list(fits), data, validation, test, options, [_batch_key(seed) for seed in seeds])


def _chunks(
    fits: list[Fit],
    data: Dataset,
    validation: Dataset,
    test: Dataset | None,
    options: Sequence[TrainingOptions],
    keys: Sequence[Array],
) -> Iterator[list[Fit]]:
    chunk = _chunk_alone if len(fits) == 1 else _chunk_batched
    hyperparameters, on_device = [Hyperparameters.of(o) for o in options], jax.tree.map(jnp.asarray, data)
    budget, every = options[0].updates, options[0].evaluate_every
    while unfinished := [fit.done for fit in fits if fit.failed_at is None and fit.done < budget]:
        started, done = time.perf_counter(), min(unfinished)
        count = min(every - done % every, budget - done)
        runs = list(zip([fit.state for fit in fits], hyperparameters, keys, strict=True))
        states, losses, answers = chunk(runs, on_device, validation.inputs, jnp.asarray(count), options[0])
        for i, fit in enumerate(fits):
            if fit.failed_at is None and fit.done == done:
                fits[i] = _record(fit, states[i], losses[i][:count], answers[i], validation, test, started)
        yield list(fits)


def _chunk_alone(runs, data, inputs, updates, options):
    """Not `_chunk_batched` for one: under `vmap` the native kernels would be called run by run."""
    ((state, hyperparameters, key),) = runs
    state, losses = advance(state, hyperparameters, key, data, updates, options)
    return [state], [np.asarray(losses)], [in_blocks(log_probabilities, state.model, inputs)]


def _chunk_batched(runs, data, inputs, updates, options):
    """Of all runs, also of those that won't use it: one program serves to the end, whoever has ended or is
    behind, and what it makes of a run doesn't depend on the others' places."""
    states, hyperparameters, keys = stack(runs)
    states, losses = _advance_batched(states, hyperparameters, keys, data, updates, _static(options))
    answers = in_blocks(log_probabilities_batched, states.model, inputs)
    return unstack(states, len(runs)), np.asarray(losses), answers


def _record(fit, state, losses, answers, validation, test, started) -> Fit:
    """The run after one more chunk: its next point, or the update at which it diverged."""
    bad = np.flatnonzero(~np.isfinite(losses))
    if len(bad) or not np.isfinite(answers).all():
        # If no loss shows it, the chunk's last update did it.
        failed_at = fit.done + (int(bad[0]) + 1 if len(bad) else len(losses))
        return replace(fit, failed_at=failed_at, seconds=fit.seconds + time.perf_counter() - started)
    result = score(answers, validation.targets)
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
