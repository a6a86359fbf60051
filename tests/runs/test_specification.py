"""Specifications: JSON and back, an identifier that sees every field, and refusals in one line."""

import copy
import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from fastweights import registry
from fastweights.cells.fast_weights import FastWeightsOptions
from fastweights.errors import FastweightsError, InvalidValueError
from fastweights.models import BlockOptions, ClassifierOptions, SequenceClassifier, SequenceModel
from fastweights.plugins import PluginError
from fastweights.runs.conversion import options_from_json, plain_options
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.description import get_preset, preset_names
from fastweights.studies.plans import Choice
from fastweights.tasks.adding import Adding
from fastweights.tasks.associative_recall import AssociativeRecall
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.parity import Parity
from fastweights.training.options import TrainingOptions

JOURNAL = Path(__file__).parents[2] / "results" / "table1" / "study.journal"
DEFAULT = RunSpecification(AssociativeRetrieval())
BLOCKS = [
    BlockOptions(layers=2),
    BlockOptions(block_norm="rms"),
    BlockOptions(block_norm="layer"),
    BlockOptions(residual=True),
    BlockOptions(perceptron_size=9),
]


def other(value, hint):
    """Another valid value for an option."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return next(choice for choice in get_args(hint) if choice != value)
    return value + 1 if isinstance(value, int) else 0.75 * value + 0.03


def variants(options):
    """The options with one field changed at a time."""
    hints = get_type_hints(type(options))
    for name in (field.name for field in dataclasses.fields(options)):
        yield dataclasses.replace(options, **{name: other(getattr(options, name), hints[name])})


@pytest.mark.parametrize("model", list(registry.cells))
def test_json_and_back(model):
    for cell in (registry.cells[model].Options(), *variants(registry.cells[model].Options())):
        specification = RunSpecification(AssociativeRetrieval(num_pairs=3), model, 14, cell, seed=2)
        text = json.dumps(specification.to_json(), allow_nan=False)
        again = RunSpecification.from_json(json.loads(text))
        assert again == specification
        assert again.identifier == specification.identifier


@pytest.mark.parametrize("preset", preset_names())
def test_every_run_of_a_preset_has_its_own_identifier(preset):
    planned = get_preset(preset).plan(Choice())({})
    runs = [run.specification for run in planned]
    assert len({run.identifier for run in runs}) == len(runs)
    for run in runs:
        assert RunSpecification.from_json(json.loads(json.dumps(run.to_json()))) == run


def test_the_identifier_is_what_it_always_was():
    """Study folders are taken up by it: a changed one is a changed specification, on purpose only."""
    specification = RunSpecification.from_json(
        {
            "task": {"name": "associative-retrieval", "num_pairs": 4, "digits": "with-replacement"},
            "model": {
                "name": "irnn",
                "hidden_size": 20,
                "cell": {"layer_norm": False, "input_scale": 1.0, "recurrent_scale": 0.5},
                "classifier": {
                    "embedding": "direct",
                    "embedding_init": "normal",
                    "embedding_scale": 1.0,
                    "readout_size": 100,
                    "softmax": "classes",
                },
            },
            "training": {
                "updates": 300,
                "learning_rate": 1,
                "schedule": "cosine",
                "clip_norm": 5.0,
                "batch_size": 128,
                "evaluate_every": 100,
            },
            "data": {"seed": 0, "train": 100, "validation": 10, "test": 20},
            "seed": 3,
        }
    )
    assert specification.identifier == "1cc5b6a66a0d"


def test_the_specifications_of_the_committed_study_have_their_identifiers():
    attributes = [
        json.loads(line).get("user_attrs", {}) for line in JOURNAL.open() if '"identifier"' in line[:400]
    ]
    assert len(attributes) > 500
    for recorded in attributes:
        specification = RunSpecification.from_json(recorded["specification"])
        assert specification.to_json() == recorded["specification"]
        assert specification.identifier == recorded["identifier"]


def test_blocks_came_later_and_leave_identifiers_alone():
    assert "blocks" not in DEFAULT.to_json()["model"]
    for blocks in BLOCKS:
        specification = dataclasses.replace(DEFAULT, blocks=blocks)
        assert RunSpecification.from_json(json.loads(json.dumps(specification.to_json()))) == specification


@pytest.mark.parametrize(
    ("task", "blocks", "kind"),
    [
        (AssociativeRetrieval(), BlockOptions(), SequenceClassifier),
        (Parity(), BlockOptions(), SequenceClassifier),
        (AssociativeRecall(num_symbols=64), BlockOptions(), SequenceClassifier),
        (Adding(), BlockOptions(), SequenceModel),
        (AssociativeRetrieval(), BlockOptions(layers=2), SequenceModel),
        (Adding(), BlockOptions(3, "rms", True, 7), SequenceModel),
    ],
)
def test_the_model_of_a_task_has_its_inputs_outputs_and_layers(task, blocks, kind):
    model = RunSpecification(task, "irnn", 20, blocks=blocks).build_model()
    assert type(model) is kind and len(model.cells) == blocks.layers
    assert (model.num_symbols, model.num_channels, model.num_outputs) == (
        task.num_symbols,
        task.num_channels,
        task.num_outputs,
    )
    # Layers of one model differ from the start.
    weights = [cell.input for cell in model.cells[-2:]]
    assert len(weights) == 1 or weights[0].shape != weights[1].shape or (weights[0] != weights[1]).any()


def test_what_is_for_symbols_is_refused_for_vectors():
    with pytest.raises(InvalidValueError, match="Adding has no symbols; got the embedding one-hot"):
        RunSpecification(Adding(), "irnn", classifier=ClassifierOptions(embedding="one-hot"))


def test_another_task_for_the_test_set_came_later_and_leaves_identifiers_alone():
    plain = RunSpecification(Parity(3, 40), "lstm", 10)
    assert "test_task" not in plain.to_json()
    longer = dataclasses.replace(plain, test_task=Parity(40, 256))
    assert longer.task_of("validation") == plain.task and longer.task_of("test") == Parity(40, 256)
    assert longer.identifier != plain.identifier
    same = dataclasses.replace(plain, test_task=Parity(3, 40))
    assert same == plain and same.identifier == plain.identifier
    assert RunSpecification.from_json(json.loads(json.dumps(longer.to_json()))) == longer
    with pytest.raises(InvalidValueError, match=r"must have the num_symbols of Parity\(.*\), 2; got 37"):
        dataclasses.replace(plain, test_task=AssociativeRetrieval())


def test_options_that_came_later_leave_identifiers_alone():
    plain = RunSpecification(AssociativeRetrieval(), "irnn", 20)
    assert "test_curve" not in plain.to_json()["training"]
    training = dataclasses.replace(plain.training, test_curve=True)
    followed = dataclasses.replace(plain, training=training)
    assert followed.to_json()["training"]["test_curve"] is True
    assert followed.identifier != plain.identifier
    assert RunSpecification.from_json(followed.to_json()) == followed


NUMPY_SCALARS = """
import json
import jax.numpy as jnp
import numpy as np
from fastweights.cells.fast_weights import FastWeightsOptions
from fastweights.models import ClassifierOptions
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training.options import TrainingOptions

