"""The habits of PyTorch users: what its tools and its users do with a module, tried on modules of this package."""

import copy
import io
import os
import pickle
import warnings

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import LongTermState, ParamState, ShortTermState
from brainstate_torch import transform as T

nn = bst.nn
close = torch.testing.assert_close
HABITS = {}
X = torch.linspace(-1, 1, 12).reshape(3, 4)


def habit(area, **needs):
    """Enter a case into the table.

    `without` says why it does not work, and what does instead; `group` that it needs a group of processes; `by_hand`
    that it compiles for a minute, and runs where the variable BRAINSTATE_HABITS is set.
    """

    def enter(case):
        HABITS[f"{area}: {case.__name__.replace('_', ' ')}"] = case, needs
        return case

    return enter


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


# --- compile


@habit("compile")
def torch_compile_of_a_model():
    close(torch.compile(net := Net(), backend="eager")(X), net(X))


@habit("compile")
def torch_compile_of_a_model_with_buffers_and_states_of_the_run():
    net, twin = Counting(), Counting()
    twin.load_state_dict(net.state_dict())
    compiled = torch.compile(net, backend="eager")
    for _ in range(3):
        close(compiled(X), twin(X))
    assert net.calls.value == 3


@habit("compile")
def torch_compile_of_a_model_with_units():
    close(torch.compile(leak := Leak(), backend="eager")(X), leak(X))


@habit("compile")
def torch_compile_of_a_spiking_model():
    net = spiking()
    with bst.environ.context(dt=1.0 * u.ms):
        nn.init_all_states(net, 3)
        step = lambda x: net[1](net[0](x) * u.mA)
        wanted = step(X)
        nn.init_all_states(net, 3)
        close(torch.compile(step, backend="eager")(X), wanted)


@habit("compile")
def torch_compile_of_a_model_with_layers_of_torch():
    close(torch.compile(net := Mixed(), backend="eager")(X), net(X))


@habit("compile")
def torch_compile_by_inductor():
    close(torch.compile(net := Net())(X), net(X))


@habit("compile")
def module_compile():
    net = Net()
    wanted = net(X)
    net.compile(backend="eager")
    close(net(X), wanted)


@habit("compile", without="a script module has no name with a dot: `torch.export`")
def jit_trace():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(net := Net(), X)
    close(traced(2 * X), net(2 * X))


@habit("compile")
def a_compiled_training_step_with_taped():
    net, twin = Net(), Net()
    twin.load_state_dict(net.state_dict())

    def step(x):
        with bst.taped():
            return net(x).square().mean()

    torch.compile(step, backend="eager")(X).backward()
    twin(X).square().mean().backward()
    close([p.grad for p in net.parameters()], [p.grad for p in twin.parameters()])


@habit("compile")
def torch_compile_with_fullgraph():
    close(torch.compile(net := Net(), fullgraph=True, backend="eager")(X), net(X))


@habit("compile")
def torch_compile_with_fullgraph_of_a_model_with_states():
    net, twin = Counting(), Counting()
    twin.load_state_dict(net.state_dict())
    compiled = torch.compile(net, fullgraph=True, backend="eager")
    for _ in range(3):
        close(compiled(X), twin(X))
    assert net.calls.value == 3


@habit("compile")
def torch_compile_makes_one_graph_for_all_training_steps():
    net, made = Net(), []
    optimizer = torch.optim.SGD(net.parameters(), 0.1)

    def backend(graph, inputs):
        made.append(graph)
        return graph

    compiled = torch.compile(net, backend=backend)
    for _ in range(5):
        optimizer.zero_grad()
        compiled(X).square().mean().backward()
        optimizer.step()
    assert len(made) == 1


# --- export


