"""Runs with their files: alone or side by side, interrupted, resumed, failed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fastweights.errors import FileError, InvalidValueError
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.runs.worker import load_model, run, run_many, shape_of
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training import checkpoint
from fastweights.training.options import TrainingOptions

# Three chunks each, the last one shorter.
TRAINING = TrainingOptions(updates=50, batch_size=8, evaluate_every=20)
ENDS = [20, 40, 50]


def specification(seed: int, **training: float) -> RunSpecification:
    return RunSpecification(
        AssociativeRetrieval(num_pairs=1),
        "irnn",
        3,
        training=replace(TRAINING, **training),
        data=DataOptions(train=200, validation=26, test=30),
        seed=seed,
    )


GROUP = [specification(0), specification(1, learning_rate=1e-2), specification(2, clip_norm=0.0)]


def outs(folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    return [folder / f"{name}.safetensors" for name in "abc"]


def partial(out: Path) -> Path:
    return out.with_name(f"{out.name}.partial")


def result(out: Path):
    """All that must not depend on what happened on the way: the model's bits, the curve, the numbers."""
    arrays, about = checkpoint.load(out)
    outcome = about["outcome"]
    timeless = {name: value for name, value in outcome["result"].items() if name != "seconds"}
    return {name: arrays[name].tobytes() for name in arrays}, outcome["curve"], timeless


def close(one: Path, other: Path) -> bool:
    """Equal up to rounding, after so few updates."""
    (first, about), (second, also) = checkpoint.load(one), checkpoint.load(other)
    # The weights of which a gradient is rounding only are moved as Adam's ε says: by a fraction of an update.
    near = all(np.allclose(first[name], second[name], rtol=1e-3, atol=1e-4) for name in first)
    curves = [[point[:2] for point in model["outcome"]["curve"]] for model in (about, also)]
    return near and about["specification"] == also["specification"] and np.allclose(*curves, rtol=1e-4)


def after(count: int):
    """Returns True at the count-th call."""
    calls = iter(range(1, 100))
    return lambda: next(calls) == count


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The group's files, trained side by side."""
    paths = outs(tmp_path_factory.mktemp("undisturbed"))
    outcomes = run_many(GROUP, paths)
    assert [outcome["state"] for outcome in outcomes] == ["finished"] * 3
    for specification, path, outcome in zip(GROUP, paths, outcomes, strict=True):
        saved, _, recorded = load_model(path)
        assert (saved, recorded) == (specification, outcome)
        assert [point[0] for point in outcome["curve"]] == ENDS
        assert not partial(path).exists()
    assert len({str(result(path)) for path in paths}) == 3
    return paths


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The group's files, each trained alone."""
    paths = outs(tmp_path_factory.mktemp("alone"))
    for specification, path in zip(GROUP, paths, strict=True):
        assert run(specification, path)["state"] == "finished"
    return paths


def test_runs_side_by_side_equal_the_runs_alone(undisturbed, alone):
    assert all(map(close, undisturbed, alone))


def test_an_interrupted_run_goes_on_to_the_same_bits(alone, tmp_path):
    out, points = tmp_path / "a", []
    assert run(GROUP[0], out, stopped=after(1))["state"] == "interrupted"
    assert not out.exists()
    assert run(GROUP[0], out, report=lambda point: points.append(point.update))["state"] == "finished"
    assert points == ENDS
    assert result(out) == result(alone[0])


@pytest.mark.parametrize("chunks", [1, 2])
def test_an_interrupted_group_goes_on_to_the_same_bits(chunks, undisturbed, tmp_path):
    paths, points = outs(tmp_path), []
    outcomes = run_many(GROUP, paths, stopped=after(chunks))
    assert [outcome["state"] for outcome in outcomes] == ["interrupted"] * 3
    assert [len(outcome["curve"]) for outcome in outcomes] == [chunks] * 3
    assert not any(path.exists() for path in paths)
    run_many(GROUP, paths, report=lambda index, point: points.append((index, point.update)))
    # Where they stood is said once, whatever came before it: the pace of this start is counted from there.
    assert points == [(i, end) for end in ENDS[chunks - 1 :] for i in range(3)]
    assert list(map(result, paths)) == list(map(result, undisturbed))


