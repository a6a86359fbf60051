"""What fresh seeds change: verdicts and conclusions, captions, and who errs less."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from fastweights.papers.ba2016.findings.readings import Place
from fastweights.papers.ba2016.findings.robustness import Exchange
from fastweights.papers.ba2016.findings.stages import place
from fastweights.papers.ba2016.findings.table_entries import table_entries
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.page.captions import captions, without_numbers
from fastweights.papers.ba2016.page.difference_table import who_errs_less
from fastweights.papers.ba2016.page.matched_tables import matched_settings
from fastweights.studies.analysis.runs import Record


def what_fresh_seeds_change(exchange: Exchange, told: Mapping[str, str], runs: Sequence[Record]) -> list[str]:
    """In sentences; `told` are the captions by the table's seeds."""
    if not exchange.fresh:
        return exchange.sentences
    changes = list(_changes(exchange, told, runs))
    others = (
        f"They change, besides: {'; '.join(changes)}."
        if changes
        else "They change no sentence beside the tables, nor who errs less."
    )
    return [*exchange.sentences, others]


def _changes(exchange: Exchange, told: Mapping[str, str], runs: Sequence[Record]) -> Iterator[str]:
    """Of captions, and of who errs less."""
    places = {(entry.model, entry.hidden_size) for entry in exchange.fresh}
    fresh_runs = [_exchanged(run, places) for run in runs]
    fresh_entries = table_entries(fresh_runs)
    for name, after in captions(fresh_entries, fresh_runs).items():
        if without_numbers(told[name]) != without_numbers(after):
            yield f"“{told[name].rstrip('.')}” becomes “{after.rstrip('.')}”"
    now = who_errs_less(fresh_entries, matched_settings(fresh_runs))
    for which, before in who_errs_less(exchange.entries, matched_settings(runs)).items():
        if now[which] != before:
            yield f"who errs less ({which}): {before} by the table's seeds, {now[which]} with fresh ones"


def _exchanged(run: Record, places: Collection[Place]) -> Record:
    """The run as if fresh seeds of these models and sizes were the table's."""
    if place(run) not in places:
        return run
    parts = {Stage.AGAIN: Stage.TABLE, Stage.TABLE: Stage.AGAIN}
    roles = [{**role, "part": parts.get(role["part"], role["part"])} for role in run.get("roles") or ()]
    return {**run, "roles": roles}
