"""The entries of Table 1: what was published of a model of one size, and what came out here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from fastweights.papers.ba2016.findings.stages import (
    kind_of,
    place,
    place_settings,
    runs_of,
    stage_settings,
)
from fastweights.papers.ba2016.findings.verdicts import Rule, Verdict, judge, judge_runs
from fastweights.papers.ba2016.names import AT_BEST, RATE_SEARCHED, TO_THE_LETTER, Stage
from fastweights.papers.ba2016.published import BA_2016, WAYMAN_MATHEW_2017
from fastweights.report.labels import model_order
from fastweights.studies.analysis.runs import Record, grouped
from fastweights.studies.analysis.settings import Setting

_READINGS = AT_BEST, TO_THE_LETTER, RATE_SEARCHED
DataArm = tuple[str, int]
"""One of these, and the number of training sequences."""
Value = TypeVar("Value", DataArm, str)


@dataclass(frozen=True)
class TableEntry:
    """A model of one size, with all that the stages of the study say of it; what has no runs is empty."""

    model: str
    hidden_size: int
    floor: float
    paper: float | None
    """The published test error, as a fraction; so below."""
    term_project: float | None

    table: Setting
    """The runs of Table 1, in the setting that the search selected."""
    search: Sequence[Record]
    """Its short runs."""
    horizon: Sequence[Record]
    """Those of what survived, with all updates."""
    as_published: Setting
    """With the paper's own choices."""
    heads: Mapping[str, Setting]
    """Of an associative LSTM with other heads, by what they are."""
    again: Setting
    """Fresh seeds of the table's setting, if it is nearest to another verdict."""
    longer: Mapping[DataArm, Setting]
    """With more updates."""
    more_data: Mapping[DataArm, Setting]
    """With more training sequences."""

    @cached_property
    def verdict(self) -> Verdict | None:
        """That of the table's seeds, which is withdrawn if that of fresh seeds differs; None where nothing
        was published."""
        first, fresh = self.tables_verdict, self.fresh_verdict
        if self.stands is False and first and fresh:
            reason = f"{first.word} by the table's seeds, {fresh.word} by {self.again.planned} fresh ones"
            return Verdict("undecided", first.run, reason)
        return first

    @cached_property
    def tables_verdict(self) -> Verdict | None:
        """On the table's seeds alone."""
        return self.verdict_on(self.table)

    @cached_property
    def fresh_verdict(self) -> Verdict | None:
        """On the fresh seeds alone."""
        return self.verdict_on(self.again)

    @property
    def stands(self) -> bool | None:
        """Whether fresh seeds have the same verdict; None if there are none, or not all have ended."""
        first, fresh = self.tables_verdict, self.fresh_verdict
        if first is None or fresh is None or first.run is None or fresh.run is None:
            return None
        return first.word == fresh.word

    def setting_of(self, reading: str) -> Setting:
        """At best or to the letter."""
        return self.table if reading == AT_BEST else self.as_published

    def verdict_on(self, setting: Setting, rule: Rule = judge) -> Verdict | None:
        """Whether this setting reproduces the published error; None if there is none, or nothing to judge."""
        return None if self.paper is None or not setting.runs else judge_runs(self.paper, setting.runs, rule)


def table_entries(runs: Sequence[Record]) -> list[TableEntry]:
    """By size, then by model."""
    searches, horizons = (grouped(runs_of(runs, stage), place) for stage in (Stage.SEARCH, Stage.HORIZON))
    table, as_published, again = (
        place_settings(runs, stage) for stage in (Stage.TABLE, Stage.AS_PUBLISHED, Stage.AGAIN)
    )
    longer, more_data = (_by_tag(runs, stage, _arm) for stage in (Stage.LONGER, Stage.DATA))
    heads = _by_tag(runs, Stage.HEADS, lambda tags: str(tags.get("heads", "")))
    nothing = Setting(())
    again = {where: fresh for where, fresh in again.items() if _are_of(table.get(where, nothing), fresh)}
    entries = []
    for where in sorted({*searches, *table}, key=lambda place: (place[1], model_order(place[0]))):
        first = [*table.get(where, nothing).runs, *searches.get(where, ())][0]
        task = first["specification"]["task"]
        paper, other = (source.test_error(task, *where) for source in (BA_2016, WAYMAN_MATHEW_2017))
        entries.append(
            TableEntry(
                model=where[0],
                hidden_size=where[1],
                floor=first["floor"],
                paper=None if paper is None else paper / 100,
                term_project=None if other is None else other / 100,
                table=table.get(where, nothing),
                search=searches.get(where, ()),
                horizon=horizons.get(where, ()),
                as_published=as_published.get(where, nothing),
                heads=heads.get(where, {}),
                again=again.get(where, nothing),
                longer=longer.get(where, {}),
                more_data=more_data.get(where, {}),
            )
        )
    return entries


def _are_of(table: Setting, fresh: Setting) -> bool:
    """Whether they have the table's setting: an earlier search may have selected another."""
    return bool(table.runs) and kind_of(table.runs[0]) == kind_of(fresh.runs[0])


def _by_tag(
    runs: Sequence[Record], stage: Stage, value_of: Callable[[Mapping[str, object]], Value | None]
) -> dict[tuple[str, int], dict[Value, Setting]]:
    """A stage's settings by place and by a value among their tags; runs without one are left out."""
    found: dict[tuple[str, int], dict[Value, Setting]] = {}
    settings = stage_settings(
        runs, stage, lambda tags, run: (place(run), value) if (value := value_of(tags)) else None
    )
    for (where, value), setting in sorted(settings.items()):
        found.setdefault(where, {})[value] = setting
    return found


def _arm(tags: Mapping[str, object]) -> DataArm | None:
    """Runs that say no reading are older than those at best."""
    count, reading = tags.get("sequences"), str(tags.get("reading", TO_THE_LETTER))
    if isinstance(count, int | float) and 0 < count < 1e9 and reading in _READINGS:
        return reading, int(count)
    return None
