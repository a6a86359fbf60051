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
from fastweights.training.evaluation import predict, score
from fastweights.training.options import TrainingOptions
from fastweights.training.state import Fit, Point, TrainingState
from fastweights.training.step import Rates, update


def _advance(
    state: TrainingState,
    rates: Rates,
    key: Array,
    data: Dataset,
    updates: Int[Array, ""],
    static: tuple[int, int, str],
) -> tuple[TrainingState, Float[Array, " most"]]:
    """`updates` more updates, and their losses in the first places of an array.

    Mini-batches are drawn with replacement from a key made of the run's key and the update's number:
    a run that is taken up again draws what it would have drawn.
    """
    most, batch_size, schedule = static

    @jax.vmap
    def draw(number):
        return jax.random.randint(jax.random.fold_in(key, number), (batch_size,), 0, len(data.targets))

    # All at once: half the cost of drawing one mini-batch after the other.
    batches = draw(state.done + jnp.arange(most))

    def one(i, carry):
        state, losses = carry
        rows = batches[i]
        tokens, targets = data.inputs[rows].T.astype(jnp.int32), data.targets[rows].astype(jnp.int32)
        model, moments, value = update(state.model, state.moments, tokens, targets, rates, schedule)
        return TrainingState(model, moments, state.done + 1), losses.at[i].set(value)

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


def _static(options: TrainingOptions) -> tuple[int, int, str]:
    return min(options.evaluate_every, options.updates), options.batch_size, options.schedule


def advance(
    state: TrainingState,
    rates: Rates,
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


def train(
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
    rates, key = Rates.of(options), _batch_key(seed)
    on_device = jax.tree.map(jnp.asarray, data)
    while fit.done < options.updates and fit.failed_at is None:
        started = time.perf_counter()
        count = min(options.evaluate_every - fit.done % options.evaluate_every, options.updates - fit.done)
        state, losses = advance(fit.state, rates, key, on_device, jnp.asarray(count), options)
        log_probabilities = predict(state.model, validation.inputs)
        fit = _record(fit, state, np.asarray(losses)[:count], log_probabilities, validation, started)
        yield fit


def train_many(
    models: Sequence[SequenceClassifier],
    data: Dataset,
    validation: Dataset,
    options: Sequence[TrainingOptions],
    seeds: Sequence[int],
) -> list[Fit]:
    """Several runs of one shape side by side in one compiled program, to their end.

    The models must differ in numbers only, the options only in learning rate and clipping norm. On an
    accelerator this is how small networks fill it; on a CPU, one process a core is faster. Results
    equal those of `train` up to rounding. A diverged run is marked and does not disturb the others.

    Raises: InvalidValueError if lengths, shapes or options don't fit together.
    """
    check(len(models) == len(options) == len(seeds) > 0, "expected one model, options and seed a run")
    check(len({(o.updates, _static(o)) for o in options}) == 1, "runs side by side need equal budgets")
    check(
        len({jax.tree.structure(m) for m in models}) == 1
        and len({str(jax.tree.map(jnp.shape, eqx.filter(m, eqx.is_array))) for m in models}) == 1,
        "runs side by side need models of one shape",
    )
    fits = [start(model, each) for model, each in zip(models, options, strict=True)]
    state = _stack([fit.state for fit in fits])
    rates, keys = _stack([Rates.of(o) for o in options]), jnp.stack([_batch_key(s) for s in seeds])
    on_device = jax.tree.map(jnp.asarray, data)
    budget, every = options[0].updates, options[0].evaluate_every
    for done in range(0, budget, every):
        started, count = time.perf_counter(), min(every, budget - done)
        state, losses = _advance_many(state, rates, keys, on_device, jnp.asarray(count), _static(options[0]))
        log_probabilities = predict(state.model, validation.inputs, many=True)
        losses = np.asarray(losses)[:, :count]
        for i, fit in enumerate(fits):
            if fit.failed_at is None:
                mine = _take(state, i)
                fits[i] = _record(fit, mine, losses[i], log_probabilities[i], validation, started)
    return fits


def start(model: SequenceClassifier, options: TrainingOptions) -> Fit:
    """A run before its first update."""
    return Fit(TrainingState.start(model, options), model)


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
    result = begun = start(model, options)
    for result in train(begun, data, validation, options, seed):  # noqa: B007 - the last one counts
        pass
    return result


def _record(fit, state, losses, log_probabilities, validation, started) -> Fit:
    """The run after one more chunk: its next point, or the update at which it diverged."""
    bad = np.flatnonzero(~np.isfinite(losses))
    seconds = fit.seconds + time.perf_counter() - started
    if len(bad):
        return replace(fit, failed_at=fit.done + int(bad[0]) + 1, seconds=seconds)
    if not np.isfinite(log_probabilities).all():
        # The chunk's last update did it: no later loss was there to show it.
        return replace(fit, failed_at=fit.done + len(losses), seconds=seconds)
    result = score(log_probabilities, validation.targets)
    point = Point(int(state.done), float(losses.mean(dtype=np.float64)), result.error, result.log_likelihood)
    best = fit.best_point
    better = best is None or point.validation_error < best.validation_error
    return Fit(state, state.model if better else fit.best, (*fit.curve, point), seconds)


def _batch_key(seed: int) -> Array:
    return jax.random.fold_in(jax.random.key(seed), 1)


def _stack(trees):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves) if eqx.is_array(leaves[0]) else leaves[0], *trees)


def _take(tree, i: int):
    return jax.tree.map(lambda leaf: leaf[i] if eqx.is_array(leaf) else leaf, tree)
