"""`fastweights bench`: how fast updates are, beside other ways to do them."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, make_dataclass
from pathlib import Path
from typing import Any

from fastweights.cli.options import Groups, TaskOptions, parse, plainly_shown, task_in
from fastweights.files import check_writable, make_folder, write_atomically


@dataclass(frozen=True)
class Bench(TaskOptions):
    """Options of `fastweights bench`; those of the task are added, its number of pairs with several
    values."""

    dir: Path = Path("bench")
    """The folder for PRESET.json, PRESET.md, PRESET.svg and PRESET.png."""

    preset: str = "table"
    """table (every baseline at the paper's sizes), scaling (cost against R, K, batch, runs), or quick."""

    models: tuple[str, ...] = ()
    """Models; by default the preset's: irnn, lstm and fast-weights, or fast-weights alone."""

    hidden_sizes: tuple[int, ...] = ()
    """Sizes R of the hidden layer; by default the preset's."""

    batch_sizes: tuple[int, ...] = ()
    """Sequences in a mini-batch; by default the preset's."""

    runs: tuple[int, ...] = ()
    """Runs side by side in one program, which the library alone has; by default the preset's."""

    baselines: tuple[str, ...] = ()
    """fastweights, fastweights-jax (without kernels), jax-scan, numpy, torch-eager, torch-compile, torch-nn;
    by default the preset's."""

    rounds: int | None = None
    """Repeats of each; every baseline runs once in a round."""

    seconds: float | None = None
    """How long a repeat lasts, about."""

    json: bool = False
    """Print the record instead of the tables."""


def run(arguments: Sequence[str]) -> int:
    """Measure, write the record, its tables and its figure, and print the tables and the paths."""
    # As the option was called before.
    words = [f"--baselines{word[12:]}" if word.startswith("--contenders") else word for word in arguments]
    options = parse(Bench, words, "bench", _groups_of)
    from fastweights.bench.benchmark import CHANGEABLE, get_benchmark

    changes: dict[str, Any] = {name: value for name, value in vars(options).items() if name in CHANGEABLE}
    values = {field: getattr(options.task, field.name) for field in fields(options.task)}
    given = {field.name: value for field, value in values.items() if value != field.default}
    changes |= {"task": options.task_name, "num_pairs": given.pop("num_pairs", ()), "options": given}
    benchmark = get_benchmark(options.preset, changes)
    make_folder(options.dir)
    check_writable(options.dir / f"{options.preset}.json")
    record = benchmark.run(lambda line: print(line, file=sys.stderr))
    return _write(record, options)


def _groups_of(arguments: Sequence[str]) -> Groups:
    """The options of the task that the arguments name, of which the number of pairs may have several values;
    the benchmark checks them."""
    task, unchecked = task_in(arguments), {"__post_init__": lambda self: None}
    pairs: list[Any] = [("num_pairs", plainly_shown(tuple[int, ...]), ())] * hasattr(task, "num_pairs")
    return {"task": make_dataclass(task.__name__, pairs, bases=(task,), namespace=unchecked, frozen=True)}


def _write(record: dict, options: Bench) -> int:
    from rich.console import Console

    from fastweights.bench.comparison_figure import draw
    from fastweights.bench.tables import markdown, notes, tables

    paths = [options.dir / f"{options.preset}.{ending}" for ending in ("json", "md", "svg", "png")]
    text = json.dumps(record, indent=1, allow_nan=False)
    write_atomically(paths[0], text.encode())
    write_atomically(paths[1], markdown(record).encode())
    draw(record, paths[2], paths[3])
    if options.json:
        print(text)
        return 0
    console = Console()
    for table in tables(record):
        console.print(table.terminal())
    for line in ["", *notes(record), *(f"wrote {path}" for path in paths)]:
        print(line)
    return 0
