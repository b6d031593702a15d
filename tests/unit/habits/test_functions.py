"""Functions of parameters, and names, as PyTorch users have it."""

import copy

import pytest
import torch

from .models import Counting, Leak, Net, X, bst, close, entering, grads, nn, running

HABITS = {}
habit = entering(HABITS)


@habit("functional")
def functional_call():
    net, other = Net(), Net()
    close(torch.func.functional_call(net, dict(other.named_parameters()), (X,)), other(X))
    halves = {k: p.detach() / 2 for k, p in other.named_parameters()}
    wanted = copy.deepcopy(net)
    wanted.load_state_dict(halves)
    before = net(X)
    close(torch.func.functional_call(net, halves, (X,)), wanted(X))
    close(net(X), before)


@habit("functional")
def grad_over_functional_call():
    net = Net()
    found = torch.func.grad(lambda p: torch.func.functional_call(net, p, (X,)).square().sum())(
        {k: p.detach() for k, p in net.named_parameters()}
    )
    close(found, grads(net))


@habit("functional")
def per_sample_gradients():
    net = Net()
    params = {k: p.detach() for k, p in net.named_parameters()}
    loss = lambda p, x: torch.func.functional_call(net, p, (x[None],)).square().sum()
    found = torch.func.vmap(torch.func.grad(loss), (None, 0))(params, X)
    close({k: g.sum(0) for k, g in found.items()}, grads(net))


@habit("functional")
def stack_module_state():
    nets = [Net() for _ in range(3)]
    params, buffers = torch.func.stack_module_state(nets)
    base = copy.deepcopy(nets[0]).to("meta")
    found = torch.func.vmap(lambda p, b, x: torch.func.functional_call(base, (p, b), (x,)), (0, 0, None))(
        params, buffers, X
    )
    close(found, torch.stack([net(X) for net in nets]))


@habit("functional")
def make_fx():
    net = Net()
    params = {k: p.detach() for k, p in net.named_parameters()}
    graph = torch.fx.experimental.proxy_tensor.make_fx(lambda p, x: torch.func.functional_call(net, p, (x,)))(params, X)
    close(
        graph({k: 2 * p for k, p in params.items()}, X),
        torch.func.functional_call(net, {k: 2 * p for k, p in params.items()}, (X,)),
    )


@habit("functional")
def make_fx_of_a_model():
    for model in (Net(), Leak()):
        graph = torch.fx.experimental.proxy_tensor.make_fx(model)(X)
        close(graph(2 * X), model(2 * X))
        graph(X).sum().backward()
        assert all(p.grad is not None for p in model.parameters())


@habit("functional")
def make_fx_of_a_model_that_writes_is_refused():
    net = Counting()
    with pytest.raises(bst.BrainStateError, match="must not write States: a run of it would not. Got a write to"):
        torch.fx.experimental.proxy_tensor.make_fx(net)(X)
    assert net.calls.value == 0 and not net.last.value.any()
    # linearize calls the model before it records it. torch's own Dropout draws another mask at each call of the result.
    for random in (net, nn.Dropout(0.5)):
        with pytest.raises(bst.BrainStateError, match="or a draw of random numbers"):
            torch.func.linearize(random, X)


@habit("functional")
def linearize():
    net = Net()
    out, tangent_of = torch.func.linearize(net, X)
    wanted = torch.func.jvp(net, (X,), (X + 1,))
    close((out, tangent_of(X + 1)), wanted)


@habit("functional")
def hessian_of_functional_call():
    leak = Leak()
    found = torch.func.hessian(lambda g: torch.func.functional_call(leak, {"g": g}, (X,)).square().sum())(torch.ones(4))
    close(found, torch.diag(2 * X.square().sum(0)))


@habit("functional", without="a TensorDict takes no name with a dot: `torch.func.functional_call`")
def tensordict():
    tensordict = pytest.importorskip("tensordict")
    net = Net()
    params = tensordict.from_module(net)
    with (params * 0).to_module(net):
        assert not net(X).any()
    assert net(X).any()


@habit("names")
def named_parameters():
    assert [k for k, _ in Net().named_parameters()] == [
        "a.weight.weight",
        "a.weight.bias",
        "b.weight.weight",
        "b.weight.bias",
    ]


@habit("names")
def state_dict():
    net, other = Counting(), Counting()
    other.load_state_dict(net.state_dict())
    close(other(X), net(X))


@habit("names")
def load_state_dict_not_strict():
    net = Net()
    some = {k: v + 1 for k, v in net.state_dict().items() if k.startswith("a")}
    missing, unexpected = net.load_state_dict({**some, "other": X}, strict=False)
    assert set(missing) == {"b.weight.weight", "b.weight.bias"} and unexpected == ["other"]
    close(net.state_dict()["a.weight.bias"], some["a.weight.bias"])


@habit("names")
def get_parameter_and_get_buffer():
    net = Counting()
    assert net.get_parameter("a.weight.weight") is next(net.parameters())
    assert net.get_buffer("calls") is next(net.buffers()) and net.get_submodule("a") is net.a


@habit(
    "names",
    without="`layer.weight` is a State, whose value may have several leaves; its Parameter is `layer.weight.weight`",
)
def the_weight_of_a_layer_is_a_tensor():
    assert isinstance(nn.Linear(4, 2).weight, torch.Tensor)


test_habit = running(HABITS)
