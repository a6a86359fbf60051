"""The record of a study for its one coordinator, who alone writes it. This module does not import JAX."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastweights.errors import StudyError, check
from fastweights.studies.record.storage import Journal, Storage
from fastweights.studies.record.store import FORMAT, Run, Store, opened, select

if TYPE_CHECKING:
    from optuna.study._frozen import FrozenStudy


class WritableStore(Store):
    """The record for the coordinator that owns it; it is made if there is none.

    Raises: as `Store`, and StudyError if the study belongs to another preset, InvalidValueError if it is
    new and its name is none.
    """

    def __init__(self, storage: Storage, name: str, preset: str) -> None:
        self.storage = storage
        with self.storage.errors():
            self._optuna = opened(storage, create=True)
            self._take(self._found_or_made(name, preset))
            if self.preset != preset:
                raise StudyError(
                    f"{self} belongs to the preset {self.preset!r}; got {preset!r}: take another folder"
                )
            if isinstance(storage, Journal):
                storage.mend()

    def _found_or_made(self, name: str, preset: str) -> "FrozenStudy":
        from optuna.study import StudyDirection

        studies = self._optuna.get_all_studies()
        if not any(self.storage.one_study or study.study_name == name for study in studies):
            check(
                re.fullmatch(r"[\w.-]{1,100}", name) is not None,
                f"a study's name has 1 to 100 letters, digits, '-', '_' and '.'; got {name[:120]!r}",
            )
            self._optuna.create_new_study([StudyDirection.MINIMIZE], name)
            studies = self._optuna.get_all_studies()
        study = select(self.storage, studies, name)
        # A coordinator may have been killed before it had said all; others' studies hold something else.
        if set(study.user_attrs) < {"format", "preset"} and not self._optuna.get_n_trials(study._study_id):
            for key, value in (("format", FORMAT), ("preset", preset)):
                self._optuna.set_study_user_attr(study._study_id, key, value)
                study.user_attrs[key] = value
        return study

    def plan(
        self,
        specifications: Iterable[tuple[str, Mapping[str, Any], float]],
        *,
        retry_failed: bool = False,
    ) -> None:
        """Add the runs that are not there yet, each given by its identifier, specification and guessing
        floor; with `retry_failed`, those that have failed once more."""
        from optuna.trial import TrialState, create_trial

        known = {run.identifier: run.state for run in self.runs()}
        floors = dict(self.attributes().get("floors", {}))
        wanted = {identifier: (each, floor) for identifier, each, floor in specifications}
        with self.storage.errors():
            for identifier, (each, _) in wanted.items():
                if identifier not in known or (retry_failed and known[identifier] == "failed"):
                    # All of a run in one step: no half of a plan is ever found.
                    attributes = {"identifier": identifier, "specification": each}
                    trial = create_trial(state=TrialState.WAITING, user_attrs=attributes)
                    self._optuna.create_new_trial(self._study, trial)
            missing = {name: floor for name, (_, floor) in wanted.items() if floors.get(name) != floor}
            if missing:
                self._optuna.set_study_user_attr(self._study, "floors", {**floors, **missing})

    def record_arguments(self, words: Sequence[str]) -> None:
        """Note what `reproduce` was told about the plan, so that others can go on with it."""
        if list(words) != self.attributes().get("asked", []):
            with self.storage.errors():
                self._optuna.set_study_user_attr(self._study, "asked", list(words))

    def add_roles(self, roles: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Note the roles that runs, given by their identifiers, have in the study, besides those noted
        already."""
        known = self.attributes().get("roles", {})
        all_roles = {identifier: list(each) for identifier, each in known.items()}
        for identifier, role in roles:
            if dict(role) not in all_roles.setdefault(identifier, []):
                all_roles[identifier].append(dict(role))
        if all_roles != known:
            with self.storage.errors():
                self._optuna.set_study_user_attr(self._study, "roles", all_roles)

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

    def record_crashes(self, run: Run, losses: Sequence[Mapping[str, Any]]) -> None:
        """Note how often a running run was lost since it last got on."""
        with self.storage.errors():
            self._optuna.set_trial_user_attr(run.trial, "losses", list(losses))

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
        """Say who coordinates the study, and that it is alive: `about` and the time, `seen`, in seconds."""
        with self.storage.errors():
            self._optuna.set_study_user_attr(self._study, "coordinator", {**about, "seen": time.time()})
