"""The record of a study: plans, curves, states; and files that are no record."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fastweights.errors import FastweightsError, FileError, StudyError
from fastweights.studies.store import JOURNAL, Store

PLAN = [(f"run-{i}", {"number": i}) for i in (2, 0, 1)]
FINISHED = {
    "state": "finished",
    "curve": [[20, 2.3, 0.5, -1.5], [40, 2.0, 0.25, -1.0]],
    "result": {"test_error": 0.25},
    "failure": None,
    "environment": {"jax": "1"},
}
FAILED = {"state": "failed", "curve": [], "result": None, "failure": "why", "environment": None}


def planned(folder: Path) -> Store:
    store = Store(folder, preset="quick")
    store.plan(PLAN)
    return store


def states(store: Store) -> list[str]:
    return [run.state for run in store.runs()]


def test_a_plan_keeps_its_order_and_is_made_once(tmp_path):
    planned(tmp_path).plan(PLAN)
    store = planned(tmp_path)
    store.plan([("run-0", {"number": 0}), ("run-9", {"number": 9}), ("run-9", {"number": 9})])
    found = [(run.identifier, dict(run.specification)) for run in store.runs()]
    assert found == [*PLAN, ("run-9", {"number": 9})]
    assert [run.number for run in store.runs()] == [0, 1, 2, 3]


def test_states_and_outcomes_are_there_for_the_next_reader(tmp_path):
    store = planned(tmp_path)
    assert states(store) == ["waiting"] * 3
    store.begin()
    assert states(store) == ["running"] * 3
    first, second, _ = store.runs()
    store.finish(first, FINISHED)
    store.finish(second, FAILED)
    again = Store(tmp_path)
    assert states(again) == ["finished", "failed", "running"]
    assert [run.outcome for run in again.runs()] == [FINISHED, FAILED, None]
    taken_up = planned(tmp_path)
    taken_up.begin()
    assert states(taken_up) == ["finished", "failed", "running"]


def test_results_hold_every_run(tmp_path):
    store = planned(tmp_path)
    store.begin()
    store.finish(store.runs()[0], FINISHED)
    results = store.results({name: 0.6 for name, _ in PLAN})
    assert results["study"] == {"preset": "quick"}
    assert [run["id"] for run in results["runs"]] == [name for name, _ in PLAN]
    assert [run["state"] for run in results["runs"]] == ["finished", "waiting", "waiting"]
    assert results["runs"][0] == {"id": "run-2", "specification": {"number": 2}, "floor": 0.6, **FINISHED}


def test_a_point_of_a_curve_is_recorded_once(tmp_path):
    store = planned(tmp_path)
    store.begin()
    run = store.runs()[1]
    for update, error in ((20, 0.5), (40, 0.25), (20, 0.9)):
        store.report(run, update, error)
    size = (tmp_path / JOURNAL).stat().st_size
    store.report(run, 40, 0.9)
    assert (tmp_path / JOURNAL).stat().st_size == size
    trial = Store(tmp_path)._study.get_trials()[1]
    assert trial.intermediate_values == {20: 0.5, 40: 0.25}


def test_reading_writes_nothing(tmp_path):
    planned(tmp_path)
    before = (tmp_path / JOURNAL).read_bytes()
    Store(tmp_path).runs()
    with pytest.raises(StudyError, match="belongs to the preset 'quick'; got 'paper'"):
        Store(tmp_path, preset="paper")
    assert (tmp_path / JOURNAL).read_bytes() == before
    assert os.listdir(tmp_path) == [JOURNAL]


def test_there_must_be_a_study_to_read(tmp_path):
    with pytest.raises(StudyError, match="no study"):
        Store(tmp_path)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    "junk",
    [
        b"a note to myself\n",
        b"a note without an end",
        b"\xff\xfe\x00" * 99,
        b"{}\n",
        b"[1]\n",
        b"3\n",
        b'{"op_code": 99}\n',
        b'{"op_code": 0, "worker_id": "a"}\n',
        b'{"op_code": 0, "worker_id": "a", "study_name": "another", "directions": [1]}\n',
    ],
)
@pytest.mark.parametrize("preset", [None, "quick"])
def test_what_is_no_journal_is_refused_and_kept(junk, preset, tmp_path):
    (tmp_path / JOURNAL).write_bytes(junk)
    with pytest.raises(StudyError, match="not the journal") as caught:
        Store(tmp_path, preset=preset)
    assert "\n" not in str(caught.value)
    assert (tmp_path / JOURNAL).read_bytes() == junk


def test_damage_in_the_middle_is_refused(tmp_path):
    planned(tmp_path)
    path = tmp_path / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2][:20] + b"\n", *lines[3:]]))
    with pytest.raises(StudyError):
        Store(tmp_path, preset="quick")


@pytest.mark.parametrize("lost", [1, 2, 30])
def test_half_a_last_line_is_cut_and_the_study_goes_on(lost, tmp_path):
    """A full disk leaves half a line; appended to, it would spoil the journal for good."""
    store = planned(tmp_path)
    store.begin()
    store.finish(store.runs()[0], FINISHED)
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes()[:-lost])
    store = planned(tmp_path)
    assert states(store) == ["running"] * 3
    store.finish(store.runs()[0], FINISHED)
    store.finish(store.runs()[1], FAILED)
    assert states(planned(tmp_path)) == ["finished", "failed", "running"]


def test_a_dead_coordinators_journal_lock_holds_nobody_up(tmp_path):
    planned(tmp_path)
    os.symlink(tmp_path / JOURNAL, tmp_path / f"{JOURNAL}.lock")
    started = time.monotonic()
    planned(tmp_path).plan([("run-9", {"number": 9})])
    assert time.monotonic() - started < 10  # Optuna itself would wait for 30 s
    assert os.listdir(tmp_path) == [JOURNAL]


@pytest.mark.parametrize("where", ["missing", "file", "journal-is-a-folder"])
def test_what_cannot_be_written_is_an_error_of_one_line(where, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "journal-is-a-folder" / JOURNAL).mkdir(parents=True)
    with pytest.raises(FileError, match="cannot use") as caught:
        Store(tmp_path / where, preset="quick")
    assert isinstance(caught.value, FastweightsError)
    assert "\n" not in str(caught.value)


def test_looking_at_results_needs_no_jax(tmp_path):
    planned(tmp_path)
    code = (
        "import sys; from pathlib import Path; from fastweights.studies.store import Store; "
        "print(len(Store(Path(sys.argv[1])).runs())); assert 'jax' not in sys.modules"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True
    )
    assert ran.stdout == "3\n"
