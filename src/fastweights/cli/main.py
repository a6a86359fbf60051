"""Which command was asked for, and how it ends: 0 on success, 1 if a run failed, 2 for bad input."""

import contextlib
import gc
import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from fastweights import __version__
from fastweights.cli.interrupts import ending_orderly, heard, number_of, patiently
from fastweights.errors import FastweightsError, printable

# Name, summary, example. Modules are imported on demand, so that --help does not wait for JAX.
COMMANDS = {
    "reproduce": (
        "Run a whole comparison and write its report.",
        "fastweights reproduce --preset quick --dir quick",
    ),
    "status": (
        "How far a study is, who works on it, and when it will be done.",
        "fastweights status quick",
    ),
    "report": (
        "Write a study's report anew from its record, also while it runs.",
        "fastweights report quick",
    ),
    "train": (
        "Train one model.",
        "fastweights train --model fast-weights --hidden-size 50 --updates 5000 --out m.safetensors",
    ),
    "evaluate": (
        "Error and log likelihood of a trained model.",
        "fastweights evaluate m.safetensors --sequences mine.txt",
    ),
    "answer": (
        "One question: the digit, its probability, and what the network attended to.",
        "fastweights answer m.safetensors 'c9k8j3f1??c'",
    ),
    "data": (
        "Write sequences of the task as text.",
        "fastweights data --num-pairs 4 --split test --count 20000 --out test.txt",
    ),
    "bench": (
        "Time an update, beside other ways to do it, and how it scales.",
        "fastweights bench --preset quick --dir bench",
    ),
    "verify": (
        "Examine the theory's claims: each computed, compared with its bound, and able to fail.",
        "fastweights verify --only decaying-forms",
    ),
    "models": ("List the registered models with their sources.", "fastweights models"),
    "tasks": ("List the registered tasks with their sources.", "fastweights tasks"),
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    # Imports and tracing make many objects and little garbage: looking for it at Python's usual pace takes
    # a sixth of the time until the first update.
    gc.set_threshold(100_000)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - until the process ends
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that lacks the character for a bar
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    command = arguments[0] if arguments else "--help"
    try:
        if command in ("--help", "-h"):
            _print_help()
            code = 0
        elif command == "--version":
            print(f"fastweights {__version__}")
            code = 0
        elif command not in COMMANDS:
            raise FastweightsError(f"unknown command {command!r}; expected one of {', '.join(COMMANDS)}")
        else:
            with ending_orderly():
                with patiently():  # JAX's callbacks, too, would swallow an interrupt
                    module = importlib.import_module(f"fastweights.cli.{command}")
                if heard():
                    raise KeyboardInterrupt
                code = module.run(arguments[1:])
        sys.stdout.flush()
    except FastweightsError as error:
        _complain(f"error: {error}")
        code = 2
    except KeyboardInterrupt as interrupt:
        _complain("interrupted")
        code = 128 + number_of(interrupt)
    except BrokenPipeError:
        # Whoever read our output has read enough.
        _drop_output()
        code = 141
    except OSError as error:
        # A full disk under the output, as files have errors of their own.
        _complain(f"error: {error.strerror or error}")
        _drop_output()
        code = 2
    raise SystemExit(code)


def parse(kind: Callable[..., Any], arguments: Sequence[str], command: str) -> Any:
    """The dataclass `kind` filled from the arguments.

    Raises: FastweightsError with one line for arguments that don't fit, where tyro would print a box.
    """
    import tyro

    summary, example = COMMANDS[command]
    box = io.StringIO()
    try:
        with contextlib.redirect_stderr(box):
            return tyro.cli(
                kind,
                args=list(arguments),
                prog=f"fastweights {command}",
                description=f"{summary}\n\nExample: {example}",
                config=(tyro.conf.FlagCreatePairsOff,),
            )
    except SystemExit as end:
        if not end.code:
            raise
        raise FastweightsError(_one_line(box.getvalue(), command)) from None


def _one_line(box: str, command: str) -> str:
    """The message in one of tyro's boxes, without frame, help and colours."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", box)
    lines = [line.strip("│ ").rstrip() for line in text.splitlines() if not line.startswith(("╭", "╰"))]
    message: list[str] = []
    for line in lines:
        if set(line) <= {"─"} and message:
            break
        message.append(line)
    words = re.sub(r"^Error parsing \w[\w-]*: ", "", " ".join(message).strip())
    return f"{words.rstrip('.')} (see fastweights {command} --help)"


def _complain(message: str) -> None:
    print("fastweights:", printable(" ".join(message.split()), 600), file=sys.stderr)


def _drop_output() -> None:
    """Give Python a sink for what it would still write at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_help() -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"fastweights {__version__}: recurrent networks with fast associative memory\n")
    console.print("usage: fastweights COMMAND [OPTIONS]     fastweights COMMAND --help\n", markup=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, (summary, example) in COMMANDS.items():
        table.add_row(f"[bold]{name}[/bold]", f"{summary}\n[dim]{example}[/dim]")
    console.print(table)
    console.print("\nWith --json a command prints one JSON object for machines; progress goes to stderr.")
