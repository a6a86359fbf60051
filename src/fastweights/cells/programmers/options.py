"""What fast weight programmers differ in."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from fastweights.cells.options.footprint import Footprint, kept_steps
from fastweights.errors import check_between, check_choice, to_python_numbers

Rule = Literal["additive", "delta"]
Decay = Literal["none", "constant", "scalar", "vector"]
DecayMap = Literal["exponential", "sigmoid"]
KeyMap = Literal["identity", "elu", "relu", "silu", "softmax", "dpfp"]
KeyNorm = Literal["none", "l2", "sum"]
ValueMap = Literal["identity", "silu"]
OutputNorm = Literal["none", "rms", "layer"]
OutputGate = Literal["none", "silu", "sigmoid"]


@dataclass(frozen=True)
class ProgrammerOptions:
    """Options of all fast weight programmers: what stands around the memories."""

    heads: int = 1
    """Memories side by side, each with queries, keys and values of its own."""

    key_size: int = 0
    """Units of a head's keys and queries before the key map; 0 for as many as of its values."""

    value_size: int = 0
    """Units of a head's values; 0 for hidden_size / heads."""

    key_map: KeyMap = "identity"
    """What is done to keys and queries; elu is elu(x) + 1, dpfp multiplies pairs of their units."""

    dpfp_order: int = 3
    """Of a key of d units, dpfp makes 2 d dpfp_order features."""

    key_norm: KeyNorm = "none"
    """What keys and queries are divided by: nothing, their length or their sum."""

    value_map: ValueMap = "identity"
    """What is done to values."""

    scale_queries: bool = False
    """Divide queries by the square root of their size."""

    convolution: int = 0
    """Queries, keys and values are first mixed over so many steps, each unit on its own; 0 for not at all."""

    output_norm: OutputNorm = "none"
    """What is read is divided by its root mean square in each head, and has a gain that all heads share; or
    its mean is taken away before, and each head has a gain and a bias of its own."""

    output_gate: OutputGate = "none"
    """What is read is multiplied with a gate from the input."""

    output_gate_rank: int = 0
    """The output gate comes from the input by way of so many units; 0 for directly."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_sizes_and_choices(
            self,
            {
                "heads": (1, 10_000),
                "key_size": (0, 10_000),
                "value_size": (0, 10_000),
                "dpfp_order": (1, 100),
                "convolution": (0, 1_000),
                "output_gate_rank": (0, 10_000),
            },
            {
                "key_map": KeyMap,
                "key_norm": KeyNorm,
                "value_map": ValueMap,
                "output_norm": OutputNorm,
                "output_gate": OutputGate,
            },
        )

    def footprint(self, hidden_size: int, length: int) -> Footprint:
        """For one write a step, with as many gates as a key has units."""
        return self._footprint(hidden_size, length, writes=1, of_units=True)

    def _footprint(self, hidden_size: int, length: int, *, writes: int, of_units: bool) -> Footprint:
        """The memories of each step that the derivative keeps, before and after each write, and what is
        written and asked."""
        value = self.value_size or max(1, hidden_size // self.heads)
        key = self.key_size or value
        features = key * (2 * self.dpfp_order if self.key_map == "dpfp" else 1)
        gates = features if of_units else 1
        rows = self.heads * (key + writes * (key + value + 1) + gates + value)
        memory = self.heads * (value + 1) * features * writes
        vectors = self.heads * (writes * (features + key + value + gates) + features + key + value)
        # What has decayed between any two writes of a chunk, several times over.
        products = 12 * self.heads * features * 17 * 16 * of_units
        return Footprint(
            4 + (rows + self.heads * value) // hidden_size,
            4 * memory * kept_steps(length) + 8 * vectors * length + products,
        )


@dataclass(frozen=True)
class RuledOptions(ProgrammerOptions):
    """Options of a programmer by rule. A published cell is a set of defaults."""

    rule: Rule = "additive"
    """What is written: v kᵀ, or β (v − S k) kᵀ, which first takes away what the memory has under k."""

    writes: int = 1
    """Pairs that are written at each step, one after the other; it decays before the first, and is read after
    the last."""

    max_write_rate: float = 1.0
    """The delta rule's β is between 0 and this; beyond 1 the memory's transition has negative eigenvalues."""

    decay: Decay = "none"
    """What is kept of the memory at each step: all of it, 1 − 2^(−5−h) in head h, a share that the input
    decides for each head, or for each unit of its keys."""

    decay_map: DecayMap = "exponential"
    """The share from the input x: exp(−exp(A) softplus(x + b)), or σ(x + b) to the power of 1/16."""

    decay_rank: int = 0
    """The decay's share comes from the input by way of so many units; 0 for directly."""

    read_norm: bool = False
    """Divide what is read by what would be read if all values were 1, as attention does."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes_and_choices(
            self,
            {"writes": (1, 100), "max_write_rate": (0, 2), "decay_rank": (0, 10_000)},
            {"rule": Rule, "decay": Decay, "decay_map": DecayMap},
        )

    def footprint(self, hidden_size: int, length: int) -> Footprint:
        """For so many writes a step, with one gate a head, or one for each unit of its keys."""
        of_units = self.decay == "vector"
        return self._footprint(hidden_size, length, writes=self.writes, of_units=of_units)


def check_sizes_and_choices(
    options: object, ranges: dict[str, tuple[float, float]], choices: dict[str, Any]
) -> None:
    """Raise InvalidValueError unless every option is in its range, or one of its literals."""
    for name, (least, most) in ranges.items():
        check_between(name, getattr(options, name), least, most)
    for name, literals in choices.items():
        check_choice(name, getattr(options, name), get_args(literals))
