"""The commands with each task: trained, evaluated at other lengths, asked, written as text and read again."""

import json

import numpy as np
import pytest

import fastweights as fw
from fastweights.cli.main import main
from fastweights.cli.sequences import read_lines, write_lines
from fastweights.errors import InvalidValueError
from fastweights.runs import worker
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.training.evaluation import outputs
from fastweights.training.options import TrainingOptions

BRIEF = "--updates 4 --evaluate-every 2 --batch-size 8 --train-sequences 200 --validation-sequences 20"
BRIEF += " --test-sequences 30 --hidden-size 6"
ADDING = "--task adding --length 8 --model irnn"
PARITY = "--task parity --max-length 8 --model lstm"
RECALL = "--task associative-recall --num-symbols 16 --num-pairs 2 --length 8 --model lstm"
RECALL += " --layers 2 --block-norm rms --residual"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """With a trained model of each task."""
    path = tmp_path_factory.mktemp("models")
    for name, options in (("adding", ADDING), ("parity", PARITY), ("recall", RECALL)):
        run(f"train {options} {BRIEF} --out {path}/{name} --csv {path}/{name}.csv")
    return path


def run(command: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(command.split())
    assert end.value.code in (0, None), command


def output(command: str, capsys) -> str:
    capsys.readouterr()
    run(command)
    return capsys.readouterr().out


def test_curves_are_tables(folder):
    for name in ("adding", "parity", "recall"):
        assert [line.split(",")[0] for line in (folder / f"{name}.csv").read_text().split()] == [
            "update",
            "2",
            "4",
        ]


@pytest.mark.parametrize(
    ("command", "task", "text"),
    [
        ("adding --length 13", fw.Adding(13), "mean squared error 0.* on 30 sequences, .* floor 0.1667"),
        (
            "parity --min-length 9 --max-length 17",
            fw.Parity(9, 17),
            "error .* % on 30 sequences, .* floor 50.00 %",
        ),
        (
            "recall --length 12 --overwriting",
            fw.AssociativeRecall(16, 2, 12, overwriting=True),
            "error .* % on 60 answers, .* floor 50.00 %",
        ),
    ],
)
def test_other_sequences_than_in_training_are_evaluated(command, task, text, folder, capsys):
    import re

    assert re.match(text, output(f"evaluate {folder}/{command}", capsys))
    told = json.loads(output(f"evaluate {folder}/{command} --json --count 10", capsys))
    model = fw.load_model(folder / command.split()[0]).model
    expected = fw.evaluate(model, task.split("test", 10))
    assert told == {
        "error": expected.error,
        "log_likelihood": expected.log_likelihood,
        "count": expected.count,
        "floor": task.floor(),
    }


def test_an_option_of_no_task_is_refused(folder, capsys):
    with pytest.raises(SystemExit) as end:
        main(["evaluate", str(folder / "adding"), "--min-length", "3"])
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_sum_of_marked_numbers_is_answered(folder, capsys):
    text = "0.5:1,0.7:0,0.25:1"
    told = json.loads(output(f"answer {folder}/adding --length 3 {text} --json", capsys))
    model = fw.load_model(folder / "adding").model
    assert told["answer"] == outputs(model, fw.Adding(3).encode(text)[None])[0].astype(float).tolist()
    assert output(f"answer {folder}/adding --length 3 {text}", capsys).startswith(f"{text} → ")


def test_the_values_of_keys_are_answered_where_they_come_again(folder, capsys):
    told = json.loads(output(f"answer {folder}/recall 1,9,2,8,2,0,1,0 --json", capsys))
    model = fw.load_model(folder / "recall").model
    likely = np.exp(
        fw.predict(model, np.array([[1, 9, 2, 8, 2, 0, 1, 0]]), np.array([[4, 6]])).astype(float)
    )[0]
    assert [list(answer["probabilities"].values()) for answer in told["answers"]] == likely.tolist()
    *lines, _, attention = output(f"answer {folder}/recall 1,9,2,8,2,0,1,0", capsys).splitlines()
    assert attention.startswith("this model has no attention to show")
    assert [line.split()[:4] for line in lines] == [
        [place, key, "→", str(answer.argmax())] for place, key, answer in zip("57", "21", likely, strict=True)
    ]


@pytest.mark.parametrize(
    "task",
    [
        fw.Adding(5),
        fw.Parity(1, 9),
        fw.AssociativeRecall(16, 3, 20),
        fw.AssociativeRecall(16, 2, 12, overwriting=True),
    ],
    ids=repr,
)
def test_what_is_written_is_read_again(task, tmp_path, folder, capsys):
    data, path = task.split("train", 40), tmp_path / "lines"
    path.write_text(write_lines(task, data))
    (again,) = read_lines(task, path)
    for one, other in zip(data, again, strict=True):
        if one is None:
            assert other is None
        else:
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("task", "line", "message"),
    [
        (fw.Adding(2), "0.5:1,0.25:1", "line 1: expected 1 numbers after '0.5:1,0.25:1'; got ''"),
        (fw.Adding(2), "0.5:1,0.25:1 x", "line 1: expected 1 numbers"),
        (fw.Adding(2), "0.5:1,0.25:1 nan", "line 1: expected 1 numbers"),
        (fw.Adding(2), "0.5:1 0.5", "line 1: expected 2 steps; got 1"),
        (fw.AssociativeRecall(16, 2, 8), "1,9,2,8,2,0,1,0 8", "line 1: expected 2 answers after .*; got 1"),
        (
            fw.AssociativeRecall(16, 2, 8),
            "1,9,2,8,2,0,1,0 8,16",
            "expected a space and a class after .*; got '16'",
        ),
    ],
)
def test_lines_that_are_no_sequences_are_refused(task, line, message, tmp_path):
    (tmp_path / "lines").write_text(line + "\n")
    with pytest.raises(InvalidValueError, match=message):
        list(read_lines(task, tmp_path / "lines"))


def test_a_model_is_evaluated_on_the_task_of_its_test_set(tmp_path, capsys):
    options = {"updates": 4, "evaluate_every": 2, "batch_size": 8}
    specification = RunSpecification(
        fw.Parity(3, 8),
        "lstm",
        6,
        training=TrainingOptions(**options),
        data=DataOptions(train=200, validation=20, test=30),
        test_task=fw.Parity(9, 17),
    )
    path = tmp_path / "m.safetensors"
    result = worker.run(specification, path)["result"]
    expected = fw.evaluate(fw.load_model(path).model, fw.Parity(9, 17).split("test", 30))
    told = json.loads(output(f"evaluate {path} --json", capsys))
    assert told["error"] == expected.error == result["test_error"]
    assert told["log_likelihood"] == expected.log_likelihood == result["test_log_likelihood"]
    shorter = json.loads(output(f"evaluate {path} --min-length 3 --max-length 8 --json", capsys))
    assert shorter["log_likelihood"] != told["log_likelihood"]
