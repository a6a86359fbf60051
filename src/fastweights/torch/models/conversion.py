"""To and from PyTorch's own recurrent layers."""

from typing import Any

import torch
from torch import Tensor, nn

from fastweights.errors import InvalidValueError
from fastweights.torch.cells.gru import GRU
from fastweights.torch.cells.lstm import LSTM
from fastweights.torch.cells.simple import IRNN, StandardRNN
from fastweights.torch.layers import fill_
from fastweights.torch.recurrent import Recurrent


def from_torch(module: nn.Module) -> Recurrent:
    """Our layers with the weights of a `torch.nn.RNN`, `LSTM` or `GRU`: a `StandardRNN` or `IRNN`, an `LSTM`,
    a `GRU`. Of PyTorch's two biases only the sum matters, but for the GRU's candidate, which keeps both.

    Raises: InvalidValueError for any other module, and for an LSTM with a projection.
    """
    kind = _ours(module)
    given: Any = module
    if getattr(given, "proj_size", 0):
        raise InvalidValueError("an LSTM with proj_size has no counterpart here")
    weight = given.weight_ih_l0
    ours = kind(
        given.input_size,
        given.hidden_size,
        num_layers=given.num_layers,
        batch_first=given.batch_first,
        bidirectional=given.bidirectional,
        dropout=given.dropout,
        device=weight.device,
        dtype=weight.dtype,
    ).train(given.training)
    for cell, suffix in zip(ours.cells, _suffixes(ours), strict=True):
        of: Any = cell
        fill_(of.input, _reordered(given, f"weight_ih{suffix}", kind))
        fill_(of.recurrent, _reordered(given, f"weight_hh{suffix}", kind))
        if not given.bias:
            for name in ("bias", "candidate_bias"):
                if hasattr(of, name):
                    fill_(getattr(of, name), 0.0)
            continue
        one, other = (_reordered(given, f"bias_{which}{suffix}", kind) for which in ("ih", "hh"))
        if kind is GRU:
            gates = 2 * given.hidden_size
            fill_(of.candidate_bias, other[gates:])
            other = torch.cat([other[:gates], torch.zeros_like(other[gates:])])
        fill_(of.bias, one + other)
    return ours


def to_torch(module: Recurrent) -> nn.RNN | nn.LSTM | nn.GRU:
    """The `torch.nn.RNN`, `LSTM` or `GRU` that computes the same.

    Raises: InvalidValueError for other modules, and for options that PyTorch's layers do not have: layer
    normalisation, a GRU whose reset gate comes before the product.
    """
    kinds = {StandardRNN: nn.RNN, IRNN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU}
    if type(module) not in kinds:
        raise InvalidValueError(f"torch.nn has no counterpart of {type(module).__name__}")
    if getattr(module.options, "layer_norm", False):
        raise InvalidValueError("torch.nn's layers have no layer normalisation")
    if getattr(module.options, "reset_gate", "after") != "after":
        raise InvalidValueError("the reset gate of torch.nn.GRU comes after the product")
    weight = module.first.input
    keywords: dict[str, Any] = {"nonlinearity": "relu"} if isinstance(module, IRNN) else {}
    theirs: Any = kinds[type(module)](
        module.input_size,
        module.hidden_size,
        num_layers=module.num_layers,
        batch_first=module.batch_first,
        bidirectional=module.bidirectional,
        dropout=module.dropout,
        device=weight.device,
        dtype=weight.dtype,
        **keywords,
    ).train(module.training)
    for cell, suffix in zip(module.cells, _suffixes(module), strict=True):
        of: Any = cell
        arrays = {"weight_ih": of.input, "weight_hh": of.recurrent, "bias_ih": of.bias}
        for name, array in arrays.items():
            # The exchange of two gates is its own inverse.
            fill_(getattr(theirs, name + suffix), _exchanged(array) if isinstance(module, LSTM) else array)
        fill_(getattr(theirs, f"bias_hh{suffix}"), 0.0)
        if isinstance(module, GRU):
            fill_(getattr(theirs, f"bias_hh{suffix}")[2 * module.hidden_size :], of.candidate_bias)
    return theirs


def _ours(module: nn.Module) -> type[Recurrent]:
    if isinstance(module, nn.LSTM):
        return LSTM
    if isinstance(module, nn.GRU):
        return GRU
    if isinstance(module, nn.RNN):
        return IRNN if module.nonlinearity == "relu" else StandardRNN
    raise InvalidValueError(f"from_torch expects a torch.nn.RNN, LSTM or GRU; got {type(module).__name__}")


def _suffixes(module: Recurrent) -> list[str]:
    ways = ("", "_reverse")[: module.directions]
    return [f"_l{layer}{way}" for layer in range(module.num_layers) for way in ways]


def _reordered(module: nn.Module, name: str, kind: type[Recurrent]) -> Tensor:
    array = getattr(module, name).detach()
    return _exchanged(array) if kind is LSTM else array


def _exchanged(rows: Tensor) -> Tensor:
    """From the order i, f, g, o to i, f, o, g, and back."""
    i, f, third, fourth = rows.chunk(4)
    return torch.cat([i, f, fourth, third])
