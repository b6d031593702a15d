import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import _tree

MISMATCH = "must get one common dimension"
PLAIN = "must get a plain number. Got a quantity in mV. Divide by a unit first: q / u.mV, or take q.mantissa."


def vector():
    return torch.tensor([1.0, 2.0]) * u.mV


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (3.0, float),
        (3, int),
        (np.float64(3.0), float),
        (torch.ones(2), torch.Tensor),
        ([1.0], torch.Tensor),
        (np.ones(2), torch.Tensor),
    ],
)
def test_construction_keeps_numbers_and_makes_tensors_of_arrays(value, kind):
    q = u.Quantity(value, u.mV)
    assert type(q.mantissa) is kind and q.unit is u.mV


@pytest.mark.parametrize(("precision", "dtype"), [(32, torch.float32), (64, torch.float64)])
def test_construction_follows_the_precision(precision, dtype):
    with brainstate.environ.context(precision=precision):
        assert (np.ones(2) * u.mV).dtype == dtype == ([1.0] * u.mV).dtype
    assert u.Quantity([1, 2], u.mV, dtype=torch.float64).dtype == torch.float64


def test_construction_converts_a_quantity():
    assert u.Quantity(1.0 * u.volt, u.mV).mantissa == 1000.0
    assert u.Quantity(1.0 * u.volt).unit is u.volt
    with pytest.raises(u.UnitMismatchError, match=MISMATCH):
        u.Quantity(1.0 * u.volt, u.ms)


def test_construction_of_a_list_of_quantities_takes_the_first_unit():
    q = u.Quantity([[1.0 * u.mV, 2.0 * u.volt], [torch.tensor(3.0) * u.mV, 4.0 * u.mV]])
    assert q.unit is u.mV and q.mantissa.tolist() == [[1.0, 2000.0], [3.0, 4.0]]


def test_construction_refuses_what_is_no_value():
    with pytest.raises(
        TypeError, match=r"`value` must be a number, a tensor, a numpy array, a quantity or a list of them. Got dict"
    ):
        u.Quantity({})


def test_names_of_both_packages():
    q = vector()
    assert q.mantissa is q.magnitude and q.unit is q.units and q.dim == q.dimensionality
    assert q.m_as(u.volt).tolist() == q.to_decimal(u.volt).tolist() == q.to("volt").mantissa.tolist()
    assert q.check("[length] ** 2 * [mass] / [current] / [time] ** 3") and not q.check(u.ms)
    assert not q.is_unitless and not q.dimensionless and (1.0 * u.degree).dimensionless


def test_conversion_to_another_dimension_raises():
    for convert in (u.Quantity.in_unit, u.Quantity.to, u.Quantity.to_decimal):
        with pytest.raises(
            u.UnitMismatchError, match=f"{MISMATCH}. Got ms and mV. Convert one of them, or divide by a unit first"
        ):
            convert(vector(), u.ms)


@pytest.mark.parametrize(("number", "unit", "kelvin"), [(20.0, u.degC, 293.15), (212.0, u.degF, 373.15)])
def test_offset_units_are_held_in_kelvin(number, unit, kelvin):
    q = number * unit
    assert q.unit is u.kelvin and q.mantissa == pytest.approx(kelvin)
    assert q.to_decimal(unit) == pytest.approx(number)
    with pytest.raises(u.UnitMismatchError, match=r"q.to_decimal\(unit\) reads the number"):
        q.in_unit(unit)


def test_to_moves_and_casts():
    assert vector().to(torch.float64).dtype == torch.float64
    assert vector().to("cpu").device.type == vector().to(device="cpu").device.type == "cpu"
    assert vector().astype(torch.float16).dtype == torch.float16


@pytest.mark.parametrize(
    ("q", "text"),
    [
        (12.5 * u.mV, "12.5 mV"),
        (torch.tensor(12.5) * u.mV, "12.5 mV"),
        (torch.tensor(10.0) * u.mV, "10.0 mV"),
        (torch.tensor(3) * u.mV, "3 mV"),
        (torch.tensor([1.0, 2.0]) * u.mV, "tensor([1., 2.]) mV"),
        (u.Quantity(3.0), "3.0"),
        (torch.tensor(1.5, dtype=torch.float64) * u.mV, "tensor(1.5000, dtype=torch.float64) mV"),
    ],
)
def test_repr_is_compact(q, text):
    assert repr(q) == str(q) == f"{q}" == text


def test_format_specs_work_on_scalars():
    assert f"{3.14159 * u.mV:.2f}" == f"{torch.tensor(3.14159) * u.mV:.2f}" == "3.14 mV"
    assert f"{u.Quantity(3.14159):.2f}" == "3.14"


@pytest.mark.parametrize("convert", [float, int, complex, bool, np.asarray, lambda q: [0][q]])
def test_python_values_need_a_dimensionless_quantity(convert):
    with pytest.raises(
        u.UnitMismatchError, match=r"must get a plain number. Got a quantity in mV. Divide by a unit first: q / u.mV"
    ):
        convert(1 * u.mV)


def test_python_values_of_a_dimensionless_quantity_fold_the_scale():
    q = torch.tensor(50.0) * (u.mV / u.volt)
    assert (
        float(q) == pytest.approx(0.05)
        and q.item() == pytest.approx(0.05)
        and bool(q)
        and int(torch.tensor(7.0) * u.radian) == 7
    )
    assert np.asarray(q) == pytest.approx(0.05) and complex(q) == pytest.approx(0.05)
    assert [10, 20][u.Quantity(1)] == 20


