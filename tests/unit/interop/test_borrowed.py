"""No write reaches a JAX array."""

import copy
import pickle

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import brainstate_torch as bst
from brainstate_torch.interop import to_torch
from brainstate_torch.interop._borrowed import Borrowed

WRITES = {
    "method": lambda x: x.add_(1),
    "item": lambda x: x.__setitem__(0, 1.0),
    "out": lambda x: torch.add(x, 1, out=x),
    "function": torch.relu_,
    "view by a function": lambda x: torch.reshape(x, (3, 2)).mul_(2),
    "view by a method": lambda x: x.T.zero_(),
    "view of a view": lambda x: torch.squeeze(x.view(1, 6)).zero_(),
    "rows": lambda x: torch.unbind(x)[0].zero_(),
    "for each": lambda x: torch._foreach_add_([x], 1.0),
    "initial values": lambda x: torch.nn.init.zeros_(x),
    "data": lambda x: x.data.zero_(),
    "detached": lambda x: x.detach().zero_(),
    "functional": lambda x: torch.nn.functional.relu(x, inplace=True),
    "functional, by position": lambda x: torch.nn.functional.dropout(x, 0.5, True, True),
    "fill": lambda x: torch.fill_(x, 3.0),
    "scatter": lambda x: x.index_add_(0, torch.tensor([0]), torch.ones(1, 3)),
    "parts": lambda x: x.split(1)[0].zero_(),
}


@pytest.fixture
def shared():
    y = jnp.arange(6.0).reshape(2, 3)
    return y, to_torch(y)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_is_refused(shared, write):
    y, x = shared
    with pytest.raises(TypeError, match="must not be written"):
        write(x)
    assert np.array_equal(y, np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("pointer", [lambda x: x.numpy(), np.asarray, torch.from_dlpack, copy.deepcopy, torch.clone])
def test_what_gives_the_numbers_away_gives_a_copy(shared, pointer):
    y, x = shared
    pointer(x)[...] = 9.0
    assert np.array_equal(y, np.arange(6.0).reshape(2, 3))


def test_augmented_assignment_makes_a_new_tensor(shared):
    y, x = shared
    old = x
    x += 1
    assert x is not old
    assert float(y[0, 0]) == 0.0


def test_results_with_memory_of_their_own_are_plain(shared):
    _, x = shared
    assert type(x + 1) is torch.Tensor
    assert type(x.sum()) is torch.Tensor
    assert type(x[0]) is Borrowed


def test_it_takes_part_in_transforms(shared):
    _, x = shared
    assert torch.equal(bst.transform.grad(lambda t: (t**2).sum())(x), 2 * x)
    assert torch.equal(torch.func.grad(lambda t: (t**2).sum())(x), 2 * x)
    assert torch.equal(torch.vmap(torch.sum)(x), x.sum(1))


def test_a_state_takes_a_copy(shared):
    y, x = shared
    state = bst.ParamState(x)
    with torch.no_grad():
        state.parameters()[0].zero_()
    assert float(y.sum()) == 15.0


def test_it_can_be_shown_and_saved(shared):
    _, x = shared
    assert repr(x[0]) == "tensor([0., 1., 2.])"
    assert f"{x[0, 1]:.1f}" == "1.0"
    assert torch.equal(pickle.loads(pickle.dumps(x)), x)


def test_quantities_take_it_as_any_tensor(shared):
    y, x = shared
    unit = bst.units.mV
    weights = torch.ones(3, 2) * unit
    for found in (x @ weights, torch.matmul(x, weights), torch.einsum("ij,jk->ik", x, weights)):
        assert found.unit == unit
        assert torch.equal(found.mantissa, x @ torch.ones(3, 2))
    assert torch.equal(torch.where(x > 1, x * unit, 0 * unit).mantissa, torch.where(x > 1, x, 0))
    with pytest.raises(Exception, match="must not be written|in place|unit"):
        torch.add(x, torch.ones(2, 3) * unit, out=x)
    assert float(y.sum()) == 15.0
