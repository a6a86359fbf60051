"""Lyapunov exponents by repeated orthogonalisation."""

import numpy as np
from jaxtyping import Float

Jacobians = Float[np.ndarray, "time n n"]

HOUSEHOLDER = 10
"""The "small constant" in the backward error of a QR decomposition."""


def stretches(jacobians: Jacobians) -> Float[np.ndarray, "time n"]:
    """log |R_ii(t)| with J(t) Q(t−1) = Q(t) R(t), Q orthogonal and R upper triangular, from `frame(n)`.

    The product of the first k of |R_ii| is the factor by which step t stretches the k-dimensional volume that
    the first k columns of Q(t−1) span; the means over time are the Lyapunov exponents, in falling order.
    Where R_ii = 0, a step has lost a direction, and the logarithm is −∞.

    Source: Benettin, Galgani, Giorgilli & Strelcyn 1980; Eckmann & Ruelle 1985, section V.C.
    """
    basis, logs = frame(jacobians.shape[-1]), []
    for jacobian in jacobians:
        basis, triangle = np.linalg.qr(jacobian @ basis)
        with np.errstate(divide="ignore"):
            logs.append(np.log(np.abs(np.diag(triangle))))
    return np.array(logs)


def frame(size: int) -> Float[np.ndarray, "n n"]:
    """An orthogonal matrix in generic position."""
    rng = np.random.default_rng(0)  # survives: any other would do
    return np.linalg.qr(rng.standard_normal((size, size)))[0]
