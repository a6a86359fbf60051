"""Time left and states, on made-up runs whose answers are known."""

from dataclasses import replace

import pytest

from fastweights.studies.analysis.progress import (
    STATES,
    RunProgress,
    run_progress,
    seconds_an_update,
    seconds_left,
    study_status,
)
from fastweights.studies.record.store import Run

HEARTBEAT = {"executor": "local", "workers": 2, "takes_over": "its last checkpoint", "seen": 100.0}


def run(state="waiting", model="lstm", hidden_size=20, *, update=0, pace=None, seconds=None):
    """A run of 1000 updates."""
    update = 1000 if state == "finished" else update
    place = {"id": "x", "task": {}, "model": model, "hidden_size": hidden_size, "layers": 1, "label": ""}
    known = {"validation_error": None, "updates_per_second": pace, "seconds": seconds, "losses": 0}
    return RunProgress(
        **place, **known, learning_rate=1e-3, seed=0, state=state, update=update, updates=1000, failure=None
    )


def test_nothing_is_left():
    assert seconds_left([], 1) == 0
    assert seconds_left([run("finished", seconds=5.0), run("failed", update=10)], 1) == 0


def test_nothing_is_known():
    assert seconds_left([run(), run("running")], 2) is None
    assert seconds_left([run("failed", update=500), run()], 2) is None


def test_finished_runs_say_how_long_others_of_their_shape_take():
    done = [run("finished", seconds=8.0), run("finished", seconds=12.0)]
    assert seconds_left([*done, run(), run()], 1) == pytest.approx(20)
    assert seconds_left([*done, run(), run()], 2) == pytest.approx(10)


def test_a_resumed_run_has_less_left():
    assert seconds_left([run("finished", seconds=10.0), run("interrupted", update=750)], 1) == pytest.approx(
        2.5
    )


def test_a_failed_run_is_over():
    assert seconds_left([run("finished", seconds=10.0), run("failed", update=10), run()], 1) == pytest.approx(
        10
    )


def test_runs_at_work_know_better_than_finished_ones():
    runs = [run("finished", seconds=10.0), run("running", update=500, pace=50.0), run()]
    assert seconds_left(runs, 1) == pytest.approx(500 / 50 + 1000 / 50)


def test_a_shape_that_nobody_has_trained_is_taken_from_the_others_by_its_size():
    runs = [run("finished", seconds=4.0), run("finished", "irnn", 40, seconds=8.0), run(hidden_size=60)]
    # Seconds an update and unit squared: 0.004 / 400 and 0.008 / 1600, 7.5e-6 in the mean.
    assert seconds_left(runs, 1) == pytest.approx(7.5e-6 * 3600 * 1000)


def test_a_shape_has_a_task():
    short, long = ({"name": "associative-retrieval", "num_pairs": pairs} for pairs in (2, 20))
    done = [
        replace(run("finished", seconds=seconds), task=task) for task, seconds in ((short, 1.0), (long, 10.0))
    ]
    assert seconds_left([*done, replace(run(), task=short)], 1) == pytest.approx(1)
    assert seconds_left([*done, replace(run(), task=long)], 1) == pytest.approx(10)
    assert seconds_left([run()], 1, seconds_an_update(done[1:])) == pytest.approx(10)  # by its size


def test_a_shape_has_layers():
    done = [run("finished", seconds=1.0), replace(run("finished", seconds=9.0), layers=8)]
    assert seconds_left([*done, run()], 1) == pytest.approx(1)
    assert seconds_left([*done, replace(run(), layers=8)], 1) == pytest.approx(9)
    assert seconds_left([done[0], replace(run(), layers=8)], 1) == pytest.approx(8)  # by their number
    deep = recorded()
    deep.specification["model"]["blocks"] = {"layers": 8}
    assert (run_progress(recorded()).layers, run_progress(deep).layers) == (1, 8)


