"""Shape aliases: axes of units come last, those of a batch first."""

from jaxtyping import Array, Float, Integer

Vector = Float[Array, " units"]
"""One vector."""

Tokens = Integer[Array, "*batch time"]
"""Symbols, as indices into a task's alphabet."""

Scalar = Float[Array, ""]
