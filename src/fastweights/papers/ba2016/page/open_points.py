"""What the paper leaves open, and the values that runs of the record have of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from fastweights.papers.ba2016.findings.stages import runs_of
from fastweights.papers.ba2016.names import Stage
from fastweights.report.labels import decimal
from fastweights.report.table import Column, Table
from fastweights.studies.analysis.runs import UNKNOWN, Record, entry_of

_SEARCHED = Stage.SEARCH, Stage.HORIZON
_LETTER = Stage.PATTERN, Stage.LETTER_SEARCH, Stage.AS_PUBLISHED
_MOST = 3
"""Numbers that are named one by one."""


@dataclass(frozen=True)
class _Point:
    """A choice, what the paper says of it, and the option that it is here."""

    item: str
    paper: str
    place: str
    models: Sequence[str] = ()
    """Those that it is a choice of; all if empty."""

    words: dict[Any, str] = field(default_factory=dict)
    """What values are called that do not speak for themselves."""

    def text(self, runs: Iterable[Record]) -> str:
        """The values of these runs; empty where none says one."""
        said = [run["specification"] for run in runs]
        values = {
            entry_of(each, self.place)
            for each in said
            if not self.models or each["model"]["name"] in self.models
        }
        return _listed(values - {UNKNOWN}, self.words)


_FAST, _GATED, _NORMED = ("fast-weights",), ("lstm", "associative-lstm"), ("irnn", "lstm")
_ON = {False: "none", True: "on"}
_POINTS = (
    _Point("λ", "0.95 in the text, 0.9 in the appendix", "model.cell.decay", _FAST),
    _Point("η", "0.5", "model.cell.write_rate", _FAST),
    _Point(
        "LN of h_0",
        "none, read literally",
        "model.cell.preliminary_norm",
        _FAST,
        {"separate": "its own in small networks"},
    ),
    _Point(
        "where LN stands",
        "LN[W h + C x + A h_s]",
        "model.cell.norm",
        _FAST,
        {"inside": "the same"},
    ),
    _Point("LN's bias at the start", "unstated", "model.cell.norm_bias", _FAST),
    _Point(
        "A when h(t+1) is computed",
        "holds h(t)",
        "model.cell.write_time",
        _FAST,
        {"current": "holds h(t)"},
    ),
    _Point("fast weights' W at the start, times I", "0.05", "model.cell.recurrent_scale", _FAST),
    _Point("the IRNN's W at the start, times I", "0.5", "model.cell.recurrent_scale", ("irnn",)),
    _Point("forget bias", "unstated", "model.cell.forget_bias", _GATED),
    _Point("LN of the IRNN and the LSTM", "none", "model.cell.layer_norm", _NORMED, _ON),
    _Point("the A-LSTM's heads", '"3 read-write heads"', "model.cell.heads", _GATED[1:]),
    _Point("what becomes of their answers", "unstated", "model.cell.combine_heads", _GATED[1:]),
    _Point("its copies", "4", "model.cell.copies", _GATED[1:]),
    _Point(
        "embedding",
        "50 expanded to 100",
        "model.classifier.embedding",
        words={"direct": "100", "expanded": "50 expanded to 100"},
    ),
    _Point("its distribution", '"uniform"', "model.classifier.embedding_init"),
    _Point("its scale", "unstated", "model.classifier.embedding_scale"),
    _Point("softmax", "unstated", "model.classifier.softmax", words={"classes": "ten classes"}),
    _Point("learning rate", "unstated", "training.learning_rate"),
    _Point("its schedule", "unstated", "training.schedule"),
    _Point("gradients are clipped at", "unstated", "training.clip_norm", words={0.0: "none"}),
    _Point("weight decay", "unstated", "training.weight_decay"),
)


def open_points_table(runs: Sequence[Record]) -> Table:
    """Every point, with what the search tries for it and what is taken to the letter."""
    searched, letter = ([*chain(*(runs_of(runs, stage) for stage in each))] for each in (_SEARCHED, _LETTER))
    return Table.of(
        "open-points",
        "How what the paper leaves open is read",
        _POINTS if searched and letter else (),
        {
            Column("item", "word"): lambda point: point.item,
            Column("the paper", "word"): lambda point: point.paper,
            Column("tried, at best", "word"): lambda point: point.text(searched),
            Column("to the letter", "word"): lambda point: point.text(letter),
        },
        "Tried, at best: by the search, of which the best is reported. To the letter: of several rates the "
        "best is reported.",
    )


def _listed(values: set[Any], words: dict[Any, str]) -> str:
    """`0.9 or 0.95`, or `0.1 to 8` for many."""
    texts = [words.get(value) or _text(value) for value in sorted(values)]
    return " or ".join(texts) if len(texts) <= _MOST else f"{texts[0]} to {texts[-1]}"


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else decimal(value).removesuffix(".0").replace("-", "−")
