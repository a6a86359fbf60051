"""The record of a study for its one coordinator, who alone writes it. This module does not import JAX."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastweights.errors import StudyError, check
from fastweights.studies.record.storage import Journal, Storage
from fastweights.studies.record.store import FORMAT, Run, Store, kind_of_errors, open_storage, select

if TYPE_CHECKING:
    from optuna.study._frozen import FrozenStudy


def check_name(storage: Storage, name: str) -> None:
    """Raise InvalidValueError unless a new study in the storage can have this name: any in a journal, which
    has one study only."""
    check(
        storage.one_study or re.fullmatch(r"[\w.-]{1,100}", name) is not None,
        f"the name of a study in {storage} has 1 to 100 letters, digits, '-', '_' and '.'; "
        f"got {name[:120]!r}: choose one with --study",
    )


class WritableStore(Store):
    """The record for the coordinator that owns it; it is made if there is none.

    Raises: as `Store`, and StudyError if the study belongs to another preset; InvalidValueError if it is
    new and cannot have this name (see `check_name`).
    """

    def __init__(self, storage: Storage, name: str, preset: str) -> None:
        self.storage = storage
        with self.storage.errors():
            self._optuna = open_storage(storage, create=True)
            self._use(self._get_or_create(name, preset))
            if self.preset != preset:
                raise StudyError(
                    f"{self} belongs to the preset {self.preset!r}; got {preset!r}: take another folder"
                )
            if isinstance(storage, Journal):
                storage.repair()
        self._attributes = self.attributes()

    def _get_or_create(self, name: str, preset: str) -> "FrozenStudy":
        from optuna.study import StudyDirection

        studies = self._optuna.get_all_studies()
        if not any(self.storage.one_study or study.study_name == name for study in studies):
            check_name(self.storage, name)
            self._optuna.create_new_study([StudyDirection.MINIMIZE], name)
            studies = self._optuna.get_all_studies()
        study = select(self.storage, studies, name)
        # A coordinator may have been killed before it had set both; others' studies have other attributes.
        if set(study.user_attrs) < {"format", "preset"} and not self._optuna.get_n_trials(study._study_id):
            for key, value in (("format", FORMAT), ("preset", preset)):
                self._optuna.set_study_user_attr(study._study_id, key, value)
                study.user_attrs[key] = value
        return study

    def plan(
        self,
        specifications: Iterable[tuple[str, Mapping[str, Any], float]],
        *,
        known: Sequence[Run] | None = None,
        retry_failed: bool = False,
    ) -> list[Run]:
        """Add the runs that are not there yet, each given by its identifier, specification and guessing
        floor; with `retry_failed`, those that have failed once more. Returns all runs.

        `known` is what `runs` has returned, by default it is read.
        """
        from optuna.trial import TrialState, create_trial

        runs = {run.identifier: run for run in (self.runs() if known is None else known)}
        entries = list(specifications)
        # Before the runs: whoever is killed between them leaves no run without its floor.
        floors = {identifier: floor for identifier, _, floor in entries}
        self._set_attribute("floors", {**self._attributes.get("floors", {}), **floors})
        for identifier, specification, _ in entries:
            run = runs.get(identifier)
            if run is None or (retry_failed and run.state == "failed"):
                # All of a run in one step: a plan never has half a run.
                attributes = {"identifier": identifier, "specification": specification}
                trial = create_trial(state=TrialState.WAITING, user_attrs=attributes)
                with self.storage.errors():
                    number = self._optuna.create_new_trial(self._study, trial)
                kind = kind_of_errors(self._attributes.get("errors", {}), identifier)
                runs[identifier] = Run(number, identifier, "waiting", specification, error_kind=kind)
        return list(runs.values())

    def record_arguments(self, words: Sequence[str]) -> None:
        """Record the arguments of the command that shape the plan, so that others can resume the study."""
        self._set_attribute("asked", list(words))

    def record_file(self, text: str) -> None:
        """Record the text that describes the study."""
        self._set_attribute("file", text)

    def record_errors(self, errors: Mapping[str, Mapping[str, Any]]) -> None:
        """Record by identifier what is known of the errors of runs besides their floors, and not as usual;
        to be called before they are planned."""
        known = {**self._attributes.get("errors", {}), **errors}
        self._set_attribute("errors", {name: dict(about) for name, about in known.items() if about})

    def set_planned(self, roles: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Record the runs that the study's file asks for now, and their roles, instead of those recorded
        already."""
        self._set_attribute("planned", _added({}, roles))

    def set_roles(self, roles: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Record the roles that runs, given by their identifiers, have in the study, instead of those
        recorded already: other runs have none."""
        self._record_roles({}, roles)

    def add_roles(self, roles: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Record these roles, too, besides those recorded already."""
        self._record_roles(self._attributes.get("roles", {}), roles)

    def _record_roles(
        self, known: Mapping[str, Sequence[dict[str, Any]]], roles: Iterable[tuple[str, Mapping[str, Any]]]
    ) -> None:
        self._set_attribute("roles", _added(known, (pair for pair in roles if pair[1])))

    def record_abandoned(self, runs: Sequence[Run]) -> None:
        """Record which runs have not ended and are not planned now, instead of those recorded already: `runs`
        are all that are not planned."""
        self._set_attribute("abandoned", [run.identifier for run in runs if not run.over])

    def begin(self, run: Run) -> None:
        """Mark a waiting run as running; a running one stays so."""
        from optuna.trial import TrialState

        if run.state == "waiting":
            with self.storage.errors():
                self._optuna.set_trial_state_values(run.trial, TrialState.RUNNING)

    def report(self, run: Run, update: int, validation_error: float) -> None:
        """Add a point to a running run's learning curve."""
        with self.storage.errors():
            self._optuna.set_trial_intermediate_value(run.trial, update, validation_error)

    def record_crashes(self, run: Run, crashes: Sequence[Mapping[str, Any]]) -> None:
        """Record the crashes of a running run since it last made progress."""
        with self.storage.errors():
            self._optuna.set_trial_user_attr(run.trial, "losses", list(crashes))

    def finish(self, run: Run, outcome: Mapping[str, Any]) -> None:
        """Record a running run's outcome, finished or failed."""
        from optuna.trial import TrialState

        with self.storage.errors():
            self._optuna.set_trial_user_attr(run.trial, "outcome", dict(outcome))
            if outcome["state"] == "finished":
                values = [outcome["curve"][-1][2]]
                self._optuna.set_trial_state_values(run.trial, TrialState.COMPLETE, values)
            else:
                self._optuna.set_trial_state_values(run.trial, TrialState.FAIL)

    def heartbeat(self, about: Mapping[str, Any]) -> None:
        """Record that the study's coordinator is alive: `about` it, and the time in seconds, `seen`."""
        self._set_attribute("coordinator", {**about, "seen": time.time()})

    def _set_attribute(self, name: str, value: Any) -> None:
        if value != self._attributes.get(name, type(value)()):
            with self.storage.errors():
                self._optuna.set_study_user_attr(self._study, name, value)
            self._attributes[name] = value


def _added(
    known: Mapping[str, Sequence[dict[str, Any]]], roles: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """By run, each role once; a run with no role but an empty one has none."""
    by_run = {name: list(each) for name, each in known.items()}
    for name, role in roles:
        its = by_run.setdefault(name, [])
        if role and dict(role) not in its:
            its.append(dict(role))
    return by_run
