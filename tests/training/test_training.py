"""Training: an update is Adam's, a run is reproducible to the bit, runs side by side are the runs alone."""

from dataclasses import replace
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from cases import EVERY_CELL, Case, each
from cases import small_model as any_model
from fastweights.errors import DivergenceError, InvalidValueError
from fastweights.models import partition
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Dataset
from fastweights.training.datasets import Sequences
from fastweights.training.evaluation import evaluate
from fastweights.training.loop import fit, init, resume, train_batched
from fastweights.training.options import TrainingOptions
from fastweights.training.state import Fit, Point, TrainingState
from fastweights.training.step import Hyperparameters, loss, optimiser, update

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
    """Mini-batches."""
    for i in range(count):
        rows = slice(i * size, (i + 1) * size)
        yield Sequences(jnp.asarray(DATA.inputs[rows]), jnp.asarray(DATA.targets[rows]))


def steps(fit: Fit, data: Dataset, options: TrainingOptions, seed: int, validation=VALIDATION) -> list[Fit]:
    """The run after each chunk."""
    runs = train_batched([fit], data, validation, options=[options], seeds=[seed])
    return [fits[0] for fits in runs]


def same(one: Fit, other: Fit) -> bool:
    """Equal to the last bit, times aside."""
    return bool(eqx.tree_equal((one.state, one.best), (other.state, other.best)) and one.curve == other.curve)


loss_of = jax.jit(loss)


