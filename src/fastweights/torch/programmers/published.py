"""The published rules: sets of options of one class."""

from fastweights.cells.programmers.published import (
    DeltaNet2021Options,
    DeltaNetOptions,
    DeltaProductOptions,
    GatedDeltaNetOptions,
    GatedLinearAttentionOptions,
    KimiDeltaAttentionOptions,
    LinearAttentionOptions,
    RetNetOptions,
)
from fastweights.torch.programmers.ruled import RuledProgrammerCell
from fastweights.torch.recurrent import Recurrent


class LinearAttentionCell(RuledProgrammerCell):
    """One step of `LinearAttention`."""

    Options = LinearAttentionOptions


class LinearAttention(Recurrent):
    """S(t) = S(t−1) + v φ(k)ᵀ,  z(t) = z(t−1) + φ(k),  y(t) = S(t) φ(q) / z(t)ᵀ φ(q),  φ(x) = elu(x) + 1;
    h(t) = W_o y(t). z is one more row of S.

    Matrices are uniform in ± 1/√inputs. hx is `ProgrammerState(memory, recent)`.

    Source: Katharopoulos, Vyas, Pappas & Fleuret 2020, arXiv:2006.16236, equations 16–20.
    """

    cell_class = LinearAttentionCell


class RetNetCell(RuledProgrammerCell):
    """One step of `RetNet`."""

    Options = RetNetOptions


class RetNet(Recurrent):
    """S(t) = γ S(t−1) + v kᵀ,  y(t) = S(t) q / √d,  γ = 1 − 2^(−5−h) in head h,  h(t) = W_o (rms(y) ⊙
    silu(W_g x)).

    Matrices are uniform in ± 1/√inputs. hx is `ProgrammerState(memory, recent)`.

    Source: Sun et al. 2023, arXiv:2307.08621, equations 6 and 8.
    """

    cell_class = RetNetCell


class GatedLinearAttentionCell(RuledProgrammerCell):
    """One step of `GatedLinearAttention`."""

    Options = GatedLinearAttentionOptions


class GatedLinearAttention(Recurrent):
    """S(t) = S(t−1) Diag(a) + v kᵀ,  y(t) = S(t) q / √d,  a = σ(W₂ W₁ x + b)^(1/16),
    h(t) = W_o (rms(y) ⊙ silu(W_g x)).

    Matrices are uniform in ± 1/√inputs. hx is `ProgrammerState(memory, recent)`.

    Source: Yang, Wang, Shen, Panda & Kim 2023, arXiv:2312.06635, equation 3 and section 4.4.
    """

    cell_class = GatedLinearAttentionCell


class DeltaNet2021Cell(RuledProgrammerCell):
    """One step of `DeltaNet2021`."""

    Options = DeltaNet2021Options


class DeltaNet2021(Recurrent):
    """S(t) = S(t−1) + β (v − S(t−1) k) kᵀ,  h(t) = W_o S(t) q,  β = σ(w x),  k = φ(W_k x) / Σ φ(W_k x), q
    likewise, φ = DPFP-3.

    Matrices are uniform in ± 1/√inputs. hx is `ProgrammerState(memory, recent)`.

    Source: Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, equations 23–25, 37, 38 and section 4.2.
    """

    cell_class = DeltaNet2021Cell


class DeltaNetCell(RuledProgrammerCell):
    """One step of `DeltaNet`."""

    Options = DeltaNetOptions


class DeltaNet(Recurrent):
    """S(t) = S(t−1) + β (v − S(t−1) k) kᵀ,  y(t) = S(t) q / √d,  β = σ(w x),
    k = l2(silu(conv(W_k x))), q likewise, v = silu(conv(W_v x));  h(t) = W_o rms(y).

    Matrices are uniform in ± 1/√inputs. hx is `ProgrammerState(memory, recent)`.

    Source: Yang, Wang, Zhang, Shen & Kim 2024, arXiv:2406.06484, section 3 and appendix.
    """

    cell_class = DeltaNetCell


class GatedDeltaNetCell(RuledProgrammerCell):
    """One step of `GatedDeltaNet`."""

    Options = GatedDeltaNetOptions


class GatedDeltaNet(Recurrent):
    """S(t) = a S(t−1) + β (v − a S(t−1) k) kᵀ,  y(t) = S(t) q / √d,  a = exp(−exp(A) softplus(w_a x + b)),
    h(t) = W_o (rms(y) ⊙ silu(W_g x)); q, k, v, β as in DeltaNet.

    Matrices are uniform in ± 1/√inputs. hx is `ProgrammerState(memory, recent)`.

    Source: Yang, Kautz & Hatamizadeh 2024, arXiv:2412.06464, equation 10 and section 3.4.
    """

    cell_class = GatedDeltaNetCell


class KimiDeltaAttentionCell(RuledProgrammerCell):
    """One step of `KimiDeltaAttention`."""

    Options = KimiDeltaAttentionOptions


class KimiDeltaAttention(Recurrent):
    """S(t) = S(t−1) Diag(a) + β (v − S(t−1) Diag(a) k) kᵀ,  y(t) = S(t) q / √d,
    a = exp(−exp(A) softplus(W₂ W₁ x + b)),  h(t) = W_o (rms(y) ⊙ σ(W₄ W₃ x)); q, k, v, β as in DeltaNet.

    Matrices are uniform in ± 1/√inputs. hx is `ProgrammerState(memory, recent)`.

    Source: Kimi Team 2025, arXiv:2510.26692, equation 1.
    """

    cell_class = KimiDeltaAttentionCell


class DeltaProductCell(RuledProgrammerCell):
    """One step of `DeltaProduct`."""

    Options = DeltaProductOptions


class DeltaProduct(Recurrent):
    """S ← S + β_j (v_j − S k_j) k_jᵀ for j = 1 … n,  y(t) = S(t) q / √d,  β_j = 2 σ(w_j x); q, k_j, v_j and h
    as in DeltaNet.

    Matrices are uniform in ± 1/√inputs. hx is `ProgrammerState(memory, recent)`.

    Source: Siems et al. 2025, arXiv:2502.10297, equations 3 and 4.
    """

    cell_class = DeltaProductCell
