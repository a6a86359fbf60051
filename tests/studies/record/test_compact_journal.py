"""tools/compact_journal.py: a shorter journal says the same, and the study can go on from it."""

import json
import shutil
import sys
from importlib import util
from pathlib import Path

import pytest

from fastweights.errors import StudyError
from fastweights.studies.record.folder import LOCK, locate
from fastweights.studies.record.locks import hold_lock
from fastweights.studies.record.storage import JOURNAL
from fastweights.studies.record.store import Store

ROOT = Path(__file__).parents[3]
_spec = util.spec_from_file_location("compact_journal", ROOT / "tools" / "compact_journal.py")
assert _spec is not None
assert _spec.loader is not None
tool = util.module_from_spec(_spec)
_spec.loader.exec_module(tool)


@pytest.fixture
def quick(tmp_path, monkeypatch) -> Path:
    """A copy of a committed study, with a run that has not ended, and what later lines replace."""
    folder = tmp_path / "quick"
    folder.mkdir()
    journal = folder / JOURNAL
    shutil.copy(ROOT / "results" / "quick" / JOURNAL, journal)
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    outcome = next(i for i, entry in enumerate(entries) if "outcome" in entry.get("user_attr", {}))
    run = entries[outcome]["trial_id"]
    begun = [entry for entry in entries[:outcome] if entry.get("trial_id") != run or entry["op_code"] != 6]
    progress = {"op_code": 7, "worker_id": "x", "trial_id": run, "step": 500, "intermediate_value": 0.5}
    heartbeats = [entry for entry in entries if "coordinator" in entry.get("user_attr", {})][:1] * 3
    assert heartbeats
    ended = [entry for entry in entries[outcome:] if entry.get("trial_id", run) != run]
    lines = [*begun, progress, *heartbeats, *ended]
    journal.write_text("".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines))
    monkeypatch.setattr(sys, "argv", ["compact_journal", str(folder)])
    return folder


def test_a_shorter_journal_says_the_same(quick, capsys):
    before, text = Store(*locate(quick)).results(), (quick / JOURNAL).read_text()
    tool.main()
    after = (quick / JOURNAL).read_text()
    assert Store(*locate(quick)).results() == before
    assert len(after) < len(text)
    assert set(after.splitlines()) < set(text.splitlines())
    # The last heartbeat stays, and the progress of the one run that has not ended.
    assert [line for line in after.splitlines() if '"seen"' in line] == [
        line for line in text.splitlines() if '"seen"' in line
    ][-1:]
    entries, kept = ([json.loads(line) for line in each.splitlines()] for each in (text, after))
    ended = {entry["trial_id"] for entry in entries if "outcome" in entry.get("user_attr", {})}
    progress = [entry for entry in kept if entry["op_code"] == 7]
    assert progress == [
        entry for entry in entries if entry["op_code"] == 7 and entry["trial_id"] not in ended
    ]
    assert progress
    assert f"{len(text):,} → {len(after):,} bytes" in capsys.readouterr().out


def test_a_study_at_work_is_left_alone(quick):
    text = (quick / JOURNAL).read_text()
    with hold_lock(quick / LOCK, "the study"), pytest.raises(StudyError, match="in use"):
        tool.main()
    assert (quick / JOURNAL).read_text() == text


def test_what_would_say_something_else_is_not_written(quick, monkeypatch):
    text = (quick / JOURNAL).read_text()
    monkeypatch.setattr(tool, "compact", lambda journal: "".join(journal.splitlines(keepends=True)[:-2]))
    with pytest.raises(SystemExit, match="would not say the same"):
        tool.main()
    assert (quick / JOURNAL).read_text() == text
