"""A compiled training step of a torch module is the one of torch itself: losses, weights and running statistics."""

import copy

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import ParamState
from brainstate_torch.transform import grad, jit

STEPS = 10


class Residual(torch.nn.Module):
    """The block of a residual network, whose activation writes in place."""

    def __init__(self):
        super().__init__()
        self.first, self.second = (torch.nn.Conv2d(3, 3, 3, padding=1, bias=False) for _ in range(2))
        self.norms = torch.nn.ModuleList([torch.nn.BatchNorm2d(3) for _ in range(2)])
        self.relu = torch.nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.relu(self.norms[0](self.first(x)))
        return self.relu(self.norms[1](self.second(y)) + x)


class Inside(brainstate.nn.Module):
    """A torch module as a part of one of ours."""

    def __init__(self, module):
        super().__init__()
        self.module, self.count = module, brainstate.State(torch.tensor(0))

    def update(self, x):
        self.count.value = self.count.value + 1
        return self.module(x)


class SelfAttention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)


class Words(torch.nn.Module):
    def forward(self, x):
        return (x.abs() * 10).long() % 7


class Shared(torch.nn.Module):
    """One layer under two names."""

    def __init__(self):
        super().__init__()
        self.one = self.other = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.other(torch.tanh(self.one(x)))


CASES = {
    "residual": (Residual, (2, 3, 5, 5)),
    "transformer": (lambda: torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True), (2, 4, 8)),
    "lstm": (lambda: torch.nn.LSTM(4, 5, num_layers=2), (6, 2, 4)),
    "gru": (lambda: torch.nn.GRU(4, 5, bidirectional=True), (6, 2, 4)),
    "attention": (SelfAttention, (2, 4, 8)),
    "embedding": (lambda: torch.nn.Sequential(Words(), torch.nn.Embedding(7, 4)), (5, 3)),
    "cumulative": (lambda: torch.nn.BatchNorm1d(4, momentum=None), (6, 4)),
    "instances": (lambda: torch.nn.InstanceNorm1d(4, affine=True, track_running_stats=True), (3, 4, 5)),
    "shared": (Shared, (3, 4)),
}


def loss_of(output):
    """A loss with a gradient for normalised outputs, too."""
    y = output[0] if isinstance(output, tuple) else output
    target = torch.linspace(-1, 1, y.numel()).reshape(y.shape)
    return ((y - target) ** 2).mean()


def inputs_of(shape):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(shape, generator=generator) for _ in range(STEPS)]


def check_training(module, shape, net, backend):
    reference, before = copy.deepcopy(module), [x.detach().clone() for x in module.parameters()]
    optimizer = torch.optim.SGD(reference.parameters(), lr=0.1)
    weights = brainstate.graph.states(net, ParamState).to_dict()

    def step(x):
        slopes, loss = grad(lambda: loss_of(net(x)), weights, return_value=True)()
        for path, weight in weights.items():
            weight.value = weight.value - 0.1 * slopes[path]
        return loss

    compiled = jit(step, backend=backend)
    for x in inputs_of(shape):
        optimizer.zero_grad()
        expected = loss_of(reference(x))
        expected.backward()
        optimizer.step()
        torch.testing.assert_close(compiled(x), expected.detach(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(module.state_dict(), reference.state_dict(), rtol=1e-5, atol=1e-5)
    assert repr(compiled).endswith("programs=1)")
    assert any(not torch.equal(x, y) for x, y in zip(module.parameters(), before, strict=True))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "inside"])
def test_training_in_a_compiled_step_is_that_of_torch(case, inside):
    make, shape = CASES[case]
    torch.manual_seed(0)
    module = make()
    check_training(module, shape, Inside(module) if inside else module, "replay")


@pytest.mark.parametrize("case", ["residual", "lstm", "cumulative"])
def test_training_in_a_step_compiled_by_inductor_is_that_of_torch(case):
    make, shape = CASES[case]
    torch.manual_seed(0)
    module = make()
    check_training(module, shape, Inside(module), "inductor")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("adopted", [False, True], ids=["as it is", "adopted"])
def test_a_closed_over_module_keeps_its_statistics(case, adopted):
    make, shape = CASES[case]
    torch.manual_seed(0)
    module = make()
    reference = copy.deepcopy(module)
    if adopted:
        brainstate.graph.states(module)
    compiled = jit(lambda x: module(x), backend="replay")
    with torch.no_grad():
        for x in inputs_of(shape)[:3]:
            torch.testing.assert_close(compiled(x), reference(x), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(module.state_dict(), reference.state_dict(), rtol=1e-5, atol=1e-5)
        for network in (module, reference):
            network.eval()
        x = inputs_of(shape)[3]
        torch.testing.assert_close(compiled(x), reference(x), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(module.state_dict(), reference.state_dict(), rtol=1e-5, atol=1e-5)


def test_a_module_that_nothing_knows_of_keeps_its_graph():
    layer = torch.nn.Linear(3, 2)
    compiled = jit(lambda x: layer(x), backend="replay")
    for _ in range(2):
        layer.zero_grad()
        compiled(torch.ones(4, 3)).sum().backward()
        assert torch.equal(layer.weight.grad, torch.full((2, 3), 4.0))
