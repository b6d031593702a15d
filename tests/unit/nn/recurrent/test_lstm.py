"""LSTMCell and URLSTMCell by their formulas, and LSTMCell beside torch's."""

import torch

import brainstate_torch as brainstate
from brainstate_torch import nn

G = torch.Generator().manual_seed(0)
X, H, C = (torch.randn(2, n, generator=G) for n in (3, 4, 4))
W, B = torch.randn(7, 16, generator=G), torch.randn(16, generator=G)


def in_state(cell):
    cell.init_state(2)
    cell.h.value, cell.c.value = H, C
    return cell


def test_a_step_of_lstm_is_torchs_with_the_gates_in_another_order():
    cell = in_state(nn.LSTMCell(3, 4, w_init=W, b_init=B))
    order = [0, 2, 1, 3]  # i, g, f, o to i, f, g, o
    weight = torch.cat([W.split(4, 1)[i] for i in order], 1).T
    bias = torch.cat([B.split(4)[i] + (1.0 if i == 2 else 0.0) for i in order])
    theirs = torch.nn.LSTMCell(3, 4)
    with torch.no_grad():
        theirs.weight_ih.copy_(weight[:, :3])
        theirs.weight_hh.copy_(weight[:, 3:])
        theirs.bias_ih.copy_(bias)
        theirs.bias_hh.zero_()
        h, c = theirs(X, (H, C))
    y = cell(X)
    assert torch.allclose(y, h, atol=1e-6) and torch.equal(cell.h.value, y)
    assert torch.allclose(cell.c.value, c, atol=1e-6)


def test_a_step_of_urlstm_is_the_formula():
    cell = in_state(nn.URLSTMCell(3, 4, w_init=W))
    bias = torch.tensor([-1.0, 0.0, 1.0, 2.0])
    cell.bias.value = bias
    f, r, u, o = (torch.cat([X, H], 1) @ W).split(4, 1)
    f, r = torch.sigmoid(f + bias), torch.sigmoid(r - bias)
    g = 2 * r * f + (1 - 2 * r) * f**2
    c = g * C + (1 - g) * torch.tanh(u)
    assert torch.allclose(cell(X), torch.sigmoid(o) * torch.tanh(c), atol=1e-6)
    assert torch.allclose(cell.c.value, c, atol=1e-6)


def test_the_time_constants_of_urlstm_are_spread():
    with brainstate.random.seed_context(0):
        cell = nn.URLSTMCell(3, 1000)
        again = nn.URLSTMCell(3, 1000)
    share = torch.sigmoid(cell.bias.value)
    assert 1e-3 <= share.min() < 0.02 and 0.98 < share.max() <= 0.999
    assert (share.mean() - 0.5).abs() < 0.05 and not torch.equal(cell.bias.value, again.bias.value)
    assert set(cell.W.weight.value) == {"weight"} and type(cell.bias) is brainstate.ParamState
    assert nn.URLSTMCell(3, 1).bias.value.tolist() == [0.0]
