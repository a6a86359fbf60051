"""Which of the paper's conclusions survive: a rule for each, and the numbers that it goes by."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, median, variance

from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import LEAST_SEEDS, NEAR_FLOOR, training_sets
from fastweights.papers.ba2016.names import FIGURE_SIZE
from fastweights.report.labels import joined, model_label
from fastweights.report.setting_texts import mean_text
from fastweights.studies.analysis.settings import Setting, half_t_interval, t_quantile

LEARNED = (0.01, 0.02, 0.05)
"""Test errors that may count as retrieval: the paper's own are 1.81 and 1.85 % at the smallest sizes at
which it says that a model works. A conclusion holds if it does at each of them."""

_RESAMPLES = 2000
_SURE = 0.975
_LEVEL = 0.005
"""Two means within half a percentage point are level."""

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
    """None if that is undecided, or what the rule needs is not finished: then there is no evidence."""
    evidence: str

    @property
    def word(self) -> str:
        """The finding in words."""
        open_or_not = "undecided" if self.evidence else "open"
        return {True: "survives", False: "does not survive", None: open_or_not}[self.survives]


def conclusions(entries: Sequence[TableEntry]) -> list[Conclusion]:
    """In the order in which the paper draws them."""
    table = {(entry.model, entry.hidden_size): entry for entry in entries}
    fewer = (
        "the smallest R with a mean test error of at most 2 % is smaller in 97.5 % of the resamples of all "
        "seeds, and so it is with 1 % and with 5 %; it does not, if in 97.5 % it is not smaller"
    )
    fails = (
        "the 95 % interval of the mean lies within 5 percentage points of the floor, or above; not, if below"
    )
    no_better = (
        "the 95 % interval of the difference of the means (Welch) lies above minus half a percentage point; "
        "not, if below 0"
    )
    fastest = (
        "the median number of updates to a validation error of 1 % is smaller than every other model's in "
        "97.5 % of the resamples of all seeds, both at best and to the letter; it does not, if in 97.5 % of "
        "both it is not"
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
        ("At R = 50, fast weights learn fastest.", fastest, _fastest(entries)),
    ]
    return [Conclusion(claim, rule, *finding) for claim, rule, finding in findings]


def complete_errors(setting: Setting) -> Sequence[float] | None:
    """A setting's test errors, with guessing for runs that failed; None if it is not complete."""
    return [*setting.test_errors, *[setting.floor] * setting.failed] if _is_complete(setting) else None


def _is_complete(setting: Setting) -> bool:
    """Whether all of its runs have ended, there are enough of them, and no two share a training set."""
    enough = setting.planned >= LEAST_SEEDS and training_sets(setting.runs) == setting.planned
    return enough and not setting.unfinished


def _smallest(errors: Mapping[int, Sequence[float]], learned: float, random: Random) -> list[float]:
    """The smallest R with a mean error of at most `learned`, infinite if there is none, in each resample."""
    return [
        min(
            (size for size, seeds in errors.items() if fmean(random.choices(seeds, k=len(seeds))) <= learned),
            default=math.inf,
        )
        for _ in range(_RESAMPLES)
    ]


def _fewer_units(entries: Sequence[TableEntry], baseline: str) -> Finding:
    errors: dict[str, dict[int, Sequence[float]]] = {"fast-weights": {}, baseline: {}}
    for entry in entries:
        if entry.model in errors:
            seeds = complete_errors(entry.table)
            if seeds is None:
                return _OPEN
            errors[entry.model][entry.hidden_size] = seeds
    if not all(errors.values()):
        return _OPEN
    random = Random(0)
    shares = []
    for learned in LEARNED:
        pairs = zip(*(_smallest(errors[model], learned, random) for model in errors), strict=True)
        shares.append(sum(fast < other for fast, other in pairs) / _RESAMPLES)
    survives = True if min(shares) >= _SURE else False if max(shares) <= 1 - _SURE else None
    told = joined(
        f"{100 * share:.3g} % at {100 * learned:g} %" for share, learned in zip(shares, LEARNED, strict=True)
    )
    return survives, f"Of the resamples, fast weights get there with fewer units in {told}."


