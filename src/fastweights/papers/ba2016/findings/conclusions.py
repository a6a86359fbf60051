"""Which of the paper's conclusions survive: a rule for each, and the numbers that it goes by."""

import math
from collections.abc import Callable, Mapping, Sequence
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
Finding = tuple[bool | None, str]
"""Whether a conclusion survives, and the numbers that say so."""

_OPEN = None, ""


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
    table = {(entry.model, entry.hidden_size): entry for entry in entries}
    prefers = "in the setting that validation prefers"
    fewer = f"the smallest R with a mean test error of at most 2 %, {prefers}, is smaller"
    fails = f"{prefers}, the mean test error is within 5 percentage points of the floor"
    no_better = "the 95 % interval of the difference of the means (Welch) does not lie below 0"
    fastest = (
        "the median number of updates to a validation error of 1 % is the smallest; what is equal in Figure "
        "2, the table's runs tell apart"
    )
    findings = [
        *(
            (f"Fast weights need fewer units than {_an(baseline)}.", fewer, _fewer_units(entries, baseline))
            for baseline in ("irnn", "lstm", "associative-lstm")
        ),
        *(
            (f"An {model_label(model)} of {size} units fails.", fails, _fails(table.get((model, size))))
            for model, size in (("irnn", 50), ("lstm", 20))
        ),
        *(
            (f"An A-LSTM of {size} units is no better than an LSTM.", no_better, _no_better(table, size))
            for size in (20, 50)
        ),
        ("At R = 50, fast weights learn fastest (Figure 2).", fastest, _fastest(figure_2, table)),
    ]
    return [Conclusion(claim, rule, *finding) for claim, rule, finding in findings]


def _smallest(
    entries: Sequence[TableEntry], model: str, setting_of: Callable[[TableEntry], ChangedSetting | None]
) -> tuple[float | None, str]:
    """Of a model's settings, the smallest R with a mean error of at most `LEARNED`, infinite if there is
    none; None if a smaller one is missing. And the errors that say so."""
    evidence = []
    for entry in sorted(entries, key=lambda entry: entry.hidden_size):
        if entry.model != model:
            continue
        changed = setting_of(entry)
        if changed is None:
            return _OPEN
        words = mean_text(changed.setting), changed.change, f"at R = {entry.hidden_size}"
        evidence.append(" ".join(filter(None, words)))
        if (changed.setting.test_error or 0) <= LEARNED:
            return entry.hidden_size, evidence[-1]
    return (math.inf, joined(evidence)) if evidence else _OPEN


def _fewer_units(entries: Sequence[TableEntry], baseline: str) -> Finding:
    (fast, fast_errors), (other, other_errors) = (
        _smallest(entries, model, lambda entry: entry.preferred) for model in ("fast-weights", baseline)
    )
    if fast is None or other is None:
        return _OPEN
    needs = f"has {other_errors}" if math.isfinite(other) else f"never gets there: {other_errors}"
    return fast < other, f"Fast weights have {fast_errors}; {_an(baseline)} {needs}."


def _fails(entry: TableEntry | None) -> Finding:
    preferred = None if entry is None else entry.preferred
    if entry is None or preferred is None:
        return _OPEN
    change, best = preferred
    published = entry.as_published
    return best.test_error is not None and best.test_error > entry.floor - NEAR_FLOOR, (
        f"{mean_text(entry.table)} in the selected setting, where the floor is {100 * entry.floor:.2f} %"
        f"{f'; {mean_text(best)} {change}, which validation prefers' if change else ''}"
        f"{'' if published.test_error is None else f'; {mean_text(published)} to the letter'}."
    )


def _no_better(table: TableEntries, size: int) -> Finding:
    pair = [table.get((model, size)) for model in ("associative-lstm", "lstm")]
    settings = [entry.table for entry in pair if entry is not None and not entry.table.unfinished]
    if len(settings) < 2 or any(len(setting.test_errors) < 2 for setting in settings):
        return _OPEN
    low, high = difference(*(setting.test_errors for setting in settings))
    return high >= 0, (
        f"A-LSTM {mean_text(settings[0])}, LSTM {mean_text(settings[1])}; the difference is "
        f"{_signed(100 * low)} to {_signed(100 * high)} percentage points."
    )


def _fastest(figure_2: Mapping[str, Setting], table: TableEntries) -> Finding:
    paces = _paces(figure_2)
    if "fast-weights" not in paces or not len(paces) == len(figure_2) > 1:
        return _OPEN
    survives, evidence = _leads(paces), f"Updates to 1 %: {_paces_text(paces)}."
    # Figure 2's evaluations are too far apart for models that are through before the first of them
    tied = [model for model, pace in paces.items() if pace == min(paces.values()) < math.inf]
    if "fast-weights" in tied and len(tied) > 1:
        finer = _paces({model: table[model, 50].table for model in tied if (model, 50) in table})
        survives = _leads(finer) if len(finer) == len(tied) else None
        evidence += f" In the table's runs: {_paces_text(finer)}." if finer else ""
    return survives, evidence


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
        f"{model_label(model)} {f'{pace:,.0f}' if math.isfinite(pace) else 'never'}"
        for model, pace in paces.items()
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
    return [*sentences, _central(entries)]


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


def _central(entries: Sequence[TableEntry]) -> str:
    """The paper's first claim at the size at which fast weights start to retrieve."""
    size, errors = _smallest(entries, "fast-weights", lambda entry: entry.selected)
    if size is None:
        return "Whether fast weights need fewer units than the others is still open."
    if math.isinf(size):
        return f"Fast weights do not retrieve at any size: they have {errors}."
    others = [
        entry
        for entry in entries
        if entry.hidden_size == size and entry.model != "fast-weights" and entry.table.test_error is not None
    ]
    theirs = joined(f"{_an(entry.model)} has {mean_text(entry.table)}" for entry in others) if others else ""
    equals = [_an(entry.model) for entry in others if (entry.table.test_error or 0) <= LEARNED]
    end = f"; they need no fewer units than {joined(equals)}" if equals else ""
    return f"Fast weights have {errors}{f', where {theirs}' if others else ''}{end}."


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _an(model: str) -> str:
    return f"an {model_label(model)}"
