"""The modules by the names of the cells."""

from fastweights.torch.cells.associative_lstm import AssociativeLSTM
from fastweights.torch.cells.delta_nets import RDN, DeltaRNN
from fastweights.torch.cells.fast_weights import FastWeights
from fastweights.torch.cells.fw_lstm import FWLSTM
from fastweights.torch.cells.gru import GRU
from fastweights.torch.cells.lstm import LSTM
from fastweights.torch.cells.simple import IRNN, StandardRNN
from fastweights.torch.cells.softmax_attention import SoftmaxAttention
from fastweights.torch.programmers.mamba_2 import Mamba2
from fastweights.torch.programmers.mlstm import MLSTM
from fastweights.torch.programmers.published import (
    DeltaNet,
    DeltaNet2021,
    DeltaProduct,
    GatedDeltaNet,
    GatedLinearAttention,
    KimiDeltaAttention,
    LinearAttention,
    RetNet,
)
from fastweights.torch.programmers.rwkv_7 import RWKV7
from fastweights.torch.recurrent import Recurrent

MODULES: dict[str, type[Recurrent]] = {
    "associative-lstm": AssociativeLSTM,
    "delta-rnn": DeltaRNN,
    "deltanet": DeltaNet,
    "deltanet-2021": DeltaNet2021,
    "deltaproduct": DeltaProduct,
    "fast-weights": FastWeights,
    "fw-lstm": FWLSTM,
    "gated-deltanet": GatedDeltaNet,
    "gla": GatedLinearAttention,
    "gru": GRU,
    "irnn": IRNN,
    "kda": KimiDeltaAttention,
    "linear-attention": LinearAttention,
    "lstm": LSTM,
    "mamba-2": Mamba2,
    "mlstm": MLSTM,
    "rdn": RDN,
    "retnet": RetNet,
    "rwkv-7": RWKV7,
    "softmax-attention": SoftmaxAttention,
    "standard-rnn": StandardRNN,
}
"""The module of every registered cell, by its name."""
