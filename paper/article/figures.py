"""The figures, in the text's font: drawn from the comparison's record, or those of the theory's checks."""

import re
from pathlib import Path

from article.studies import RESULTS, study
from fastweights.files import make_folder, write_atomically
from fastweights.papers.ba2016.inspection import read_inspection
from fastweights.papers.ba2016.page.figures import draw_figures

FONT = "Libertinus Serif"
"""Which the Typst compiler brings along, as it does not the figures' own."""
LARGER = 1.2
_MARGIN = 4  # points
DRAWN = ("figure-2", "pairs-and-steps", "heat-maps", "ablations", "attention")
"""From `results/table1`."""
CHECKS = (
    "capacity",
    "hopfield-breakdown",
    "fast-memory-path",
    "vanishing-gradients",
    "energy-descent",
    "cubic-growth",
)
"""From `results/theory`, which `fastweights verify` draws."""


def write_figures(folder: Path) -> None:
    """All of them, as FOLDER/NAME.svg."""
    runs = study("table1")["runs"]
    drawn = folder / "drawn"
    make_folder(drawn)
    draw_figures(runs, read_inspection(RESULTS / "table1"), drawn)
    for name in DRAWN:
        _set(drawn / f"{name}.svg", folder)
    for name in CHECKS:
        _set(RESULTS / "theory" / f"{name}.svg", folder)


def _set(path: Path, folder: Path) -> None:
    """In the text's font, and larger, since this font is narrower and figures are drawn smaller here."""
    text = re.sub(r"font-family: [^;\"]*", f"font-family: '{FONT}'", path.read_text(encoding="utf-8"))
    text = re.sub(r"font-size: ([\d.]+)px", lambda size: f"font-size: {LARGER * float(size[1]):.3g}px", text)
    # Larger words at the edge need some room.
    text = re.sub(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', _with_margin, text, count=1)
    write_atomically(folder / path.name, text.encode())


def _with_margin(size: re.Match[str]) -> str:
    width, height = (float(side) + 2 * _MARGIN for side in size.groups())
    return f'viewBox="{-_MARGIN} {-_MARGIN} {width:g} {height:g}"'
