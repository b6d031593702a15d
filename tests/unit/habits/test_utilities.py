"""torch.nn.utils, as PyTorch users have it."""

import copy
import io
import pickle
import warnings

import torch
from torch.nn.utils import parametrizations, parametrize, prune

from brainstate_torch import ParamState
from brainstate_torch import transform as T

from .models import Counting, Mixed, Net, X, close, entering, grads, nn, running

HABITS = {}
habit = entering(HABITS)


@habit("utilities")
def clip_grad_norm():
    net = Net()
    net(X).sum().backward()
    total = torch.nn.utils.clip_grad_norm_(net.parameters(), 0.1)
    assert total > 0.1
    close(torch.cat([p.grad.flatten() for p in net.parameters()]).norm(), torch.tensor(0.1), rtol=1e-4, atol=0)


@habit("utilities")
def parameters_to_vector_and_back():
    net = Net()
    vector = torch.nn.utils.parameters_to_vector(net.parameters())
    torch.nn.utils.vector_to_parameters(0 * vector, net.parameters())
    assert not net(X).any() and not net.a.weight.value["weight"].any()


@habit("utilities")
def initialisers_of_torch():
    net = Net()
    for name, p in net.named_parameters():
        torch.nn.init.ones_(p) if name.endswith("bias") else torch.nn.init.zeros_(p)
    close(net(X), torch.ones(3, 2))


@habit("utilities")
def copying_into_a_parameter():
    net = Net()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.ones_like(p))
    assert net.b.weight.value["weight"].eq(1).all()


@habit("utilities")
def assigning_data():
    net = Net()
    for p in net.parameters():
        p.data = torch.zeros_like(p)
    assert not net(X).any()


@habit("utilities")
def zero_grad():
    net = Net()
    assert all(g.any() for g in list(grads(net).values())[2:])
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


@habit("utilities")
def averaged_model():
    net = Counting()
    average = torch.optim.swa_utils.AveragedModel(net, use_buffers=True)
    average.update_parameters(net)
    close(average(X), copy.deepcopy(net)(X))


@habit("utilities")
def checkpoint():
    net = Net()
    wanted = grads(net)
    net.zero_grad()
    torch.utils.checkpoint.checkpoint(net, X, use_reentrant=False).square().sum().backward()
    close({k: p.grad for k, p in net.named_parameters()}, wanted)


@habit("utilities")
def inference_mode():
    net = Counting()
    with torch.inference_mode():
        out = net(X)
    assert not out.requires_grad and net.calls.value == 1
    assert net(X).requires_grad


@habit("utilities")
def deepcopy():
    net = Counting()
    twin = copy.deepcopy(net)
    net(X)
    assert twin.calls.value == 0 and twin.a.weight is not net.a.weight
    close(twin(X), net.last.value)


@habit("utilities")
def pickling():
    net = Counting()
    twin = pickle.loads(pickle.dumps(net))
    close(twin(X), net(X))


@habit("utilities")
def saving_a_whole_model():
    file = io.BytesIO()
    torch.save(net := Net(), file)
    file.seek(0)
    close(torch.load(file, weights_only=False)(X), net(X))


for _dtype in (torch.float16, torch.bfloat16, torch.float64):

    @habit("utilities")
    def narrow_and_wide_numbers(dtype=_dtype):
        net = Net().to(dtype)
        assert net(X.to(dtype)).dtype == dtype and all(p.dtype == dtype for p in net.parameters())

    HABITS[f"utilities: {_dtype}"] = HABITS.pop("utilities: narrow and wide numbers")


@habit("utilities")
def data_parallel():
    net = Net()
    torch.nn.DataParallel(net)(X).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def same_gradients(net):
    """Of our grad and of backward."""
    slopes = T.grad(lambda: net(X).square().sum(), net.states(ParamState))()
    close({".".join(path): g for path, g in slopes.items()}, grads(net))


