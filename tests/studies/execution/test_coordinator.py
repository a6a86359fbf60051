"""The coordinator, with an executor that plays a script: what finishes, fails, dies and is interrupted."""

import os
import threading
from collections import Counter
from concurrent.futures import Future
from math import nan
from pathlib import Path

import pytest

from fastweights.errors import FileError, InvalidValueError, StudyError
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.execution import scheduler
from fastweights.studies.execution.coordinator import run_plan
from fastweights.studies.execution.executor import Progress
from fastweights.studies.plans import Planned, fixed
from fastweights.studies.record import writable_store
from fastweights.studies.record.folder import locate
from fastweights.studies.record.storage import Journal
from fastweights.studies.record.store import Store
from fastweights.studies.record.writable_store import WritableStore
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from outcomes import RESULT

DATA = DataOptions(train=200, validation=26, test=30)
RUNS = [RunSpecification(AssociativeRetrieval(1), "irnn", 3, data=DATA, seed=seed) for seed in range(5)]
FIRST, SECOND, *REST = [run.identifier for run in RUNS]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """The script waits for nobody."""
    monkeypatch.setattr(scheduler, "_POLL_SECONDS", 0.001)


class Listener:
    """Records the calls."""

    def __init__(self):
        self.states, self.points, self.crashes = [], [], []
        self.begun, self.ends = Counter(), Counter()

    def planned(self, runs):
        self.states = [run.state for run in runs]

    def began(self, run):
        self.begun[run.identifier] += 1

    def crashed(self, run, reason):
        self.crashes.append(run.identifier)

    def progressed(self, run, update, validation_error):
        self.points.append((run.identifier, update))

    def ended(self, run, outcome):
        self.ends[run.identifier, outcome["state"]] += 1


class DiedError(Exception):
    """A worker did."""


class Pool:
    """Workers that get on when their progress is read. `fates` has what happens at each start of a
    run: it raises, or its worker dies after so many updates, or before it begins; else it finishes."""

    name, resumes_from, crash_errors = "played", "where the script says", (DiedError,)

    def __init__(self, fates, workers=2, side_by_side=1):
        self.fates, self.workers, self.side_by_side = fates, workers, side_by_side
        self.running: list = []
        self.submitted: list[list[str]] = []

    def capacity(self):
        return self.workers

    def submit(self, jobs):
        for job in jobs:
            assert RunSpecification.from_json(job.specification).identifier == job.identifier
            assert job.out.parent.is_dir()
        future = Future()
        future.set_running_or_notify_cancel()
        self.running.append(([job.identifier for job in jobs], future))
        self.submitted.append(self.running[-1][0])
        assert len(self.running) <= self.workers
        return future

    def progress(self):
        points, running, self.running = [], self.running, []
        for identifiers, future in running:
            fates = {name: self.fates[name].pop(0) for name in identifiers if self.fates.get(name)}
            bad = [fate for fate in fates.values() if fate is not None]
            points += [Progress(name, 0, nan) for name in identifiers if fates.get(name) != "failed start"]
            points += [Progress(name, u, 0.5) for name, n in fates.items() for u in _updates(n)]
            if not bad:
                points += [
                    Progress(name, *point) for name in identifiers for point in ((20, 0.5), (40, 0.25))
                ]
                future.set_result([finished() for _ in identifiers])
            else:
                future.set_exception(bad[0] if isinstance(bad[0], BaseException) else DiedError())
        return points

    def stop(self):
        for identifiers, future in self.running:
            future.set_result([{"state": "interrupted"} for _ in identifiers])
        self.running = []

    def close(self):
        assert not self.running


def _updates(fate):
    return range(1, fate + 1) if isinstance(fate, int) else ()


def finished():
    curve = [[20, 2.3, 0.5, -1.5], [40, 2.0, 0.25, -1.0]]
    return {"state": "finished", "curve": curve, "result": RESULT, "failure": None, "environment": None}


