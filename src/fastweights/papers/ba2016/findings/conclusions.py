"""Which of the paper's conclusions survive: a rule for each, and the numbers that it goes by."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean

from fastweights.papers.ba2016.findings import fastest, fewer_units
from fastweights.papers.ba2016.findings.evidence import complete_errors, difference
from fastweights.papers.ba2016.findings.readings import OPEN, WORDS, Finding, Settings, in_every_reading
from fastweights.papers.ba2016.findings.resamples import SURE, agreed, means, share_at_most, word_of_shares
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import NEAR_FLOOR, log_odds
from fastweights.report.labels import joined, model_label
from fastweights.report.setting_texts import mean_text
from fastweights.studies.analysis.settings import half_t_interval

_LEVEL, LEVEL_FACTOR = 0.005, 2.0
"""Two means are level within half a percentage point and a factor of two in odds: near 0 half a point may
be all errors but a tenth."""


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
        return WORDS[self.survives] if self.evidence else "open"


def conclusions(entries: Sequence[TableEntry]) -> list[Conclusion]:
    """In the order in which the paper draws them."""
    fails = (
        "the 95 % interval of the mean lies within 5 percentage points of the floor, or above; they do not, "
        "if it lies below; and so by the bootstrap"
    )
    no_better = (
        "the 95 % interval of the difference of the means (Welch) lies above minus half a percentage point, "
        "and the odds of its mean are no less than half the LSTM's; they do not, if else the interval lies "
        "below 0; and so by the bootstrap"
    )
    everywhere = (
        "; so with any one seed left out, and in every reading: at best, to the letter, and of an A-LSTM "
        "also with one head and with the mean of three"
    )
    models = sorted({entry.model for entry in entries})
    findings: list[tuple[str, str, Finding]] = [
        *(
            (
                f"Fast weights need fewer units than {_an(baseline)}.",
                fewer_units.RULE,
                in_every_reading(
                    partial(fewer_units.fewer_units, baseline=baseline),
                    entries,
                    (fewer_units.FAST, baseline),
                ),
            )
            for baseline in ("irnn", "lstm", "associative-lstm")
        ),
        *(
            (
                f"An {model_label(model)} of {size} units fails.",
                fails,
                in_every_reading(partial(_fails, model=model, size=size), _at(entries, size), [model]),
            )
            for model, size in (("irnn", 50), ("lstm", 20))
        ),
        *(
            (
                f"An A-LSTM of {size} units is no better than an LSTM.",
                no_better,
                in_every_reading(
                    partial(_no_better, size=size), _at(entries, size), ("associative-lstm", "lstm")
                ),
            )
            for size in (20, 50)
        ),
        (
            "At R = 50, fast weights learn fastest.",
            fastest.RULE,
            in_every_reading(fastest.fastest, entries, models),
        ),
    ]
    return [Conclusion(claim, rule + everywhere, *finding) for claim, rule, finding in findings]


def _at(entries: Sequence[TableEntry], size: int) -> list[TableEntry]:
    return [entry for entry in entries if entry.hidden_size == size]


def _fails(settings: Settings, model: str, size: int) -> Finding:
    setting = settings[model, size]
    errors = complete_errors(setting)
    if errors is None:
        return OPEN
    near = setting.floor - NEAR_FLOOR

    def word(seeds: Mapping[str, Sequence[float]]) -> bool | None:
        middle, half = fmean(seeds[model]), half_t_interval(seeds[model]) or 0.0
        return True if middle - half > near else False if middle + half < near else None

    def by_resamples(seeds: Mapping[str, Sequence[float]]) -> bool | None:
        return word_of_shares([1 - share_at_most(tuple(seeds[model]), near)])

    survives, but = agreed(word, by_resamples, {model: errors})
    return survives, f"{mean_text(setting)}, where the floor is {100 * setting.floor:.2f} %{but}."


def _no_better(settings: Settings, size: int) -> Finding:
    pair = [settings.get((model, size)) for model in ("associative-lstm", "lstm")]
    complete = [
        (setting, errors) for setting in pair if setting and (errors := complete_errors(setting)) is not None
    ]
    if len(complete) < 2:
        return OPEN
    (ours, our_errors), (theirs, their_errors) = complete
    low, high = difference(our_errors, their_errors)
    seeds = {"ours": our_errors, "theirs": their_errors}
    survives, but = agreed(_level_or_less, _by_resamples, seeds)
    return survives, (
        f"A-LSTM {mean_text(ours)}, LSTM {mean_text(theirs)}; the difference is "
        f"{signed(100 * low)} to {signed(100 * high)} percentage points{but}."
    )


def _level_or_less(seeds: Mapping[str, Sequence[float]]) -> bool | None:
    """Whether ours are level with theirs, or more; False if they are fewer."""
    low, high = difference(seeds["ours"], seeds["theirs"])
    level = low > -_LEVEL and _factor(seeds["theirs"], seeds["ours"]) <= LEVEL_FACTOR
    return True if level else False if high < 0 else None


def _by_resamples(seeds: Mapping[str, Sequence[float]]) -> bool | None:
    """The same by the bootstrap, at 99.9 %."""
    above = means(tuple(seeds["ours"]), 0) - means(tuple(seeds["theirs"]), 1)
    near = _factor(seeds["theirs"], seeds["ours"]) <= LEVEL_FACTOR
    if near and (above > -_LEVEL).mean() >= SURE:
        return True
    return False if (above < 0).mean() >= SURE else None


def _factor(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """Of the odds of two means, where less than 0.05 % counts as 0.05 %."""
    return math.exp(log_odds(fmean(theirs)) - log_odds(fmean(ours)))


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