def test_loss_is_the_mean_negative_log_likelihood():
    model = small_model(RNN)
    (batch,) = batches(1)
    logits = np.asarray(jax.jit(lambda m, t: m(t))(model, batch.inputs), np.float64)
    right = np.exp(logits[np.arange(32), batch.targets]) / np.exp(logits).sum(axis=-1)
    assert float(loss_of(model, batch)) == pytest.approx(-np.log(right).mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("clip_norm", "schedule", "weight_decay"),
    [
        (0.0, "cosine", 0.0),
        (0.05, "cosine", 2.0),
        pytest.param(0.05, "constant", 0.0, marks=pytest.mark.thorough),
    ],
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
    opt_state = TrainingState.init(model, options).opt_state
    rule = optimiser(Hyperparameters.of(options), schedule, weight_decay)
    trained, rest = partition(model)
    expected_opt_state = plain.init(trained)

    @jax.jit
    def plain_update(trained, opt_state, batch, decay):
        gradient = jax.grad(lambda trained: loss(eqx.combine(trained, rest), batch))(trained)
        changes, opt_state = plain.update(gradient, opt_state, trained)
        decayed = jax.tree.map(lambda weight, change: (1 - decay) * weight + change, trained, changes)
        return decayed, opt_state, optax.tree.norm(gradient)

    for i, batch in enumerate(batches(4)):
        decay = weight_decay * (rate(i) if callable(rate) else rate)
        model, opt_state, _ = eqx.filter_jit(update)(model, opt_state, batch, rule)
        trained, expected_opt_state, norm = plain_update(trained, expected_opt_state, batch, decay)
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
    whole = steps(init(small_model(RNN), options), DATA, options, 5)
    assert len(whole) == 3
    for middle in whole:
        assert same(resume(middle, DATA, VALIDATION, options=options, seed=5), whole[-1])


def test_a_larger_budget_goes_on_where_a_smaller_one_ended():
    """In the middle of a chunk: batches depend on the number of updates, not on the place in a chunk."""
    whole, part = (
        fit(small_model(RNN), DATA, VALIDATION, options=replace(OPTIONS, updates=updates), seed=5)
        for updates in (120, 30)
    )
    last = resume(part, DATA, VALIDATION, options=OPTIONS, seed=5)
    assert [point.update for point in last.curve] == [30, 50, 100, 120]
    assert eqx.tree_equal(last.state, whole.state)


def test_the_learning_curve_says_what_happened():
    """With a budget of one more update each time, a point's loss is that of one batch, before the update."""
    alike = Dataset(DATA.inputs[:1], DATA.targets[:1])
    batch = Sequences(np.repeat(alike.inputs, 32, axis=0), np.repeat(alike.targets, 32))
    now = init(small_model(RNN), OPTIONS)
    for updates in (1, 2, 3):
        model = now.model
        now = resume(now, alike, VALIDATION, options=replace(OPTIONS, updates=updates))
        point, result = now.curve[-1], evaluate(now.model, VALIDATION)
        assert point.train_loss == pytest.approx(float(loss_of(model, batch)), rel=1e-5)
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
    return list(train_batched(fits, DATA, VALIDATION, options=options, seeds=range(3)))


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
    (failed,) = steps(init(model, DIVERGING), DATA, DIVERGING, 0)
    assert failed.failed_at == 2
    assert eqx.tree_equal(failed.model, model)


def test_a_failed_run_keeps_the_state_before_the_chunk():
    good = steps(init(small_model(RNN), OPTIONS), DATA, OPTIONS, 0)[0]
    (failed,) = steps(good, DATA, DIVERGING, 0)
    assert failed.failed_at == 50 + 2
    assert same(failed, good)
    assert steps(failed, DATA, DIVERGING, 0) == []


def test_a_run_that_breaks_in_its_last_update_has_failed_too():
    """Its losses are all finite: each is computed before the update."""
    options = replace(DIVERGING, updates=1)
    (failed,) = steps(init(small_model(RNN), options), DATA, options, 0)
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
        fits = [init(small_model(RNN), OPTIONS)] * len(options)
        train_batched(fits, DATA, VALIDATION, options=options, seeds=seeds)


def test_models_of_different_shapes_are_refused():
    fits = [init(model, OPTIONS) for model in (any_model(RNN), small_model(RNN))]
    with pytest.raises(InvalidValueError, match="one shape"):
        train_batched(fits, DATA, VALIDATION, options=[OPTIONS] * 2, seeds=[0, 1])


def test_fit_says_that_a_run_diverged():
    """And has the run before that."""
    good = fit(small_model(RNN), DATA, VALIDATION, options=replace(OPTIONS, updates=50))
    with pytest.raises(
        DivergenceError, match="the loss is not finite at update 52: the run diverged"
    ) as caught:
        resume(good, DATA, VALIDATION, options=DIVERGING)
    assert caught.value.fit.failed_at == 52 and same(caught.value.fit, good)
    with pytest.raises(DivergenceError):
        resume(caught.value.fit, DATA, VALIDATION, options=DIVERGING)


def test_a_callback_sees_every_evaluation_and_may_stop():
    """Stopped anywhere, the run goes on to the same bits."""
    whole, seen = fit(small_model(RNN), DATA, VALIDATION, options=OPTIONS), []
    same_run = partial(fit, small_model(RNN), DATA, VALIDATION, options=OPTIONS)
    stopped = same_run(callbacks=[lambda now: now.done == 100, lambda now: seen.append(now.curve[-1])])
    assert [point.update for point in seen] == [50, 100] and tuple(seen) == stopped.curve == whole.curve[:2]
    assert same(resume(stopped, DATA, VALIDATION, options=OPTIONS), whole)


def test_the_test_set_is_followed_if_there_is_one():
    data = TASK.split("test", 40)
    run = fit(small_model(RNN), DATA, VALIDATION, options=replace(OPTIONS, updates=50), test=data)
    result = evaluate(run.model, data)
    assert (run.curve[-1].test_error, run.curve[-1].test_log_likelihood) == (
        result.error,
        result.log_likelihood,
    )


@pytest.mark.thorough
def test_any_optax_transformation_trains():
    """Plain gradient descent, against its equation; begun with another, a run does not go on."""
    rule, options = optax.sgd(0.3), replace(OPTIONS, updates=2, evaluate_every=2)
    model = small_model(RNN)
    run = fit(model, DATA, VALIDATION, options=options, optimiser=rule)
    key = jax.random.fold_in(jax.random.key(0), 1)
    for number in range(2):
        rows = jax.random.randint(jax.random.fold_in(key, number), (32,), 0, 500)
        batch = jax.tree.map(jnp.asarray, Sequences(DATA.inputs[rows], DATA.targets[rows]))
        trained, rest = partition(model)
        gradient = jax.grad(lambda trained, rest=rest, batch=batch: loss(eqx.combine(trained, rest), batch))(
            trained
        )
        model = eqx.combine(jax.tree.map(lambda p, g: p - 0.3 * g, trained, gradient), rest)
    for a, b in zip(jax.tree.leaves(run.model), jax.tree.leaves(model), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    more = replace(options, updates=4)
    assert resume(run, DATA, VALIDATION, options=more, optimiser=rule).done == 4
    with pytest.raises(InvalidValueError, match="begun with another optimiser"):
        resume(run, DATA, VALIDATION, options=more)


@pytest.mark.thorough
def test_side_by_side_with_an_optimiser_of_one_s_own():
    rule = optax.chain(optax.clip_by_global_norm(1.0), optax.lion(1e-3))
    fits = [init(small_model(RNN, seed), FEW, optimiser=rule) for seed in range(2)]
    *_, last = train_batched(fits, DATA, VALIDATION, options=[FEW] * 2, seeds=[0, 1], optimiser=rule)
    for seed, beside in enumerate(last):
        alone = fit(small_model(RNN, seed), DATA, VALIDATION, options=FEW, seed=seed, optimiser=rule)
        for a, b in zip(jax.tree.leaves(beside.model), jax.tree.leaves(alone.model), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


@each(EVERY_CELL)
def test_every_cell_learns_to_remember_one_digit(case):
    model, data = small_model(case), DATA
    gated = getattr(getattr(model.cell, "options", None), "output_gate", "none") != "none"
    if gated:  # by the letter that is asked, which tells few training sequences apart
        data = TASK.split("train", 3000)
    result = fit(model, data, VALIDATION, options=replace(OPTIONS, updates=400))
    assert evaluate(result.model, TASK.split("test", 200)).error < (0.5 if gated else 0.15)


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