def study(folder, fates=None, pool=Pool, listener=None, runs=RUNS, **options):
    """Run the study; its states by identifier, and the pool that it took, if any."""
    pools = []

    def make():
        pools.append(pool(fates or {}))
        return pools[-1]

    store = run_plan(folder, "quick", fixed(runs), make, listener or Listener(), **options)
    assert len(pools) <= 1
    return {run.identifier: run.state for run in store.runs()}, *(pools or [None])


def stored(folder):
    return Store(Journal(folder)).runs()


def failure(folder, identifier):
    return next(run.outcome["failure"] for run in stored(folder) if run.identifier == identifier)


def test_finished_runs_are_not_run_again(tmp_path):
    listener = Listener()
    states, _pool = study(tmp_path, listener=listener)
    assert set(states.values()) == {"finished"}
    assert listener.states == ["waiting"] * 5
    assert listener.begun == Counter(run.identifier for run in RUNS)
    assert listener.ends == Counter({(run.identifier, "finished"): 1 for run in RUNS})
    assert sorted(listener.points) == sorted((run.identifier, u) for run in RUNS for u in (20, 40))
    assert {run.identifier: dict(run.points) for run in stored(tmp_path)} == {
        run.identifier: {40: 0.25} for run in RUNS
    }
    again = Listener()
    assert study(tmp_path, listener=again) == (states, None)
    assert again.states == ["finished"] * 5
    assert not again.ends


class KilledError(BaseException):
    """The coordinator was, as far as it knows."""


def killed_after(writes, monkeypatch):
    """Let coordinators be killed after so many writes to the record."""
    left, open_storage = writes, writable_store.open_storage

    def opened(storage, *, create):
        backend = open_storage(storage, create=create)
        for name in dir(backend):
            if name.startswith(("create_new_", "set_")):
                setattr(backend, name, counted(getattr(backend, name)))
        return backend

    def counted(write):
        def written(*values, **named):
            nonlocal left
            result = write(*values, **named)
            left -= 1
            if left < 0:
                raise KilledError
            return result

        return written

    monkeypatch.setattr(writable_store, "open_storage", opened)


@pytest.mark.parametrize("file", [None, "what a study's file says"])
def test_whenever_a_coordinator_is_killed_its_record_can_be_read_and_goes_on(file, tmp_path):
    """After each single write of a study: every run that is there has all that reports ask for."""
    read = 0
    for writes in range(1_000):
        folder = tmp_path / str(writes)
        with pytest.MonkeyPatch.context() as patch:
            killed_after(writes, patch)
            try:
                study(folder, runs=RUNS[:2], file=file)
                break
            except KilledError:
                pass
        if writes > 2:  # the study itself, its format and its preset
            read += len(Store(Journal(folder)).results()["runs"])
        assert set(study(folder, runs=RUNS[:2], file=file)[0].values()) == {"finished"}
    assert 10 < writes < read


def test_the_record_always_says_which_runs_are_at_work(tmp_path):
    class Reader(Listener):
        def progressed(self, run, update, validation_error):
            super().progressed(run, update, validation_error)
            at_work = Store(Journal(tmp_path)).attributes()["coordinator"]["updates_per_second"]
            assert run.identifier in at_work
            assert len(at_work) <= 2

    listener = Reader()
    study(tmp_path, listener=listener)
    assert {name for name, _ in listener.points} == {run.identifier for run in RUNS}


def test_what_has_not_ended_and_is_planned_no_more_is_not_wanted(tmp_path):
    """A search that is changed leaves runs that nobody will end."""
    listener = Listener()
    with pytest.raises(KeyboardInterrupt):
        study(tmp_path, runs=RUNS[:4], listener=listener, stopped=lambda: bool(listener.ends))
    states = Counter(run.state for run in stored(tmp_path))
    assert states["finished"] and states["finished"] < 4
    ended = [run.identifier for run in stored(tmp_path) if run.over]
    study(tmp_path, runs=RUNS[4:])
    store = Store(Journal(tmp_path))
    assert [run.identifier for run in store.wanted()] == [*ended, RUNS[4].identifier]
    assert [run["id"] for run in store.results()["runs"]] == [*ended, RUNS[4].identifier]
    assert len(store.runs()) == 5
    study(tmp_path)
    assert [run.state for run in Store(Journal(tmp_path)).wanted()] == ["finished"] * 5


