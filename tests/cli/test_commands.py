"""The commands on one small trained model agree with each other to the last digit, and with equation 4."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from cases import EVERY_CELL, SELDOM, has_a_form_of_its_own
from fastweights import __version__, registry
from fastweights.cli.main import COMMANDS, main
from fastweights.runs import worker
from fastweights.training.evaluation import predict

SMALL = "--hidden-size 5 --num-pairs 2 --train-sequences 2000 --validation-sequences 256 --test-sequences 512"
SHORT = "--updates 40 --evaluate-every 20 --batch-size 16"


def command(line: str, capsys, code: int = 0) -> str:
    """What the command prints on stdout; it must end with the code and no traceback."""
    with pytest.raises(SystemExit) as end:
        main(line.split())
    out, err = capsys.readouterr()
    assert end.value.code == code, err
    assert "Traceback" not in err
    return out


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The path of a model that the command line trained, and the record that it printed."""
    path = tmp_path_factory.mktemp("trained") / "m.safetensors"
    options = f"{SMALL} {SHORT} --decay 0.8 --preliminary-norm separate --json --out {path}"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        printed = []
        patch.setattr("builtins.print", lambda text, **to: printed.append(text) if not to else None)
        main(["train", *options.split()])
    assert end.value.code == 0
    return path, json.loads(printed[0])


def test_train_prints_the_record(trained):
    path, record = trained
    specification, _, outcome = worker.load_model(path)
    assert record["specification"] == specification.to_json()
    assert specification.cell.decay == 0.8
    assert {name: record[name] for name in outcome} == outcome
    assert [point[0] for point in record["curve"]] == [20, 40]
    assert record["result"]["test_count"] == 512
    assert 0 < record["result"]["test_error"] < 1
    assert not list(path.parent.glob("*.partial"))


def test_evaluate_agrees_with_train_to_the_last_digit(trained, capsys, tmp_path):
    path, record = trained
    direct = json.loads(command(f"evaluate {path} --json", capsys))
    file = tmp_path / "test.txt"
    command(f"data --num-pairs 2 --split test --count 512 --out {file}", capsys)
    from_file = json.loads(command(f"evaluate {path} --sequences {file} --json", capsys))
    assert direct == from_file
    assert direct["error"] == record["result"]["test_error"]
    assert direct["log_likelihood"] == record["result"]["test_log_likelihood"]
    assert direct["count"] == 512
    assert f"error {100 * direct['error']:.2f} % on 512 sequences" in command(f"evaluate {path}", capsys)


def test_answer_agrees_with_evaluate(trained, capsys):
    path, _ = trained
    specification, model, _ = worker.load_model(path)
    test = worker.dataset(specification, "test")
    log_probabilities = predict(model, test.inputs).astype(np.float64)
    for i in range(8):
        question = specification.task.decode(test.inputs[i])
        answer = json.loads(command(f"answer {path} {question} --json", capsys))
        assert list(answer["probabilities"]) == list("0123456789")
        assert list(answer["probabilities"].values()) == list(np.exp(log_probabilities[i]))
        assert answer["answer"] == str(log_probabilities[i].argmax())


def test_attention_is_equation_4(trained, capsys):
    """η λ^(T−1−τ) h(τ)ᵀ h_0, with h_0 = relu(LN[W h(T−1) + C x(T)]) computed here."""
    path, _ = trained
    specification, model, _ = worker.load_model(path)
    question = "c9k8??c"
    attention = json.loads(command(f"answer {path} {question} --json", capsys))["attention"]
    tokens = jnp.asarray(specification.task.encode(question), jnp.int32)
    states = np.asarray(model.cell.unroll_projected(model.projections(tokens))[0], np.float64)
    cell = model.cell
    embedded = np.asarray(model.embedding.table, np.float64)[:, int(tokens[-1])]
    summed = (
        np.asarray(cell.recurrent, np.float64) @ states[-2] + np.asarray(cell.input, np.float64) @ embedded
    )
    gain, bias = (np.asarray(norm[-1], np.float64) for norm in cell.norms)
    normalised = (summed - summed.mean()) / np.sqrt(summed.var() + 1e-5)
    preliminary = np.maximum(gain * normalised + bias, 0)
    ages = np.arange(len(states) - 2, -1, -1)
    expected = specification.cell.write_rate * 0.8**ages * (states[:-1] @ preliminary)
    np.testing.assert_allclose(attention, expected, rtol=1e-3, atol=1e-5)
    assert max(attention) > 0.01


