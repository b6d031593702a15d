"""Models of brainstate here and back: equal results."""

import brainstate
import brainunit
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch.interop import (
    LayerMapping,
    UnmappedLayerError,
    from_brainstate,
    register_layer_mapping,
    supported_layers,
    to_brainstate,
)

N = brainstate.nn
LAYERS = {
    "linear": (lambda: N.Linear(3, 4), (2, 3)),
    "linear without bias": (lambda: N.Linear(3, 4, b_init=None), (2, 3)),
    "linear with unit": (lambda: N.Linear(3, 4, w_init=jnp.ones((3, 4)) * brainunit.mS, b_init=None), (2, 3)),
    "linear with mask": (lambda: N.Linear(3, 4, w_mask=jnp.eye(3, 4)), (2, 3)),
    "scaled": (lambda: N.ScaledWSLinear(3, 4, ws_gain=False), (2, 3)),
    "signed": (lambda: N.SignedWLinear(3, 4, w_sign=-jnp.ones((3, 4))), (2, 3)),
    "lora": (lambda: N.LoRA(3, 2, 4, base_module=N.Linear(3, 4)), (2, 3)),
    "all to all": (lambda: N.AllToAll(3, 3, jnp.ones((3, 3)), include_self=False), (2, 3)),
    "conv1d": (lambda: N.Conv1d((8, 2), 3, 3, padding="VALID", stride=2), (2, 8, 2)),
    "conv2d": (lambda: N.Conv2d((8, 8, 4), 6, 3, groups=2, rhs_dilation=2, b_init=N.init.Normal(1.0)), (2, 8, 8, 4)),
    "channels first": (lambda: N.Conv2d((4, 8, 8), 6, 3, channel_first=True), (2, 4, 8, 8)),
    "transposed": (lambda: N.ConvTranspose1d((8, 2), 3, 3, stride=2), (2, 8, 2)),
    "batch norm": (lambda: N.BatchNorm1d((4, 3), epsilon=1e-2), (5, 4, 3)),
    "layer norm": (lambda: N.LayerNorm((4, 3), feature_axes=0, reduction_axes=0), (5, 4, 3)),
    "group norm": (lambda: N.GroupNorm((4,), -1, num_groups=2), (5, 4)),
    "gru": (lambda: N.GRUCell(3, 4, activation="relu"), (2, 3)),
    "lstm": (lambda: N.LSTMCell(3, 4), (2, 3)),
    "users' activation": (lambda: N.ValinaRNNCell(3, 4, activation=lambda x: jnp.sin(x)), (2, 3)),
    "pool": (lambda: N.MaxPool2d(3, 2, padding=1), (2, 8, 8, 3)),
    "adaptive": (lambda: N.AdaptiveAvgPool2d((2, 2)), (2, 8, 8, 3)),
    "prelu": (lambda: N.PReLU(3, 0.4), (3,)),
    "pad": (lambda: N.ConstantPad1d(2, 3.0), (2, 4, 3)),
    "sequential": (lambda: N.Sequential(N.Linear(3, 4), N.ReLU(), N.Sequential(N.Linear(4, 2), N.Tanh())), (2, 3)),
}


@pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS)
def test_a_layer_gives_the_same_here_and_back(make, shape):
    theirs, x = make(), np.random.default_rng(0).standard_normal(shape).astype("float32")
    with brainstate.environ.context(fit=False), bst.environ.context(fit=False):
        N.init_all_states(theirs, batch_size=shape[0])
        ours = from_brainstate(theirs)
        back = from_brainstate(to_brainstate(ours))
        wanted = brainunit.get_magnitude(theirs(jnp.asarray(x)))
        for model in (ours, back):
            np.testing.assert_allclose(
                u.get_mantissa(model(torch.from_numpy(x))).detach(), wanted, rtol=2e-5, atol=1e-5
            )
    assert dict(ours.states()).keys() == dict(theirs.states()).keys()


