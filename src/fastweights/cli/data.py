"""`fastweights data`: sequences as text."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastweights.cli.options import TaskOptions, parse, task_in
from fastweights.cli.sequences import STREAM, write_file, write_lines
from fastweights.errors import check_between, errors_in
from fastweights.files import check_writable
from fastweights.runs import worker
from fastweights.runs.specification import MAX_SEQUENCES
from fastweights.tasks.base import Split


@dataclass(frozen=True)
class Data(TaskOptions):
    """Options of `fastweights data`; those of the task are added."""

    split: Split = "test"
    """Which of the three disjoint sets."""

    count: int = 20_000
    """How many sequences."""

    seed: int = 0
    """The seed of the sets: that of train's --data-seed."""

    out: Path | None = None
    """The file to write, compressed if its name ends in .gz; by default, or as -, standard output."""

    json: bool = False
    """Print a JSON object: the path and count, or the sequences if there is no path."""


def run(arguments: Sequence[str]) -> int:
    """Draw and write."""
    options = parse(Data, arguments, "data", lambda arguments: {"task": task_in(arguments)})
    check_between("count", options.count, 1, MAX_SEQUENCES)
    out = None if options.out == STREAM else options.out
    if out is not None:
        check_writable(out)
    worker.prepare()
    with errors_in(f"task {options.task_name!r}", type(options.task)):
        dataset = options.task.split(options.split, options.count, options.seed)
        text = write_lines(options.task, dataset)
    if out is not None:
        write_file(out, text)
    if options.json:
        about = {"split": options.split, "count": options.count, "seed": options.seed}
        place = {"sequences": text.splitlines()} if out is None else {"out": str(out)}
        print(json.dumps({**about, **place}))
    elif out is None:
        sys.stdout.write(text)
    else:
        print(f"wrote {options.count:,} sequences to {out}")
    return 0