def test_a_whole_plan_takes_the_roles_of_runs_that_it_names_no_more(tmp_path):
    def asked_for(runs, part, whole, **options):
        def plan(known):
            return [Planned(run, {"part": part}) for run in runs]

        store = run_plan(tmp_path, "quick", plan, lambda: Pool({}), Listener(), whole=whole, **options)
        return [[role["part"] for role in run.get("roles", ())] for run in store.results()["runs"]]

    assert asked_for(RUNS[:3], "search", True) == [["search"]] * 3
    assert asked_for(RUNS[1:2], "table", False) == [["search"], ["search", "table"], ["search"]]
    assert asked_for(RUNS[1:4], "horizon", True) == [[], ["horizon"], ["horizon"], ["horizon"]]
    # While what failed is run again, a plan may not name what rests on it.
    assert asked_for(RUNS[:1], "table", True, retry_failed=True) == [["table"], *[["horizon"]] * 3]


def test_a_curve_may_tell_of_the_test_set_too(tmp_path, monkeypatch):
    following = {**finished(), "curve": [[*point, 0.5, -1.5] for point in finished()["curve"]]}
    monkeypatch.setitem(globals(), "finished", lambda: following)
    states, _ = study(tmp_path)
    assert set(states.values()) == {"finished"}
    assert [run.outcome["curve"] for run in stored(tmp_path)] == [following["curve"]] * len(RUNS)


def test_runs_that_follow_from_results_are_run_in_the_same_study(tmp_path):
    """First two runs, then one that the better of them asks for."""
    first, second, third, *_ = RUNS
    listener, pools, asked = Listener(), [], []

    def plan(known):
        planned = [Planned(run, {"part": "search"}) for run in (first, second)]
        ended = [name for name, record in known.items() if record["state"] == "finished"]
        asked.append(len(ended))
        if len(ended) >= 2:
            planned += [Planned(third, {"part": "table"}), Planned(first, {"part": "again", "number": 2})]
        return planned

    def make():
        pools.append(Pool({}))
        return pools[-1]

    store = run_plan(tmp_path, "quick", plan, make, listener, arguments=["--seeds", "3"])
    assert asked == [0, 2, 3]
    assert len(pools) == 1
    assert listener.begun == Counter(run.identifier for run in RUNS[:3])
    assert {run["id"]: run["roles"] for run in store.results()["runs"]} == {
        first.identifier: [{"part": "search"}, {"part": "again", "number": 2}],
        second.identifier: [{"part": "search"}],
        third.identifier: [{"part": "table"}],
    }
    assert store.attributes()["asked"] == ["--seeds", "3"]
    before = (tmp_path / "study.journal").read_bytes()
    run_plan(tmp_path, "quick", plan, make, listener, arguments=["--seeds", "3"])
    assert len(pools) == 1
    assert (tmp_path / "study.journal").read_bytes() == before


class Slow(Pool):
    """A pool whose worker at the first run gets on only when all others are at work or have ended."""

    patience = 1000

    def progress(self):
        self.patience -= 1
        if len(self.submitted) == len(RUNS) or not self.patience:
            return super().progress()
        slow = [each for each in self.running if each[0] == [FIRST]]
        self.running = [each for each in self.running if each not in slow]
        points = super().progress()
        self.running = slow
        return points


