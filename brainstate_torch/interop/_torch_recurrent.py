"""Recurrent layers of torch.nn as our cells, and back: the order of the gates, and their biases."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn as tnn

from .. import nn
from ._torch_values import bias_of, fill, give, linear_values, needs
from .registry import LayerMapping, register_layer_mapping
from .torch_layers import ResetAfterGRUCell

__all__ = ["as_cells", "as_sequence"]

_KINDS: dict[Any, Any] = {tnn.LSTM: tnn.LSTMCell, tnn.GRU: tnn.GRUCell, tnn.RNN: tnn.RNNCell}


def _bias(cell: Any) -> Any:
    """The sum of both biases of torch's cell, which ours has one of."""
    if cell.bias:
        return cell.bias_ih + cell.bias_hh
    return cell.weight_ih.new_zeros(cell.weight_ih.shape[0])


def _swapped(x: torch.Tensor) -> torch.Tensor:
    """The gates i, f, g, o of an LSTM as i, g, f, o, or the other way."""
    i, f, g, o = x.chunk(4)
    return torch.cat([i, g, f, o])


def _shifted(bias: torch.Tensor, by: float) -> torch.Tensor:
    """The bias with a number added to that of the forget gate, in our order."""
    i, g, f, o = bias.chunk(4)
    return torch.cat([i, g, f + by, o])


def _lstm_in(cell: Any, context: Any) -> Any:
    made = nn.LSTMCell(cell.input_size, cell.hidden_size)
    weight = _swapped(torch.cat([cell.weight_ih, cell.weight_hh], 1)).T
    # Ours adds 1 to the forget gate.
    fill(made.W.weight, {"weight": weight, "bias": _shifted(_swapped(_bias(cell)), -1.0)})
    return made


def _lstm_out(cell: Any, context: Any) -> Any:
    _needs_tanh(cell)
    weight, bias = linear_values(cell.W)
    bias = weight.new_zeros(weight.shape[0]) if bias is None else bias
    weight, bias = _swapped(weight), _swapped(_shifted(bias, 1.0))
    return _torch_cell(tnn.LSTMCell(cell.num_in, cell.num_out), weight, bias)


def _torch_cell(made: Any, weight: torch.Tensor, bias: torch.Tensor | None) -> Any:
    """Torch's cell with weights of both inputs side by side, and one bias for its two."""
    size = made.input_size
    give(made, weight_ih=weight[:, :size], weight_hh=weight[:, size:])
    return made if bias is None else give(made, bias_ih=bias, bias_hh=torch.zeros_like(bias))


def _needs_tanh(cell: Any) -> None:
    needs(cell.activation in (nn.tanh, torch.tanh), cell, "the activation tanh", cell.activation)


def _gru_in(cell: Any, context: Any) -> Any:
    made = ResetAfterGRUCell(cell.input_size, cell.hidden_size, b_init=nn.init.ZeroInit() if cell.bias else None)
    for linear, weight, bias in ((made.Wx, cell.weight_ih, cell.bias_ih), (made.Wh, cell.weight_hh, cell.bias_hh)):
        fill(linear.weight, {"weight": weight.T, "bias": bias})
    return made


def _gru_out(cell: Any, context: Any) -> Any:
    _needs_tanh(cell)
    (wx, bx), (wh, bh) = linear_values(cell.Wx), linear_values(cell.Wh)
    made = tnn.GRUCell(cell.num_in, cell.num_out, bx is not None)
    return give(made, weight_ih=wx, weight_hh=wh, bias_ih=bx, bias_hh=bh)


def _plain_in(cell: Any, context: Any) -> Any:
    made = nn.ValinaRNNCell(
        cell.input_size,
        cell.hidden_size,
        activation=cell.nonlinearity,
        b_init=nn.init.ZeroInit() if cell.bias else None,
    )
    weight = torch.cat([cell.weight_ih, cell.weight_hh], 1).T
    fill(made.W.weight, {"weight": weight, "bias": _bias(cell) if cell.bias else None})
    return made


def _plain_out(cell: Any, context: Any) -> Any:
    known = {nn.tanh: "tanh", torch.tanh: "tanh", nn.relu: "relu", torch.relu: "relu"}
    needs(cell.activation in known, cell, "the activation tanh or relu", cell.activation)
    weight, bias = linear_values(cell.W)
    made = tnn.RNNCell(cell.num_in, cell.num_out, bias_of(cell.W) is not None, known[cell.activation])
    return _torch_cell(made, weight, bias)


def _reset_before(cell: Any, context: Any) -> Any:
    rule = "the reset gate after the product with the weight, as in `interop.ResetAfterGRUCell`,"
    needs(False, cell, rule, "one before it, which no weights of torch.nn.GRUCell make equal")


def as_cells(layer: Any) -> list[Any] | None:
    """The cells of torch.nn that make up its LSTM, GRU or RNN, one after the other; None for another layer."""
    kind = next((cell for sequence, cell in _KINDS.items() if isinstance(layer, sequence)), None)
    if kind is None:
        return None
    needs(not layer.bidirectional, layer, "one direction", "two; ours goes through time step by step")
    needs(not layer.proj_size, layer, "no `proj_size`", layer.proj_size)
    options = {"nonlinearity": layer.nonlinearity} if kind is tnn.RNNCell else {}
    found: list[Any] = []
    for i in range(layer.num_layers):
        if i and layer.dropout:
            found.append(tnn.Dropout(layer.dropout))
        cell = kind(layer.hidden_size if i else layer.input_size, layer.hidden_size, layer.bias, **options)
        names = [name for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if layer.bias or "weight" in name]
        found.append(give(cell, **{name: getattr(layer, f"{name}_l{i}") for name in names}))
    return found


def as_sequence(parts: Sequence[Any]) -> Any:
    """Torch's LSTM, GRU or RNN of cells of torch.nn, with the same dropout between them; None if they are no such."""
    cells = [part for part in parts if isinstance(part, tnn.RNNCellBase)]
    between = [part for part in parts if isinstance(part, tnn.Dropout)]
    shares = {part.p for part in between}
    regular = len(parts) == len(cells) + len(between) and len(between) in (0, len(cells) - 1) and len(shares) <= 1
    ordered = all(isinstance(part, tnn.RNNCellBase) == (i % 2 == 0 or not between) for i, part in enumerate(parts))
    first = cells[0]
    like = {(type(cell), cell.hidden_size, cell.bias, getattr(cell, "nonlinearity", None)) for cell in cells}
    if not regular or not ordered or len(like) != 1:
        return None
    kind = next(sequence for sequence, cell in _KINDS.items() if type(first) is cell)
    options: dict[str, Any] = {"nonlinearity": first.nonlinearity} if kind is tnn.RNN else {}
    options |= {"bias": first.bias, "dropout": next(iter(shares), 0.0)}
    made = kind(first.input_size, first.hidden_size, num_layers=len(cells), **options)
    for i, cell in enumerate(cells):
        give(made, **{f"{name}_l{i}": value for name, value in cell.named_parameters()})
    return made


for _mapping in (
    LayerMapping(nn.LSTMCell, "torch", tnn.LSTMCell, _lstm_in, _lstm_out),
    LayerMapping(nn.GRUCell, "torch", tnn.GRUCell, _gru_in, _reset_before),
    LayerMapping(ResetAfterGRUCell, "torch", tnn.GRUCell, _gru_in, _gru_out),
    LayerMapping(nn.ValinaRNNCell, "torch", tnn.RNNCell, _plain_in, _plain_out),
):
    register_layer_mapping(_mapping)
