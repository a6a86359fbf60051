"""Special cases within the family: a gate of 1, one write a step, equal gates."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fastweights.cells.programmers.delta_net import (
    DeltaNet,
    DeltaNetOptions,
    DeltaProduct,
    DeltaProductOptions,
    GatedDeltaNet,
    GatedDeltaNetOptions,
)
from fastweights.cells.programmers.ruled import RuledProgrammer
from fastweights.memories import (
    DeltaRule,
    GatedDeltaRule,
    GatedMatrix,
    GeneralisedDeltaRule,
    OuterProduct,
)
from fastweights.memories.linear import LinearMemory
from fastweights.theory import Check, Finding, Quantity, register_check
from fastweights.theory.networks import run_once

_KEY, _VALUE, _PAIRS, _RATE = 4, 3, 6, 0.5
_INPUT, _HIDDEN, _TIME = 3, 4, 7
_OPEN = -800.0
"""The gate's bias with which gated DeltaNet keeps everything: softplus is 0 there."""


@register_check(
    "gate-of-one",
    source="Yang et al. 2024, arXiv:2412.06464; Siems et al. 2025, arXiv:2502.10297",
)
class GateOfOne(Check):
    """With a = 1 the gated memory is Hebb's and the gated delta rule the delta rule; the generalised delta
    rule is the delta rule at β = 1 for unit keys; equal gates are one number. DeltaProduct with one write a
    step and β up to 1 is DeltaNet, and so is gated DeltaNet with a gate that is open.

    Memories have numbers that are multiples of 1/1024 below 2¹⁰ to the end, so that their differences must be
    0. Cells are compared as they are, with the same weights: both compute the same products, one of them
    with factors of 1, and differ by the order of sums at most: 10⁻¹⁴."""

    statement = "A gate of 1 is none, equal gates are one, and one write a step is DeltaNet."

    gate: float = 1.0
    """a that keeps everything."""

    erase_rate: float = 1.0
    """e of the generalised delta rule that is the delta rule's."""

    write_rate: float = 1.0
    """β of that delta rule."""

    max_write_rate: float = 1.0
    """The largest β with which DeltaProduct is DeltaNet."""

    def examine(self) -> Finding:
        """Random pairs, and random weights."""
        rng = np.random.default_rng(0)
        keys = rng.choice([-0.5, 0.5], (_PAIRS, _KEY))  # of length 1
        values = rng.integers(-9, 10, (_PAIRS, _VALUE)).astype(float)
        gate, entries = jnp.asarray([self.gate]), jnp.full(_KEY, 0.5)
        one, empty = jnp.asarray(0.5), jnp.zeros((_VALUE, _KEY))

        def apart(first: LinearMemory, second: LinearMemory) -> float:
            matrices = [m.store(jnp.asarray(keys), jnp.asarray(values)).matrix for m in (first, second)]
            return float(jnp.max(abs(matrices[0] - matrices[1])))

        rate, erase = jnp.asarray(self.write_rate), jnp.asarray([self.erase_rate])
        half = jnp.asarray([0.5])
        pairs = {
            "gated and Hebb": (GatedMatrix(empty, gate), OuterProduct(empty)),
            "gated delta and delta": (GatedDeltaRule(empty, gate, one), DeltaRule(empty, one)),
            "generalised and delta": (GeneralisedDeltaRule(empty, gate, erase), DeltaRule(empty, rate)),
            "equal gates and one": (GatedMatrix(empty, entries), GatedMatrix(empty, half)),
        }
        quantities = [Quantity(f"{name}: difference", apart(*two), 0, 0) for name, two in pairs.items()]
        x = jnp.asarray(rng.standard_normal((_TIME, _INPUT)))
        return Finding(*quantities, *self._of_cells(x))

    def _of_cells(self, x: jax.Array) -> list[Quantity]:
        def made(kind: type[RuledProgrammer], options: object) -> RuledProgrammer:
            return kind(_INPUT, _HIDDEN, options=options, key=jax.random.key(0))

        net = made(DeltaNet, DeltaNetOptions())
        options = DeltaProductOptions(writes=1, max_write_rate=self.max_write_rate)
        product = made(DeltaProduct, options)
        gated = made(GatedDeltaNet, GatedDeltaNetOptions(output_gate="none"))
        rows = net.input.shape[0]
        # DeltaNet's weights, and 0 for the gate, whose bias decides alone.
        weights = jnp.concatenate([net.input, jnp.zeros((gated.input.shape[0] - rows, _INPUT))])
        shared = weights, net.convolution, net.output, jnp.full_like(gated.decay.bias, _OPEN)
        gated = eqx.tree_at(lambda c: (c.input, c.convolution, c.output, c.decay.bias), gated, shared)
        unroll = run_once(lambda cell: cell.unroll(x)[0])
        expected = unroll(net)
        return [
            Quantity(f"{name}: difference", np.max(abs(unroll(cell) - expected)), highest=1e-14)
            for name, cell in {
                "DeltaProduct and DeltaNet": product,
                "gated DeltaNet and DeltaNet": gated,
            }.items()
        ]
