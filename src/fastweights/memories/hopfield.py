"""Hopfield's network of binary units."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from fastweights.errors import check
from fastweights.memories.base import EnergyMemory, Sizes, check_sizes, contract
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

    Shapes: matrix (key, key, batch), matrix[i, j] leading from unit i to unit j; states (key, batch).
    Raises: InvalidValueError if key and value sizes differ or are below 1, a shape is wrong, a stored
    pattern holds anything but −1 and +1 or is not its own value, or a query anything but −1, 0 and +1.
    What JAX is tracing cannot be looked at: within compiled code only shapes are checked.
    Source: Hopfield 1982, Proc. Natl. Acad. Sci. 79, 2554, equations 1, 2 and 7.
    """

    auto_associative = True
    binary = True

    matrix: Float[Array, "key key batch"]

    @classmethod
    def empty(cls, key_size: int, value_size: int, batch: int) -> "Hopfield":
        """The memory with nothing stored."""
        check_sizes(key_size, value_size, batch)
        check(key_size == value_size, f"a pattern is its own value; got sizes {key_size} and {value_size}")
        return cls(jnp.zeros((key_size, key_size, batch)))

    @property
    def sizes(self) -> Sizes:
        return Sizes(*self.matrix.shape)

    def write(self, key: Float[Array, "key batch"], value: Float[Array, "key batch"]) -> "Hopfield":
        key, value = self.checked_pair(key, value)
        _check_patterns(key, value)
        return Hopfield(
            self.matrix + key[:, None] * key[None] - jnp.eye(len(key), dtype=key.dtype)[..., None]
        )

    def _store(
        self, keys: Float[Array, "pairs key batch"], values: Float[Array, "pairs key batch"]
    ) -> "Hopfield":
        _check_patterns(keys, values)
        diagonal = len(keys) * jnp.eye(keys.shape[1], dtype=keys.dtype)[..., None]
        return Hopfield(self.matrix + _correlations(keys) - diagonal)

    def read(self, query: Float[Array, "key batch"]) -> Float[Array, "key batch"]:
        """The fixed point that asynchronous recall reaches, unit after unit, again and again."""
        query = self.checked_query(query)
        _check_entries("query", query, (-1, 0, 1))
        return _settle(self.matrix, query)

    def energy(self, state: Float[Array, "key batch"]) -> Float[Array, " batch"]:
        """−½ xᵀ W x."""
        state = self.checked_query(state)
        return -jnp.sum(state * contract(self.matrix, state), axis=0) / 2

    def update(self, state: Float[Array, "key batch"]) -> Float[Array, "key batch"]:
        """One sweep: every unit once, in their order."""
        return self.sweep(state, jnp.arange(self.sizes.key))

    def sweep(
        self, state: Float[Array, "key batch"], order: Int[Array, " steps"]
    ) -> Float[Array, "key batch"]:
        """The units of `order`, one after another, each seeing what the ones before have become."""
        state = self.checked_query(state)

        def change(state, unit):
            return state.at[unit].set(_sign(self._field(unit, state), state[unit])), None

        return lax.scan(change, state, order)[0]

    def update_together(self, state: Float[Array, "key batch"]) -> Float[Array, "key batch"]:
        """Synchronous recall: all units at once. It ends at a fixed point or alternates between two states,
        and may raise the energy (Little 1974; Goles, Fogelman & Pellegrin 1985)."""
        state = self.checked_query(state)
        return _sign(contract(self.matrix, state), state)

    def _field(self, unit: Int[Array, ""], state: Float[Array, "key batch"]) -> Float[Array, " batch"]:
        return jnp.sum(self.matrix[:, unit] * state, axis=0)


def _sign(field: Float[Array, "*shape"], state: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The sign of the field; where that is zero, the state as it is."""
    return jnp.where(field == 0, state, jnp.sign(field))


def _correlations(patterns: Float[Array, "pairs units batch"]) -> Float[Array, "units units batch"]:
    if patterns.shape[-1] == 1:
        return (patterns[..., 0].T @ patterns[..., 0])[..., None]
    return jnp.einsum("nib,njb->ijb", patterns, patterns)


@jax.jit
def _settle(
    matrix: Float[Array, "units units columns"], states: Float[Array, "units batch"]
) -> Float[Array, "units batch"]:
    """Column by column: each has its own number of flips, and a flip is one row of the matrix."""
    rows, fields = jnp.moveaxis(matrix, -1, 0), contract(matrix, states)
    if len(rows) == 1:
        return lax.map(lambda column: _settle_column(rows[0], *column), (states.T, fields.T)).T
    return lax.map(lambda column: _settle_column(*column), (rows, states.T, fields.T)).T


def _settle_column(
    matrix: Float[Array, "units units"], state: Float[Array, " units"], fields: Float[Array, " units"]
) -> Float[Array, " units"]:
    """Flip the next unit that its field is against, until there is none.

    The fields are kept, and a flip adds its row to them. To look for the next unit costs as much; to ask
    each unit in turn would cost a step of the loop for each.
    """
    units = len(state)
    places = jnp.arange(units)

    def next_flip(state, fields, start):
        away = jnp.where(places >= start, places - start, places - start + units)
        return jnp.min(jnp.where(_sign(fields, state) != state, away, units))

    def flip(carry):
        state, fields, start, away, flips = carry
        unit = (start + away) % units
        turned = jnp.sign(fields[unit])
        fields = fields + (turned - state[unit]) * matrix[unit]
        state = state.at[unit].set(turned)
        return state, fields, unit, next_flip(state, fields, unit), flips + 1

    def unsettled(carry):
        return (carry[3] < units) & (carry[4] < _MAX_FLIPS_A_UNIT * units)

    start = jnp.asarray(0)
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
