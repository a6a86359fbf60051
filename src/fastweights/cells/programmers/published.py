"""The options of the published programmers: sets of defaults."""

from dataclasses import dataclass

from fastweights.cells.programmers.options import (
    Decay,
    DecayMap,
    KeyMap,
    KeyNorm,
    OutputGate,
    OutputNorm,
    ProgrammerOptions,
    Rule,
    RuledOptions,
    ValueMap,
    check_sizes_and_choices,
)


@dataclass(frozen=True)
class LinearAttentionOptions(RuledOptions):
    """Options of linear attention."""

    key_map: KeyMap = "elu"
    read_norm: bool = True


@dataclass(frozen=True)
class RetNetOptions(RuledOptions):
    """Options of retention."""

    decay: Decay = "constant"
    scale_queries: bool = True
    output_norm: OutputNorm = "rms"
    output_gate: OutputGate = "silu"


@dataclass(frozen=True)
class GatedLinearAttentionOptions(RuledOptions):
    """Options of gated linear attention."""

    decay: Decay = "vector"
    decay_map: DecayMap = "sigmoid"
    decay_rank: int = 16
    scale_queries: bool = True
    output_norm: OutputNorm = "rms"
    output_gate: OutputGate = "silu"


@dataclass(frozen=True)
class DeltaNet2021Options(RuledOptions):
    """Options of DeltaNet as of 2021."""

    rule: Rule = "delta"
    key_map: KeyMap = "dpfp"
    key_norm: KeyNorm = "sum"


@dataclass(frozen=True)
class DeltaNetOptions(RuledOptions):
    """Options of DeltaNet."""

    rule: Rule = "delta"
    convolution: int = 4
    key_map: KeyMap = "silu"
    key_norm: KeyNorm = "l2"
    value_map: ValueMap = "silu"
    scale_queries: bool = True
    output_norm: OutputNorm = "rms"


@dataclass(frozen=True)
class GatedDeltaNetOptions(DeltaNetOptions):
    """Options of gated DeltaNet."""

    decay: Decay = "scalar"
    output_gate: OutputGate = "silu"


@dataclass(frozen=True)
class KimiDeltaAttentionOptions(DeltaNetOptions):
    """Options of Kimi delta attention."""

    decay: Decay = "vector"
    decay_rank: int = 16
    output_gate: OutputGate = "sigmoid"
    output_gate_rank: int = 16


@dataclass(frozen=True)
class DeltaProductOptions(DeltaNetOptions):
    """Options of DeltaProduct."""

    writes: int = 2
    max_write_rate: float = 2.0


@dataclass(frozen=True)
class Mamba2Options(ProgrammerOptions):
    """Options of Mamba-2."""

    convolution: int = 4
    key_map: KeyMap = "silu"
    value_map: ValueMap = "silu"
    output_norm: OutputNorm = "rms"
    output_gate: OutputGate = "silu"


@dataclass(frozen=True)
class MLSTMOptions(ProgrammerOptions):
    """Options of the matrix LSTM."""

    output_gate: OutputGate = "sigmoid"


@dataclass(frozen=True)
class RWKV7Options(ProgrammerOptions):
    """Options of RWKV-7."""

    output_norm: OutputNorm = "layer"
    output_gate: OutputGate = "sigmoid"
    output_gate_rank: int = 32

    rank: int = 32
    """The decay and the write rates come from the input by way of so many units each."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes_and_choices(self, {"rank": (1, 10_000)}, {})
