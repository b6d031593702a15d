import numpy as np
import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

import brainstate_torch.units as u
from brainstate_torch import nn

UNIT = torch.tensor([0.1, 0.4, 0.9], dtype=torch.float64)
LINE = torch.tensor([-4.0, -0.3, 2.0], dtype=torch.float64)
BOUNDS = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)

#: A transform, and values in its range: element by element.
ELEMENTWISE = [
    (nn.IdentityT(), LINE),
    (nn.SigmoidT(-1.0, 3.0), UNIT),
    (nn.SigmoidT(BOUNDS, BOUNDS + 5), BOUNDS + UNIT),
    (nn.ScaledSigmoidT(-1.0, 3.0, 2.0), UNIT),
    (nn.TanhT(-1.0, 3.0), UNIT),
    (nn.SoftsignT(-1.0, 3.0), UNIT),
    (nn.SoftplusT(-5.0), LINE),
    (nn.NegSoftplusT(3.0), LINE),
    (nn.ExpT(-5.0), LINE),
    (nn.LogT(-5.0), LINE),
    (nn.PositiveT(), UNIT),
    (nn.NegativeT(), -UNIT),
    (nn.ReluT(-5.0), LINE),
    (nn.ClipT(-5.0, 5.0), LINE),
    (nn.AffineT(-2.0, 1.0), LINE),
    (nn.PowerT(0.5), UNIT),
    (nn.PowerT(0.0), LINE),
    (nn.ChainT(nn.SoftplusT(0.0), nn.AffineT(-1.0, 0.0)), -UNIT),
    (nn.MaskedT(torch.tensor([True, False, True]), nn.PositiveT()), torch.tensor([1.0, -2.0, 3.0])),
]
VECTORS = [
    (nn.OrderedT(), torch.tensor([[-1.0, 0.5, 4.0], [1.0, 2.0, 30.0]], dtype=torch.float64)),
    (nn.SimplexT(), torch.tensor([[0.2, 0.3, 0.5], [0.05, 0.9, 0.05]], dtype=torch.float64)),
    (nn.UnitVectorT(), torch.tensor([[0.6, 0.8]], dtype=torch.float64)),
]
HAVE_VOLUME = (nn.IdentityT, nn.SigmoidT, nn.SoftplusT, nn.ExpT, nn.PositiveT, nn.AffineT, nn.ChainT)


def ids(pair):
    return [repr(transform) for transform, _ in pair]


@pytest.mark.parametrize("t, y", ELEMENTWISE + VECTORS, ids=ids(ELEMENTWISE + VECTORS))
def test_forward_undoes_inverse(t, y):
    x = t.inverse(y)
    assert torch.allclose(t(x), y, rtol=1e-7) and t.forward(x).dtype == y.dtype


@pytest.mark.parametrize("t, y", ELEMENTWISE + VECTORS[:2], ids=ids(ELEMENTWISE + VECTORS[:2]))
def test_derivatives_are_those_of_finite_differences(t, y):
    x = t.inverse(y).double().requires_grad_()
    assert torch.autograd.gradcheck(t.forward, (x,), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(t.forward, (x,))
    assert torch.autograd.gradcheck(t.inverse, (y.double().requires_grad_(),), check_forward_ad=True)


@pytest.mark.parametrize("t, y", ELEMENTWISE, ids=ids(ELEMENTWISE))
def test_the_volume_is_that_of_the_jacobian(t, y):
    x = t.inverse(y).double()
    if not isinstance(t, HAVE_VOLUME):
        with pytest.raises(NotImplementedError, match="must define `log_abs_det_jacobian`"):
            t.log_abs_det_jacobian(x, y)
        return
    jacobian = torch.func.jacrev(t.forward)(x)
    expected = torch.linalg.slogdet(jacobian).logabsdet
    assert torch.allclose(t.log_abs_det_jacobian(x, y).double(), expected)
    rows = t.log_abs_det_jacobian(x.expand(2, 3), None)
    assert torch.allclose(rows.double(), expected.expand(2))
    if "tensor" not in repr(t):
        number = t.log_abs_det_jacobian(x[0], None)
        assert number.shape == () and torch.allclose(number.double(), jacobian[0, 0].abs().log())


@pytest.mark.parametrize("t, y", ELEMENTWISE + VECTORS, ids=ids(ELEMENTWISE + VECTORS))
def test_a_batch_by_vmap_is_a_batch(t, y):
    batch = torch.stack([t.inverse(y), t.inverse(y) + 0.1])
    assert torch.allclose(torch.func.vmap(t.forward)(batch), torch.stack([t(x) for x in batch]))


UNITS = [
    nn.SigmoidT(1.0 * u.mV, 5.0 * u.mV),
    nn.ScaledSigmoidT(1.0 * u.mV, 5.0 * u.mV),
    nn.TanhT(1.0 * u.mV, 5.0 * u.mV),
    nn.SoftsignT(1.0 * u.mV, 5.0 * u.mV),
    nn.SoftplusT(1.0 * u.mV),
    nn.NegSoftplusT(5.0 * u.mV),
    nn.ExpT(1.0 * u.mV),
    nn.LogT(1.0 * u.mV),
    nn.AffineT(2.0 * u.mV, 1.0 * u.mV),
]


@pytest.mark.parametrize("t", UNITS, ids=repr)
def test_units_belong_to_values_only(t):
    y = torch.tensor([2.0, 4.5]) * u.mV
    x = t.inverse(y)
    assert type(x) is torch.Tensor and torch.allclose(t.inverse(y.to(u.volt)), x, rtol=1e-4)
    assert u.get_unit(t(x)) == u.mV and torch.allclose(t(x).mantissa, y.mantissa)
    for wrong in (torch.tensor([2.0]), torch.tensor([2.0]) * u.ms):
        with pytest.raises(u.UnitMismatchError):
            t.inverse(wrong)


@pytest.mark.parametrize(
    "t", [nn.PositiveT(), nn.NegativeT(), nn.PowerT(0.0), nn.OrderedT(), nn.UnitVectorT()], ids=repr
)
def test_transforms_of_plain_numbers_refuse_units(t):
    with pytest.raises((u.UnitMismatchError, TypeError)):
        t.forward(torch.tensor([2.0, 3.0]) * u.mV)


def test_numbers_and_numpy_arrays_are_taken():
    t = nn.SigmoidT(np.float32(0.0), np.array([2.0, 4.0]))
    assert torch.equal(t(0), torch.tensor([1.0, 2.0])) and t(np.array([0, 0])).dtype == torch.float32
    assert nn.SoftplusT(1)(0).dtype == torch.float32


def test_a_subclass_defines_both_directions():
    with pytest.raises(TypeError, match="inverse"):
        type("Half", (nn.Transform,), {"forward": lambda self, x: x})()
    t = type("Double", (nn.Transform,), {"forward": lambda self, x: 2 * x, "inverse": lambda self, y: y / 2})()
    assert t(3) == 6 and repr(t) == "Double()"


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # torch makes fakes of constants so
@pytest.mark.parametrize("t, y", ELEMENTWISE + VECTORS, ids=ids(ELEMENTWISE + VECTORS))
def test_a_transform_is_traced(t, y):
    x = t.inverse(y)
    slope = torch.func.grad(lambda x: (t(x) ** 2).sum())
    graph = make_fx(lambda x: slope(x), tracing_mode="fake", _allow_non_fake_inputs=True)(x)
    assert torch.allclose(graph(x + 0.1), slope(x + 0.1))