@pytest.mark.parametrize("behind", ["a chunk", "all"])
def test_a_run_that_is_behind_catches_up_to_the_same_bits(behind, undisturbed, tmp_path):
    """As after a kill between the saves of two runs, or of a file that was lost."""
    paths, points = outs(tmp_path), []
    run_many(GROUP, paths, stopped=after(1))
    earlier = partial(paths[1]).read_bytes()
    run_many(GROUP, paths, stopped=after(1))
    if behind == "all":
        partial(paths[1]).unlink()
    else:
        partial(paths[1]).write_bytes(earlier)
    run_many(GROUP, paths, report=lambda index, point: points.append((index, point.update)))
    stood = points[: 2 if behind == "all" else 3]
    missed = [20, 40] if behind == "all" else [40]
    assert stood == [(0, 40), *([] if behind == "all" else [(1, 20)]), (2, 40)]
    assert points[len(stood) :] == [*((1, end) for end in missed), (0, 50), (1, 50), (2, 50)]
    assert list(map(result, paths)) == list(map(result, undisturbed))


def test_the_test_set_is_followed_if_the_options_say_so(alone, tmp_path):
    """Interrupted or not; and it changes nothing else."""
    followed = specification(0, test_curve=True)
    (out,) = outs(tmp_path)[:1]
    run(followed, out, stopped=after(1))
    outcome = run(followed, out)
    assert [len(point) for point in outcome["curve"]] == [6] * 3
    assert [point[:4] for point in outcome["curve"]] == load_model(alone[0])[2]["curve"]
    *_, error, log_likelihood = outcome["curve"][-1]
    assert error == pytest.approx(outcome["result"]["test_error"], rel=1e-6)
    assert log_likelihood == pytest.approx(outcome["result"]["test_log_likelihood"], rel=1e-6)


def test_a_run_of_a_group_finishes_alone_and_one_alone_in_a_group(alone, tmp_path):
    paths = outs(tmp_path)
    run_many(GROUP[:2], paths[:2], stopped=after(1))
    run(GROUP[2], paths[2], stopped=after(1))
    points = []
    run(GROUP[0], paths[0], stopped=after(2), report=lambda point: points.append(point.update))
    run_many(GROUP[1:], paths[1:], report=lambda index, point: points.append(point.update))
    assert points == [*ENDS, 20, 20, 40, 40, 50, 50]
    assert all(map(close, paths, alone))


DIVERGING = specification(1, learning_rate=1e30)


def test_a_diverging_run_fails_and_the_others_finish_unchanged(undisturbed, tmp_path):
    paths, points = outs(tmp_path), []
    outcomes = run_many(
        [GROUP[0], DIVERGING, GROUP[2]],
        paths,
        report=lambda index, point: points.append((index, point.update)),
    )
    assert [outcome["state"] for outcome in outcomes] == ["finished", "failed", "finished"]
    assert outcomes[1]["failure"] == "the loss is not finite at update 2"
    assert points == [(index, end) for end in ENDS for index in (0, 2)]
    assert [result(paths[i]) for i in (0, 2)] == [result(undisturbed[i]) for i in (0, 2)]
    assert not paths[1].exists()


@pytest.mark.parametrize("others", [[], [GROUP[0]]], ids=["alone", "beside another"])
def test_a_failed_run_keeps_its_state_and_fails_again_after_one_chunk(others, tmp_path, monkeypatch):
    late = specification(1, learning_rate=1e-2)
    group, paths = [late, *others], outs(tmp_path)[: 1 + len(others)]
    run_many(group, paths, stopped=after(1))
    # The same run, but from here on it diverges.
    monkeypatch.setattr(
        "fastweights.training.loop.Hyperparameters.of",
        with_learning_rate_of(late, DIVERGING.training.learning_rate),
    )
    first = run_many(group, paths)[0]
    assert first["state"] == "failed" and first["failure"] == "the loss is not finite at update 22"
    kept = partial(paths[0]).read_bytes()
    points = []
    again = run(late, paths[0], report=lambda point: points.append(point.update))
    assert points == [20]
    assert {**again, "environment": None} == {**first, "environment": None}
    assert partial(paths[0]).read_bytes() == kept


def with_learning_rate_of(diverging: RunSpecification, learning_rate: float):
    from fastweights.training.step import Hyperparameters

    original = Hyperparameters.of

    def of(options: TrainingOptions):
        return original(
            replace(options, learning_rate=learning_rate) if options == diverging.training else options
        )

    return of


