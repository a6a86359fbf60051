"""Builds the paper or the slides: numbers and figures from the records, then the PDF by Typst.

.venv/bin/python paper/build.py fastweights        # paper/fastweights.pdf
.venv/bin/python paper/build.py slides --pages     # and its pages as paper/build/slides-1.png and so on
"""

import argparse
import json
from pathlib import Path

import typst

from article.figures import write_figures
from article.record import record
from article.references import references
from article.studies import ROOT
from fastweights.files import make_folder, write_atomically

PAPER = ROOT / "paper"
BUILD = PAPER / "build"


def main() -> None:
    """Build what is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("document", choices=("fastweights", "slides"))
    parser.add_argument("--pages", action="store_true", help="its pages as pictures, too, to look at")
    options = parser.parse_args()
    make_folder(BUILD)
    write_atomically(BUILD / "record.json", json.dumps(record(), ensure_ascii=False, indent=1).encode())
    write_atomically(BUILD / "references.bib", references().encode())
    write_figures(BUILD)
    compile_document(options.document, pages=options.pages)


def compile_document(name: str, *, pages: bool) -> None:
    """From paper/NAME.typ, with no other fonts than the compiler's own."""
    source = PAPER / f"{name}.typ"
    target = PAPER / f"{name}.pdf"
    compiler = {"root": ROOT, "ignore_system_fonts": True}
    typst.compile(source, output=target, **compiler)
    if pages:
        typst.compile(source, output=BUILD / f"{name}-{{p}}.png", format="png", ppi=80.0, **compiler)
    print(f"wrote {Path(target).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
