"""The readings that a conclusion must hold in: at best, to the letter, and with other heads of an A-LSTM.

The paper does not say what its settings were, nor what its three heads do. So a conclusion that is another
one in another reading is undecided, and none is drawn before every reading has its runs.
"""

from collections.abc import Callable, Mapping, Sequence

from fastweights.papers.ba2016.findings.table_entries import TableEntry
from fastweights.papers.ba2016.names import AT_BEST, OTHER_HEADS, TO_THE_LETTER
from fastweights.studies.analysis.settings import Setting

Place = tuple[str, int]
"""Model and size."""
Settings = Mapping[Place, Setting]
Finding = tuple[bool | None, str]
"""Whether a conclusion survives, and the numbers that say so; no numbers where it is open."""
Rule = Callable[[Settings], Finding]

OPEN: Finding = None, ""
WORDS = {True: "survives", False: "does not survive", None: "undecided"}
"""What is said of a conclusion for which there are numbers."""
_WITH_HEADS = "associative-lstm"


def in_every_reading(rule: Rule, entries: Sequence[TableEntry], models: Sequence[str]) -> Finding:
    """What a rule finds of these models: open if any reading is, undecided if they differ."""
    compared = [entry for entry in entries if entry.model in models]
    if not compared:
        return OPEN
    found = {name: rule(settings) for name, settings in readings(compared).items()}
    if OPEN in found.values():
        return OPEN
    words = {survives for survives, _ in found.values()}
    if len(words) == 1:
        return words.pop(), " ".join(f"{name}: {evidence}" for name, (_, evidence) in found.items())
    return None, " ".join(
        f"{name} ({WORDS[survives]}): {evidence}" for name, (survives, evidence) in found.items()
    )


def readings(entries: Sequence[TableEntry]) -> dict[str, Settings]:
    """Each entry's setting in each reading, without runs where there are none."""
    settings_of: dict[str, Callable[[TableEntry], Setting]] = {
        AT_BEST: lambda entry: entry.setting_of(AT_BEST),
        TO_THE_LETTER: lambda entry: entry.setting_of(TO_THE_LETTER),
    }
    if any(entry.model == _WITH_HEADS for entry in entries):
        settings_of |= {f"{AT_BEST}, {heads}": _with(heads) for heads in OTHER_HEADS}
    return {
        name.capitalize(): {(entry.model, entry.hidden_size): setting_of(entry) for entry in entries}
        for name, setting_of in settings_of.items()
    }


def _with(heads: str) -> Callable[[TableEntry], Setting]:
    return lambda entry: entry.heads.get(heads, Setting(())) if entry.model == _WITH_HEADS else entry.table
