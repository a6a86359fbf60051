"""The tables in the documents are those that `fastweights report` makes of the committed record."""

from pathlib import Path

import pytest

from fastweights.report.documents import fill
from fastweights.report.page import report_of
from fastweights.studies.record.folder import locate
from fastweights.studies.record.store import Store

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OTHERS = {"plan.md", "verdicts.md"}
"""Whose tables are made by programs in benchmarks/, as they say."""
DOCUMENTS = [
    page for page in PAGES if "<!-- table: " in page.read_text(encoding="utf-8") and page.name not in OTHERS
]


@pytest.fixture(scope="module")
def results():
    return Store(*locate(ROOT / "results" / "table1")).results()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_has_the_tables_of_the_record(document, results, tmp_path):
    """If not: fastweights report results/table1 --into DOCUMENT."""
    copy = tmp_path / document.name
    copy.write_bytes(document.read_bytes())
    fill(copy, report_of(results).documents())
    assert copy.read_text(encoding="utf-8") == document.read_text(encoding="utf-8")


def test_readme_and_table_1_have_tables_of_the_record():
    assert {"README.md", "table1.md"} <= {document.name for document in DOCUMENTS}
