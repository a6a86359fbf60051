"""The record of a study: Optuna's journal, an append-only text file in the study's folder.

One study holds one plan. A run is a trial: its specification and, later, its outcome are user
attributes; its learning curve is the trial's intermediate values, so Optuna's dashboard can show a
study while it runs. Only a coordinator writes. This module does not import JAX.
"""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastweights.errors import FileError, StudyError

JOURNAL = "study.journal"
_NAME = "fastweights"
_FORMAT = 1


@dataclass(frozen=True)
class Run:
    """One run of a study: its record, and the number of its trial."""

    number: int
    identifier: str
    state: str
    """waiting, running, finished or failed."""
    specification: Mapping[str, Any]
    outcome: Mapping[str, Any] | None


class Store:
    """A study folder's record.

    Raises: StudyError if the folder belongs to another preset, or holds something else under the
    journal's name; FileError if it cannot be read or written.
    """

    def __init__(self, directory: Path, *, preset: str | None = None) -> None:
        """Open the study in `directory`; with `preset`, create it if there is none."""
        import optuna
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        path = Path(directory) / JOURNAL
        if preset is None and not path.exists():
            raise StudyError(f"there is no study in {directory}")
        try:
            # A journal starts as an empty file, so opening it shows whether it can be written.
            backend = JournalFileBackend(str(path))
            storage = optuna.storages.JournalStorage(backend)
            if _NAME in optuna.get_all_study_names(storage):
                self._study = optuna.load_study(study_name=_NAME, storage=storage)
            elif preset is None or path.stat().st_size:
                raise StudyError(f"{path} is not the journal of a study, or is damaged")
            else:
                self._study = optuna.create_study(study_name=_NAME, storage=storage, direction="minimize")
        except OSError as error:
            raise FileError(f"cannot use {path}: {error.strerror or error}") from error
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            # Whatever Optuna stumbles over in a file that it did not write.
            raise StudyError(f"{path} is not the journal of a study, or is damaged: {error}") from error
        if preset is not None and "preset" not in self._study.user_attrs:
            self._study.set_user_attr("format", _FORMAT)
            self._study.set_user_attr("preset", preset)
        self.preset: str = self._study.user_attrs.get("preset", "")
        if self._study.user_attrs.get("format") != _FORMAT:
            raise StudyError(f"{directory} holds a study of a format that this version does not know")
        if preset is not None and self.preset != preset:
            raise StudyError(
                f"{directory} belongs to the preset {self.preset!r}; got {preset!r}: take another folder"
            )
        if preset is not None:
            _mend(path)

    def plan(self, specifications: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Add the runs that are not there yet, each given by its identifier and specification."""
        known = {run.identifier for run in self.runs()}
        for identifier, specification in specifications:
            if identifier not in known:
                known.add(identifier)
                attributes = {"identifier": identifier, "specification": specification}
                self._study.enqueue_trial({}, user_attrs=attributes)

    def runs(self) -> list[Run]:
        """All runs, in the order of the plan."""
        names = {"WAITING": "waiting", "RUNNING": "running", "COMPLETE": "finished", "FAIL": "failed"}
        return [
            Run(
                trial.number,
                trial.user_attrs.get("identifier", ""),
                names.get(trial.state.name, "failed"),
                trial.user_attrs.get("specification", {}),
                trial.user_attrs.get("outcome"),
            )
            for trial in self._study.get_trials(deepcopy=False)
        ]

    def begin(self) -> None:
        """Mark every waiting run as running: from now on this coordinator answers for it."""
        import optuna

        while any(run.state == "waiting" for run in self.runs()):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self._study.ask()

    def report(self, run: Run, update: int, validation_error: float) -> None:
        """Add a point to a running run's learning curve; a point that is there stays as it is."""
        import optuna

        trial = optuna.trial.Trial(self._study, self._trial_id(run))
        if update not in self._study.get_trials(deepcopy=False)[run.number].intermediate_values:
            trial.report(validation_error, update)

    def finish(self, run: Run, outcome: Mapping[str, Any]) -> None:
        """Record a running run's outcome, finished or failed."""
        import optuna

        state = optuna.trial.TrialState
        trial = optuna.trial.Trial(self._study, self._trial_id(run))
        trial.set_user_attr("outcome", dict(outcome))
        if outcome["state"] == "finished":
            self._study.tell(run.number, outcome["curve"][-1][2], state=state.COMPLETE)
        else:
            self._study.tell(run.number, state=state.FAIL)

    def results(self, floors: Mapping[str, float]) -> dict[str, Any]:
        """All that is known, as results.json holds it; `floors` gives each run's guessing floor."""
        nothing = {"curve": [], "result": None, "failure": None, "environment": None}
        return {
            "format": _FORMAT,
            "study": {"preset": self.preset},
            "runs": [
                {
                    "id": run.identifier,
                    "specification": dict(run.specification),
                    "floor": floors[run.identifier],
                    **nothing,
                    **(run.outcome or {}),
                    "state": "waiting" if run.state == "running" else run.state,
                }
                for run in self.runs()
            ],
        }

    def _trial_id(self, run: Run) -> int:
        return self._study.get_trials(deepcopy=False)[run.number]._trial_id


def _mend(path: Path) -> None:
    """Remove what a coordinator left that was killed, or whose disk was full: Optuna's lock, which would
    hold the next one up for half a minute, and half a line, which the next line would run into."""
    try:
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
        with path.open("r+b") as file:
            content = file.read()
            if not content.endswith(b"\n"):
                file.truncate(content.rfind(b"\n") + 1)
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from error
