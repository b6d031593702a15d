"""Linear layers, connections, LoRA, Flatten, EnvironContext: values that can be checked by hand."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import LongTermState, nn

W = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
X = torch.tensor([1.0, 10.0])


@pytest.mark.parametrize(
    "layer, x, expected",
    [
        (nn.Linear(2, 3, W, torch.ones(3)), X, [42.0, 53.0, 64.0]),
        (nn.Linear(2, 3, W, None), X, [41.0, 52.0, 63.0]),
        (nn.Linear(2, 3, W, None, w_mask=torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])), X, [1.0, 50.0, 0.0]),
        (nn.Linear(2, 3, W.numpy(), 0.5), [1.0, 10.0], [41.5, 52.5, 63.5]),
        (nn.Linear((5, 2), (5, 3), W, None), X.expand(5, 2), [[41.0, 52.0, 63.0]] * 5),
        (nn.SignedWLinear(2, 3, -W), X, [41.0, 52.0, 63.0]),
        (nn.SignedWLinear(2, 3, -W, torch.tensor([1.0, -1.0, 0.0])), X, [41.0, -52.0, 0.0]),
        (nn.AllToAll(2, 3, W, torch.ones(3)), X, [42.0, 53.0, 64.0]),
        (nn.AllToAll(2, 3, W, include_self=False), X, [40.0, 2.0, 63.0]),
        (nn.AllToAll(2, 3, 2.0), X, 22.0),
        (nn.AllToAll(2, 3, 2.0), X.expand(1, 2), [[22.0]]),
        (nn.AllToAll(2, 3, 2.0, include_self=False), X, [20.0, 2.0, 22.0]),
        (nn.AllToAll(2, 1, 2.0, include_self=False), X, [20.0]),
        (nn.OneToOne(2, torch.tensor([2.0, 3.0]), 1.0), X, [3.0, 31.0]),
        (nn.LoRA(2, 1, 3, kernel_init=torch.ones), X, [11.0] * 3),
        (nn.LoRA(2, 1, 3, kernel_init=torch.ones, base_module=nn.Linear(2, 3, W)), X, [52.0, 63.0, 74.0]),
    ],
)
def test_layers_compute_by_hand(layer, x, expected):
    assert layer(x).tolist() == expected


def test_units_go_through_a_linear_layer():
    layer = nn.Linear(2, 3, W * u.mS, torch.ones(3) * u.uA)
    y = layer(X * u.mV)
    assert y.to_decimal(u.uA).tolist() == [42.0, 53.0, 64.0]
    assert (nn.AllToAll(2, 3, 2.0 * u.mS)(X * u.mV)).to_decimal(u.uA) == 22.0


def test_the_parameters_are_one_state_of_the_kind_asked_for():
    layer = nn.Linear(2, 3, param_type=LongTermState, name="out")
    assert type(layer.weight) is LongTermState and layer.name == "out"
    assert {key: tuple(value.shape) for key, value in layer.weight.value.items()} == {"weight": (2, 3), "bias": (3,)}


@pytest.mark.parametrize("kind", [nn.Linear, nn.SignedWLinear, nn.ScaledWSLinear, nn.AllToAll])
def test_sizes_must_agree_before_the_last_axis(kind):
    with pytest.raises(ValueError, match=r"must agree in all but the last axis. Got \(5, 2\) and \(4, 3\)"):
        kind((5, 2), (4, 3))


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="the weight must be a number or a matrix"):
        nn.AllToAll(2, 3, torch.ones(3))
    with pytest.raises(TypeError, match=r"`base_module` must be callable. Got int"):
        nn.LoRA(2, 1, 3, base_module=3)
    with pytest.raises(TypeError, match=r"`layer` must be a Module. Got int"):
        nn.EnvironContext(3)


def test_lora_takes_the_size_of_more_axes():
    assert nn.LoRA(2, 1, 3, in_size=(5, 2)).out_size == (5, 3)


@pytest.mark.parametrize(("inputs", "outputs"), [(0, 3), (3, 0)])
def test_a_linear_layer_without_inputs_or_outputs_computes(inputs, outputs):
    assert torch.equal(nn.Linear(inputs, outputs)(torch.ones(2, inputs)), torch.zeros(2, outputs))


def test_scaled_weights_have_mean_zero_and_variance_one_over_fan_in():
    layer = nn.ScaledWSLinear(50, 4, w_mask=torch.ones(50, 1))
    weight = nn.weight_standardization(layer.weight.value["weight"])
    assert torch.allclose(weight.mean(0), torch.zeros(4), atol=1e-6)
    assert torch.allclose(weight.var(0, correction=0), torch.full((4,), 1 / 50), rtol=1e-3)
    assert torch.allclose(layer(torch.eye(50)), weight)
    assert set(nn.ScaledWSLinear(2, 3, b_init=None, ws_gain=False).weight.value) == {"weight"}
    gain = torch.tensor([1.0, 2.0])
    assert torch.allclose(nn.weight_standardization(W[:, :2], gain=gain), nn.weight_standardization(W[:, :2]) * gain)
    assert torch.allclose(nn.weight_standardization(W.T, out_axis=0), nn.weight_standardization(W).T)


@pytest.mark.parametrize(
    "layer, shape, expected",
    [
        (nn.Flatten(), (2, 3, 4), (24,)),
        (nn.Flatten(1), (2, 3, 4), (2, 12)),
        (nn.Flatten(0, 1), (2, 3, 4), (6, 4)),
        (nn.Flatten(in_size=(3, 4)), (2, 3, 4), (2, 12)),
        (nn.Flatten(0, 1, in_size=(3, 4, 5)), (2, 3, 4, 5), (2, 12, 5)),
        (nn.Flatten(-2, in_size=(3, 4, 5)), (7, 2, 3, 4, 5), (7, 2, 3, 20)),
        (nn.Unflatten(-1, (2, 2)), (3, 4), (3, 2, 2)),
    ],
)
def test_axes_are_joined_and_split(layer, shape, expected):
    x = torch.arange(float(torch.Size(shape).numel())).reshape(shape)
    assert torch.equal(layer(x), x.reshape(expected))
    assert torch.equal(layer(x * u.mV).to_decimal(u.mV), x.reshape(expected))


def test_flatten_knows_its_size_and_checks_it():
    assert nn.Flatten(in_size=(3, 4)).out_size == (12,)
    assert nn.Unflatten(0, [2, 2], in_size=(4, 3)).out_size == (2, 2, 3)
    for shape in ((2, 4, 3), (4,)):
        with pytest.raises(ValueError, match=r"`x` must have the size \(3, 4\) after its batch axes"):
            nn.Flatten(in_size=(3, 4))(torch.zeros(shape))
    for sizes in (4, (2.0, 2)):
        with pytest.raises(TypeError, match=r"`sizes` must be a tuple or list of ints"):
            nn.Unflatten(0, sizes)


def test_environ_context_reaches_the_layer_and_a_call_overrides_it():
    class Asking(nn.Module):
        def update(self):
            return brainstate.environ.get("a"), brainstate.environ.get("b", None)

    layer = nn.EnvironContext(Asking(), a=1)
    assert layer() == (1, None) and layer(context={"a": 2}) == (2, None)
    layer.add_context(b=3)
    assert layer() == (1, 3) and brainstate.environ.get("b", None) is None


def test_a_linear_layer_is_mapped_and_differentiated():
    layer = nn.Linear(2, 3, W, None)
    grads = brainstate.transform.grad(lambda x: layer(x).sum(), layer.states(brainstate.ParamState))(X)
    assert grads[("weight",)]["weight"].tolist() == [[1.0] * 3, [10.0] * 3]
