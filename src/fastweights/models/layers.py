"""What stands before, between and after the cells of a model."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.layers import uniform
from fastweights.cells.sequences import each_vector
from fastweights.errors import (
    check,
)
from fastweights.options import ClassifierOptions as ClassifierOptions

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

    def vectors(self, num_symbols: int) -> Float[Array, "symbols input"]:
        """The vectors of all symbols."""
        if self.table is None:
            return jnp.eye(num_symbols)
        # The barrier has the transposed table made once: XLA's products with one that is not take three times
        # as long.
        rows = lax.optimization_barrier(self.table.T)
        return rows if self.expansion is None else rows @ self.expansion.T


class Perceptron(eqx.Module):
    """y = V relu(U x + u) + v, or V x + v without hidden units; uniform in ± 1/√inputs, biases 0."""

    hidden: tuple[Float[Array, "units input"], Float[Array, " units"]] | None
    output: tuple[Float[Array, "outputs units"], Float[Array, " outputs"]]

    def __init__(self, input_size: int, units: int, num_outputs: int, *, key: Array) -> None:
        hidden_key, output_key = jax.random.split(key)
        self.hidden = None
        if units:
            self.hidden = uniform(hidden_key, (units, input_size), input_size), jnp.zeros(units)
        fan = units or input_size
        self.output = uniform(output_key, (num_outputs, fan), fan), jnp.zeros(num_outputs)

    def __call__(self, x: Float[Array, "*batch input"]) -> Float[Array, "*batch outputs"]:
        return each_vector(self._of_one, x)

    def _of_one(self, x: Float[Array, " input"]) -> Float[Array, " outputs"]:
        if self.hidden is not None:
            weight, bias = self.hidden
            x = jax.nn.relu(weight @ x + bias)
        weight, bias = self.output
        return weight @ x + bias
