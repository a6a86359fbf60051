"""Training: an update is Adam's, a run is reproducible to the bit, runs side by side are the runs alone."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from cases import EVERY_CELL, Case, each
from cases import small_model as any_model
from fastweights.errors import InvalidValueError
from fastweights.models import partition
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Dataset
from fastweights.training.evaluation import evaluate
from fastweights.training.loop import fit, init, resume, train_batched
from fastweights.training.options import TrainingOptions
from fastweights.training.state import Fit, Point, TrainingState
from fastweights.training.step import Hyperparameters, loss, update

TASK = AssociativeRetrieval(num_pairs=1)
DATA, VALIDATION = TASK.split("train", 500), TASK.split("validation", 50)
# Three chunks, the last one shorter. Every run has these sizes, so that few programs are compiled.
OPTIONS = TrainingOptions(
    updates=120, evaluate_every=50, batch_size=32, learning_rate=5e-3, clip_norm=5.0, schedule="constant"
)
RNN = Case("standard-rnn")
# Past what single precision can hold, after one update.
DIVERGING = replace(OPTIONS, learning_rate=1e30)


def small_model(case: Case, seed: int = 0):
    """A model of the size that all these runs have."""
    return any_model(case, hidden_size=20, input_size=16, seed=seed)


def batches(count: int, size: int = 32):
    """Mini-batches as columns."""
    for i in range(count):
        rows = slice(i * size, (i + 1) * size)
        yield jnp.asarray(DATA.inputs[rows], jnp.int32), jnp.asarray(DATA.targets[rows], jnp.int32)


def same(one: Fit, other: Fit) -> bool:
    """Equal to the last bit, times aside."""
    return bool(eqx.tree_equal((one.state, one.best), (other.state, other.best)) and one.curve == other.curve)


loss_of, compiled_update = jax.jit(loss), jax.jit(update, static_argnums=(5, 6))


def test_loss_is_the_mean_negative_log_likelihood():
    model = small_model(RNN)
    tokens, targets = next(batches(1))
    logits = np.asarray(jax.jit(lambda m, t: m(t))(model, tokens), np.float64)
    right = np.exp(logits[np.arange(32), targets]) / np.exp(logits).sum(axis=-1)
    assert float(loss_of(model, tokens, targets)) == pytest.approx(-np.log(right).mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("clip_norm", "schedule", "weight_decay"),
    [(0.05, "constant", 0.0), (0.0, "cosine", 0.0), (0.05, "cosine", 2.0)],
)
def test_updates_are_those_of_plain_adam(clip_norm, schedule, weight_decay, float64):
    """Several of them: Adam's first step does not depend on the gradient's size, so clipping is unseen. The
    decay is Loshchilov & Hutter's: of the weights before the update, at the schedule's rate."""
    options = replace(
        OPTIONS,
        clip_norm=clip_norm,
        schedule=schedule,
        weight_decay=weight_decay,
        updates=4,
        learning_rate=1e-2,
    )
    rate = optax.cosine_decay_schedule(1e-2, 4) if schedule == "cosine" else 1e-2
    clip = optax.clip_by_global_norm(clip_norm) if clip_norm else optax.identity()
    plain = optax.chain(clip, optax.adam(rate))
    model = any_model(RNN)
    opt_state, rates = TrainingState.init(model, options).opt_state, Hyperparameters.of(options)
    trained, rest = partition(model)
    expected_opt_state = plain.init(trained)

    @jax.jit
    def plain_update(trained, opt_state, tokens, targets, decay):
        gradient = jax.grad(lambda trained: loss(eqx.combine(trained, rest), tokens, targets))(trained)
        changes, opt_state = plain.update(gradient, opt_state, trained)
        decayed = jax.tree.map(lambda weight, change: (1 - decay) * weight + change, trained, changes)
        return decayed, opt_state, optax.tree.norm(gradient)

    for i, (tokens, targets) in enumerate(batches(4)):
        decay = weight_decay * (rate(i) if callable(rate) else rate)
        model, opt_state, _ = compiled_update(
            model, opt_state, tokens, targets, rates, schedule, weight_decay
        )
        trained, expected_opt_state, norm = plain_update(trained, expected_opt_state, tokens, targets, decay)
        assert norm > 0.05
    for a, b in zip(jax.tree.leaves(model), jax.tree.leaves(trained), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def test_the_same_run_gives_the_same_bits_and_another_seed_others():
    one, again, other = (fit(small_model(RNN), DATA, VALIDATION, options=OPTIONS, seed=s) for s in (3, 3, 4))
    assert same(one, again)
    assert not eqx.tree_equal(one.model, other.model)
    assert [point.update for point in one.curve] == [50, 100, 120] and one.done == 120


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_resumed_run_gives_the_same_bits(schedule):
    options = replace(OPTIONS, schedule=schedule)
    whole = list(resume(init(small_model(RNN), options), DATA, VALIDATION, options, 5))
    for middle in whole[:-1]:
        *_, last = resume(middle, DATA, VALIDATION, options, 5)
        assert same(last, whole[-1])


def test_a_larger_budget_goes_on_where_a_smaller_one_ended():
    """In the middle of a chunk: batches depend on the number of updates, not on the place in a chunk."""
    whole, part = (
        fit(small_model(RNN), DATA, VALIDATION, options=replace(OPTIONS, updates=updates), seed=5)
        for updates in (120, 30)
    )
    *_, last = resume(part, DATA, VALIDATION, OPTIONS, 5)
    assert [point.update for point in last.curve] == [30, 50, 100, 120]
    assert eqx.tree_equal(last.state, whole.state)


def test_the_learning_curve_says_what_happened():
    """With a budget of one more update each time, a point's loss is that of one batch, before the update."""
    alike = Dataset(DATA.inputs[:1], DATA.targets[:1])
    tokens = jnp.asarray(np.repeat(alike.inputs, 32, axis=0), jnp.int32)
    targets = jnp.full(32, int(alike.targets[0]))
    now = init(small_model(RNN), OPTIONS)
    for updates in (1, 2, 3):
        model = now.model
        (now,) = resume(now, alike, VALIDATION, replace(OPTIONS, updates=updates), 0)
        point, result = now.curve[-1], evaluate(now.model, VALIDATION)
        assert point.train_loss == pytest.approx(float(loss_of(model, tokens, targets)), rel=1e-5)
        assert (point.update, point.validation_error) == (updates, result.error)
        assert point.validation_log_likelihood == result.log_likelihood
        assert evaluate(now.best, VALIDATION).error == min(p.validation_error for p in now.curve)


