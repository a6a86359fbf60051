"""What the Typst sources name, and which numbers stand in them: both are held against the record by a test.

A measured number is never typed: it is named, `#n("table.lstm.20.mean")`. What may be typed stands in
`constants.toml`, as a phrase with the reason: what the published paper states, rules fixed beforehand, and
mathematics. In formulas the digits 0 to 4 are free.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from article.studies import ROOT

SOURCES = sorted([*(ROOT / "paper").glob("*.typ"), *(ROOT / "paper" / "sections").glob("*.typ")])
TEXTS = [path for path in SOURCES if path.name not in ("style.typ", "record.typ")]

_NAMED = {
    "numbers": re.compile(r'\bn\("([^"]+)"\)'),
    "sentences": re.compile(r'\bsaid\("([^"]+)"\)'),
    "claims": re.compile(r'\bclaim\("([^"]+)"\)'),
    "figures": re.compile(r'\bpicture\(\s*"([^"]+)"'),
    "tables": re.compile(r'\btable-of\(\s*"([^"]+)"'),
}
_CHECKED = re.compile(r"\bchecked\(([^)]*)\)")

_NO_TEXT = re.compile(
    r"(?<!:)//[^\n]*"  # comments
    r"|^#(import|include|set|show|pagebreak|bibliography)\b[^\n]*"
    r"|`[^`\n]*`"  # code
    r'|(?<=[(,:=!>] )"[^"\n]*"|(?<=[(\s])"[^"\n]*"(?=[,:)]| in\b| and\b)|\("[^"\n]*"'  # strings of code
    r"|<[\w-]+>|@[\w-]+(\[\])?"  # labels, references and citations
    r"|\b[\w-]+: \(?[\d.]+(pt|em|cm|%|fr)?|\b[\d.]+(pt|em|cm|fr)\b|\.at\(\d+\)|\d+%"  # lengths and places
    r"|rgb\([^)]*\)",
    re.MULTILINE,
)
_FORMULA = re.compile(r"(?<!\\)\$(?:[^$\\]|\\.)*\$")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_FREE = {"0", "1", "2", "3", "4"}


def names(texts: Sequence[Path] = TEXTS) -> dict[str, set[str]]:
    """What is named of each kind, and of `checks`."""
    together = "\n".join(path.read_text(encoding="utf-8") for path in texts)
    found = {kind: set(pattern.findall(together)) for kind, pattern in _NAMED.items()}
    checks = re.findall(r'"([^"]+)"', " ".join(_CHECKED.findall(together)))
    return {**found, "checks": set(checks)}


def constants() -> Mapping[str, str]:
    """The phrases with numbers that may be typed, and why."""
    return tomllib.loads((ROOT / "paper" / "constants.toml").read_text(encoding="utf-8"))


def typed_numbers(text: str, allowed: Sequence[str] = ()) -> list[str]:
    """The numbers that stand in a text or in its formulas, but for those of the allowed phrases."""
    text = re.sub(r"\s+", " ", _NO_TEXT.sub(" ", text.replace("~", " ")))
    for phrase in sorted(allowed, key=len, reverse=True):
        text = text.replace(phrase, " " + "$" * phrase.count("$") + " ")  # formulas begin and end as before
    in_formulas = " ".join(_FORMULA.findall(text))
    outside = _FORMULA.sub(" ", text)
    return [
        *_NUMBER.findall(outside),
        *(number for number in _NUMBER.findall(in_formulas) if number not in _FREE),
    ]
