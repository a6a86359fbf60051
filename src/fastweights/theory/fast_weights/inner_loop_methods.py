"""Appendix B's two methods for the inner loop, and when they agree."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeightsOptions
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.fast_weights.inner_loops import remembered, settle
from fastweights.theory.fast_weights.layer_norm_jacobian import EPSILON
from fastweights.theory.rounding import UNIT, roundings_apart, within_rounding

Array = np.ndarray
_UNITS = 9
_STEPS = (1, 3, 10)
_SCALES = np.concatenate([[0.0], np.geomspace(1e-3, 3, 12)])


def example() -> float:
    """(4/3)/√(8/9 + ε) − 2/√(8/3 + ε): the difference of the methods at the first unit, for A = 0 and u =
    (2, 0, −2)."""
    return 4 / 3 / np.sqrt(8 / 9 + EPSILON) - 2 / np.sqrt(8 / 3 + EPSILON)


def nothing(units: int) -> Float[Array, "units units"]:
    """The empty memory."""
    return np.zeros((units, units))  # survives: 0 times anything is 0


@register_check("inner-loop-methods", source="Ba et al. 2016, appendix B")
class InnerLoopMethods(Check):
    """Method 1, h ← f(u + A h), and method 2, h ← f(h + A h), agree for A = 0, as f(f(u)) = f(u): to the
    bit.

    Else method 2 has more: after one step by f(A h_0) − f(u + A h_0) at the units with u < 0, which it
    has forgotten; after S steps it has (I + A)^S h_0, since nothing in the loop is negative and f does
    nothing. Under layer normalisation they differ for A = 0 too: f(LN[u]) and f(LN[f(u)]).

    Rounding: a step adds R + 1 products, so that (I + A)^S h_0 goes through S (R + 2) of them, all
    positive.
    """

    statement = "Without A and normalisation both methods agree; otherwise the second amplifies."
    has_figure = True

    nothing: Callable[[int], Float[Array, "units units"]] = nothing
    """The empty memory A, given the number of units."""

    difference: Callable[[Array, Array], Array] = lambda summed, read: np.where(
        summed < 0, read - np.maximum(summed + read, 0), 0
    )
    """Method 2's h_1 less method 1's, given u and A h_0: A h_0 − f(u + A h_0) where u < 0, else 0."""

    power: Callable[[Float[Array, "units units"], int], Float[Array, "units units"]] = lambda matrix, steps: (
        np.linalg.matrix_power(np.eye(len(matrix)) + matrix, steps)
    )
    """The matrix that method 2 applies to h_0 in S steps, given A and S."""

    example: Callable[[], float] = example
    """The difference of the methods at the first unit, normalised, for A = 0 and u = (2, 0, −2)."""

    def examine(self) -> Finding:
        """One memory, from nothing to a norm of 3, and one input with units on and off."""
        rng = np.random.default_rng(0)
        matrices = _SCALES[:, None, None] * remembered(rng, _UNITS, 4)
        matrices[0] = self.nothing(_UNITS)
        drawn = rng.standard_normal(_UNITS)
        drawn[:2] = 0.1, -0.1  # close to 0 on both sides
        inputs = np.tile(drawn, (len(_SCALES), 1))
        options = [
            FastWeightsOptions(inner_steps=steps, norm="none", method=method)
            for method in (1, 2)
            for steps in _STEPS
        ]
        sustained, amplifying = np.split(settle(options, matrices, inputs), 2)

        start = np.maximum(inputs, 0)
        read = np.einsum("nij,nj->ni", matrices, start)
        given, sizes = self.difference(inputs, read), abs(inputs) + start + read
        first = roundings_apart(amplifying[0] - sustained[0], given, sizes, 2 * (_UNITS + 2))
        apart, series, norm = [], [], np.linalg.norm
        for steps, one, two in zip(_STEPS, sustained, amplifying, strict=True):
            powers = np.stack([self.power(matrix, steps) @ start[0] for matrix in matrices])
            apart.append(roundings_apart(two, powers, powers, 2 * steps * (_UNITS + 2)))
            difference = (norm(two - one, axis=-1) / norm(one, axis=-1))[1:]
            series.append(Series(f"S = {steps}", _SCALES[1:], difference))
        without = abs(amplifying - sustained)[:, 0].max()
        title, y_label = "Method 2 against method 1", "‖difference‖ / ‖h_S‖"
        return Finding(
            Quantity("A = 0, no LN: largest difference of the methods", without, highest=0),
            within_rounding("S = 1: difference off its formula", first),
            within_rounding("method 2 off (I + A)^S h_0", *apart),
            self._normalised(),
            panels=[Panel(title, "‖A‖", y_label, series, x_scale="log", y_scale="log")],
        )

    def _normalised(self) -> Quantity:
        """Method 1 has 2/√(8/3 + ε) at the first unit, method 2 (4/3)/√(8/9 + ε)."""
        options = [FastWeightsOptions(inner_steps=1, norm="inside", method=method) for method in (1, 2)]
        answers = settle(options, np.zeros((1, 3, 3)), np.array([[2.0, 0.0, -2.0]]))
        name = "A = 0, LN, u = (2, 0, −2): difference at the first unit"
        return Quantity.near(name, answers[1, 0, 0] - answers[0, 0, 0], self.example(), 40 * UNIT)
