"""Which command was asked for, and how it ends: 0 on success, 1 if a run failed, 2 for bad input."""

import gc
import io
import os
import pkgutil
import shutil
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from fastweights import __version__
from fastweights.cli.interrupts import catch_signals, defer_interrupts, interrupt_requested, signal_of
from fastweights.errors import FastweightsError, printable, reason, suggestion, summarise_error

# By name: a summary, and the arguments of an example.
COMMANDS = {
    "reproduce": ("Run a whole comparison and write its report.", "--preset quick --dir quick"),
    "study": (
        "Run a comparison of your own, which a file describes, or show what would be run and for how long.",
        "show mine.toml; fastweights study run mine.toml --dir mine",
    ),
    "status": ("Show how far a study is, who is working on it, and when it will be done.", "quick"),
    "report": ("Write a study's report again from its record, even while it runs.", "quick"),
    "train": ("Train one model.", "--model fast-weights --hidden-size 50 --updates 5000 --out m.safetensors"),
    "evaluate": ("Measure the error and log likelihood of a model.", "m.safetensors --sequences mine.txt"),
    "answer": (
        "Ask one question: the answer, its probability, and what the network attended to.",
        "m.safetensors 'c9k8j3f1??c'",
    ),
    "explore": (
        "Write a page on which networks and memories can be tried in a browser, also offline.",
        "m.safetensors --out explore.html",
    ),
    "data": (
        "Write sequences of the task as text.",
        "--num-pairs 4 --split test --count 2000 --out test.txt",
    ),
    "bench": ("Time an update, beside other ways to do it, and how it scales.", "--preset quick --dir bench"),
    "verify": (
        "Run the checks of the theory: each computes a statement, compares it with its bound, and can fail.",
        "--only decaying-forms",
    ),
    "demo": (
        "A statement of the theory at sizes of your own: numbers, a figure to project; by default a list.",
        "capacity --units 64 --pairs 80 --decay 0.9 --csv capacity.csv --out capacity.png",
    ),
    "models": ("List the registered models with their sources.", ""),
    "tasks": ("List the registered tasks with their sources.", ""),
}

# The functions of commands without a module of their own. All are imported on demand, so that --help does
# not wait for JAX.
_FUNCTIONS = {"models": "listing:models", "tasks": "listing:tasks"}

_MIN_COLUMNS = 40

# How the equations are written; JAX reads these when it is imported, here and in every worker.
_JAX_SETTINGS = {
    "JAX_NUMPY_DTYPE_PROMOTION": "standard",
    "JAX_NUMPY_RANK_PROMOTION": "allow",
    "JAX_TRANSFER_GUARD": "allow",
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    # Imports and tracing make many objects and little garbage: looking for it at Python's usual pace takes
    # a sixth of the time until the first update.
    gc.set_threshold(100_000)
    _set_environment()
    try:
        with catch_signals():
            code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except FastweightsError as error:
        _complain(f"error: {error}")
        code = 2
    except KeyboardInterrupt as interrupt:
        _complain("interrupted")
        code = 128 + signal_of(interrupt)
    except BrokenPipeError:
        # Whoever read our output has read enough.
        _drop_output()
        code = 141
    except OSError as error:
        # A full disk under the output, as files have errors of their own.
        _complain(f"error: {reason(error)}")
        _drop_output()
        code = 2
    except Exception as error:
        from fastweights import plugins

        if (place := plugins.place_in(error)) is not None:
            _complain(f"error: the plugin {place}: {summarise_error(error)}")
        elif _is_refused_setting(error):
            _complain(f"error: JAX refuses a setting: {error}")
        else:
            raise
        code = 2
    raise SystemExit(code)


def _run(arguments: Sequence[str]) -> int | str | None:
    command = arguments[0] if arguments else "--help"
    try:
        if command in ("--help", "-h"):
            _print_help()
            return 0
        if command == "--version":
            print(f"fastweights {__version__}")
            return 0
        if command not in COMMANDS:
            near, known = suggestion(command, COMMANDS), ", ".join(COMMANDS)
            raise FastweightsError(f"unknown command {command!r}{near}; known: {known}")
        with defer_interrupts():  # JAX's callbacks, too, would swallow an interrupt
            run = pkgutil.resolve_name(f"fastweights.cli.{_FUNCTIONS.get(command, f'{command}:run')}")
        if interrupt_requested():
            raise KeyboardInterrupt
        return run(arguments[1:])
    except SystemExit as end:
        # Tyro ends the program after --help, and rich, with code 1, when nobody reads its output any more.
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        return end.code


def _set_environment() -> None:
    """Make up for surroundings in which a command could not work."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - until the process ends
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that lacks the character for a bar
    if shutil.get_terminal_size().columns < _MIN_COLUMNS:
        os.environ["COLUMNS"] = str(_MIN_COLUMNS)  # tyro would wrap its help forever
    os.environ.update(_JAX_SETTINGS)
    warnings.formatwarning = lambda message, *_, **__: f"fastweights: warning: {printable(message, 600)}\n"


def _is_refused_setting(error: Exception) -> bool:
    """Whether JAX, which reads its variables when it is imported, could not read one of them."""
    place = traceback.extract_tb(error.__traceback__)[-1].filename
    return isinstance(error, ValueError) and Path(place).parts[-3:] == ("jax", "_src", "config.py")


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
        table.add_row(f"[bold]{name}[/bold]", f"{summary}\n[dim]fastweights {name} {example}[/dim]")
    console.print(table)
    console.print("\nWith --json a command prints one JSON object for machines; progress goes to stderr.")
