"""The tables in the documents are those that `fastweights report` makes of the committed record."""

import re
from functools import lru_cache
from pathlib import Path

import pytest

from fastweights.errors import InvalidValueError
from fastweights.papers.ba2016.page.report import Verification
from fastweights.report.documents import fill
from fastweights.report.page import report_of
from fastweights.studies.record.folder import locate
from fastweights.studies.record.store import Store

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OTHERS = {"book.md", "cells.md", "plan.md", "verdicts.md"}
"""Whose tables are made by other commands, as they say."""
REFERENCE = ROOT / "docs" / "reference"
"""Whose tables are made when the site is built."""
DOCUMENTS = [
    page
    for page in PAGES
    if "<!-- table: " in page.read_text(encoding="utf-8")
    and page.name not in OTHERS
    and REFERENCE not in page.parents
]


@lru_cache
def tables_of(study: str):
    return report_of(Store(*locate(ROOT / "results" / study)).results()).documents()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_has_the_tables_of_the_record(document, tmp_path):
    """If not: fastweights report results/STUDY --into DOCUMENT; STUDY is table1, or what the place says."""
    copy = tmp_path / document.name
    copy.write_bytes(document.read_bytes())
    text = copy.read_text(encoding="utf-8")
    for study in {*re.findall(r"<!-- table: ([\w.-]+)/", text)} or {"table1"}:
        if (ROOT / "results" / study).exists():
            fill(copy, tables_of(study), study)
        else:  # not run yet
            assert not re.search(rf"<!-- table: {study}/[\w-]+ -->\n(?!<!-- end of table -->)", text)
    assert copy.read_text(encoding="utf-8") == document.read_text(encoding="utf-8")


def test_a_place_of_another_study_stays_as_it_is(tmp_path):
    path = tmp_path / "page.md"
    page = "<!-- table: {} -->\n{}\n<!-- end of table -->\n"
    path.write_text(
        page.format("a/table", "old") + page.format("b.1/table", "old") + page.format("table", "")
    )
    fill(path, {"table": "new"}, "b.1")
    assert path.read_text() == (
        page.format("a/table", "old") + page.format("b.1/table", "\nnew") + page.format("table", "\nnew")
    )
    path.write_text(page.format("a/table", "old"))
    with pytest.raises(
        InvalidValueError, match=r"has no place for a table of b.1: .* <!-- table: b.1/NAME -->"
    ):
        fill(path, {"table": "new"}, "b.1")


def test_a_place_for_a_table_that_there_is_not_is_an_error(tmp_path):
    path = tmp_path / "page.md"
    text = "<!-- table: verdict -->\n<!-- end of table -->\n"
    path.write_text(text)
    with pytest.raises(
        InvalidValueError, match=r"no table of s; did you mean 'verdicts'; there are verdicts, b"
    ):
        fill(path, {"verdicts": "1", "b": "2"}, "s")
    assert path.read_text() == text


def test_a_table_of_the_paper_without_rows_says_so():
    documents = Verification({"runs": []}).documents()
    assert {"verdicts", "search", "pattern"} <= set(documents)
    assert documents["search"] == "Not run yet.\n"


def test_a_study_may_have_a_space_in_its_name(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("<!-- table: my study/table -->\n<!-- end of table -->\n")
    fill(path, {"table": "new"}, "my study")
    assert path.read_text() == "<!-- table: my study/table -->\n\nnew\n<!-- end of table -->\n"


def test_readme_and_table_1_have_tables_of_the_record():
    assert {"README.md", "table1.md"} <= {document.name for document in DOCUMENTS}
