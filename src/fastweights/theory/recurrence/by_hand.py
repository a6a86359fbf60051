"""Cells whose weights are written down: what each input symbol looks up, writes, and at which rate."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fastweights.cells.programmers.options import RuledOptions
from fastweights.cells.programmers.ruled import RuledProgrammer

_SATURATED = 800.0
"""σ(800) is 1 and σ(−800) is 0, in double precision as in single."""


class Factor(NamedTuple):
    """A write: its key and value, and its rate between 0 and 2."""

    key: Sequence[float]
    value: Sequence[float]
    rate: float


def programmed(query: Sequence[float], symbols: Sequence[Sequence[Factor]]) -> RuledProgrammer:
    """A cell of which each symbol, as a unit vector, asks `query` and writes its factors, one after the
    other, and which puts out what it reads."""
    units, writes = len(query), len(symbols[0])
    options = RuledOptions(key_size=units, value_size=units, rule="delta", writes=writes, max_write_rate=2.0)
    cell = RuledProgrammer(len(symbols), units, options=options, key=jax.random.key(0))
    columns = [
        np.concatenate(
            [
                query,
                *(factor.key for factor in factors),
                *(factor.value for factor in factors),
                [_logit(factor.rate) for factor in factors],
            ]
        )
        for factors in symbols
    ]
    weights = jnp.asarray(np.array(columns).T), jnp.eye(units)
    return eqx.tree_at(lambda cell: (cell.input, cell.output), cell, weights)


def outputs(cell: RuledProgrammer, sequences: np.ndarray) -> np.ndarray:
    """(batch, time, units), of sequences of symbols (batch, time)."""
    inputs = jnp.asarray(np.eye(cell.input_size)[sequences])
    return np.asarray(eqx.filter_jit(lambda cell, inputs: cell.unroll(inputs)[0])(cell, inputs))


def _logit(rate: float) -> float:
    """x with 2 σ(x) = rate; there is none beyond 2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.clip(np.log(rate) - np.log(2 - rate), -_SATURATED, _SATURATED))
