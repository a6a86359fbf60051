"""`fastweights bench`: a real run with small numbers, and what bad input gets."""

import json
from pathlib import Path

import numpy as np
import pytest

from fastweights.bench import baselines, benchmark, measurements
from fastweights.bench.cases import Case
from fastweights.bench.comparison_figure import draw
from fastweights.bench.inputs import make_inputs, task_of
from fastweights.bench.statistics import ratios
from fastweights.bench.tables import markdown
from fastweights.cli import bench
from fastweights.cli.main import main
from fastweights.machine import available_cores
from fastweights.tasks.associative_retrieval import AssociativeRetrieval

TINY = ["--rounds", "2", "--seconds", "0.01", "--num-pairs", "2", "--batch-sizes", "8"]


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main(["bench", *map(str, arguments)])
    return end.value.code


@pytest.fixture(autouse=True)
def known_peak(monkeypatch) -> None:
    """Measuring it takes three more processes."""
    monkeypatch.setattr(benchmark, "measured_peaks", lambda core: {"numpy": 100.0})


@pytest.mark.thorough
def test_table(tmp_path, capsys):
    chosen = [
        "--models",
        "fast-weights",
        "--hidden-sizes",
        4,
        "--baselines",
        "fastweights",
        "numpy",
        "torch-nn",
    ]
    assert run("--dir", tmp_path, *chosen, *TINY) == 0
    shown = capsys.readouterr()
    assert "fast weights, R = 4, K = 2, batch 8" in shown.out
    assert "NumPy" in shown.out
    record = json.loads((tmp_path / "table.json").read_text())
    [comparison] = record["comparisons"]
    timings = comparison["baselines"]
    assert Case(**comparison["case"]) == Case("fast-weights", 4, 2, 8)
    assert set(timings) == {"fastweights", "numpy"}
    assert set(comparison["left_out"]) == {"torch-nn"}
    assert "torch-nn left out: " in shown.out
    for timing in timings.values():
        assert len(timing["milliseconds"]) == len(timing["processor_milliseconds"]) == 2
        assert all(0 < time < 1000 for time in timing["milliseconds"])
        assert timing["compile_seconds"] > 0
        assert timing["peak_memory_bytes"] >= 0
        assert timing["updates"] >= 1
    assert record["environment"]["jax"]
    assert all(rate > 0 for cores in record["cores"] for rate in cores["updates_per_second"]["1"])
    assert (tmp_path / "table.md").read_text().startswith("**fast weights, R = 4")
    assert "ms an update" in (tmp_path / "table.svg").read_text()
    assert (tmp_path / "table.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.thorough
def test_scaling(tmp_path, capsys):
    """By a baseline that compiles nothing; it has no runs side by side, and that is said."""
    sizes = ["--hidden-sizes", 4, 6, 8, "--num-pairs", 2, 1, "--batch-sizes", 2, 8, "--runs", 1, 2]
    chosen = ["--models", "irnn", *sizes]
    how = ["--contenders", "numpy", *TINY[:4], "--json"]  # as the option was called before
    assert run("--preset", "scaling", "--dir", tmp_path, *chosen, *how) == 0
    shown = capsys.readouterr()
    record = json.loads(shown.out)
    assert record == json.loads((tmp_path / "scaling.json").read_text())
    cases = {
        sweep["axis"]: [Case(**point["case"]) for point in sweep["points"]] for sweep in record["sweeps"]
    }
    assert cases == {
        "hidden_size": [Case("irnn", size) for size in (4, 6, 8)],
        "num_pairs": [Case("irnn", 50, num_pairs=pairs) for pairs in (1, 2)],
        "batch_size": [Case("irnn", 50, batch_size=batch) for batch in (2, 8)],
    }
    assert "numpy is left out along runs: it has no runs side by side" in shown.err
    assert "hidden units R" in (tmp_path / "scaling.svg").read_text()
    assert "T = 5 … 7" in (tmp_path / "scaling.md").read_text()
    assert "R = 4 … 8" in (tmp_path / "scaling.md").read_text()


def test_a_tasks_own_options(tmp_path, capsys, monkeypatch):
    measured = []
    monkeypatch.setattr(benchmark.Benchmark, "run", lambda self, report: self)
    monkeypatch.setattr(bench, "_write", lambda benchmark, options: measured.append(benchmark) or 0)
    words = ["--dir", tmp_path, "--digits", "without-replacement", "--num-pairs", 2, 3, "--models", "irnn"]
    assert run(*words) == 0
    case = measured[0].cases()[0]
    assert task_of(case) == AssociativeRetrieval(2, "without-replacement")
    assert str(case) == "IRNN, R = 20, K = 2, digits without-replacement, batch 128"
    assert Case(**json.loads(json.dumps(case.to_json()))) == case
    assert run("--dir", tmp_path / "new", "--digits", "without-replacement", "--num-pairs", 2, 11) == 2
    assert "num_pairs must be between 1 and 10" in capsys.readouterr().err
    assert run("--dir", tmp_path / "new", "--length", 5) == 2
    assert not (tmp_path / "new").exists()


def test_help_is_plain(capsys):
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert "--baselines STR ..." in shown
    assert not any(word in shown for word in ("{None}", "[STR", "(default: )", "contenders"))


def test_runs_side_by_side():
    """They start from different seeds, and all of them train."""
    case = Case("irnn", 4, 2, 8, runs=3)
    trainer = baselines.prepare(baselines.OURS, case, make_inputs(case))
    before = trainer.weights()["cell.input"]
    trainer.advance(2)
    after = trainer.weights()["cell.input"]
    assert after.shape == (3, 4, 100)
    assert len(np.unique(before[:, 0, 0])) == 3
    assert (np.abs(after - before).max(axis=(1, 2)) > 1e-4).all()


def test_processes_share_the_cores(monkeypatch):
    """Two on one core are together as fast as one alone."""
    core = available_cores()[-1]
    monkeypatch.setattr(measurements, "available_cores", lambda: [core, core])
    monkeypatch.setattr(measurements, "OURS", "numpy")
    case = Case("irnn", 4, 2, 8)
    record = measurements.share_cores(case, make_inputs(case), 3, 0.1, lambda line: None)
    rates = record["updates_per_second"]
    assert list(rates) == ["1", "2"]
    assert 0.5 < ratios(rates["2"], rates["1"]).median < 1.5


def test_a_baseline_that_fails_is_left_out_with_its_reason():
    """No other is disturbed."""
    case = Case("irnn", 4, 2, 8)
    broken = make_inputs(case)._replace(weights={})
    record = measurements.compare(case, ["numpy"], broken, 1, 0.01, lambda line: None)
    assert record["baselines"] == {}
    assert "KeyError" in record["left_out"]["numpy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--baselines", "tensorflow"], "unknown baseline 'tensorflow'; expected one of fastweights,"),
        (["--preset", "huge"], "unknown preset 'huge'"),
        (["--models", "no-such-model"], "unknown model 'no-such-model'"),
        (["--task", "no-such-task"], "unknown task 'no-such-task'"),
        (["--hidden-sizes", "0"], "hidden_size must be between 1 and 10,000; got 0"),
        (["--num-pairs", "27"], "num_pairs must be between 1 and 26; got 27"),
        (["--runs", "0"], "runs must be between"),
        (["--rounds", "0"], "rounds must be at least 1; got 0"),
        (["--seconds", "nan"], "seconds must be positive"),
        (["--hidden-sizes", "many"], "many"),
        (["--dir", "{file}"], "cannot create the folder"),
    ],
)
def test_bad_input_is_one_line(arguments, message, tmp_path, capsys):
    file = tmp_path / "file"
    file.touch()
    folder = tmp_path / "out"
    assert run("--dir", folder, *[word.replace("{file}", str(file)) for word in arguments]) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert len(shown.err.splitlines()) == 1
    assert shown.out == ""
    assert not folder.exists()


@pytest.mark.thorough
def test_committed_records_give_the_committed_tables(tmp_path):
    """They were written when baselines were called contenders."""
    folder = Path(__file__).parents[2] / "results" / "speed"
    for name in ("table", "scaling", "kernels/table"):
        record = json.loads((folder / f"{name}.json").read_text())
        assert markdown(record) == (folder / f"{name}.md").read_text()
    draw(record, tmp_path / "figure.svg", tmp_path / "figure.png")
    assert "without kernels" in (tmp_path / "figure.svg").read_text()
