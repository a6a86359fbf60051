"""What fresh seeds change: verdicts and conclusions, captions, and who errs less."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fastweights.papers.ba2016.findings.readings import Place
from fastweights.papers.ba2016.findings.robustness import Exchange
from fastweights.papers.ba2016.findings.stages import place
from fastweights.papers.ba2016.findings.table_entries import TableEntry, table_entries
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.page.captions import captions, without_numbers
from fastweights.papers.ba2016.page.difference_table import who_errs_less
from fastweights.papers.ba2016.page.matched_tables import matched_settings
from fastweights.studies.analysis.runs import Record


@dataclass(frozen=True)
class FreshSeeds:
    """The page with fresh seeds in the place of the table's, where there are some."""

    exchange: Exchange
    runs: Sequence[Record]

    @cached_property
    def who_errs_less(self) -> dict[str, str]:
        """With fresh seeds, as in the table of differences; empty if there are none."""
        if not self.exchange.fresh:
            return {}
        return who_errs_less(self._entries, matched_settings(self._exchanged))

    def changes(self, told: Mapping[str, str]) -> list[str]:
        """In sentences; `told` are the captions by the table's seeds."""
        if not self.exchange.fresh:
            return self.exchange.sentences
        sentences = [
            f"“{told[name].rstrip('.')}” becomes “{after.rstrip('.')}”"
            for name, after in captions(self._entries, self._exchanged).items()
            if without_numbers(told[name]) != without_numbers(after)
        ]
        before = who_errs_less(self.exchange.entries, matched_settings(self.runs))
        differing = [
            f"{which} ({before[which]} by the table's seeds, {after} with fresh ones)"
            for which, after in self.who_errs_less.items()
            if after != before[which]
        ]
        changed = f", besides: {'; '.join(sentences)}" if sentences else " no sentence beside the tables"
        word = f"undecided where they differ: {'; '.join(differing)}" if differing else "the same with them"
        return [*self.exchange.sentences, f"They change{changed}.", f"Who errs less is {word}."]

    @cached_property
    def _exchanged(self) -> list[Record]:
        places = {(entry.model, entry.hidden_size) for entry in self.exchange.fresh}
        return [_exchanged(run, places) for run in self.runs]

    @cached_property
    def _entries(self) -> list[TableEntry]:
        return table_entries(self._exchanged)


def _exchanged(run: Record, places: Collection[Place]) -> Record:
    """The run as if fresh seeds of these models and sizes were the table's."""
    if place(run) not in places:
        return run
    parts = {Stage.AGAIN: Stage.TABLE, Stage.TABLE: Stage.AGAIN}
    roles = [{**role, "part": parts.get(role["part"], role["part"])} for role in run.get("roles") or ()]
    return {**run, "roles": roles}
