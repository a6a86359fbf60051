"""The report of the verification: verdicts first, then what they rest on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from fastweights.files import make_folder, write_atomically
from fastweights.papers.ba2016.findings.conclusions import Conclusion, answer
from fastweights.papers.ba2016.findings.robustness import Exchange
from fastweights.papers.ba2016.findings.rules import rules_of
from fastweights.papers.ba2016.findings.stages import missing, place, progress, runs_of, with_role
from fastweights.papers.ba2016.findings.table_entries import table_entries
from fastweights.papers.ba2016.inspection import read_inspection
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.page.ablation_tables import ablation_settings, ablation_table, pairs_table
from fastweights.papers.ba2016.page.captions import captions
from fastweights.papers.ba2016.page.difference_table import difference_table
from fastweights.papers.ba2016.page.exchange import FreshSeeds
from fastweights.papers.ba2016.page.figures import draw_figures
from fastweights.papers.ba2016.page.lowest_table import lowest_table
from fastweights.papers.ba2016.page.matched_tables import matched_settings, matched_tables
from fastweights.papers.ba2016.page.open_points import open_points_table
from fastweights.papers.ba2016.page.pattern_table import assumptions_table, pattern_table
from fastweights.papers.ba2016.page.smallest_table import smallest_table
from fastweights.papers.ba2016.page.stage_tables import search_table, stage_tables
from fastweights.papers.ba2016.page.verdict_table import (
    details_table,
    short_table,
    summary_table,
    terminal_verdicts,
    verdict_table,
)
from fastweights.papers.ba2016.published import BA_2016, WAYMAN_MATHEW_2017
from fastweights.report.html import render
from fastweights.report.labels import count, duration, last_line, model_colours, model_label
from fastweights.report.latex import latex
from fastweights.report.table import Column, Table, plain
from fastweights.studies.analysis.runs import Record, failure_of, outcome

_SECTIONS = {
    "verdicts": "Table 1, number by number",
    "conclusions": "Which of the paper's conclusions survive",
    "figure-2": "Figure 2",
    "comparison": "What the comparison hides",
    "open": "What the paper leaves open",
    "inside": "Inside a trained network",
    "search": "The search",
    "provenance": "Provenance",
}
"""Of the page: names and titles, in its order."""


class Verification:
    """The report of a study of the paper's with stages: a `StudyReport` of results in the shape of
    results.json."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self._results = results
        self._runs: Sequence[Record] = results["runs"]
        self._entries = table_entries(self._runs)

    def terminal(self) -> RenderableType:
        return terminal_verdicts(self._entries, self._runs)

    def documents(self) -> Mapping[str, str]:
        findings = [
            f"- **{plain(conclusion.claim)}** {conclusion.word.capitalize()}. "
            f"{plain(conclusion.evidence)}".rstrip()
            + "\n"
            for conclusion in self._conclusions
        ]
        return {
            "answer": plain(" ".join(answer(self._entries))) + "\n",
            "progress": "\n".join(["```", *progress(self._runs), "```\n"]),
            "conclusions": "".join(findings),
            "rules": "".join(
                f"- {plain(each.claims)} {plain(each.rule)}\n" for each in rules_of(self._conclusions)
            ),
            "exchange": plain(self._told_of_fresh_seeds) + "\n",
            "summary": summary_table(self._entries).markdown(),
            **{f"{name}-in-words": f"{plain(told)}\n" for name, told in self._captions.items()},
            **{each.name: each.markdown() if each.rows else "Not run yet.\n" for each in self._all_tables},
        }

    def exports(self) -> Mapping[str, str]:
        verdicts = verdict_table(self._entries)
        return {".tex": latex([verdicts]), ".csv": verdicts.csv()}

    def write(self, folder: Path) -> list[Path]:
        """As in the contract. Raises, besides: StudyError if inspection.json is damaged."""
        make_folder(folder)
        paths = draw_figures(self._runs, read_inspection(folder), folder)
        svgs = {path.stem: path.read_text(encoding="utf-8") for path in paths if path.suffix == ".svg"}
        page = folder / "report.html"
        write_atomically(page, self._render(svgs).encode())
        return [*paths, page]

    def tables(self) -> dict[str, Sequence[Table]]:
        """Those of the page, in its order, and the summary."""
        summary = summary_table(self._entries)
        return {table.name: [table] for table in [*self._shown_tables.values(), summary] if table.rows}

    def page_tables(self) -> Sequence[str]:
        return list(self._shown_tables)

    @cached_property
    def _shown_tables(self) -> dict[str, Table]:
        """Every table of the page that has a row, by name, in the order of the page."""
        return {table.name: table for table in self._all_tables if table.rows}

    @cached_property
    def _all_tables(self) -> list[Table]:
        ablations = ablation_settings(self._runs)
        return [
            short_table(self._entries),
            verdict_table(self._entries),
            details_table(self._entries),
            lowest_table(self._runs),
            smallest_table(self._entries),
            *stage_tables(self._entries),
            pattern_table(self._runs),
            assumptions_table(self._runs),
            *matched_tables(self._runs),
            difference_table(self._entries, matched_settings(self._runs), self._fresh_seeds.who_errs_less),
            open_points_table(self._runs),
            *(ablation_table(model, variants) for model, variants in ablations.items()),
            pairs_table(ablations.get("fast-weights", {})),
            search_table(self._entries),
        ]

    @cached_property
    def _captions(self) -> Mapping[str, str]:
        return captions(self._entries, self._runs)

    @cached_property
    def _exchange(self) -> Exchange:
        return Exchange(self._entries)

    @cached_property
    def _fresh_seeds(self) -> FreshSeeds:
        return FreshSeeds(self._exchange, self._runs)

    @cached_property
    def _told_of_fresh_seeds(self) -> str:
        return " ".join(self._fresh_seeds.changes(self._captions))

    @property
    def _conclusions(self) -> list[Conclusion]:
        return self._exchange.conclusions

    def _render(self, figures: Mapping[str, str]) -> str:
        """The page as HTML, with the figures in it."""
        models = dict.fromkeys(place(run)[0] for run in self._runs)
        planned = with_role(self._runs)
        lacking = {stage: missing(runs_of(self._runs, stage)) for stage in Stage}
        sections = {name: title for name, title in _SECTIONS.items() if name != "figure-2" or name in figures}
        colours = model_colours(models)
        return render(
            "verification.html.j2",
            {**self._results, "runs": planned},
            "fastweights.papers.ba2016.page",
            title="Fast weights at associative retrieval",
            answer=answer(self._entries),
            tables=self._shown_tables,
            ablations=[table for name, table in self._shown_tables.items() if name.startswith("ablations-")],
            figures=figures,
            sections=sections,
            missing=lacking,
            unrun=[stage for stage in Stage if not runs_of(self._runs, stage)],
            conclusions=self._conclusions,
            rules=rules_of(self._conclusions),
            captions={
                **self._captions,
                "again": self._told_of_fresh_seeds,
            },
            swatches={model_label(model): colours[model] for model in models},
            failures=_failures(planned),
            parts=_parts(self._runs),
            earlier=len(self._runs) - len(planned),
            publications=(BA_2016, WAYMAN_MATHEW_2017),
        )


def _failures(runs: Sequence[Record]) -> list[tuple[str, int]]:
    """Why runs failed, and how often, the most frequent first."""
    reasons = Counter(
        f"{model_label(place(run)[0])}, R = {place(run)[1]}: {last_line(failure)}"
        for run in runs
        if (failure := failure_of(run))
    )
    return reasons.most_common(40)


def _parts(runs: Sequence[Record]) -> Table:
    """For each stage: what it is about, its runs and how long the finished ones took together."""
    stages = {stage: runs_of(runs, stage) for stage in Stage}
    return Table.of(
        "parts",
        "Parts",
        [stage for stage, members in stages.items() if members],
        {
            Column("part", "word"): str,
            Column("what it is about", "word"): lambda stage: stage.about,
            "runs named so far": lambda stage: count(len(stages[stage])),
            "time of all": lambda stage: _time_of_all(stages[stage]),
        },
    )


def _time_of_all(runs: Sequence[Record]) -> str:
    seconds = [run["result"]["seconds"] for run in runs if outcome(run) == "finished"]
    return duration(sum(seconds)) if seconds else ""
