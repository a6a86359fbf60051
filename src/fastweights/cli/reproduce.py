"""`fastweights reproduce`: a whole study, its table and its report."""

import dataclasses
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from fastweights import registry
from fastweights.cli.interrupts import defer_interrupts, interrupt_requested
from fastweights.cli.options import Groups, PluginOptions, last_value, parse
from fastweights.cli.progress import StudyProgress
from fastweights.cli.report import report
from fastweights.compilation import check_platform_of_processes
from fastweights.errors import check, check_choice
from fastweights.machine import available_cores
from fastweights.studies.description import get_preset
from fastweights.studies.execution.coordinator import run_plan
from fastweights.studies.execution.executor import Executor
from fastweights.studies.execution.local import LocalExecutor
from fastweights.studies.plans import Choice, Plan
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


@dataclass(frozen=True)
class Reproduce(ExecutionOptions):
    """Options of `fastweights reproduce`; those of a task are added if one is named."""

    dir: Path
    """The study's folder; runs that are finished there are not run again."""

    preset: str = "quick"
    """quick (two minutes), paper (a day and a half), or smoke and paper-smoke (tests)."""

    models: tuple[str, ...] = ()
    """Models to compare; by default the preset's."""

    task_name: Annotated[str | None, tyro.conf.arg(name="task")] = None
    """The task's name (see fastweights tasks), with the task's options; by default the preset's. Presets of
    papers take no other."""

    hidden_sizes: tuple[int, ...] = ()
    """Sizes R of the hidden layer; by default the preset's."""

    seeds: int | None = None
    """How many seeds each reported setting gets; by default the preset's."""

    parts: tuple[str, ...] = ()
    """Parts of the paper preset, by default all: search, horizon, table, more-data, letter, heads, again,
    assumptions, more-updates, matched, pattern, figure-2, ablations and heat-map."""

    sampler: str = "grid"
    """What the paper preset searches settings with: grid, random or tpe."""


def run(arguments: Sequence[str]) -> int:
    """Run the study, then write results.json and the report, and print the table and the paths."""
    options = parse(Reproduce, arguments, "reproduce", _groups_of)
    task = getattr(options, "task", None)
    choice = Choice(options.models, options.hidden_sizes, options.seeds, options.parts, options.sampler, task)
    preset = get_preset(options.preset)
    plan = preset.plan(choice)
    words = _arguments_of(choice)  # with any, the plan is of a part only, or of another study's
    results = carry_out(options, options.dir, options.preset, plan, words, whole=not words)
    preset.after(options.dir, results)
    code = report(results, options.dir, as_json=options.json)
    if not options.json:
        suggest_question(results, options)
    return code


def suggest_question(results: Mapping[str, Any], options: Reproduce) -> None:
    """Print the command that asks one of the trained models something: one that shows what it attends to, if
    there is one, and makes few errors."""
    from fastweights.runs.specification import RunSpecification

    found = []
    for run in results["runs"]:
        file = options.dir / "runs" / f"{run['id']}.safetensors"
        if run["state"] == "finished" and file.exists():
            shown = registry.cells[run["specification"]["model"]["name"]].attention_text is not None
            found.append(((not shown, run["result"]["test_error"]), str(file), run["specification"]))
    if not found:
        return
    _, file, specification = min(found, key=lambda entry: entry[:2])
    if (question := RunSpecification.from_json(specification).task.question) is not None:
        plugins = [word for plugin in options.plugin for word in ("--plugin", plugin)]
        print(f"ask it: {shlex.join(['fastweights', 'answer', *plugins, file, question])}")


def _groups_of(arguments: Sequence[str]) -> Groups:
    """The options of the task, if the arguments name one."""
    name = last_value(arguments, "--task", "")
    return {"task": registry.tasks[name]} if name else {}


def _arguments_of(choice: Choice) -> list[str]:
    """The choice as arguments: only what differs from the preset."""
    given = _changed(dataclasses.replace(choice, task=None))
    if choice.task is not None:
        given |= {"task": registry.tasks.name_of(type(choice.task)), **_changed(choice.task)}
    words = []
    for name, value in given.items():
        values = () if value is True else value if isinstance(value, tuple) else (value,)
        words += [f"--{name.replace('_', '-')}", *map(str, values)]
    return words


def _changed(options: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not at their defaults."""
    fields = dataclasses.fields(options)
    return {field.name: value for field in fields if (value := getattr(options, field.name)) != field.default}


def carry_out(
    options: ExecutionOptions,
    directory: Path,
    name: str,
    plan: Plan,
    arguments: Sequence[str],
    *,
    whole: bool = False,
    file: str | None = None,
) -> Mapping[str, Any]:
    """Run the plan as the options say, and show its progress; the content of results.json.

    `name`, `arguments`, `whole` and `file` are those of `run_plan`. Raises: as that, and KeyboardInterrupt.
    """
    try:
        with StudyProgress() as bars, defer_interrupts():
            store = run_plan(
                directory,
                name,
                plan,
                _executor(options, directory),
                bars,
                location=locate(directory, options.storage, options.study),
                arguments=[word for plugin in options.plugin for word in ("--plugin", plugin)] + [*arguments],
                whole=whole,
                file=file,
                retry_failed=options.retry_failed,
                stopped=interrupt_requested,
            )
    except KeyboardInterrupt:
        print(f"\nstopped; the same command continues from here: {directory}", file=sys.stderr)
        raise
    return store.results()


def _executor(options: ExecutionOptions, directory: Path) -> Callable[[], Executor]:
    """The function that makes the executor of the options."""
    for name in ("workers", "side_by_side"):
        number = getattr(options, name)
        check(number is None or number >= 1, f"{name} must be at least 1; got {number}")
    check_choice("executor", options.executor, ("local", "ray"))
    if options.executor == "ray":
        from fastweights.studies.execution.ray import cluster
        from fastweights.studies.execution.ray.executor import RayExecutor

        cluster.check_installed()  # before anything is written
        return lambda: RayExecutor(options.ray_address, directory, options.workers, options.side_by_side)
    check(options.ray_address is None, "--ray-address needs --executor ray")
    check_platform_of_processes()
    return lambda: LocalExecutor(options.num_workers, options.side_by_side or 1)
