"""The cells as PyTorch modules: the same equations, weights and kernels, without JAX.

>>> import torch
>>> from fastweights.torch import FastWeights
>>> layer = FastWeights(3, 5, batch_first=True)
>>> outputs, state = layer(torch.ones(2, 4, 3))
>>> outputs.shape, state.memory.shape
(torch.Size([2, 4, 5]), torch.Size([1, 2, 5, 5]))
"""

try:
    import torch as torch
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ImportError("fastweights.torch needs PyTorch, which fastweights[torch] installs") from None

from fastweights.torch.cell import Cell as Cell
from fastweights.torch.cells.associative_lstm import AssociativeLSTM as AssociativeLSTM
from fastweights.torch.cells.associative_lstm import AssociativeLSTMCell as AssociativeLSTMCell
from fastweights.torch.cells.associative_lstm import AssociativeLSTMState as AssociativeLSTMState
from fastweights.torch.cells.delta_nets import RDN as RDN
from fastweights.torch.cells.delta_nets import DeltaRNN as DeltaRNN
from fastweights.torch.cells.delta_nets import DeltaRNNCell as DeltaRNNCell
from fastweights.torch.cells.delta_nets import DeltaRNNState as DeltaRNNState
from fastweights.torch.cells.delta_nets import RDNCell as RDNCell
from fastweights.torch.cells.delta_nets import RDNState as RDNState
from fastweights.torch.cells.fast_weights import FastWeights as FastWeights
from fastweights.torch.cells.fast_weights import FastWeightsCell as FastWeightsCell
from fastweights.torch.cells.fast_weights import FastWeightsState as FastWeightsState
from fastweights.torch.cells.fw_lstm import FWLSTM as FWLSTM
from fastweights.torch.cells.fw_lstm import FWLSTMCell as FWLSTMCell
from fastweights.torch.cells.fw_lstm import FWLSTMState as FWLSTMState
from fastweights.torch.cells.gru import GRU as GRU
from fastweights.torch.cells.gru import GRUCell as GRUCell
from fastweights.torch.cells.lstm import LSTM as LSTM
from fastweights.torch.cells.lstm import LSTMCell as LSTMCell
from fastweights.torch.cells.lstm import LSTMState as LSTMState
from fastweights.torch.cells.simple import IRNN as IRNN
from fastweights.torch.cells.simple import IRNNCell as IRNNCell
from fastweights.torch.cells.simple import StandardRNN as StandardRNN
from fastweights.torch.cells.simple import StandardRNNCell as StandardRNNCell
from fastweights.torch.cells.softmax_attention import SoftmaxAttention as SoftmaxAttention
from fastweights.torch.cells.softmax_attention import SoftmaxAttentionCell as SoftmaxAttentionCell
from fastweights.torch.cells.softmax_attention import SoftmaxAttentionState as SoftmaxAttentionState
from fastweights.torch.memory.recurrence import unroll_memory as unroll_memory
from fastweights.torch.memory.writes import Write as Write
from fastweights.torch.models.conversion import from_torch as from_torch
from fastweights.torch.models.conversion import to_torch as to_torch
from fastweights.torch.models.files import from_file as from_file
from fastweights.torch.models.files import save as save
from fastweights.torch.models.model import SequenceClassifier as SequenceClassifier
from fastweights.torch.models.model import SequenceModel as SequenceModel
from fastweights.torch.modules import MODULES as MODULES
from fastweights.torch.programmers.cell import ProgrammerState as ProgrammerState
from fastweights.torch.programmers.mamba_2 import Mamba2 as Mamba2
from fastweights.torch.programmers.mamba_2 import Mamba2Cell as Mamba2Cell
from fastweights.torch.programmers.mlstm import MLSTM as MLSTM
from fastweights.torch.programmers.mlstm import MLSTMCell as MLSTMCell
from fastweights.torch.programmers.mlstm import MLSTMState as MLSTMState
from fastweights.torch.programmers.published import DeltaNet as DeltaNet
from fastweights.torch.programmers.published import DeltaNet2021 as DeltaNet2021
from fastweights.torch.programmers.published import DeltaNet2021Cell as DeltaNet2021Cell
from fastweights.torch.programmers.published import DeltaNetCell as DeltaNetCell
from fastweights.torch.programmers.published import DeltaProduct as DeltaProduct
from fastweights.torch.programmers.published import DeltaProductCell as DeltaProductCell
from fastweights.torch.programmers.published import GatedDeltaNet as GatedDeltaNet
from fastweights.torch.programmers.published import GatedDeltaNetCell as GatedDeltaNetCell
from fastweights.torch.programmers.published import GatedLinearAttention as GatedLinearAttention
from fastweights.torch.programmers.published import GatedLinearAttentionCell as GatedLinearAttentionCell
from fastweights.torch.programmers.published import KimiDeltaAttention as KimiDeltaAttention
from fastweights.torch.programmers.published import KimiDeltaAttentionCell as KimiDeltaAttentionCell
from fastweights.torch.programmers.published import LinearAttention as LinearAttention
from fastweights.torch.programmers.published import LinearAttentionCell as LinearAttentionCell
from fastweights.torch.programmers.published import RetNet as RetNet
from fastweights.torch.programmers.published import RetNetCell as RetNetCell
from fastweights.torch.programmers.rwkv_7 import RWKV7 as RWKV7
from fastweights.torch.programmers.rwkv_7 import RWKV7Cell as RWKV7Cell
from fastweights.torch.recurrent import Recurrent as Recurrent
from fastweights.torch.states import HiddenState as HiddenState
