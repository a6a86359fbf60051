"""One coordinator owns a study: it plans the runs, has them trained, and alone writes the record."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fastweights import plugins
from fastweights.errors import FileError
from fastweights.files import make_folder
from fastweights.runs.tracing import check_code
from fastweights.studies.execution.executor import Executor
from fastweights.studies.execution.listener import Listener
from fastweights.studies.execution.scheduler import ScheduledRun, Scheduler
from fastweights.studies.plans import Plan, Planned, Tags
from fastweights.studies.record.folder import LOCK, RUNS, Location, locate, save_location
from fastweights.studies.record.locks import hold_lock
from fastweights.studies.record.store import Run, Store
from fastweights.studies.record.writable_store import WritableStore, check_name
from fastweights.tasks.base import Task


def run_plan(
    directory: Path,
    preset: str,
    plan: Plan,
    make_executor: Callable[[], Executor],
    listener: Listener,
    *,
    location: Location | None = None,
    arguments: Sequence[str] = (),
    whole: bool = False,
    file: str | None = None,
    retry_failed: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Store:
    """Run what a plan wants and is not finished yet, until it wants nothing more; return the record.

    Ctrl-C, or `stopped`, which is called five times a second, makes the workers save and end, and raises
    KeyboardInterrupt; the study can then be resumed. A run that raises, or whose worker dies, resumes from
    its last checkpoint; after three such crashes without progress between them it is recorded as failed, and
    stops no other run. A diverged run fails at once: it would diverge again. With `retry_failed`, runs that
    have failed are run again. `arguments` are those of the command line that shape the plan, for the record.
    With `whole`, the plan is all of the study's: runs that an earlier one asked for, and this does not, stay
    in the record, but have no role any more; else roles add up. `file` is the text that describes a study
    that is no preset's: what its plan asks for is then all of it, and runs of an earlier one are not shown.

    Raises: InvalidValueError, before anything is written, if the study's name cannot be used or a plugin is
    faulty; StudyError if the folder or the study belongs to another preset, or to a coordinator that is at
    work, or if no worker can be started; FileError if something cannot be written. Nothing recorded is lost
    by that.
    """
    check_name(*(location or locate(directory)))
    if plugins.loaded():
        specifications = [entry.specification for entry in plan({})]
        for specification in {(run.task, run.test_task, run.model): run for run in specifications}.values():
            check_code(specification)
    make_folder(directory)
    with contextlib.ExitStack() as stack:
        stack.enter_context(hold_lock(directory / LOCK, str(directory)))
        location = location or locate(directory)  # another coordinator may have made the study meanwhile
        confirm = stack.enter_context(location.storage.owning(location.study))
        store = WritableStore(location.storage, location.study, preset)
        save_location(directory, location)
        make_folder(directory / RUNS)
        store.record_arguments(arguments)
        if file is not None:
            store.record_file(file)
            record_roles = store.set_planned
        elif whole and not retry_failed:  # what rests on a failed run can't be named while it is run again
            record_roles = store.set_roles
        else:
            record_roles = store.add_roles

        known = 0

        def ask(*, retry_failed: bool = False) -> list[ScheduledRun]:
            nonlocal known
            runs, missing = _asked(store, plan, record_roles, retry_failed=retry_failed)
            if len(runs) > known:
                listener.planned(runs)
            known = len(runs)
            return missing

        if missing := ask(retry_failed=retry_failed):
            try:
                executor = make_executor()
                scheduler = Scheduler(directory / RUNS, store, executor, listener, ask, confirm, stopped)
                scheduler.execute(missing)
            except OSError as error:
                raise FileError(f"the study in {directory} cannot go on: {error}") from error
        return store


def _asked(
    store: WritableStore,
    plan: Plan,
    record_roles: Callable[[Iterable[tuple[str, Tags]]], None],
    *,
    retry_failed: bool,
) -> tuple[list[Run], list[ScheduledRun]]:
    """Record what the plan wants now; all its runs, and those that have not ended, step by step, and of each
    the longest first, so that no worker ends with a long run while the others have none."""
    known = store.runs()
    planned = [
        (entry.specification.identifier, entry)
        for entry in plan({record["id"]: record for record in store.results(known)["runs"]})
    ]
    specifications = {name: entry.specification for name, entry in planned}
    floor = cache(lambda task: task.floor())  # which may take long, and many runs are of one task
    store.record_errors({name: _about_errors(entry, floor) for name, entry in planned})
    recorded = store.plan(
        ((name, run.to_json(), floor(run.task_of("test"))) for name, run in specifications.items()),
        known=known,
        retry_failed=retry_failed,
    )
    record_roles((name, entry.tags) for name, entry in planned)
    store.record_abandoned([run for run in recorded if run.identifier not in specifications])
    runs = [run for run in recorded if run.identifier in specifications]
    missing = [run for run in runs if not run.over]
    steps: dict[str, int] = {}
    for name, entry in planned:
        steps[name] = min(entry.step, steps.get(name, entry.step))
    entries = [ScheduledRun(run, specifications[run.identifier], steps[run.identifier]) for run in missing]
    costs = {name: run.training.updates * run.hidden_size**2 for name, run in specifications.items()}
    return runs, sorted(entries, key=lambda entry: (entry.step, -costs[entry.run.identifier]))


def _about_errors(entry: Planned, floor: Callable[[Task], float]) -> dict[str, Any]:
    """What the record says of a run's errors besides their floor: only what is not as usual."""
    run, about = entry.specification, {}
    if run.task.error_kind != "share":
        about["kind"] = run.task.error_kind
    if entry.goal is not None:
        about["goal"] = entry.goal
    if floor(run.task) != floor(run.task_of("test")):
        about["validation_floor"] = floor(run.task)
    return about
