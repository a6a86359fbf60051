"""The memory inside the associative LSTM: sums of bound pairs, in several permuted copies.

A complex vector of n units is a vector of 2 n numbers, real parts first.
"""

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from fastweights.cells.permutations import permutations

_Vector = Float[Array, "... units"]
_Copies = Float[Array, "... copies 2 half"]


class HolographicMemory(eqx.Module):
    """c_s ← c_s + (P_s k) ⊛ v on writing, 1/C Σ_s (P_s q) ⊛ c_s on reading; c_s = 0 at first.

    ⊛ multiplies complex numbers unit by unit, P_s permutes them. The conjugate of a key of unit modulus
    recovers its value, plus noise from every other pair: with C copies the noise is a mean of C terms whose
    phases have nothing to do with each other, and so falls as 1/√C.

    Shapes: traces (..., copies, 2, half), real parts first; key, value and query (..., 2 half).
    Source: Danihelka, Wayne, Uria, Kalchbrenner & Graves 2016, arXiv:1602.03032, after Plate 1995, IEEE
    Transactions on Neural Networks 6:623–641.
    """

    traces: _Copies

    @classmethod
    def empty(cls, half: int, copies: int, dtype: jnp.dtype) -> "HolographicMemory":
        """The memory with nothing stored."""
        return cls(jnp.zeros((copies, 2, half), dtype))

    def fade(self, factor: Float[Array, "... half"]) -> "HolographicMemory":
        """The memory with every unit of every copy multiplied by a real number."""
        return HolographicMemory(factor[..., None, None, :] * self.traces)

    def write(self, key: _Vector, value: _Vector) -> "HolographicMemory":
        """The memory after storing `value` under `key`."""
        return HolographicMemory(self.traces + _product(self._permuted(key), _parts(value)[..., None, :, :]))

    def read(self, query: _Vector) -> _Vector:
        """What the copies answer to `query`, on average."""
        answer = jnp.mean(_product(self._permuted(query), self.traces), axis=-3)
        return answer.reshape(*answer.shape[:-2], -1)

    def _permuted(self, key: _Vector) -> _Copies:
        copies, _, half = self.traces.shape[-3:]
        return _parts(key)[..., permutations(half, copies)].swapaxes(-3, -2)


def bound(z: _Vector) -> _Vector:
    """z / max(1, |z|) for each complex number: the modulus never exceeds 1.

    Shapes: z (..., 2 half). Range: |z|² must not overflow; the result is 0 if it does.
    Source: Danihelka et al. 2016.
    """
    real, imaginary = jnp.split(z, 2, axis=-1)
    # Of the square, not of the modulus, whose slope at 0 is infinite.
    scale = lax.rsqrt(jnp.maximum(1, real * real + imaginary * imaginary))
    return jnp.concatenate([real * scale, imaginary * scale], axis=-1)


def _parts(z: _Vector) -> Float[Array, "... 2 half"]:
    """Real and imaginary parts."""
    return z.reshape(*z.shape[:-1], 2, -1)


def _product(a: _Copies, b: Float[Array, "... _ 2 half"]) -> _Copies:
    """The complex product, unit by unit."""
    (p, q), (r, s) = jnp.moveaxis(a, -2, 0), jnp.moveaxis(b, -2, 0)
    return jnp.stack([p * r - q * s, p * s + q * r], axis=-2)