def test_the_best_point_is_the_earliest_of_equals():
    curve = tuple(Point(i, 0.0, error, 0.0) for i, error in enumerate([0.5, 0.2, 0.3, 0.2]))
    assert replace(init(small_model(RNN), OPTIONS), curve=curve).best_point == curve[1]


# Two chunks, the last one shorter.
FEW = replace(OPTIONS, updates=8, evaluate_every=5)


def three(*rates: float):
    """Fits of fast weights at their start that differ in everything that may differ, with their options."""
    clips, decays = (0.0, 0.1, 5.0), (0.8, 0.5, 0.95)
    options = [replace(FEW, learning_rate=r, clip_norm=c) for r, c in zip(rates, clips, strict=True)]
    # Without normalisation, so that large weights make large states.
    cases = [Case("fast-weights", (("decay", decay), ("norm", "none"))) for decay in decays]
    models = [any_model(case, seed=seed) for seed, case in enumerate(cases)]
    return [init(model, o) for model, o in zip(models, options, strict=True)], options


def together(fits, options) -> list[list[Fit]]:
    """The runs side by side after every chunk."""
    return list(train_batched(fits, DATA, VALIDATION, options, range(3)))


def test_runs_side_by_side_equal_the_runs_alone(float64):
    """In double precision a gradient's rounding (1e-16) is far below Adam's ε of 1e-8, so an update
    differs by at most about 1e-8 of the learning rate, however small the gradient."""
    begun, options = three(1e-2, 3e-3, 1e-3)
    *_, beside = together(begun, options)
    for first, each_options, seed, last in zip(begun, options, range(3), beside, strict=True):
        alone = fit(first.model, DATA, VALIDATION, options=each_options, seed=seed)
        assert last.failed_at is None and last.done == alone.done == 8
        for a, b in zip(jax.tree.leaves(last.model), jax.tree.leaves(alone.model), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)
        assert last.model.cell.decay == first.model.cell.decay
        for a, b in zip(last.curve, alone.curve, strict=True):
            assert a.update == b.update
            assert a.train_loss == pytest.approx(b.train_loss, rel=1e-8)


