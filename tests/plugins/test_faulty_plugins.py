"""Faults in the code of a plugin: found before any work, and said in one line that names the place."""

import re
from pathlib import Path

import pytest

import fastweights as fw
from fastweights import registry
from fastweights.cli.main import main
from fastweights.errors import InvalidValueError
from fastweights.plugins import PluginError, load_plugin
from fastweights.runs.specification import RunSpecification
from fastweights.runs.tracing import check_code
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from plugins.isolation import nothing_loaded

MGU = Path("examples/mgu.py").read_text()
SAMPLE = Path("tests/plugins/sample_plugin.py").read_text()
STEP = "    def step(self, state, projection):\n"


@pytest.fixture(autouse=True)
def alone():
    with nothing_loaded():
        yield


def plugin(folder: Path, text: str, old: str, new: str) -> Path:
    """The file `faulty.py`: the text with one change."""
    assert text.count(old) == 1
    path = folder / "faulty.py"
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (MGU, STEP, "    def stride(self, state, projection):\n", "MGU lacks step: see fastweights.cells"),
        (MGU, "class MGU(fw.Cell)", "class MGU", "MGU must be a subclass of fastweights.cells.base.Cell"),
        (SAMPLE, "def floor(self)", "def ceiling(self)", "CountOnes lacks floor: see fastweights.tasks"),
        (SAMPLE, "    num_symbols: ClassVar[int] = 2\n", "", "CountOnes lacks num_symbols: see fastweights"),
        (
            SAMPLE,
            "@dataclass(frozen=True)\nclass CountOnes",
            "@dataclass\nclass CountOnes",
            r"CountOnes must be hashable: make it a @dataclass\(frozen=True\)",
        ),
        (SAMPLE, "def examine(self)", "def examined(self)", "OneIsOne lacks examine: see fastweights.theory"),
        (
            SAMPLE,
            "def write(self, key, value)",
            "def written(self)",
            "Summed lacks write: see fastweights.mem",
        ),
    ],
)
def test_an_incomplete_class_is_refused_when_it_is_registered(text, old, new, message, tmp_path):
    with pytest.raises(PluginError, match=rf"cannot load the plugin faulty.py: line \d+: {message}"):
        load_plugin(plugin(tmp_path, text, old, new))


FAULTS = {
    "constructor": ("check_sizes(input_size, hidden_size)", "1 / 0", r", line 38\): ZeroDivisionError: div"),
    "field": ("self.candidate = ", "candidate = ", r"\): .*candidate"),
    "step": ("f, n = jnp.split(projection, 2)", "1 / 0", r", line 54\): ZeroDivisionError: division by"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_cell_is_named_in_one_line_before_training(fault, tmp_path, capsys):
    old, new, message = FAULTS[fault]
    path = plugin(tmp_path, MGU, old, new)
    out = tmp_path / "model"
    with pytest.raises(SystemExit) as end:
        main(["train", "--plugin", str(path), "--model", "mgu", "--hidden-size", "4", "--out", str(out)])
    error = capsys.readouterr().err
    assert end.value.code == 2
    assert error.count("\n") == 1
    assert re.match(rf"fastweights: error: the cell 'mgu' \(faulty.py{message}", error)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("result", ["hidden", "hidden, hidden[1:]", "hidden, (), hidden"])
def test_what_a_step_returns_is_checked(result, tmp_path):
    load_plugin(plugin(tmp_path, MGU, "return hidden, hidden", f"return {result}"))
    message = r"step of the cell 'mgu' must return the new state and the output \(hidden,\)"
    with pytest.raises(InvalidValueError, match=message):
        check_code(RunSpecification(AssociativeRetrieval(), "mgu", 4))


def test_a_study_with_a_faulty_cell_does_not_begin(tmp_path, capsys):
    path = plugin(tmp_path, MGU, *FAULTS["step"][:2])
    arguments = ["--preset", "smoke", "--models", "lstm", "mgu", "--dir", str(tmp_path / "study")]
    with pytest.raises(SystemExit) as end:
        main(["reproduce", "--plugin", str(path), *arguments])
    assert end.value.code == 2
    assert "error: the cell 'mgu' (faulty.py, line 54): ZeroDivisionError" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_a_faulty_task_is_named_in_one_line(tmp_path, capsys):
    old, new = "return Example(bits, bits.sum() % 3)", "return Example(bits, bits[1:] / 0)"
    path = plugin(tmp_path, SAMPLE, old, new)
    for command in ("data", "train --updates 10"):
        with pytest.raises(SystemExit) as end:
            main([*command.split(), "--plugin", str(path), "--task", "count-ones"])
        assert end.value.code == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
    assert "CountOnes.sample must give targets of shape (), integer; got float32 of shape (11,)" in error


def test_a_task_whose_length_is_no_number(tmp_path):
    old, new = 'check_between("length", self.length, 2, 100)', 'object.__setattr__(self, "length", "long")'
    load_plugin(plugin(tmp_path, SAMPLE, old, new))
    with pytest.raises(InvalidValueError, match="length must be a whole number; got 'long'"):
        RunSpecification(registry.tasks["count-ones"]())


def test_in_python_the_cause_is_kept(tmp_path):
    load_plugin(plugin(tmp_path, MGU, *FAULTS["constructor"][:2]))
    specification = RunSpecification(AssociativeRetrieval(), "mgu", 4)
    with pytest.raises(InvalidValueError, match=r"the cell 'mgu' \(faulty.py, line 38\)") as caught:
        specification.build_model()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_registered_models_pass():
    for name in registry.cells:
        check_code(RunSpecification(AssociativeRetrieval(), name, 4))


@pytest.mark.parametrize(
    ("old", "new", "command"),
    [
        ('check_between("leak", self.leak, 0, 1)', "{0.5: 1}[self.leak]", "train --model leaky --leak 1"),
        ('check_between("length", self.length, 2, 100)', "{}[self.length]", "data --task count-ones"),
        (
            "        return StudyDescription.of(",
            "        {}[name]\n        return StudyDescription.of(",
            "reproduce --preset mine --dir new",
        ),
    ],
)
def test_an_error_in_any_code_of_a_plugin_is_one_line(old, new, command, tmp_path, capsys, monkeypatch):
    path = plugin(tmp_path, SAMPLE, old, new)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main([*command.split(), "--plugin", str(path)])
    error = capsys.readouterr().err
    assert end.value.code == 2
    line = path.read_text().split(new)[0].count("\n") + 1
    assert re.fullmatch(rf"fastweights: error: the plugin faulty.py, line {line}: KeyError: .*\n", error)
    assert list(tmp_path.iterdir()) == [path]
