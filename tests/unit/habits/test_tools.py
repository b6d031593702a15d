"""Tools that look into a model, as PyTorch users have it."""

import warnings

import numpy as np
import pytest
import torch

from .models import Net, X, close, entering, nn, running

HABITS = {}
habit = entering(HABITS)


@habit("tools", without="shapes are checked at the door, and a symbol has none: `torch.export`, `transform.make_graph`")
def fx_symbolic_trace():
    graph = torch.fx.symbolic_trace(net := Net())
    close(graph(X), net(X))


@habit("tools")
def a_graph_of_nir_becomes_a_model():
    nir, nirtorch = pytest.importorskip("nir"), pytest.importorskip("nirtorch")
    graph = nir.NIRGraph.from_list(nir.Linear(np.ones((2, 4), dtype=np.float32)))

    def layer(node):
        made = nn.Linear(4, 2, b_init=None)
        made.weight.value = {"weight": torch.tensor(node.weight.T)}
        return made

    model = nirtorch.nir_to_torch(graph, {nir.Linear: layer})
    out = model(X)
    close(out[0] if isinstance(out, tuple) else out, X.sum(1, keepdim=True).expand(3, 2))


@habit("tools", without="nirtorch traces by torch.fx")
def a_model_becomes_a_graph_of_nir():
    nir, nirtorch = pytest.importorskip("nir"), pytest.importorskip("nirtorch")
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    as_node = lambda m: nir.Affine(m.weight.value["weight"].T.numpy(), m.weight.value["bias"].numpy())
    graph = nirtorch.torch_to_nir(net, {nn.Linear: as_node})
    assert sum(isinstance(n, nir.Affine) for n in graph.nodes.values()) == 2


@habit("tools")
def printing_a_model():
    assert "Linear" in repr(Net()) and "Net" in repr(torch.nn.Sequential(Net()))


@habit("tools")
def profiling():
    with torch.profiler.profile() as profile:
        Net()(X)
    assert any("addmm" in e.key or "matmul" in e.key for e in profile.key_averages())


@habit("tools")
def anomaly_detection():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.autograd.detect_anomaly():
            Net()(X).sum().backward()


@habit("tools")
def seeds():
    made = []
    for _ in range(2):
        torch.manual_seed(3)
        made.append(Net().state_dict())
    close(*made)


test_habit = running(HABITS)
