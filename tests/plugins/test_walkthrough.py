"""A cell, a memory, a task, a check and a paper in one file outside the package, through every command."""

import json
import shutil
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import fastweights as fw
from cases import SIZES, Case
from contracts import test_cells as contract
from fastweights import plugins, registry
from fastweights.bench.cases import Case as BenchCase
from fastweights.bench.inputs import specification as specification_of
from fastweights.bench.process import PinnedProcess
from fastweights.cli.main import main
from fastweights.errors import CheckpointError
from fastweights.machine import available_cores
from fastweights.runs import worker
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.description import get_preset
from fastweights.studies.plans import Choice
from fastweights.studies.record.folder import locate
from fastweights.studies.record.store import Store
from plugins.isolation import nothing_loaded

SHORT = "--updates 20 --evaluate-every 10 --train-sequences 200 --validation-sequences 20 --test-sequences 30"
MODEL = f"--model leaky --task count-ones --length 9 --leak 0.25 --scales 1 2 --hidden-size 4 {SHORT}"


@pytest.fixture(autouse=True)
def alone():
    with nothing_loaded():
        yield


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "my_leaky.py"
    shutil.copy(Path(__file__).parent / "sample_plugin.py", path)
    return path


def command(line: str, capsys, code: int = 0) -> str:
    """What the command prints; on an error, the one line of it."""
    with pytest.raises(SystemExit) as end:
        main(line.split())
    out, err = capsys.readouterr()
    assert end.value.code == code, err
    assert "Traceback" not in err
    return out if code == 0 else err.splitlines()[-1]


@pytest.fixture(scope="module")
def model(file) -> Path:
    """A model that the command line trained."""
    path = file.parent / "m.safetensors"
    with nothing_loaded(), pytest.raises(SystemExit) as end:
        main([*f"train --plugin {file} {MODEL} --out".split(), str(path)])
    assert end.value.code == 0
    return path


def test_listings(file, capsys):
    entries = {"models": "leaky", "tasks": "count-ones"}
    for name, entry in entries.items():
        assert entry not in command(name, capsys)
    for name, entry in entries.items():
        listed = json.loads(command(f"{name} --plugin {file} --json", capsys))[name]
        assert [each["source"] for each in listed if each["name"] == entry] == ["a test"]


def test_data_in_the_tasks_own_form(file, capsys):
    lines = command(f"data --plugin={file} --task count-ones --length 5 --count 4", capsys).splitlines()
    assert len(lines) == 4
    for line in lines:
        bits, answer = line.split()
        assert len(bits) == 5
        assert bits.count("1") % 3 == int(answer)


def test_a_trained_model_is_evaluated_and_answers(file, model, capsys):
    evaluated = json.loads(command(f"evaluate --plugin {file} {model} --json", capsys))
    specification, network, outcome = fw.load_model(model)
    assert evaluated["error"] == outcome["result"]["test_error"]
    assert specification.cell.leak == network.cell.leak == 0.25
    assert specification.cell.scales == (1.0, 2.0)
    assert specification.task.length == 9
    answer = json.loads(command(f"answer --plugin {file} {model} 010101010 --json", capsys))
    assert answer["answer"] in "012"
    assert np.isclose(sum(answer["probabilities"].values()), 1)


def test_the_specification_names_the_plugin_and_its_digest(file, model):
    plugin = fw.load_plugin(file)
    specification, _, _ = fw.load_model(model)
    assert specification.to_json()["plugins"] == [{"name": "my_leaky.py", "sha256": plugin.sha256}]
    assert "plugins" not in RunSpecification(fw.AssociativeRetrieval()).to_json()


def test_a_missing_plugin_and_a_changed_one_are_said_in_one_line(file, model, tmp_path, capsys):
    digest = plugins.load_plugin(file).sha256[:8]
    with nothing_loaded():
        for line in (f"evaluate {model}", f"answer {model} 010101010"):
            assert command(line, capsys, code=2) == (
                f"fastweights: error: {model} was trained with the plugin my_leaky.py (sha256 {digest}…), "
                "which is not loaded; add --plugin PATH/TO/my_leaky.py"
            )
    changed = tmp_path / "my_leaky.py"
    changed.write_text(file.read_text().replace("jnp.tanh(", "jnp.sin("))
    with nothing_loaded():
        line = command(f"evaluate --plugin {changed} {model}", capsys, code=2)
        assert f"was trained with the plugin my_leaky.py (sha256 {digest}…), but my_leaky.py (sha256 " in line
        assert line.endswith(" is loaded; use the file that it was trained with, or train again")
    with nothing_loaded(), pytest.raises(CheckpointError, match="which is not loaded"):
        fw.load_model(model)


def test_a_checkpoint_loads_no_code(file, model, capsys, monkeypatch):
    """Not even if the file stands where it stood, or in the working directory."""
    monkeypatch.chdir(file.parent)
    monkeypatch.syspath_prepend(file.parent)
    assert "which is not loaded" in command(f"evaluate {model}", capsys, code=2)
    assert plugins.loaded() == ()


