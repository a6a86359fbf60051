"""Shape aliases. Vectors are columns, as in the papers: the batch is the last axis everywhere."""

from jaxtyping import Array, Float, Integer

Column = Float[Array, "units batch"]
"""One vector for each sequence of a batch."""

Columns = Float[Array, "time units batch"]
"""One vector for each time step and sequence."""

Tokens = Integer[Array, "time batch"]
"""Symbols, as indices into a task's alphabet."""

Scalar = Float[Array, ""]