def test_answer_draws_every_character(trained, capsys):
    lines = command(f"answer {trained[0]} c9k8??c", capsys).splitlines()
    answers, read, remarks = "\n".join(lines).split("\n\n")[1:]
    assert [line.split()[0] for line in answers.splitlines()[1:]] == list("0123456789")
    rows = [line.split() for line in read.splitlines()[1:]]
    assert [row[1] for row in rows] == list("c9k8??")
    assert [row[-1] == "◂" for row in rows] == [True, True, False, False, False, False]
    shares = [float(row[-2 if row[-1] == "◂" else -1]) for row in rows]
    assert abs(sum(shares) - 1) < 0.003 and min(shares) >= 0
    assert read.startswith("in shares, what step 7, c, reads of the state after each symbol (Ba et al. 2016")
    assert remarks.endswith("◂ is the pair that is asked for.")


def test_answer_says_where_there_is_no_attention(tmp_path, capsys):
    command(f"train --model lstm {SMALL} {SHORT} --out {tmp_path}/m", capsys)
    said = command(f"answer {tmp_path}/m c9k8??c", capsys)
    assert said.endswith("this model has no attention to show: it does not weigh earlier steps one by one\n")


def test_answer_shows_a_softmax(tmp_path, capsys):
    """Its own step is among those that it reads, and equation 4 of fast weights is not named."""
    command(f"train --model softmax-attention {SMALL} {SHORT} --hidden-size 6 --out {tmp_path}/m", capsys)
    read, remarks = command(f"answer {tmp_path}/m c9k8??c", capsys).split("\n\n")[2:]
    assert "Vaswani et al. 2017" in read and "equation 4" not in read + remarks
    rows = [line.split() for line in read.splitlines()[1:]]
    assert [row[1] for row in rows] == list("c9k8??c")
    assert [row[-1] == "◂" for row in rows] == [True, True, *[False] * 5]


def test_answer_of_recall_shows_the_last_question(tmp_path, capsys):
    task = "--task associative-recall --num-symbols 20 --length 8 --num-pairs 2"
    sizes = "--hidden-size 5 --train-sequences 500 --validation-sequences 50 --test-sequences 50"
    command(f"train {task} {sizes} {SHORT} --out {tmp_path}/m", capsys)
    lines = command(f"answer {tmp_path}/m 3,12,7,15,7,0,3,0", capsys).splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["5", "7"], ["7", "3"]]
    assert lines[3].startswith("in shares, what step 7, 3, reads of")
    rows = [line.split() for line in lines[4:10]]
    assert [row[1] for row in rows] == ["3", "12", "7", "15", "7", "0"]
    assert [row[-1] == "◂" for row in rows] == [True, True, False, False, False, False]
    for text, told in (
        ("3,12,7,15,4,0,3,0", "expected keys of the context, or 0, after it; got 4 at step 5"),
        ("3,12,7,15,0,0,0,0", "nothing is asked in '3,12,7,15,0,0,0,0'"),
    ):
        with pytest.raises(SystemExit):
            main(["answer", f"{tmp_path}/m", text])
        assert told in capsys.readouterr().err


def test_data_is_the_splits_text(capsys):
    assert (
        command("data --count 3 --num-pairs 2 --seed 1", capsys)
        == command("data --count 5 --num-pairs 2 --seed 1", capsys)[: 3 * len("a1b2??a 1\n")]
    )
    sequences = json.loads(command("data --count 3 --num-pairs 2 --seed 1 --json", capsys))["sequences"]
    assert len(sequences) == 3
    for line in sequences:
        question, answer = line.split()
        assert question[question.index(question[-1]) + 1] == answer


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example(name, capsys):
    assert COMMANDS[name][1] in " ".join(command(f"{name} --help", capsys).split())


LEAKS = ("{None", "None|", "[STR", "[INT", "[PATH [", "(default: )", "(default: None)", "Raises:", "Source:")
HELPED = [
    *COMMANDS,
    *(f"train --task {task}" for task in registry.tasks),
    *(f"train --model {model}" for model in registry.cells),
]


@pytest.mark.parametrize(
    "line",
    [pytest.param(line, marks=pytest.mark.thorough) if "--model" in line else line for line in HELPED],
)
def test_help_is_for_users(line, capsys):
    text = command(f"{line} --help", capsys)
    assert [leak for leak in LEAKS if leak in text] == []


def test_the_overview(capsys):
    text = command("--help", capsys)
    assert all(name in text for name in COMMANDS)
    assert command("--version", capsys) == f"fastweights {__version__}\n"


@pytest.mark.parametrize(("name", "entries"), [("models", registry.cells), ("tasks", registry.tasks)])
def test_listings_name_everything_and_its_source(name, entries, capsys):
    listed = json.loads(command(f"{name} --json", capsys))[name]
    assert [entry["name"] for entry in listed] == list(entries)
    text = command(name, capsys)
    for entry in listed:
        assert entry["source"] == entries.source(entry["name"])
        assert entry["source"] in text
        assert entry["summary"]


