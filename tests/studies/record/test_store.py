"""The record of a study in each kind of storage: plans, curves, states; and what is no record."""

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from databases import postgresql, storage_url
from fastweights.errors import FastweightsError, FileError, InvalidValueError, StudyError
from fastweights.runs.conversion import identify
from fastweights.runs.specification import RunSpecification
from fastweights.studies.record.folder import locate, save_location
from fastweights.studies.record.storage import JOURNAL, Journal
from fastweights.studies.record.store import Store, study_names
from fastweights.studies.record.validation import check_study
from fastweights.studies.record.writable_store import WritableStore
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from outcomes import RESULT

SPECIFICATIONS = [RunSpecification(AssociativeRetrieval(1), "irnn", 3, seed=i).to_json() for i in range(4)]
NAMES = [identify(specification) for specification in SPECIFICATIONS]
PLAN = [(NAMES[i], SPECIFICATIONS[i], 0.6) for i in (2, 0, 1)]
FINISHED = {
    "state": "finished",
    "curve": [[20, 2.3, 0.5, -1.5], [40, 2.0, 0.25, -1.0]],
    "result": RESULT,
    "failure": None,
    "environment": {"jax": "1"},
}
HEARTBEAT = {
    "owner": "me",
    "executor": "local",
    "workers": 2,
    "takes_over": "its last checkpoint",
    "updates_per_second": {},
}
FAILED = {"state": "failed", "curve": [], "result": None, "failure": "why", "environment": None}


@pytest.fixture
def place(storage_url, tmp_path):
    return locate(tmp_path / "folder", storage_url)


@pytest.fixture
def write(place, tmp_path):
    """Opens the study for its coordinator, planned."""
    (tmp_path / "folder").mkdir()

    def opened(plan=PLAN, **options) -> WritableStore:
        store = WritableStore(place.storage, place.study, "quick")
        store.plan(plan, **options)
        return store

    return opened


def states(store: Store) -> list[str]:
    return [run.state for run in store.runs()]


def begin(store: WritableStore) -> list:
    for run in store.runs():
        store.begin(run)
    return store.runs()


def test_a_plan_keeps_its_order_and_is_made_once(write):
    write()
    store = write()
    new = (NAMES[3], SPECIFICATIONS[3], 0.7)
    store.plan([PLAN[1], new, new])
    recorded = [(run.identifier, dict(run.specification)) for run in store.runs()]
    assert recorded == [(name, specification) for name, specification, _ in [*PLAN, new]]
    assert store.attributes()["floors"] == {**dict.fromkeys(NAMES[:3], 0.6), NAMES[3]: 0.7}


def test_states_and_outcomes_are_there_for_the_next_reader(write, place):
    store = write()
    assert states(store) == ["waiting"] * 3
    first, second, _ = begin(store)
    assert states(store) == ["running"] * 3
    store.finish(first, FINISHED)
    store.finish(second, FAILED)
    again = Store(place.storage)
    assert (again.name, again.preset) == ("folder", "quick")
    assert states(again) == ["finished", "failed", "running"]
    assert [run.outcome for run in again.runs()] == [FINISHED, FAILED, None]
    resumed = write()
    begin(resumed)
    assert states(resumed) == ["finished", "failed", "running"]


def test_a_failed_run_can_be_planned_anew_and_counts_once(write, place):
    store = write()
    first, second, _ = begin(store)
    store.finish(first, FAILED)
    store.finish(second, FINISHED)
    again = write(retry_failed=True)
    assert states(again) == ["waiting", "finished", "running"]
    assert [run.identifier for run in again.runs()] == [name for name, *_ in PLAN]
    run = again.runs()[0]
    again.begin(run)
    again.finish(run, FINISHED)
    assert states(write(retry_failed=True)) == ["finished", "finished", "running"]


def test_results_hold_every_run(write):
    store = write()
    store.finish(begin(store)[0], FINISHED)
    results = store.results()
    assert results["study"] == {"preset": "quick"}
    assert [run["id"] for run in results["runs"]] == [name for name, *_ in PLAN]
    assert [run["state"] for run in results["runs"]] == ["finished", "waiting", "waiting"]
    assert results["runs"][0] == {
        "id": NAMES[2],
        "specification": SPECIFICATIONS[2],
        "floor": 0.6,
        **FINISHED,
    }


