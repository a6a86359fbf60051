"""What `reproduce` and `study run` share: who trains the runs, where the record is, and how they end."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastweights.cli.interrupts import defer_interrupts, interrupt_requested
from fastweights.cli.options import PluginOptions
from fastweights.cli.progress import Bars, StudyProgress
from fastweights.compilation import check_platform_of_processes
from fastweights.errors import check, check_choice
from fastweights.machine import available_cores
from fastweights.studies.execution.coordinator import run_plan
from fastweights.studies.execution.executor import Executor
from fastweights.studies.execution.local import LocalExecutor
from fastweights.studies.plans import Plan
from fastweights.studies.record.folder import locate


@dataclass(frozen=True, kw_only=True)
class ExecutionOptions(PluginOptions):
    """Options of a command that runs a study."""

    storage: str | None = None
    """Where the record is: sqlite:///FILE or postgresql://USER@HOST/DATABASE; by default in the folder."""

    study: str | None = None
    """The study's name in that storage; by default the folder's."""

    executor: str = "local"
    """What trains the runs: local (processes on this machine) or ray (a cluster)."""

    ray_address: str | None = None
    """The Ray cluster to join: auto or HOST:PORT; by default one is started on this machine."""

    workers: int | None = None
    """Workers; by default one for each core, or one for each GPU of a Ray cluster that has any."""

    side_by_side: int | None = None
    """Runs of one shape that a worker trains at once; by default 1, which is fastest on a CPU."""

    retry_failed: bool = False
    """Run anew what has failed."""

    json: bool = False
    """Print results.json instead of the table."""

    @property
    def num_workers(self) -> int:
        """Those of this machine."""
        return self.workers or len(available_cores())


def carry_out(
    options: ExecutionOptions,
    directory: Path,
    name: str,
    plan: Plan,
    arguments: Sequence[str],
    file: str | None = None,
) -> Mapping[str, Any]:
    """Run the plan as the options say, and show how it goes on; the content of results.json.

    `name`, `arguments` and `file` are those of `run_plan`. Raises: as that, and KeyboardInterrupt.
    """
    try:
        with Bars() as bars, defer_interrupts():
            store = run_plan(
                directory,
                name,
                plan,
                _executor(options, directory),
                StudyProgress(bars),
                location=locate(directory, options.storage, options.study),
                arguments=[word for plugin in options.plugin for word in ("--plugin", plugin)] + [*arguments],
                file=file,
                retry_failed=options.retry_failed,
                stopped=interrupt_requested,
            )
    except KeyboardInterrupt:
        print(f"\nstopped; the same command goes on from here: {directory}", file=sys.stderr)
        raise
    return store.results()


def _executor(options: ExecutionOptions, directory: Path) -> Callable[[int], Executor]:
    """The function that makes the executor of the options for a number of runs."""
    for name in ("workers", "side_by_side"):
        number = getattr(options, name)
        check(number is None or number >= 1, f"{name} must be at least 1; got {number}")
    check_choice("executor", options.executor, ("local", "ray"))
    if options.executor == "ray":
        from fastweights.studies.execution.ray.executor import RayExecutor

        return lambda runs: RayExecutor(options.ray_address, directory, options.workers, options.side_by_side)
    check(options.ray_address is None, "--ray-address needs --executor ray")
    check_platform_of_processes()
    return lambda runs: LocalExecutor(min(options.num_workers, runs), options.side_by_side or 1)
