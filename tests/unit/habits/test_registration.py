"""Parameters, buffers, lists and hooks, as PyTorch users have it."""

import torch

from brainstate_torch import ParamState
from brainstate_torch import transform as T

from .models import Net, X, close, entering, grads, nn, running

HABITS = {}
habit = entering(HABITS)


@habit("registration")
def register_parameter():
    net = Net()
    net.register_parameter("p", torch.nn.Parameter(torch.ones(2)))
    assert net.p is dict(net.named_parameters())["p"]


@habit("registration")
def register_buffer():
    net = Net()
    net.register_buffer("n", torch.zeros(2))
    assert "n" in net.state_dict() and "n" in dict(net.named_buffers())


@habit("registration")
def register_buffer_that_is_not_saved():
    net = Net()
    net.register_buffer("n", torch.zeros(2), persistent=False)
    assert "n" not in net.state_dict() and "n" in dict(net.named_buffers())


@habit("registration")
def module_list():
    net = nn.Module()
    net.layers = torch.nn.ModuleList([nn.Linear(4, 4), torch.nn.Linear(4, 2)])
    assert [k for k, _ in net.named_parameters()][-1] == "layers.1.bias" and len(net.states(ParamState)) == 3


@habit("registration")
def module_dict():
    net = nn.Module()
    net.layers = torch.nn.ModuleDict({"x": nn.Linear(4, 4)})
    assert "layers.x.weight.bias" in net.state_dict()


@habit("registration")
def parameter_list():
    net = nn.Module()
    net.ps = torch.nn.ParameterList([torch.nn.Parameter(torch.ones(2)) for _ in range(2)])
    assert list(net.state_dict()) == ["ps.0", "ps.1"]
    close(T.grad(lambda: sum((p**2).sum() for p in net.ps), net.states(ParamState))()["ps", "0"], torch.full((2,), 2.0))


@habit("registration")
def forward_in_place_of_update():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = ParamState(torch.ones(4))

        def forward(self, x):
            return self.w.value * x

    assert all(g.any() for g in grads(Own()).values())


@habit("registration")
def forward_hook():
    net = Net()
    handle = net.register_forward_hook(lambda module, args, out: out + 1)
    with_hook = net(X)
    handle.remove()
    close(with_hook, net(X) + 1)


@habit("registration")
def forward_pre_hook():
    net = Net()
    net.register_forward_pre_hook(lambda module, args: (2 * args[0],))
    close(net(X), net.forward(2 * X))


@habit("registration")
def full_backward_hook():
    net, seen = Net(), []
    net.a.register_full_backward_hook(lambda module, inner, outer: seen.append(outer[0].shape))
    net(X.clone().requires_grad_()).sum().backward()
    assert seen == [(3, 8)]


@habit("registration")
def full_backward_hook_in_our_grad():
    net, seen = Net(), []
    net.a.register_full_backward_hook(lambda module, inner, outer: seen.append(outer[0].shape))
    T.grad(lambda x: net(x).sum(), net.states(ParamState), argnums=0)(X)
    assert seen == [(3, 8)]


@habit("registration")
def tensor_hook():
    net, seen = Net(), []
    p = next(net.parameters())
    p.register_hook(lambda g: seen.append(g.shape))
    net(X).sum().backward()
    assert seen == [p.shape]


@habit("registration")
def state_dict_hooks():
    net = Net()
    net.register_state_dict_post_hook(lambda module, sd, prefix, meta: sd.update(more=X))
    net.register_load_state_dict_pre_hook(lambda module, sd, *rest: sd.pop("more", None))
    net.load_state_dict(net.state_dict())
    assert "more" in net.state_dict()


@habit("registration")
def global_hook():
    seen = []
    handle = torch.nn.modules.module.register_module_forward_hook(lambda m, args, out: seen.append(type(m).__name__))
    Net()(X)
    handle.remove()
    assert seen == ["Linear", "Linear", "Net"]


@habit("registration")
def a_buffer_that_is_assigned_stays_one():
    net = Net()
    net.register_buffer("n", torch.zeros(()))
    net.n = net.n + 1
    assert net.state_dict()["n"] == 1


@habit(
    "registration",
    without="a torch Parameter as attribute is a constant to transforms, which a warning tells: `ParamState`",
)
def a_parameter_as_attribute_is_differentiated_by_our_grad():
    net = nn.Module()
    net.register_parameter("p", torch.nn.Parameter(torch.ones(2)))
    assert len(net.states(ParamState)) == 1


test_habit = running(HABITS)
