"""GRUCell and MGUCell by their formulas."""

import torch

from brainstate_torch import nn

G = torch.Generator().manual_seed(0)
X, H = torch.randn(2, 3, generator=G), torch.randn(2, 4, generator=G)
WIDE, NARROW, WIDE_B, NARROW_B = (torch.randn(*shape, generator=G) for shape in ((7, 8), (7, 4), (8,), (4,)))


def ready(kind):
    """A cell with one weight for each width, in the hidden state H."""
    cell = kind(
        3,
        4,
        w_init=lambda shape: {8: WIDE, 4: NARROW}[shape[-1]],
        b_init=lambda shape: {8: WIDE_B, 4: NARROW_B}[shape[-1]],
    )
    cell.init_state(2)
    cell.h.value = H
    return cell


def test_a_step_of_gru_is_the_formula():
    r, z = torch.sigmoid(torch.cat([X, H], 1) @ WIDE + WIDE_B).split(4, 1)
    candidate = torch.tanh(torch.cat([X, r * H], 1) @ NARROW + NARROW_B)
    cell = ready(nn.GRUCell)
    y = cell(X)
    assert torch.allclose(y, (1 - z) * H + z * candidate, atol=1e-6) and torch.equal(cell.h.value, y)


def test_a_step_of_mgu_is_the_formula():
    f = torch.sigmoid(torch.cat([X, H], 1) @ NARROW + NARROW_B)
    candidate = torch.tanh(torch.cat([X, f * H], 1) @ NARROW + NARROW_B)
    cell = ready(nn.MGUCell)
    y = cell(X)
    assert torch.allclose(y, (1 - f) * H + f * candidate, atol=1e-6) and torch.equal(cell.h.value, y)


def test_the_gates_of_gru_are_one_product():
    shapes = {name: tuple(state.value["weight"].shape) for (name, _), state in nn.GRUCell(3, 4).states().items()}
    assert shapes == {"Wrz": (7, 8), "Wh": (7, 4)}
    assert {path[0] for path in nn.MGUCell(3, 4).states()} == {"Wf", "Wh"}
