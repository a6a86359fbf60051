"""What the rows of a programmer's matrix W are for, in every framework. Does not import JAX."""

from typing import Any, NamedTuple

from fastweights.cells.programmers.options import ProgrammerOptions, RuledOptions


class Parts(NamedTuple):
    """A projection, cut into what it is for; or how many rows of W each part has."""

    query: Any
    key: Any
    value: Any
    write_rate: Any = 0
    decay: Any = 0
    output_gate: Any = 0


def ruled_rows(options: RuledOptions, key_size: int, value_size: int, gates: int) -> Parts:
    """Those of a published rule: `gates` decays for each head."""
    heads, writes = options.heads, options.writes
    keys, values = heads * key_size, heads * value_size
    return Parts(
        query=keys,
        key=writes * keys,
        value=writes * values,
        write_rate=writes * heads * (options.rule == "delta"),
        decay=(options.decay_rank or heads * gates) * (gates > 0),
        output_gate=_output_gate(options, values),
    )


def least_rate(options: RuledOptions) -> float:
    """Of an exponential decay at first: that of KDA, whose decays are of units, or of gated DeltaNet, which
    begins at 0; but that has no logarithm."""
    return 1.0 if options.decay == "vector" else 1e-6


def gated_rows(options: ProgrammerOptions, key_size: int, value_size: int, gates: int) -> Parts:
    """Those of one write a step, with so many rows for its write rates, and for its decays."""
    keys, values = options.heads * key_size, options.heads * value_size
    return Parts(keys, keys, values, gates, gates, _output_gate(options, values))


def _output_gate(options: ProgrammerOptions, values: int) -> int:
    return (options.output_gate_rank or values) * (options.output_gate != "none")