def test_models_say_what_they_cost(capsys, tmp_path):
    listed = {entry["name"]: entry for entry in json.loads(command("models --json", capsys))["models"]}
    sizes = {name: (listed[name]["parameters"], listed[name]["state"]) for name in ("lstm", "fast-weights")}
    # W (4 R, R), C (4 R, R) and b; W (R, R), C (R, R) and a gain and a bias of R; with R = 64.
    assert sizes == {"lstm": (2 * 256 * 64 + 256, 128), "fast-weights": (2 * 64**2 + 128, 64 + 64**2)}
    assert listed["deltanet"]["state"] == 64**2 + 3 * 3 * 64  # S, and three past steps of q, k and v
    path = tmp_path / "page.md"
    path.write_text("<!-- table: models/cells -->\n<!-- end of table -->\n")
    command(f"models --hidden-size 20 --into {path}", capsys)
    rows = [line.split(" | ") for line in path.read_text().splitlines() if line.startswith("| lstm")]
    assert [row[1:4] for row in rows] == [["3,280", "40", "3,200"]]


def test_the_page_of_cells_has_each_and_its_equations(capsys, tmp_path):
    """If not: give it a section, and fastweights models --into docs/cells.md."""
    page, copy = Path(__file__).parents[2] / "docs" / "cells.md", tmp_path / "cells.md"
    copy.write_bytes(page.read_bytes())
    command(f"models --into {copy}", capsys)
    assert copy.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    own = [name for name, cell in registry.cells.items() if cell.__module__.startswith("fastweights.")]
    assert [name for name in own if f"<!-- table: models/{name} -->" not in page.read_text("utf-8")] == []


OPTIONS = {
    "associative-lstm": "--copies 2 --heads 1 --forget-bias 0",
    "delta-rnn": "--heads 2",
    "fast-weights": "--inner-steps 2 --norm outside --norm-sets per-step --write-time late --write-rate 0.1",
    "fw-lstm": "--decay 0.9 --write-rate 0.1 --forget-bias 0",
    "gru": "--reset-gate before",
    "irnn": "--layer-norm --recurrent-scale 1",
    "lstm": "--forget-bias 0 --layer-norm",
    "rdn": "--heads 3",
    "softmax-attention": "--heads 2 --window 3",
    "standard-rnn": "--layer-norm --input-scale 0.5",
}


USUAL = [case.name for case in EVERY_CELL if has_a_form_of_its_own(case) and case.name not in SELDOM]


@pytest.mark.parametrize(
    "model",
    [
        *USUAL,
        *(pytest.param(name, marks=pytest.mark.thorough) for name in registry.cells if name not in USUAL),
    ],
)
def test_every_model_trains_with_its_own_options(model, capsys, tmp_path):
    options = OPTIONS.get(model, "")
    small = SMALL.replace("--hidden-size 5", "--hidden-size 6")  # some cells have even sizes only
    line = f"train --model {model} {options} {small} {SHORT} --num-pairs 1 --train-sequences 200"
    line += f" --validation-sequences 26 --test-sequences 30 --out {tmp_path / 'm'}"
    assert "on 30 sequences" in command(line, capsys)
    specification, _, _ = worker.load_model(tmp_path / "m")
    for option, value in zip(
        *(iter(options.replace("--layer-norm", "--layer-norm True").split()),) * 2, strict=True
    ):
        assert str(getattr(specification.cell, option[2:].replace("-", "_"))) in (value, f"{value}.0")


def test_train_needs_no_options(capsys, monkeypatch, tmp_path):
    seen = []

    def stop(specification, out, **_):
        seen.append((specification.model, specification.hidden_size, str(out)))
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(worker, "run", stop)
    command("train", capsys, code=130)
    assert seen == [("fast-weights", 50, "model.safetensors")]


def test_a_diverging_run_says_at_which_update(capsys, tmp_path):
    # The same shapes as the model above, so that nothing is compiled anew.
    line = f"train {SMALL} {SHORT} --preliminary-norm separate --learning-rate 1e30 --clip-norm 0"
    with pytest.raises(SystemExit) as end:
        main([*line.split(), "--out", str(tmp_path / "m")])
    out, err = capsys.readouterr()
    assert end.value.code == 1
    assert "the loss is not finite at update " in err
    assert out == ""
    assert not list(tmp_path.iterdir())


def test_a_reader_that_has_read_enough_is_no_error():
    code = "from fastweights.cli import main; main()"
    program = subprocess.Popen(
        [sys.executable, "-c", code, "data", "--count", "50000", "--num-pairs", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Unbuffered, Python itself drops what a closed pipe no longer takes, and tells nobody.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    assert program.stdout.readline()
    program.stdout.close()
    assert program.stderr.read() == b""
    assert program.wait() == 141
