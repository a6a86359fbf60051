"""Options: any number is in its range or refused in one line, and what is accepted fits into memory."""

import dataclasses
import json
import math
from typing import Any, get_type_hints

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastweights import registry
from fastweights.errors import InvalidValueError, check_between, shown
from fastweights.models import ClassifierOptions
from fastweights.runs.footprint import MAX_BYTES, estimate
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Example
from fastweights.training.options import TrainingOptions
from hostile.border import attempt, check_message

DEFAULT = RunSpecification(AssociativeRetrieval()).to_json()
CLASSES = [
    *(registry.cells[name].Options for name in registry.cells),
    *(ClassifierOptions, TrainingOptions, DataOptions, AssociativeRetrieval),
]
FIELDS = [
    (cls, field.name)
    for cls in CLASSES
    for field in dataclasses.fields(cls)
    if get_type_hints(cls)[field.name] in (int, float)
]


@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_every_number_has_two_ends(cls, name):
    """A new option without bounds fails here."""
    values: list[Any] = [2**63, -(2**63), 10**30]
    if get_type_hints(cls)[name] is float:
        values = [1e300, -1e31, float("nan"), float("inf"), -float("inf")]
        values = values[name == "clip_norm" :]  # a huge limit is as good as none
    for value in values:
        with pytest.raises(InvalidValueError) as raised:
            cls(**{name: value})
        check_message(raised.value)


@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_what_is_no_number_is_refused_in_one_line(cls, name, untyped):
    values = ["20", None, np.array([1, 2]), [20], 1j, b"1"]
    if get_type_hints(cls)[name] is int:
        values += [20.0, np.float64(20)]
    for value in values:
        with pytest.raises(InvalidValueError, match=rf"{name} must be a (whole )?number; got ") as raised:
            cls(**{name: value})
        check_message(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(10**4000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)


def _places(value, where=()):
    for name, inner in value.items():
        yield (*where, name)
        if isinstance(inner, dict):
            yield from _places(inner, (*where, name))


@given(st.sampled_from(list(_places(DEFAULT))), JSON)
@example(("model", "name"), "irnn" * 10**6)
@example(("seed",), 10**5000)
@example(("task", "num_pairs"), 10**4000)
@settings(max_examples=400, deadline=None)
def test_any_value_anywhere_in_a_specification(where, value):
    changed = json.loads(json.dumps(DEFAULT))
    inner = changed
    for name in where[:-1]:
        inner = inner[name]
    inner[where[-1]] = value
    specification = attempt(lambda: RunSpecification.from_json(changed))
    assert specification is None or specification.to_json() == changed


@given(
    st.sampled_from(list(registry.cells)),
    st.integers(-1, 20_000),
    st.integers(-1, 30_000),
    *(st.integers(-1, 2**33) for _ in range(3)),
    *(st.integers(-1, 20_000_000) for _ in range(2)),
)
@settings(max_examples=300, deadline=None)
def test_what_is_accepted_fits_into_memory(model, units, readout, updates, every, batch, train, test):
    specification = attempt(
        lambda: RunSpecification(
            AssociativeRetrieval(),
            model,
            units,
            classifier=ClassifierOptions(readout_size=readout),
            training=TrainingOptions(updates, batch_size=batch, evaluate_every=every),
            data=DataOptions(0, train, 10, test),
        ),
    )
    assert specification is None or sum(estimate(specification).values()) <= MAX_BYTES


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"model": "lstm", "hidden_size": 10_000}, "weights"),
        ({"hidden_size": 5_000, "training": TrainingOptions(batch_size=10_000)}, "activations"),
        ({"training": TrainingOptions(2**31 - 1, evaluate_every=2**31 - 1)}, "mini-batches"),
        (
            {
                "task": AssociativeRetrieval(26),
                "data": DataOptions(0, 10_000_000, 10_000_000, 10_000_000),
                "hidden_size": 1000,
                "training": TrainingOptions(batch_size=512),
            },
            "sequences",
        ),
    ],
)
def test_too_much_is_refused_with_its_parts(changes, part):
    with pytest.raises(
        InvalidValueError, match=r"would take about [\d,.]+ GiB of memory, at most 16.0"
    ) as raised:
        RunSpecification(**{"task": AssociativeRetrieval(), **changes})
    check_message(raised.value)
    assert part in str(raised.value)


@dataclasses.dataclass(frozen=True)
class Long(AssociativeRetrieval):
    """As if there were a task of ten thousand steps."""

    @property
    def length(self) -> int:
        return 10_000

    def sample(self, key):
        return Example(jnp.zeros(self.length, int), jnp.zeros((), int))


@pytest.mark.parametrize(
    "specification",
    [
        {"task": AssociativeRetrieval(), "hidden_size": 1000},
        {"task": AssociativeRetrieval(), "model": "lstm", "hidden_size": 5000},
        {"task": AssociativeRetrieval(26), "hidden_size": 100, "training": TrainingOptions(700_000)},
        {"task": AssociativeRetrieval(26), "data": DataOptions(0, 10_000_000, 1_000_000, 10_000_000)},
        {"task": Long()},
        {"task": Long(), "model": "lstm", "hidden_size": 50},
    ],
    ids=lambda changes: f"{changes.get('model', 'fast-weights')}-{changes.get('hidden_size', 50)}",
)
def test_what_is_large_but_can_be_done_is_accepted(specification):
    RunSpecification(**specification)


def test_bounds_show_what_they_got():
    for value, words in ((10**5000, "more than 40 digits"), ("x" * 99, "..."), (math.nan, "nan")):
        assert words in shown(value) and len(shown(value)) < 70
    check_between("x", 1, 1, 1)
    with pytest.raises(InvalidValueError, match=r"^x must be between 1 and 2,000; got 2001$"):
        check_between("x", 2001, 1, 2000)
