"""What fresh seeds change of what is said: of verdicts and conclusions, and of everything beside them."""

from collections.abc import Collection, Iterator, Sequence

from fastweights.papers.ba2016.findings.readings import Place
from fastweights.papers.ba2016.findings.robustness import Exchange
from fastweights.papers.ba2016.findings.stages import place
from fastweights.papers.ba2016.findings.table_entries import TableEntry, table_entries
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.page.captions import captions, in_words
from fastweights.papers.ba2016.page.difference_table import who_errs_less
from fastweights.papers.ba2016.page.matched_tables import matched_settings
from fastweights.studies.analysis.runs import Record


def what_fresh_seeds_change(entries: Sequence[TableEntry], runs: Sequence[Record]) -> list[str]:
    """In sentences."""
    exchange = Exchange(entries)
    if not exchange.fresh:
        return exchange.sentences
    changes = list(_changes(runs, {(entry.model, entry.hidden_size) for entry in exchange.fresh}))
    others = (
        f"They change, besides: {'; '.join(changes)}."
        if changes
        else "They change no sentence beside the tables, and nothing of who errs less."
    )
    return [*exchange.sentences, others]


def _changes(runs: Sequence[Record], places: Collection[Place]) -> Iterator[str]:
    """Of sentences, and of who errs less."""
    studies = runs, [_exchanged(run, places) for run in runs]
    entries = [table_entries(study) for study in studies]
    before, after = (captions(each, study) for each, study in zip(entries, studies, strict=True))
    for name, told in before.items():
        if in_words(told) != in_words(after[name]):
            yield f"“{told}” becomes “{after[name]}”"
    first, second = (
        who_errs_less(each, matched_settings(study)) for each, study in zip(entries, studies, strict=True)
    )
    for which, word in first.items():
        if second[which] != word:
            yield f"who errs less ({which}): {word} by the table's seeds, {second[which]} with fresh ones"


def _exchanged(run: Record, places: Collection[Place]) -> Record:
    """The run as if fresh seeds of these models and sizes were the table's."""
    if place(run) not in places:
        return run
    parts = {str(Stage.AGAIN): str(Stage.TABLE), str(Stage.TABLE): str(Stage.AGAIN)}
    roles = [{**role, "part": parts.get(role["part"], role["part"])} for role in run.get("roles") or ()]
    return {**run, "roles": roles}
