"""Makes the journals of studies shorter, to be kept in a repository.

    .venv/bin/python tools/compact_journal.py results/table1 …

Of each attribute of a study the last value stays, and of a run that has ended its outcome, which has the
whole curve, without the progress on the way. Before a journal is replaced, the results that are read from the
shorter one are compared with those from the old one. No coordinator may be at work on it.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from fastweights.files import write_atomically
from fastweights.studies.record.folder import LOCK, locate
from fastweights.studies.record.locks import hold_lock
from fastweights.studies.record.storage import JOURNAL
from fastweights.studies.record.store import Store

# Optuna's numbers of what a line does: `optuna.storages.journal._storage.JournalOperation`.
STUDY_ATTRIBUTE, PROGRESS, RUN_ATTRIBUTE = 2, 7, 8


def compact(journal: str) -> str:
    """The lines that are needed, in their order."""
    lines = [(line, json.loads(line)) for line in journal.splitlines(keepends=True)]
    last = {name: i for i, (_, entry) in enumerate(lines) for name in attributes(entry)}
    ended = {
        entry["trial_id"]
        for _, entry in lines
        if entry["op_code"] == RUN_ATTRIBUTE and "outcome" in entry["user_attr"]
    }

    def is_needed(i: int, entry: dict[str, Any]) -> bool:
        if entry["op_code"] == STUDY_ATTRIBUTE:
            return any(last[name] == i for name in attributes(entry))
        return entry["op_code"] != PROGRESS or entry["trial_id"] not in ended

    return "".join(line for i, (line, entry) in enumerate(lines) if is_needed(i, entry))


def attributes(entry: dict[str, Any]) -> dict[str, Any]:
    """Those of the study that a line sets."""
    return entry["user_attr"] if entry["op_code"] == STUDY_ATTRIBUTE else {}


def results_of(directory: Path) -> dict[str, Any]:
    """The content of results.json."""
    return Store(*locate(directory)).results()


def main() -> None:
    """Shorten the journals in the folders that the command line names."""
    for directory in map(Path, sys.argv[1:]):
        with hold_lock(directory / LOCK, str(directory)), tempfile.TemporaryDirectory() as temporary:
            # The copy's folder has the same name, which is the study's.
            path, copy = directory / JOURNAL, Path(temporary) / directory.resolve().name / JOURNAL
            before = path.read_text()
            copy.parent.mkdir()
            copy.write_text(compact(before))
            if results_of(copy.parent) != results_of(directory):
                raise SystemExit(f"error: the shorter journal of {directory} would not say the same")
            write_atomically(path, copy.read_bytes())
            print(f"{path}: {len(before):,} → {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
