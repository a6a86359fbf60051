"""The first table of a comparison: every published number, what came out here, and the verdict."""

from collections.abc import Sequence
from statistics import fmean

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from fastweights.papers.ba2016.findings.explanations import why
from fastweights.papers.ba2016.findings.stages import progress
from fastweights.papers.ba2016.findings.table_entries import Cell
from fastweights.papers.ba2016.findings.verdicts import Verdict
from fastweights.report.labels import as_published, duration, model_label, nats, percent, percent_range
from fastweights.report.seeds import Seeds, error_text, length_text, seeds_text, updates_text
from fastweights.report.table import Grid
from fastweights.studies.analysis.settings import Record, outcome

RULE = (
    "P: the error of one more run, with a probability of 95 %: a t interval of the seeds' log odds. Q: the "
    "paper's error, within the chance of two test sets and its rounding. reproduced: P and Q overlap; "
    "better: P is below Q; worse: above; not reproduced: worse, and our mean is more than half of the way "
    "from the paper's to the floor."
)
_HEADINGS = (
    "R",
    "model",
    "test error %",
    "best–worst %",
    "seeds",
    "collapses",
    "paper %",
    "W. & M. %",
    "floor %",
    "verdict",
    "why",
)


def verdict_grid(table: Sequence[Cell]) -> Grid:
    """A row for each cell: what a reader wants to know first."""
    return Grid(
        "verdicts",
        "Table 1, number by number",
        _HEADINGS,
        [_row(cell) for cell in table],
        "R: hidden units. Test error: after the last update, mean over the seeds ± half of its 95 % t "
        "interval. Collapses: runs that end more than 5 percentage points above their lowest validation "
        "error. Paper: Ba et al. 2016, Table 1. W. & M.: Wayman & Mathew 2017. Floor: the best answer "
        f"without knowing which digit belongs to which letter. {RULE}",
    )


def preferred_grid(table: Sequence[Cell]) -> Grid:
    """The same numbers in the best of all settings that the study tried."""
    preferred = [(cell, cell.preferred) for cell in table]
    return Grid(
        "preferred",
        "In the setting that validation prefers",
        ("R", "model", "setting", "test error %", "best–worst %", "seeds", "paper %", "verdict"),
        [
            (
                str(cell.hidden_size),
                model_label(cell.model),
                setting.change or "as selected",
                error_text(setting.seeds),
                _range(setting.seeds),
                seeds_text(setting.seeds),
                as_published(cell.paper),
                _name(cell.verdict_on(setting.seeds)),
            )
            for cell, setting in preferred
            if setting is not None
        ],
        "Of what the search selected and the best other embedding, weight decay and learning rate, the one "
        "with the lowest mean validation error over its reported seeds. Verdict: by the same rule.",
    )


def details_grid(table: Sequence[Cell]) -> Grid:
    """A row for each cell: what the verdicts rest on."""
    return Grid(
        "details",
        "Last, best, and how long it took",
        (
            "R",
            "model",
            "P %",
            "Q %",
            "at best validation %",
            "last validation %",
            "training loss",
            "validation loss",
            "updates to 1 %",
            "updates",
            "parameters",
            "time",
        ),
        [_details(cell) for cell in table],
        "P and Q: see the verdicts. At best validation: test error of the weights that had each run's "
        "lowest validation error. Last validation: what the selection goes by. Losses: the last, in nats. "
        "Updates to 1 %: median over the seeds of the first evaluation with a validation error of at most "
        "1 %, – if most never came there; in brackets how many seeds had one, if not all. Time: mean of a "
        "run.",
    )


def terminal_verdicts(table_entries: Sequence[Cell], runs: Sequence[Record]) -> RenderableType:
    """The same in 80 columns, with the reasons below, and a line for each other part of the study."""
    rows = [dict(zip(_HEADINGS, row, strict=True)) for row in verdict_grid(table_entries).rows]
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
    names = ("test error %", "best–worst %", "seeds", "paper %", "W. & M. %", "floor %")
    table.add_column("R", justify="right", no_wrap=True)
    table.add_column("model", min_width=12, overflow="fold")
    for name in names:
        table.add_column(name.replace(" & ", "&").replace(" %", "\n%"), justify="right", no_wrap=True)
    table.add_column("verdict", min_width=10, overflow="fold")
    last = None
    for row in rows:
        if last is not None and row["R"] != last:
            table.add_section()
        size = row["R"] if row["R"] != last else ""
        table.add_row(*map(escape, [size, row["model"], *(row[name] for name in names), row["verdict"]]))
        last = row["R"]
    reasons = [f"{row['model']}, R = {row['R']}: {row['why']}" for row in rows if row["why"]]
    told = [f"±: half of the 95 % t interval. {RULE}", "", *reasons, "", *progress(runs)]
    return Group(table, Text("\n" + "\n".join(told)))


def _row(cell: Cell) -> tuple[str, ...]:
    table, verdict = cell.table, cell.verdict
    return (
        str(cell.hidden_size),
        model_label(cell.model),
        error_text(table),
        _range(table),
        seeds_text(table),
        str(table.collapses) if table.finished else "",
        as_published(cell.paper),
        as_published(cell.term_project),
        f"{100 * cell.floor:.2f}",  # exact, so in full
        _name(verdict),
        why(cell),
    )


def _details(cell: Cell) -> tuple[str, ...]:
    table, verdict = cell.table, cell.verdict
    results = [run["result"] for run in table.runs if outcome(run) == "finished"]
    return (
        str(cell.hidden_size),
        model_label(cell.model),
        str(verdict.run) if verdict and verdict.run else "",
        str(verdict.published) if verdict and verdict.published else "",
        percent(table.at_best),
        percent(table.validation),
        nats(table.training_loss),
        nats(table.validation_loss),
        updates_text(table),
        length_text(table),
        f"{results[0]['parameters']:,}" if results else "",
        duration(fmean(each["seconds"] for each in results)) if results else "",
    )


def _name(verdict: Verdict | None) -> str:
    return verdict.name if verdict and verdict.name != "none" else "–"


def _range(table: Seeds) -> str:
    if table.lowest is None or table.highest is None:
        return ""
    return percent_range(table.lowest, table.highest)