@pytest.mark.parametrize("count", [1, 3])
def test_what_was_reported_is_safe(count, tmp_path):
    group, paths = GROUP[:count], outs(tmp_path)[:count]

    def report(index, point):
        if point.update < ENDS[-1]:
            curve = checkpoint.load(partial(paths[index]))[1]["curve"]
            assert curve[-1][0] == point.update
        else:
            assert not paths[index].exists()
        seen.append((index, point.update))

    seen = []
    run_many(group, paths, report=report)
    assert seen == [(index, end) for end in ENDS for index in range(count)]


def test_an_unreadable_partial_is_replaced(undisturbed, tmp_path):
    paths = outs(tmp_path)
    run_many(GROUP, paths, stopped=after(1))
    partial(paths[0]).write_bytes(partial(paths[0]).read_bytes()[:-1])
    partial(paths[2]).write_bytes(partial(paths[1]).read_bytes())  # of another specification
    run_many(GROUP, paths)
    assert list(map(result, paths)) == list(map(result, undisturbed))


def test_a_run_that_other_code_began_begins_anew(undisturbed, tmp_path, monkeypatch):
    paths = outs(tmp_path)
    with monkeypatch.context() as before:
        before.setattr("fastweights.runs.worker.code", lambda: "0123456789ab")
        before.setattr("fastweights.training.loop.Hyperparameters.of", with_learning_rate_of(GROUP[0], 0.1))
        run_many(GROUP, paths, stopped=after(1))
    points = []
    run_many(GROUP, paths, report=lambda index, point: points.append(point.update))
    assert points == [end for end in ENDS for _ in GROUP], "no point of a checkpoint comes first"
    assert list(map(result, paths)) == list(map(result, undisturbed))


def test_leftovers_of_killed_writes_are_removed_and_nothing_else(tmp_path):
    out = tmp_path / "a[1]"
    leftovers = [".a[1].abcd_123.tmp", ".a[1].partial.abcd_123.tmp"]
    others = [".a1.abcd_123.tmp", ".a[1].b.abcd_123.tmp", ".a[1].abcd_1234.tmp", "a[1].abcd_123.tmp"]
    for name in (*leftovers, *others):
        (tmp_path / name).touch()
    left = []
    run(GROUP[0], out, report=lambda point: left.extend(path.name for path in tmp_path.iterdir()))
    assert not set(leftovers) & set(left)
    assert {path.name for path in tmp_path.iterdir()} == {"a[1]", *others}


def test_what_cannot_be_written_is_a_file_error(tmp_path):
    paths = outs(tmp_path)[:2]
    partial(paths[1]).mkdir()
    points = []
    with pytest.raises(FileError, match="it is a folder"):
        run_many(GROUP[:2], paths, report=lambda index, point: points.append(index))
    assert points == [0]
    partial(paths[1]).rmdir()
    paths[1].mkdir()
    with pytest.raises(FileError, match="it is a folder"):
        run_many(GROUP[:2], paths)
    assert paths[0].is_file() and partial(paths[1]).is_file()


def test_seed_learning_rate_and_clipping_may_differ_side_by_side():
    assert len(set(map(shape_of, [*GROUP, DIVERGING]))) == 1
    others = [
        replace(GROUP[0], hidden_size=4),
        replace(GROUP[0], data=DataOptions(train=200, validation=26, test=30, seed=1)),
        specification(0, updates=51),
        replace(GROUP[0], task=AssociativeRetrieval(num_pairs=2)),
        replace(GROUP[0], model="standard-rnn", cell=None),
    ]
    assert len(set(map(shape_of, [GROUP[0], *others]))) == 6


@pytest.mark.parametrize(
    ("specifications", "names", "message"),
    [
        ([], [], "file of its own"),
        (GROUP[:2], ["a", "a"], "file of its own"),
        (GROUP[:2], ["a"], "file of its own"),
        ([GROUP[0], specification(0, updates=51)], ["a", "b"], "shape_of"),
    ],
)
def test_runs_that_do_not_fit_together_are_refused(specifications, names, message, tmp_path):
    with pytest.raises(InvalidValueError, match=message):
        run_many(specifications, [tmp_path / name for name in names])
    assert not list(tmp_path.iterdir())
