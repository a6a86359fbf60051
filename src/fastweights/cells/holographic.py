"""The memory inside the associative LSTM: sums of bound pairs, in several permuted copies.

A complex vector of n units is a column of 2 n numbers, real parts first.
"""

import functools

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from fastweights.types import Column

_Copies = Float[Array, "2 copies half batch"]


class HolographicMemory(eqx.Module):
    """c_s ← c_s + (P_s k) ⊛ v on writing, 1/C Σ_s (P_s q) ⊛ c_s on reading; c_s = 0 at first.

    ⊛ multiplies complex numbers unit by unit, P_s permutes them. The conjugate of a key of unit modulus
    recovers its value, plus noise from every other pair: with C copies the noise is a mean of C terms whose
    phases have nothing to do with each other, and so falls as 1/√C.

    Shapes: traces (2, copies, half, batch), real parts first; key, value and query (2 half, batch).
    Source: Danihelka, Wayne, Uria, Kalchbrenner & Graves 2016, arXiv:1602.03032, after Plate 1995, IEEE
    Transactions on Neural Networks 6:623–641.
    """

    traces: _Copies

    @classmethod
    def empty(cls, half: int, copies: int, batch: int, dtype: jnp.dtype) -> "HolographicMemory":
        """The memory with nothing stored."""
        return cls(jnp.zeros((2, copies, half, batch), dtype))

    def fade(self, factor: Float[Array, "half batch"]) -> "HolographicMemory":
        """The memory with every unit of every copy multiplied by a real number."""
        return HolographicMemory(factor * self.traces)

    def write(self, key: Column, value: Column) -> "HolographicMemory":
        """The memory after storing `value` under `key`."""
        return HolographicMemory(self.traces + _product(self._permuted(key), _parts(value)[:, None]))

    def read(self, query: Column) -> Column:
        """What the copies answer to `query`, on average."""
        answers = _product(self._permuted(query), self.traces)
        return jnp.mean(answers, axis=1).reshape(query.shape)

    def _permuted(self, key: Column) -> _Copies:
        _, copies, half, _ = self.traces.shape
        return _parts(key)[:, permutations(half, copies)]


def bound(z: Column) -> Column:
    """z / max(1, |z|) for each complex number: the modulus never exceeds 1.

    Shapes: z (2 half, batch). Range: |z|² must not overflow; the result is 0 if it does.
    Source: Danihelka et al. 2016.
    """
    real, imaginary = _parts(z)
    # Of the square, not of the modulus, whose slope at 0 is infinite.
    scale = lax.rsqrt(jnp.maximum(1, real * real + imaginary * imaginary))
    return jnp.concatenate([real * scale, imaginary * scale])


@functools.cache
def permutations(units: int, copies: int) -> Int[np.ndarray, "copies units"]:
    """Each copy's permutation P_s: (P_s z)_i = z[permutations[s, i]]. The same numbers always and everywhere.

    They are not part of a model's weights: whoever knows the two sizes knows them. So they are made of a
    generator's raw bits, which never change, where NumPy may change how it shuffles.
    """
    bits = [np.random.Philox(key=copy).random_raw(units) for copy in range(copies)]
    table = np.argsort(np.array(bits), axis=1, kind="stable").astype(np.int32)
    table.flags.writeable = False
    return table


def _parts(z: Column) -> Float[Array, "2 half batch"]:
    """Real and imaginary parts."""
    return z.reshape(2, -1, z.shape[-1])


def _product(a: Float[Array, "2 ..."], b: Float[Array, "2 ..."]) -> Float[Array, "2 ..."]:
    """The complex product, unit by unit."""
    return jnp.stack([a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]])
