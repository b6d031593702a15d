"""Cells of braintrace: what is not in the comparison with it."""

import pytest
import torch

import brainstate_torch as brainstate


def test_a_function_of_the_input_may_be_given():
    cell = brainstate.online.MinimalRNNCell(2, 2, w_init=torch.zeros, phi=torch.exp)
    cell.init_state(3)
    assert cell(torch.zeros(3, 2)).tolist() == [[0.5, 0.5]] * 3
    cell.reset_state(1)
    assert cell.h.value.tolist() == [[0.0, 0.0]]
    with pytest.raises(TypeError, match="`phi` must be callable. Got float"):
        brainstate.online.MinimalRNNCell(2, 2, phi=1.0)


@pytest.mark.parametrize("name", ["MiniGRU", "MiniLSTM", "MinimalRNNCell"])
def test_traces_without_a_step_back_give_the_gradient_of_backpropagation(name):
    torch.manual_seed(0)
    cell = getattr(brainstate.online, name)(2, 3)
    x = torch.randn(2)
    learner = brainstate.online.compile(cell, "D_RTRL", x)
    weights = cell.states(brainstate.ParamState)
    found = brainstate.transform.grad(lambda: (learner(x) ** 2).sum(), weights)()
    brainstate.nn.reset_all_states(cell)
    exact = brainstate.transform.grad(lambda: (cell(x) ** 2).sum(), weights)()
    for path, leaves in exact.items():
        for leaf in leaves:
            torch.testing.assert_close(found[path][leaf], leaves[leaf])
