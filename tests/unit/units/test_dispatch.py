import pytest
import torch
import torch.nn.functional as F

import brainstate_torch.units as u
from brainstate_torch.units import dispatch

T = torch.tensor([1.0, 2.0, 3.0])
MISMATCH = "must get one common dimension"


@pytest.fixture
def q():
    return T.clone() * u.mV


def same(found, mantissa, unit):
    assert found.unit == unit
    torch.testing.assert_close(found.mantissa, torch.as_tensor(mantissa))


def test_keywords_and_their_other_spellings_carry_units(q):
    same(torch.clamp(q, min=0.002 * u.volt), [2.0, 2.0, 3.0], u.mV)
    same(torch.add(input=q, other=q, alpha=2), 3 * T, u.mV)
    same(torch.sum(q, axis=0, keepdims=True), [6.0], u.mV)
    same(F.linear(input=q, weight=torch.ones(1, 3) * u.mS, bias=torch.ones(1) * u.nA), [6.001], u.mV * u.mS)


def test_repeated_calls_convert_keywords_every_time():
    angle = torch.tensor([10.0, 90.0]) * u.degree
    for _ in range(3):
        same(torch.clamp(angle, max=torch.pi / 4), [10.0, 45.0], u.degree)


def test_repeated_calls_see_other_units():
    for unit, factor in ((u.mV, 1.0), (u.volt, 1000.0), (u.uV, 1e-3), (u.volt, 1000.0)):
        same(torch.add(T * u.mV, T * unit), T + factor * T, u.mV)
    with pytest.raises(u.UnitMismatchError, match=MISMATCH):
        torch.add(T * u.mV, T * u.ms)


def test_numbers_become_tensors_where_torch_wants_them(q):
    same(torch.stack([1.0 * u.mV, 0.002 * u.volt]), [1.0, 2.0], u.mV)
    same(torch.maximum(q, 2.0 * u.mV), [2.0, 2.0, 3.0], u.mV)
    same(torch.masked_fill(q, T > 2, 1.0 * u.volt), [1.0, 2.0, 1000.0], u.mV)
    same(torch.full_like(q, 1.0 * u.volt), [1000.0] * 3, u.mV)


def test_plain_arguments_need_plain_values(q):
    with pytest.raises(u.UnitMismatchError, match=r"`sum` must get a plain number. Got a quantity in ms"):
        torch.sum(q, 1 * u.ms)
    with pytest.raises(u.UnitMismatchError, match=r"`__getitem__` must get a plain number"):
        q[torch.tensor([0]) * u.mV]
    same(q[u.Quantity(torch.tensor([0]))], [1.0], u.mV)


def test_out_is_refused(q):
    with pytest.raises(TypeError, match=r"`out` of `add` must not be given with quantities. It cannot carry a unit"):
        torch.add(q, q, out=T.clone())


def test_a_number_cannot_be_written_to():
    for write in (lambda q: q.add_(1.0 * u.mV), lambda q: q.zero_(), lambda q: q.__setitem__(..., 1.0 * u.mV)):
        with pytest.raises(
            TypeError, match=r"must write to a tensor. Got a quantity that holds a Python number. Make it"
        ):
            write(3.0 * u.mV)


def test_in_place_functions_convert_and_return_the_quantity(q):
    assert q.add_(1.0 * u.volt) is q
    same(q, T + 1000.0, u.mV)
    same(q.div_(2.0), (T + 1000.0) / 2, u.mV)
    same(q.zero_(), torch.zeros(3), u.mV)


@pytest.mark.parametrize(
    "call", [lambda q: q.mul_(q), lambda q: q.div_(q), lambda q: q.pow_(2), lambda q: q.sqrt_(), lambda q: T.mul_(q)]
)
def test_in_place_functions_never_change_the_unit(q, call):
    with pytest.raises(u.UnitMismatchError, match=r"must keep the unit of what it writes to"):
        call(q)
    assert q.mantissa.tolist() == [1.0, 2.0, 3.0]


def test_in_place_functions_of_plain_numbers_need_the_unit_one():
    q = T.clone() * u.radian
    assert q.exp_() is q and torch.equal(q.mantissa, T.exp())
    with pytest.raises(u.UnitMismatchError, match=r"`exp_` must get a plain number. Got a quantity in deg"):
        (T * u.degree).exp_()
    with pytest.raises(u.UnitMismatchError, match=r"`deg2rad` must get a plain number. Got a quantity in deg"):
        torch.deg2rad(T * u.degree)


def test_named_results_stay_named(q):
    found = torch.max(q, dim=0)
    same(found.values, 3.0, u.mV)
    assert found.indices.item() == 2 and type(found) is torch.return_types.max


@pytest.mark.parametrize(
    ("text", "expected", "unit"),
    [
        ("torch.max(q, 0.0025 * u.volt * torch.ones(()))", [2.5, 2.5, 3.0], u.mV),
        ("torch.div(q, 2.0)", [0.5, 1.0, 1.5], u.mV),
        ("torch.prod(q)", 6.0, u.mV**3),
        ("torch.linalg.det(torch.diag(q))", 6.0, u.mV**3),
        ("torch.einsum('i,i->', q, q)", 14.0, u.mV**2),
        ("torch.linalg.matrix_power(torch.diag(q), -1)", [[1, 0, 0], [0, 0.5, 0], [0, 0, 1 / 3]], u.mV**-1),
        ("F.mse_loss(q, 2 * q)", 14.0 / 3, u.mV**2),
        ("F.l1_loss(q, 2 * q)", 2.0, u.mV),
        ("torch.trapezoid(q, dx=2.0 * u.ms)", 8.0, u.mV * u.ms),
        ("torch.gradient(q, spacing=2.0 * u.ms)[0]", [0.5, 0.5, 0.5], u.mV / u.ms),
        ("torch.scatter_reduce(q, 0, torch.tensor([0]), q[2:], 'amax')", [3.0, 2.0, 3.0], u.mV),
        ("torch.meshgrid(q, T * u.ms, indexing='ij')[1][0]", [1.0, 2.0, 3.0], u.ms),
    ],
)
def test_functions_whose_units_depend_on_the_arguments(q, text, expected, unit):
    same(
        eval(text, {"torch": torch, "F": F, "u": u, "q": q, "T": T}),
        torch.as_tensor(expected, dtype=torch.float32),
        unit,
    )


