"""The report of every study in results/, as the site's results/NAME/report.html: the one that lies there, or
else one made from the record; and a table of them in place of `<!-- reports -->`."""

import tempfile
from pathlib import Path

from mkdocs.structure.files import File

from fastweights.report.page import report_of
from fastweights.report.table import Column, Table
from fastweights.studies.record.folder import locate
from fastweights.studies.record.storage import JOURNAL
from fastweights.studies.record.store import Store

_RESULTS = Path(__file__).resolve().parent.parent / "results"
_PLACE = "<!-- reports -->"
_tables = {}
"""By the study's name: its row."""


def on_files(files, config, **_):
    """The reports."""
    for record in sorted(_RESULTS.glob("*/" + JOURNAL)):
        folder, name = record.parent, "results/%s/report.html" % record.parent.name
        results = Store(*locate(folder)).results()
        _tables[folder.name] = _row(folder.name, results["runs"])
        files.append(File.generated(config, name, content=_page(folder, results)))
    return files


def on_page_markdown(markdown, **_):
    """The table of reports."""
    return markdown.replace(_PLACE, _table()) if _PLACE in markdown else markdown


def _page(folder, results):
    """report.html of a study."""
    if (folder / "report.html").exists():
        return (folder / "report.html").read_bytes()
    with tempfile.TemporaryDirectory() as made:
        report_of(results).write(Path(made))
        return (Path(made) / "report.html").read_bytes()


def _row(name, runs):
    specifications = [run["specification"] for run in runs]
    tasks, models = (sorted({s[what]["name"] for s in specifications}) for what in ("task", "model"))
    return [name, ", ".join(tasks), ", ".join(models), "{:,}".format(len(runs))]


def _table():
    columns = [Column("study", "word"), Column("task", "word"), Column("models", "sentence"), Column("runs")]
    text = Table("reports", "", columns, list(_tables.values())).markdown()
    for name in _tables:  # links, which a table of texts would write as such
        text = text.replace("\n| %s |" % name, "\n| [%s](results/%s/report.html) |" % (name, name))
    return text
