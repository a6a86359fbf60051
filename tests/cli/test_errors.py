"""Bad input: exit code 2, one line on stderr, nothing on stdout, nothing written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fastweights.cli.main import main
from fastweights.cli.sequences import read_lines
from fastweights.errors import FastweightsError, FileError, InvalidValueError
from fastweights.runs.specification import RunSpecification
from fastweights.studies.record.storage import Journal
from fastweights.studies.record.writable_store import WritableStore
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training import checkpoint

TASK = AssociativeRetrieval(num_pairs=2)
SPECIFICATION = RunSpecification(TASK, "irnn", 3)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, str]:
    """A model (untrained), damaged ones, a study, and text files; their paths by name."""
    folder = tmp_path_factory.mktemp("files")
    paths = {
        name: folder / name
        for name in ("model", "truncated", "foreign", "run", "text", "nothing", "bad_lines", "study")
    }
    about = {"kind": "model", "specification": SPECIFICATION.to_json(), "outcome": {}}
    checkpoint.save(paths["model"], {"model": SPECIFICATION.build_model()}, about)
    paths["truncated"].write_bytes(paths["model"].read_bytes()[:-9])
    checkpoint.save(paths["run"], {}, {"kind": "run"})
    paths["foreign"].write_bytes(b"\x89PNG\r\n\x1a\n" * 9)
    paths["text"].write_text("a1b2??a 1\n")
    paths["nothing"].write_text("\n\n")
    paths["bad_lines"].write_text("a1b2??a 1\na1b2??c 1\n")
    paths["study"].mkdir()
    store = WritableStore(Journal(paths["study"]), "study", "paper")
    store.plan([("x", SPECIFICATION.to_json(), TASK.floor())])
    (paths["study"] / "coordinator.lock").touch()
    return {name: str(path) for name, path in paths.items()} | {"below_file": f"{paths['text']}/x"}


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def complaint(arguments: list[str], capsys) -> str:
    """The one line with which a command refuses."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, ""), err
    assert err.startswith("fastweights: error: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err


BAD = [
    ("train --model fst-weights", "did you mean 'fast-weights'"),
    ("train --model LSTM", "did you mean 'lstm'"),
    ("train --model fast_weights", "did you mean 'fast-weights'"),
    ("train --model xyz", "unknown model 'xyz'; known: associative-lstm, "),
    ("train --model xyz", "standard-rnn; a name from a plugin needs --plugin"),
    ("train --model=iRNN2", "did you mean 'irnn'"),
    ("train --model", "--model needs a value"),
    ("train --num-pairs 27", "num_pairs must be between 1 and 26; got 27"),
    ("train --num-pairs 0", "num_pairs must be between 1 and 26; got 0"),
    ("train --num-pairs 11 --digits without-replacement", "between 1 and 10"),
    ("train --csv curve.txt", "--csv is a file that ends in .csv; got 'curve.txt'"),
    ("train --num-pairs four", "--num-pairs must be a whole number; got 'four'"),
    ("train --digits sometimes", "--digits must be one of "),
    ("train --hidden-size 0", "hidden_size must be between 1 and 10,000; got 0"),
    ("train --hidden-size -5", "hidden_size must be between 1 and 10,000; got -5"),
    ("train --hidden-size 2.5", "2.5"),
    ("train --model associative-lstm --hidden-size 21", "hidden_size must be a multiple of 2; got 21"),
    ("train --learning-rate -0.1", "learning_rate must be positive and finite; got -0.1"),
    ("train --learning-rate nan", "learning_rate must be positive and finite; got nan"),
    ("train --learning-rate inf", "learning_rate must be positive and finite; got inf"),
    ("train --write-rate -1", "write_rate must be between 0 and 1e+30; got -1.0"),
    ("train --decay 1.5", "decay must be between 0 and 1; got 1.5"),
    ("train --decay -0.5", "decay must be between 0 and 1; got -0.5"),
    ("train --clip-norm -1", "clip_norm"),
    ("train --updates 0", "updates"),
    ("train --batch-size 0", "batch_size"),
    ("train --seed -1", "seed"),
    ("train --train-sequences 0", "train must be between 1"),
    (
        "train --model lstm --inner-steps 2",
        "error: --inner-steps is an option of fast-weights, not of lstm (see",
    ),
    ("train --copies=3", "error: --copies is an option of associative-lstm, not of fast-weights (see"),
    ("data --decay 0.9", "unknown option --decay"),
    ("train --out -", "error: --out - is not supported by train; name a file"),
    ("reproduce --dir -", "error: --dir - is not supported by reproduce; name a folder"),
    ("train --nonsense 3", "unknown option --nonsense (see fastweights train --help)"),
    ("train --lr 3", "unknown option --lr; did you mean '--learning-rate'"),
    ("train --learn-rate=3", "unknown option --learn-rate; did you mean '--learning-rate'"),
    ("train --batch_siz 3", "did you mean '--batch-size'"),
    ("train --pairs 3", "did you mean '--num-pairs'"),
    ("status --dir {study}", "--dir is no option: its value is given without a name (see"),
    ("train surplus", "unexpected argument 'surplus'"),
    ("train --out {below_file}", "cannot write"),
    ("train --out /proc/m.safetensors", "cannot write"),
    ("train --out /dev/null", "it is not a file"),
    ("train --out {study}", "it is a folder"),
    ("reproduce", "missing --dir (see fastweights reproduce --help)"),
    ("reproduce --dri new", "unknown option --dri; did you mean '--dir'"),
    ("reproduce --dir {study}", "belongs to the preset 'paper'; got 'quick'"),
    ("reproduce --dir {below_file}", "cannot create the folder"),
    ("reproduce --dir /proc/x", "cannot create the folder"),
    ("reproduce --dir new --preset quik", "unknown preset 'quik'; did you mean 'quick'"),
    ("reproduce --dir new --models irnn lsmt", "did you mean 'lstm'"),
    ("reproduce --dir new --hidden-sizes 20 0", "hidden_size"),
    ("reproduce --dir new --seeds 0", "seeds must be at least 1; got 0"),
    ("reproduce --dir new --workers 0", "workers must be at least 1; got 0"),
    ("reproduce --dir new --workers -1", "workers must be at least 1; got -1"),
    ("evaluate", "missing model (see fastweights evaluate --help)"),
    (
        "answer a1b2??a",
        "missing model, a file before the sequence; there is no file 'a1b2??a' (see",
    ),
    ("answer", "missing model, sequence (see fastweights answer --help)"),
    ("answer {text} a1b2??a", "it is a text file, which begins with 'a1b2??a '"),
    ("evaluate {foreign}", "it does not begin as a file in the safetensors format does"),
    ("train --hidden-size many", "--hidden-size must be a whole number; got 'many' (see"),
    ("train --decay half", "--decay must be a number; got 'half' (see"),
    ("evaluate missing.safetensors", "No such file"),
    ("evaluate {truncated}", "is not a checkpoint, or is damaged"),
    ("evaluate {foreign}", "is not a checkpoint, or is damaged"),
    ("evaluate {run}", "is not a trained model, but 'run'"),
    ("evaluate {study}", "it is not a file"),
    ("evaluate {model} --sequences missing.txt", "cannot read missing.txt"),
    ("evaluate {model} --sequences {study}", "cannot read"),
    ("evaluate {model} --sequences {nothing}", "holds no sequence"),
    ("evaluate {model} --sequences {bad_lines}", "line 2: the letter asked for, 'c', occurs in no pair"),
    ("evaluate {model} --sequences {foreign}", "line 1: expected letter-digit pairs"),
    ("answer {model}", "missing sequence (see"),
    ("answer {truncated} a1b2??a", "is not a checkpoint, or is damaged"),
    ("answer {model} a1b2??c", "the letter asked for, 'c', occurs in no pair"),
    ("answer {model} a1b2c3??c", "expected 2 letter-digit pairs; got 3"),
    ("answer {model} a1a2??a", "expected different letters"),
    ("answer {model} hello", "expected letter-digit pairs"),
    ("answer {model} A1B2??A", "expected letter-digit pairs"),
    ("answer {model} a1b2?a", "expected letter-digit pairs"),
    ("data --num-pairs 27", "num_pairs"),
    ("data --count 0", "count must be between 1 and 10,000,000; got 0"),
    ("data --count -1", "count must be between 1 and 10,000,000; got -1"),
    ("data --count 10000001", "count must be between 1 and 10,000,000; got 10000001"),
    ("data --seed -1", "seed"),
    ("data --split training", "--split must be one of train, validation, test; got 'training'"),
    ("data --out {below_file}", "cannot write"),
    ("models --all", "--all"),
    ("tasks surplus", "surplus"),
    ("retrain", "unknown command 'retrain'; did you mean 'train'; known: reproduce, "),
    ("--jsn", "unknown command '--jsn'"),
]


@pytest.mark.parametrize(("command", "words"), BAD, ids=[command for command, _ in BAD])
def test_bad_input(command, words, files, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = contents(Path(files["study"]).parent)
    assert words in complaint(command.format(**files).split(), capsys)
    assert not contents(tmp_path)
    assert contents(Path(files["study"]).parent) == before


def test_without_ray_nothing_of_a_study_on_ray_is_written(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.chdir(tmp_path)
    command = "reproduce --preset smoke --dir new --executor ray"
    assert "pip install 'fastweights[ray]'" in complaint(command.split(), capsys)
    assert not list(tmp_path.iterdir())


ANY_TEXT = st.one_of(st.text(max_size=40), st.text("abc0189?- \n", max_size=12))


@pytest.mark.thorough
@given(ANY_TEXT)
@example("a1b2??a\n")
@example("a¹b²??a")
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_sequence_or_is_refused(text):
    try:
        symbols = TASK.encode(text)
    except InvalidValueError as error:
        assert "\n" not in str(error)
    else:
        assert TASK.decode(symbols) == text


@given(text=ANY_TEXT)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_as_a_question_gets_one_line(text, files, capsys):
    try:
        TASK.encode(text)
    except InvalidValueError:
        if text not in ("-h", "--help"):
            complaint(["answer", files["model"], text], capsys)


@given(st.one_of(st.binary(max_size=60), ANY_TEXT.map(lambda text: f"a1b2??a 1\n{text}\n".encode())))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_read_or_refused(tmp_path, content):
    path = tmp_path / "sequences"
    path.write_bytes(content)
    try:
        parts = list(read_lines(TASK, path))
    except (InvalidValueError, FileError) as error:
        assert "\n" not in str(error)
    else:
        for part in parts:
            assert part.inputs.shape == (len(part.targets), TASK.length)


def test_json_output_does_not_change_how_errors_look(files, capsys):
    complaint(["evaluate", files["truncated"], "--json"], capsys)


def test_messages_of_several_lines_become_one(capsys, monkeypatch):
    def fail(arguments):
        raise FastweightsError("first\nsecond")

    monkeypatch.setattr("fastweights.cli.listing.models", fail)
    assert complaint(["models"], capsys) == "fastweights: error: first second\n"


def test_output_that_cannot_be_written(capfd):
    code = "from fastweights.cli import main; main()"
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", code, "models", "--json"]
        end = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (end.returncode, end.stderr) == (2, "fastweights: error: No space left on device\n")


@pytest.mark.parametrize("closed", [">&-", pytest.param("2>&-", marks=pytest.mark.thorough)])
def test_streams_that_are_closed(closed):
    line = f"{sys.executable} -c 'from fastweights.cli import main; main()' models {closed}"
    end = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True)
    assert (end.returncode, end.stderr) == (0, "")
    assert bool(end.stdout) == (closed == "2>&-")


def test_a_terminal_without_the_characters():
    end = subprocess.run(
        [sys.executable, "-c", "from fastweights.cli import main; main()", "models"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert (end.returncode, end.stderr) == (0, b"")
    assert rb"A(t) = \u03bb A(t\u22121)" in end.stdout


def test_without_tyros_events_its_own_message_is_printed(capsys, monkeypatch):
    """They are private, and another version may not have them."""
    monkeypatch.setattr("fastweights.cli.options.events", None)
    with pytest.raises(SystemExit) as end:
        main(["data", "--lr", "3"])
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    assert "--lr" in err
