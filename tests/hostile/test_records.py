"""Hostile records and storages: journals that were damaged or made up, URLs and presets of any text."""

import json
import os
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fastweights.cli.main import main
from fastweights.runs.specification import RunSpecification
from fastweights.studies.description import preset_names
from fastweights.studies.record.folder import locate
from fastweights.studies.record.storage import JOURNAL, Journal
from fastweights.studies.record.store import Store
from fastweights.studies.record.writable_store import WritableStore
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from hostile.border import attempt, check_message
from hostile.mutations import BYTES, nasty
from outcomes import RESULT

RUNS = [RunSpecification(AssociativeRetrieval(1), "irnn", 3, seed=seed) for seed in range(4)]
PLAN = [(run.identifier, run.to_json(), run.task.floor()) for run in RUNS]
FINISHED = {"state": "finished", "curve": [[20, 2.3, 0.5, -1.5]], "result": RESULT}
HEARTBEAT = {
    "owner": "process 1 on here since then",
    "executor": "local",
    "workers": 2,
    "takes_over": "its last checkpoint",
    "updates_per_second": {PLAN[2][0]: 10.0},
}


@pytest.fixture(scope="module")
def journal(tmp_path_factory) -> bytes:
    """A study in which a bit of everything has happened."""
    folder = tmp_path_factory.mktemp("good")
    store = WritableStore(Journal(folder), "good", "quick")
    store.plan(PLAN)
    for run in store.runs()[:3]:
        store.begin(run)
    first, second, third, _ = store.runs()
    store.finish(first, {**FINISHED, "failure": None, "environment": {"jax": "1"}})
    store.finish(
        second, {"state": "failed", "curve": [], "result": None, "failure": "why", "environment": None}
    )
    store.report(third, 20, 0.5)
    store.record_crashes(third, [{"reached": 20, "reason": "its worker died"}])
    store.heartbeat(HEARTBEAT)
    return (folder / JOURNAL).read_bytes()


def edit(content: bytes, random: Random) -> bytes:
    """Another value somewhere in one of the entries, all of which stay JSON."""
    lines = content.splitlines()
    number = random.randrange(len(lines))
    entry = place = json.loads(lines[number])
    while True:
        key = random.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if isinstance(place[key], dict | list) and place[key] and random.random() < 0.8:
            place = place[key]
            continue
        break
    if isinstance(place, dict) and random.random() < 0.2:
        del place[key]
    else:
        place[key] = nasty(random)
    try:
        lines[number] = json.dumps(entry).encode()
    except ValueError:  # a number too long to be written
        return content
    return b"\n".join(lines) + b"\n"


def everything_that_reads(folder: Path, content: bytes) -> None:
    """A record is read, or refused properly; so is everything that is made of it."""
    path = folder / JOURNAL
    path.write_bytes(content)
    (folder / "coordinator.lock").touch()
    results = attempt(lambda: Store(Journal(folder)).results())
    assert path.read_bytes() == content
    for command in ("status", "report"):
        with pytest.raises(SystemExit) as end:
            main([command, str(folder)])
        assert end.value.code in ((0, 2) if results else (2,) if command == "report" else (0, 2))

    def resume() -> None:
        store = WritableStore(Journal(folder), "good", "quick")
        store.plan(PLAN)

    attempt(resume)


def fuzz(journal: bytes, folder: Path, numbers: range) -> None:
    for number in numbers:
        random = Random(number)
        change = random.choice([edit, edit, *BYTES])
        content = change(journal, random) if change is edit else change(journal, random, [journal])
        everything_that_reads(folder, content)


def test_mutated_journals(journal, tmp_path, capsys):
    fuzz(journal, tmp_path, range(20))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_four_thousand_mutated_journals(part, journal, tmp_path, capsys):
    fuzz(journal, tmp_path, range(1000 + 1000 * part, 2000 + 1000 * part))


def test_the_whole_journal_is_read(journal, tmp_path, capsys):
    """The journal that the fuzzer damages is a good one: else it would prove nothing."""
    (tmp_path / JOURNAL).write_bytes(journal)
    assert [run.state for run in Store(Journal(tmp_path)).runs()] == [
        "finished",
        "failed",
        "running",
        "waiting",
    ]
    for command in ("status", "report"):
        with pytest.raises(SystemExit) as end:
            main([command, str(tmp_path)])
        assert end.value.code == 0


@pytest.mark.parametrize("command", ["status", "report", "reproduce --preset quick --dir"])
def test_a_run_that_was_changed_is_refused(command, journal, tmp_path, capsys):
    """The specification no longer matches its identifier, which is its hash."""
    name, specification, _ = PLAN[1]
    seed = f'"seed":{specification["seed"]}'.encode()
    assert journal.count(seed) == 1
    (tmp_path / JOURNAL).write_bytes(journal.replace(seed, b'"seed":9'))
    with pytest.raises(SystemExit) as end:
        main([*command.split(), str(tmp_path)])
    assert end.value.code == 2
    said = f"run '{name}' of the record is damaged: its specification does not match its identifier"
    assert capsys.readouterr().err == f"fastweights: error: {said}\n"
    assert not list(tmp_path.glob("re*"))


@settings(deadline=None)
@given(st.text() | st.from_regex(r"(sqlite|postgresql)(\+\w+)?://[^\s]*", fullmatch=True))
def test_any_text_as_a_storage(url):
    attempt(lambda: locate(Path("nowhere"), url))


@pytest.mark.parametrize(
    "command", ["reproduce --dir x --preset", "status --study", "status --storage", "report"]
)
@settings(deadline=None)
@given(value=st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_where_a_name_is_expected(command, value):
    assume(
        not value.startswith("-") and value not in preset_names()
    )  # Hypothesis takes constants from the source
    here = Path.cwd()
    before = sorted(os.listdir(here))
    with pytest.MonkeyPatch.context() as patch:
        complaints: list[str] = []
        patch.setattr(sys.modules["fastweights.cli.main"], "_complain", complaints.append)
        with pytest.raises(SystemExit) as end:
            main([*command.split(), value])
    assert end.value.code == 2, value
    assert len(complaints) == 1
    assert sorted(os.listdir(here)) == before


def test_messages_are_checked(tmp_path):
    """The border's own test: it does fail for a traceback and for two lines."""
    with pytest.raises(ZeroDivisionError):
        attempt(lambda: 1 / 0)
    with pytest.raises(AssertionError):
        check_message(ValueError("two\nlines"))
