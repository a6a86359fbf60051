"""What a network does with a few sequences: written by the study, read with suspicion, drawn."""

import json
import shutil
from copy import deepcopy

import jax.numpy as jnp
import msgspec
import numpy as np
import pytest
from matplotlib.figure import Figure

from fastweights.errors import FastweightsError, StudyError
from fastweights.papers.ba2016.inspection import NAME, InspectedModel, read_inspection
from fastweights.papers.ba2016.page.attention_figures import (
    _attention_square,
    attention_figure,
    memory,
    memory_figure,
)
from fastweights.papers.ba2016.plan.inspect_networks import inspect_networks
from fastweights.report.drawing import save
from fastweights.runs import worker
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.evaluation import evaluate
from fastweights.training.options import TrainingOptions
from papers.ba2016.inspections import inspection


def read(folder, value):
    (folder / NAME).write_text(value if isinstance(value, str) else json.dumps(value))
    return read_inspection(folder)


def test_a_good_one_is_read(tmp_path):
    assert read_inspection(tmp_path) == []
    (model,) = read(tmp_path, inspection())
    (reading,) = model.sequences
    assert (model.hidden_size, model.seed, model.decay, model.write_rate) == (3, 12, 0.9, 0.5)
    assert (reading.tokens, reading.answer, reading.probability) == ("c9k8??c", "9", 0.75)
    assert np.shape(reading.attention) == (7, 7) and np.shape(reading.hidden) == (7, 3)


def damaged():
    """Values in which one thing is wrong, each with a name."""
    wrong = {
        "format": [("format", 2)],
        "models": [("models", "x"), ("models", [3]), ("models", [{}] * 9)],
        "model": [
            ("hidden_size", 0),
            ("hidden_size", 10**9),
            ("hidden_size", True),
            ("seed", "a"),
            ("run", "<b>\n"),
            ("run", ""),
            ("test_error", 2),
            ("test_error", float("nan")),
            ("decay", -1),
            ("write_rate", float("inf")),
            ("sequences", None),
        ],
        "sequence": [
            ("tokens", "a" * 1000),
            ("tokens", "a\u202eb"),
            ("target", "12"),
            ("answer", 7),
            ("probability", 1.5),
            ("attention", [[0.0] * 7] * 6),
            ("attention", [[0.0] * 7] * 6 + [["x"] * 7]),
            ("hidden", [[1e9] * 3] * 7),
            ("hidden", [[0.0] * 2] * 7),
            ("hidden", 3),
        ],
    }
    for place, changes in wrong.items():
        for name, value in changes:
            made = deepcopy(inspection())
            target = {
                "model": made["models"][0],
                "sequence": made["models"][0]["sequences"][0],
            }.get(place, made)
            target[name] = value
            yield pytest.param(made, id=f"{name}-{value!r:.20}")
            del target[name]
            if name != "format":
                yield pytest.param(made, id=f"no-{name}")


@pytest.mark.parametrize("value", [*damaged(), "", "{", "[]", "null", "\x00", "[" * 100_000])
def test_a_damaged_one_is_one_line(value, tmp_path):
    with pytest.raises(StudyError) as error:
        read(tmp_path, value)
    assert NAME in str(error.value) and "\n" not in str(error.value)


def test_a_huge_one_and_a_folder_are_refused(tmp_path):
    with pytest.raises(StudyError, match="bytes"):
        read(tmp_path, " " * (16 * 2**20 + 1))
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).mkdir()
    with pytest.raises(FastweightsError, match="not a file"):
        read_inspection(tmp_path)


def test_the_memory_is_equation_3():
    random = np.random.default_rng(5)
    hidden = random.uniform(size=(7, 3))
    found = memory(hidden, 0.9, 0.5)
    for t in range(7):
        terms = [0.5 * 0.9 ** (t - tau) * np.outer(hidden[tau], hidden[tau]) for tau in range(t + 1)]
        np.testing.assert_allclose(found[t], sum(terms), rtol=1e-12)


def test_the_old_name_is_read_where_there_is_no_new_one(tmp_path):
    (tmp_path / "illustration.json").write_text(json.dumps(inspection()))
    (old,) = read_inspection(tmp_path)
    assert old.hidden_size == 3
    (new,) = read(tmp_path, inspection(4))
    assert new.hidden_size == 4


def test_figures(tmp_path):
    models, path = read(tmp_path, inspection()), tmp_path / "a.svg"
    assert save(lambda: attention_figure(models), path)
    svg = path.read_text()
    assert "c9k8??c → 9, p = 0.75" in svg and "read before" in svg
    assert svg.count("<image") == 2  # the square and the colour bar
    assert save(lambda: memory_figure(models), path)
    assert path.read_text().count("<image") == 7 + 1
    assert attention_figure([]) is None and memory_figure([]) is None