specification = RunSpecification(
    AssociativeRetrieval(num_pairs=np.int64(4), digits=np.str_("with-replacement")),
    hidden_size=np.int32(50),
    cell=FastWeightsOptions(decay=np.float64(0.9), inner_steps=np.uint8(1)),
    classifier=ClassifierOptions(embedding_scale=jnp.asarray(1.0), readout_size=np.int16(100)),
    training=TrainingOptions(evaluate_every=np.int64(20), learning_rate=np.float64(1e-3)),
    data=DataOptions(train=np.int64(100_000)),
    seed=np.int64(3),
)
print(json.dumps(specification.to_json()))
"""


def test_numpy_scalars_leave_the_specification_as_it_is():
    """In a process of its own: here a type checker refuses them."""
    plain = RunSpecification(
        AssociativeRetrieval(),
        cell=FastWeightsOptions(decay=0.9),
        training=TrainingOptions(evaluate_every=20, learning_rate=1e-3),
        seed=3,
    )
    command = [sys.executable, "-c", NUMPY_SCALARS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout == json.dumps(plain.to_json()) + "\n", done.stderr


def test_the_identifier_sees_every_field():
    identifiers = {DEFAULT.identifier}
    specifications = [
        *(dataclasses.replace(DEFAULT, task=task) for task in variants(DEFAULT.task)),
        *(dataclasses.replace(DEFAULT, cell=cell) for cell in variants(DEFAULT.cell)),
        *(dataclasses.replace(DEFAULT, classifier=options) for options in variants(ClassifierOptions())),
        *(dataclasses.replace(DEFAULT, training=options) for options in variants(TrainingOptions())),
        *(dataclasses.replace(DEFAULT, data=options) for options in variants(DataOptions())),
        *(dataclasses.replace(DEFAULT, blocks=blocks) for blocks in BLOCKS),
        *(RunSpecification(DEFAULT.task, model) for model in registry.cells if model != DEFAULT.model),
        dataclasses.replace(DEFAULT, hidden_size=51),
        dataclasses.replace(DEFAULT, seed=1),
    ]
    identifiers |= {specification.identifier for specification in specifications}
    assert len(identifiers) == 1 + len(specifications)


def _places(value, where=()):
    """The path of every value in nested dictionaries."""
    for name, inner in value.items():
        yield (*where, name)
        if isinstance(inner, dict):
            yield from _places(inner, (*where, name))


def _inner(value, where):
    for name in where[:-1]:
        value = value[name]
    return value


def refused(value) -> None:
    with pytest.raises(FastweightsError) as caught:
        RunSpecification.from_json(value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("where", list(_places(DEFAULT.to_json())), ids=".".join)
def test_no_field_may_be_missing_or_of_another_type(where):
    good = DEFAULT.to_json()
    present = _inner(good, where)[where[-1]]
    missing = copy.deepcopy(good)
    del _inner(missing, where)[where[-1]]
    refused(missing)
    wrong = [None, [], True, "x", float("nan"), float("inf"), -(10**400), 10**400, [[]]]
    for value in wrong:
        if isinstance(present, int) and not isinstance(present, bool) and value == 10**400:
            continue  # a whole number; whether it is too large is up to the option
        changed = copy.deepcopy(good)
        _inner(changed, where)[where[-1]] = value
        refused(changed)


@pytest.mark.parametrize("where", [(), ("task",), ("model",), ("model", "cell"), ("training",), ("data",)])
def test_no_unknown_field(where):
    value = DEFAULT.to_json()
    _inner(value, (*where, "surplus"))["sur\nplus"] = 1
    refused(value)


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, [1, 2]])
def test_what_is_no_specification(value):
    refused(value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"model": "irn"},
        {"hidden_size": 0},
        {"hidden_size": 10_001},
        {"model": "associative-lstm", "hidden_size": 51},
        {"seed": -1},
        {"seed": 2**32},
        {"model": "irnn", "cell": registry.cells["lstm"].Options()},
    ],
    ids=str,
)
def test_numbers_out_of_range(arguments):
    with pytest.raises(FastweightsError):
        RunSpecification(AssociativeRetrieval(), **arguments)


def test_whole_numbers_are_floats_and_nothing_else_is_converted():
    value = DEFAULT.to_json()
    value["training"]["learning_rate"] = 1
    specification = RunSpecification.from_json(value)
    assert type(specification.training.learning_rate) is float
    value["training"]["updates"] = 1.0
    with pytest.raises(InvalidValueError, match=r"updates of TrainingOptions cannot be 1.0: Expected `int`"):
        RunSpecification.from_json(value)


@pytest.mark.parametrize(
    "value",
    [
        {},
        "my_gru.py",
        ["my_gru.py"],
        [{"name": "my_gru.py"}],
        [{"name": "my_gru.py", "sha256": "0"}],
        [{"name": "my_gru.py", "sha256": "0" * 64, "place": "/tmp"}],
        [{"name": "x" * 1000, "sha256": "0" * 64}],
    ],
    ids=str,
)
def test_what_is_no_list_of_plugins(value):
    with pytest.raises(InvalidValueError, match="plugins cannot be"):
        RunSpecification.from_json({**DEFAULT.to_json(), "plugins": value})


def test_a_plugin_that_is_needed_and_not_loaded():
    plugin = {"name": "my_gru.py", "sha256": "12345678" * 8}
    value = {**DEFAULT.to_json(), "plugins": [plugin]}
    value["model"] = {**value["model"], "name": "my-gru"}
    message = (
        r"the plugin my_gru.py \(sha256 12345678…\), which is not loaded; add --plugin PATH/TO/my_gru.py"
    )
    with pytest.raises(PluginError, match=message):
        RunSpecification.from_json(value)


def test_options_of_every_type():
    @dataclasses.dataclass(frozen=True)
    class Options:
        sizes: tuple[int, ...] = (1, 2)
        scale: float | None = None
        names: tuple[str, str] = ("a", "b")

    value = {"sizes": [3, 4, 5], "scale": 2, "names": ["x", "y"]}
    options = options_from_json(Options, value)
    assert options == Options((3, 4, 5), 2.0, ("x", "y"))
    assert plain_options(options) == value
    with pytest.raises(InvalidValueError, match=r"sizes of Options cannot be .*Expected `int`, got `str`"):
        options_from_json(Options, {**value, "sizes": [3, "4"]})


def test_a_task_has_no_option_called_name():
    """In the specification's JSON this is the task itself."""

    @dataclasses.dataclass(frozen=True)
    class Named(AssociativeRetrieval):
        name: str = "mine"

    with pytest.raises(InvalidValueError, match=r"an option of .*Named.* cannot be called 'name'"):
        RunSpecification(Named())


@pytest.mark.parametrize("place", ["seed", "task", "model", "training", "data"])
def test_halves_of_characters_are_refused(place):
    """msgspec raises an error of its own for them, where a number or a key is expected."""
    content = RunSpecification(AssociativeRetrieval()).to_json()
    content[place] = "\ud800"
    with pytest.raises(InvalidValueError):
        RunSpecification.from_json(content)
    if place != "seed":
        content = RunSpecification(AssociativeRetrieval()).to_json()
        name = next(name for name, value in content[place].items() if isinstance(value, int))
        content[place][name] = "\ud800"
        with pytest.raises(InvalidValueError):
            RunSpecification.from_json(content)