def exported(model, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.export.export(model, args or (X,), **options)


@habit("export")
def export_strict():
    close(exported(net := Net(), strict=True).module()(2 * X), net(2 * X))


@habit("export")
def export_not_strict():
    net = Net()
    program = exported(net, strict=False)
    close(program.module()(2 * X), net(2 * X))
    assert list(program.state_dict) == list(net.state_dict())


@habit("export")
def export_with_units():
    close(exported(leak := Leak(), strict=False).module()(2 * X), leak(2 * X))


class Summing(Net):
    """A buffer that the result depends on."""

    def __init__(self):
        super().__init__()
        self.sum = LongTermState(torch.zeros(3, 2))

    def update(self, x):
        self.sum.value = self.sum.value + super().update(x)
        return self.sum.value * 1


@habit("export")
def export_with_a_buffer_that_is_written():
    net, twin = Summing(), Summing()
    twin.load_state_dict(net.state_dict())
    module = exported(net).module()
    for _ in range(3):
        close(module(X), twin(X))


class Stepping(nn.Module):
    """Takes and returns the state of a cell."""

    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(4, 2)
        nn.init_all_states(self.cell, 3)

    def update(self, x, h):
        self.cell.h.value = h
        return self.cell(x)


@habit("export")
def export_of_a_step_with_the_state_of_a_run():
    net, h = Stepping(), torch.full((3, 2), 0.5)
    for strict in (True, False):
        close(exported(net, X, h, strict=strict).module()(2 * X, -h), net(2 * X, -h))
        assert type(net.cell.h.value + 0) is torch.Tensor
    with pytest.raises((NotImplementedError, torch._dynamo.exc.Unsupported), match="State of one run"):
        exported(Counting(), strict=False)


@habit("export", by_hand=True)
def ahead_of_time_inductor():
    net = Net()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = torch._inductor.aoti_compile_and_package(exported(net, strict=False))
    close(torch._inductor.aoti_load_package(path)(X), net(X))


# --- functions of parameters


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


# --- names


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


# --- utilities


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


@habit("utilities", without="they exchange the tensor in an attribute, where a State is: `nn.Param` with a transform")
def parametrize_of_our_layer():
    layer = nn.Linear(4, 4)
    torch.nn.utils.parametrize.register_parametrization(layer, "weight", torch.nn.ReLU())


@habit("utilities", without="as parametrize")
def spectral_norm_of_our_layer():
    torch.nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))


@habit("utilities", without="as parametrize")
def prune_of_our_layer():
    from torch.nn.utils import prune

    prune.l1_unstructured(nn.Linear(4, 4), "weight", 0.5)


class Doubled(torch.nn.Module):
    def forward(self, w):
        return 2 * w


@habit("utilities")
def parametrize_of_a_layer_of_torch_inside():
    net = Mixed()
    before = net.a(X)
    torch.nn.utils.parametrize.register_parametrization(net.a, "weight", Doubled())
    close(net.a(X) - net.a.bias, 2 * (before - net.a.bias))
    assert "a.parametrizations.weight.original" in dict(net.named_parameters())


@habit("utilities")
def weight_norm_of_a_layer_of_torch_inside():
    net = Mixed()
    before = net(X)
    torch.nn.utils.parametrizations.weight_norm(net.a)
    close(net(X), before)
    net(X).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


@habit("utilities")
def prune_of_a_layer_of_torch_inside():
    from torch.nn.utils import prune

    net = Mixed()
    prune.l1_unstructured(net.a, "weight", 0.5)
    assert (net.a.weight == 0).sum() == 16
    net(X).sum().backward()
    assert net.get_parameter("a.weight_orig").grad is not None


@habit("utilities")
def our_grad_through_a_parametrized_layer():
    net = Mixed()
    torch.nn.utils.parametrize.register_parametrization(net.a, "weight", Doubled())
    slopes = T.grad(lambda: net(X).square().sum(), net.states(ParamState))()
    wanted = grads(net)
    close(slopes["a", "parametrizations", "weight", "original"], wanted["a.parametrizations.weight.original"])


@habit("utilities")
def dynamic_quantization_of_layers_of_torch_inside():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantized = torch.ao.quantization.quantize_dynamic(net := Mixed(), {torch.nn.Linear})
    close(quantized(X), net(X), atol=0.05, rtol=0.05)


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
    with torch.autocast("cpu", torch.bfloat16):
        assert Net()(X).dtype == torch.bfloat16


@habit("modules")
def autocast_without_bias():
    with torch.autocast("cpu", torch.bfloat16):
        assert nn.Linear(4, 2, b_init=None)(X).dtype == torch.bfloat16


@habit("modules")
def moving_to_the_meta_device():
    assert Net().to("meta")(X.to("meta")).is_meta


@habit("modules")
def to_empty():
    net = Net()
    twin = copy.deepcopy(net).to("meta").to_empty(device="cpu")
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