PARAMS = {
    "softplus and penalty": lambda: N.Param(jnp.ones(3) * 2.0, t=N.SoftplusT(0.0), reg=N.L2Reg(0.1)),
    "unit": lambda: N.Param(jnp.ones(3) * 2 * brainunit.mV),
    "constant": lambda: N.Const(jnp.ones(3)),
    "sigmoid": lambda: N.Param(jnp.ones(3) * 0.3, t=N.SigmoidT(0.0, 1.0)),
    "chain": lambda: N.Param(jnp.ones(3) * 2, t=N.ChainT(N.SoftplusT(0.0), N.AffineT(2.0, 1.0))),
    "mask": lambda: N.Param(jnp.ones(3) * 2, t=N.MaskedT(jnp.array([True, False, True]), N.SoftplusT(0.0))),
    "gaussian": lambda: N.Param(jnp.ones(3), reg=N.GaussianReg(1.0, 2.0)),
}


@pytest.mark.parametrize("make", PARAMS.values(), ids=PARAMS)
def test_a_parameter_keeps_value_transform_and_penalty(make):
    theirs = make()
    ours = from_brainstate(theirs)
    for model in (ours, from_brainstate(to_brainstate(ours))):
        found, wanted = model.value(), theirs.value()
        assert str(u.get_unit(found)) == str(brainunit.get_unit(wanted))
        np.testing.assert_allclose(u.get_mantissa(found).detach(), brainunit.get_magnitude(wanted), rtol=1e-6)
        assert float(torch.as_tensor(model.reg_loss()).detach()) == pytest.approx(float(theirs.reg_loss()), rel=1e-6)


def test_the_new_model_shares_no_memory():
    theirs = N.Linear(2, 2)
    before = np.array(theirs.weight.value["weight"])
    ours = from_brainstate(theirs)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(theirs.weight.value["weight"], before)


def test_a_shared_state_stays_shared():
    a = N.Linear(2, 2)
    b = N.Linear(2, 2)
    b.weight = a.weight
    ours = from_brainstate(N.Sequential(a, b))
    assert ours.layers[0].weight is ours.layers[1].weight


def test_one_layer_twice_stays_one():
    a = N.Linear(2, 2)
    ours = from_brainstate(N.Sequential(a, a))
    assert ours.layers[0] is ours.layers[1]


class Theirs(N.Module):
    def __init__(self, size):
        super().__init__()
        self.inner = N.Linear(size, size)


class Ours(bst.nn.Module):
    pass


def test_layers_of_the_user_need_an_entry_and_are_then_known():
    with pytest.raises(UnmappedLayerError, match=r"model.layers\[1\] must be a layer.*register_layer_mapping"):
        from_brainstate(N.Sequential(N.ReLU(), Theirs(2)))

    def to_bst(layer, context):
        made = Ours()
        made.inner = context.convert(layer.inner)
        return made

    register_layer_mapping(LayerMapping(Ours, "brainstate", Theirs, to_bst, lambda layer, context: Theirs(2)))
    found = from_brainstate(N.Sequential(N.ReLU(), Theirs(2)))
    assert type(found.layers[1].inner) is bst.nn.Linear
    assert type(to_brainstate(found.layers[1])) is Theirs
    assert {"Ours", "Linear", "SoftplusT"} <= set(supported_layers("brainstate")["brainstate"])


def test_only_known_frameworks():
    with pytest.raises(ValueError, match="`framework` must be one of"):
        register_layer_mapping(LayerMapping(Ours, "keras", Theirs, None, None))
    with pytest.raises(ValueError, match="`framework` must be one of"):
        supported_layers("keras")


def test_a_state_alone():
    twin = from_brainstate(brainstate.ParamState(jnp.ones(2), name="w"))
    assert type(twin) is bst.ParamState
    assert type(to_brainstate(twin)) is brainstate.ParamState


def test_gradients_agree():
    theirs = N.Sequential(N.Linear(3, 4), N.Tanh(), N.Linear(4, 1))
    ours, x = from_brainstate(theirs), np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
    wanted = brainstate.transform.grad(lambda: (theirs(x) ** 2).sum(), theirs.states(brainstate.ParamState))()
    found = bst.transform.grad(lambda: (ours(torch.from_numpy(x)) ** 2).sum(), dict(ours.states(bst.ParamState)))()
    for path, gradient in found.items():
        for key in gradient:
            np.testing.assert_allclose(gradient[key], wanted[path][key], rtol=1e-5, atol=1e-6)
