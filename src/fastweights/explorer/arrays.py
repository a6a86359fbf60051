"""Arrays as the page reads them: shapes, and single-precision numbers in base 64."""

import base64
from typing import Any

import numpy as np
from jaxtyping import ArrayLike


def written(array: ArrayLike) -> dict[str, Any]:
    """The shape, and the numbers as little-endian floats, row by row, in base 64.

    >>> written([[1.0, 2.0]])
    {'shape': [1, 2], 'data': 'AACAPwAAAEA='}
    """
    numbers = np.asarray(array, "<f4")
    return {"shape": list(numbers.shape), "data": base64.b64encode(numbers.tobytes()).decode()}


def read(value: dict[str, Any]) -> np.ndarray:
    """The array that was written.

    >>> read({"shape": [1, 2], "data": "AACAPwAAAEA="})
    array([[1., 2.]], dtype=float32)
    """
    numbers = np.frombuffer(base64.b64decode(value["data"]), "<f4")
    return numbers.reshape(value["shape"]).astype(np.float32)
