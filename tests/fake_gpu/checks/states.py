"""States: written, moved with a module, saved, copied."""

import io

import numpy as np
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import nn
from brainstate_torch import transform as T

from .registry import filled, same


@same("States: written with numbers, arrays and quantities")
def _(d):
    s, q = bst.State(filled(3, d)), bst.State(filled(3, d) * u.mV)
    s.value += 1
    s.value = s.value * np.float32(2) - torch.tensor(0.5)
    q.value += 2 * u.volt
    q.value = q.value + filled(3, d, 1) * u.uV
    return s, q, list(s.parameters())


@same("States: what a module holds moves with it, and Parameters keep their identity")
def _(d):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = bst.ParamState(filled(3, "cpu"))
            self.q = bst.ParamState(filled(3, "cpu", 1) * u.mS)
            self.h = bst.HiddenState(torch.zeros(3))
            self.long = bst.LongTermState({"a": torch.ones(2)})

    net = Net()
    before = [id(p) for p in net.parameters()]
    net = net.to(d)
    assert [id(p) for p in net.parameters()] == before
    return [net.w, net.q, net.h, net.long]


@same("States: state_dict of one device is loaded on another")
def _(d):
    source, target = nn.Linear(3, 2).to("cuda" if d == "cpu" else "cpu"), nn.Linear(3, 2).to(d)
    target.load_state_dict(source.state_dict())
    return target(filled((4, 3), d))


@same("States: saved on one device, read on another")
def _(d):
    layer, file = nn.Linear(3, 2).to("cuda" if d == "cpu" else "cpu"), io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    found = nn.Linear(3, 2).to(d)
    found.load_state_dict(torch.load(file, map_location=d, weights_only=True))
    return found(filled((4, 3), d))


@same("States: deep copies and graph.clone")
def _(d):
    import copy

    layer = nn.Linear(3, 2).to(d)
    return copy.deepcopy(layer)(filled((4, 3), d)), bst.graph.clone(layer)(filled((4, 3), d))


@same("States: treefy_split and treefy_merge")
def _(d):
    layer = nn.Linear(3, 2).to(d)
    graphdef, states = bst.graph.treefy_split(layer)
    return bst.graph.treefy_merge(graphdef, states)(filled((4, 3), d))


@same("States: a value given as numpy array to a State on the device takes part in its operations")
def _(d):
    s = bst.State(filled(3, d))
    return s.value + bst.State(torch.tensor(1.0)).value, T.grad(lambda x: (s.value * x).sum())(np.ones(3, np.float32))
