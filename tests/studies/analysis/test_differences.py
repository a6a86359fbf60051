"""What tells specifications apart, with the options that they leave out."""

import dataclasses

import pytest

from fastweights import registry
from fastweights.models import BlockOptions, ClassifierOptions
from fastweights.report.curve_table import curve_table
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.analysis.runs import LATER, LATER_OF_CELLS, differences, distinguished
from fastweights.studies.study import Row, Study
from fastweights.tasks.parity import Parity
from fastweights.training.options import TrainingOptions
from records import record

BASE = RunSpecification(Parity(3, 20), "associative-lstm", 4)


def test_the_defaults_are_those_of_the_options():
    def later(options):
        fields = dataclasses.fields(options)
        return {field.name: field.default for field in fields if "later" in field.metadata}

    groups = {"training": TrainingOptions, "data": DataOptions, "model.classifier": ClassifierOptions}
    found = {f"{group}.{name}": value for group in groups for name, value in later(groups[group]).items()}
    blocks = {f"model.blocks.{name}": value for name, value in vars(BlockOptions()).items()}
    assert found | blocks == LATER
    cells = {name: options for name in registry.cells if (options := later(registry.cells[name].Options))}
    assert cells == LATER_OF_CELLS


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"blocks": BlockOptions(layers=2)}, [["layers 1"], ["layers 2"]]),
        ({"training": TrainingOptions(weight_decay=0.1)}, [["weight_decay 0.0"], ["weight_decay 0.1"]]),
        (
            {"cell": dataclasses.replace(BASE.cell, combine_heads="mean")},
            [["combine_heads sum"], ["combine_heads mean"]],
        ),
        ({"test_task": Parity(3, 80)}, [["test_task.max_length 20"], ["test_task.max_length 80"]]),
    ],
    ids=["blocks", "training", "cell", "test task"],
)
def test_what_is_left_out_at_its_default_is_named_and_nothing_else(changes, expected):
    other = dataclasses.replace(BASE, **changes)
    assert distinguished([BASE.to_json(), other.to_json()]) == expected
    assert distinguished([other.to_json(), BASE.to_json()]) == expected[::-1]
    assert Study([Row(BASE), Row(other)], seeds=[0]).labels() == [entry for (entry,) in expected]


def test_options_of_another_cell_are_no_defaults():
    other = dataclasses.replace(BASE, cell=dataclasses.replace(BASE.cell, combine_heads="mean"))
    lstm = RunSpecification(BASE.task, "lstm", 4)
    found = differences([lstm.to_json(), other.to_json()])
    assert "model.cell.combine_heads" not in found[0] and found[1]["model.cell.combine_heads"] == "mean"


def test_a_table_of_curves_has_them_too():
    runs = [record(), record(seed=1)]
    runs[1]["specification"]["model"]["blocks"] = vars(BlockOptions(layers=2))
    table = curve_table(runs)
    column = [column.heading for column in table.columns].index("model.blocks.layers")
    assert [row[column] for row in table.rows[::2]] == ["1", "2"]
    assert [column.heading for column in table.columns if column.heading.startswith("model.")] == [
        "model.blocks.layers"
    ]