def test_what_is_known_of_errors_is_kept_by_run_and_damage_is_refused(write):
    store = write()
    store.record_errors({NAMES[0]: {"kind": "squared", "goal": 0.1}, NAMES[1]: {}, NAMES[2]: {"goal": 0.2}})
    store.record_errors({NAMES[2]: {}})
    assert store.attributes()["errors"] == {NAMES[0]: {"kind": "squared", "goal": 0.1}}
    kinds = {run.identifier: run.error_kind for run in write().runs()}
    assert kinds == {NAMES[0]: "squared", NAMES[1]: "share", NAMES[2]: "share"}
    of_one = {"kind": "cubed"}, {"goal": "low"}, {"goal": None}, {"validation_floor": None}
    for damaged in (3, {NAMES[0]: 3}, *({NAMES[0]: about} for about in of_one)):
        store._optuna.set_study_user_attr(store._study, "errors", damaged)
        with pytest.raises(StudyError, match="the record is damaged"):
            store.runs()


def test_roles_add_up_or_are_exchanged_and_damaged_ones_are_refused(write):
    store = write()
    first, second = {"part": "search"}, {"part": "ablations", "choice": "K", "value": "3"}
    store.add_roles([(NAMES[0], first)])
    store.add_roles([(NAMES[0], second), (NAMES[0], first), (NAMES[1], first)])
    roles = {run["id"]: run.get("roles") for run in store.results()["runs"]}
    assert roles == {NAMES[0]: [first, second], NAMES[1]: [first], NAMES[2]: None}
    store.set_roles([(NAMES[1], second), (NAMES[1], second), (NAMES[2], {})])
    assert store.attributes()["roles"] == {NAMES[1]: [second]}
    for damaged in (3, ["part"], {NAMES[0]: first}, {NAMES[0]: [{}]}, {NAMES[0]: [{"part": "x", "y": []}]}):
        store._optuna.set_study_user_attr(store._study, "roles", damaged)
        with pytest.raises(StudyError, match="roles"):
            store.results()


def test_points_crashes_and_heartbeats_are_there_for_the_next_reader(write, place):
    store = write()
    run = begin(store)[1]
    for update, error in ((20, 0.5), (40, 0.25)):
        store.report(run, update, error)
    store.record_crashes(run, [{"reached": 40, "reason": "its worker died"}])
    store.heartbeat(HEARTBEAT)
    reader = Store(place.storage)
    assert dict(reader.runs()[1].points) == {20: 0.5, 40: 0.25}
    assert reader.runs()[1].crashes == ({"reached": 40, "reason": "its worker died"},)
    heartbeat = reader.attributes()["coordinator"]
    assert heartbeat == {**HEARTBEAT, "seen": pytest.approx(time.time(), abs=60)}


def test_two_studies_share_a_database_and_a_journal_has_one(write, place):
    write()
    other = WritableStore(place.storage, "another", "quick")
    if place.storage.one_study:
        assert (study_names(place.storage), states(other)) == (["folder"], ["waiting"] * 3)
    else:
        assert (study_names(place.storage), states(other)) == (["folder", "another"], [])
        with pytest.raises(StudyError, match=r"expected one study in .*; found folder, another"):
            Store(place.storage)
        with pytest.raises(StudyError, match="expected the study 'third'"):
            Store(place.storage, "third")


def test_a_study_is_owned_by_one_coordinator(write, place):
    storage = place.storage
    if isinstance(storage, Journal):
        pytest.skip("the journal is its folder's: see test_coordinator")
    write()
    assert storage.owner("folder") is None
    with storage.owning("folder") as confirm:
        confirm()
        assert f"process {os.getpid()} on " in storage.owner("folder")
        with pytest.raises(StudyError, match=f"in use by another coordinator .process {os.getpid()} on "):
            storage.owning("folder").__enter__()
        with storage.owning("another"):
            assert storage.owner("another")
    assert storage.owner("folder") is None
    with storage.owning("folder"):
        pass


def test_reading_writes_nothing_and_another_preset_is_refused(write, place):
    write()
    before = _content(place)
    Store(place.storage).runs()
    with pytest.raises(StudyError, match="belongs to the preset 'quick'; got 'paper'"):
        WritableStore(place.storage, place.study, "paper")
    assert _content(place) == before


