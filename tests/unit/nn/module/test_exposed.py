"""Tests of Exposed: utilities of torch that exchange a tensor of a State."""

import pytest
import torch
from torch.nn.utils import parametrize, prune

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import LongTermState, ParamState, nn
from brainstate_torch import transform as T


class Cell(nn.Module):
    """States of one tensor, with units, in a list, of numbers too, and one that does not train."""

    def __init__(self):
        super().__init__()
        self.g = ParamState(torch.arange(1.0, 5.0) * u.mS)
        self.layers = [ParamState(torch.arange(1.0, 5.0)), ParamState({"w": {"in": torch.ones(4)}, "scale": 2.0})]
        self.offset = LongTermState(torch.arange(1.0, 5.0))

    def update(self, x):
        second = self.layers[1].value
        return self.g.value * (x + self.layers[0].value + self.offset.value) * second["w"]["in"] * second["scale"]


KEEP = torch.tensor([0.0, 1.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("name", "factors"),
    [
        ("g", KEEP * torch.tensor([2.0, 8, 18, 32]) * 2),
        ("layers.1.w.in", KEEP * torch.tensor([2.0, 8, 18, 32]) * 2),
        ("layers.0", torch.tensor([1.0, 2, 3, 4]) * (KEEP + 1) * torch.tensor([1.0, 2, 3, 4]) * 2),
    ],
)
def test_a_tensor_of_any_state_is_pruned(name, factors):
    cell = Cell()
    prune.custom_from_mask(cell, name, KEEP)
    assert torch.equal(cell(torch.zeros(4)).to_decimal(u.mS), factors)


def test_a_value_that_is_assigned_goes_to_what_it_is_computed_from():
    cell = Cell()
    prune.custom_from_mask(cell, "g", KEEP)
    cell.g.value = torch.full((4,), 3.0) * u.mS
    assert torch.equal(cell.g.value.to_decimal(u.mS), 3 * KEEP)
    with pytest.raises(ValueError, match=r"must keep its structure .* Got"):
        cell.g.value = [1.0]
    assert torch.equal(cell.g.value.to_decimal(u.mS), 3 * KEEP)
    parametrize.register_parametrization(cell, "layers.0", Doubled())
    cell.layers[0].value = torch.full((4,), 6.0)
    assert torch.equal(cell.layers[0].value, torch.full((4,), 6.0))
    assert torch.equal(cell.layers[0].parametrizations["0"].original, torch.full((4,), 3.0))


class Doubled(torch.nn.Module):
    def forward(self, w):
        return 2 * w

    def right_inverse(self, w):
        return w / 2


def test_a_write_inside_a_transform_that_raises_is_undone():
    cell = Cell()
    prune.custom_from_mask(cell, "g", KEEP)

    def failing():
        cell.g.value = torch.zeros(4) * u.mS
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        T.vmap(lambda _: failing())(torch.zeros(2))
    assert torch.equal(cell.g.value.to_decimal(u.mS), torch.arange(1.0, 5.0) * KEEP)


def test_no_masked_tensor_of_a_transform_is_left_in_a_module():
    for layer in (nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), torch.nn.Linear(4, 4))):
        inner = layer[1] if isinstance(layer, nn.Sequential) else layer
        prune.l1_unstructured(inner, "weight", 0.5)
        held = inner if isinstance(inner, torch.nn.Linear) else inner.weight
        x = torch.ones(3, 4)
        layer(x)
        before = held.weight
        for transform in (T.vmap, lambda f: T.grad(lambda x: f(x).sum())):
            transform(layer)(x)
            assert held.weight is before and not held._forward_hooks
        with pytest.raises(Exception, match="shape|take the output"):
            T.vmap(lambda _: layer(torch.ones(3, 5)))(x)
        assert held.weight is before and not held._forward_hooks


def test_an_optimizer_of_torch_goes_on_with_the_parameters_that_it_has():
    layer = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(layer.parameters(), 0.1)
    prune.l1_unstructured(layer, "weight", 2)
    before = layer.weight.value["weight"].detach().clone()
    layer(torch.ones(2)).sum().backward()
    optimizer.step()
    mask = layer.weight.weight_mask
    assert torch.allclose(layer.weight.value["weight"], before - 0.1 * mask)


def test_the_optimizer_of_this_package_trains_what_is_parametrized():
    layer = nn.Linear(2, 2, b_init=None)
    parametrize.register_parametrization(layer, "weight", Doubled())
    weights = layer.states(ParamState)
    optimizer = bst.optim.SGD(lr=0.1).register_trainable_weights(weights)
    before = layer.weight.value["weight"].detach().clone()
    optimizer.update(T.grad(lambda: layer(torch.ones(2)).sum(), weights)())
    assert torch.allclose(layer.weight.value["weight"], before - 0.4)


def test_a_utility_that_raises_leaves_the_state_where_it_is():
    layer = nn.Linear(2, 2)
    state, parameter = layer.weight, layer.get_parameter("weight.weight")
    kind = type(parameter)
    for fails in (
        lambda: prune.l1_unstructured(layer, "weight", 1.5),
        lambda: prune.l1_unstructured(layer, "weight", 9),
        lambda: prune.custom_from_mask(layer, "weight", torch.ones(3)),
        lambda: parametrize.register_parametrization(layer, "weight", torch.nn.Flatten(0)),
        lambda: prune.global_unstructured([(layer, "weight")], prune.LnStructured, amount=1, n=2, dim=0),
    ):
        with pytest.raises(Exception):  # noqa: B017
            fails()
        assert layer.weight is state and layer.get_parameter("weight.weight") is parameter and type(parameter) is kind
        assert not layer._forward_pre_hooks


def test_a_name_that_is_not_that_of_one_tensor_is_refused():
    with pytest.raises(ValueError, match=r"`name` must be that of one tensor in Linear. Got 'wieght'; .*weight.weight"):
        prune.l1_unstructured(nn.Linear(2, 2), "wieght", 1)
    with pytest.raises(ValueError, match="has to be pruned before"):
        prune.remove(nn.Linear(2, 2), "weight")


def test_a_parameter_of_torchs_own_kind_is_pruned_too():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_parameter("p", torch.nn.Parameter(torch.arange(1.0, 5.0)))

        def update(self, x):
            return self.p * x

    own = Own()
    prune.l1_unstructured(own, "p", 2)
    assert torch.equal(own(torch.ones(4)), torch.tensor([0.0, 0.0, 3.0, 4.0]))
    assert list(own.state_dict()) == ["p_mask", "p_orig"]


def test_a_tensor_of_a_state_is_not_exchanged_in_a_dictionary_of_torch():
    layer = nn.Linear(2, 2)
    for exchange in (
        lambda: layer._parameters.__setitem__("weight.weight", torch.nn.Parameter(torch.zeros(2, 2))),
        lambda: layer._parameters.__delitem__("weight.weight"),
    ):
        with pytest.raises(TypeError, match=r"must not be exchanged .* Got `weight.weight`"):
            exchange()


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("convert", [torch.jit.script, lambda m: torch.jit.trace(m, torch.ones(2))])
def test_torch_jit_is_refused_with_the_cure(convert):
    with pytest.raises(NotImplementedError, match=r"Got Linear.*torch.export.export\(model, args\)"):
        convert(nn.Linear(2, 2))
