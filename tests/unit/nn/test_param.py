import copy
import logging
import pickle

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn
from brainstate_torch._errors import TraceContextError
from brainstate_torch.transform import eval_shape, for_loop, grad, hessian, vmap

V = torch.tensor([1.0, 2.0])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Param(V, t=nn.SoftplusT(torch.tensor([0.0, 0.5])), reg=nn.GaussianReg(1.0, 1.0, fit_hyper=True))
        self.tau = nn.Param(10.0 * u.ms, t=nn.SoftplusT(1.0 * u.ms))
        self.rest = nn.Param(-60.0 * u.mV)
        self.const = nn.Const(torch.tensor([3.0, 4.0]) * u.mV)

    def update(self, x):
        return x * self.w.value() * (self.const.value() + self.rest.value()).to_decimal(u.mV) / self.tau.value()


# What is stored


def test_what_is_stored_is_unconstrained():
    param = nn.Param(V, t=nn.SoftplusT(0.5))
    assert isinstance(param.val, brainstate.ParamState)
    assert torch.allclose(param.val.value, torch.log(torch.expm1(V - 0.5)))
    assert torch.allclose(param.value(), V) and list(param.states()) == [("val",)]


def test_values_get_the_dtype_of_the_settings():
    for value in (V.double(), np.array([1.0, 2.0]), [1, 2]):
        assert torch.equal(nn.Param(value).value(), V) and nn.Param(value).value().dtype == torch.float32
    assert nn.Param(2).value().shape == () and nn.Param(True).value().dtype == torch.float32
    with brainstate.environ.context(precision=64):
        assert nn.Param(V).value().dtype == torch.float64
    assert nn.Param(torch.tensor([1j])).value().dtype == torch.complex64


def test_the_users_tensor_is_not_shared():
    for kind in (nn.Param, nn.Const):
        mine = V.clone()
        param = kind(mine)
        mine += 1
        value = param.value()
        value += 1
        assert torch.equal(param.value(), V) and torch.equal(value, V + 1)


def test_precompute_comes_after_the_transform():
    param = nn.Param(V, t=nn.ExpT(0.0), precompute=lambda v: (v, 2 * v))
    once, twice = param.value()
    assert torch.allclose(once, V) and torch.allclose(twice, 2 * V)


def test_arguments_of_the_wrong_kind_are_refused():
    with pytest.raises(TypeError, match="`t` must be an instance of Transform. Got int"):
        nn.Param(1.0, t=3)
    with pytest.raises(ValueError, match="`reg` must be None or an instance of Regularization. Got str"):
        nn.Param(1.0, reg="L2")
    with pytest.raises(TypeError, match="`precompute` must be a function or None. Got int"):
        nn.Param(1.0, precompute=3)
    with pytest.raises(TypeError, match="`value` must be a number"):
        nn.Param("x")


@pytest.mark.parametrize("fit", [True, False])
def test_a_value_outside_the_range_is_refused_and_changes_nothing(fit):
    with pytest.raises(
        ValueError, match=r"`value` must be in the range of SoftplusT\(lower=0.0\). Got a number outside"
    ):
        nn.Param([1.0, -1.0], t=nn.SoftplusT(0.0), fit=fit)
    param = nn.Param(V, t=nn.SoftplusT(0.0), fit=fit)
    for change in (lambda: param.set_value(-V), lambda: param.clip(max_val=-1.0)):
        with pytest.raises(ValueError, match="must be in the range"):
            change()
        assert torch.allclose(param.value(), V)
    assert nn.Param(torch.tensor([torch.nan])).value().isnan().all()


# Gradients and transforms


def test_gradients_are_by_the_unconstrained_numbers(engine):
    param = nn.Param(V, t=nn.SoftplusT(0.5))
    gradient = grad(lambda: (param.value() ** 2).sum(), param.states(), engine=engine)()
    assert torch.allclose(gradient[("val",)], 2 * V * torch.sigmoid(param.val.value))


def test_gradients_of_quantities():
    param = nn.Param(V * u.mV, t=nn.SoftplusT(0.5 * u.mV))
    gradient = grad(lambda: (param.value() ** 2).sum(), param.val, unit_aware=True)()
    assert u.get_unit(gradient) == u.mV**2
    assert torch.allclose(gradient.mantissa, 2 * V * torch.sigmoid(param.val.value))


def test_second_derivatives_batches_loops_and_shapes():
    param = nn.Param(V, t=nn.SoftplusT(0.0))
    slope = torch.sigmoid(param.val.value)
    second = hessian(lambda: param.value().sum(), param.val)()
    assert torch.allclose(second, torch.diag(slope * (1 - slope)))
    assert torch.allclose(vmap(lambda x: x * param.value())(torch.ones(3, 2)), V.expand(3, 2))
    assert torch.allclose(for_loop(lambda i: i * param.value(), torch.arange(2.0)), torch.stack([0 * V, V]))
    assert eval_shape(lambda: param.value()).shape == (2,)


