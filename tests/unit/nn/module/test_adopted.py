"""Plain torch modules in a module: differentiated, mapped, looped, copied and saved like any other."""

import copy
import gc
import io
import pickle
import weakref

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import LongTermState, ParamState, StateTraceStack, graph, transform
from brainstate_torch.nn import Module
from brainstate_torch.nn.module.adopted import TorchBuffer, TorchParam


class Net(Module):
    """A torch module, one of ours, and a torch layer that is shared, with a tied weight."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh())
        self.again = [self.body[0]]
        self.out = torch.nn.Linear(4, 3, bias=False)
        self.out.weight = torch.nn.Parameter(self.body[0].weight.detach().T.clone())
        self.tied = torch.nn.Linear(4, 3)
        self.tied.weight = self.out.weight
        self.scale = ParamState(torch.tensor(2.0))

    def update(self, x):
        y = self.out(self.scale.value * self.body(x))
        return self.tied(self.again[0](y)) + torch.nn.functional.linear(y, self.body[0].weight.T @ self.tied.weight.T)


X = torch.linspace(-1.0, 2.0, 15).reshape(5, 3)


def square(model):
    return lambda x=X: (model(x) ** 2).sum()


def by_backward(model, x=X):
    """The gradients that torch finds on a copy, and the copy after the run."""
    model = copy.deepcopy(model)
    with brainstate.taped():
        square(model)(x).backward()
    return {name: p.grad for name, p in model.named_parameters()}, model


def test_parameters_and_buffers_are_states():
    net = Net()
    assert list(net.states(ParamState)) == [
        ("again", 0, "bias"),
        ("again", 0, "weight"),
        ("body", "1", "bias"),
        ("body", "1", "weight"),
        ("out", "weight"),
        ("scale",),
        ("tied", "bias"),
    ]
    kinds = {path[-1]: type(state) for path, state in net.states(LongTermState).items()}
    assert kinds["running_mean"] is kinds["num_batches_tracked"] is TorchBuffer and kinds["weight"] is TorchParam
    weight = net.states()["out", "weight"]
    assert weight.parameters()[0] is net.out.weight is net.tied.weight
    assert net.states()["out", "weight"] is weight


@pytest.mark.parametrize("engine", ["tape", "func"])
def test_gradients_are_those_of_backward(engine):
    net = Net()
    weights = net.states(ParamState)
    expected, after = by_backward(net)
    grads, loss = transform.grad(square(net), weights, return_value=True, engine=engine)()
    torch.testing.assert_close(loss, square(Net())().detach())
    assert len(grads) == len(expected)
    names = {id(p): name for name, p in net.named_parameters()}
    for path, grad in grads.items():
        torch.testing.assert_close(grad, expected[names[id(weights[path].parameters()[0])]], rtol=1e-4, atol=1e-4)
    for (name, buffer), (_, other) in zip(net.named_buffers(), after.named_buffers(), strict=True):
        torch.testing.assert_close(buffer, other), name
    assert not loss.requires_grad


def test_running_statistics_are_written_once():
    norm, x = torch.nn.BatchNorm1d(2), torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    states = graph.states(norm)
    mean, buffer = states["running_mean",], norm.running_mean
    writes = []
    mean.register_hook("write_after", lambda context: writes.append(context))
    before = mean.value
    transform.grad(lambda: norm(x).sum(), states.filter(ParamState))()
    assert norm.running_mean is buffer and torch.allclose(buffer, torch.tensor([0.2, 0.4]))
    assert torch.equal(mean.value, buffer) and before.tolist() == [0.0, 0.0]
    assert int(norm.num_batches_tracked) == 1


def test_an_exception_undoes_running_statistics():
    norm, x = torch.nn.BatchNorm1d(2), torch.ones(4, 2)

    def fails(x):
        norm(x)
        raise RuntimeError("later")

    for run in (transform.grad(fails), lambda x: transform.for_loop(fails, x[None])):
        graph.states(norm)
        with pytest.raises(RuntimeError, match="later"):
            run(x)
        assert norm.running_mean.tolist() == [0.0, 0.0] and int(norm.num_batches_tracked) == 0


def test_evaluation_mode_reads_buffers_only():
    norm, x = torch.nn.BatchNorm1d(2).eval(), torch.ones(4, 2)
    mean = graph.states(norm)["running_mean",]
    with StateTraceStack() as trace:
        transform.for_loop(norm, x[None])
    assert mean in trace.get_read_states() and mean not in trace.get_write_states()


def test_a_module_that_writes_its_buffer_in_place_in_evaluation_mode():
    class Counter(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("n", torch.zeros(()))
            self.register_buffer("last", torch.zeros(()))

        def forward(self, x):
            self.n.add_(1)
            self.last = self.last * 0 + x
            return x * self.n

    counter = Counter().eval()
    n = graph.states(counter)["n",]
    buffer = counter.n
    assert transform.for_loop(counter, torch.ones(3)).tolist() == [1.0, 2.0, 3.0]
    assert counter.n is buffer and n.value == 3.0 and counter.last == 1.0
    assert transform.vector_grad(counter)(torch.tensor(2.0)) == 4.0
    assert counter.n == 4.0 and counter.last == 2.0


def test_a_state_shows_what_its_module_wrote_before_in_the_transform():
    norm = torch.nn.BatchNorm1d(1)
    tracked = graph.states(norm)["num_batches_tracked",]

    def step(x):
        before = tracked.value
        norm(x)
        between = tracked.value
        norm(x)
        if int(between) == 3:
            tracked.value = torch.tensor(100)
        return torch.stack([before, between, tracked.value])

    seen = transform.for_loop(step, torch.ones(2, 4, 1))
    assert seen.tolist() == [[0, 1, 2], [2, 3, 100]] and int(norm.num_batches_tracked) == 100


def test_nested_transforms():
    norm, x = torch.nn.BatchNorm1d(2), torch.randn(5, 2)
    weights = graph.states(norm, ParamState)

    def inner(x):
        return transform.grad(lambda: (norm(x) ** 3).sum(), weights)()["weight",].sum()

    slope = transform.grad(inner)(x)
    assert int(norm.num_batches_tracked) == 1
    twin = torch.nn.BatchNorm1d(2)
    leaf = x.clone().requires_grad_()
    (first,) = torch.autograd.grad((twin(leaf) ** 3).sum(), [twin.weight], create_graph=True)
    (expected,) = torch.autograd.grad(first.sum(), [leaf])
    torch.testing.assert_close(slope, expected, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(norm.running_var, twin.running_var)


def test_vmap_over_the_weights_of_a_module():
    layer, x = torch.nn.Linear(2, 2), torch.randn(3, 2)
    assert torch.allclose(transform.vmap(layer)(x), layer(x).detach(), atol=1e-6)
    states = graph.states(layer)
    grads = transform.vmap(lambda x: transform.grad(lambda: layer(x).sum(), states)())(x)
    assert torch.allclose(grads["weight",], x[:, None, :].expand(3, 2, 2))


def test_batch_norm_that_trains_is_refused_under_vmap_and_not_changed():
    norm = torch.nn.BatchNorm1d(2)
    graph.states(norm)
    with pytest.raises(RuntimeError, match="running_mean"):
        transform.vmap(norm)(torch.randn(3, 4, 2))
    assert int(norm.num_batches_tracked) == 0 and norm.running_mean.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("kind", [torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN])
def test_recurrent_layers(kind):
    layer, x = kind(3, 2), torch.randn(4, 1, 3)
    weights = graph.states(layer, ParamState)
    loss = lambda: (layer(x)[0] ** 2).sum()
    grads = transform.grad(loss, weights)()
    loss().backward()
    for (name,), grad in grads.items():
        torch.testing.assert_close(grad, getattr(layer, name).grad)
    assert {id(weight) for weight in layer._flat_weights} == {id(weight) for weight in layer.parameters()}
    copy.deepcopy(layer)


def test_attention_and_dropout():
    layer = torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    x = torch.randn(2, 3, 4)
    layer.eval()
    weights = graph.states(layer, ParamState)
    grads = transform.grad(lambda: (layer(x) ** 2).sum(), weights)()
    (layer(x) ** 2).sum().backward()
    found = dict(layer.named_parameters())
    for path, grad in grads.items():
        torch.testing.assert_close(grad, found[".".join(path)].grad, rtol=1e-4, atol=1e-5)
    layer.train()
    transform.grad(lambda: (layer(x) ** 2).sum(), weights)()


def test_a_frozen_parameter_is_no_paramstate():
    layer = torch.nn.Linear(1, 1)
    layer.weight.requires_grad_(False)
    assert list(graph.states(layer, ParamState)) == [("bias",)]
    assert type(graph.states(layer)["weight",]) is TorchBuffer
    transform.grad(lambda: layer(torch.ones(1)).sum(), graph.states(layer, ParamState))()
    layer.weight.requires_grad_(True)
    assert list(graph.states(layer, ParamState)) == [("bias",), ("weight",)]


def test_outside_of_transforms_torch_works_as_ever():
    net = Net()
    net.states()
    net(X).sum().backward()
    assert net.out.weight.grad is not None and int(net.body[1].num_batches_tracked) == 1
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    before = net.states()["out", "weight"].value.clone()
    optimizer.step()
    assert not torch.equal(net.states()["out", "weight"].value, before)
    assert torch.equal(net.states()["out", "weight"].value, net.out.weight.detach())


def test_a_value_that_is_assigned_is_the_one_that_torch_uses():
    layer = torch.nn.Linear(2, 1)
    parameter = layer.weight
    graph.states(layer)["weight",].value = torch.tensor([[3.0, 4.0]])
    graph.states(layer)["bias",].value = torch.zeros(1)
    assert layer.weight is parameter and layer(torch.ones(2)).item() == 7.0


def test_only_tensors_can_be_assigned():
    weight = graph.states(torch.nn.Linear(2, 1))["weight",]
    for value in (1.0, {"w": torch.ones(1)}, torch.ones(1, 2) * u.mV):
        with pytest.raises(TypeError, match=r"the value of a TorchParam must be a plain tensor"):
            weight.value = value


def test_training_with_an_optimizer_of_ours():
    net = Net()
    weights = net.states(ParamState)
    optimizer = brainstate.optim.Adam(0.01).register_trainable_weights(weights)
    step = transform.grad(square(net), weights, return_value=True)
    losses = []
    for _ in range(30):
        grads, loss = step()
        optimizer.update(grads)
        losses.append(float(loss))
    assert losses[-1] < 0.5 * losses[0] and int(net.body[1].num_batches_tracked) == 30


def test_a_trace_that_is_no_transform_is_told():
    norm = torch.nn.BatchNorm1d(2)
    states = graph.states(norm)
    with StateTraceStack() as trace:
        norm(torch.ones(3, 2)).sum().backward()
    assert states["weight",] in trace.get_read_states() and states["running_mean",] in trace.get_write_states()
    assert norm.weight.grad is not None


def test_to_and_loading_go_through():
    net = Net()
    weight = net.states()["out", "weight"]
    net.to(torch.float64)
    assert weight.value.dtype == torch.float64 and weight.parameters()[0] is net.out.weight
    other = Net().to(torch.float64)
    other.out.weight.data.fill_(5.0)
    buffer = io.BytesIO()
    torch.save(other.state_dict(), buffer)
    buffer.seek(0)
    net.load_state_dict(torch.load(buffer, weights_only=True))
    assert bool((weight.value == 5.0).all())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), graph.clone])
def test_copies_are_apart_and_keep_their_sharing(duplicate):
    net = Net()
    transform.grad(square(net), net.states(ParamState))()
    twin = duplicate(net)
    assert list(twin.states()) == list(net.states())
    assert type(twin.out.weight) is torch.nn.Parameter and twin.out.weight is twin.tied.weight is not net.out.weight
    assert twin.states()["out", "weight"].parameters()[0] is twin.out.weight
    expected, got = (transform.grad(square(m), m.states(ParamState), return_value=True)() for m in (net, twin))
    for path, grad in expected[0].items():
        torch.testing.assert_close(got[0][path], grad)
    assert int(twin.body[1].num_batches_tracked) == 2
    twin.states()["scale",].value = torch.tensor(7.0)
    twin.states()["out", "weight"].value = torch.zeros(3, 4)
    assert not bool((net.out.weight == 0).all())


def test_states_are_copied_with_their_module():
    net = Net()
    model, weights = copy.deepcopy((net, net.states(ParamState)))
    assert weights["out", "weight"] is model.states()["out", "weight"] is not net.states()["out", "weight"]


def test_splitting_and_merging():
    net = Net()
    graphdef, states = graph.treefy_split(net)
    assert graph.graphdef(Net()) == graphdef
    twin = graph.treefy_merge(graphdef, states)
    net.eval(), twin.eval()
    torch.testing.assert_close(twin(X), net(X))
    assert type(twin.body) is torch.nn.Sequential and twin.body[1].running_mean is not net.body[1].running_mean
    twin.body.register_forward_hook(print)
    assert not net.body._forward_hooks


def test_a_module_is_found_where_it_is_added_later():
    net = Net()
    net.again.append(torch.nn.Linear(1, 1))
    net.body.add_module("more", torch.nn.Linear(2, 2))
    assert {("again", 1, "weight"), ("body", "more", "weight")} <= set(net.states())


def test_a_parameter_that_is_replaced_has_a_new_state():
    layer = torch.nn.Linear(1, 1)
    before = graph.states(layer)["weight",]
    layer.weight = torch.nn.Parameter(torch.tensor([[3.0]]))
    after = graph.states(layer)["weight",]
    assert after is not before and after.parameters()[0] is layer.weight
    del layer.bias
    layer.bias = None
    assert list(graph.states(layer)) == [("weight",)]


def test_a_lazy_module_is_adopted_when_it_has_a_shape():
    net = Module()
    net.layer = torch.nn.LazyLinear(2)
    assert not net.states()
    net.layer(torch.ones(3))
    assert list(net.states()) == [("layer", "bias"), ("layer", "weight")]


def test_modules_of_ours_inside_torchs():
    inner = Net()
    net = Module()
    net.body = torch.nn.Sequential(inner, torch.nn.ReLU())
    assert set(net.states(ParamState)) == {("body", "0", *path) for path in inner.states(ParamState)}
    assert list(net.nodes()) == [("body", "0"), ()]


def test_nothing_is_kept_alive():
    layer = torch.nn.Linear(2, 2)
    parameter, state = weakref.ref(layer.weight), weakref.ref(graph.states(layer)["weight",])
    transform.for_loop(layer, torch.ones(1, 2))
    del layer
    gc.collect()
    assert parameter() is None and state() is None


def test_a_module_made_inside_a_transform_works_afterwards():
    made = []

    def build(x):
        net = Module()
        net.layer = torch.nn.Linear(2, 2)
        made.append(net)
        return net.layer(x).sum()

    transform.for_loop(build, torch.ones(2, 2))
    states = made[0].states(ParamState)
    grads = transform.grad(lambda: made[0].layer(torch.ones(2)).sum(), states)()
    assert grads["layer", "weight"].tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_inference_mode():
    net = Net().eval()
    net.states()
    with torch.inference_mode():
        assert torch.allclose(transform.for_loop(net, X[None])[0], net(X), atol=1e-6)


def test_popping_takes_states_out():
    net = Net()
    popped = graph.pop_states(net, TorchBuffer)
    assert "running_mean" in popped["body"]["1"] and list(net.states(TorchBuffer)) == []
