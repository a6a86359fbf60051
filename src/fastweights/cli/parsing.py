"""The options of a command: a dataclass filled from the arguments, or one line that says what is wrong."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

import tyro

from fastweights.cli.main import COMMANDS
from fastweights.errors import FastweightsError, suggestion

try:
    from tyro import _errors as events
except ImportError:  # it is private: without it, tyro prints a box of its own and exits with the same code
    events = None


def parse(kind: Callable[..., Any], arguments: Sequence[str], command: str) -> Any:
    """The dataclass `kind` filled from the arguments.

    Raises: FastweightsError with one line for arguments that don't fit.
    """
    summary, example = COMMANDS[command]

    def refuse(event: object) -> None:
        message = _explain(event, list(_options(kind)))
        if message:
            raise FastweightsError(f"{message} (see fastweights {command} --help)")

    with events.on_parse_error(refuse) if events else contextlib.nullcontext():
        return tyro.cli(
            kind,
            args=list(arguments),
            prog=f"fastweights {command}",
            description=f"{summary}\n\nExample: {example}",
            config=(tyro.conf.FlagCreatePairsOff,),
        )


def _explain(event: object, options: Sequence[str]) -> str | None:
    """What is wrong, in one sentence; None for an event that is not known here: tyro explains it itself."""
    assert events is not None
    match event:
        case events.UnrecognizedArgs(tokens=[token, *_]):
            return _explain_unknown(token, options)
        case events.MissingArgs(unrecognized_tokens=[token, *_]):
            return _explain_unknown(token, options)
        case events.MissingArgs(missing_arguments=missing):
            return f"missing {', '.join(argument.arg.display_name() for argument in missing)}"
        case events.InvalidChoice(argument=argument, value=value, choices=choices):
            expected = ", ".join(choices)
            return f"{argument.display_name()} must be one of {expected}; got {value!r}"
        case events.BadValue(argument=argument):
            return f"{argument.display_name()} needs a value"
        case events.InstantiationFailure(argument=argument, message=message):
            where = f"{argument.display_name()} expects {argument.lowered.metavar}: " if argument else ""
            return f"{where}{message}"
    return None


def _explain_unknown(token: str, options: Sequence[str]) -> str:
    name = token.partition("=")[0]
    if name.startswith("-"):
        return f"unknown option {name}{suggestion(name, options)}"
    return f"unexpected argument {token!r}"


def _options(kind: Any) -> Iterator[str]:
    """The names of the options; those of an inner dataclass have no prefix."""
    for field in dataclasses.fields(kind):
        inner, *notes = get_args(field.type) or (field.type,)
        if dataclasses.is_dataclass(inner):
            yield from _options(inner)
        else:
            names = [note.name for note in notes if getattr(note, "name", None)]
            yield f"--{(names or [field.name])[0].replace('_', '-')}"
