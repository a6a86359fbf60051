"""The equations of published cells, each as its paper has it: loops in NumPy over one sequence.

What the slow weights make of an input is drawn at random; the order of axes, and what is a row and what a
column, is the paper's. Nothing here knows the recurrence that the cells have in common.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Outputs = np.ndarray
"""What is read after each step: (time, value)."""


class Inputs(NamedTuple):
    """What a cell writes and asks at each step; the second axis of keys, values and rates is that of the
    writes of a step."""

    query: np.ndarray
    """(time, key)"""
    key: np.ndarray
    """(time, writes, key), of length 1."""
    value: np.ndarray
    """(time, writes, value)"""
    rate: np.ndarray
    """β, (time, writes), in (0, 1)."""
    gate: np.ndarray
    """One number a step, (time,), in (0, 1)."""
    gates: np.ndarray
    """One for each unit of the keys, (time, key), in (0, 1)."""
    erase: np.ndarray
    """Another one."""
    step: np.ndarray
    """Δ of Mamba-2, and exp of mLSTM's input gate, (time,), positive."""

    @classmethod
    def drawn(cls, rng: np.random.Generator, time: int, key: int, value: int) -> "Inputs":
        """Random ones, with two writes a step."""
        keys = rng.standard_normal((time, 2, key))
        return cls(
            rng.standard_normal((time, key)),
            keys / np.linalg.norm(keys, axis=-1, keepdims=True),
            rng.standard_normal((time, 2, value)),
            rng.uniform(0.1, 0.9, (time, 2)),
            rng.uniform(0.1, 0.9, time),
            rng.uniform(0.1, 0.9, (time, key)),
            rng.uniform(0.1, 0.9, (time, key)),
            np.exp(rng.standard_normal(time)),
        )


