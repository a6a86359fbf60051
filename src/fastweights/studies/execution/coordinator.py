"""One coordinator owns a study: it plans, has the runs done, and alone writes the record."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastweights.errors import FileError
from fastweights.files import make_folder
from fastweights.runs.specification import RunSpecification
from fastweights.studies.execution.local import Executor
from fastweights.studies.execution.scheduler import Listener, Scheduler
from fastweights.studies.plans import Plan, fixed
from fastweights.studies.record.folder import LOCK, RUNS, Location, locate, save_location
from fastweights.studies.record.locks import hold_lock
from fastweights.studies.record.store import Run, Store
from fastweights.studies.record.writable_store import WritableStore


def run_study(
    directory: Path,
    preset: str,
    specifications: Sequence[RunSpecification],
    make_executor: Callable[[], Executor],
    listener: Listener,
    **options: Any,
) -> Store:
    """`run_plan` for runs that are known beforehand."""
    return run_plan(
        directory, preset, fixed(specifications), lambda runs: make_executor(), listener, **options
    )


def run_plan(
    directory: Path,
    preset: str,
    plan: Plan,
    make_executor: Callable[[int], Executor],
    listener: Listener,
    *,
    location: Location | None = None,
    arguments: Sequence[str] = (),
    retry_failed: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Store:
    """Run what a plan asks for and is not finished yet, until it asks for nothing more; return the record.

    Ctrl-C, or `stopped`, which is asked five times a second, makes the workers save and end, and raises
    KeyboardInterrupt; the folder can then be taken up again. A run whose worker dies, or that raises, goes on
    from its last checkpoint; when that happened three times without any progress between, it is recorded as
    failed and stops no other. A diverged run fails at once: it would diverge again. With `retry_failed`, runs
    that have failed are run anew. `arguments` is what a command line says of the plan, for the record.

    Raises: StudyError if the folder or the study belongs to another preset, or to a coordinator that is at
    work, or if no worker can be started; FileError if something cannot be written. Nothing recorded is lost
    by that.
    """
    make_folder(directory)
    with hold_lock(directory / LOCK, str(directory)):
        location = location or locate(directory)
        with location.storage.owning(location.study) as confirm:
            store = WritableStore(location.storage, location.study, preset)
            save_location(directory, location)
            make_folder(directory / RUNS)
            store.record_arguments(arguments)
            runs, missing = _ask(store, plan, retry_failed=retry_failed)
            listener.planned(runs)
            while missing:
                mine = {run.identifier: RunSpecification.from_json(run.specification) for run in missing}
                try:
                    desk = Scheduler(
                        directory / RUNS,
                        store,
                        mine,
                        missing,
                        make_executor(len(missing)),
                        listener,
                        confirm,
                        stopped,
                    )
                    desk.work()
                except OSError as error:
                    raise FileError(f"the study in {directory} cannot go on: {error}") from error
                runs, missing = _ask(store, plan, retry_failed=False)
                if missing:
                    listener.planned(runs)
            return store


def _ask(store: WritableStore, plan: Plan, *, retry_failed: bool) -> tuple[list[Run], list[Run]]:
    """Write down what the plan asks for now: all of it, and what has not ended, the longest first, so that no
    worker ends with a long run while the others have none."""
    planned = plan({run["id"]: run for run in store.results()["runs"]})
    specifications = {each.specification.identifier: each.specification for each in planned}
    store.plan(
        ((name, each.to_json(), each.task.floor()) for name, each in specifications.items()),
        retry_failed=retry_failed,
    )
    store.add_roles((each.specification.identifier, each.role) for each in planned if each.role)
    costs = {name: _cost(each) for name, each in specifications.items()}
    runs = [run for run in store.runs() if run.identifier in costs]
    missing = [run for run in runs if run.state in ("running", "waiting")]
    return runs, sorted(missing, key=lambda run: -costs[run.identifier])


def _cost(specification: RunSpecification) -> float:
    return specification.training.updates * specification.hidden_size**2
