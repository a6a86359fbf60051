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
from fastweights.training.evaluation import evaluate, predict, score
from fastweights.training.options import TrainingOptions
from fastweights.training.state import Fit, Point, TrainingState, shape_of, stack, unstack
from fastweights.training.step import Hyperparameters, update


def _advance(
    state: TrainingState,
    rates: Hyperparameters,
    key: Array,
    data: Dataset,
    updates: Int[Array, ""],
    static: tuple[int, int, str, float],
) -> tuple[TrainingState, Float[Array, " most"]]:
    """`updates` more updates, and their losses in the first places of an array.

    Mini-batches are drawn with replacement from a key made of the run's key and the update's number:
    a run that is taken up again draws what it would have drawn.
    """
    most, batch_size = static[:2]

    @jax.vmap
    def draw(number):
        return jax.random.randint(jax.random.fold_in(key, number), (batch_size,), 0, len(data.targets))

    # All at once: half the cost of drawing one mini-batch after the other.
    batches = draw(state.done + jnp.arange(most))

    def one(i, carry):
        state, losses = carry
        rows = batches[i]
        tokens, targets = data.inputs[rows].T.astype(jnp.int32), data.targets[rows].astype(jnp.int32)
        model, opt_state, value = update(state.model, state.opt_state, tokens, targets, rates, *static[2:])
        return TrainingState(model, opt_state, state.done + 1), losses.at[i].set(value)

    # The loop carries arrays only; what is static in the model goes around it.
    arrays, rest = eqx.partition(state, eqx.is_array)

    def body(i, carry):
        state, losses = one(i, (eqx.combine(carry[0], rest), carry[1]))
        return eqx.filter(state, eqx.is_array), losses

    arrays, losses = lax.fori_loop(0, updates, body, (arrays, jnp.zeros(most)))
    return eqx.combine(arrays, rest), losses


_advance_one = eqx.filter_jit(_advance)


@eqx.filter_jit
def _advance_many(state, rates, key, data, updates, static):
    each = (eqx.if_array(0), 0, 0, None, None, None)
    return eqx.filter_vmap(_advance, in_axes=each)(state, rates, key, data, updates, static)


def _static(options: TrainingOptions) -> tuple[int, int, str, float]:
    most = min(options.evaluate_every, options.updates)
    return most, options.batch_size, options.schedule, options.weight_decay


def advance(
    state: TrainingState,
    rates: Hyperparameters,
    key: Array,
    data: Dataset,
    updates: Int[Array, ""],
    options: TrainingOptions,
) -> tuple[TrainingState, Float[Array, " most"]]:
    """At most `options.evaluate_every` more updates in one compiled call: the state after them, and
    the loss before each of them in the first places of an array.

    `data` and `updates` are arrays on the device; one compilation serves all runs of a shape.
    """
    return _advance_one(state, rates, key, data, updates, _static(options))


def resume(
    fit: Fit,
    data: Dataset,
    validation: Dataset,
    options: TrainingOptions,
    seed: int,
) -> Iterator[Fit]:
    """Take a run up where it stands; yields it after every `options.evaluate_every` updates.

    Ends after `options.updates`, or with `failed_at` set at the first loss that is not finite: then the
    state is the one before that chunk. The same arguments give the same bits on the same machine, from
    whichever of its own results the run is taken up.
    """
    for (now,) in train_batched([fit], data, validation, [options], [seed]):
        yield now


def train_batched(
    fits: Sequence[Fit],
    data: Dataset,
    validation: Dataset,
    options: Sequence[TrainingOptions],
    seeds: Sequence[int],
    *,
    test: Dataset | None = None,
) -> Iterator[list[Fit]]:
    """Take several runs of one shape up where they stand, side by side; yields all of them after every chunk.

    The models must differ in numbers only, the options only in learning rate and clipping norm. Those
    that have done the fewest updates go first, until all are level and go on together; each ends as by
    `resume`, and one that diverges does not disturb the others. Results equal those of `resume` up to
    rounding; the same runs in the same order give the same bits, from whichever of these results each is
    taken up. On an accelerator this is how small networks fill it; on a CPU, one process a core is faster.
    With `test`, the points of the learning curves tell of that set too.

    Raises: InvalidValueError if lengths, shapes or options don't fit together.
    """
    check(len(fits) == len(options) == len(seeds) > 0, "expected one fit, options and seed a run")
    check(len({(o.updates, _static(o)) for o in options}) == 1, "runs side by side need equal budgets")
    shapes = [shape_of(fit.state) for fit in fits]
    check(all(shape == shapes[0] for shape in shapes), "runs side by side need models of one shape")
    return _chunks(list(fits), data, validation, test, options, [_batch_key(seed) for seed in seeds])


def _chunks(
    fits: list[Fit],
    data: Dataset,
    validation: Dataset,
    test: Dataset | None,
    options: Sequence[TrainingOptions],
    keys: Sequence[Array],
) -> Iterator[list[Fit]]:
    chunk = _chunk_alone if len(fits) == 1 else _chunk_together
    rates, on_device = [Hyperparameters.of(o) for o in options], jax.tree.map(jnp.asarray, data)
    budget, every = options[0].updates, options[0].evaluate_every
    while standing := [fit.done for fit in fits if fit.failed_at is None and fit.done < budget]:
        started, done = time.perf_counter(), min(standing)
        count = min(every - done % every, budget - done)
        runs = [(fit.state, rate, key) for fit, rate, key in zip(fits, rates, keys, strict=True)]
        states, losses, answers = chunk(runs, on_device, validation.inputs, jnp.asarray(count), options[0])
        for i, fit in enumerate(fits):
            if fit.failed_at is None and fit.done == done:
                fits[i] = _record(fit, states[i], losses[i][:count], answers[i], validation, test, started)
        yield list(fits)


def _chunk_alone(runs, data, inputs, updates, options):
    """Not `_chunk_together` for one: under `vmap` the native kernels would be called run by run."""
    ((state, rates, key),) = runs
    state, losses = advance(state, rates, key, data, updates, options)
    return [state], [np.asarray(losses)], [predict(state.model, inputs)]


def _chunk_together(runs, data, inputs, updates, options):
    """Of all runs, also of those that won't use it: one program serves to the end, whoever has ended or is
    behind, and what it makes of a run doesn't depend on the others' places."""
    states, rates, keys = stack(runs)
    states, losses = _advance_many(states, rates, keys, data, updates, _static(options))
    answers = predict(states.model, inputs, many=True)
    return unstack(states, len(runs)), np.asarray(losses), answers


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

    Source of the protocol: Ba et al. 2016, section 4.1 (Adam, mini-batches of 128).
    """
    result = begun = init(model, options)
    for result in resume(begun, data, validation, options, seed):  # noqa: B007 - the last one counts
        pass
    return result


def _record(fit, state, losses, log_probabilities, validation, test, started) -> Fit:
    """The run after one more chunk: its next point, or the update at which it diverged."""
    bad = np.flatnonzero(~np.isfinite(losses))
    if len(bad) or not np.isfinite(log_probabilities).all():
        # If no loss shows it, the chunk's last update did it.
        failed_at = fit.done + (int(bad[0]) + 1 if len(bad) else len(losses))
        return replace(fit, failed_at=failed_at, seconds=fit.seconds + time.perf_counter() - started)
    result = score(log_probabilities, validation.targets)
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
