"""`fastweights explore`: a page on which networks and memories can be tried."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from fastweights.cli.options import PluginOptions, parse
from fastweights.errors import printable
from fastweights.explorer.page import docs_beside, page
from fastweights.files import check_writable, write_atomically


@dataclass(frozen=True)
class Explore(PluginOptions):
    """Options of `fastweights explore`."""

    models: tyro.conf.Positional[tuple[Path, ...]] = ()
    """Models that `train` or `reproduce` wrote, for associative retrieval, with fast weights, an LSTM, an
    IRNN or a standard RNN as their cell; by default three small ones that the package brings along."""

    out: Path = Path("explore.html")
    """Where the page goes; it needs no other file and works offline."""

    docs: str | None = None
    """The address of the documentation, for links to its chapters; by default that of the checkout, if
    there is one."""

    json: bool = False
    """Print a JSON object."""


def run(arguments: Sequence[str]) -> int:
    """Write the page, and say what it shows."""
    options = parse(Explore, arguments, "explore")
    check_writable(options.out)
    networks = None
    if options.models:
        from fastweights.explorer.networks import networks_of  # needs JAX

        networks = networks_of(options.models)
    docs = docs_beside(options.out) if options.docs is None else options.docs
    content = page(networks, docs)
    write_atomically(options.out, content)
    if options.json:
        print(json.dumps({"out": str(options.out), "bytes": len(content)}))
        return 0
    which = f"{len(options.models)} of your models" if options.models else "three small trained networks"
    print(
        f"wrote {printable(options.out)} ({len(content) / 1000:.0f} kB), with {which}: open it in a browser"
    )
    return 0