def test_a_param_is_set_inside_a_transform():
    param = nn.Param(V, t=nn.SoftplusT(0.0))

    def step(x):
        param.clip(1.5, 9.0)
        param.set_value(param.value() * x)
        return param.value().sum()

    assert eval_shape(step, torch.tensor(2.0)).shape == () and torch.allclose(param.value(), V)
    slope, value = grad(step, return_value=True)(torch.tensor(2.0))
    assert torch.allclose(slope, torch.tensor(3.5)) and torch.allclose(value, torch.tensor(7.0))
    assert torch.allclose(param.value(), torch.tensor([3.0, 4.0]))


def test_a_constant_is_not_set_inside_a_transform():
    const = nn.Const(V)
    with pytest.raises(TraceContextError, match="must be set outside of transforms"):
        grad(lambda x: (const.set_value(x), x.sum())[1])(V)
    assert torch.equal(const.value(), V)
    assert grad(lambda x: (x * const.value()).sum())(V).tolist() == V.tolist()


# As a torch module


def test_torch_optimizers_move_the_value():
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    before = net.w.cache()
    for _ in range(2):
        with brainstate.taped():
            loss = (net(torch.ones(2)) * u.ms).sum() ** 2 + net.reg_loss()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert not torch.allclose(net.w.value(), before) and not net.w.cache_stats["valid"]
    assert net.w.t.forward(net.w.val.value).equal(net.w.value())


def test_state_dict_holds_the_unconstrained_numbers():
    net, other = Net(), Net()
    other.w.set_value(V + 3)
    assert set(net.state_dict()) == {"w.val", "w.reg.mean", "w.reg.precision", "tau.val", "rest.val", "rest._units"}
    other.w.cache()
    other.load_state_dict(net.state_dict())
    assert torch.equal(other.w.value(), net.w.value()) and other.rest.value() == -60 * u.mV


def test_everything_follows_the_module():
    net = Net().double()
    dtypes = (net.w.value(), net.const.value().mantissa, net.w.t.lower, net.w.reg.weight, net(torch.ones(2)).mantissa)
    assert all(x.dtype == torch.float64 for x in dtypes)
    net.w.set_value([3.0, 4.0])
    assert net.w.value().dtype == torch.float64
    assert Net().to("meta").const.val.mantissa.is_meta


def test_a_shared_transform_is_not_moved():
    t = nn.SoftplusT(torch.tensor([0.0, 0.5]))
    nn.Param(V, t=t).double()
    assert t.lower.dtype == torch.float32


def test_copies_are_independent():
    net = Net()
    net.w.cache()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), brainstate.graph.clone(net)):
        assert torch.allclose(other(torch.ones(2)).mantissa, net(torch.ones(2)).mantissa)
        other.w.set_value(V + 1)
        assert torch.allclose(other.w.value(), V + 1) and torch.allclose(net.w.value(), V)


# set_value and its relatives


def test_a_new_value_takes_dtype_and_unit_of_the_old():
    param = nn.Param(V * u.mV)
    param.set_value(np.array([1, 2]) * u.volt)
    assert u.get_unit(param.val.value) == u.mV and torch.equal(param.value().mantissa, 1000 * V)
    for wrong in (V, V * u.ms):
        with pytest.raises(u.UnitMismatchError):
            param.set_value(wrong)
    with pytest.raises(u.UnitMismatchError):
        nn.Param(V).set_value(V * u.mV)
    with pytest.raises(TypeError, match=r"`value` must be real, as the old one of dtype torch.float32 is. Got"):
        nn.Param(V).set_value(1j * V)
    assert torch.equal(param.value().mantissa, 1000 * V)


def test_clip_does_not_repeat_precompute():
    param = nn.Param(torch.tensor([1.0, 2.0, 3.0]), precompute=lambda v: 2 * v)
    param.clip(1.5, 2.5)
    param.clip()
    assert param.val.value.tolist() == [1.5, 2.0, 2.5]
    quantity = nn.Const(V * u.mV)
    quantity.clip(max_val=0.0015 * u.volt)
    assert quantity.value().mantissa.tolist() == [1.0, 1.5]


def test_reset_to_prior_keeps_shape_and_unit():
    param = nn.Param(V * u.mV, reg=nn.L2Reg())
    param.reset_to_prior()
    assert torch.equal(param.value().mantissa, torch.zeros(2)) and u.get_unit(param.value()) == u.mV
    param = nn.Param(V, reg=nn.GaussianReg(torch.tensor([5.0, 6.0]), 1.0))
    param.reset_to_prior()
    assert param.value().tolist() == [5.0, 6.0]
    plain = nn.Param(V)
    plain.reset_to_prior()
    assert torch.equal(plain.value(), V)
    wide = nn.Param(1.0, reg=nn.GaussianReg(torch.zeros(3), 1.0))
    with pytest.raises(
        ValueError, match=r"`reg.reset_value\(\)` must broadcast to the shape \(\) of the value. Got \(3,\)"
    ):
        wide.reset_to_prior()


def test_reg_loss():
    assert nn.Param(V, reg=nn.L2Reg(2.0)).reg_loss() == 10.0
    assert nn.Param(V).reg_loss() == 0.0 and nn.Const(V, reg=nn.L2Reg()).reg_loss() == 0.0


