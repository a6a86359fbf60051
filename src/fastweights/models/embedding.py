"""Vectors for symbols."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from fastweights.cells.layers import uniform
from fastweights.errors import check
from fastweights.models.options import ClassifierOptions

_SMALL_SIZE = 50


class Embedding(eqx.Module):
    """A vector for each symbol: a column of `table`, or of `expansion @ table`.

    Source: Ba et al. 2016, footnote 2.
    """

    table: Float[Array, "size symbols"] | None
    expansion: Float[Array, "expanded size"] | None

    def __init__(self, size: int, num_symbols: int, options: ClassifierOptions, *, key: Array) -> None:
        table_key, expansion_key = jax.random.split(key)
        self.table = self.expansion = None
        if options.embedding == "one-hot":
            check(
                size == num_symbols,
                f"one-hot symbols need a cell of input_size {num_symbols}; got {size}",
            )
            return
        if options.embedding == "expanded":
            self.expansion = uniform(expansion_key, (size, _SMALL_SIZE), _SMALL_SIZE)
            size = _SMALL_SIZE
        if options.embedding_init == "normal":
            self.table = options.embedding_scale * jax.random.normal(table_key, (size, num_symbols))
        else:
            self.table = uniform(table_key, (size, num_symbols), size, options.embedding_scale)

    def vectors(self, num_symbols: int) -> Float[Array, "input symbols"]:
        """The vectors of all symbols, as columns."""
        if self.table is None:
            return jnp.eye(num_symbols)
        return self.table if self.expansion is None else self.expansion @ self.table
