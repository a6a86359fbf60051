"""How `fastweights status` shows a study on a terminal, from 80 columns on."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fastweights.errors import printable
from fastweights.report.error_units import UNITS
from fastweights.report.labels import decimal, duration, joined, last_line, model_label
from fastweights.studies.analysis.progress import Coordinator, RunProgress, StudyStatus
from fastweights.studies.analysis.runs import distinguished

_MAX_FAILURES = 10
_BAR_WIDTH = 24


def show(study: StudyStatus, goes_on: str | None, *, with_runs: bool) -> None:
    """Print the study as a whole, the command that continues it, and, `with_runs`, what its runs do."""
    console = Console(highlight=False)
    head = Text(printable(study.study), "bold")
    kind = "preset " if "--preset" in study.command else ""
    head.append(f"  {kind}{printable(study.preset)}, in {printable(study.storage)}", "dim")
    console.print(head, soft_wrap=True)
    console.print(_facts(study, ascii_only=console.options.ascii_only))
    if goes_on:
        # Not wrapped, so that it can be copied.
        console.print(Text(f"\n  {printable(goes_on, 2000)}", "bold"), soft_wrap=True)
    if with_runs:
        names = _names(study.runs)
        begun = [run for run in study.runs if run.state in ("running", "interrupted")]
        if begun:
            console.print("", _begun(begun, names))
        _show_failures(console, [run for run in study.runs if run.state == "failed"], names)
    console.print()


def _facts(study: StudyStatus, *, ascii_only: bool) -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    states = [f"{count:,} {state}" for state, count in study.states.items() if count]
    total = f"{len(study.runs):,}: " if len(states) > 1 else ""
    facts.add_row("  runs", f"{total}{joined(states)}" if states else "none yet")
    if study.updates:
        facts.add_row("  updates", _done(study, "#-" if ascii_only else "━─"))
    unfinished = study.owner is not None or study.update < study.updates
    if unfinished:
        after = "" if study.owner is not None else ", once it is continued"
        left = "unknown" if study.seconds_left is None else f"about {duration(study.seconds_left)}{after}"
        facts.add_row("  time left", left)
    heartbeat = ""
    if study.coordinator is not None:
        heartbeat = f", last heartbeat {duration(study.coordinator.signed_seconds_ago)} ago"
    if study.owner is not None:
        facts.add_row("  coordinator", Text(printable(study.owner) + heartbeat))
    elif unfinished:
        facts.add_row("  coordinator", f"none is running{heartbeat}. To continue:")
    if study.owner is not None and study.coordinator is not None:
        facts.add_row("  workers", Text(_workers(study.coordinator)))
    return facts


def _done(study: StudyStatus, characters: str) -> str:
    share = study.update / study.updates
    full = int(_BAR_WIDTH * share)  # rounded down, as the percentage: all is all
    bar = characters[0] * full + characters[1] * (_BAR_WIDTH - full)
    pace = f", {study.updates_per_second:,.0f} a second" if study.updates_per_second else ""
    return f"{bar}  {int(100 * share)} % of {study.updates:,}{pace}"


def _workers(last: Coordinator) -> str:
    beside = f", {last.side_by_side} runs side by side" if last.side_by_side > 1 else ""
    resumes_from = printable(last.takes_over, 100)
    return (
        f"{last.workers} ({printable(last.executor, 40)}{beside}); a crashed run resumes from {resumes_from}"
    )


def _begun(runs: Sequence[RunProgress], names: Mapping[str, str]) -> Table:
    crashed = any(run.losses for run in runs)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    # The name alone gives way where the terminal is narrow.
    table.add_column("  run at work" if runs[0].state == "running" else "  interrupted run", overflow="fold")
    units = [UNITS[run.error_kind] for run in runs]
    alike = len({*units}) == 1
    error_heading = units[0].heading(units[0].name) if alike else "error"
    for heading in ("updates", error_heading, "updates/s", *(["crashes"] if crashed else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    for run, unit in zip(runs, units, strict=True):
        error = run.validation_error
        pace = run.updates_per_second if run.state == "running" else None
        table.add_row(
            Text(f"  {names[run.id]}"),
            f"{run.update:,} / {run.updates:,}",
            "–" if error is None else unit.full_text(error) if alike else unit.full(error),
            f"{pace:,.0f}" if pace else "–",
            *([str(run.losses or "")] if crashed else []),
        )
    return table


def _show_failures(console: Console, runs: Sequence[RunProgress], names: Mapping[str, str]) -> None:
    if not runs:
        return
    console.print("\n  [dim]failed run[/]")
    for run in runs[:_MAX_FAILURES]:
        # One below the other: beside a long name, a narrow terminal has no room for the reason.
        console.print(Padding(Text(names[run.id], "red"), (0, 0, 0, 2)))
        console.print(Padding(Text(printable(last_line(run.failure or ""))), (0, 0, 0, 4)))
    if len(runs) > _MAX_FAILURES:
        console.print(f"  and {len(runs) - _MAX_FAILURES} more, which --json shows")


def _names(runs: Sequence[RunProgress]) -> dict[str, str]:
    """`fast weights R=50 seed 3` by identifier, and task, label and learning rate where there are several."""
    different = distinguished([{**run.task, "rate": decimal(run.learning_rate)} for run in runs])
    return {
        run.id: " ".join(
            [
                f"{printable(model_label(run.model), 30)} R={run.hidden_size}",
                *(printable(words, 60) for words in [run.label, *entries] if words),
                f"seed {run.seed}",
            ]
        )
        for run, entries in zip(runs, different, strict=True)
    }