@pytest.mark.parametrize("make", [torch.tensor, torch.as_tensor, lambda q: np.array([q]), lambda q: torch.tensor([q])])
def test_quantity_never_becomes_an_array_in_silence(make):
    for q in (vector(), 1.0 * u.mV):
        with pytest.raises(TypeError):
            make(q)


def test_attributes_of_tensors():
    q = torch.arange(6.0).reshape(2, 3) * u.mV
    assert q.shape == (2, 3) and q.ndim == 2 and q.dtype == torch.float32 and q.device.type == "cpu" and len(q) == 2
    assert (q.T.shape, q.mT.unit, q.numel(), q.is_cuda) == ((3, 2), u.mV, 6, False)
    assert (3.0 * u.mV).shape == () and (3.0 * u.mV).ndim == 0 and (3.0 * u.mV).device.type == "cpu"
    assert "clamp" in dir(q) and "to_decimal" in dir(q)
    with pytest.raises(AttributeError, match=r"quantities and tensors have no attribute 'nope'. See dir"):
        _ = q.nope
    assert not hasattr(q, "__cuda_array_interface__")


def test_length_needs_an_axis():
    with pytest.raises(TypeError, match=r"a quantity must have an axis to have a length. Got one without axes in mV"):
        len(1.0 * u.mV)


def test_indexing_iteration_and_membership():
    q = vector()
    assert q[1].mantissa == 2.0 and q[q > 1.5 * u.mV].mantissa.tolist() == [2.0]
    assert [row.unit for row in q] == [u.mV, u.mV]
    assert 0.002 * u.volt in q and 3.0 * u.mV not in q


def test_setitem_converts_and_refuses():
    q = vector()
    q[0] = 1.0 * u.volt
    assert q.mantissa.tolist() == [1000.0, 2.0]
    with pytest.raises(u.UnitMismatchError, match=MISMATCH):
        q[0] = 1.0
    plain = torch.zeros(2)
    with pytest.raises(u.UnitMismatchError, match=MISMATCH):
        plain[0] = q[0]
    plain[0] = q[0] / u.volt
    assert plain.tolist() == [1.0, 0.0]


def test_augmented_assignment_rebinds():
    q = vector()
    alias, storage = q, q.mantissa
    q += 1.0 * u.mV
    q *= 2.0
    assert alias.mantissa is storage and storage.tolist() == [1.0, 2.0] and q.mantissa.tolist() == [4.0, 6.0]


def test_quantity_is_a_node_whose_unit_is_part_of_the_structure():
    leaves, spec = _tree.flatten({"v": vector()})
    assert len(leaves) == 1 and isinstance(leaves[0], torch.Tensor)
    assert _tree.unflatten(spec, [3.0])["v"].unit is u.mV
    assert spec == _tree.structure({"v": 1.0 * u.mV}) != _tree.structure({"v": 1.0 * u.volt})
    assert torch.utils._pytree.tree_map(lambda x: x * 2, vector()).mantissa.tolist() == [2.0, 4.0]


@pytest.mark.slow
def test_copies_and_pickles():
    q = vector()
    deep = copy.deepcopy(q)
    assert deep.mantissa is not q.mantissa and deep.unit is u.mV and copy.copy(q).mantissa is q.mantissa
    code = "import pickle, sys; q = pickle.load(sys.stdin.buffer); print(q.unit, q.in_unit('uV').mantissa.tolist())"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], input=pickle.dumps(q), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == "mV [1000.0, 2000.0]"


def test_gradients_flow_through_units():
    x = torch.ones(3, requires_grad=True)
    q = x * u.mV
    (((q**2).sum() + (1.0 * u.mV) ** 2) / u.mV**2).backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    assert q.requires_grad and not q.detach().requires_grad


def test_grad_is_per_unit_and_backward_needs_a_plain_loss():
    q = u.Quantity(torch.ones(2, requires_grad=True), u.mV)
    with pytest.raises(u.UnitMismatchError, match=r"`backward` must get a plain number"):
        q.sum().backward()
    (q.sum() / u.volt).backward()
    assert q.grad.unit is u.mV**-1 and q.grad.mantissa.tolist() == pytest.approx([1e-3, 1e-3])
    assert vector().grad is None


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_function_transforms_of_torch():
    grad = torch.func.grad(lambda v: ((v * u.mV) ** 2).sum() / u.volt**2)(torch.ones(2))
    torch.testing.assert_close(grad, torch.full((2,), 2e-6))
    assert torch.func.vmap(lambda q: q * (2.0 * u.ms))(vector()).unit is u.mV * u.ms
    out, tangent = torch.func.jvp(lambda v: v * u.mV, (torch.ones(2),), (torch.ones(2),))
    assert out.unit is u.mV and tangent.mantissa.tolist() == [1.0, 1.0]


def test_fake_tensors_and_parameters_are_mantissas():
    with torch._subclasses.FakeTensorMode():
        q = torch.ones(2, 3) * u.mV
        assert (q @ torch.ones(3)).sum().shape == ()
        assert (q + 1.0 * u.volt).unit is u.mV and "mV" in repr(q)
    parameter = torch.nn.Parameter(torch.ones(2))
    assert ((parameter * u.mV).sum() / u.mV).requires_grad


def test_number_beside_a_double_keeps_its_digits():
    double = torch.ones(2, dtype=torch.float64) * u.mV
    assert torch.maximum(double, 1.1 * u.mV).mantissa.tolist() == [1.1, 1.1]
    assert torch.sum(3.0 * u.mV).dtype == torch.float32


def test_treescope_shows_mantissa_and_unit():
    treescope = pytest.importorskip("treescope")
    shown = treescope.render_to_text({"v": torch.tensor([1.0, 2.0]) * u.mV})
    assert "Quantity(" in shown and "mantissa=" in shown and "unit=" in shown and "mV" in shown
