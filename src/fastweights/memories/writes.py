"""One write of an outer-product memory: every rule of the family is a case of it."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from fastweights.memories.base import outer


class Write(NamedTuple):
    """S ← S Diag(decay) − (S lookup) eraseᵀ + value keyᵀ, where S lookup is read before the decay.

    | rule | decay | lookup | erase | value | key |
    | :--- | :--- | :--- | :--- | :--- | :--- |
    | outer product | – | – | – | v | k |
    | decaying, with a write rate η | λ | – | – | η v | k |
    | delta rule | – | k | as key | v | β k |
    | gated delta rule | a | a ⊙ k | as key | v | β k |
    | generalised delta rule | a | κ | g ⊙ κ | v | k |

    Shapes: key, lookup and erase (…, key), value (…, value), decay (…, key), or (…, 1) for one number for
    the whole memory. What is None is left out: without `decay` nothing decays, without `lookup` nothing is
    erased, and without `erase` what is looked up is erased under `key`.
    Source: Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, equations 1, 4 and 24; Yang et al. 2024,
    arXiv:2412.06464, equation 10; Peng et al. 2025, arXiv:2503.14456.
    """

    key: Float[Array, "... key"]
    value: Float[Array, "... value"]
    decay: Float[Array, "... gates"] | None = None
    lookup: Float[Array, "... key"] | None = None
    erase: Float[Array, "... key"] | None = None


def written(matrix: Float[Array, "... value key"], write: Write) -> Float[Array, "... value key"]:
    """The matrix after a write; leading axes broadcast."""
    key, value, decay, lookup, erase = write
    after = matrix if decay is None else matrix * decay[..., None, :]
    if lookup is None:
        return after + outer(value, key)
    found = jnp.matvec(matrix, lookup)
    if erase is None:
        return after + outer(value - found, key)
    return after - outer(found, erase) + outer(value, key)
