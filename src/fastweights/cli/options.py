"""Options that several commands have, and those that depend on others: `--plugin`, `--task` and `--model`."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from fastweights import plugins, registry
from fastweights.errors import check


@dataclass(frozen=True, kw_only=True)
class PluginOptions:
    """The option of every command that needs to know cells, tasks, checks or papers."""

    plugin: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="FILE.py|MODULE")
    ] = ()
    """A file or module of your own that registers cells, tasks, checks or papers; may be repeated."""


@dataclass(frozen=True, kw_only=True)
class TaskOptions(PluginOptions):
    """The options of commands that make a task: `with_groups` adds those of the task itself, as `task`."""

    task_name: Annotated[str, tyro.conf.arg(name="task")] = "associative-retrieval"
    """The task's name (see fastweights tasks); it decides which options the task has."""


def load_plugins(arguments: Sequence[str]) -> None:
    """Load what the arguments name by `--plugin`: before they are parsed, as it may decide what they mean.

    Raises: PluginError if one cannot be loaded.
    """
    for plugin in _values(arguments, "--plugin"):
        plugins.load_plugin(plugin)


def last_value(arguments: Sequence[str], option: str, default: str) -> str:
    """The value of the last `--model NAME` or `--model=NAME`: it decides which other options there are."""
    return [default, *_values(arguments, option)][-1]


def task_in(arguments: Sequence[str]) -> type:
    """The class of the task that `--task` names. Raises UnknownNameError."""
    return registry.tasks[last_value(arguments, "--task", TaskOptions.task_name)]


def with_groups(options: type, groups: Mapping[str, Any]) -> type:
    """The dataclass `options` with more fields: for each name a dataclass, whose fields are options too.

    Raises: InvalidValueError if one is not a dataclass, or if two have a field of the same name.
    """
    owners = {field.name: options for field in dataclasses.fields(options)}
    for group in groups.values():
        check(
            dataclasses.is_dataclass(group), f"{group.__name__} must be a dataclass, with options as fields"
        )
        for field in dataclasses.fields(group):
            other = owners.setdefault(field.name, group)
            check(
                other is group,
                f"the option {field.name!r} of {group.__name__} needs another name: {other.__name__} has one",
            )
    fields = [(name, tyro.conf.OmitArgPrefixes[group]) for name, group in groups.items()]
    return dataclasses.make_dataclass(options.__name__, fields, bases=(options,), frozen=True, kw_only=True)


def _values(arguments: Sequence[str], option: str) -> list[str]:
    """What stands after `--option`, or in `--option=VALUE`, in their order."""
    values = []
    for argument, following in itertools.pairwise([*arguments, ""]):
        if argument == option and following:
            values.append(following)
        elif argument.startswith(f"{option}="):
            values.append(argument.removeprefix(f"{option}="))
    return values