def test_rounded_division_is_plain(q):
    assert torch.div(q, 2.0 * u.mV, rounding_mode="floor").tolist() == [0.0, 1.0, 1.0]
    with pytest.raises(u.UnitMismatchError, match=MISMATCH):
        torch.div(q, 2.0, rounding_mode="floor")


@pytest.mark.parametrize("text", ["torch.pow(q, q)", "torch.scatter_reduce(q, 0, i, q, 'prod')"])
def test_modes_that_no_unit_can_follow_are_refused(q, text):
    with pytest.raises(u.UnitMismatchError, match=r"must get a plain number. Got a quantity in mV"):
        eval(text, {"torch": torch, "q": q, "i": torch.tensor([0, 1, 2])})


def test_autograd_grad_divides_the_units():
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    v, t = u.Quantity(x, u.mV), u.Quantity(y, u.ms)
    first, second = torch.autograd.grad((v * v * t).sum(), (v, t))
    same(first, [2.0, 2.0], u.mV * u.ms)
    same(second, [1.0, 1.0], u.mV**2)


@pytest.mark.parametrize(
    "name", ["is_leaf", "is_sparse", "layout", "itemsize", "nbytes", "output_nr", "requires_grad", "name"]
)
def test_attributes_without_unit_are_those_of_the_mantissa(q, name):
    assert getattr(q, name) == getattr(q.mantissa, name)


def test_creation_like_a_quantity_has_its_unit(q):
    same(torch.ones_like(q), torch.ones(3), u.mV)
    same(torch.zeros_like(q), torch.zeros(3), u.mV)
    assert torch.empty_like(q).unit is u.mV
    with pytest.raises(u.UnitMismatchError, match=r"`randn_like` must get a plain number"):
        torch.randn_like(q)


def test_numpy_and_foreign_arguments_are_taken(q):
    same(dispatch.apply(torch.add, (q, u.registry.Quantity(T.numpy(), "volt")), {}), T + 1000.0 * T, u.mV)
    same(dispatch.apply(torch.mul, (q, T.numpy()), {}), T * T, u.mV)


def test_random_and_resizing_functions_keep_the_unit(q):
    matrix = torch.diag(T) * u.mV
    left, values, right = torch.svd_lowrank(matrix, 3)
    torch.testing.assert_close((left * values) @ right.mT / u.mV, torch.diag(T), atol=1e-5, rtol=1e-5)
    same(F.rrelu(-q), -T * (1 / 8 + 1 / 3) / 2, u.mV)
    assert q.resize_(2).unit is u.mV and q.share_memory_().is_shared()
    same(torch.nan_to_num(torch.tensor([torch.nan]) * u.mV, nan=0.002 * u.volt), [2.0], u.mV)


def test_least_squares_residuals_have_the_squared_unit():
    a, b = torch.rand(4, 2, dtype=torch.float64), torch.rand(4, 1, dtype=torch.float64)
    expected = torch.linalg.lstsq(a, b, driver="gelsd")
    found = torch.linalg.lstsq(a * u.mS, b * u.uA, driver="gelsd")
    assert found[1].unit == u.uA**2 and expected[1].numel() == 1
    torch.testing.assert_close(found[1].mantissa, expected[1])


@pytest.mark.parametrize("where", ["prepend", "append"])
def test_diff_converts_both_ends(where):
    x = torch.tensor([1.0, 3.0])
    found = torch.diff(x * u.mV, **{where: torch.tensor([0.005]) * u.volt})
    torch.testing.assert_close(found.mantissa, torch.diff(x, **{where: torch.tensor([5.0])}))
    with pytest.raises(u.UnitMismatchError, match=r"`diff` must get one common dimension"):
        torch.diff(x * u.mV, **{where: torch.tensor([5.0])})


@pytest.mark.parametrize("number", [0, 0.0, float("inf"), float("-inf"), float("nan")])
def test_numbers_that_are_one_value_in_every_unit_are_taken(number):
    q = torch.tensor([1.0, -1.0]) * u.mV
    mask = torch.tensor([True, False])
    for call in (
        lambda x, n: torch.where(mask, x, n),
        lambda x, n: x > n,
        lambda x, n: x.masked_fill(mask, n),
        lambda x, n: torch.nn.functional.pad(x, (1, 1), value=n),
        lambda x, n: n + x,
        lambda x, n: u.math.maximum(x, n),
    ):
        for _ in range(2):
            found, expected = call(q, number), call(q.mantissa, number)
            torch.testing.assert_close(u.get_mantissa(found), expected, equal_nan=True)
            with pytest.raises(u.UnitMismatchError):
                call(q, 1.0)


def test_zero_times_a_quantity_keeps_its_unit():
    q = torch.ones(2) * u.mV
    assert (0 * q).unit is u.mV and torch.mul(q, 0).unit is u.mV and torch.mul(q, 2.0).unit is u.mV
    assert u.math.multiply(q, 0).unit is u.mV
