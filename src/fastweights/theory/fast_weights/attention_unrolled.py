"""Equation 4 in the whole cell: attention to past states equals reading the matrix."""

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.base import State
from fastweights.cells.fast_weights import FastWeights, FastWeightsOptions
from fastweights.theory import Check, Finding, register_check
from fastweights.theory.networks import perturbed, run_once
from fastweights.theory.rounding import UNIT, within_rounding

_INPUT, _UNITS, _BATCH, _STEPS = 3, 5, 2, 7
_FAR = 1e-7
_PLAIN = FastWeightsOptions(decay=0.8, write_rate=0.1)
CASES: Mapping[str, Mapping[str, Any]] = {
    "S = 0": {"inner_steps": 0, "preliminary_norm": "separate"},
    "S = 1": {"inner_steps": 1},
    "S = 1, LN outside": {"norm": "outside", "preliminary_norm": "shared", "write_rate": 0.02},
    "S = 1, no LN": {"norm": "none", "write_rate": 0.02},
    "S = 3": {"inner_steps": 3, "norm_sets": "per-step", "preliminary_norm": "separate"},
    "S = 3, LN outside": {"inner_steps": 3, "norm": "outside", "write_time": "late", "write_rate": 0.02},
    "S = 3, no LN": {"inner_steps": 3, "norm": "none", "method": 2, "write_rate": 0.005},
}


@register_check("attention-unrolled", source="Ba et al. 2016, equations 1, 2, 4 and 5")
class AttentionUnrolled(Check):
    """`FastWeights.unroll`, which attends to past states, equals the recurrence with the matrix A, for S = 0,
    1 and 3 and every place of the normalisation.

    A step adds at most (S + 1) (2 T + 3) (R + 4) rounded numbers, so that each form's h(t) is off by as many
    roundings of its largest unit, and whatever earlier errors have grown to. How they grow is measured: each
    state is perturbed at random by 10⁻⁷ of its largest unit; the difference at the end, in proportion, is
    taken tenfold, because random directions are not the worst.
    """

    statement = "Attention to past states computes the same as the fast weight matrix."

    between: Callable[[State], State] = lambda state: state
    """A function applied to the state of the matrix form between two steps."""

    cases: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: CASES)
    """The options of the cells to examine, by name."""

    def examine(self) -> Finding:
        """In generic position, with what `unroll` takes here (kernels, if there are any) and with JAX."""
        inputs = np.moveaxis(np.random.default_rng(2).standard_normal((_STEPS, _INPUT, _BATCH)), -1, 0)
        quantities = []
        for name, changes in self.cases.items():
            options = replace(_PLAIN, **changes)
            cell = perturbed(FastWeights(_INPUT, _UNITS, options=options, key=jax.random.key(0)), 1)
            forms, matrix, noisy = _unrolled(self.between, cell, inputs)
            growth = 10 * abs(noisy - matrix).max() / _FAR
            count = (options.inner_steps + 1) * (2 * _STEPS + 3) * (_UNITS + 4)
            off = abs(forms - matrix).max() / (2 * count * UNIT * growth)
            quantities.append(within_rounding(f"{name}: attention off matrix", off))
        return Finding(*quantities)


@run_once
def _unrolled(
    between: Callable[[State], State], cell: FastWeights, inputs: Float[Array, "batch time input"]
) -> tuple[
    Float[Array, "forms batch time hidden"],
    Float[Array, "batch time hidden"],
    Float[Array, "batch time hidden"],
]:
    """By `unroll` and its form in JAX; by the matrix; and by the matrix with each state perturbed."""
    projections = jax.vmap(jax.vmap(cell.project))(inputs)
    noise = np.moveaxis(np.random.default_rng(3).uniform(-1, 1, (_STEPS, _UNITS, _BATCH)), -1, 0)

    def by_matrix(far: float) -> Float[Array, "batch time hidden"]:
        def step(state, now):
            projection, shift = now
            state, output = cell.step(between(state), projection)
            hidden = state.hidden + far * shift * jnp.max(jnp.abs(state.hidden))
            return state._replace(hidden=hidden), output

        def of_one(*sequence):
            return lax.scan(step, cell.initial_state(), sequence)[1]

        return jax.vmap(of_one)(projections, noise)

    in_jax, _ = jax.vmap(cell.unroll_in_jax)(projections)
    return jnp.stack([cell.unroll(inputs)[0], in_jax]), by_matrix(0.0), by_matrix(_FAR)
