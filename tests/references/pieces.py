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


def silu(x: np.ndarray) -> np.ndarray:
    """x σ(x)."""
    return x / (1 + np.exp(-x))


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + eˣ)."""
    return np.log(1 + np.exp(x))


def of_unit_length(x: np.ndarray) -> np.ndarray:
    """x / √(‖x‖² + 1e-6)."""
    return x / np.sqrt(sum(value**2 for value in x) + 1e-6)


def root_mean_square(x: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Zhang & Sennrich 2019, equation 4: x over the root of its mean square, with ε = 1e-5."""
    return gain * x / np.sqrt(sum(value**2 for value in x) / len(x) + 1e-5)


def dpfp(x: np.ndarray, order: int) -> np.ndarray:
    """z_i z_{i−j} for each i and j = 1 … ν, z = relu([x; −x]): as in the code of Schlag et al. 2021."""
    z = np.array([max(value, 0.0) for value in [*x, *-x]])
    return np.array([z[i] * z[i - j] for j in range(1, order + 1) for i in range(len(z))])


def softmax(x: np.ndarray) -> np.ndarray:
    """exp(x_i) / Σ_j exp(x_j)."""
    powers = np.exp(x)
    return powers / sum(powers)


def delta_rule(memory: np.ndarray, key: np.ndarray, value: np.ndarray, rate: float) -> np.ndarray:
    """W + β (v − W k) kᵀ (Schlag, Irie & Schmidhuber 2021, equations 23 to 25), one number at a time."""
    after = memory.copy()
    for i in range(len(value)):
        old = sum(memory[i][j] * key[j] for j in range(len(key)))
        for j in range(len(key)):
            after[i][j] += rate * (value[i] - old) * key[j]
    return after
