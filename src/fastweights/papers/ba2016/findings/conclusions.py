"""Which of the paper's conclusions survive: a rule for each, and the numbers that it goes by."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import variance

from fastweights.papers.ba2016.findings.table_entries import Cell, Setting
from fastweights.papers.ba2016.findings.verdicts import NEAR_FLOOR
from fastweights.report.labels import joined, model_label
from fastweights.report.seeds import Seeds, mean_text
from fastweights.studies.analysis.settings import t_quantile

LEARNED = 0.02
"""A mean test error of at most this counts as retrieval: the paper's own are 1.81 and 1.85 % at the smallest
sizes at which it says that a model works."""

Cells = Mapping[tuple[str, int], Cell]


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


def conclusions(table: Sequence[Cell], figure_2: Mapping[str, Seeds]) -> list[Conclusion]:
    """In the order in which the paper draws them."""
    cells = {(cell.model, cell.hidden_size): cell for cell in table}
    return [
        *(_fewer_units(cells, baseline) for baseline in ("irnn", "lstm", "associative-lstm")),
        _fails(cells, "irnn", 50),
        _fails(cells, "lstm", 20),
        _no_better(cells, 20),
        _no_better(cells, 50),
        _fastest(figure_2, cells),
    ]


def smallest(settings: Mapping[int, Setting | None]) -> tuple[float | None, str]:
    """Of a model's settings by size, the smallest R with a mean error of at most `LEARNED`, infinite if there
    is none; None if a smaller one is missing. And the errors that say so."""
    told = []
    for size, setting in sorted(settings.items()):
        if setting is None:
            return None, ""
        told.append(" ".join(filter(None, (mean_text(setting.seeds), setting.change, f"at R = {size}"))))
        if (setting.seeds.mean or 0) <= LEARNED:
            return size, told[-1]
    return (math.inf, joined(told)) if told else (None, "")


def _fewer_units(cells: Cells, baseline: str) -> Conclusion:
    (fast, fast_told), (other, other_told) = (
        smallest({cell.hidden_size: cell.preferred for cell in cells.values() if cell.model == model})
        for model in ("fast-weights", baseline)
    )
    survives, evidence = None, ""
    if fast is not None and other is not None:
        survives = fast < other
        needs = f"has {other_told}" if math.isfinite(other) else f"never gets there: {other_told}"
        evidence = f"Fast weights have {fast_told}; {_an(baseline)} {needs}."
    return Conclusion(
        f"Fast weights need fewer units than {_an(baseline)}.",
        "the smallest R with a mean test error of at most 2 %, in the setting that validation prefers, is "
        "smaller",
        survives,
        evidence,
    )


def _fails(cells: Cells, model: str, size: int) -> Conclusion:
    cell = cells.get((model, size))
    survives, evidence = None, ""
    preferred = None if cell is None else cell.preferred
    if cell is not None and preferred is not None:
        change, best = preferred
        survives = best.mean is not None and best.mean > cell.floor - NEAR_FLOOR
        other = f"; {mean_text(best)} {change}, which validation prefers" if change else ""
        evidence = (
            f"{mean_text(cell.table)} in the selected setting, where the floor is {100 * cell.floor:.2f} %"
            f"{other}{_letter(cell)}."
        )
    return Conclusion(
        f"An {model_label(model)} of {size} units fails.",
        "in the setting that validation prefers, the mean test error is within 5 percentage points of the "
        "floor",
        survives,
        evidence,
    )


def _letter(cell: Cell) -> str:
    letter = cell.letter
    return f"; {mean_text(letter)} to the letter" if letter is not None and letter.mean is not None else ""


def _no_better(cells: Cells, size: int) -> Conclusion:
    pair = [cells.get((model, size)) for model in ("associative-lstm", "lstm")]
    tables = [cell.table for cell in pair if cell is not None and not cell.table.unfinished]
    survives, evidence = None, ""
    if len(tables) == 2 and all(len(table.errors) > 1 for table in tables):
        low, high = difference(*(table.errors for table in tables))
        survives = high >= 0
        evidence = (
            f"A-LSTM {mean_text(tables[0])}, LSTM {mean_text(tables[1])}; the difference is "
            f"{_signed(100 * low)} to {_signed(100 * high)} percentage points."
        )
    return Conclusion(
        f"An A-LSTM of {size} units is no better than an LSTM.",
        "the 95 % interval of the difference of the means (Welch) does not lie below 0",
        survives,
        evidence,
    )


def _fastest(figure_2: Mapping[str, Seeds], cells: Cells) -> Conclusion:
    paces = _paces(figure_2)
    survives, evidence = None, ""
    if "fast-weights" in paces and len(paces) == len(figure_2) > 1:
        survives, evidence = _leads(paces), f"Updates to 1 %: {_paces_text(paces)}."
        # Figure 2's evaluations are too far apart for models that are through before the first of them
        tied = [model for model, pace in paces.items() if pace == min(paces.values()) < math.inf]
        if "fast-weights" in tied and len(tied) > 1:
            tables = {model: cells[model, 50].table for model in tied if (model, 50) in cells}
            finer = _paces(tables)
            survives = _leads(finer) if len(finer) == len(tied) else None
            evidence += f" In the table's runs: {_paces_text(finer)}." if finer else ""
    return Conclusion(
        "At R = 50, fast weights learn fastest (Figure 2).",
        "the median number of updates to a validation error of 1 % is the smallest; what is equal in Figure "
        "2, the table's runs tell apart",
        survives,
        evidence,
    )


def _paces(found: Mapping[str, Seeds]) -> dict[str, float]:
    """The updates to 1 % of the models of which all runs have ended."""
    return {
        model: math.inf if seeds.updates is None else seeds.updates
        for model, seeds in found.items()
        if not seeds.unfinished
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
    parts = [variance(each) / len(each) for each in (ours, theirs)]
    total = sum(parts)
    middle = sum(ours) / len(ours) - sum(theirs) / len(theirs)
    if total == 0:
        return middle, middle
    freedom = total**2 / sum(
        part**2 / (len(each) - 1) for part, each in zip(parts, (ours, theirs), strict=True)
    )
    half = t_quantile(max(int(freedom + 1e-9), 1)) * math.sqrt(total)
    return middle - half, middle + half


def answer(table: Sequence[Cell]) -> list[str]:
    """The page's first sentences."""
    verdicts = [cell.verdict.name for cell in table if cell.verdict is not None]
    if not verdicts:
        return ["Nothing that the paper prints has been run yet."]
    if set(verdicts) == {"none"}:
        return [f"None of the paper's {len(verdicts)} numbers has a verdict yet."]
    told = [f"Of the paper's {len(verdicts)} numbers, {_counted(verdicts)}."]
    preferred = [cell.verdict_on(cell.preferred.seeds) for cell in table if cell.preferred is not None]
    best = [verdict.name for verdict in preferred if verdict is not None]
    if len(best) == len(verdicts) and best != verdicts:
        told.append(f"In the settings that validation prefers of all that were tried, {_counted(best)}.")
    return [*told, _central({(cell.model, cell.hidden_size): cell for cell in table})]


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


def _central(cells: Cells) -> str:
    """The paper's first claim at the size at which fast weights start to retrieve."""
    size, told = smallest(
        {cell.hidden_size: cell.selected for cell in cells.values() if cell.model == "fast-weights"}
    )
    if size is None:
        return "Whether fast weights need fewer units than the others is still open."
    if math.isinf(size):
        return f"Fast weights do not retrieve at any size: they have {told}."
    others = [
        cell
        for (model, units), cell in cells.items()
        if units == size and model != "fast-weights" and cell.table.mean is not None
    ]
    said = [f"{_an(cell.model)} has {mean_text(cell.table)}" for cell in others]
    equals = [_an(cell.model) for cell in others if (cell.table.mean or 0) <= LEARNED]
    end = f"; they need no fewer units than {joined(equals)}" if equals else ""
    return f"Fast weights have {told}{f', where {joined(said)}' if said else ''}{end}."


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _an(model: str) -> str:
    return f"an {model_label(model)}"