def test_no_worker_waits_for_a_run_from_which_nothing_follows_yet(tmp_path):
    """The second leads to the third, that to the others, while the first is still at work."""

    def plan(known):
        over = {name for name, record in known.items() if record["state"] == "finished"}
        wanted = [*RUNS[:2], *(RUNS[2:3] if SECOND in over else []), *(RUNS[3:] if REST[0] in over else [])]
        return [Planned(run, {}) for run in wanted]

    pool = Slow({})
    store = run_plan(tmp_path, "quick", plan, lambda: pool, Listener())
    assert pool.patience > 0
    assert pool.submitted == [[run.identifier] for run in RUNS]
    assert {run.state for run in store.runs()} == {"finished"}


class Shrinking(Pool):
    """A cluster that has no node for a while when its first runs have ended."""

    absent = 10

    def capacity(self):
        if self.submitted and not self.running and self.absent:
            self.absent -= 1
            return 0
        return super().capacity()


def test_what_follows_is_run_though_no_worker_is_there_when_it_is_asked_for(tmp_path):
    def plan(known):
        over = [record for record in known.values() if record["state"] == "finished"]
        return [Planned(run, {}) for run in (RUNS if len(over) >= 2 else RUNS[:2])]

    pool = Shrinking({})
    store = run_plan(tmp_path, "quick", plan, lambda: pool, Listener())
    assert not pool.absent
    assert [run.state for run in store.runs()] == ["finished"] * len(RUNS)


def test_what_follows_from_an_earlier_step_comes_before_a_later_one(tmp_path):
    first, second, third, fourth, fifth = RUNS
    steps = {first: 0, second: 1, third: 1, fourth: 0, fifth: 0}
    asked = []

    def plan(known):
        over = {name for name, record in known.items() if record["state"] == "finished"}
        asked.append(len(over))
        follow = [fourth] * (FIRST in over) + [fifth] * (fourth.identifier in over)
        return [Planned(run, {}, step=steps[run]) for run in (third, second, *follow, first)]

    pool = Pool({}, workers=1)
    run_plan(tmp_path, "quick", plan, lambda: pool, Listener())
    assert pool.submitted == [[run.identifier] for run in (first, fourth, fifth, third, second)]
    assert asked == [0, 1, 2, 3, 5]  # not between two runs of the step that all wait for


def test_the_record_has_a_point_now_and_then_and_the_last_one(tmp_path, monkeypatch):
    """Writing each would cost a database more than it is worth: the outcome has them all."""

    class Slow(Pool):
        points = iter([*((update, 0.5) for update in range(1, 10)), None])

        def progress(self):
            following = next(self.points, None)
            if following is None:
                return super().progress()
            return [Progress(identifiers[0], *following) for identifiers, _ in self.running]

    clock = iter(range(10**6))
    monkeypatch.setattr(scheduler.time, "monotonic", lambda: next(clock) / 10)
    study(tmp_path, pool=lambda fates: Slow(fates, workers=1))
    first = stored(tmp_path)[0].points
    assert 40 in first
    assert 2 <= len(first) < 9


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("in a cell"), MemoryError("in a cell"), SystemExit("in a cell")]
)
def test_a_raising_run_fails_with_its_traceback_after_three_tries_and_stops_no_other(error, tmp_path):
    listener = Listener()
    states, pool = study(tmp_path, {FIRST: [error] * 9}, listener=listener)
    assert states.pop(FIRST) == "failed"
    assert set(states.values()) == {"finished"}
    assert failure(tmp_path, FIRST).startswith("crashed 3 times at update 0; the last time:\n")
    assert failure(tmp_path, FIRST).rstrip().endswith(f"{type(error).__name__}: in a cell")
    assert pool.submitted.count([FIRST]) == 3
    assert listener.crashes == [FIRST] * 2


def with_notes(error):
    """As JAX does with errors of which it hides its own frames."""
    error.add_note("--------------------")
    error.add_note("For simplicity, JAX has removed its internal frames from the traceback.")
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (with_notes(ZeroDivisionError("in a cell")), "ZeroDivisionError: in a cell"),
        (ValueError("shapes differ:\n(3,)\n(4,)"), "ValueError: shapes differ: (3,) (4,)"),
        (MemoryError(), "MemoryError"),
    ],
    ids=["notes", "lines", "nothing"],
)
def test_the_last_line_of_a_failure_is_the_error_itself(error, reason, tmp_path):
    study(tmp_path, {FIRST: [error] * 3})
    *before, last = failure(tmp_path, FIRST).splitlines()
    assert last == reason
    for note in getattr(error, "__notes__", ()):
        assert note in before


