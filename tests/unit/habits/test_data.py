"""DataLoader, comparison, plots, as PyTorch users have it."""

import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u

from .models import X, close, entering, running

HABITS = {}
habit = entering(HABITS)


@habit("data")
def tree_map_sees_into_a_quantity():
    doubled = torch.utils._pytree.tree_map(lambda x: 2 * x, {"q": X * u.mV})
    assert (doubled["q"] == 2 * X * u.mV).all()


@habit("data")
def func_grad_sees_into_a_quantity():
    slope = torch.func.grad(lambda q: (q**2).sum().to_decimal(u.mV**2))(X * u.mV)
    close(slope.mantissa, 2 * X)


@habit("data")
def default_collate():
    batch = torch.utils.data.default_collate([X[0] * u.mV, X[1] * u.mV])
    assert batch.unit == u.mV and batch.shape == (2, 4)


@habit("data")
def data_loader_with_workers():
    loader = torch.utils.data.DataLoader(torch.arange(8.0), batch_size=4)
    close(torch.cat(list(loader)), torch.arange(8.0))


@habit("data", without="torch compares tensors only: `assert_close(q / u.mV, ...)`")
def assert_close_of_quantities():
    torch.testing.assert_close(X * u.mV, X * u.mV)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(X * u.mV, 2 * X * u.mV)


@habit("data")
def plots():
    figure = pytest.importorskip("matplotlib.figure")
    u.enable_matplotlib_support()
    axes = figure.Figure().subplots()
    axes.plot(bst.State(torch.arange(3.0)).value)
    axes.plot([1.0, 2.0] * u.ms, [1.0, 2.0] * u.mV)


test_habit = running(HABITS)
