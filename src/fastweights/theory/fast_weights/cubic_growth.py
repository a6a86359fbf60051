"""Why fast weights need the normalisation: without it every step cubes the state's norm."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from fastweights.cells.fast_weights import FastWeights, FastWeightsOptions, FastWeightsState
from fastweights.memories import DecayingMatrix
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.fast_weights.layer_norm_jacobian import radius
from fastweights.theory.networks import built, run_once
from fastweights.theory.rounding import UNIT

_UNITS, _STEPS = 20, 14
_NORMS = ("none", "outside", "inside")
_FINITE = 1e50
"""Of larger states, the cube's square would overflow."""


def rest(
    added_to: float, size: float, summed: float, memory: float, inputs: float, decay: float, rate: float
) -> float:
    """‖v‖ + η ‖h‖² ‖c‖ + λ ‖A‖ (w ‖h‖ + ‖c‖), given ‖v‖, ‖h‖, w ‖h‖ + ‖c‖, ‖A‖, ‖c‖, λ and η."""
    return added_to + rate * size**2 * inputs + decay * memory * summed


@register_check("cubic-growth", source="Ba et al. 2016, section 3.2 and equation 5; derived in the chapter")
class CubicGrowth(Check):
    """If all states and the query grow by c, A h grows by c³. In the cell with W = w I and no
    normalisation, or one that A h_0 stays out of, ‖h(t+1) − η w ‖h(t)‖² h(t)‖ is at most ‖v‖ + η ‖h(t)‖²
    ‖c‖ + λ ‖A(t−1)‖ (w ‖h(t)‖ + ‖c‖), with c = C x and v what A h_0 is added to; inside it, ‖h‖ ≤ √R max
    |g| + ‖b‖.

    Scales are powers of 2, so that the first part is exact; the others have less than 100 R roundings.
    The bound is attained where h, c and the only state in A are parallel. Once the bound is small against
    the cube, ‖h(t+1)‖ is the cube up to their ratio.
    """

    statement = "Without normalisation of A h the norm of a large state is about cubed in every step."
    has_figure = True

    growth: Callable[[Float[np.ndarray, "*shape"]], Float[np.ndarray, "*shape"]] = lambda norm: norm**3
    """A norm after one step, up to constant factors, given the norm before."""

    rest: Callable[..., float] = rest
    """The bound on how far the state is from the cube, given ‖v‖, ‖h‖, w ‖h‖ + ‖c‖, ‖A‖, ‖c‖, λ and η."""

    def examine(self) -> Finding:
        """The memory alone; then the cell at initialisation, with each place of the normalisation."""
        off = self._memory_alone()
        projections = 2 * np.random.default_rng(0).standard_normal((_STEPS, _UNITS))
        runs: dict[str, tuple[np.ndarray, np.ndarray, FastWeights]] = {}
        for norm in _NORMS:
            options = FastWeightsOptions(norm=norm)
            cell = built(lambda o=options: FastWeights(1, _UNITS, options=o, key=jax.random.key(0)))
            hidden, memories = _run(cell, projections)
            runs[norm] = hidden, memories, cell
        quantities = [Quantity("‖A h‖ off c³ for states of c times the size, relative", off, highest=0)]
        for norm, about in (("none", "no LN"), ("outside", "LN[u] + A h")):
            hidden, memories, cell = runs[norm]
            excess, last, small = self._against_bound(hidden, memories, cell, projections)
            quantities += [
                Quantity(f"{about}: ‖h(t+1) − η w ‖h‖² h‖ / its bound", excess, highest=1),
                Quantity(f"{about}: last ‖h(t+1)‖ / (η w ‖h‖³), off 1", last, highest=small),
            ]
        hidden, _, cell = runs["inside"]
        largest, series = np.linalg.norm(hidden, axis=1).max() / _radius(cell), []
        rounding = 100 * _UNITS * UNIT
        quantities.append(Quantity("LN inside: ‖h‖ / (√R max |g| + ‖b‖)", largest, highest=1 + rounding))
        quantities.append(self._parallel())
        for norm, (hidden, _, _) in runs.items():
            shown = hidden[: int((abs(hidden).max(axis=1) < _FINITE).sum())]
            steps = np.arange(1, len(shown) + 1)
            series.append(Series(f"LN {norm}", steps, np.linalg.norm(shown, axis=1)))
        return Finding(*quantities, panels=[Panel("At initialisation", "t", "‖h(t)‖", series, y_scale="log")])

    def _memory_alone(self) -> float:
        """The relative deviation of ‖A h‖ from its growth with the states' size, for scales from 1/16 to
        16."""
        rng = np.random.default_rng(1)
        scales = 2.0 ** np.arange(-4, 5)
        states = jnp.asarray(scales[:, None] * np.maximum(rng.standard_normal((5, 1, _UNITS)), 0))
        memory = DecayingMatrix.empty(_UNITS, _UNITS, 0.9, 0.5).store(states, states)
        answers = memory.read(jnp.asarray(scales[:, None] * rng.standard_normal(_UNITS)))
        norms = np.linalg.norm(np.asarray(answers), axis=-1)
        return abs(norms / norms[4] / self.growth(scales) - 1).max()

    def _against_bound(
        self,
        hidden: Float[np.ndarray, "time units"],
        memories: Float[np.ndarray, "time units units"],
        cell: FastWeights,
        projections: Float[np.ndarray, "time units"],
    ) -> tuple[float, float, float]:
        """The largest ‖h(t+1) − η w ‖h(t)‖² h(t)‖ over its bound; the deviation of the last factor from 1;
        and how large it may be."""
        w, decay, rate = float(cell.recurrent[0, 0]), float(cell.decay), float(cell.write_rate)
        norm, ratios, last, small = np.linalg.norm, [], np.inf, 0.0
        for now, after, before, projection in zip(
            hidden, hidden[1:], memories, projections[1:], strict=False
        ):
            if abs(now).max() > _FINITE:
                break
            size, input_size = norm(now), norm(projection)
            summed = w * size + input_size
            growth = rate * w * float(self.growth(np.array([size]))[0])
            added_to = _radius(cell) if cell.norm == "outside" else summed
            bound = self.rest(added_to, size, summed, norm(before, 2), input_size, decay, rate)
            rounding = 100 * _UNITS * UNIT * (bound + growth)
            ratios.append(norm(after - growth * now / max(size, 1e-300)) / (bound + rounding))
            last, small = abs(norm(after) / growth - 1), (bound + rounding) / growth
        return max(ratios), float(last), float(small)

    def _parallel(self) -> Quantity:
        """One step of the cell, W = w I and no normalisation, from h = x e and A = a e eᵀ with c = y e."""
        x, y, a = 0.7, 0.4, 0.9
        direction = np.arange(1.0, _UNITS + 1)
        direction /= np.linalg.norm(direction)
        options = FastWeightsOptions(norm="none")
        cell = built(lambda: FastWeights(1, _UNITS, options=options, key=jax.random.key(0)))
        w, decay, rate = float(cell.recurrent[0, 0]), float(cell.decay), float(cell.write_rate)
        state = FastWeightsState(jnp.asarray(x * direction), jnp.asarray(a * np.outer(direction, direction)))
        after = np.asarray(cell.step(state, jnp.asarray(y * direction))[1])
        off = np.linalg.norm(after - rate * w * self.growth(np.array(x)) * direction)
        bound = self.rest(w * x + y, x, w * x + y, a, y, decay, rate)
        return Quantity.near("the same where all are parallel", off / bound, 1, 100 * _UNITS * UNIT)


@run_once
def _run(
    cell: FastWeights, projections: Float[Array, "time units"]
) -> tuple[Float[Array, "time units"], Float[Array, "time units units"]]:
    """h(t) and A(t−1) after each step."""

    def step(state, projection):
        state, output = cell.step(state, projection)
        return state, (output, state.memory)

    return lax.scan(step, cell.initial_state(), projections)[1]


def _radius(cell: FastWeights) -> float:
    """The largest norm of a normalised vector."""
    return radius(*(np.asarray(array)[0] for array in cell.norms))
