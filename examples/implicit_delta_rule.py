"""A write rule in your own file: the delta rule, one step of implicit gradient descent.

    fastweights train --plugin examples/implicit_delta_rule.py --model implicit-deltanet --out m.safetensors

The delta rule is a step down the gradient of ½ ‖v − S k‖², and diverges where β ‖k‖² > 2. The implicit step
goes to

    S(t) = argmin_S ½ ‖S − S(t−1)‖² + ½ β ‖v − S k‖²  =  S(t−1) + β / (1 + β ‖k‖²) (v − S(t−1) k) kᵀ,

which is stable at any rate: what stands under k is multiplied by 1 / (1 + β ‖k‖²).
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

import fastweights as fw
from fastweights.cells.programmers.cell import Programmer
from fastweights.cells.programmers.options import OutputNorm, ProgrammerOptions, Rule


@dataclass(frozen=True)
class ImplicitDeltaNetOptions(ProgrammerOptions):
    """Options of the implicit delta rule: those of all fast weight programmers, with these defaults."""

    rule: Rule = "delta"
    convolution: int = 4  # a key and its value come one after the other
    output_norm: OutputNorm = "rms"


@fw.register_cell("implicit-deltanet", source="Liu et al. 2024 (Longhorn), arXiv:2407.14207, equation 5")
class ImplicitDeltaNet(Programmer):
    """S ← S + δ (v − S k) kᵀ,  δ = β / (1 + β ‖k‖²),  β = softplus(w x),  y(t) = S q;  h(t) = W_o rms(y).

    Keys are not normalised: the rule is stable for all of them.
    Shapes: x (input,), h (hidden,), S (heads, value, key).
    """

    Options: ClassVar[type] = ImplicitDeltaNetOptions

    def vectors(self, mixed):
        """What each head is asked, and what it writes; arrays of writes are (writes, heads, …)."""
        parts, heads, writes = self.parts(mixed), self.options.heads, self.options.writes
        query = parts.query.reshape(heads, -1)
        key = parts.key.reshape(writes, heads, -1)
        value = parts.value.reshape(writes, heads, -1)
        rate = jax.nn.softplus(parts.write_rate.reshape(writes, heads, 1))
        step = rate / (1 + rate * jnp.sum(key * key, axis=-1, keepdims=True))
        return query, fw.Write(step * key, value, lookup=key)
