"""How a command reads its arguments: a dataclass filled from them, or one line that says what is wrong.

Plugins are loaded first; then `--task` and `--model` decide which other options there are.
"""

import contextlib
import dataclasses
import inspect
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import tyro

from fastweights import plugins, registry
from fastweights.cli.main import COMMANDS
from fastweights.cli.mistakes import events, explain
from fastweights.errors import FastweightsError, check
from fastweights.files import check_writable

if TYPE_CHECKING:
    from fastweights.tasks.base import Split

_PLACES = {
    "out": "file",
    "curves": "file",
    "csv": "file",
    "dir": "folder",
    "into": "folder",
    "figures": "folder",
}
"""Options that name what a command writes."""

Groups = Mapping[str, Any]
"""By the names of fields: dataclasses whose fields are options of a command, too; an instance has their
defaults."""


@dataclass(frozen=True, kw_only=True)
class PluginOptions:
    """The option of every command that needs to know cells, memories, tasks, checks, demos or papers."""

    plugin: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="FILE.py|MODULE")
    ] = ()
    """A file or module of your own, with cells, memories, tasks, checks, demos or papers; may be repeated."""


@dataclass(frozen=True, kw_only=True)
class TaskOptions(PluginOptions):
    """The options of commands that make a task; those of the task itself are added, as `task`."""

    task_name: Annotated[str, tyro.conf.arg(name="task")] = "associative-retrieval"
    """The task's name (see fastweights tasks); it decides which options the task has."""


def parse(
    kind: type,
    arguments: Sequence[str],
    command: str,
    groups_of: Callable[[Sequence[str]], Groups] = lambda arguments: {},
) -> Any:
    """The dataclass `kind`, and the groups of the arguments, filled from the arguments.

    Plugins that they name are loaded before, if the command has that option.

    Raises: FastweightsError with one line for arguments that don't fit; PluginError if a plugin cannot be
    loaded; InvalidValueError if a group is not a dataclass, or has an option of a name that is taken.
    """
    if issubclass(kind, PluginOptions):
        for plugin in _values(arguments, "--plugin"):
            plugins.load_plugin(plugin)
    groups = groups_of(arguments)
    options = _with_groups(kind, groups)
    summary, example = COMMANDS[command]

    def refuse(event: object) -> None:
        message = explain(event, options, groups, arguments, lambda *option: last_value(arguments, *option))
        if message:
            raise FastweightsError(f"{message} (see fastweights {command} --help)")

    with events.on_parse_error(refuse) if events else contextlib.nullcontext():
        parsed = tyro.cli(
            options,
            args=list(arguments),
            prog=f"fastweights {command}",
            description=f"{summary}\n\nExample: fastweights {command} {example}",
            config=(tyro.conf.FlagCreatePairsOff,),
        )
    for name, what in _PLACES.items():
        check(
            command == "data" or getattr(parsed, name, None) != Path("-"),
            f"--{name} - is not supported by {command}; name a {what}",
        )
    return parsed


def check_csv(option: str, path: Path) -> None:
    """A table can be written there: before long work, not after it. Raises InvalidValueError or FileError."""
    check(path.suffix.lower() == ".csv", f"--{option} is a file that ends in .csv; got {path.name!r}")
    check_writable(path)


def last_value(arguments: Sequence[str], option: str, default: str) -> str:
    """The value of the last `--model NAME` or `--model=NAME`: it decides which other options there are."""
    return [default, *_values(arguments, option)][-1]


def task_in(arguments: Sequence[str]) -> type:
    """The class of the task that `--task` names. Raises UnknownNameError."""
    return registry.tasks[last_value(arguments, "--task", TaskOptions.task_name)]


_FOR_PROGRAMMERS = ("Raises:", "Shapes:", "Source:")
_OF_FILES = ("--plugin", "--sequences")  # options whose values are files, but no models


def task_of_model(arguments: Sequence[str], split: "Split" = "train") -> Groups:
    """The task of the model that the arguments name, the first of them that is a file, so that its options
    can be given other values than the model was trained with; nothing if no model is named. If the model is
    tested on another task than it is trained on, the split decides.

    Raises: CheckpointError if the file is not a model.
    """
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if before not in _OF_FILES and os.path.isfile(argument):  # noqa: PTH113 - a name may be too long
            from fastweights.runs.saved_models import load_specification

            return {"task": load_specification(Path(argument)).task_of(split)}
    return {}


def _with_groups(options: type, groups: Groups) -> type:
    """The dataclass `options` with a field for each group, whose options have no prefix. Help says nothing
    of the default of an option that is off or not given."""
    owners = {field.name: options for field in dataclasses.fields(options)}
    for given in groups.values():
        group = _class_of(given)
        check(
            dataclasses.is_dataclass(group), f"{group.__name__} must be a dataclass, with options as fields"
        )
        for field in dataclasses.fields(group):
            other = owners.setdefault(field.name, group)
            check(
                other is group,
                f"the option {field.name!r} of {group.__name__} needs another name: {other.__name__} has one",
            )
    fields: list[Any] = [
        (
            name,
            Annotated[tyro.conf.OmitArgPrefixes[_class_of(group)], tyro.conf.arg(help=_about(group))],
            dataclasses.field(**({} if isinstance(group, type) else {"default": group})),
        )
        for name, group in groups.items()
    ]
    fields += [
        (field.name, plainly_shown(field.type), field.default)
        for field in dataclasses.fields(options)
        if field.default is None or field.default is False or field.default == ()
    ]
    return dataclasses.make_dataclass(options.__name__, fields, bases=(options,), frozen=True, kw_only=True)


def plainly_shown(kind: Any) -> Any:
    """The type of an option that may be left out, as help shows it: INT for `int | None`, INT ... for a tuple
    of them."""
    inner, *notes = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    parts = [part for part in get_args(inner) if part is not NoneType]
    names = [
        "..." if part is ... else part.__name__.upper() for part in parts if part is ... or type(part) is type
    ]
    metavar = " ".join(names) if 0 < len(names) == len(parts) else None
    return Annotated[(inner, tyro.conf.arg(metavar=metavar, help_behavior_hint=""), *notes)]


def _about(group: Any) -> str:
    """What the help of a command says of a group: its docstring, but for what is for programmers."""
    paragraphs = (inspect.getdoc(_class_of(group)) or "").split("\n\n")
    told = itertools.takewhile(lambda text: not text.startswith(_FOR_PROGRAMMERS), paragraphs)
    return "\n\n".join(" ".join(text.split()) for text in told)


def _class_of(group: Any) -> type:
    return group if isinstance(group, type) else type(group)


def _values(arguments: Sequence[str], option: str) -> list[str]:
    """What stands after `--option`, or in `--option=VALUE`, in their order."""
    values = []
    for argument, following in itertools.pairwise([*arguments, ""]):
        if argument == option and following:
            values.append(following)
        elif argument.startswith(f"{option}="):
            values.append(argument.removeprefix(f"{option}="))
    return values
