"""The page of a comparison of several parts: verdicts first, then what they rest on.

jinja2 comes with the extra `report` and is imported by what renders.
"""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from fastweights.files import make_folder, write_atomically
from fastweights.papers.ba2016.findings.conclusions import answer, conclusions
from fastweights.papers.ba2016.findings.stages import PARTS, missing, place, progress, runs_of
from fastweights.papers.ba2016.findings.table_entries import Cell, cells
from fastweights.papers.ba2016.page.ablation_tables import ablation_grid, ablation_seeds, pairs_grid
from fastweights.papers.ba2016.page.captions import (
    about_embeddings,
    about_letter,
    about_matched,
    about_rates,
    about_weight_decays,
)
from fastweights.papers.ba2016.page.figure_2 import figure_2_seeds
from fastweights.papers.ba2016.page.figures import Figure, draw_figures
from fastweights.papers.ba2016.page.inspection import read_illustration
from fastweights.papers.ba2016.page.matched_tables import matched_grids, matched_seeds
from fastweights.papers.ba2016.page.stage_tables import (
    data_grid,
    embeddings_grid,
    letter_grid,
    longer_grid,
    rates_grid,
    search_grid,
    weight_decays_grid,
)
from fastweights.papers.ba2016.page.verdict_table import (
    details_grid,
    preferred_grid,
    terminal_verdicts,
    verdict_grid,
)
from fastweights.papers.ba2016.published import BA_2016, WAYMAN_MATHEW_2017
from fastweights.report.html import environments, inline, states, template
from fastweights.report.labels import duration, last_line, model_colours, model_label
from fastweights.report.table import Grid, markdown, plain
from fastweights.studies.analysis.settings import Record, failure_of, outcome


class Verification:
    """The report of a study of the paper's: a `StudyReport`."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self._results = results
        self._runs: Sequence[Record] = results["runs"]
        self._table = cells(self._runs)

    def terminal(self) -> RenderableType:
        return terminal_verdicts(self._table, self._runs)

    def documents(self) -> Mapping[str, str]:
        findings = [
            f"- **{plain(each.claim)}** {each.word.capitalize()}. {plain(each.evidence)} "
            f"Survives if {plain(each.rule)}.\n"
            for each in conclusions(self._table, figure_2_seeds(self._runs))
        ]
        return {
            "answer": plain(" ".join(answer(self._table))) + "\n",
            "progress": "\n".join(["```", *progress(self._runs), "```\n"]),
            "conclusions": "".join(findings),
            **{name: markdown(grid) for name, grid in all_grids(self._table, self._runs).items()},
        }

    def write(self, folder: Path) -> list[Path]:
        """As in the contract. Raises, besides: StudyError if illustration.json is damaged."""
        make_folder(folder)
        models = read_illustration(folder)
        figures, paths = draw_figures(self._results, models, Path(folder))
        page = Path(folder) / "report.html"
        write_atomically(page, render(self._results, figures).encode())
        return [*paths, page]


def all_grids(table: Sequence[Cell], runs: Sequence[Record]) -> dict[str, Grid]:
    """Every table of the comparison that has a row, by name, in the order of the page."""
    ablations = ablation_seeds(runs)
    grids = [
        verdict_grid(table),
        preferred_grid(table),
        details_grid(table),
        longer_grid(table),
        rates_grid(table),
        data_grid(table),
        weight_decays_grid(table),
        letter_grid(table),
        embeddings_grid(table),
        *matched_grids(runs),
        *(ablation_grid(model, variants) for model, variants in ablations.items()),
        pairs_grid(ablations.get("fast-weights", {})),
        search_grid(table),
    ]
    return {grid.name: grid for grid in grids if grid.rows}


def render(results: Mapping[str, Any], figures: Mapping[str, Figure]) -> str:
    """The page as HTML, with the figures in it."""
    runs, preset = results["runs"], str(results["study"].get("preset"))
    table = cells(runs)
    grids = all_grids(table, runs)
    return template("comparison.html.j2", "fastweights.papers.ba2016.page").render(
        preset=preset,
        command=f"fastweights reproduce --preset {shlex.quote(preset)} --dir DIR",
        states=states(runs),
        answer=answer(table),
        grids=grids,
        ablations=[grid for name, grid in grids.items() if name.startswith("ablations-")],
        figures={name: (inline(each.svg, each.label), each.caption) for name, each in figures.items()},
        missing={part: missing(runs_of(runs, part)) for part in PARTS},
        conclusions=conclusions(table, figure_2_seeds(runs)),
        remarks=_remarks(table, runs),
        swatches={model_label(model): colour for model, colour in model_colours(_models(runs)).items()},
        failures=_failures(runs),
        times=_times(runs),
        environments=environments(runs),
        publications=(BA_2016, WAYMAN_MATHEW_2017),
    )


def _remarks(table: Sequence[Cell], runs: Sequence[Record]) -> dict[str, str]:
    """What tables show, in a sentence each, by the name of the table."""
    matched = matched_seeds(runs)
    return {
        "letter": about_letter(table),
        "embeddings": about_embeddings(table),
        "rates": about_rates(table),
        "weight-decays": about_weight_decays(table),
        **{
            f"matched-{criterion}": about_matched(matched, criterion) for criterion in ("parameters", "state")
        },
    }


def _models(runs: Sequence[Record]) -> list[str]:
    return list(dict.fromkeys(place(run)[0] for run in runs))


def _failures(runs: Sequence[Record]) -> list[tuple[str, int]]:
    """Why runs failed, and how often, the most frequent first."""
    reasons = Counter(
        f"{model_label(place(run)[0])}, R = {place(run)[1]}: {last_line(failure)}"
        for run in runs
        if (failure := failure_of(run))
    )
    return reasons.most_common(40)


def _times(runs: Sequence[Record]) -> list[tuple[str, str, str, str]]:
    """For each part: what it is about, its runs and how long the finished ones took together."""
    lines = []
    for part, about in PARTS.items():
        members = runs_of(runs, part)
        seconds = [run["result"]["seconds"] for run in members if outcome(run) == "finished"]
        if members:
            lines.append((part, about, f"{len(members):,}", duration(sum(seconds)) if seconds else ""))
    return lines
