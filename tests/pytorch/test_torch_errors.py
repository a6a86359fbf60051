"""What users may have wrong: one clear error each, as PyTorch words them."""

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

import fastweights.torch as ft

LSTM = ft.LSTM(3, 5)
ZEROS = torch.zeros(1, 2, 5)
CONSTRUCTORS = {
    "input_size": (lambda: ft.LSTM(0, 5), ValueError, "input_size must be greater than zero"),
    "hidden_size": (lambda: ft.LSTM(3, 5.0), TypeError, "hidden_size should be of type int, got: float"),
    "odd": (lambda: ft.AssociativeLSTM(3, 5), ValueError, "hidden_size must be a multiple of 2; got 5"),
    "heads": (lambda: ft.RDN(3, 5, heads=2), ValueError, "multiple of the number of heads, 2; got 5"),
    "values": (lambda: ft.DeltaNet(3, 5, heads=2), ValueError, "multiple of the heads, 2; got 5"),
    "num_layers": (lambda: ft.LSTM(3, 5, num_layers=0), ValueError, "num_layers must be greater than zero"),
    "dropout": (
        lambda: ft.LSTM(3, 5, dropout=2),
        ValueError,
        r"dropout should be a number in range \[0, 1\]",
    ),
    "unknown": (
        lambda: ft.LSTM(3, 5, forget_biass=0),
        TypeError,
        r"LSTMCell.__init__\(\) got an unexpected keyword argument 'forget_biass'; did you",
    ),
    "range": (lambda: ft.FastWeights(3, 5, decay=2.0), ValueError, "decay must be between 0 and 1; got 2.0"),
    "choice": (lambda: ft.GRU(3, 5, reset_gate="x"), ValueError, "reset_gate must be one of after, before"),
}
CALLS = {
    "dimensions": (lambda: LSTM(torch.zeros(3)), ValueError, "LSTM: Expected input to be 2D or 3D, got 1D"),
    "size": (
        lambda: LSTM(torch.zeros(4, 2, 7)),
        RuntimeError,
        r"input.size\(-1\) must be equal to input_size. Expected 3, got 7",
    ),
    "packed size": (
        lambda: LSTM(pack_padded_sequence(torch.zeros(4, 2, 7), [4, 3])),
        RuntimeError,
        "Expected 3, got 7",
    ),
    "no steps": (
        lambda: LSTM(torch.zeros(0, 2, 3)),
        RuntimeError,
        "Expected sequence length to be larger than 0 in LSTM",
    ),
    "dtype": (
        lambda: LSTM(torch.zeros(4, 2, 3).double()),
        ValueError,
        r"LSTM input dtype \(torch.float64\) does not match weight dtype \(torch.float32\)",
    ),
    "integers": (lambda: LSTM(torch.zeros(4, 2, 3).long()), ValueError, "does not match weight dtype"),
    "device": (
        lambda: LSTM(torch.zeros(4, 2, 3, device="meta")),
        RuntimeError,
        "input and parameter tensors are not at the same device, found input tensor at meta",
    ),
    "a plain tuple": (
        lambda: LSTM(torch.zeros(4, 2, 3), (ZEROS, ZEROS)),
        TypeError,
        r"LSTM: hx must be a LSTMState\(cell, hidden\); got tuple",
    ),
    "hx": (
        lambda: LSTM(torch.zeros(4, 2, 3), ft.LSTMState(ZEROS, ZEROS[:, :1])),
        RuntimeError,
        r"Expected hx.hidden size \(1, 2, 5\), got \[1, 1, 5\]",
    ),
    "batched hx": (
        lambda: LSTM(torch.zeros(4, 3), ft.LSTMState(ZEROS, ZEROS)),
        RuntimeError,
        r"Expected hx.cell size \(1, 5\), got \[1, 2, 5\]",
    ),
    "hx dtype": (
        lambda: LSTM(torch.zeros(4, 2, 3), ft.LSTMState(ZEROS, ZEROS.double())),
        ValueError,
        r"hx.hidden dtype \(torch.float64\) does not match",
    ),
    "one step": (lambda: LSTM.cells[0](torch.zeros(4, 2, 3)), ValueError, "input to be 1D or 2D, got 3D"),
    "token": (
        lambda: ft.SequenceClassifier(ft.IRNNCell(4, 5), 7, 3)(torch.full((2, 4), 7)),
        IndexError,
        "tokens must be between 0 and 6",
    ),
    "real tokens": (
        lambda: ft.SequenceClassifier(ft.IRNNCell(4, 5), 7, 3)(torch.zeros(2, 4)),
        ValueError,
        "Expected tokens to be integers, got torch.float32 instead",
    ),
    "memory": (
        lambda: ft.unroll_memory(
            torch.zeros(2, 3, 1, 4), ft.Write(torch.zeros(2, 3, 1, 5), torch.zeros(2, 3, 1, 4))
        ),
        ValueError,
        r"Expected key size \(2, 3, 1, 4\), got \[2, 3, 1, 5\]",
    ),
}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_constructors(name):
    make, kind, words = CONSTRUCTORS[name]
    with pytest.raises(kind, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    call, kind, words = CALLS[name]
    with pytest.raises(kind, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
