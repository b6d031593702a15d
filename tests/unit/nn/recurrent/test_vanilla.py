"""ValinaRNNCell by its formula."""

import torch

from brainstate_torch import nn

W = torch.tensor([[1.0, -1.0], [2.0, 0.5], [0.25, -3.0]])
B = torch.tensor([0.1, 0.2])


def test_a_step_is_the_formula():
    cell = nn.ValinaRNNCell(1, 2, w_init=W, b_init=B, state_init=torch.tensor([1.0, 2.0]))
    cell.init_state()
    expected = torch.relu(torch.tensor([3.0, 1.0, 2.0]) @ W + B)
    assert torch.allclose(cell(torch.tensor([3.0])), expected) and torch.equal(cell.h.value, cell.h.value)
    assert set(nn.ValinaRNNCell(1, 2, b_init=None).W.weight.value) == {"weight"}


def test_a_step_is_torchs():
    cell = nn.ValinaRNNCell(1, 2, w_init=W, b_init=B, activation="tanh", state_init=torch.tensor([1.0, 2.0]))
    theirs = torch.nn.RNNCell(1, 2)
    with torch.no_grad():
        theirs.weight_ih.copy_(W[:1].T)
        theirs.weight_hh.copy_(W[1:].T)
        theirs.bias_ih.copy_(B)
        theirs.bias_hh.zero_()
        cell.init_state()
        assert torch.allclose(cell(torch.tensor([3.0])), theirs(torch.tensor([3.0]), torch.tensor([1.0, 2.0])))
