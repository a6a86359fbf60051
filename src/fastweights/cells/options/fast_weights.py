"""The options of fast weights."""

from dataclasses import dataclass
from typing import Literal

from fastweights.cells.options.footprint import Footprint, kept_steps
from fastweights.errors import MAX_SCALE, check, check_between, check_choice, to_python_numbers

CHUNK = 16
"""Steps that attend to one another in a sequence too long to attend to all its past."""


def longest_attention(hidden_size: int) -> int:
    """The longest sequences that are cheaper to attend to as a whole than in chunks, as measured."""
    return 2 * hidden_size + CHUNK


@dataclass(frozen=True)
class FastWeightsOptions:
    """Options of fast weights. Symbols are those of Ba et al. 2016."""

    decay: float = 0.9
    """λ, in [0, 1]; the paper has 0.95 in the text and 0.9 in the appendix."""

    write_rate: float = 0.5
    """η, the fast learning rate."""

    inner_steps: int = 1
    """S, the number of times the memory is read in a step; 0 leaves the memory out."""

    norm: Literal["inside", "outside", "none"] = "inside"
    """Where LN stands: LN[W h + C x + A h_s] (equation 5), LN[W h + C x] + A h_s, or nowhere. With method 2,
    h_s stands in place of W h + C x."""

    norm_sets: Literal["shared", "per-step"] = "shared"
    """One gain and bias for all inner steps, or one for each."""

    norm_bias: float = 0.25
    """The LN bias before training; a larger one, such as 1, can keep the units of small networks alive."""

    preliminary_norm: Literal["none", "shared", "separate"] = "none"
    """LN on the preliminary state h_0: none, with the inner loop's gain and bias, or with its own."""

    write_time: Literal["current", "late", "preliminary"] = "current"
    """Whether h(t+1) is computed with A(t), one step late with A(t−1), or, as some public code does, with
    λ A(t) + η h_0(t+1) h_0(t+1)ᵀ: a memory of preliminary states, to which h is never written."""

    method: Literal[1, 2] = 1
    """Appendix B: 1 sustains W h + C x in the inner loop; 2 adds the identity to A instead."""

    recurrent_scale: float = 0.05
    """W starts as recurrent_scale · I."""

    input_scale: float = 1.0
    """C is drawn uniformly from ± input_scale / √R."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("decay", self.decay, 0, 1)
        check_between("write_rate", self.write_rate, 0, MAX_SCALE)
        check_between("inner_steps", self.inner_steps, 0, 100)
        check_choice("norm", self.norm, ("inside", "outside", "none"))
        check_choice("norm_sets", self.norm_sets, ("shared", "per-step"))
        check_between("norm_bias", self.norm_bias, -MAX_SCALE, MAX_SCALE)
        check_choice("preliminary_norm", self.preliminary_norm, ("none", "shared", "separate"))
        inner_norms = self.norm != "none" and (self.norm_sets == "shared" or self.inner_steps > 0)
        check(
            self.preliminary_norm != "shared" or inner_norms,
            "preliminary_norm 'shared' needs an inner norm to share; "
            f"got norm {self.norm!r}, norm_sets {self.norm_sets!r}, inner_steps {self.inner_steps}",
        )
        check_choice("write_time", self.write_time, ("current", "late", "preliminary"))
        check_choice("method", self.method, (1, 2))
        check_between("recurrent_scale", self.recurrent_scale, 0, MAX_SCALE)
        check_between("input_scale", self.input_scale, 0, MAX_SCALE)

    def footprint(self, hidden_size: int, length: int) -> Footprint:
        """What readings and their matches with past states keep, and each step's matrix, or those states."""
        matrices = kept_steps(length) * hidden_size * min(hidden_size, length) if self.inner_steps else 0
        reading = 8 * length * hidden_size + min(length, longest_attention(hidden_size)) ** 2
        return Footprint(kept=self.inner_steps * reading + matrices)
