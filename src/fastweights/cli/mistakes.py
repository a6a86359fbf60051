"""What is wrong with the arguments of a command, in one sentence."""

import contextlib
import dataclasses
import importlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

import tyro

from fastweights import registry
from fastweights.errors import shown, suggestion

events: Any = None
with contextlib.suppress(ImportError):
    # It is private: without it, tyro prints a box of its own and exits with the same code.
    events = importlib.import_module("tyro._errors")


_NO_NUMBER = re.compile(
    r"(invalid literal for int\(\) with base 10|could not convert string to float): (.*)", re.DOTALL
)
_NUMBERS = {
    "invalid literal for int() with base 10": "whole number",
    "could not convert string to float": "number",
}


def explain(
    event: object,
    kind: type,
    groups: Mapping[str, Any],
    arguments: Sequence[str],
    chosen: Callable[[str, str], str],
) -> str | None:
    """What is wrong with the arguments for the dataclass `kind`, in one sentence; None for an event that is
    not known here: tyro explains it itself. `chosen` has the value of an option, or this default."""
    match event:
        case events.UnrecognizedArgs(tokens=[token, *_]):
            return _explain_unknown(token, kind, groups, chosen)
        case events.MissingArgs(unrecognized_tokens=[token, *_]):
            return _explain_unknown(token, kind, groups, chosen)
        case events.MissingArgs(missing_arguments=missing):
            names = [argument.arg.display_name() for argument in missing]
            return _explain_missing(names, kind, arguments) or f"missing {', '.join(names)}"
        case events.InvalidChoice(argument=argument, value=value, choices=choices):
            expected = ", ".join(choices)
            return f"{argument.display_name()} must be one of {expected}; got {value!r}"
        case events.BadValue(argument=argument):
            return f"{argument.display_name()} needs a value"
        case events.InstantiationFailure(argument=argument, message=message):
            number = _NO_NUMBER.fullmatch(message)
            if argument and number:
                return f"{argument.display_name()} must be a {_NUMBERS[number[1]]}; got {number[2]}"
            where = f"{argument.display_name()} expects {argument.lowered.metavar}: " if argument else ""
            return f"{where}{message}"
    return None


def _explain_missing(missing: Sequence[str], kind: type, arguments: Sequence[str]) -> str:
    """That the first argument is no model, where a command needs one and got something else."""
    given = next((argument for argument in arguments if not argument.startswith("-")), "")
    needs_model = "model" in (field.name for field in dataclasses.fields(kind)) and "sequence" in missing
    if needs_model and given and not any(map(os.path.isfile, arguments)):
        return f"missing model, a file before the sequence; there is no file {shown(given)}"
    return ""


def _explain_unknown(
    token: str, kind: type, groups: Mapping[str, Any], chosen: Callable[[str, str], str]
) -> str:
    name = token.partition("=")[0]
    if not name.startswith("-"):
        return f"unexpected argument {token!r}"
    models = {model: cls.Options for model, cls in registry.cells.items()} if "cell" in groups else {}
    tasks = registry.tasks if "task" in groups else {}
    demos = registry.demos if "demo" in groups else {}
    for option, field, classes in (
        ("--model", "model", models),
        ("--task", "task_name", tasks),
        ("", "", demos),
    ):
        owners = [owner for owner, options in classes.items() if name in _options(options)]
        if owners:
            # A model's file decides its task; other commands are told by an option.
            default, demo = getattr(kind, field, "the model's task"), groups.get("demo")
            own = registry.demos.name_of(demo) if demo else chosen(option, default)
            return f"{name} is an option of {', '.join(owners)}, not of {own}"
    if name.removeprefix("--") in (field.name for field in dataclasses.fields(kind)):
        return f"{name} is no option: its value is given without a name"
    return f"unknown option {name}{suggestion(name, list(_options(kind)))}"


def _options(kind: Any) -> Iterator[str]:
    """The names of the options; those of an inner dataclass have no prefix."""
    for field in dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ():
        inner, *notes = get_args(field.type) or (field.type,)
        if dataclasses.is_dataclass(inner):
            yield from _options(inner)
        elif tyro.conf.Positional not in notes:
            names = [note.name for note in notes if getattr(note, "name", None)]
            yield f"--{(names or [field.name])[0].replace('_', '-')}"
