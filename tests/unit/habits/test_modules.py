"""What is done with a module: train, freeze, move, count, as PyTorch users have it."""

import copy

import pytest
import torch
from torch.nn.functional import cross_entropy

import brainstate_torch as bst
from brainstate_torch import ParamState
from brainstate_torch import transform as T

from .models import Counting, Net, X, close, entering, grads, nn, running

HABITS = {}
habit = entering(HABITS)


@habit("modules")
def our_layers_in_a_sequential_of_torch():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), Net(), torch.nn.Linear(2, 2))
    assert all(g.any() for g in grads(model).values())


@habit("modules")
def backward_without_more():
    net = Net()
    assert all(g.any() for g in list(grads(net).values())[2:])


@habit("modules")
def an_ordinary_training_loop():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 4), Net())
    optimizer, y = torch.optim.Adam(net.parameters(), 0.05), torch.tensor([0, 1, 0])
    for _ in range(60):
        optimizer.zero_grad()
        loss = cross_entropy(net(X), y)
        loss.backward()
        optimizer.step()
    assert loss < 0.3


@habit("modules")
def train_and_eval():
    drop = nn.Dropout(0.5)
    assert (drop.train()(torch.ones(200)) == 0).any() and not (drop.eval()(torch.ones(200)) == 0).any()


@habit("modules")
def freezing():
    net = Net()
    net.a.requires_grad_(False)
    net(X).sum().backward()
    assert all((p.grad is None) == name.startswith("a") for name, p in net.named_parameters())
    optimizer = bst.optim.SGD(lr=1.0)
    optimizer.register_trainable_weights(weights := net.states(ParamState))
    before = net.a.weight.value["weight"].clone()
    optimizer.update(T.grad(lambda: net(X).sum(), weights)())
    assert torch.equal(net.a.weight.value["weight"], before)


@habit("modules")
def autocast():
    with torch.autocast(X.device.type, torch.bfloat16):
        assert Net()(X).dtype == torch.bfloat16


@habit("modules")
def autocast_without_bias():
    with torch.autocast(X.device.type, torch.bfloat16):
        assert nn.Linear(4, 2, b_init=None)(X).dtype == torch.bfloat16


@habit("modules")
def moving_to_the_meta_device():
    assert Net().to("meta")(X.to("meta")).is_meta


@habit("modules")
def to_empty():
    net = Net()
    twin = copy.deepcopy(net).to("meta").to_empty(device=X.device)
    twin.load_state_dict(net.state_dict())
    close(twin(X), net(X))


@habit("modules")
def making_a_model_on_the_meta_device():
    with torch.device("meta"):
        net = Net()
    assert all(p.is_meta for p in net.parameters())


@habit("modules")
def share_memory():
    net = Counting().share_memory()
    assert all(x.is_shared() for x in (*net.parameters(), *net.buffers()))


@habit("modules")
def counting_parameters():
    assert sum(p.numel() for p in Net().parameters() if p.requires_grad) == 4 * 8 + 8 + 8 * 2 + 2


@habit("modules")
def applying_a_function_to_all_modules():
    seen = []
    Net().apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "Linear", "Net"]


@habit("modules")
def a_module_is_exchanged_by_its_name():
    net = nn.Module()
    net.layers, net.heads = [nn.Linear(4, 4), torch.nn.Sequential(nn.Linear(4, 4))], {"x": nn.Linear(4, 4)}
    for name in ("layers.0", "layers.1.0", "heads.x", "new"):
        net.set_submodule(name, layer := torch.nn.Linear(4, 2))
        assert net.get_submodule(name) is layer
    for name, strict in (("more", True), ("layers.7", False), ("nowhere.x", False)):
        with pytest.raises(AttributeError, match=f"Got '{name}'"):
            net.set_submodule(name, layer, strict=strict)


@habit("modules")
def what_a_tensor_has_is_asked_of_the_value():
    for name in ("shape", "data", "grad", "dim"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'. Tensors have: read it of `.value`"):
            getattr(nn.Linear(4, 2).weight, name)


test_habit = running(HABITS)
