"""`fastweights study`: a file from the command line to the table, and back from an interruption."""

import json
import shutil
from pathlib import Path

import pytest

from fastweights.cli.main import main
from fastweights.studies.record.folder import locate
from fastweights.studies.record.store import Store

FILE = """
hidden_size = 4
seeds = [10, 11]
task = { name = "associative-retrieval", num_pairs = 1 }
models = [{ name = "irnn" }]
training = { updates = 20, evaluate_every = 10, batch_size = 8 }
data = { train = 200, validation = 64, test = 100 }

[search]
seeds = [0]
values.training.learning_rate = [1e-3, 2e-3]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(FILE)
    return path


def said(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert end.value.code == code, err
    return out if code == 0 else err


def test_a_study_from_the_file_to_the_table(file, tmp_path, capsys):
    folder = tmp_path / "s"
    out = said(capsys, "study", "run", file, "--dir", folder, "--workers", 1)
    assert "the mean validation error by which it was chosen, of 2." in " ".join(out.split())
    results = json.loads((folder / "results.json").read_text())
    assert results["study"] == {"preset": "mine.toml", "file": FILE}
    assert [run["state"] for run in results["runs"]] == ["finished"] * 4
    page = (folder / "report.html").read_text()
    assert "fastweights study run mine.toml --dir DIR" in page
    assert "values.training.learning_rate = [1e-3, 2e-3]" in page
    journal = (folder / "study.journal").read_bytes()
    assert said(capsys, "study", "run", file, "--dir", folder, "--workers", 1) == out
    assert (folder / "study.journal").read_bytes() == journal

    shown = json.loads(said(capsys, "study", "show", file, "--dir", folder, "--json"))
    assert (shown["runs"], shown["ended"], shown["seconds_left"], shown["shapes_measured"]) == (4, 4, 0.0, 0)

    (status,) = json.loads(said(capsys, "status", folder, "--json"))["studies"]
    assert status["goes_on"] is None
    assert status["command"] == ["study", "run", str(file)]

    for ending, start in ((".tex", r"\begin{tabular}"), (".csv", "task,num_pairs,digits,model,")):
        table = tmp_path / f"table{ending}"
        assert f"wrote {table}" in said(capsys, "report", folder, "--into", table)
        assert table.read_text().startswith(start)

    # Another file needs another folder: the record belongs to a file of that name.
    other = Path(shutil.copy(file, tmp_path / "other.toml"))
    err = said(capsys, "study", "run", other, "--dir", folder, code=2)
    assert "belongs to the preset 'mine.toml'" in err
    assert len(Store(*locate(folder)).runs()) == 4

    file.write_text(FILE.replace("[10, 11]", "[10, 11, 12]"))
    shown = json.loads(said(capsys, "study", "show", file, "--dir", folder, "--json"))
    assert (shown["runs"], shown["ended"], shown["shapes_measured"]) == (5, 4, 0)
    assert shown["seconds_left"] > 0


def test_what_would_be_run_and_for_how_long(file, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    text = said(capsys, "study", "show", file, "--workers", 2)
    assert "2 × 1 seed" in text and "2 seeds" in text
    assert "4 runs, of which 0 have ended." in text
    assert (
        "with 2 workers, from 100 updates and two evaluations of each shape, measured now on one core" in text
    )
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_shown_names_the_test_sets_task_and_the_goal(file, capsys):
    file.write_text("goal = 0.2\ntest_task.num_pairs = 3\n" + FILE)
    text = " ".join(said(capsys, "study", "show", file).split())
    assert (
        "associative-retrieval (num_pairs 1, digits with-replacement), "
        "tested on associative-retrieval (num_pairs 3, digits with-replacement), goal 20 %"
    ) in text
    file.write_text(FILE)
    text = said(capsys, "study", "show", file)
    assert "tested on" not in text and "goal" not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("irnn", "irn"), "mine.toml: models[0].name: unknown model 'irn'; did you mean 'irnn'"),
        (("[0]", "[10]"), "mine.toml: seeds that select must not be reported; got [10]"),
        (("updates = 20", "updates = 'x'"), "mine.toml: training.updates cannot be 'x': Expected `int`"),
        (("[search]", "[search"), "mine.toml: it is no TOML: "),
    ],
)
@pytest.mark.parametrize("action", ["run", "show"])
def test_a_bad_file_is_one_line_and_nothing_is_written(action, change, message, file, tmp_path, capsys):
    file.write_text(FILE.replace(*change))
    err = said(capsys, "study", action, file, "--dir", tmp_path / "s", code=2)
    assert err.startswith(f"fastweights: error: {message}")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("run {0}", "missing --dir, the study's folder"),
        ("run none.toml --dir {1}", "No such file"),
        ("walk {0} --dir {1}", "must be one of run, show; got 'walk'"),
        ("", "missing"),
    ],
)
def test_bad_arguments_are_one_line(words, message, file, tmp_path, capsys):
    err = said(capsys, "study", *words.format(file, tmp_path / "s").split(), code=2)
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "s").exists()
