"""One coordinator owns a study: it plans, has the runs done, and alone writes the record."""

from collections.abc import Callable, Sequence
from pathlib import Path

from fastweights.errors import FileError
from fastweights.files import make_folder
from fastweights.studies.desk import Desk, Listener
from fastweights.studies.executors import Executor
from fastweights.studies.folder import LOCK, RUNS, Place, place_of, remember
from fastweights.studies.locks import holding
from fastweights.studies.specification import RunSpecification
from fastweights.studies.store import Store
from fastweights.studies.writable_store import WritableStore


def run_study(
    directory: Path,
    preset: str,
    specifications: Sequence[RunSpecification],
    make_executor: Callable[[], Executor],
    listener: Listener,
    *,
    place: Place | None = None,
    retry_failed: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Store:
    """Run what is not finished yet, and return the record.

    Ctrl-C, or `stopped`, which is asked five times a second, makes the workers save and end, and raises
    KeyboardInterrupt; the folder can then be taken up again. A run whose worker dies, or that raises, goes on
    from its last checkpoint; when that happened three times without any progress between, it is recorded as
    failed and stops no other. A diverged run fails at once: it would diverge again. With `retry_failed`, runs
    that have failed are run anew.

    Raises: StudyError if the folder or the study belongs to another preset, or to a coordinator that is at
    work, or if no worker can be started; FileError if something cannot be written. Nothing recorded is lost
    by that.
    """
    make_folder(directory)
    with holding(directory / LOCK, str(directory)):
        place = place or place_of(directory)
        with place.storage.owning(place.study) as confirm:
            store = WritableStore(place.storage, place.study, preset)
            remember(directory, place)
            make_folder(directory / RUNS)
            # The longest first, so that no worker ends with a long run while the others have none.
            ordered = sorted(specifications, key=lambda each: -_cost(each))
            store.plan(
                ((each.identifier, each.to_json(), each.task.floor()) for each in ordered),
                retry_failed=retry_failed,
            )
            mine = {each.identifier: each for each in ordered}
            runs = [run for run in store.runs() if run.identifier in mine]
            listener.planned(runs)
            missing = [run for run in runs if run.state in ("running", "waiting")]
            if missing:
                try:
                    desk = Desk(
                        directory / RUNS, store, mine, missing, make_executor(), listener, confirm, stopped
                    )
                    desk.work()
                except OSError as error:
                    raise FileError(f"the study in {directory} cannot go on: {error}") from error
            return store


def _cost(specification: RunSpecification) -> float:
    return specification.training.updates * specification.hidden_size**2
