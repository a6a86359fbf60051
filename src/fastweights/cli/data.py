"""`fastweights data`: sequences as text."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tyro

from fastweights.cli.main import parse
from fastweights.cli.sequences import write_lines
from fastweights.errors import check
from fastweights.files import check_writable, write_atomically
from fastweights.runs import worker
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Split

_MOST = 10_000_000


@dataclass(frozen=True)
class Data:
    """What `fastweights data` is told."""

    task: tyro.conf.OmitArgPrefixes[AssociativeRetrieval] = field(default_factory=AssociativeRetrieval)

    split: Split = "test"
    """Which of the three disjoint sets."""

    count: int = 20_000
    """How many sequences."""

    seed: int = 0
    """The seed of the sets: that of train's --data-seed."""

    out: Path | None = None
    """The file to write; by default the terminal."""

    json: bool = False
    """Print a JSON object: the path and count, or the sequences if there is no path."""


def run(arguments: Sequence[str]) -> int:
    """Draw and write."""
    options = parse(Data, arguments, "data")
    check(options.count <= _MOST, f"count must be at most {_MOST}; got {options.count}")
    if options.out is not None:
        check_writable(options.out)
    worker.prepare()
    dataset = options.task.split(options.split, options.count, options.seed)
    text = write_lines(options.task, dataset)
    if options.out is not None:
        write_atomically(options.out, text.encode())
    if options.json:
        about = {"split": options.split, "count": options.count, "seed": options.seed}
        place = {"sequences": text.splitlines()} if options.out is None else {"out": str(options.out)}
        print(json.dumps({**about, **place}))
    elif options.out is None:
        sys.stdout.write(text)
    else:
        print(f"wrote {options.count} sequences to {options.out}")
    return 0