def test_a_study_of_a_file_is_run_by_it_and_its_rows_have_labels():
    planned = {"x": [{"part": "search", "row": "decay 0.9"}, {"part": "report", "row": ""}], "y": []}
    attributes = {"preset": "mine.toml", "asked": ["a/mine.toml"], "file": "…", "planned": planned}
    runs = [recorded(), recorded(identifier="y")]
    study = study_status("name", "storage", attributes, runs, None, now=130.0)
    assert study.command == ["study", "run", "a/mine.toml"]
    assert [each.label for each in study.runs] == ["decay 0.9", ""]
    program = study_status("name", "storage", {"planned": {}}, runs, None, now=130.0)
    assert program.command == []
    about = {"preset": "quick", "asked": ["--seeds", "2"]}
    preset = study_status("name", "storage", about, runs, None, now=130.0)
    assert preset.command == ["reproduce", "--preset", "quick", "--seeds", "2"]


def test_no_run_is_shared_among_workers():
    runs = [run("running", pace=10.0), run("running", "irnn", update=990, pace=10.0)]
    assert seconds_left(runs, 8) == pytest.approx(100)


def recorded(state="waiting", points=(), **about):
    specification = {
        "task": {"name": "associative-retrieval", "num_pairs": 4},
        "model": {"name": "lstm", "hidden_size": 20},
        "training": {"updates": 1000, "learning_rate": 1e-3},
        "seed": 0,
    }
    return Run(1, about.pop("identifier", "x"), state, specification, points=dict(points), **about)


def progress(runs, sign=None, owner=None):
    attributes = {"preset": "quick"} | ({} if sign is None else {"coordinator": sign})
    return study_status("name", "storage", attributes, runs, owner, now=130.0)


def test_a_begun_run_is_at_work_only_if_a_coordinator_is():
    runs = [recorded("running", {100: 0.5, 50: 0.9})]
    heartbeat = {**HEARTBEAT, "updates_per_second": {"x": 20.0}}
    alone, owned = progress(runs, heartbeat), progress(runs, heartbeat, "process 1")
    assert (alone.states["interrupted"], alone.states["running"], alone.updates_per_second) == (1, 0, None)
    assert (owned.states["interrupted"], owned.states["running"], owned.updates_per_second) == (0, 1, 20)
    assert (owned.runs[0].update, owned.runs[0].validation_error) == (100, 0.5)
    assert owned.seconds_left == alone.seconds_left == pytest.approx(900 / 20)
    assert owned.coordinator.signed_seconds_ago == 30
    assert list(owned.states) == list(STATES)
    left = recorded("running", {100: 0.5}, identifier="y")  # by a coordinator before that one
    both = progress([*runs, left], heartbeat, "process 1")
    assert (both.states["interrupted"], both.states["running"], both.updates_per_second) == (1, 1, 20)
    assert [each.state for each in both.runs] == ["running", "interrupted"]


def test_runs_side_by_side_are_at_work_at_once():
    runs = [recorded("running", identifier=name) for name in "abcdefgh"]
    paces = dict.fromkeys("abcdefgh", 10.0)
    heartbeat = {**HEARTBEAT, "updates_per_second": paces}
    assert progress(runs, heartbeat, "someone").seconds_left == pytest.approx(400)
    assert progress(runs, {**heartbeat, "side_by_side": 4}, "someone").seconds_left == pytest.approx(100)


def test_failed_runs_count_in_no_total():
    outcome = {"failure": "it diverged"}
    study = progress([recorded("failed", {10: float("nan")}, outcome=outcome), recorded()])
    assert (study.update, study.updates) == (0, 1000)
    assert study.runs[0].failure == "it diverged"
    assert study.runs[0].validation_error is None


def test_a_study_that_nobody_ever_coordinated():
    study = progress([])
    assert (study.coordinator, study.owner, study.seconds_left, study.updates) == (None, None, 0, 0)


def test_a_clock_that_is_ahead_gives_no_negative_age():
    heartbeat = {**HEARTBEAT, "seen": 1e9, "updates_per_second": {}}
    assert progress([], heartbeat).coordinator.signed_seconds_ago == 0
