"""Which of the paper's conclusions survive: a rule for each, and the numbers that it goes by."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import variance

from fastweights.papers.ba2016.findings.table_entries import ChangedSetting, TableEntry
from fastweights.papers.ba2016.findings.verdicts import NEAR_FLOOR
from fastweights.report.labels import joined, model_label
from fastweights.report.setting_texts import mean_text
from fastweights.studies.analysis.settings import Setting, t_quantile

LEARNED = 0.02
"""A mean test error of at most this counts as retrieval: the paper's own are 1.81 and 1.85 % at the smallest
sizes at which it says that a model works."""

TableEntries = Mapping[tuple[str, int], TableEntry]


@dataclass(frozen=True)
class Conclusion:
    """A conclusion of the paper's, and whether it survives."""

    claim: str
    rule: str
    survives: bool | None
    """None as long as what the rule needs is not finished."""
    evidence: str

    @property
    def word(self) -> str:
        """The finding in words."""
        return {True: "survives", False: "does not survive", None: "open"}[self.survives]


def conclusions(entries: Sequence[TableEntry], figure_2: Mapping[str, Setting]) -> list[Conclusion]:
    """In the order in which the paper draws them."""
    table = _by_place(entries)
    return [
        *(_fewer_units(table, baseline) for baseline in ("irnn", "lstm", "associative-lstm")),
        _fails(table, "irnn", 50),
        _fails(table, "lstm", 20),
        _no_better(table, 20),
        _no_better(table, 50),
        _fastest(figure_2, table),
    ]


def smallest(settings: Mapping[int, ChangedSetting | None]) -> tuple[float | None, str]:
    """Of a model's settings by size, the smallest R with a mean error of at most `LEARNED`, infinite if there
    is none; None if a smaller one is missing. And the errors that say so."""
    evidence = []
    for size, changed in sorted(settings.items()):
        if changed is None:
            return None, ""
        evidence.append(
            " ".join(filter(None, (mean_text(changed.setting), changed.change, f"at R = {size}")))
        )
        if (changed.setting.test_error or 0) <= LEARNED:
            return size, evidence[-1]
    return (math.inf, joined(evidence)) if evidence else (None, "")


def _fewer_units(table: TableEntries, baseline: str) -> Conclusion:
    (fast, fast_errors), (other, other_errors) = (
        smallest({entry.hidden_size: entry.preferred for entry in table.values() if entry.model == model})
        for model in ("fast-weights", baseline)
    )
    survives, evidence = None, ""
    if fast is not None and other is not None:
        survives = fast < other
        needs = f"has {other_errors}" if math.isfinite(other) else f"never gets there: {other_errors}"
        evidence = f"Fast weights have {fast_errors}; {_an(baseline)} {needs}."
    return Conclusion(
        f"Fast weights need fewer units than {_an(baseline)}.",
        "the smallest R with a mean test error of at most 2 %, in the setting that validation prefers, is "
        "smaller",
        survives,
        evidence,
    )


def _fails(table: TableEntries, model: str, size: int) -> Conclusion:
    entry = table.get((model, size))
    survives, evidence = None, ""
    preferred = None if entry is None else entry.preferred
    if entry is not None and preferred is not None:
        change, best = preferred
        survives = best.test_error is not None and best.test_error > entry.floor - NEAR_FLOOR
        other = f"; {mean_text(best)} {change}, which validation prefers" if change else ""
        evidence = (
            f"{mean_text(entry.table)} in the selected setting, where the floor is {100 * entry.floor:.2f} %"
            f"{other}{_as_published(entry)}."
        )
    return Conclusion(
        f"An {model_label(model)} of {size} units fails.",
        "in the setting that validation prefers, the mean test error is within 5 percentage points of the "
        "floor",
        survives,
        evidence,
    )


def _as_published(entry: TableEntry) -> str:
    setting = entry.as_published
    return "" if setting.test_error is None else f"; {mean_text(setting)} to the letter"


def _no_better(table: TableEntries, size: int) -> Conclusion:
    pair = [table.get((model, size)) for model in ("associative-lstm", "lstm")]
    settings = [entry.table for entry in pair if entry is not None and not entry.table.unfinished]
    survives, evidence = None, ""
    if len(settings) == 2 and all(len(setting.test_errors) > 1 for setting in settings):
        low, high = difference(*(setting.test_errors for setting in settings))
        survives = high >= 0
        evidence = (
            f"A-LSTM {mean_text(settings[0])}, LSTM {mean_text(settings[1])}; the difference is "
            f"{_signed(100 * low)} to {_signed(100 * high)} percentage points."
        )
    return Conclusion(
        f"An A-LSTM of {size} units is no better than an LSTM.",
        "the 95 % interval of the difference of the means (Welch) does not lie below 0",
        survives,
        evidence,
    )


