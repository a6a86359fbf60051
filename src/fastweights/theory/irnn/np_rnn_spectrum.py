"""The eigenvalues of an np-RNN's recurrent matrix before training, and what they do to gradients."""

from collections.abc import Callable
from functools import cache

import jax
import numpy as np
from jaxtyping import Float

from fastweights.cells.irnn import IRNN, IRNNOptions
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.networks import run_once

_UNITS, _SEEDS, _STEPS = 200, 4, 12


def below(eigenvalue: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """(√(x (4 − x)) + 4 arcsin(√x / 2)) / 2π: the share of eigenvalues of GᵀG/R below x, for large R."""
    x = np.clip(eigenvalue, 0, 4)  # survives: of these matrices no eigenvalue is above 4
    return (np.sqrt(x * (4 - x)) + 4 * np.arcsin(np.sqrt(x) / 2)) / (2 * np.pi)


@register_check("np-rnn-spectrum", source="Talathi & Vartak 2015, arXiv:1511.03771; Marchenko & Pastur 1967")
class NpRNNSpectrum(Check):
    """W = (GᵀG/R + I)/e has the largest eigenvalue 1 and no eigenvalue below 1/e. For large R those of
    GᵀG/R lie between 0 and 4 with Marchenko and Pastur's density, so e tends to 5 and those of W to the range
    from 1/5 to 1, of mean 2/5. Steps diag(0 or 1) W never lengthen a vector,
    and if all units are active, they leave the leading eigenvector as long as it is.

    200 units, four seeds. The least eigenvalue of GᵀG/R is of the order of R⁻², so that W's is 1/e.
    The distribution function is the limit's up to 2 %, mean and e are up to 3 %: the largest eigenvalue of
    GᵀG/R is below 4 by about 3 R^(−2/3).
    """

    statement = (
        "An np-RNN starts with eigenvalues between 1/5 and 1, so that no gradient is longer than it was."
    )
    has_figure = True

    below: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]] = below
    """The distribution function of the eigenvalues of GᵀG/R."""

    largest: float = 1.0
    """Eigenvalue of W."""

    divisor: float = 5.0
    """e, for large R."""

    mean: float = 0.4
    """Of the eigenvalues of W, for large R."""

    def examine(self) -> Finding:
        """The library's cell with this option, and random patterns of active units."""
        rng = np.random.default_rng(0)
        tops, divisors, means, apart, longest, active = [], [], [], [], [], []
        every = []
        for seed in range(_SEEDS):
            recurrent, values, leading = _spectrum(seed)
            divisor = 1 / values[0]
            tops.append(abs(values[-1] - self.largest))
            divisors.append(divisor)
            means.append(values.mean())
            found = np.arange(1, _UNITS + 1) / _UNITS
            apart.append(abs(found - self.below(divisor * values - 1)).max())
            product = np.eye(_UNITS)[:, :1]
            for _ in range(_STEPS):
                product = rng.integers(0, 2, _UNITS)[:, None] * (recurrent @ product)
                longest.append(np.linalg.norm(product))
            for _ in range(_STEPS):
                leading = recurrent @ leading
            active.append(np.linalg.norm(leading))
            every.append(values)
        grid = np.linspace(0.2, 1, 200)
        values = np.sort(np.concatenate(every))
        shares = np.arange(1, len(values) + 1) / len(values)
        return Finding(
            Quantity("largest eigenvalue off 1", max(tops), highest=1e-12),
            Quantity.near("e", np.mean(divisors), self.divisor, 0.03 * self.divisor),
            Quantity.near("mean eigenvalue", np.mean(means), self.mean, 0.03 * self.mean),
            Quantity("distribution function off the limit's", max(apart), highest=0.02),
            Quantity("length of a vector after steps with units off: most", max(longest), highest=1),
            Quantity(
                "the same of the leading eigenvector, all units active, off 1",
                abs(np.array(active) - 1).max(),
                highest=1e-10,
            ),
            panels=[
                Panel(
                    "Eigenvalues of W at the start",
                    "eigenvalue",
                    "share below",
                    [
                        Series("np-RNN, four of 200 units", values, shares),
                        Series("the limit", grid, below(5 * grid - 1), "dashed"),
                        Series("identity", [0.2, 1, 1], [0, 0, 1]),
                    ],
                ),
            ],
        )


@cache
def _spectrum(seed: int) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """W, its eigenvalues, and the leading eigenvector."""
    recurrent = _recurrent(jax.random.key(seed))
    values, vectors = np.linalg.eigh(recurrent)
    return recurrent, values, vectors[:, -1]


@run_once
def _recurrent(key):
    options = IRNNOptions(recurrent_scale=1.0, recurrent_init="positive-definite")
    return IRNN(2, _UNITS, options=options, key=key).recurrent
