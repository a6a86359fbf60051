"""The record of a study: the plan, the learning curves and the outcomes.

A run is a trial of Optuna's: its specification and, later, its outcome are user attributes. Points of its
learning curve, one every few seconds, are the trial's intermediate values, so that Optuna's dashboard can
show a study while it runs; the outcome has all of them. One coordinator writes, anyone may read meanwhile.
This module does not import JAX.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastweights.errors import StudyError
from fastweights.studies.record.storage import Storage
from fastweights.studies.record.validation import check_run, check_study

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study._frozen import FrozenStudy
    from optuna.trial import FrozenTrial

FORMAT = 1
"""Of the attributes that a study and its runs have."""
_STATES = {"WAITING": "waiting", "RUNNING": "running", "COMPLETE": "finished", "FAIL": "failed"}


@dataclass(frozen=True)
class Run:
    """One run of a study, as the record has it."""

    trial: int
    """Optuna's identifier of its trial."""

    identifier: str

    state: str
    """waiting, running (at work, or left by a coordinator that has ended), finished or failed."""

    specification: Mapping[str, Any]

    outcome: Mapping[str, Any] | None = None

    error_kind: str = "share"
    """What its errors are: shares of wrong answers, or `squared`."""

    points: Mapping[int, float] = field(default_factory=dict)
    """Validation errors by update, those that were recorded while it ran."""

    crashes: Sequence[Mapping[str, Any]] = ()
    """Its crashes since it last made progress: each has `reached`, in updates, and `reason`."""

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state in ("finished", "failed")


class Store:
    """The record of one study, for reading.

    `name` is needed only where there are several.

    Raises: StudyError if there is no such study, or if what is there is something else or of another
    version; FileError if it cannot be read.
    """

    def __init__(self, storage: Storage, name: str | None = None) -> None:
        self.storage = storage
        with self.storage.errors():
            self._optuna = open_storage(storage, create=False)
            self._use(select(storage, self._optuna.get_all_studies(), name))

    def __str__(self) -> str:
        return str(self.storage) if self.storage.one_study else f"the study {self.name!r} in {self.storage}"

    def _use(self, study: "FrozenStudy") -> None:
        self.name, self._study = study.study_name, study._study_id
        self.preset: str = study.user_attrs.get("preset", "")
        version = study.user_attrs.get("format")
        if version != FORMAT:
            raise StudyError(
                f"{self} has a format that this version does not know: {version!r:.40}, not {FORMAT}"
            )

    def runs(self) -> list[Run]:
        """All runs, in the order of the plan; of a run that was planned more than once, the last trial.

        Raises: StudyError if the record of a run is damaged.
        """
        with self.storage.errors():
            # What is known of runs is written before them: who reads the runs first finds it of all.
            trials = self._optuna.get_all_trials(self._study, deepcopy=False)
            errors = self.attributes().get("errors", {})
            runs = [_run(trial, errors) for trial in trials]
        return list({run.identifier: run for run in runs}.values())

    def attributes(self) -> dict[str, Any]:
        """What is known of the study as a whole: `preset`, and `asked`, the arguments of the command that
        shape its plan; `floors` and `roles` by run, and `errors`, what else is known of their errors
        and not as usual: `kind`, `goal`, `validation_floor`; `coordinator`, its last heartbeat;
        `abandoned`, the runs that have not ended and that the plan asks for no more. Of a study that is no
        preset's, `file`, the text that describes it, and `planned`, the roles of the runs that it asks for.

        Raises: StudyError, too, if they are damaged.
        """
        with self.storage.errors():
            attributes = dict(self._optuna.get_study_user_attrs(self._study))
            check_study(attributes)
        return attributes

    def wanted(self) -> list[Run]:
        """The runs that the study's file asks for as it was last, in its order; of a preset's study all that
        have ended or that its plan asked for last.

        Raises: StudyError, too, if the record of a run is damaged.
        """
        attributes, runs = self.attributes(), self.runs()
        planned, abandoned = attributes.get("planned"), set(attributes.get("abandoned", ()))
        if planned is None:
            return [run for run in runs if run.over or run.identifier not in abandoned]
        known = {run.identifier: run for run in runs}
        return [known[identifier] for identifier in planned if identifier in known]

    def results(self, runs: Sequence[Run] | None = None) -> dict[str, Any]:
        """All that is known of these runs, by default of those `wanted`, as results.json holds it.

        Raises: StudyError, too, if the record of a run is damaged.
        """
        runs = self.wanted() if runs is None else runs
        attributes = self.attributes()
        floors, roles = attributes.get("floors", {}), attributes.get("planned", attributes.get("roles", {}))
        errors = attributes.get("errors", {})
        if bare := [run.identifier for run in runs if run.identifier not in floors]:
            raise StudyError(f"{self} is damaged: it has no guessing floor of run {bare[0]}")
        nothing = {"curve": [], "result": None, "failure": None, "environment": None}
        return {
            "format": FORMAT,
            "study": {
                "preset": self.preset,
                **{key: attributes[key] for key in ("file",) if key in attributes},
            },
            "runs": [
                {
                    "id": run.identifier,
                    "specification": dict(run.specification),
                    "floor": floors[run.identifier],
                    **({"errors": errors[run.identifier]} if run.identifier in errors else {}),
                    **({"roles": roles[run.identifier]} if roles.get(run.identifier) else {}),
                    **nothing,
                    **(run.outcome or {}),
                    "state": "waiting" if run.state == "running" else run.state,
                }
                for run in runs
            ],
        }


def study_names(storage: Storage) -> list[str]:
    """The studies of ours in a storage, in order of age.

    Raises: StudyError if there is no storage, or if it is something else; FileError if it cannot be read.
    """
    with storage.errors():
        studies = open_storage(storage, create=False).get_all_studies()
    return [study.study_name for study in studies if "format" in study.user_attrs]


def open_storage(storage: Storage, *, create: bool) -> "BaseStorage":
    """Open the storage, and let Optuna log errors only."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return storage.open(create=create)


def select(storage: Storage, studies: Sequence["FrozenStudy"], name: str | None) -> "FrozenStudy":
    """The study of that name; the only one, where there is room for one only or no name is given."""
    fitting = [study for study in studies if storage.one_study or name in (None, study.study_name)]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(study.study_name[:100] for study in studies[:20]) or "none"
    wanted = "one study" if name is None else f"the study {name!r}"
    raise StudyError(f"expected {wanted} in {storage}; found {known}")


def kind_of_errors(errors: Mapping[str, Mapping[str, Any]], identifier: str) -> str:
    """What a run's errors are, by the record's attribute `errors`."""
    return errors.get(identifier, {}).get("kind", "share")


def _run(trial: "FrozenTrial", errors: Mapping[str, Mapping[str, Any]]) -> Run:
    entries: Any = trial.user_attrs
    check_run(entries, trial.intermediate_values)
    identifier, outcome = entries["identifier"], entries.get("outcome")
    state = _STATES.get(trial.state.name, "failed")
    if state == "finished" and (outcome is None or outcome["state"] != state):
        raise StudyError(f"run {identifier} of the record is damaged: it finished without an outcome")
    kind = kind_of_errors(errors, identifier)
    points, crashes = trial.intermediate_values, tuple(entries.get("losses", ()))
    return Run(trial._trial_id, identifier, state, entries["specification"], outcome, kind, points, crashes)
