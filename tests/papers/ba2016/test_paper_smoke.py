"""The paper preset in short, really run and reported. Slow: `pytest -m slow`."""

import json

import pytest

from fastweights.cli.main import main
from fastweights.studies.analysis.runs import grouped

pytestmark = pytest.mark.slow
# Not matched sizes: an IRNN with the state of fast weights at R = 50 has 2,550 units.
CHOSEN = ["search", "table", "figure-2", "letter"]
CHOICE = ["--models", "irnn", "--hidden-sizes", "50", "--seeds", "2", "--parts", *CHOSEN]


def run(*arguments):
    with pytest.raises(SystemExit) as end:
        main([*map(str, arguments)])
    assert end.value.code == 0


def test_every_part_is_run_and_reported(tmp_path, capsys):
    folder = tmp_path / "s"
    run("reproduce", "--preset", "paper-smoke", "--dir", folder, *CHOICE)
    runs = json.loads((folder / "results.json").read_text())["runs"]
    assert {each["state"] for each in runs} == {"finished"}
    parts = grouped([(role["part"], each) for each in runs for role in each["roles"]], lambda pair: pair[0])
    # What survives the short runs goes on to all updates; the letter's rate is the best of the pattern's, or
    # beyond the edge of these.
    errors = {
        each["specification"]["training"]["learning_rate"]: each["curve"][-1][2]
        for _, each in parts["pattern"]
    }
    edge = {"letter-search"} if min(errors, key=errors.__getitem__) in (min(errors), max(errors)) else set()
    assert set(parts) == {*CHOSEN, "horizon", "pattern", *edge}
    page, record = (folder / "report.html").read_text(), (folder / "study.journal").read_bytes()
    assert "no runs yet" not in page.split("Figure 2")[1].split("What the comparison hides")[0]

    capsys.readouterr()
    run("reproduce", "--preset", "paper-smoke", "--dir", folder, *CHOICE)
    assert f"{len(runs)} of {len(runs)} runs are finished already" in capsys.readouterr().err
    assert json.loads((folder / "results.json").read_text())["runs"] == runs
    assert (folder / "study.journal").stat().st_size < len(record) * 1.1
    assert (folder / "report.html").read_text() == page