def test_each_step_shares_out_what_it_reads():
    figure = Figure()
    (model,) = [msgspec.convert(each, InspectedModel) for each in inspection()["models"]]
    shares = _attention_square(figure.subplots(), model.sequences[0]).get_array()
    expected = np.tril(np.tile(0.1 * np.arange(7), (7, 1)), -1)
    totals = expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, expected / np.where(totals > 0, totals, 1))
    assert shares[1].sum() == 0 and shares[3].sum() == pytest.approx(1)


def test_a_network_whose_states_are_zero_is_drawn_too(tmp_path):
    made = inspection()
    made["models"][0]["sequences"][0]["hidden"] = [[0.0] * 3] * 7
    made["models"][0]["sequences"][0]["attention"] = [[0.0] * 7] * 7
    models = read(tmp_path, made)
    for draw in (attention_figure, memory_figure):
        assert save(lambda draw=draw: draw(models), tmp_path / "a.svg")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with three small networks of the table, and their results: the third has the median error."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "runs").mkdir()
    runs = []
    for seed, error in enumerate((0.3, 0.1, 0.2)):
        specification = RunSpecification(
            AssociativeRetrieval(2),
            "fast-weights",
            20,
            training=TrainingOptions(updates=3, evaluate_every=3, batch_size=7),
            data=DataOptions(seed=seed, train=50, validation=20, test=300),
            seed=seed,
        )
        outcome = worker.run(specification, folder / "runs" / f"{specification.identifier}.safetensors")
        outcome["result"]["test_error"] = error
        runs.append(
            {
                "id": specification.identifier,
                "specification": specification.to_json(),
                "floor": 0.45,
                "roles": [{"part": "table"}],
                **outcome,
            }
        )
    return folder, runs


@pytest.mark.thorough
def test_the_median_network_is_inspected(trained, tmp_path):
    folder, runs = trained
    inspect_networks(folder, {"runs": runs})
    (model,) = read_inspection(folder)
    assert (model.run, model.seed) == (runs[2]["id"], 2)
    assert [each.tokens.index(each.tokens[-1]) for each in model.sequences] == [0, 2]
    specification, network, _ = worker.load_model(folder / "runs" / f"{model.run}.safetensors")
    # Of the network that is there, which may be another machine's than the record.
    assert model.test_error == evaluate(network, worker.dataset(specification, "test")).error != 0.2
    for reading in model.sequences:
        tokens = jnp.asarray(AssociativeRetrieval(2).encode(reading.tokens), jnp.int32)
        np.testing.assert_allclose(network.attention(tokens), reading.attention, atol=2e-4)
        hidden = network.cell.unroll_in_jax(network.projections(tokens))[0]
        np.testing.assert_allclose(hidden, reading.hidden, atol=2e-4)
        assert AssociativeRetrieval(2).answer(reading.tokens) == int(reading.target)
    before = (folder / NAME).stat()
    inspect_networks(folder, {"runs": runs})
    assert (folder / NAME).stat() == before


@pytest.mark.thorough
def test_what_is_known_of_models_that_are_gone_stays(trained, tmp_path):
    folder, runs = trained
    inspect_networks(folder, {"runs": runs})
    shutil.copy(folder / NAME, tmp_path)
    (tmp_path / "runs").mkdir()
    inspect_networks(tmp_path, {"runs": runs})
    assert (tmp_path / NAME).read_bytes() == (folder / NAME).read_bytes()
    # One that is not typical does not take its place.
    shutil.copy(folder / "runs" / f"{runs[0]['id']}.safetensors", tmp_path / "runs")
    inspect_networks(tmp_path, {"runs": runs})
    assert [model.run for model in read_inspection(tmp_path)] == [runs[2]["id"]]


def test_nothing_to_inspect_writes_nothing(trained, tmp_path):
    _, runs = trained
    (tmp_path / "runs").mkdir()
    others = [{**run, "roles": [{"part": "search"}]} for run in runs]
    waiting = [{**run, "state": "waiting"} for run in runs]
    for results in ([], others, waiting, runs):
        inspect_networks(tmp_path, {"runs": results})
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("content", [b"", b"junk", b'{"models": [{}]}', b'{"models": 3}'])
def test_files_that_cannot_be_used_are_made_anew_or_left_out(content, trained, tmp_path):
    folder, runs = trained
    (tmp_path / "runs").mkdir()
    (tmp_path / NAME).write_bytes(content)
    (tmp_path / "runs" / f"{runs[0]['id']}.safetensors").write_bytes(b"junk")
    inspect_networks(tmp_path, {"runs": runs})
    assert (tmp_path / NAME).read_bytes() == content
    shutil.copy(
        folder / "runs" / f"{runs[1]['id']}.safetensors", tmp_path / "runs" / f"{runs[0]['id']}.safetensors"
    )
    inspect_networks(tmp_path, {"runs": runs[:1]})  # another's model under this one's name
    assert (tmp_path / NAME).read_bytes() == content
    shutil.copy(folder / "runs" / f"{runs[1]['id']}.safetensors", tmp_path / "runs")
    inspect_networks(tmp_path, {"runs": runs[1:2]})
    assert [model.run for model in read_inspection(tmp_path)] == [runs[1]["id"]]
