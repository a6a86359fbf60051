"""`fastweights report` on the record of a comparison: without JAX, beside a coordinator, and quickly."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fastweights.cli.main import main
from fastweights.papers.ba2016.page.report import Verification
from fastweights.report.formats import formatted
from fastweights.runs.conversion import identify
from fastweights.studies.record.folder import LOCK, locate, save_location
from fastweights.studies.record.locks import hold_lock
from fastweights.studies.record.writable_store import WritableStore
from papers.ba2016.comparisons import comparison
from papers.ba2016.inspections import inspection
from processes import slow_imports


def stored(results, folder):
    """The same as a coordinator records it: what is no longer waiting has ended."""
    folder.mkdir()
    place = locate(folder)
    store = WritableStore(place.storage, place.study, results["study"]["preset"])
    save_location(folder, place)
    runs = {identify(each["specification"]): each for each in results["runs"]}
    store.plan((name, each["specification"], each["floor"]) for name, each in runs.items())
    store.add_roles(
        (identify(each["specification"]), role) for each in results["runs"] for role in each["roles"]
    )
    for run in store.runs():
        outcome = {
            key: runs[run.identifier][key] for key in ("state", "curve", "result", "failure", "environment")
        }
        if outcome["state"] in ("finished", "failed"):
            store.begin(run)
            store.finish(run, outcome)
    return store


def said(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as end:
        main(["report", *map(str, arguments)])
    assert end.value.code == code
    return capsys.readouterr()


def test_the_report_of_a_comparison(tmp_path, capsys):
    folder = tmp_path / "s"
    store = stored(comparison(), folder)
    with hold_lock(folder / LOCK, "the study"):  # a coordinator is at work
        out, err = said(capsys, folder)
    assert "reproduced" in out and "figure-2" in out
    assert "table      " not in out
    assert err.count("the loss is not finite at update 7") == 1  # one line a reason
    assert err.startswith("fastweights: 3 runs, ")
    names = {path.name for path in folder.iterdir()}
    assert {"figure-2.svg", "figure-2.png", "heat-maps.svg", "report.html", "results.json"} <= names
    assert json.loads((folder / "results.json").read_text()) == store.results()
    for name in names - {"study.journal"}:
        assert f"wrote {folder / name}" in out or name.startswith(LOCK)


@pytest.mark.thorough
def test_a_document_takes_the_tables(tmp_path, capsys):
    stored(comparison(), tmp_path / "s")
    document = tmp_path / "table1.md"
    document.write_text("<!-- table: verdicts -->\n<!-- end of table -->\n")
    out, _ = said(capsys, tmp_path / "s", "--into", document)
    assert "| 100 | fast weights | 0.00 | 0.00 | 5 |" in document.read_text()
    assert f"wrote {document}" in out
    _, err = said(capsys, tmp_path / "s", "--into", tmp_path / "none.md", code=2)
    assert err.count("\n") == 1


def test_every_table_in_another_format(tmp_path, capsys):
    stored(comparison(), tmp_path / "s")
    report = Verification(comparison())
    before = set((tmp_path / "s").iterdir())
    out, err = said(capsys, tmp_path / "s", "--format", "csv", "--table", "verdicts")
    assert out == formatted(report, "csv", ["verdicts"]) and not err
    out, _ = said(capsys, tmp_path / "s", "--format", "latex", "--out", tmp_path / "t.tex")
    assert out == f"wrote {tmp_path / 't.tex'}\n"
    assert (tmp_path / "t.tex").read_text().count("\\begin{tabular}") > 8
    assert set((tmp_path / "s").iterdir()) == before
    for mistake, told in (
        (("--format", "tex"), "--format must be one of latex, csv, md; got 'tex'"),
        (("--table", "verdicts"), "--table needs --format"),
        (("--format", "md", "--json"), "--json goes without --format"),
        (("--format", "md", "--table", "verdict"), "did you mean 'verdicts'"),
    ):
        out, err = said(capsys, tmp_path / "s", *mistake, code=2)
        assert told in err and err.count("\n") == 1 and not out


@pytest.mark.thorough
def test_a_damaged_inspection_is_one_line(tmp_path, capsys):
    stored(comparison(), tmp_path / "s")
    (tmp_path / "s" / "inspection.json").write_text("{")
    _, err = said(capsys, tmp_path / "s", code=2)
    assert err.count("\n") == 1 and "inspection.json is damaged" in err


def test_it_needs_no_jax(tmp_path):
    stored(comparison(), tmp_path / "s")
    (tmp_path / "s" / "inspection.json").write_text(json.dumps(inspection()))
    _, imported = slow_imports(("jax", "scipy.stats", "pandas"), "report", str(tmp_path / "s"))
    assert not imported


def of_the_papers_size():
    """A thousand runs with curves of a hundred points."""
    made, runs = comparison(), []
    for copy in range(5):
        for each in comparison()["runs"]:
            specification = each["specification"]
            specification["seed"] += 100 * copy
            specification["training"]["updates"] = 100_000
            last, finished = each["curve"][-1:] or [[1, 1.0, 0.5, -1.0]], each["state"] == "finished"
            each["curve"] = [[1000 * (i + 1), *last[0][1:]] for i in range(100)] if finished else []
            runs.append(each)
    return {**made, "runs": runs}


@pytest.mark.slow
def test_a_record_of_the_papers_size_takes_less_than_five_seconds(tmp_path):
    """Of processor time, with Python's start and every figure: others may be at work on this machine."""
    results = of_the_papers_size()
    assert len(results["runs"]) > 900
    stored(results, tmp_path / "s")
    (tmp_path / "s" / "inspection.json").write_text(json.dumps(inspection(50, "c9k8j3f1??c")))
    command = [Path(sys.executable).parent / "fastweights", "report", tmp_path / "s"]
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert min(taken) < 5
    assert (tmp_path / "s" / "report.html").stat().st_size < 3_000_000


@pytest.mark.slow
def test_its_tables_alone_take_less_than_three_seconds_and_no_jax(tmp_path):
    stored(of_the_papers_size(), tmp_path / "s")
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from fastweights.report.page import report_of\n"
        "from fastweights.studies.record.folder import locate\n"
        "from fastweights.studies.record.store import Store\n"
        "from rich.console import Console\n"
        "report = report_of(Store(*locate(Path(sys.argv[1]))).results())\n"
        "Console().print(report.terminal())\n"
        "report.documents()\n"
        "assert not {'jax', 'matplotlib'} & set(sys.modules)\n"
        "print(time.process_time())"
    )
    taken = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "s"], capture_output=True, text=True, check=True
        )
        taken.append(float(done.stdout.split()[-1]))
    assert min(taken) < 3
