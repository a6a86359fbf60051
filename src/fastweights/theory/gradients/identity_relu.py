"""The gradient through rectified units with identity recurrence."""

from collections.abc import Callable

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float

from fastweights.cells.irnn import IRNN, IRNNOptions
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.gradients.state_jacobians import state_jacobians
from fastweights.theory.networks import built, outputs, run_once

_UNITS, _BATCH, _STEPS = 10, 8, 12


@register_check("identity-relu", source="Le, Jaitly & Hinton 2015, arXiv:1504.00941, section 3")
class IdentityRelu(Check):
    """With W = s I, ∂h(T)/∂h(τ) is diagonal: s^(T−τ) for units that are on from τ + 1 to T, 0 for the others.

    Exactly so: with s = 1 and s = ½, the scales of Le et al. and of Ba et al., every product is a power of 2
    and every sum has one term.
    """

    statement = "Through rectified units with identity recurrence gradients pass unchanged, or not at all."

    decay: Callable[[float, Float[np.ndarray, " ages"]], Float[np.ndarray, " ages"]] = lambda scale, age: (
        scale**age
    )
    """The diagonal's entry, the gradient of a unit that was on in all of `age` steps, given scale and age."""

    recurrent: Callable[[int], Float[np.ndarray, "units units"]] = np.eye
    """W / s, given the number of units."""

    def examine(self) -> Finding:
        """For both scales, on random inputs that leave some units on and some off."""
        drawn = np.random.default_rng(0).standard_normal((_STEPS, _UNITS, _BATCH))
        projections = np.moveaxis(drawn, -1, 0) + 1
        ages, quantities = np.arange(_STEPS - 1, 0, -1.0), []
        for scale in (1.0, 0.5):
            options = IRNNOptions(recurrent_scale=scale)
            cell = built(lambda options=options: IRNN(1, _UNITS, options=options, key=jax.random.key(0)))
            cell = eqx.tree_at(lambda cell: cell.recurrent, cell, cell.recurrent @ self.recurrent(_UNITS))
            on = outputs(cell, projections) > 0
            on = np.cumprod(on[:, :0:-1], axis=1)[:, ::-1]  # from τ + 1 to T
            diagonal = self.decay(scale, ages)[:, None] * on
            measured = run_once(state_jacobians)(cell, projections)
            difference = abs(measured - diagonal[..., None] * np.eye(_UNITS)).max()
            quantities += [
                Quantity(f"largest difference, W = {scale:g} I", difference, highest=0),
                Quantity("units on throughout", on[:, 0].sum(), lowest=1),
                Quantity("units off at some step", (1 - on[:, 0]).sum(), lowest=1),
            ]
        return Finding(*quantities)
