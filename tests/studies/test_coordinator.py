"""The coordinator, with an executor that plays a script: what finishes, fails, dies and is interrupted."""

import os
import threading
from collections import Counter
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from fastweights.errors import FileError, StudyError
from fastweights.studies.coordinator import run_study
from fastweights.studies.specification import DataOptions, RunSpecification
from fastweights.studies.store import Store
from fastweights.tasks.associative_retrieval import AssociativeRetrieval

DATA = DataOptions(train=200, validation=26, test=30)
RUNS = [RunSpecification(AssociativeRetrieval(1), "irnn", 3, data=DATA, seed=seed) for seed in range(5)]
FIRST, SECOND, *REST = [each.identifier for each in RUNS]


class Listener:
    """Notes what it is told."""

    def __init__(self):
        self.states, self.points, self.ends = [], [], Counter()

    def planned(self, runs):
        self.states = [run.state for run in runs]

    def progressed(self, run, update, validation_error):
        self.points.append((run.identifier, update))

    def ended(self, run, outcome):
        self.ends[run.identifier, outcome["state"]] += 1


class Pool:
    """Two workers whose time goes on when progress is asked for. `fates` says what happens at each start of
    a run: it raises, or its worker dies after so many updates, and the pool with it; else it finishes."""

    def __init__(self, fates):
        self.fates, self.waiting, self.running = fates, [], []
        self.submitted = []

    def submit(self, identifier, specification, out):
        assert RunSpecification.from_json(specification).identifier == identifier
        assert out.parent.is_dir()
        future = Future()
        self.submitted.append(identifier)
        self.waiting.append((identifier, future))
        self._start()
        return future

    def _start(self):
        while self.waiting and len(self.running) < 2:
            self.running.append(self.waiting.pop(0))
            self.running[-1][1].set_running_or_notify_cancel()

    def progress(self):
        points, running, self.running = [], self.running, []
        broken = False
        for identifier, future in running:
            fate = self.fates[identifier].pop(0) if self.fates.get(identifier) else None
            if isinstance(fate, Exception):
                future.set_exception(fate)
            elif fate is None:
                points += [(identifier, 20, 0.5), (identifier, 40, 0.25)]
                future.set_result(finished())
            else:
                points += [(identifier, update, 0.5) for update in range(1, fate + 1)]
                broken = True
                self.waiting.append((identifier, future))
        if broken:
            for _, future in self.waiting:
                future.set_exception(BrokenProcessPool("a worker died"))
            self.waiting = []
        self._start()
        return points

    def stop(self):
        for _, future in self.running:
            future.set_result({**finished(), "state": "interrupted"})
        for _, future in self.waiting:
            future.cancel()
        self.running = self.waiting = []

    def close(self):
        assert not self.running
        assert not self.waiting


def finished():
    curve = [[20, 2.3, 0.5, -1.5], [40, 2.0, 0.25, -1.0]]
    return {"state": "finished", "curve": curve, "result": {}, "failure": None, "environment": None}


def study(folder, fates=None, pool=Pool, listener=None):
    """Run the study; its states by identifier, and the pools that it took."""
    pools = []

    def make():
        pools.append(pool(fates or {}))
        return pools[-1]

    store = run_study(folder, "quick", RUNS, make, listener or Listener())
    return {run.identifier: run.state for run in store.runs()}, pools


def failure(folder, identifier):
    return next(run.outcome["failure"] for run in Store(folder).runs() if run.identifier == identifier)


def test_finished_runs_are_not_run_again(tmp_path):
    listener = Listener()
    states, _pools = study(tmp_path, listener=listener)
    assert set(states.values()) == {"finished"}
    assert listener.states == ["running"] * 5
    assert listener.ends == Counter({(each.identifier, "finished"): 1 for each in RUNS})
    assert sorted(listener.points) == sorted((each.identifier, u) for each in RUNS for u in (20, 40))
    again = Listener()
    assert study(tmp_path, listener=again) == (states, [])
    assert again.states == ["finished"] * 5
    assert not again.ends


def test_a_raising_run_fails_with_its_traceback_and_stops_no_other(tmp_path):
    states, pools = study(tmp_path, {FIRST: [ZeroDivisionError("in a cell")]})
    assert states.pop(FIRST) == "failed"
    assert set(states.values()) == {"finished"}
    assert failure(tmp_path, FIRST).startswith("Traceback")
    assert failure(tmp_path, FIRST).rstrip().endswith("ZeroDivisionError: in a cell")
    assert len(pools) == 1


def test_a_deadly_run_fails_after_three_deaths_and_takes_no_other_with_it(tmp_path):
    states, pools = study(tmp_path, {FIRST: [0] * 9})
    assert states.pop(FIRST) == "failed"
    assert set(states.values()) == {"finished"}
    assert "died 3 times" in failure(tmp_path, FIRST)
    assert sum(FIRST in pool.submitted for pool in pools) == 3


@pytest.mark.parametrize(
    ("deaths", "state"),
    [([0, 0], "finished"), ([20, 20, 20], "failed"), ([20, 40, 60, 80, 100], "finished")],
    ids=str,
)
def test_progress_between_deaths_counts_anew(deaths, state, tmp_path):
    states, _ = study(tmp_path, {SECOND: list(deaths)})
    assert states.pop(SECOND) == state
    assert set(states.values()) == {"finished"}


def test_two_deadly_runs(tmp_path):
    states, _ = study(tmp_path, {FIRST: [0] * 9, SECOND: [0] * 9})
    assert [identifier for identifier, state in states.items() if state == "failed"] == [FIRST, SECOND]


class Interrupted(Pool):
    """Ctrl-C comes while the first two run."""

    def progress(self):
        if self.running:
            raise KeyboardInterrupt
        return []


def test_an_interrupted_study_can_be_taken_up(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        study(tmp_path, pool=Interrupted)
    assert [run.state for run in Store(tmp_path).runs()] == ["running"] * 5
    states, _ = study(tmp_path)
    assert list(states.values()) == ["finished"] * 5


def test_one_coordinator_a_folder(tmp_path):
    caught = []

    class Second(Listener):
        def planned(self, runs):
            def intrude():
                with pytest.raises(StudyError) as error:
                    study(tmp_path)
                caught.append(str(error.value))

            thread = threading.Thread(target=intrude)
            thread.start()
            thread.join()

    states, _ = study(tmp_path, listener=Second())
    assert set(states.values()) == {"finished"}
    assert f"in use by another coordinator (process {os.getpid()} on " in caught[0]
    study(tmp_path)  # and it is free again


def test_another_preset_is_refused_and_changes_nothing(tmp_path):
    study(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(StudyError, match="belongs to the preset 'quick'"):
        run_study(tmp_path, "paper", RUNS, lambda: Pool({}), Listener())
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("where", ["file/study", "/proc/study"])
def test_an_unwritable_folder_is_an_error_of_one_line(where, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError) as caught:
        study(tmp_path / where)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("where", ["the record", "a worker"])
def test_a_full_disk_fails_no_run(where, tmp_path, monkeypatch):
    """The study ends at once with one line, and goes on when there is room again."""

    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(FileError, match="No space left") as caught:
        if where == "the record":
            patch.setattr(Store, "finish", full)
        study(tmp_path, {FIRST: [FileError("cannot write x: No space left on device")]})
    assert "\n" not in str(caught.value)
    assert "failed" not in [run.state for run in Store(tmp_path).runs()]
    states, _ = study(tmp_path)
    assert list(states.values()) == ["finished"] * 5