def _content(place):
    if isinstance(place.storage, Journal):
        return Path(str(place.storage)).read_bytes()
    return [(run, Store(place.storage).attributes()) for run in Store(place.storage).runs()]


def test_there_must_be_a_study_to_read(place, tmp_path):
    with pytest.raises(StudyError, match=r"there (is|are) no (study|studies|database)"):
        Store(place.storage)
    with pytest.raises(StudyError):
        study_names(place.storage)
    assert not os.listdir(tmp_path)


def test_a_study_of_another_version_is_refused(write, place):
    store = write()
    store._optuna.set_study_user_attr(store._study, "format", 99)
    for opened in (lambda: Store(place.storage), lambda: WritableStore(place.storage, place.study, "quick")):
        with pytest.raises(StudyError, match="format that this version does not know: 99") as caught:
            opened()
        assert "\n" not in str(caught.value)


def test_somebody_elses_study_is_refused_and_kept(place, tmp_path):
    import optuna

    (tmp_path / "folder").mkdir()
    study = optuna.create_study(storage=place.storage.open(create=True), study_name="folder")
    study.enqueue_trial({"x": 1})
    study.set_user_attr("mine", True)
    assert study_names(place.storage) == []
    for opened in (lambda: Store(place.storage), lambda: WritableStore(place.storage, place.study, "quick")):
        with pytest.raises(StudyError, match="format that this version does not know: None"):
            opened()
    assert study.user_attrs == {"mine": True}


def test_a_coordinator_killed_while_it_made_the_study_holds_nobody_up(place, tmp_path):
    from optuna.study import StudyDirection

    (tmp_path / "folder").mkdir()
    storage = place.storage.open(create=True)
    storage.create_new_study([StudyDirection.MINIMIZE], "folder")
    assert WritableStore(place.storage, "folder", "quick").preset == "quick"


@pytest.mark.parametrize("name", ["", "a/b", "a b", "x" * 101, "a\nb", "a'; DROP TABLE studies; --"])
def test_a_database_needs_a_name_that_is_one_and_a_journal_none(name, place, tmp_path):
    (tmp_path / "folder").mkdir()
    if place.storage.one_study:
        WritableStore(place.storage, name, "quick").plan(PLAN)
        assert states(Store(place.storage)) == ["waiting"] * 3
        return
    with pytest.raises(InvalidValueError, match=r"the name of a study in .* has 1 to 100 letters") as caught:
        WritableStore(place.storage, name, "quick")
    assert "\n" not in str(caught.value)


URLS = {
    "": "no URL",
    "sqlite": "no URL",
    "sqlite://": "expected a file",
    "sqlite:///:memory:": "expected a file",
    "sqlite:///file:x?mode=memory": "expected a file",
    "sqlite://host/x.db": "expected a file",
    "postgresql://user:hunter2@host": "names no database",
    "postgresql+psycopg2://user:hunter2@host/x": "unknown kind",
    "mysql://user:hunter2@host/x": "unknown kind",
    "http://example.org": "unknown kind",
    "postgresql://user:hunter2@host:port/x": "no URL",
    "\0": "no URL",
}


@pytest.mark.parametrize("url", URLS)
def test_a_bad_url_is_an_error_of_one_line_without_its_password(url, tmp_path):
    with pytest.raises(InvalidValueError, match=URLS[url]) as caught:
        locate(tmp_path, url or " ")
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("where", ["unreachable", "no file", "no database", "other tables", "another schema"])
def test_a_database_that_is_none_is_an_error_of_one_line(where, tmp_path):
    path = tmp_path / "x.db"
    url = f"sqlite:///{path}"
    if where == "unreachable":
        url = "postgresql://tester:hunter2@127.0.0.1:1/x"
    elif where == "no file":
        url = f"sqlite:///{tmp_path}/missing/x.db"
    elif where == "no database":
        path.write_bytes(b"not a database, but long enough to be taken for one" * 99)
    else:
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE studies (study_id INTEGER)")
            if where == "another schema":
                database.execute("CREATE TABLE alembic_version (version_num TEXT)")
                database.execute("INSERT INTO alembic_version VALUES ('v99')")
    before = path.read_bytes() if path.exists() else None
    storage = locate(tmp_path, url).storage
    for use in (
        lambda: WritableStore(storage, "x", "quick"),
        lambda: Store(storage),
        lambda: study_names(storage),
    ):
        with pytest.raises((StudyError, FileError)) as caught:
            use()
        assert "\n" not in str(caught.value)
        assert "hunter2" not in str(caught.value)
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_folder_remembers_its_storage_but_no_password(tmp_path):
    url = "postgresql://tester:hunter2@127.0.0.1:1/x"
    save_location(tmp_path, locate(tmp_path, url, "mine"))
    assert "hunter2" not in (tmp_path / "study.json").read_text()
    place = locate(tmp_path)
    assert (str(place.storage), place.study) == ("postgresql+psycopg://tester@127.0.0.1:1/x", "mine")
    assert locate(tmp_path, url).study == "mine"
    for other in ({"url": "sqlite:///y.db"}, {"study": "yours"}):
        with pytest.raises(StudyError, match=r"keeps its record in .* as 'mine'; take another folder"):
            locate(tmp_path, **other)


