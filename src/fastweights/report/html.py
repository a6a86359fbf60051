"""What the pages share: templates, figures inside a page, and words for a study's runs."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastweights.report.drawing import ALARM, GRID, INK, PAPER
from fastweights.report.labels import joined
from fastweights.studies.analysis.runs import Record, outcome

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup


_PAGES_COLOURS = {INK: "currentColor", GRID: "var(--line)", ALARM: "var(--alarm)", PAPER: "none"}


def template(name: str, package: str = "fastweights.report") -> "Template":
    """A template of a package, which may include the report's; what it is given is text, not markup."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("fastweights.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def render(name: str, results: Mapping[str, Any], package: str = "fastweights.report", **content: Any) -> str:
    """A page of a study: what every page says of its runs, and this content."""
    runs, study = results["runs"], results["study"]
    preset, file, quoted = study.get("preset"), study.get("file"), shlex.quote(str(study.get("preset")))
    what = f"reproduce --preset {quoted}" if file is None else f"study run {quoted}"
    environments = Counter(json.dumps(run["environment"]) for run in runs if run.get("environment"))
    return template(name, package).render(
        preset=preset,
        file=file,
        command=f"fastweights {what} --dir DIR" if file != "" else "",
        states=_states(runs),
        environments=[(json.loads(text), count) for text, count in environments.items()],
        inline=_inline,
        **content,
    )


def _inline(svg: str, label: str) -> "Markup":
    """The drawing for use inside the page: no prologue, the page's colours and its width; `label` says what
    it shows."""
    from markupsafe import Markup, escape

    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)
    for colour, replacement in _PAGES_COLOURS.items():
        svg = svg.replace(colour, replacement)
    return Markup(svg)  # our own drawing, in which every name is escaped


def _states(runs: Sequence[Record]) -> str:
    """`9 runs: 7 finished and 2 failed`."""
    counts = Counter(outcome(run) for run in runs)
    states = ("finished", "failed", "interrupted", "waiting")
    parts = [f"{counts[state]} {state}" for state in states if counts[state]]
    return f"{len(runs)} run{'s' * (len(runs) != 1)}" + (f": {joined(parts)}" if parts else "")