def test_a_run_whose_worker_dies_three_times_fails_last_and_alone(tmp_path):
    states, pool = study(tmp_path, {FIRST: [0] * 9})
    assert states.pop(FIRST) == "failed"
    assert set(states.values()) == {"finished"}
    assert "its worker died" in failure(tmp_path, FIRST)
    assert pool.submitted.count([FIRST]) == 3
    assert pool.submitted[-1] == [FIRST]


@pytest.mark.parametrize(
    ("deaths", "state"),
    [([0, 0], "finished"), ([20, 20, 20], "failed"), ([20, 40, 60, 80, 100], "finished")],
    ids=str,
)
def test_progress_between_deaths_counts_anew(deaths, state, tmp_path):
    states, _ = study(tmp_path, {SECOND: list(deaths)})
    assert states.pop(SECOND) == state
    assert set(states.values()) == {"finished"}


def test_crashes_are_counted_over_coordinators(tmp_path):
    """Two crashes, a coordinator that is interrupted, and the third crash."""

    class Interrupted(Pool):
        def progress(self):
            if [FIRST] in [names for names, _ in self.running] and not self.fates[FIRST]:
                raise KeyboardInterrupt
            return super().progress()

    with pytest.raises(KeyboardInterrupt):
        study(tmp_path, {FIRST: [0, 0]}, pool=Interrupted)
    assert [len(run.crashes) for run in stored(tmp_path)] == [2, 0, 0, 0, 0]
    states, pool = study(tmp_path, {FIRST: [0]})
    assert states.pop(FIRST) == "failed"
    assert set(states.values()) == {"finished"}
    assert pool.submitted.count([FIRST]) == 1


def test_a_failed_run_is_run_anew_only_if_asked(tmp_path):
    study(tmp_path, {FIRST: [0] * 9})
    states, pool = study(tmp_path)
    assert (states[FIRST], pool) == ("failed", None)
    states, pool = study(tmp_path, retry_failed=True)
    assert pool.submitted == [[FIRST]]
    assert set(states.values()) == {"finished"}


def test_a_worker_that_dies_before_it_begins_is_not_the_runs_fault(tmp_path):
    states, pool = study(tmp_path, {FIRST: ["failed start"] * 9})
    assert set(states.values()) == {"finished"}
    assert pool.submitted.count([FIRST]) == 10
    assert not any(run.crashes for run in stored(tmp_path))


def test_workers_that_never_begin_end_the_study_and_fail_no_run(tmp_path):
    with pytest.raises(StudyError, match="20 workers in a row died before they had begun a run"):
        study(tmp_path, {run.identifier: ["failed start"] * 99 for run in RUNS})
    assert "failed" not in [run.state for run in stored(tmp_path)]
    assert set(study(tmp_path)[0].values()) == {"finished"}


def test_two_deadly_runs(tmp_path):
    states, _ = study(tmp_path, {FIRST: [0] * 9, SECOND: [0] * 9})
    assert [identifier for identifier, state in states.items() if state == "failed"] == [FIRST, SECOND]


def test_runs_of_one_shape_go_side_by_side_and_one_that_kills_the_worker_fails_alone(tmp_path):
    def pool(fates):
        return Pool(fates, workers=1, side_by_side=3)

    states, played = study(tmp_path, {SECOND: [0] * 9}, pool=pool)
    assert [len(batch) for batch in played.submitted[:2]] == [3, 2]
    assert states.pop(SECOND) == "failed"
    assert set(states.values()) == {"finished"}
    assert played.submitted.count([SECOND]) == 3
    # The other two of its batch went alone too, and got through at once.
    assert all(played.submitted.count([name]) == (name in played.submitted[0]) for name in [FIRST, *REST])


