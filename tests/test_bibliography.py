"""What the documentation cites is in docs/references.bib, and what is there is cited."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("bibliography", ROOT / "tools" / "bibliography.py")
bibliography = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bibliography)

ENTRIES = bibliography.read((ROOT / "docs" / "references.bib").read_text(encoding="utf-8"))
PAGES = {page.stem: page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md")}
ENTRY = """@article{a,
  author = {Ba, Jimmy Lei and Le-Q, V. and {de Vries}, B.},
  title = {On {X}},
  year = {2016},
}
"""


@pytest.mark.parametrize("page", PAGES)
def test_every_citation_is_in_the_bibliography(page):
    assert set(bibliography.cited(PAGES[page])) <= set(ENTRIES)


def test_every_entry_is_cited():
    assert set(ENTRIES) == {key for text in PAGES.values() for key in bibliography.cited(text)}


def test_a_citation_is_a_link_to_the_list():
    entries = bibliography.read(ENTRY)
    page = bibliography.with_references("So say Ba [-@a] and [@a, page 3], not `[@a]` or [@a](x).", entries)
    links = "Ba ([2016](#ref-a)) and ([Ba et al. 2016](#ref-a), page 3)"
    assert page.startswith(f"So say {links}, not `[@a]` or [@a](x).")
    assert page.endswith('\n- <span id="ref-a"></span>J. L. Ba, V. Le-Q, B. de Vries (2016). *On X*.\n')
    assert bibliography.with_references("Nothing.", entries) == "Nothing."


@pytest.mark.parametrize(
    "wrong", [ENTRY + ENTRY, ENTRY.replace("  year", "year"), ENTRY + "x", "@article{a}"]
)
def test_a_faulty_bibliography_is_refused(wrong):
    with pytest.raises(bibliography.CitationError):
        bibliography.read(wrong)


def test_a_missing_entry_is_named():
    with pytest.raises(bibliography.CitationError, match=r"lacks b$"):
        bibliography.with_references("[@a; @b]", bibliography.read(ENTRY))


def test_others_are_et_al():
    entry = bibliography.read(ENTRY.replace("Le-Q, V. and {de Vries}, B.", "others"))["a"]
    assert (bibliography.label(entry), bibliography.full(entry)[:21]) == (
        "Ba et al. 2016",
        "J. L. Ba, et al. (201",
    )
