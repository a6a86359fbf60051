"""Hopfield's network of binary units."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from fastweights.errors import check
from fastweights.memories.base import EnergyMemory, Sizes, check_sizes, outer
from fastweights.numerics import is_known
from fastweights.registry import register_memory

# A recall makes one flip for each wrong unit; it might never end with weights that `write` did not make.
_MAX_FLIPS_A_UNIT = 100


@register_memory("hopfield", source="Hopfield 1982, Proc. Natl. Acad. Sci. 79, 2554")
class Hopfield(EnergyMemory):
    """W ← W + x xᵀ − I on writing a pattern x of −1 and +1, so that W is symmetric with zero diagonal.

    Recall is asynchronous: one unit after another takes the sign of its field, x_i ← sgn(Σ_j W_ij x_j), and
    stays as it is where the field is zero. A change lowers the energy −½ xᵀ W x, so `read` ends at a fixed
    point. In a query 0 stands for a unit that is not known.

    There is no factor 1/N before the sum: every weight, field and energy is then a whole number, and exact
    below 2²⁴ in single and 2⁵³ in double precision. Divide by N for the units of Amit et al.

    Shapes: matrix (..., key, key), matrix[i, j] leading from unit j to unit i; states (..., key).
    Raises: InvalidValueError if key and value sizes differ or are below 1, a shape is wrong, a stored
    pattern holds anything but −1 and +1 or is not its own value, or a query anything but −1, 0 and +1.
    What JAX is tracing cannot be looked at: within compiled code only shapes are checked.
    Source: Hopfield 1982, Proc. Natl. Acad. Sci. 79, 2554, equations 1, 2 and 7.
    """

    auto_associative = True
    binary = True

    matrix: Float[Array, "... key key"]

    @classmethod
    def empty(cls, key_size: int, value_size: int) -> "Hopfield":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size)
        check(key_size == value_size, f"a pattern is its own value; got sizes {key_size} and {value_size}")
        return cls(jnp.zeros((key_size, key_size)))

    @property
    def sizes(self) -> Sizes:
        return Sizes(*self.matrix.shape[-2:])

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.matrix.shape[:-2]

    def write(self, key: Float[Array, "... key"], value: Float[Array, "... key"]) -> "Hopfield":
        key, value = self.checked_pair(key, value)
        _check_patterns(key, value)
        return Hopfield(self.matrix + outer(key, key) - jnp.eye(self.sizes.key, dtype=key.dtype))

    def _store(
        self, keys: Float[Array, "pairs ... key"], values: Float[Array, "pairs ... key"]
    ) -> "Hopfield":
        _check_patterns(keys, values)
        correlations = jnp.einsum("n...i,n...j->...ij", keys, keys, precision="highest")
        return Hopfield(self.matrix + correlations - len(keys) * jnp.eye(self.sizes.key, dtype=keys.dtype))

    def read(self, query: Float[Array, "... key"]) -> Float[Array, "... key"]:
        """The fixed point that asynchronous recall reaches, unit after unit, again and again."""
        query = self.checked_query(query)
        _check_entries("query", query, (-1, 0, 1))
        return _settle(self.matrix, query)

    def energy(self, state: Float[Array, "... key"]) -> Float[Array, "..."]:
        """−½ xᵀ W x."""
        state = self.checked_query(state)
        return -jnp.sum(state * _fields(self.matrix, state), axis=-1) / 2

    def update(self, state: Float[Array, "... key"]) -> Float[Array, "... key"]:
        """One sweep: every unit once, in their order."""
        return self.sweep(state, jnp.arange(self.sizes.key))

    def sweep(self, state: Float[Array, "... key"], order: Int[Array, " steps"]) -> Float[Array, "... key"]:
        """The units of `order`, one after another, each seeing what the ones before have become."""
        return _sweep(self.matrix, self.checked_query(state), order)

    def update_together(self, state: Float[Array, "... key"]) -> Float[Array, "... key"]:
        """Synchronous recall: all units at once. It ends at a fixed point or alternates between two states,
        and may raise the energy (Little 1974; Goles, Fogelman & Pellegrin 1985)."""
        state = self.checked_query(state)
        return _sign(_fields(self.matrix, state), state)


def _fields(matrix: Float[Array, "... units units"], state: Float[Array, "... units"]) -> Array:
    """W x, exact for whole numbers on every device."""
    return jnp.einsum("...ij,...j->...i", matrix, state, precision="highest")


def _sign(field: Float[Array, "..."], state: Float[Array, "..."]) -> Float[Array, "..."]:
    """The sign of the field; where that is zero, the state as it is."""
    return jnp.where(field == 0, state, jnp.sign(field))


@partial(jnp.vectorize, signature="(n,n),(n),(m)->(n)")
def _sweep(matrix: Array, state: Array, order: Array) -> Array:
    def change(state: Array, unit: Array) -> tuple[Array, None]:
        return state.at[unit].set(_sign(jnp.sum(matrix[unit] * state), state[unit])), None

    return lax.scan(change, state, order)[0]


@jax.jit
@partial(jnp.vectorize, signature="(n,n),(n)->(n)")
def _settle(matrix: Array, state: Array) -> Array:
    """Flip the next unit that its field is against, until there is none.

    The fields are kept, and a flip adds its weights to them. To look for the next unit costs as much; to ask
    each unit in turn would cost a step of the loop for each.
    """
    units = len(state)
    places, outgoing = jnp.arange(units), matrix.T

    def next_flip(state, fields, start):
        away = jnp.where(places >= start, places - start, places - start + units)
        return jnp.min(jnp.where(_sign(fields, state) != state, away, units))

    def flip(carry):
        state, fields, start, away, flips = carry
        unit = (start + away) % units
        turned = jnp.sign(fields[unit])
        fields = fields + (turned - state[unit]) * outgoing[unit]
        state = state.at[unit].set(turned)
        return state, fields, unit, next_flip(state, fields, unit), flips + 1

    def unsettled(carry):
        return (carry[3] < units) & (carry[4] < _MAX_FLIPS_A_UNIT * units)

    start, fields = jnp.asarray(0), _fields(matrix, state)
    return lax.while_loop(unsettled, flip, (state, fields, start, next_flip(state, fields, start), 0))[0]


def _check_patterns(keys: Array, values: Array) -> None:
    _check_entries("a stored pattern", keys, (-1, 1))
    if keys is not values and is_known(keys) and is_known(values):
        check(np.array_equal(keys, values), "a Hopfield network stores patterns: value must be the key")


def _check_entries(name: str, array: Array, entries: tuple[int, ...]) -> None:
    if is_known(array):
        wrong = np.asarray(array)[~np.isin(array, entries)]
        expected = ", ".join(map(str, entries))
        check(not wrong.size, f"{name} may hold {expected} alone; got {wrong[0] if wrong.size else ''}")
