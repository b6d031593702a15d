import pytest
import torch

from brainstate_torch import nn
from brainstate_torch.transform import grad

V = torch.tensor([1.0, 2.0])


def net():
    module = nn.Module()
    module.a = nn.Param(V, t=nn.SoftplusT(0.0), reg=nn.L2Reg(2.0))
    module.inner = nn.Module()
    module.inner.b = nn.Const(3.0, reg=nn.L1Reg())
    module.layers = [nn.Linear(2, 3), nn.Param(4.0, reg=nn.L1Reg())]
    return module


def test_params_by_name():
    module = net()
    assert sorted(name for name, _ in module.named_param_modules()) == ["a", "inner.b", "layers.1"]
    assert {id(param) for param in module.param_modules()} == {
        id(param) for param in (module.a, module.inner.b, module.layers[1])
    }
    assert [name for name, _ in module.named_param_modules((1, 1))] == ["a", "layers.1"]
    assert list(module.a.param_modules()) == [module.a] and list(nn.Linear(2, 3).param_modules()) == []


def test_the_costs_add_up():
    module = net()
    assert torch.allclose(module.reg_loss(), torch.tensor(14.0)) and nn.Linear(2, 3).reg_loss() == 0.0
    slopes = grad(module.reg_loss, {"a": module.a.val, "b": module.layers[1].val})()
    assert torch.allclose(slopes["a"], 4 * V * torch.sigmoid(module.a.val.value)) and slopes["b"] == 1.0


def test_values_are_computed_once_within_the_context():
    module, calls = net(), []
    module.a.precompute = lambda v: (calls.append(1), v)[1]
    with module.param_precompute():
        assert module.a.value() is module.a.value() and module.inner.b.cache_stats["valid"]
        module.a.set_value(V + 1)
        assert torch.allclose(module.a.value(), V + 1)
    assert len(calls) == 2 and not any(param.cache_stats["valid"] for param in module.param_modules())
    with module.param_precompute((1, 1)):
        assert module.a.cache_stats["valid"] and not module.inner.b.cache_stats["valid"]


def test_the_context_is_left_clean_after_an_error():
    module = net()
    with pytest.raises(KeyError, match="mine"), module.param_precompute():
        raise KeyError("mine")
    assert not module.a.cache_stats["valid"]

    class Failing(nn.IdentityT):
        def forward(self, x):
            raise ValueError("no")

    module.layers.append(nn.Param(V))
    module.layers[-1].t = Failing()
    with pytest.raises(ValueError, match="no"), module.param_precompute():
        raise AssertionError
    assert not module.a.cache_stats["valid"]


def test_the_context_within_a_gradient(engine):
    module = net()

    def loss():
        with module.param_precompute():
            return (module.a.value() * module.a.value()).sum()

    assert torch.allclose(grad(loss, module.a.val, engine=engine)(), 2 * V * torch.sigmoid(module.a.val.value))
    assert torch.allclose(module.a.value(), V)