def _fails(entry: TableEntry | None) -> Finding:
    errors = None if entry is None else complete_errors(entry.table)
    if entry is None or errors is None:
        return _OPEN
    middle, half = fmean(errors), half_t_interval(errors) or 0.0
    near = entry.floor - NEAR_FLOOR
    survives = True if middle - half > near else False if middle + half < near else None
    published = entry.as_published
    return survives, (
        f"{mean_text(entry.table)} in the selected setting, where the floor is {100 * entry.floor:.2f} %"
        f"{'' if published.test_error is None else f'; {mean_text(published)} to the letter'}."
    )


def _no_better(table: TableEntries, size: int) -> Finding:
    pair = [table.get((model, size)) for model in ("associative-lstm", "lstm")]
    settings = [entry.table for entry in pair if entry is not None]
    errors = [seeds for setting in settings if (seeds := complete_errors(setting)) is not None]
    if len(errors) < 2:
        return _OPEN
    low, high = difference(*errors)
    survives = True if low > -_LEVEL else False if high < 0 else None
    return survives, (
        f"A-LSTM {mean_text(settings[0])}, LSTM {mean_text(settings[1])}; the difference is "
        f"{signed(100 * low)} to {signed(100 * high)} percentage points."
    )


def _fastest(entries: Sequence[TableEntry]) -> Finding:
    settings: dict[str, Callable[[TableEntry], Setting]] = {
        "at best": lambda entry: entry.table,
        "to the letter": lambda entry: entry.as_published,
    }
    random, shares, told = Random(0), [], []
    for name, setting_of in settings.items():
        compared = {entry.model: setting_of(entry) for entry in entries if entry.hidden_size == FIGURE_SIZE}
        if not {"fast-weights"} < {*compared} or not all(map(_is_complete, compared.values())):
            return _OPEN
        share = _share_fastest(compared, random)
        shares.append(share)
        paces = joined(f"{model_label(model)} {_pace(setting)}" for model, setting in compared.items())
        told.append(f"{name} {paces}, fast weights first in {100 * share:.3g} % of the resamples")
    survives = True if min(shares) >= _SURE else False if max(shares) <= 1 - _SURE else None
    return survives, f"Median updates to 1 %: {'; '.join(told)}."


def _share_fastest(compared: Mapping[str, Setting], random: Random) -> float:
    """The share of the resamples of all seeds in which fast weights have the smallest median."""

    def median_of_resample(model: str) -> float:
        updates = compared[model].updates_to_goal_by_run
        return median(random.choices(updates, k=len(updates)))

    others = [model for model in compared if model != "fast-weights"]
    first = sum(
        median_of_resample("fast-weights") < min(map(median_of_resample, others)) for _ in range(_RESAMPLES)
    )
    return first / _RESAMPLES


def _pace(setting: Setting) -> str:
    updates = setting.updates_to_goal
    return "never" if updates is None or math.isinf(updates) else f"{updates:,.0f}"


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
    words = [entry.verdict.word if entry.verdict else "open" for entry in entries if entry.paper is not None]
    if not words:
        return ["Nothing that the paper prints has been run yet."]
    if set(words) <= {"open", "undecided"}:
        return [f"None of the paper's {len(words)} numbers is decided yet."]
    sentences = [f"At best, of the paper's {len(words)} numbers, {_counted(words)}."]
    letter = [entry.verdict_on(entry.as_published) for entry in entries]
    letters = [verdict.word for verdict in letter if verdict is not None]
    if letters:
        sentences.append(f"To the letter of the paper, of {len(letters)}, {_counted(letters)}.")
    return sentences


def _counted(words: Sequence[str]) -> str:
    return joined(
        f"{words.count(word)} {'is' if words.count(word) == 1 else 'are'} {text}"
        for word, text in _COUNTED.items()
        if word in words
    )


_COUNTED = {
    "reproduced": "reproduced",
    "ours lower": "lower here",
    "ours higher": "higher here",
    "undecided": "undecided",
    "open": "open",
}


def signed(value: float) -> str:
    """`+1.20`, `−0.35`."""
    return f"{value:+.2f}".replace("-", "−")


def _an(model: str) -> str:
    return f"an {model_label(model)}"
