import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

import brainstate_torch as brainstate
from brainstate_torch import nn
from brainstate_torch.nn import regularization

X = torch.tensor([[0.15, 0.4, 0.3], [0.9, 0.2, 0.65]], dtype=torch.float64)
SPECIAL = {
    "GaussianReg": lambda **kw: nn.GaussianReg(0.2, 0.7, **kw),
    "ChainedReg": lambda **kw: nn.ChainedReg(nn.L2Reg(), nn.CauchyReg(**kw), weight=0.5),
    "MaxNormReg": lambda **kw: nn.MaxNormReg(max_value=0.5, **kw),
    "SpectralNormReg": lambda **kw: nn.SpectralNormReg(max_value=0.5, **kw),
    "DirichletReg": lambda **kw: nn.DirichletReg(alpha=2.0, **kw),
}
NAMES = [name for name in regularization.__all__ if name != "Regularization"]


def made(name, **kwargs):
    return SPECIAL.get(name, getattr(nn, name))(**kwargs)


@pytest.mark.parametrize("name", NAMES)
def test_slopes_are_those_of_finite_differences(name):
    reg = made(name).double()
    assert reg.loss(X).shape == () and reg.loss(X).dtype == torch.float64
    assert torch.autograd.gradcheck(reg.loss, (X.clone().requires_grad_(),), check_forward_ad=True)


@pytest.mark.parametrize("name", NAMES)
def test_hyperparameters_are_trained_if_asked_for(name):
    reg = made(name, fit_hyper=True)
    assert not list(made(name).states())
    for path, state in reg.states(brainstate.ParamState).items():
        slope = brainstate.transform.grad(lambda: reg.loss(X), state)()
        old, step = state.value, 1e-3
        ends = []
        for sign in (1, -1):
            state.value = old + sign * step
            ends.append(reg.loss(X))
        state.value = old
        assert torch.allclose(slope.double(), (ends[0] - ends[1]).double() / (2 * step), rtol=1e-2), path


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # torch makes fakes of constants so
@pytest.mark.parametrize("name", NAMES)
def test_a_loss_is_traced_and_batched(name):
    reg = made(name)
    slope = torch.func.grad(reg.loss)
    graph = make_fx(lambda x: slope(x), tracing_mode="fake", _allow_non_fake_inputs=True)(X)
    assert torch.allclose(graph(X + 0.01), slope(X + 0.01))
    batch = torch.stack([X, X + 0.05])
    assert torch.allclose(torch.func.vmap(reg.loss)(batch), torch.stack([reg.loss(x) for x in batch]))


@pytest.mark.parametrize("name", NAMES)
def test_draws_have_the_shape_and_the_reset_value_costs_little(name):
    reg = made(name)
    with brainstate.random.seed_context(0):
        for shape in ((), 3, (2, 3), [2, 3, 2]):
            sample = reg.sample_init(shape)
            assert tuple(sample.shape) == ((3,) if shape == 3 else tuple(shape))
            assert torch.isfinite(sample).all() and torch.isfinite(reg.loss(sample))
    near = reg.reset_value() + torch.zeros(2, 3)
    assert torch.isfinite(near).all() and (reg.loss(near) <= reg.loss(near + 0.3) + 1e-6 or name in ("OrthogonalReg",))


@pytest.mark.parametrize("method", ["loss", "sample_init", "reset_value"])
def test_the_base_class_has_no_cost(method):
    arguments = () if method == "reset_value" else (3,)
    with pytest.raises(NotImplementedError, match=f"Regularization must define `{method}`"):
        getattr(nn.Regularization(), method)(*arguments)


def test_a_chain_adds_and_its_first_decides_where_to_start():
    reg = nn.ChainedReg(nn.GaussianReg(2.0, 1.0), nn.L2Reg(0.5), weight=3.0)
    expected = 3.0 * (nn.GaussianReg(2.0, 1.0).loss(X) + nn.L2Reg(0.5).loss(X))
    assert torch.allclose(reg.loss(X), expected) and reg.reset_value() == 2.0
    assert [type(part) for part in reg.regularizations] == [nn.GaussianReg, nn.L2Reg]
    empty = nn.ChainedReg()
    assert empty.loss(X) == 0.0 and empty.reset_value() == 0.0 and torch.equal(empty.sample_init(2), torch.zeros(2))


def test_constants_follow_the_module():
    reg = nn.ChainedReg(nn.GaussianReg(torch.tensor([0.2, 0.3, 0.4]), 0.7)).to(torch.float64)
    assert reg.weight.dtype == reg.regularizations[0].mean.dtype == torch.float64
    assert reg.loss(X).dtype == torch.float64


def test_a_constant_is_a_copy():
    mean = torch.zeros(3)
    reg = nn.GaussianReg(mean, 1.0)
    mean += 1
    assert torch.equal(reg.reset_value(), torch.zeros(3))
