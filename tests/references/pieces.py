"""What several references need, written out."""

import numpy as np


def normalised(x: np.ndarray, gain: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Layer normalisation of one vector (Ba, Kiros & Hinton 2016, equation 3), with ε = 1e-5."""
    mean = sum(x) / len(x)
    deviation = np.sqrt(sum((value - mean) ** 2 for value in x) / len(x) + 1e-5)
    return np.array([g * (v - mean) / deviation + b for g, v, b in zip(gain, x, bias, strict=True)])


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.where(x > 0, x, 0.0)


def double(array) -> np.ndarray:
    """An array in double precision."""
    return np.asarray(array, np.float64)
