"""The entries of Table 1: what was published of a model of one size, and what came out here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fastweights.papers.ba2016.findings.stages import place, place_settings, runs_of, stage_settings
from fastweights.papers.ba2016.findings.verdicts import Verdict, judge
from fastweights.papers.ba2016.names import ALTERNATIVES, Alternative, Stage
from fastweights.papers.ba2016.published import BA_2016, WAYMAN_MATHEW_2017
from fastweights.report.labels import model_order
from fastweights.studies.analysis.runs import Record, grouped
from fastweights.studies.analysis.settings import Selection, Setting


@dataclass(frozen=True)
class Alternatives:
    """Other values of one thing that the search left alone, in the setting that it selected."""

    tried: Mapping[str, Setting] = field(default_factory=dict, repr=False)
    """By name, the search's own among them."""
    best: Setting = Setting(())
    """Fresh seeds of the one that validation selected, where that is not the search's own; else empty."""

    @property
    def unfinished(self) -> bool:
        """Whether a run of those tried is missing."""
        return any(setting.unfinished for setting in self.tried.values())


class ChangedSetting(NamedTuple):
    """A setting whose runs have ended, and how it differs from the one that the search selected."""

    change: str
    setting: Setting


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
    """The runs of Table 1."""
    search: Selection
    as_published: Setting
    """With the paper's own choices."""
    longer: Setting
    """In the table's setting, with as many updates as Figure 2 has."""
    more_data: Setting
    """With ten times the training sequences, at the best rate."""
    alternatives: Mapping[Alternative, Alternatives]
    """Of each of `ALTERNATIVES`."""

    @property
    def verdict(self) -> Verdict | None:
        """On the table's seeds; None where nothing was published."""
        return self.verdict_on(self.table)

    def verdict_on(self, setting: Setting) -> Verdict | None:
        """Whether this setting reproduces the published error; None if there is none."""
        if self.paper is None:
            return None
        return judge(self.paper, setting.test_errors, setting.test_counts, self.floor)

    @property
    def selected(self) -> ChangedSetting | None:
        """The search's own; None while a run of the table is missing, or if none finished."""
        known = not self.table.unfinished and self.table.test_error is not None
        return ChangedSetting("", self.table) if known else None

    @property
    def preferred(self) -> ChangedSetting | None:
        """Of the search's own and the best alternatives, the one with the lowest mean validation error; None
        while one of their runs is missing."""
        alternatives = self.alternatives.items()
        compared = [
            ChangedSetting("", self.table),
            *(ChangedSetting(alternative.other, tried.best) for alternative, tried in alternatives),
        ]
        waiting = [tried.unfinished for _, tried in alternatives]
        if any(waiting) or any(setting.unfinished for _, setting in compared):
            return None
        known = [changed for changed in compared if changed.setting.test_error is not None]
        return min(known, key=lambda changed: changed.setting.validation_error or 0.0, default=None)


def table_entries(runs: Sequence[Record]) -> list[TableEntry]:
    """By size, then by model."""
    searches = grouped(runs_of(runs, Stage.SEARCH), place)
    table, as_published, longer, more_data = (
        place_settings(runs, stage) for stage in (Stage.TABLE, Stage.AS_PUBLISHED, Stage.LONGER, Stage.DATA)
    )
    alternatives = {alternative: _alternatives(runs, alternative) for alternative in ALTERNATIVES}
    nothing = Setting(())
    entries = []
    for where in sorted({*searches, *table}, key=lambda place: (place[1], model_order(place[0]))):
        search = Selection(searches.get(where, ()))
        first = [*table.get(where, nothing).runs, *search.runs][0]
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
                search=search,
                as_published=as_published.get(where, nothing),
                longer=longer.get(where, nothing),
                more_data=more_data.get(where, nothing),
                alternatives={
                    alternative: tried.get(where, Alternatives())
                    for alternative, tried in alternatives.items()
                },
            )
        )
    return entries


def _alternatives(runs: Sequence[Record], alternative: Alternative) -> dict[tuple[str, int], Alternatives]:
    tried = stage_settings(
        runs, alternative.stage, lambda tags, run: (place(run), str(tags.get(alternative.tag)))
    )
    best = place_settings(runs, alternative.best_stage)
    return {
        where: Alternatives(
            {name: setting for (there, name), setting in tried.items() if there == where},
            best.get(where, Setting(())),
        )
        for where in {*best, *(there for there, _ in tried)}
    }