def _elu_plus_one(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def linear_attention(x: Inputs) -> Outputs:
    """Katharopoulos et al. 2020, equations 16 to 20: s (key × value) and z, φ = elu + 1."""
    s, z, outputs = np.zeros((x.key.shape[-1], x.value.shape[-1])), np.zeros(x.key.shape[-1]), []
    for q, k, v in zip(x.query, x.key[:, 0], x.value[:, 0], strict=True):
        s, z = s + np.outer(_elu_plus_one(k), v), z + _elu_plus_one(k)
        outputs.append(_elu_plus_one(q) @ s / (_elu_plus_one(q) @ z))
    return np.array(outputs)


def retnet(x: Inputs) -> Outputs:
    """Sun et al. 2023, equation 5, the parallel form (Q Kᵀ ⊙ D) V, D = γ^(n − m), of the head γ = 1 − 2⁻⁵."""
    time = np.arange(len(x.query))
    ages = time[:, None] - time
    decays = np.where(ages >= 0, (1 - 2.0**-5) ** np.maximum(ages, 0), 0)
    return (x.query @ x.key[:, 0].T * decays) @ x.value[:, 0]


def mamba2(x: Inputs) -> Outputs:
    """Dao & Gu 2024, the state space model h = exp(Δ A) h + Δ B x, y = Cᵀ h for each channel of x, A = −1."""
    h, outputs = np.zeros((x.value.shape[-1], x.key.shape[-1])), []
    for query, key, channels, delta in zip(x.query, x.key[:, 0], x.value[:, 0], x.step, strict=True):
        for channel, number in enumerate(channels):
            h[channel] = np.exp(-delta) * h[channel] + delta * key * number
        outputs.append(h @ query)
    return np.array(outputs)


def gla(x: Inputs) -> Outputs:
    """Yang et al. 2023, equation 3: S (key × value), S = (αᵀ 1) ⊙ S + kᵀ v, o = q S with rows."""
    s, outputs = np.zeros((x.key.shape[-1], x.value.shape[-1])), []
    for q, k, v, alpha in zip(x.query, x.key[:, 0], x.value[:, 0], x.gates, strict=True):
        s = np.outer(alpha, np.ones_like(v)) * s + np.outer(k, v)
        outputs.append(q @ s)
    return np.array(outputs)


def mlstm(x: Inputs) -> Outputs:
    """Beck et al. 2024, section 2.3: C = f C + i v kᵀ, n = f n + i k, h = C q / max(|nᵀ q|, 1), the key
    divided by √d, i = exp(ĩ); without a stabiliser."""
    c, n, outputs = np.zeros((x.value.shape[-1], x.key.shape[-1])), np.zeros(x.key.shape[-1]), []
    for q, k, v, f, i in zip(x.query, x.key[:, 0], x.value[:, 0], x.gate, x.step, strict=True):
        k = k / np.sqrt(len(k))
        c, n = f * c + i * np.outer(v, k), f * n + i * k
        outputs.append(c @ q / max(abs(n @ q), 1))
    return np.array(outputs)


def deltanet_2021(x: Inputs) -> Outputs:
    """Schlag et al. 2021, section 4.2: v̄ = W φ(k), v_new = β v + (1 − β) v̄, W = W − v̄ φ(k)ᵀ + v_new φ(k)ᵀ;
    φ is left out, as it's the same in both."""
    w, outputs = np.zeros((x.value.shape[-1], x.key.shape[-1])), []
    for q, k, v, beta in zip(x.query, x.key[:, 0], x.value[:, 0], x.rate[:, 0], strict=True):
        old = w @ k
        new = beta * v + (1 - beta) * old
        w = w - np.outer(old, k) + np.outer(new, k)
        outputs.append(w @ q)
    return np.array(outputs)


def deltanet(x: Inputs) -> Outputs:
    """Yang et al. 2024, arXiv:2406.06484: S = S (I − β k kᵀ) + β v kᵀ, with the transition as a matrix."""
    return _with_transitions(x, lambda beta, k, t: np.eye(len(k)) - beta * np.outer(k, k))


def gated_deltanet(x: Inputs) -> Outputs:
    """Yang, Kautz & Hatamizadeh 2024, equation 10: S = S (α (I − β k kᵀ)) + β v kᵀ."""
    return _with_transitions(x, lambda beta, k, t: x.gate[t] * (np.eye(len(k)) - beta * np.outer(k, k)))


def kda(x: Inputs) -> Outputs:
    """Kimi Team 2025, equation 1: S (key × value), S = (I − β k kᵀ) Diag(α) S + β k vᵀ, o = Sᵀ q."""
    s, outputs = np.zeros((x.key.shape[-1], x.value.shape[-1])), []
    for t, (q, k, v, beta) in enumerate(zip(x.query, x.key[:, 0], x.value[:, 0], x.rate[:, 0], strict=True)):
        s = (np.eye(len(k)) - beta * np.outer(k, k)) @ np.diag(x.gates[t]) @ s + beta * np.outer(k, v)
        outputs.append(s.T @ q)
    return np.array(outputs)


def deltaproduct(x: Inputs) -> Outputs:
    """Siems et al. 2025: H = H A + B of two factors, A = (I − β₁ k₁ k₁ᵀ)(I − β₂ k₂ k₂ᵀ), and B what both
    write."""
    h, outputs = np.zeros((x.value.shape[-1], x.key.shape[-1])), []
    for q, (k1, k2), (v1, v2), (beta1, beta2) in zip(x.query, x.key, x.value, x.rate, strict=True):
        first, second = (np.eye(len(k)) - b * np.outer(k, k) for k, b in ((k1, beta1), (k2, beta2)))
        h = h @ (first @ second) + beta1 * np.outer(v1, k1) @ second + beta2 * np.outer(v2, k2)
        outputs.append(h @ q)
    return np.array(outputs)


def rwkv7(x: Inputs) -> Outputs:
    """Peng et al. 2025: S = S (Diag(w) − κ̂ᵀ (a ⊙ κ̂)) + vᵀ k̃ with rows; κ̂ is the second key, k̃ the first."""
    s, outputs = np.zeros((x.value.shape[-1], x.key.shape[-1])), []
    for t, (q, (k, removal), v) in enumerate(zip(x.query, x.key, x.value[:, 0], strict=True)):
        s = s @ (np.diag(x.gates[t]) - np.outer(removal, x.erase[t] * removal)) + np.outer(v, k)
        outputs.append(s @ q)
    return np.array(outputs)


def _with_transitions(x: Inputs, transition: Callable[[float, np.ndarray, int], np.ndarray]) -> Outputs:
    """S = S A + β v kᵀ, given A of β, k and t."""
    s, outputs = np.zeros((x.value.shape[-1], x.key.shape[-1])), []
    for t, (q, k, v, beta) in enumerate(zip(x.query, x.key[:, 0], x.value[:, 0], x.rate[:, 0], strict=True)):
        s = s @ transition(beta, k, t) + beta * np.outer(v, k)
        outputs.append(s @ q)
    return np.array(outputs)
