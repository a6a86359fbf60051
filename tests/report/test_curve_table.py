"""The learning curves of a study as a table for programs."""

import csv
import io

import pytest

from fastweights.cli.main import main
from fastweights.report.curve_table import curve_table
from papers.ba2016.comparisons import comparison
from records import record
from report.test_command import stored


def rows(runs):
    return list(csv.DictReader(io.StringIO(curve_table(runs).csv())))


def test_a_row_for_each_evaluation_says_whose_it_is_and_what_differs():
    runs = [
        record(learning_rate=0.001, validation_errors=(0.5, 0.25)) | {"roles": [{"part": "search"}]},
        record("irnn", 50, 3, learning_rate=0.002, num_pairs=8, validation_errors=(0.75,)),
        record(learning_rate=0.001, seed=9, state="waiting", validation_errors=()),
    ]
    runs[1]["curve"][0] += [0.8, -2.0]  # the test set was followed
    first, second, third = rows(runs)
    assert first == {
        "run": runs[0]["id"],
        "parts": "search",
        "state": "finished",
        "model": "lstm",
        "hidden_size": "20",
        "seed": "0",
        "task.num_pairs": "4",
        "training.learning_rate": "0.001",
        "update": "500",
        "train_loss": repr(2.3 * 0.5),
        "validation_error": "0.5",
        "validation_log_likelihood": repr(-2.3 * 0.5),
        "test_error": "",
        "test_log_likelihood": "",
    }
    assert (second["update"], second["validation_error"]) == ("1000", "0.25")
    assert (third["model"], third["task.num_pairs"], third["seed"]) == ("irnn", "8", "3")
    assert (third["test_error"], third["test_log_likelihood"]) == ("0.8", "-2.0")


def test_options_of_a_cell_are_compared_with_those_of_the_same_model():
    runs = [record("fast-weights"), record("fast-weights", seed=1), record("lstm")]
    runs[1]["specification"]["model"]["cell"] = {"decay": 0.8, "write_rate": 0.5}
    runs[2]["specification"]["model"]["cell"] = {"forget_bias": 1.0}
    found = rows(runs)
    assert "model.cell.forget_bias" not in found[0] and "model.cell.write_rate" not in found[0]
    assert [row["model.cell.decay"] for row in found[::2]] == ["0.9", "0.8", ""]


def test_a_study_without_curves_is_a_heading():
    assert rows([]) == rows([record(state="waiting", validation_errors=())]) == []


@pytest.mark.thorough
def test_the_command_writes_it(tmp_path, capsys):
    store, path = stored(comparison(), tmp_path / "s"), tmp_path / "curves.csv"
    with pytest.raises(SystemExit):
        main(["report", str(tmp_path / "s"), "--curves", str(path)])
    assert f"wrote {path}" in capsys.readouterr().out
    written, runs = list(csv.DictReader(path.open())), store.results()["runs"]
    assert len(written) == sum(len(run["curve"]) for run in runs) > 100
    ends = {row["run"]: float(row["validation_error"]) for row in written}
    assert ends == {run["id"]: run["curve"][-1][2] for run in runs if run["curve"]}


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("curves.tsv", "--curves is a file that ends in .csv; got 'curves.tsv'"),
        ("none/curves.csv", "cannot write none/curves.csv: there is no folder"),
    ],
)
def test_another_ending_or_no_folder_is_refused_before_anything_is_written(file, told, tmp_path, capsys):
    stored(comparison(), tmp_path / "s")
    with pytest.raises(SystemExit) as end:
        main(["report", str(tmp_path / "s"), "--curves", file])
    assert end.value.code == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "s" / "report.html").exists()
