"""Studies as files describe them: what is run, with which seeds, and how a bad file is refused."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from fastweights.errors import FastweightsError, FileError, InvalidValueError
from fastweights.models import BlockOptions
from fastweights.report.study_table import StudyTables
from fastweights.studies.description import StudyDescription, get_preset
from fastweights.studies.plans import Choice
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.parity import Parity
from outcomes import RESULT

ROOT = Path(__file__).parents[2]
QUICK = json.loads((ROOT / "results" / "quick" / "results.json").read_text())
README = (ROOT / "README.md").read_text()
RATES = {"training": {"learning_rate": [1e-3, 2e-3]}}
INTERVAL = {"training": {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}}
SMALL = {
    "hidden_size": 20,
    "seeds": [10, 11],
    "task": {"name": "associative-retrieval"},
    "models": [{"name": "lstm"}, {"name": "irnn"}],
}


def study(**more):
    return StudyDescription.of({**SMALL, **more}, "s.toml").study()


def bases(**more):
    return [row.base for row in study(**more).rows]


def test_quick_has_the_runs_that_it_always_had():
    planned = get_preset("quick").plan(Choice())({})
    assert [each.specification.identifier for each in planned] == [run["id"] for run in QUICK["runs"]]
    assert [each.specification.to_json() for each in planned] == [
        run["specification"] for run in QUICK["runs"]
    ]
    assert not any(each.tags for each in planned)


def test_the_table_of_quick_is_the_readmes_to_the_last_digit():
    tables = StudyTables(QUICK["runs"])
    table = tables.markdown(tables.brief())
    table, readme = (text.replace("*", "").splitlines() for text in (table, README))
    rows = [line for line in table if line.startswith(("| 20", "| 50", "| 100"))]
    start = readme.index(rows[0])
    assert readme[start : start + 9] == rows


@pytest.mark.parametrize(
    ("size", "updates"), [(20, 30_000), (34, 30_000), (35, 10_000), (74, 10_000), (75, 5_000), (200, 5_000)]
)
def test_a_chosen_size_has_the_budget_of_the_nearest(size, updates):
    (planned,) = get_preset("quick").plan(Choice(models=["lstm"], hidden_sizes=[size]))({})
    assert planned.specification.training.updates == updates
    assert planned.specification.hidden_size == size


def test_rows_are_conditions_times_models_and_the_nearer_word_counts():
    found = bases(
        training={"updates": 100},
        conditions=[{"task": {"num_pairs": 2}}, {"training": {"updates": 50}}],
        models=[{"name": "lstm"}, {"name": "irnn", "hidden_size": 30, "cell": {"recurrent_scale": 0.25}}],
    )
    assert [(each.task.num_pairs, each.model, each.hidden_size, each.training.updates) for each in found] == [
        (2, "lstm", 20, 100),
        (2, "irnn", 30, 100),
        (4, "lstm", 20, 50),
        (4, "irnn", 30, 50),
    ]
    assert [each.cell.recurrent_scale for each in found if each.model == "irnn"] == [0.25, 0.25]


def test_whole_numbers_become_those_of_the_option():
    (base,) = bases(models=[{"name": "lstm", "cell": {"forget_bias": 2}}])
    assert base.identifier == bases(models=[{"name": "lstm", "cell": {"forget_bias": 2.0}}])[0].identifier


def test_rows_of_one_model_are_told_apart_by_what_differs():
    assert study().labels() == ["", ""]
    models = [{"name": "lstm"}, {"name": "lstm", "cell": {"forget_bias": 2}}, {"name": "irnn"}]
    assert study(models=models).labels() == ["forget_bias 1.0", "forget_bias 2.0", ""]
    sizes = [{"data": {"train": 1000}}, {"data": {"train": 2000}}]
    assert study(conditions=sizes).labels() == ["train 1000", "train 1000", "train 2000", "train 2000"]


def test_layers_and_the_task_of_the_test_set_can_be_said():
    (base,) = bases(
        task={"name": "parity", "min_length": 3},
        test_task={"min_length": 40, "max_length": 99},
        blocks={"layers": 2},
        models=[{"name": "lstm", "blocks": {"residual": True}}],
    )
    assert base.task == Parity(3, 40) and base.test_task == Parity(40, 99)
    assert base.blocks == BlockOptions(layers=2, residual=True)


def test_a_condition_with_a_task_of_its_own_has_its_own_test_set():
    parity = {"name": "parity", "max_length": 20}
    found = bases(
        test_task={"num_pairs": 2},
        conditions=[{}, {"test_task": {"num_pairs": 3}}, {"task": parity}],
        models=[{"name": "lstm"}],
    )
    assert [base.test_task for base in found] == [AssociativeRetrieval(2), AssociativeRetrieval(3), None]


def test_the_goal_of_a_condition_counts_before_that_of_all():
    rows = study(goal=0.05, conditions=[{}, {"task": {"num_pairs": 2}, "goal": 0.5}]).rows
    assert [row.goal for row in rows] == [0.05, 0.05, 0.5, 0.5]
    assert [row.base.identifier for row in rows[:2]] == [row.base.identifier for row in study().rows]


def test_rows_that_differ_in_their_test_sets_are_told_apart_by_where_it_is_said():
    longer = [{"test_task": {"max_length": length}} for length in (80, 90)]
    labels = study(task={"name": "parity"}, conditions=longer, models=[{"name": "lstm"}]).labels()
    assert labels == ["test_task.max_length 80", "test_task.max_length 90"]


def record(run, error):
    return {
        "id": run.identifier,
        "specification": run.to_json(),
        "floor": 0.6,
        "state": "finished",
        "curve": [[10, 1.0, error, -1.0]],
        "result": RESULT,
    }


@pytest.mark.parametrize(
    ("search", "tried"),
    [
        ({"values": RATES}, 2),
        ({"values": RATES, "sampler": "tpe", "trials": 6}, 6),
        ({"values": INTERVAL, "sampler": "random", "trials": 5}, 5),
    ],
)
def test_validation_selects_and_fresh_seeds_are_reported(search, tried):
    """Whatever the sampler. The error is lowest near a rate of 2e-3; seeds that are reported do not count."""
    small, known = study(search={"seeds": [0, 1], **search}), {}
    while new := [run for run in small.plan(known) if run.specification.identifier not in known]:
        for specification, tags in ((each.specification, each.tags) for each in new):
            distance = abs(specification.training.learning_rate - 2e-3)
            error = 0.0 if tags["part"] == "report" else min(100 * distance, 1.0)
            known[specification.identifier] = record(specification, error)
    runs = [(each.specification, each.tags) for each in small.plan(known)]
    for model in ("lstm", "irnn"):
        searched, reported = (
            [run for run, tags in runs if tags["part"] == part and run.model == model]
            for part in ("search", "report")
        )
        assert Counter(run.seed for run in searched) == {0: tried, 1: tried}
        assert [run.seed for run in reported] == [10, 11]
        best = min((run.training.learning_rate for run in searched), key=lambda rate: abs(rate - 2e-3))
        assert {run.training.learning_rate for run in reported} == {best}
    assert len(runs) == sum(map(small.num_runs, small.rows))


def searching(**search):
    return {"search": {"seeds": [0], **search}}


def with_model(**model):
    return {"models": [{"name": "lstm", **model}]}


BAD = {
    "there is no key 'modles'; did you mean 'models'": {"modles": []},
    "seeds: Expected `array`, got `null`": {"seeds": None},
    "seeds must be at least one seed": {"seeds": []},
    "seeds must be different; got [1, 1]": {"seeds": [1, 1]},
    "models[0]: the key 'name' is missing": {"models": [{}]},
    "models[0].name: unknown model 'lstn'; did you mean 'lstm'": with_model(name="lstn"),
    "models[0].cell.decay is no option of the model lstm": with_model(cell={"decay": 1}),
    "two rows have the same setting": {"models": [{"name": "lstm"}] * 2},
    "task.name is missing": {"task": {}},
    "task.name cannot be 3: Expected `str`, got `int`": {"task": {"name": 3}},
    "conditions[1].task.num_pairs cannot be '4': Expected `int`": {
        "conditions": [{}, {"task": {"num_pairs": "4"}}]
    },
    "conditions[0].task: num_pairs must be between 1 and 26; got 99": {
        "conditions": [{"task": {"num_pairs": 99}}]
    },
    "test_task.name is no option of the task associative-retrieval": {"test_task": {"name": "parity"}},
    "test_task: num_pairs must be between 1 and 26; got 99": {"test_task": {"num_pairs": 99}},
    "conditions[0] with models[0]: AssociativeRecall(": {
        "task": {"name": "associative-recall", "num_symbols": 64},
        "test_task": {"num_symbols": 128},
    },
    "blocks: layers must be between 1 and": {"blocks": {"layers": 0}},
    "goal: goal must be a share from 0 to below 1; got 1.5": {"goal": 1.5},
    "conditions[0].goal: goal must be a squared error from 0; got -1": {
        "conditions": [{"task": {"name": "adding"}, "goal": -1}]
    },
    "goal: Expected `float`, got `str`": {"goal": "1 %"},
    "conditions[0] with models[0]: hidden_size must be between": {"conditions": [{"hidden_size": 0}]},
    "training: updates must be between 1 and": {"training": {"updates": 0}},
    "seeds that select must not be reported; got [11]": searching(seeds=[11], values=RATES),
    "the sampler tpe needs trials": searching(sampler="tpe"),
    "a grid has no trials, but values; got 3": searching(trials=3),
    "sampler must be one of grid, random, tpe": searching(sampler="annealing"),
    "search.values.training.learning_rate: learning_rate must be positive and finite; got -1.0": searching(
        values={"training": {"learning_rate": [-1]}}
    ),
    "search.values.training.learning_rate: a grid needs a list of values": searching(
        values={"training": {"learning_rate": {"low": 1, "high": 2}}}
    ),
    "search.values.task.num_pairs cannot be chosen on validation": searching(
        values={"task": {"num_pairs": [1]}}
    ),
    "values to try need seeds to select by: search.seeds": with_model(values=RATES),
    "plugins[0]: cannot read the plugin none.py": {"plugins": ["none.py"]},
}


@pytest.mark.parametrize("message", BAD)
def test_what_is_wrong_is_named_with_its_place(message):
    with pytest.raises(InvalidValueError, match=f"^{re.escape(f's.toml: {message}')}"):
        study(**BAD[message])


@pytest.mark.parametrize("content", [b"seeds = ", b"\xff", b"a = " + b"[" * 5000, b"a = 1\n" * 2])
def test_a_file_that_is_no_toml_is_one_line(content, tmp_path):
    (tmp_path / "s.toml").write_bytes(content)
    with pytest.raises(FastweightsError, match=r"^s\.toml: it is no TOML: ") as error:
        StudyDescription.read(tmp_path / "s.toml")
    assert "\n" not in str(error.value)


def test_a_file_cannot_have_the_name_of_a_preset(tmp_path):
    (tmp_path / "quick").write_text("")
    with pytest.raises(InvalidValueError, match=r"ends in \.toml; got quick"):
        StudyDescription.read(tmp_path / "quick")


def test_no_file_is_one_line(tmp_path):
    with pytest.raises(FileError, match="No such file"):
        StudyDescription.read(tmp_path / "none.toml")


def test_halves_of_characters_are_refused():
    for value in ({"\ud800": 1}, {"hidden_size": "\ud800"}):
        with pytest.raises(InvalidValueError, match=r"surrogates not allowed|hidden_size"):
            StudyDescription.of(value)