def test_runs_side_by_side_go_on_from_wherever_each_stands():
    """Those that are behind are brought forward first, to the bits they would have had."""
    begun, options = three(1e-2, 3e-3, 1e-3)
    middle, last = together(begun, options)
    assert [fit.done for fit in middle] == [5, 5, 5] and [fit.done for fit in last] == [8, 8, 8]
    for stands, places in [
        ([middle[0], begun[1], middle[2]], [[5, 5, 5], [8, 8, 8]]),
        ([last[0], begun[1], middle[2]], [[8, 5, 5], [8, 8, 8]]),
        (last, []),
    ]:
        resumed = together(stands, options)
        assert [[fit.done for fit in fits] for fits in resumed] == places
        assert all(map(same, (resumed or [last])[-1], last))


def test_a_diverging_run_is_marked_and_leaves_the_others_alone():
    quiet = together(*three(1e-2, 3e-3, 1e-3))
    begun, options = three(1e-2, 1e30, 1e-3)
    disturbed = together(begun, options)
    assert [[fit.failed_at for fit in fits] for fits in disturbed] == [[None, 2, None]] * 2
    for now, undisturbed in zip(disturbed, quiet, strict=True):
        assert same(now[0], undisturbed[0]) and same(now[2], undisturbed[2])
        assert same(now[1], begun[1])
    # It has failed for good, also where the others start level with it.
    failed = disturbed[0][1]
    again = together([begun[0], failed, begun[2]], options)
    assert [fits[1] is failed for fits in again] == [True, True] and same(again[-1][0], quiet[-1][0])


def test_a_run_ends_at_the_first_loss_that_is_not_finite():
    model = small_model(RNN)
    (failed,) = resume(init(model, DIVERGING), DATA, VALIDATION, DIVERGING, 0)
    assert failed.failed_at == 2
    assert eqx.tree_equal(failed.model, model)


def test_a_failed_run_keeps_the_state_before_the_chunk():
    good = next(resume(init(small_model(RNN), OPTIONS), DATA, VALIDATION, OPTIONS, 0))
    (failed,) = resume(good, DATA, VALIDATION, DIVERGING, 0)
    assert failed.failed_at == 50 + 2
    assert same(failed, good)
    assert list(resume(failed, DATA, VALIDATION, DIVERGING, 0)) == []


def test_a_run_that_breaks_in_its_last_update_has_failed_too():
    """Its losses are all finite: each is computed before the update."""
    options = replace(DIVERGING, updates=1)
    (failed,) = resume(init(small_model(RNN), options), DATA, VALIDATION, options, 0)
    assert failed.failed_at == 1 and failed.done == 0 and failed.curve == ()


@pytest.mark.parametrize(
    ("options", "seeds", "message"),
    [
        ([], [], "one fit, options and seed a run"),
        ([OPTIONS] * 2, [0], "one fit, options and seed a run"),
        ([OPTIONS, replace(OPTIONS, updates=121)], [0, 1], "equal budgets"),
        ([OPTIONS, replace(OPTIONS, schedule="cosine")], [0, 1], "equal budgets"),
    ],
)
def test_runs_that_do_not_fit_together_are_refused(options, seeds, message):
    with pytest.raises(InvalidValueError, match=message):
        train_batched([init(small_model(RNN), OPTIONS)] * len(options), DATA, VALIDATION, options, seeds)


def test_models_of_different_shapes_are_refused():
    fits = [init(model, OPTIONS) for model in (any_model(RNN), small_model(RNN))]
    with pytest.raises(InvalidValueError, match="one shape"):
        train_batched(fits, DATA, VALIDATION, [OPTIONS] * 2, [0, 1])


@each(EVERY_CELL)
def test_every_cell_learns_to_remember_one_digit(case):
    result = fit(small_model(case), DATA, VALIDATION, options=replace(OPTIONS, updates=400))
    assert evaluate(result.model, TASK.split("test", 200)).error < 0.05


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"updates": 0}, "updates .*got 0"),
        ({"learning_rate": 0.0}, "learning_rate .*got 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate .*got nan"),
        ({"schedule": "linear"}, "constant, cosine; got 'linear'"),
        ({"clip_norm": -1.0}, "clip_norm .*got -1.0"),
        ({"weight_decay": -0.1}, "weight_decay .*got -0.1"),
        ({"batch_size": 0}, "batch_size .*got 0"),
        ({"evaluate_every": 0}, "evaluate_every .*got 0"),
    ],
)
def test_options_out_of_range_are_refused(bad, message):
    with pytest.raises(InvalidValueError, match=message):
        TrainingOptions(**bad)