@pytest.mark.thorough
def test_a_study_with_processes_of_its_own(file, tmp_path, capsys):
    folder = tmp_path / "s"
    task = "--seeds 2 --task count-ones --length 8"
    command(f"reproduce --plugin {file} --preset mine {task} --dir {folder} --workers 1", capsys)
    store = Store(locate(folder).storage, "s")
    assert [run.state for run in store.runs()] == ["finished"] * 2
    assert store.attributes()["asked"] == ["--plugin", str(file), *task.split()]
    for run in store.runs():
        assert run.specification["plugins"][0]["name"] == "my_leaky.py"
        assert run.specification["task"] == {"name": "count-ones", "length": 8}
    models = list(folder.rglob("*.safetensors"))
    assert len(models) == 2
    assert fw.load_model(models[0])[0].model == "leaky"
    with nothing_loaded():  # looking at results needs no plugin
        assert "leaky" in command(f"report {folder}", capsys)
        assert "2 finished" in command(f"status {folder}", capsys)
        assert "leaky" in command(f"report --plugin {file} {folder}", capsys)


def test_a_presets_task_is_its_own_unless_one_is_named(file, tmp_path, capsys):
    fw.load_plugin(file)
    (planned,) = get_preset("mine").plan(Choice())({})
    assert planned.specification.task.length == 10
    (planned,) = get_preset("mine").plan(Choice(models=("irnn",), task=fw.AssociativeRetrieval(2)))({})
    assert planned.specification.task == fw.AssociativeRetrieval(2)
    assert "plugins" not in planned.specification.to_json()
    line = f"reproduce --dir {tmp_path / 's'} --preset paper --task associative-retrieval --num-pairs 3"
    assert "this paper always use the paper's task; leave out --task" in command(line, capsys, code=2)
    line = f"reproduce --dir {tmp_path / 's'} --preset smoke --task counting"
    assert "unknown task 'counting'" in command(line, capsys, code=2)
    assert not (tmp_path / "s").exists()


def test_a_check(file, capsys):
    found = json.loads(command(f"verify --plugin {file} --only one-is-one --json", capsys))
    assert "true" in json.dumps(found)
    assert "one-is-one" in json.dumps(found)
    assert "outer-product-recall" in registry.checks


def cell_of(case: BenchCase) -> str:
    return type(specification_of(case).cell).__module__


@pytest.mark.thorough
def test_processes_that_are_timed_know_the_cell(file, capsys):
    line = f"bench --plugin {file} --models leaky --preset other --dir nowhere"
    assert "unknown preset 'other'" in command(line, capsys, code=2)
    with PinnedProcess(available_cores()[-1]) as process:
        assert process.call(cell_of, BenchCase("leaky", 4)) == "fastweights_plugin_my_leaky"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "    leak: float = 0.5",
            "    length: int = 1\n    leak: float = 0.5",
            "the option 'length' of LeakyOptions needs another name: CountOnes has one",
        ),
        ("@dataclass(frozen=True)\nclass CountOnes", "class CountOnes", "CountOnes must be a dataclass"),
    ],
)
def test_options_that_make_no_sense_are_refused(before, after, message, tmp_path, capsys):
    wrong = tmp_path / "wrong.py"
    wrong.write_text((Path(__file__).parent / "sample_plugin.py").read_text().replace(before, after))
    assert message in command(f"train --plugin {wrong} --model leaky --task count-ones", capsys, code=2)


def test_a_memory(file):
    fw.load_plugin(file)
    memory = registry.memories["summed"](jnp.zeros((3, 2)))
    key, value = jnp.asarray([0.6, 0.8]), jnp.asarray([1.0, 2.0, 3.0])
    np.testing.assert_allclose(memory.write(key, value).read(key), value, rtol=1e-6)


def test_the_cell_keeps_the_contract(file, float64):
    fw.load_plugin(file)
    case = Case("leaky")
    contract.test_state_and_output_keep_structure_shape_and_type(case)
    contract.test_compiled_unroll_equals_a_python_loop(case, SIZES, None)
    contract.test_compiled_step_equals_the_eager_step(case, None)
    contract.test_gradients_equal_finite_differences(case, SIZES, None)
    contract.test_sizes_below_one_are_refused(case, (0, 5))


def test_a_cell_of_ones_own_script_trains_and_loads(tmp_path):
    """Without a plugin: what is registered in the program itself is known to it alone."""

    @fw.register_cell("mine", source="a script")
    class Mine(fw.IRNN):
        pass

    specification = RunSpecification(
        fw.AssociativeRetrieval(1),
        "mine",
        3,
        training=fw.TrainingOptions(updates=4, evaluate_every=2),
        data=DataOptions(0, 50, 10, 10),
    )
    assert "plugins" not in specification.to_json()
    worker.run(specification, tmp_path / "m")
    loaded, network, _ = fw.load_model(tmp_path / "m")
    assert loaded == specification
    assert type(network.cell) is Mine