def test_capacity_may_change_while_the_study_runs(tmp_path):
    class Growing(Pool):
        def progress(self):
            reports = super().progress()
            self.workers = 3
            return reports

    def pool(fates):
        return Growing(fates, workers=0)

    states, played = study(tmp_path, pool=pool)
    assert set(states.values()) == {"finished"}
    assert len(played.submitted) == 5


@pytest.mark.parametrize("fates", [{}, {FIRST: [0, 0, 7], SECOND: [0] * 3}], ids=["all finish", "two crash"])
def test_reports_that_come_after_the_outcome_count_no_more(fates, tmp_path):
    class Late(Pool):
        held_back: list = [[], []]

        def progress(self):
            reports = super().progress()
            self.held_back = [*self.held_back, [report for report in reports if report.update]]
            now, *self.held_back = self.held_back
            return [report for report in reports if not report.update] + now

    states, _ = study(tmp_path, {name: list(fate) for name, fate in fates.items()}, pool=Late)
    assert states == {run.identifier: "finished" for run in RUNS} | dict.fromkeys(fates, "failed")
    curves = {run.identifier: dict(run.points) for run in stored(tmp_path) if run.state == "finished"}
    assert all(curve == {40: 0.25} for curve in curves.values())


def test_an_outcome_whose_coordinator_died_before_it_marked_the_end_is_kept(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        study(tmp_path, pool=Interrupted)
    store = WritableStore(Journal(tmp_path), "x", "quick")
    run = next(run for run in store.runs() if run.state == "running")
    store._optuna.set_trial_user_attr(run.trial, "outcome", finished())
    states, pool = study(tmp_path)
    assert set(states.values()) == {"finished"}
    assert [run.identifier] not in pool.submitted


class Interrupted(Pool):
    """Ctrl-C comes while the first two run."""

    def progress(self):
        if self.running:
            raise KeyboardInterrupt
        return []


def test_an_interrupted_study_can_be_resumed(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        study(tmp_path, pool=Interrupted)
    assert [run.state for run in stored(tmp_path)] == ["running"] * 2 + ["waiting"] * 3
    states, _ = study(tmp_path)
    assert list(states.values()) == ["finished"] * 5


def test_an_interrupt_that_python_dropped_stops_the_study_all_the_same(tmp_path):
    """Python drops a KeyboardInterrupt that strikes in a destructor."""
    answers = iter([False, False, True])
    with pytest.raises(KeyboardInterrupt):
        study(tmp_path, pool=lambda fates: Pool(fates, workers=1), stopped=lambda: next(answers))
    assert [run.state for run in stored(tmp_path)].count("finished") < 5
    assert set(study(tmp_path)[0].values()) == {"finished"}


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
        run_plan(tmp_path, "paper", fixed(RUNS), lambda: Pool({}), Listener())
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["my study", "a+b", "~x", "u\u0308ber", "x" * 120, "it's; 100 %"])
def test_a_study_can_have_any_folder(name, tmp_path, monkeypatch):
    states, _ = study(tmp_path / name)
    assert set(states.values()) == {"finished"}
    monkeypatch.chdir(tmp_path / name)
    assert study(Path("."))[0] == states


def test_a_name_that_a_database_refuses_is_refused_before_anything_is_written(tmp_path):
    folder = tmp_path / "my study"
    location = locate(folder, f"sqlite:///{tmp_path}/studies.db")
    with pytest.raises(InvalidValueError, match="choose one with --study"):
        study(folder, location=location)
    assert not os.listdir(tmp_path)


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
            patch.setattr(WritableStore, "finish", full)
        study(tmp_path, {FIRST: [FileError("cannot write x: No space left on device")]})
    assert "\n" not in str(caught.value)
    assert "failed" not in [run.state for run in stored(tmp_path)]
    states, _ = study(tmp_path)
    assert list(states.values()) == ["finished"] * 5
