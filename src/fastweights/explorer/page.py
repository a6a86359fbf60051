"""The page: the program, with networks and the places of the chapters in it."""

import json
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from fastweights import __version__
from fastweights.errors import check

MAX_BYTES = 1_500_000
"""The largest page."""

_PLACE = "<!-- content -->"
_CHAPTERS = {
    "retrieval": "fast-weights",
    "memories": "memories",
    "neurons": "dynamics",
    "reach": "gradients",
}


def page(networks: Mapping[str, Any] | None = None, docs: str | None = None) -> bytes:
    """The page that shows these networks, by default those of the package. `docs` is the address that
    chapters' addresses start with; without it chapters are named, but no links.

    Raises: InvalidValueError if the page would be larger than 1.5 MB.
    """
    content = {
        "version": __version__,
        "are_own": networks is not None,
        "chapters": {} if docs is None else {view: _chapter(docs, name) for view, name in _CHAPTERS.items()},
        **(default_networks() if networks is None else networks),
    }
    # Inside a script nothing ends it but "</script", and nothing else needs care but "<!--".
    text = json.dumps(content, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    whole = program().replace(_PLACE, text).encode()
    check(
        len(whole) <= MAX_BYTES,
        f"the page would have {len(whole) / 1e6:.1f} MB, more than {MAX_BYTES / 1e6}: name fewer models, or "
        "smaller ones",
    )
    return whole


def program() -> str:
    """What `make explorer` builds of the sources in `explorer/`."""
    return (resources.files("fastweights.explorer") / "program.html").read_text(encoding="utf-8")


def default_networks() -> dict[str, Any]:
    """The networks of the quick preset at R = 20, which `make networks` trains."""
    return json.loads((resources.files("fastweights.explorer") / "networks.json").read_text(encoding="utf-8"))


def docs_beside(out: Path) -> str | None:
    """The address, from the page at `out`, of the documentation of the checkout that the package runs from;
    None if it does not run from one."""
    chapters = Path(__file__).resolve().parents[3] / "docs" / "theory"
    if not chapters.is_dir():
        return None
    return Path(os.path.relpath(chapters.parent, out.resolve().parent)).as_posix()


def _chapter(docs: str, name: str) -> str:
    """The address of a chapter: of a site's page, or of the text in a folder of Markdown files."""
    is_site = "://" in docs or docs.endswith("/")
    return f"{docs.rstrip('/')}/theory/{name}{'/' if is_site else '.md'}"
