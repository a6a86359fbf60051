"""Fails when a cell puts something else into the recurrence; each cell's own quantity says so."""

import numpy as np
import pytest

from checks import failures, holds
from fastweights.theory.recurrence.one_recurrence import gated_deltanet, readings, table


def changed(part, by):
    """A row with one of its columns multiplied; a lookup that is also erased changes both places."""

    def row_of(row):
        return lambda x, t: [
            write._replace(**{part: getattr(write, part) * by}) if getattr(write, part) is not None else write
            for write in row(x, t)
        ]

    return row_of


PARTS = {
    "decay": {"retnet", "mamba2", "gla", "mlstm", "gated-deltanet", "kda", "rwkv7"},
    "lookup": {"deltanet-2021", "deltanet", "gated-deltanet", "kda", "deltaproduct", "rwkv7"},
    "erase": {"rwkv7"},
}


@pytest.mark.parametrize("by", [0.9, 1.1])
@pytest.mark.parametrize("part", PARTS)
def test_each_cell_with_another_column_fails(part, by):
    wrong = {name: changed(part, by)(row) for name, row in table().items()}
    assert set(failures("one-recurrence", table=wrong)) == {
        f"{name}, in rounding errors" for name in PARTS[part]
    }


def test_what_is_looked_up_is_there_before_the_decay():
    """r = k in the place of α k: the memory without the decay is compared with the value."""

    def before(x, t):
        return [write._replace(lookup=x.key[t, 0]) for write in gated_deltanet(x, t)]

    assert failures("one-recurrence", table={**table(), "gated_deltanet": before}) == [
        "gated-deltanet, in rounding errors"
    ]


def test_writes_of_a_step_in_another_order_fail():
    wrong = {**table(), "deltaproduct": lambda x, t: table()["deltaproduct"](x, t)[::-1]}
    assert failures("one-recurrence", table=wrong) == ["deltaproduct, in rounding errors"]


def test_other_readings_and_queries_fail():
    wrong = {**readings(), "mlstm": lambda read: read[:-1] / np.maximum(abs(read[-1]), 1.15)}
    assert failures("one-recurrence", readings=wrong) == ["mlstm, in rounding errors"]
    wrong = {**readings(), "linear_attention": lambda read: read[:-1]}
    assert failures("one-recurrence", readings=wrong) == ["linear-attention, in rounding errors"]
    assert not holds("one-recurrence", query=lambda cell, x, t: x.query[t])
