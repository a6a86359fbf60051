"""One write of an outer-product memory: every rule of the family is a case of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor


class Write(NamedTuple):
    """S ← S Diag(decay) − (S lookup) eraseᵀ + value keyᵀ, where S lookup is read before the decay.

    As `fastweights.Write`: what is None is left out, and without `erase` what is looked up is erased under
    `key`.

    Shapes: key, lookup and erase (…, key), value (…, value), decay (…, key), or (…, 1) for one number for the
    whole memory.
    """

    key: Tensor
    value: Tensor
    decay: Tensor | None = None
    lookup: Tensor | None = None
    erase: Tensor | None = None

    def map(self, function: Callable[[Tensor], Tensor]) -> "Write":
        """The function of all arrays."""
        arrays: Any = [None if array is None else function(array) for array in self]
        return Write(*arrays)


def written(matrix: Tensor, write: Write) -> Tensor:
    """The matrix (…, value, key) after a write; leading axes broadcast."""
    key, value, decay, lookup, erase = write
    after = matrix if decay is None else matrix * decay[..., None, :]
    if lookup is None:
        return after + outer(value, key)
    found = read(matrix, lookup)
    if erase is None:
        return after + outer(value - found, key)
    return after - outer(found, erase) + outer(value, key)


def outer(value: Tensor, key: Tensor) -> Tensor:
    """v kᵀ."""
    return value[..., :, None] * key[..., None, :]


def read(matrix: Tensor, query: Tensor) -> Tensor:
    """S q."""
    return (matrix @ query[..., None])[..., 0]
