"""Sentences that the record chooses: what is decided, what is open, and what the runs so far show of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from article.names import OPEN
from fastweights.papers.ba2016.findings.conclusions import Conclusion, answer
from fastweights.papers.ba2016.findings.fewer_units import LEARNED
from fastweights.papers.ba2016.findings.robustness import Exchange
from fastweights.papers.ba2016.findings.stages import missing, runs_of
from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.findings.verdicts import NEAR_FLOOR
from fastweights.papers.ba2016.names import Stage
from fastweights.papers.ba2016.page.captions import captions, without_numbers
from fastweights.papers.ba2016.page.exchange import FreshSeeds
from fastweights.papers.ba2016.page.matched_tables import MatchedSettings, matched_settings
from fastweights.report.labels import joined, model_label, sized_label
from fastweights.report.setting_texts import mean_text
from fastweights.studies.analysis.settings import Setting

_MODELS = ("irnn", "lstm", "associative-lstm", "fast-weights")
_ASKED = {
    Stage.DATA: "more training sequences",
    Stage.LONGER: "as many updates as Figure 2 of the paper has",
    Stage.HEADS: "other read-write heads of the associative LSTM",
    Stage.PATTERN: "the paper's choices at other learning rates",
    Stage.ASSUMPTIONS: "the paper's choices with one assumption changed",
    Stage.MATCHED: "models of equal size",
    Stage.AGAIN: "fresh seeds for the numbers nearest to another verdict",
}


def sentences(
    results: Mapping[str, Any], entries: Sequence[TableEntry], conclusions: Sequence[Conclusion]
) -> dict[str, str]:
    """By name; where a sentence has nothing to say, it is empty."""
    runs = results["runs"]
    matched = matched_settings(runs)
    told = captions(entries, runs)
    return {
        "answer": " ".join(answer(entries)),
        "survival": _survival(conclusions),
        "smallest": _smallest(entries),
        "unfinished": _unfinished(runs),
        "exchange": " ".join(FreshSeeds(Exchange(entries), runs).changes(told)),
        **told,
        "more-data": without_numbers(told["more-data"]),
        "more-updates": without_numbers(told["more-updates"]),
        "letter-failures": _letter_failures(entries),
        "matched-pairs": _matched_pairs(matched),
    }


def _survival(conclusions: Sequence[Conclusion]) -> str:
    words = Counter(conclusion.word for conclusion in conclusions)
    parts = [
        f"{words[word]} {singular if words[word] == 1 else plural}"
        for word, singular, plural in (
            ("survives", "survives", "survive"),
            ("does not survive", "does not", "do not"),
            ("undecided", "is undecided", "are undecided"),
            (OPEN, "is open", "are open"),
        )
        if words[word]
    ]
    return f"Of {len(conclusions)} conclusions of the paper's, {joined(parts)}."


def _smallest(entries: Sequence[TableEntry]) -> str:
    """The fewest units with which each model's mean error counts as retrieval."""
    limit = LEARNED[1]
    parts = []
    for model in _MODELS:
        sizes = [
            entry.hidden_size
            for entry in entries
            if entry.model == model and entry.table.test_error is not None and entry.table.test_error <= limit
        ]
        parts.append(f"{model_label(model)} {min(sizes) if sizes else 'none'}")
    return f"The smallest R with a mean test error of at most {100 * limit:g} %: {joined(parts)}."


def _letter_failures(entries: Sequence[TableEntry]) -> str:
    """What the paper's own choices give here where the paper's models are at the guessing floor."""
    told, failing = [], 0
    for entry in entries:
        error = entry.as_published.test_error
        if error is not None and entry.paper is not None and entry.floor - entry.paper < NEAR_FLOOR:
            told.append(f"{sized_label(entry.model, entry.hidden_size)} {mean_text(entry.as_published)}")
            failing += entry.floor - error < NEAR_FLOOR
    if not told:
        return ""
    few = failing or "none"
    return (
        f"Of the {len(told)} models that are at the guessing floor in the paper and have runs to the letter "
        f"here, {few} {'is' if failing == 1 else 'are'} at it here: {joined(told)}."
    )


def _matched_pairs(matched: MatchedSettings) -> str:
    """An LSTM beside fast weights, at the fewest parameters and at the largest state that are compared."""
    told = [
        f"within {budget:,.0f} {what} an LSTM has {_units(lstm)}, fast weights {_units(fast)}"
        for criterion, end, what in (("parameters", min, "parameters"), ("state", max, "numbers of state"))
        if (pairs := _pairs(matched, criterion))
        for budget, (lstm, fast) in [end(pairs.items(), key=lambda pair: pair[0])]
    ]
    text = "; ".join(told) if told else "runs of equal parameters and of equal state are to come"
    return f"{text[0].upper()}{text[1:]}."


def _pairs(matched: MatchedSettings, criterion: str) -> dict[float, tuple[Setting, Setting]]:
    """LSTM and fast weights by budget, where both have errors."""
    found = {}
    for which, budget, _ in matched:
        pair = [matched.get((criterion, budget, model)) for model in ("lstm", "fast-weights")]
        errors = [setting for setting in pair if setting is not None and setting.finished]
        if which == criterion and len(errors) == len(pair):
            found[budget] = errors[0], errors[1]
    return found


def _units(setting: Setting) -> str:
    return f"{setting.hidden_size} units and {mean_text(setting)}"


def _unfinished(runs: Sequence[Any]) -> str:
    """Which of the questions beside the table have no answer yet."""
    questions = [about for stage, about in _ASKED.items() if missing(runs_of(runs, stage))]
    return f"Still open are {joined(questions)}." if questions else ""
