"""The table of habits, and the models that they are tried on."""

import os
import warnings

import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import LongTermState, ParamState, ShortTermState

nn = bst.nn
close = torch.testing.assert_close
X = torch.linspace(-1, 1, 12).reshape(3, 4)


def entering(habits):
    """The decorator that enters a case into a table of habits.

    `without` says why it does not work, and what does instead; `group` that it needs a group of processes; `by_hand`
    that it compiles for a minute, and runs where the variable BRAINSTATE_HABITS is set; `slow` marks it so.
    """

    def habit(area, **needs):
        def enter(case):
            habits[f"{area}: {case.__name__.replace('_', ' ')}"] = case, needs
            return case

        return enter

    return habit


def _marked(name, needs):
    return pytest.param(name, marks=pytest.mark.slow) if needs.get("slow") else name


def running(habits):
    """A test of each habit; one that is listed as not working fails when it comes to work."""

    @pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning", "ignore:.*NVIDIA:UserWarning")
    @pytest.mark.parametrize("name", [_marked(name, habits[name][1]) for name in habits])
    def test_habit(name, tmp_path, request):
        case, needs = habits[name]
        if needs.get("by_hand") and not os.environ.get("BRAINSTATE_HABITS"):
            pytest.skip("compiles for a minute: BRAINSTATE_HABITS=1")
        if needs.get("group"):
            request.getfixturevalue("process_group")
        if name.startswith(("compile", "export")):
            torch.compiler.reset()
            # torch.compile warns of what it meets on its way: a cache of functools, a `.grad` where it breaks a graph.
            warnings.simplefilter("ignore", UserWarning)
        args = [tmp_path] if "folder" in case.__code__.co_varnames[: case.__code__.co_argcount] else []
        # torch.func.linearize warns of what it does itself.
        warnings.filterwarnings("ignore", "Attempted to insert a get_attr Node")
        if "without" in needs:
            with pytest.raises(Exception):  # noqa: B017
                case(*args)
        else:
            case(*args)

    return test_habit


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 2)

    def update(self, x):
        return self.b(torch.relu(self.a(x)))


class Counting(Net):
    """With a buffer, a State of the run, and an in-place write of the value."""

    def __init__(self):
        super().__init__()
        self.calls = LongTermState(torch.zeros(()))
        self.last = ShortTermState(torch.zeros(3, 2))

    def update(self, x):
        self.calls.value += 1
        self.last.value = super().update(x) + 0.5 * self.last.value
        return self.last.value


class Leak(nn.Module):
    """With units."""

    def __init__(self):
        super().__init__()
        self.g = ParamState(torch.tensor([1.0, 2.0, 3.0, 4.0]) * u.mS)

    def update(self, v):
        return (self.g.value * (v * u.mV)).to_decimal(u.uA)


class Mixed(nn.Module):
    """With layers of torch."""

    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(4, 8), nn.Linear(8, 2)

    def update(self, x):
        return self.b(torch.tanh(self.a(x)))


def spiking():
    with bst.environ.context(dt=1.0 * u.ms):
        net = nn.Sequential(nn.Linear(4, 3), bst.spiking.LIF(3, R=1.0 * u.ohm, tau=10.0 * u.ms, V_th=1.0 * u.mV))
    return net


def grads(model, x=X):
    model.zero_grad()
    model(x).square().sum().backward()
    return {name: p.grad.clone() for name, p in model.named_parameters()}


def trained(net, optimizer, scheduler=None, steps=20):
    first = net(X).square().mean().item()
    for _ in range(steps):
        optimizer.zero_grad()
        loss = net(X).square().mean()
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step(*[loss.item()] * isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau))
    assert net(X).square().mean() < 0.9 * first
