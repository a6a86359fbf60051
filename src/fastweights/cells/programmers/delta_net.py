"""Memories that write what they got wrong: DeltaNet of 2021 and 2024, with gates, with several writes."""

from typing import ClassVar

from fastweights.cells.programmers.published import (
    DeltaNet2021Options,
    DeltaNetOptions,
    DeltaProductOptions,
    GatedDeltaNetOptions,
    KimiDeltaAttentionOptions,
)
from fastweights.cells.programmers.ruled import RuledProgrammer
from fastweights.registry import register_cell


@register_cell("deltanet-2021", source="Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174")
class DeltaNet2021(RuledProgrammer):
    """S(t) = S(t−1) + β (v − S(t−1) k) kᵀ,  y(t) = S(t) q,  β = σ(w x),
    k = φ(W_k x) / Σ φ(W_k x), q likewise, φ = DPFP-3;  h(t) = W_o y.

    Shapes: x (input,), h (hidden,), S (heads, value, 6 key).
    Source: Schlag et al. 2021, arXiv:2102.11174, equations 23–25, 37, 38 and section 4.2.
    """

    Options: ClassVar[type] = DeltaNet2021Options


@register_cell("deltanet", source="Yang, Wang, Zhang, Shen & Kim 2024, arXiv:2406.06484")
class DeltaNet(RuledProgrammer):
    """S(t) = S(t−1) + β (v − S(t−1) k) kᵀ,  y(t) = S(t) q / √d,  β = σ(w x),
    k = l2(silu(conv(W_k x))), q likewise, v = silu(conv(W_v x));  h(t) = W_o rms(y).

    With unit keys, a write multiplies what the memory has under its key by 1 − β; max_write_rate = 2 allows
    for a negative factor (Grazzi et al. 2024, arXiv:2411.12537).

    Shapes: x (input,), h (hidden,), S (heads, value, key).
    Source: Yang et al. 2024, arXiv:2406.06484, section 3 and appendix.
    """

    Options: ClassVar[type] = DeltaNetOptions


@register_cell("gated-deltanet", source="Yang, Kautz & Hatamizadeh 2024, arXiv:2412.06464")
class GatedDeltaNet(RuledProgrammer):
    """S(t) = a S(t−1) + β (v − a S(t−1) k) kᵀ,  y(t) = S(t) q / √d,
    a = exp(−exp(A) softplus(w_a x + b)),  h(t) = W_o (rms(y) ⊙ silu(W_g x)); q, k, v, β as in DeltaNet.

    Shapes: x (input,), h (hidden,), S (heads, value, key), a and β one number a head.
    Source: Yang et al. 2024, arXiv:2412.06464, equation 10 and section 3.4.
    """

    Options: ClassVar[type] = GatedDeltaNetOptions


@register_cell("kda", source="Kimi Team 2025, arXiv:2510.26692")
class KimiDeltaAttention(RuledProgrammer):
    """S(t) = S(t−1) Diag(a) + β (v − S(t−1) Diag(a) k) kᵀ,  y(t) = S(t) q / √d,
    a = exp(−exp(A) softplus(W₂ W₁ x + b)),  h(t) = W_o (rms(y) ⊙ σ(W₄ W₃ x)); q, k, v, β as in DeltaNet.

    Shapes: x (input,), h (hidden,), S (heads, value, key), a (heads, key).
    Source: Kimi Team 2025, arXiv:2510.26692, equation 1.
    """

    Options: ClassVar[type] = KimiDeltaAttentionOptions


@register_cell("deltaproduct", source="Siems et al. 2025, arXiv:2502.10297")
class DeltaProduct(RuledProgrammer):
    """S ← S + β_j (v_j − S k_j) k_jᵀ for j = 1 … n,  y(t) = S(t) q / √d,  β_j = 2 σ(w_j x); q, k_j, v_j and h
    as in DeltaNet.

    A step's transition is a product of n generalised Householder matrices: with n = 2 and β = 2 it may be a
    rotation. With decay = scalar it is gated DeltaProduct.

    Shapes: x (input,), h (hidden,), S (heads, value, key).
    Source: Siems et al. 2025, arXiv:2502.10297, equations 3 and 4.
    """

    Options: ClassVar[type] = DeltaProductOptions
