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
from fastweights.cells.programmers.cell import Parts, Programmer
from fastweights.cells.programmers.options import OutputNorm, ProgrammerOptions


@dataclass(frozen=True)
class ImplicitDeltaNetOptions(ProgrammerOptions):
    """Options of the implicit delta rule: those of all fast weight programmers, with these defaults."""

    convolution: int = 4  # a key and its value come one after the other
    output_norm: OutputNorm = "rms"


@fw.register_cell("implicit-deltanet", source="Liu et al. 2024 (Longhorn), arXiv:2407.14207, section 3")
class ImplicitDeltaNet(Programmer):
    """S ← S + δ (v − S k) kᵀ,  δ = β / (1 + β ‖k‖²),  β = softplus(w x),  y(t) = S q;  h(t) = W_o rms(y).

    Keys are not normalised: the rule is stable for all of them.
    Shapes: x (input,), h (hidden,), S (heads, value, key).
    """

    Options: ClassVar[type] = ImplicitDeltaNetOptions

    def rows(self):
        """How many rows of W make queries, keys, values and rates."""
        keys, values = self.options.heads * self.key_size, self.options.heads * self.value_size
        return Parts(query=keys, key=keys, value=values, write_rate=self.options.heads)

    def vectors(self, mixed):
        """What each head is asked, (heads, key), and what is written, (writes, heads, …), here one write."""
        parts, heads = self.parts(mixed), self.options.heads
        query, key = parts.query.reshape(heads, -1), parts.key.reshape(1, heads, -1)
        rate = jax.nn.softplus(parts.write_rate.reshape(1, heads, 1))
        step = rate / (1 + rate * jnp.sum(key * key, axis=-1, keepdims=True))
        return query, fw.Write(step * key, parts.value.reshape(1, heads, -1), lookup=key)