def _fastest(figure_2: Mapping[str, Setting], table: TableEntries) -> Conclusion:
    paces = _paces(figure_2)
    survives, evidence = None, ""
    if "fast-weights" in paces and len(paces) == len(figure_2) > 1:
        survives, evidence = _leads(paces), f"Updates to 1 %: {_paces_text(paces)}."
        # Figure 2's evaluations are too far apart for models that are through before the first of them
        tied = [model for model, pace in paces.items() if pace == min(paces.values()) < math.inf]
        if "fast-weights" in tied and len(tied) > 1:
            selected = {model: table[model, 50].table for model in tied if (model, 50) in table}
            finer = _paces(selected)
            survives = _leads(finer) if len(finer) == len(tied) else None
            evidence += f" In the table's runs: {_paces_text(finer)}." if finer else ""
    return Conclusion(
        "At R = 50, fast weights learn fastest (Figure 2).",
        "the median number of updates to a validation error of 1 % is the smallest; what is equal in Figure "
        "2, the table's runs tell apart",
        survives,
        evidence,
    )


def _paces(settings: Mapping[str, Setting]) -> dict[str, float]:
    """The updates to 1 % of the models of which all runs have ended."""
    return {
        model: math.inf if setting.updates_to_goal is None else setting.updates_to_goal
        for model, setting in settings.items()
        if not setting.unfinished
    }


def _leads(paces: Mapping[str, float]) -> bool:
    return all(paces["fast-weights"] < pace for model, pace in paces.items() if model != "fast-weights")


def _paces_text(paces: Mapping[str, float]) -> str:
    return joined(
        [
            f"{model_label(model)} {f'{pace:,.0f}' if math.isfinite(pace) else 'never'}"
            for model, pace in paces.items()
        ]
    )


def difference(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the difference of two means, by Welch's t; degrees of freedom are rounded down."""
    squares = [variance(errors) / len(errors) for errors in (ours, theirs)]
    total = sum(squares)
    middle = sum(ours) / len(ours) - sum(theirs) / len(theirs)
    if total == 0:
        return middle, middle
    freedom = total**2 / sum(
        square**2 / (len(errors) - 1) for square, errors in zip(squares, (ours, theirs), strict=True)
    )
    half = t_quantile(max(int(freedom + 1e-9), 1)) * math.sqrt(total)
    return middle - half, middle + half


def answer(entries: Sequence[TableEntry]) -> list[str]:
    """The page's first sentences."""
    verdicts = [entry.verdict.name for entry in entries if entry.verdict is not None]
    if not verdicts:
        return ["Nothing that the paper prints has been run yet."]
    if set(verdicts) == {"none"}:
        return [f"None of the paper's {len(verdicts)} numbers has a verdict yet."]
    sentences = [f"Of the paper's {len(verdicts)} numbers, {_counted(verdicts)}."]
    preferred = [
        entry.verdict_on(entry.preferred.setting) for entry in entries if entry.preferred is not None
    ]
    best = [verdict.name for verdict in preferred if verdict is not None]
    if len(best) == len(verdicts) and best != verdicts:
        sentences.append(f"In the settings that validation prefers of all that were tried, {_counted(best)}.")
    return [*sentences, _central(_by_place(entries))]


def _by_place(entries: Sequence[TableEntry]) -> TableEntries:
    return {(entry.model, entry.hidden_size): entry for entry in entries}


def _counted(verdicts: Sequence[str]) -> str:
    words = {
        "reproduced": "reproduced",
        "better": "beaten",
        "worse": "missed",
        "not reproduced": "not reproduced",
        "none": "without a verdict",
    }
    return joined(
        f"{verdicts.count(name)} {'is' if verdicts.count(name) == 1 else 'are'} {word}"
        for name, word in words.items()
        if name in verdicts
    )


def _central(table: TableEntries) -> str:
    """The paper's first claim at the size at which fast weights start to retrieve."""
    size, errors = smallest(
        {entry.hidden_size: entry.selected for entry in table.values() if entry.model == "fast-weights"}
    )
    if size is None:
        return "Whether fast weights need fewer units than the others is still open."
    if math.isinf(size):
        return f"Fast weights do not retrieve at any size: they have {errors}."
    others = [
        entry
        for (model, units), entry in table.items()
        if units == size and model != "fast-weights" and entry.table.test_error is not None
    ]
    theirs = joined(f"{_an(entry.model)} has {mean_text(entry.table)}" for entry in others) if others else ""
    equals = [_an(entry.model) for entry in others if (entry.table.test_error or 0) <= LEARNED]
    end = f"; they need no fewer units than {joined(equals)}" if equals else ""
    return f"Fast weights have {errors}{f', where {theirs}' if others else ''}{end}."


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _an(model: str) -> str:
    return f"an {model_label(model)}"