# --- registration


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


# --- optimizers


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


@habit("optimizers")
def groups_of_parameters():
    net = Net()
    trained(net, torch.optim.Adam([{"params": net.a.parameters(), "lr": 0.1}, {"params": net.b.parameters()}], 0.05))


@habit("optimizers")
def one_cycle():
    optimizer = torch.optim.SGD((net := Net()).parameters(), 0.1)
    trained(net, optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=30))


@habit("optimizers")
def reduce_on_plateau():
    optimizer = torch.optim.SGD((net := Net()).parameters(), 0.1)
    trained(net, optimizer, torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer))


@habit("optimizers")
def lbfgs():
    net = Net()
    optimizer, first = torch.optim.LBFGS(net.parameters(), 0.1), net(X).square().mean().item()

    def closure():
        optimizer.zero_grad()
        loss = net(X).square().mean()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    assert net(X).square().mean() < first


@habit("optimizers")
def fused():
    trained(net := Net(), torch.optim.Adam(net.parameters(), 0.05, fused=True))


@habit("optimizers")
def gradients_of_ours_in_an_optimizer_of_torch():
    leak = Leak()
    optimizer = torch.optim.SGD(leak.parameters(), 0.1)
    leak.g.parameters()[0].grad = T.grad(lambda: leak(X).square().sum(), leak.states(ParamState))()["g",].mantissa
    optimizer.step()
    assert (leak.g.value.mantissa != torch.tensor([1.0, 2.0, 3.0, 4.0])).all()


@habit("optimizers")
def the_state_of_an_optimizer_is_saved():
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), 0.05)
    trained(net, optimizer, steps=5)
    other = torch.optim.Adam(net.parameters(), 0.05)
    other.load_state_dict(optimizer.state_dict())
    assert other.state_dict()["state"][0]["step"] == 5


@habit("optimizers", without="their arguments are States: one optimizer for each group, or `torch.optim`")
def our_optimizers_have_groups():
    optimizer = bst.optim.Adam(lr=0.1)
    optimizer.register_trainable_weights(Net().states(ParamState))
    assert optimizer.param_groups[0]["lr"] == 0.1


@habit("optimizers", without="an optimizer of `bst.optim` works inside transforms: the schedules of `bst.optim`")
def a_schedule_of_torch_on_our_optimizer():
    optimizer = bst.optim.Adam(lr=0.1)
    optimizer.register_trainable_weights(Net().states(ParamState))
    torch.optim.lr_scheduler.StepLR(optimizer, 1)


# --- saving


def stored(tree, **options):
    file = io.BytesIO()
    torch.save(tree, file)
    file.seek(0)
    return torch.load(file, **options)


@habit("saving")
def safetensors_of_a_model(folder):
    safetensors = pytest.importorskip("safetensors.torch")
    net, other = Net(), Net()
    safetensors.save_file(net.state_dict(), folder / "x")
    other.load_state_dict(safetensors.load_file(folder / "x"))
    close(other(X), net(X))


@habit("saving")
def safetensors_with_units(folder):
    safetensors = pytest.importorskip("safetensors.torch")
    leak = Leak()
    safetensors.save_file(leak.state_dict(), folder / "x")
    leak.load_state_dict(safetensors.load_file(folder / "x"))
    assert leak.g.value.unit == u.mS


@habit("saving")
def safetensors_save_model(folder):
    safetensors = pytest.importorskip("safetensors.torch")
    safetensors.save_model(leak := Leak(), str(folder / "x"))
    safetensors.load_model(leak, str(folder / "x"))


@habit("saving")
def weights_only_with_units():
    leak, other = Leak(), Leak()
    other.g.value = 0 * other.g.value
    other.load_state_dict(stored(leak.state_dict(), weights_only=True))
    close(other(X), leak(X))


@habit("saving")
def a_quantity_with_weights_only():
    assert (stored(X * u.mV, weights_only=True) == X * u.mV).all()


def distributed_checkpoint(model, other, folder):
    from torch.distributed import checkpoint

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checkpoint.save(model.state_dict(), checkpoint_id=folder)
        found = other.state_dict()
        checkpoint.load(found, checkpoint_id=folder)
    other.load_state_dict(found)
    close(other(X), model(X))


