"""`fastweights reproduce`: a whole study, its table and its report."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from fastweights import registry
from fastweights.cli.execution import ExecutionOptions, carry_out
from fastweights.cli.options import Groups, last_value, parse
from fastweights.cli.report import report
from fastweights.studies.plans import Choice
from fastweights.studies.presets import get_preset


@dataclass(frozen=True)
class Reproduce(ExecutionOptions):
    """Options of `fastweights reproduce`; those of a task are added if one is named."""

    dir: Path
    """The study's folder; runs that are finished there are not run again."""

    preset: str = "quick"
    """quick (two minutes), paper (a day), or smoke and paper-smoke (tests)."""

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
    """Parts of the paper preset, by default all: search, table, figure-2, ablations, heat-map, letter,
    initialisation, regularisation, longer, rates, data and matched."""

    sampler: str = "grid"
    """What the paper preset searches settings with: grid, random or tpe."""


def run(arguments: Sequence[str]) -> int:
    """Run the study, then write results.json and the report, and print the table and the paths."""
    options = parse(Reproduce, arguments, "reproduce", _groups_of)
    task = getattr(options, "task", None)
    choice = Choice(options.models, options.hidden_sizes, options.seeds, options.parts, options.sampler, task)
    preset = get_preset(options.preset)
    plan = preset.plan(choice)
    results = carry_out(options, options.dir, options.preset, plan, _arguments_of(choice))
    preset.after(options.dir, results)
    return report(results, options.dir, as_json=options.json)


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
