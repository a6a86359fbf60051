"""Memories that are only added to: linear attention, with decays of three kinds."""

from typing import ClassVar

from fastweights.cells.programmers.published import (
    GatedLinearAttentionOptions,
    LinearAttentionOptions,
    RetNetOptions,
)
from fastweights.cells.programmers.ruled import RuledProgrammer
from fastweights.registry import register_cell


@register_cell("linear-attention", source="Katharopoulos, Vyas, Pappas & Fleuret 2020, arXiv:2006.16236")
class LinearAttention(RuledProgrammer):
    """S(t) = S(t−1) + v φ(k)ᵀ,  z(t) = z(t−1) + φ(k),  φ(x) = elu(x) + 1,
    y(t) = S(t) φ(q) / z(t)ᵀ φ(q).

    Hebb's rule with positive keys: attention with the kernel φ(q)ᵀ φ(k) in place of exp(qᵀ k / √d). z is one
    more row of S, whose values are 1. q, k, v = W x, h = W_o y.

    Shapes: x (input,), h (hidden,), S (heads, value + 1, key).
    Source: Katharopoulos et al. 2020, arXiv:2006.16236, equations 16–20.
    """

    Options: ClassVar[type] = LinearAttentionOptions


@register_cell("retnet", source="Sun et al. 2023, arXiv:2307.08621")
class RetNet(RuledProgrammer):
    """S(t) = γ S(t−1) + v kᵀ,  y(t) = S(t) q / √d,  γ = 1 − 2^(−5−h) in head h,
    h(t) = W_o (rms(y) ⊙ silu(W_g x)).

    Ba et al.'s decaying memory with a decay for each head. Retention's rotation of queries and keys by their
    position is left out.

    Shapes: x (input,), h (hidden,), S (heads, value, key).
    Source: Sun et al. 2023, arXiv:2307.08621, equations 6 and 8.
    """

    Options: ClassVar[type] = RetNetOptions


@register_cell("gla", source="Yang, Wang, Shen, Panda & Kim 2023, arXiv:2312.06635")
class GatedLinearAttention(RuledProgrammer):
    """S(t) = S(t−1) Diag(a) + v kᵀ,  y(t) = S(t) q / √d,  a = σ(W₂ W₁ x + b)^(1/16),
    h(t) = W_o (rms(y) ⊙ silu(W_g x)).

    Each unit of the keys decays at a rate of its own that the input decides, W₁ x having 16 units.

    Shapes: x (input,), h (hidden,), S (heads, value, key), a (key,).
    Source: Yang et al. 2023, arXiv:2312.06635, equation 3 and section 4.4.
    """

    Options: ClassVar[type] = GatedLinearAttentionOptions