@habit("saving")
def distributed_checkpoint_of_a_model(folder):
    distributed_checkpoint(Net(), Net(), folder)


@habit("saving")
def distributed_checkpoint_with_units(folder):
    leak = Leak()
    leak.g.value = 3 * leak.g.value
    distributed_checkpoint(leak, Leak(), folder)


@habit("saving")
def distributed_state_of_a_model():
    from torch.distributed.checkpoint.state_dict import get_model_state_dict, set_model_state_dict

    net, other = Net(), Net()
    set_model_state_dict(other, get_model_state_dict(net))
    close(other(X), net(X))


@habit("saving")
def distributed_state_of_an_optimizer():
    from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict

    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), 0.05)
    trained(net, optimizer, steps=5)
    saved = get_optimizer_state_dict(net, optimizer)
    assert set(saved["state"]) == {k for k, _ in net.named_parameters()}
    other = torch.optim.Adam(net.parameters(), 0.05)
    set_optimizer_state_dict(net, other, saved)
    assert all(s["step"] == 5 for s in other.state_dict()["state"].values())


# --- data


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


# --- distributed


@pytest.fixture
def process_group(tmp_path):
    distributed = torch.distributed
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@habit("distributed", group=True)
def distributed_data_parallel():
    net = Net()
    wanted = grads(net)
    found = grads(torch.nn.parallel.DistributedDataParallel(net))
    close({k.removeprefix("module."): g for k, g in found.items()}, wanted)


@habit("distributed", group=True)
def distributed_data_parallel_with_units():
    leak = Leak()
    wanted = grads(leak)
    found = grads(torch.nn.parallel.DistributedDataParallel(leak))
    close({k.removeprefix("module."): g for k, g in found.items()}, wanted)


def fully_sharded(*parts):
    from torch.distributed.fsdp import fully_shard

    net = Net()
    wanted, out = grads(net), net(X)
    net.zero_grad()
    for part in parts:
        fully_shard(getattr(net, part))
    fully_shard(net, mesh=torch.distributed.init_device_mesh("cpu", (1,)))
    close(net(X), out)
    net(X).square().sum().backward()
    close({k: p.grad.full_tensor() for k, p in net.named_parameters()}, wanted)


@habit(
    "distributed",
    group=True,
    without="it exchanges Parameters by setting attributes: `DistributedDataParallel`, or layers of torch",
)
def fully_shard_of_a_model():
    fully_sharded()


@habit("distributed", group=True, without="as for the model")
def fully_shard_of_layers():
    fully_sharded("a", "b")


@habit(
    "distributed",
    group=True,
    without="it knows the classes `torch.nn.Linear` and `Embedding` only; use them inside a model of ours",
)
def tensor_parallel():
    from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module

    net = Net()
    parallelize_module(net, torch.distributed.init_device_mesh("cpu", (1,)), {"a": ColwiseParallel()})
    net(X)


# --- tools


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


@pytest.fixture(autouse=True)
def _following(monkeypatch):
    """A common stream without a seed of its own, whatever ran before."""
    monkeypatch.setattr(bst.random.DEFAULT, "_followed", b"")
    monkeypatch.setattr(bst.random.DEFAULT, "_worker", None)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning", "ignore:.*NVIDIA:UserWarning")
@pytest.mark.parametrize("name", HABITS)
def test_habit(name, tmp_path, request):
    case, needs = HABITS[name]
    if needs.get("by_hand") and not os.environ.get("BRAINSTATE_HABITS"):
        pytest.skip("compiles for a minute: BRAINSTATE_HABITS=1")
    if needs.get("group"):
        request.getfixturevalue("process_group")
    if name.startswith(("compile", "export")):
        torch.compiler.reset()
        # torch.compile warns of what it meets on its way: a cache of functools, a `.grad` where it breaks a graph.
        warnings.simplefilter("ignore", UserWarning)
    args = [tmp_path] if "folder" in case.__code__.co_varnames[: case.__code__.co_argcount] else []
    if "without" in needs:
        with pytest.raises(Exception):  # noqa: B017
            case(*args)
    else:
        case(*args)


def test_of_the_habits_most_work():
    works = [name for name, (_, needs) in HABITS.items() if "without" not in needs]
    assert len(works) >= 95, len(works)
    print(f"{len(works)} of {len(HABITS)}")