def test_a_folder_with_a_journal_takes_no_other_storage(tmp_path):
    WritableStore(Journal(tmp_path), "x", "quick")
    with pytest.raises(StudyError, match=r"its own study\.journal"):
        locate(tmp_path, "sqlite:///y.db")


@pytest.mark.parametrize("junk", ["", "[]", "{}", '{"storage": 1, "study": "x"}', "[" * 100_000, "\xff"])
def test_a_damaged_pointer_is_an_error_of_one_line(junk, tmp_path):
    (tmp_path / "study.json").write_text(junk, encoding="latin-1")
    with pytest.raises(StudyError, match="does not say where") as caught:
        locate(tmp_path)
    assert "\n" not in str(caught.value)


def planned(folder: Path) -> WritableStore:
    store = WritableStore(Journal(folder), "x", "quick")
    store.plan(PLAN)
    return store


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
    ],
)
@pytest.mark.parametrize("preset", [None, "quick"])
def test_what_is_no_journal_is_refused_and_kept(junk, preset, tmp_path):
    (tmp_path / JOURNAL).write_bytes(junk)
    with pytest.raises(StudyError, match=r"not the (journal|record)") as caught:
        WritableStore(Journal(tmp_path), "x", preset) if preset else Store(Journal(tmp_path))
    assert "\n" not in str(caught.value)
    assert (tmp_path / JOURNAL).read_bytes() == junk


def test_damage_in_the_middle_is_refused(tmp_path):
    planned(tmp_path)
    path = tmp_path / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2][:20] + b"\n", *lines[3:]]))
    with pytest.raises(StudyError):
        WritableStore(Journal(tmp_path), "x", "quick")


@pytest.mark.parametrize("lost", [1, 2, 30])
def test_half_a_last_line_is_cut_and_the_study_goes_on(lost, tmp_path):
    """A full disk leaves half a line; appended to, it would spoil the journal for good."""
    store = planned(tmp_path)
    store.finish(begin(store)[0], FINISHED)
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
    planned(tmp_path).plan([(NAMES[3], SPECIFICATIONS[3], 0.6)])
    assert time.monotonic() - started < 10  # Optuna itself would wait for 30 s
    assert os.listdir(tmp_path) == [JOURNAL]


@pytest.mark.parametrize("where", ["missing", "file", "journal-is-a-folder"])
def test_what_cannot_be_written_is_an_error_of_one_line(where, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "journal-is-a-folder" / JOURNAL).mkdir(parents=True)
    with pytest.raises(FileError, match="cannot use") as caught:
        WritableStore(Journal(tmp_path / where), "x", "quick")
    assert isinstance(caught.value, FastweightsError)
    assert "\n" not in str(caught.value)


def test_looking_at_results_needs_no_jax(tmp_path):
    planned(tmp_path)
    code = (
        "import sys; from pathlib import Path; from fastweights.studies.record.storage import Journal; "
        "from fastweights.studies.record.store import Store; "
        "print(len(Store(Journal(Path(sys.argv[1]))).runs())); "
        "assert 'jax' not in sys.modules"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True
    )
    assert ran.stdout == "3\n"


def test_halves_of_characters_are_damage():
    with pytest.raises(StudyError, match="is damaged"):
        check_study({"floors": {"\ud800": "\ud800"}})