# The cache


def test_the_cache_is_filled_on_request_only():
    calls = []
    param = nn.Param(V, t=nn.ExpT(0.0), precompute=lambda v: (calls.append(1), v)[1])
    assert param.cache_stats == {"valid": False, "has_cached_value": False}
    param.value()
    assert param.cache_stats["valid"] is False and len(calls) == 1
    first = param.cache()
    assert param.value() is first and param.value() is first and len(calls) == 2
    param.clear_cache()
    assert param.value() is not first and param.cache_stats["has_cached_value"] is False


CHANGES = {
    "a write": lambda param: setattr(param.val, "value", param.val.value + 1),
    "set_value": lambda param: param.set_value(V + 1),
    "a step in place": lambda param: _step(param),
    "a write into the cached value": lambda param: param.value().add_(1),
}


def _step(param):
    with torch.no_grad():
        param.val.parameters()[0].add_(1.0)


@pytest.mark.parametrize("change", CHANGES)
def test_the_cache_is_never_stale(change):
    param = nn.Param(V, t=nn.SoftplusT(0.0))
    param.cache()
    CHANGES[change](param)
    assert not param.cache_stats["valid"]
    assert torch.equal(param.value(), param.t.forward(param.val.value))


def test_a_cached_value_is_no_constant_to_a_gradient(engine):
    param = nn.Param(V, t=nn.SoftplusT(0.0))
    plain = grad(lambda: param.value().sum(), param.val, engine=engine)()
    param.cache()
    assert torch.equal(grad(lambda: param.value().sum(), param.val, engine=engine)(), plain)
    assert param.cache_stats["valid"]
    assert torch.equal(grad(lambda: (param.cache(), param.value().sum())[1], param.val, engine=engine)(), plain)
    assert torch.allclose(param.value(), V) and param.value().grad_fn is None


def test_a_failing_transform_fills_no_cache():
    class Failing(nn.Transform):
        def forward(self, x):
            raise ValueError("no")

        def inverse(self, y):
            return y

    param = nn.Param(V, t=Failing())
    with pytest.raises(ValueError, match="no"):
        param.cache()
    assert not param.cache_stats["valid"]


def test_events_are_logged_if_asked_for(monkeypatch):
    records, logger = [], logging.getLogger("brainstate_torch")
    handler = logging.Handler()
    handler.emit = records.append
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "level", logging.INFO)
    for wanted in (False, True):
        param = nn.Param(V, enable_cache_logging=wanted)
        param.cache()
        param.value()
        param.val.value = V + 1
        param.value()
        param.clear_cache()
        found = [record.getMessage().split(": ", 1)[1] for record in records]
        assert (
            found
            == ["filled", "HIT", "INVALIDATED: the parameter has other numbers", "INVALIDATED: it was cleared"] * wanted
        )


def test_the_representation_shows_no_cache():
    param = nn.Param(V, precompute=abs)
    param.cache()
    assert repr(param) == "Param(\n  fit=True,\n  t=IdentityT(),\n  val=ParamState(value=float32[2])\n)"


# Const and init


def test_a_constant_is_seen_by_nobody():
    const = nn.Const(V, t=nn.SoftplusT(0.0))
    assert not list(const.states()) and not list(const.parameters()) and not const.state_dict()
    assert not isinstance(const.val, brainstate.State) and const.fit is False
    const.set_value(V + 1)
    assert torch.allclose(const.value(), V + 1)
    with pytest.raises(ValueError, match="`fit` must be False for a Const: it is non-trainable. Got True"):
        nn.Const(V, fit=True)


def test_init():
    param = nn.Param(V)
    assert nn.Param.init(param, 2) is param and nn.Param.init(None) is None
    assert isinstance(nn.Param.init(2.0), nn.Const)
    assert torch.equal(nn.Param.init(nn.init.Constant(2.0), (2, 3)).value(), torch.full((2, 3), 2.0))
    assert nn.Param.init(lambda size, scale: scale * torch.ones(size), 3, scale=2.0).value().tolist() == [2.0] * 3
    assert nn.Param.init(V * u.mV, (3, 2)).value().shape == (2,)


@pytest.mark.parametrize(
    "kind, text, call",
    [
        (
            ValueError,
            "`data` must be a number, an array, a Param or a function. Got None",
            lambda: nn.Param.init(None, allow_none=False),
        ),
        (ValueError, "`sizes` must be given where `data` is a function", lambda: nn.Param.init(torch.zeros)),
        (ValueError, "`sizes` must be an integer or a tuple of integers. Got float", lambda: nn.Param.init(V, 2.5)),
        (
            ValueError,
            r"the shape of the parameter `data` must broadcast with \(3,\). Got \(2,\)",
            lambda: nn.Param.init(V, 3),
        ),
        (TypeError, "Got str, an unknown parameter type", lambda: nn.Param.init("x")),
        (TypeError, "Got list, an unknown parameter type", lambda: nn.Param.init([1.0, 2.0])),
    ],
)
def test_init_refuses(kind, text, call):
    with pytest.raises(kind, match=text):
        call()