@habit("utilities")
def parametrize_of_our_layer():
    layer = nn.Linear(4, 4)
    parameter = layer.get_parameter("weight.weight")
    assert parametrize.register_parametrization(layer, "weight", torch.nn.ReLU()) is layer
    assert parametrize.is_parametrized(layer, "weight") and not parametrize.is_parametrized(layer, "bias")
    close(layer.weight.value["weight"], parameter.relu())
    same_gradients(layer)
    close(torch.export.export(layer, (X,)).module()(X), layer(X))
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.get_parameter("weight.weight") is parameter


@habit("utilities")
def spectral_norm_of_our_layer():
    layer = parametrizations.spectral_norm(nn.Linear(4, 4), n_power_iterations=30).eval()
    close(torch.linalg.matrix_norm(layer.weight.value["weight"], 2), torch.tensor(1.0), rtol=1e-3, atol=0)
    same_gradients(layer)


@habit("utilities")
def weight_norm_of_our_layer():
    layer = nn.Linear(4, 4)
    before = layer(X)
    close(parametrizations.weight_norm(layer, dim=1)(X), before)
    same_gradients(layer)


@habit("utilities")
def orthogonal_weight_of_our_layer():
    layer = parametrizations.orthogonal(nn.Linear(4, 4))
    weight = layer.weight.value["weight"]
    close(weight @ weight.T, torch.eye(4))


@habit("utilities")
def prune_of_our_layer():
    layer = nn.Linear(4, 4)
    parameter = layer.get_parameter("weight.weight")
    assert prune.l1_unstructured(layer, "weight", 0.5) is layer and prune.is_pruned(layer)
    assert (layer.weight.value["weight"] == 0).sum() == 8
    assert layer.get_parameter("weight.weight_orig") is parameter
    same_gradients(layer)
    close(T.vmap(layer)(X), layer(X))
    prune.random_unstructured(layer, "weight", 2)  # one on top of the other
    assert (layer.weight.value["weight"] == 0).sum() == 10
    close(copy.deepcopy(layer)(X), layer(X))
    close(pickle.loads(pickle.dumps(layer))(X), layer(X))
    prune.remove(layer, "weight")
    assert list(layer.state_dict()) == ["weight.bias", "weight.weight"]


@habit("utilities")
def global_pruning():
    net = Net()
    prune.global_unstructured([(net.a, "weight"), (net.b, "weight")], prune.L1Unstructured, amount=0.25)
    assert sum((layer.weight.value["weight"] == 0).sum() for layer in (net.a, net.b)) == 12


class Doubled(torch.nn.Module):
    def forward(self, w):
        return 2 * w


@habit("utilities")
def parametrize_of_a_layer_of_torch_inside():
    net = Mixed()
    before = net.a(X)
    parametrize.register_parametrization(net.a, "weight", Doubled())
    close(net.a(X) - net.a.bias, 2 * (before - net.a.bias))
    assert "a.parametrizations.weight.original" in dict(net.named_parameters())


@habit("utilities")
def weight_norm_of_a_layer_of_torch_inside():
    net = Mixed()
    before = net(X)
    parametrizations.weight_norm(net.a)
    close(net(X), before)
    net(X).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


@habit("utilities")
def prune_of_a_layer_of_torch_inside():
    net = Mixed()
    prune.l1_unstructured(net.a, "weight", 0.5)
    assert (net.a.weight == 0).sum() == 16
    net(X).sum().backward()
    assert net.get_parameter("a.weight_orig").grad is not None


@habit("utilities")
def our_grad_through_a_parametrized_layer():
    net = Mixed()
    parametrize.register_parametrization(net.a, "weight", Doubled())
    slopes = T.grad(lambda: net(X).square().sum(), net.states(ParamState))()
    wanted = grads(net)
    close(slopes["a", "parametrizations", "weight", "original"], wanted["a.parametrizations.weight.original"])


@habit("utilities")
def dynamic_quantization_of_layers_of_torch_inside():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantized = torch.ao.quantization.quantize_dynamic(net := Mixed(), {torch.nn.Linear})
    close(quantized(X), net(X), atol=0.05, rtol=0.05)


test_habit = running(HABITS)
