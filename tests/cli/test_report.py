"""`fastweights report` makes from the record what `reproduce` ends with; Optuna's dashboard reads it too."""

import json
import subprocess
import sys
from wsgiref.util import setup_testing_defaults

import pytest
from small_study import make_study

from databases import postgresql, storage_url
from fastweights.cli.main import main
from fastweights.cli.report import json_text, report, show
from fastweights.report.page import TableReport
from fastweights.studies.record.folder import LOCK
from fastweights.studies.record.locks import hold_lock
from fastweights.studies.record.store import Store
from processes import slow_imports

FILES = ["learning-curves.png", "learning-curves.svg", "report.html", "results.json"]


def said(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as end:
        main(["report", *map(str, arguments)])
    assert end.value.code == code
    return capsys.readouterr()


def test_the_report_of_a_record(storage_url, tmp_path, capsys):
    store = make_study(tmp_path / "s", storage_url)
    before = store.runs()
    with hold_lock(tmp_path / "s" / LOCK, "the study"):  # a coordinator is at work
        out, err = said(capsys, tmp_path / "s")
    assert all((tmp_path / "s" / name).exists() for name in FILES)
    assert "21.2" in out
    assert err.splitlines() == [
        f"fastweights: run {before[1].identifier} failed: ValueError: [red]shapes[/red] differ"
    ]
    page = (tmp_path / "s" / "report.html").read_text()
    assert "lost 3 times at update 100" in page
    assert "in unroll" in page
    assert json.loads((tmp_path / "s" / "results.json").read_text()) == store.results()
    assert Store(store.storage, store.name).runs() == before


def test_it_says_what_reproduce_says(tmp_path, capsys):
    store = make_study(tmp_path / "s")
    assert report(store.results(), tmp_path / "s", as_json=False) == 1
    end = capsys.readouterr()
    assert said(capsys, tmp_path / "s") == end


def test_runs_that_failed_alike_are_one_line(capsys):
    reasons = {"a": "not finite", "b": "its worker died", "c": "not finite"}
    runs = [{"id": name, "state": "failed", "failure": f"lost:\n{why}"} for name, why in reasons.items()]
    show({"runs": runs}, TableReport({"runs": []}), [], as_json=True)
    assert capsys.readouterr().err.splitlines() == [
        "fastweights: 2 runs, a the first of them, failed: not finite",
        "fastweights: run b failed: its worker died",
    ]


def test_json_is_the_file(tmp_path, capsys):
    make_study(tmp_path / "s")
    out, _ = said(capsys, tmp_path / "s", "--json")
    assert out == (tmp_path / "s" / "results.json").read_text() + "\n"
    assert [run["state"] for run in json.loads(out)["runs"]] == ["finished", "failed", "waiting", "waiting"]


@pytest.mark.parametrize(
    "runs", [[], [{"curve": [], "id": 'a"\n'}, {"id": "ü", "curve": [[1, None, 0.5, -1e-9]] * 2}]]
)
def test_the_text_is_json(runs):
    results = {"format": 1, "study": {"preset": "x"}, "runs": runs}
    assert json.loads(json_text(results)) == results


def test_a_number_that_json_lacks_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        json_text({"runs": [{"curve": [[1, float("nan"), 0.5, 0]]}]})


@pytest.mark.parametrize("where", ["none", "."])
def test_no_study_is_one_line_and_nothing_is_written(where, tmp_path, capsys):
    _, err = said(capsys, tmp_path / where, code=2)
    assert err.startswith("fastweights: error: there is no study in ")
    assert not list(tmp_path.iterdir())


def test_a_run_of_something_else_is_one_line(tmp_path, capsys):
    store = make_study(tmp_path / "s")
    store._optuna.set_trial_user_attr(store.runs()[-1].trial, "specification", {"model": 3})
    _, err = said(capsys, tmp_path / "s", code=2)
    assert err.count("\n") == 1


@pytest.mark.thorough
def test_it_needs_no_jax(tmp_path):
    make_study(tmp_path / "s")
    _, imported = slow_imports(("jax",), "report", str(tmp_path / "s"))
    assert not imported
    assert (tmp_path / "s" / "report.html").exists()


def test_optunas_dashboard_shows_the_runs_and_their_curves(storage_url, tmp_path):
    dashboard = pytest.importorskip("optuna_dashboard")
    store = make_study(tmp_path / "s", storage_url)
    app = dashboard.wsgi(store.storage.open(create=False))
    (study,) = _get(app, "/api/studies")["study_summaries"]
    assert study["study_name"] == "s"
    trials = _get(app, f"/api/studies/{study['study_id']}")["trials"]
    assert [trial["state"] for trial in trials] == ["Complete", "Fail", "Running", "Waiting"]
    curve = [(point["step"], point["value"]) for point in trials[0]["intermediate_values"]]
    assert curve == [(100, 0.4), (200, 0.3), (300, 0.2)]
    attributes = {each["key"]: each["value"] for each in trials[2]["user_attrs"]}
    assert attributes["identifier"].strip('"') == store.runs()[2].identifier


def _get(app, path):
    said = []
    environment = {"PATH_INFO": path, "QUERY_STRING": "after=0"}
    setup_testing_defaults(environment)
    body = b"".join(app(environment, lambda status, headers, *rest: said.append(status)))
    assert said == ["200 OK"], body
    return json.loads(body)
