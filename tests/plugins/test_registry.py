"""Registering: one class a name, whichever comes first, and suggestions for names that are not known."""

import subprocess
import sys

import pytest

import fastweights
from fastweights import registry
from fastweights.errors import FastweightsError, InvalidValueError, UnknownNameError
from fastweights.registry import Registry

TAKEN = """
import fastweights as fw
{before}
try:
    @fw.register_cell("lstm", source="mine")
    class LSTM(fw.Cell):
        pass
except fw.FastweightsError as error:
    print(error)
from fastweights.registry import cells
print(cells["lstm"].__module__)
"""


@pytest.mark.parametrize(
    "before",
    [
        "",
        pytest.param("fw.LSTM", marks=pytest.mark.thorough),
        pytest.param("from fastweights.registry import cells; len(cells)", marks=pytest.mark.thorough),
    ],
)
def test_a_class_named_like_a_built_in_is_refused_in_either_order(before):
    program = [sys.executable, "-c", TAKEN.format(before=before)]
    lines = subprocess.run(program, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines == [
        "the model name 'lstm' is taken by fastweights.cells.lstm.LSTM; "
        "register __main__.LSTM under another name",
        "fastweights.cells.lstm",
    ]


def test_a_class_of_the_same_module_and_name_is_replaced():
    entries = Registry("model", "fastweights.memories")

    def cell_of_a_notebook():
        class Mine:
            pass

        return entries.register("mine", source="a notebook")(Mine)

    first, second = cell_of_a_notebook(), cell_of_a_notebook()
    assert first is not second
    assert entries["mine"] is second
    with pytest.raises(InvalidValueError, match=r"'mine' is taken by .*Mine; register .*int under"):
        entries.register("mine", source="elsewhere")(int)


def test_a_class_that_is_not_registered_has_no_name():
    with pytest.raises(UnknownNameError, match="int is not registered as a task"):
        registry.tasks.name_of(int)


@pytest.mark.parametrize(
    ("asked", "suggested"),
    [("LSTM", "lstm"), ("Fast_Weights", "fast-weights"), ("StandardRNN", "standard-rnn"), ("irn", "irnn")],
)
def test_suggestions_ignore_case_and_hyphens(asked, suggested):
    with pytest.raises(UnknownNameError, match=f"did you mean '{suggested}'?"):
        registry.cells[asked]


def test_nothing_is_suggested_for_a_name_that_is_like_no_other():
    with pytest.raises(UnknownNameError, match=r"unknown model 'no-such-model'; known: associative-lstm, "):
        registry.cells["no-such-model"]


def test_every_public_name_can_be_imported():
    names = dir(fastweights)
    assert {"LSTM", "load_model", "load_plugin", "register_cell", "__version__"} <= set(names)
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(fastweights, name) is not None
    assert fastweights.FastweightsError is FastweightsError
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fastweights.nothing  # noqa: B018
