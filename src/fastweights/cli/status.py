"""`fastweights status`: how far a study is, who works on it, and when it will be done. Needs no JAX."""

import dataclasses
import json
import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from fastweights.cli.options import parse
from fastweights.errors import FastweightsError
from fastweights.studies.analysis.progress import StudyStatus, study_status
from fastweights.studies.record.databases import database_at
from fastweights.studies.record.folder import LOCK, Location, locate
from fastweights.studies.record.locks import lock_owner
from fastweights.studies.record.store import Store, study_names


@dataclass(frozen=True)
class Status:
    """The options of `fastweights status`."""

    dir: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="[PATH]")] = None
    """A study's folder, wherever its record is."""

    storage: str | None = None
    """Instead of a folder: every study in sqlite:///FILE or postgresql://USER@HOST/DATABASE."""

    study: str | None = None
    """Only the study of this name in that storage."""

    json: bool = False
    """Print one JSON object."""


def run(arguments: Sequence[str]) -> int:
    """Print how far each study is."""
    options = parse(Status, arguments, "status")
    studies = [_progress(place, options.dir) for place in _places(options)]
    if options.json:
        entries = [{**dataclasses.asdict(study), "goes_on": goes_on(study, options.dir)} for study in studies]
        print(json.dumps({"studies": entries}, allow_nan=False))
        return 0

    from fastweights.cli.status_view import show

    for study in studies:
        show(study, goes_on(study, options.dir), with_runs=len(studies) == 1)
    if not studies:
        print("the storage holds no studies yet")
    return 0


def goes_on(study: StudyStatus, directory: Path | None) -> str | None:
    """The command that continues the study; None if nothing is left to do, if a coordinator is at it, or if a
    program of the user's runs it."""
    if study.owner or not any(study.states[state] for state in ("running", "interrupted", "waiting")):
        return None
    if not study.command:
        return None
    words = ["fastweights", *study.command, "--dir", str(directory or "DIR")]
    if directory is None:
        words += ["--storage", study.storage, "--study", study.study]
    return shlex.join(words)


def _places(options: Status) -> Iterator[Location]:
    if options.dir is not None:
        yield locate(options.dir, options.storage, options.study)
    elif options.storage is not None:
        storage = database_at(options.storage)
        for name in [options.study] if options.study is not None else study_names(storage):
            yield Location(storage, name)
    else:
        raise FastweightsError("expected a study's folder or --storage (see fastweights status --help)")


def _progress(place: Location, directory: Path | None) -> StudyStatus:
    store = Store(place.storage, place.study)
    runs, attributes = store.wanted(), store.attributes()
    # A journal is owned with its folder; a study in a database may be coordinated from another folder.
    if directory is not None and place.storage.one_study:
        owner = lock_owner(directory / LOCK)
    else:
        owner = place.storage.owner(store.name)
    with place.storage.errors():
        return study_status(store.name, str(place.storage), attributes, runs, owner, time.time())
