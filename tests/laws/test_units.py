"""Laws of units and quantities."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import brainstate_torch.units as u

# The first call of some torch functions imports for half a second.
settings.register_profile("laws", deadline=None)
settings.load_profile("laws")

UNITS = [
    u.mV,
    u.volt,
    u.ms,
    u.Hz,
    u.uA,
    u.nS,
    u.cm,
    u.kmeter,
    u.kelvin,
    u.radian,
    u.degree,
    u.mM,
    u.UNITLESS,
    u.inch,
    u.minute,
]
units = st.sampled_from(UNITS)
powers = st.sampled_from([-2, -1, 0.5, 1, 2, 3])
numbers = st.floats(0.1, 100.0).map(lambda x: torch.tensor([x, -x, 2 * x], dtype=torch.float64))
#: Pairs of units of one dimension.
pairs = st.sampled_from(
    [(a, b) for a in UNITS for b in UNITS if a.dim == b.dim] + [(u.uA, u.mV * u.mS), (u.ms, u.Hz**-1)]
)


def same(found, expected, beside=None):
    """Equal as physical values, whatever the units; up to the rounding of what was added and taken away `beside`."""
    assert u.have_same_dim(found, expected)
    in_base = [u.get_mantissa(x) * u.get_unit(x).magnitude for x in (found, expected)]
    atol = 0.0 if beside is None else 1e-14 * float(abs(u.get_mantissa(beside)).max() * u.get_unit(beside).magnitude)
    torch.testing.assert_close(*in_base, rtol=1e-9, atol=atol)


@given(units, units, units)
def test_units_form_a_commutative_group(a, b, c):
    assert (a * b) * c is a * (b * c) and a * b is b * a
    assert a * u.UNITLESS is a and a * a**-1 is u.UNITLESS and a / b is a * b**-1
    assert (a * b).magnitude == pytest.approx(a.magnitude * b.magnitude, rel=1e-12)


@given(units, units, powers, powers)
def test_powers_of_units_follow_the_exponent_laws(a, b, m, n):
    assert a**m * a**n is a ** (m + n) and (a**m) ** 2 is a ** (2 * m) and (a * b) ** m is a**m * b**m


@given(units, units)
def test_equal_units_hash_equally(a, b):
    assert a != b or hash(a) == hash(b)
    assert (a == b) == (b == a)


@given(numbers, pairs)
def test_conversion_there_and_back_is_the_identity(x, pair):
    q = x * pair[0]
    same(q.in_unit(pair[1]), q)
    torch.testing.assert_close(q.in_unit(pair[1]).in_unit(pair[0]).mantissa, x, rtol=1e-12, atol=0.0)


@given(numbers, numbers, pairs)
def test_addition_commutes_physically_and_takes_the_left_unit(x, y, pair):
    q, r = x * pair[0], y * pair[1]
    assert (q + r).unit is pair[0]
    same(q + r, r + q)
    same((q + r) - r, q, beside=r)


@given(numbers, numbers, numbers, pairs, units)
def test_multiplication_distributes_over_addition(x, y, z, pair, unit):
    q, r, s = x * pair[0], y * pair[1], z * unit
    total, parts = s * (q + 2 * r), s * q + 2 * (s * r)
    same(total, parts) if u.is_quantity(total) else torch.testing.assert_close(total, parts)


@given(numbers, numbers, pairs)
def test_ratio_of_equal_dimensions_is_plain(x, y, pair):
    ratio = (x * pair[0]) / (y * pair[1])
    assert isinstance(ratio, torch.Tensor)
    torch.testing.assert_close(ratio, x / y * (pair[0].magnitude / pair[1].magnitude), rtol=1e-9, atol=0.0)


@given(numbers, units)
def test_sum_over_a_batch_is_the_sum_of_its_rows(x, unit):
    q = x * unit
    same(q.sum(), sum(q.unbind()))
    same(torch.stack(list(q)), q)


@given(numbers, pairs)
def test_functions_do_not_depend_on_the_unit_of_the_input(x, pair):
    q, r = x * pair[0], (x * pair[0]).in_unit(pair[1])
    for function in (torch.sum, torch.std, torch.square, torch.abs, torch.linalg.norm, torch.prod, torch.fft.fft):
        same(function(q), function(r))
    assert torch.equal(torch.argsort(q), torch.argsort(r)) and torch.equal(torch.sign(q), torch.sign(r))


@given(numbers, pairs)
def test_gradient_does_not_depend_on_the_unit_of_the_input(x, pair):
    def energy(q):
        return ((q / pair[0]) ** 2).sum()

    def gradient(unit):
        leaf = (x * pair[0]).in_unit(unit).mantissa.detach().requires_grad_()
        energy(u.Quantity(leaf, unit)).backward()
        return u.Quantity(leaf, unit).grad

    same(gradient(pair[0]), gradient(pair[1]))


@given(numbers, pairs)
@settings(max_examples=30)
def test_vmap_is_a_stack(x, pair):
    other = 3.0 * pair[1]
    same(
        torch.func.vmap(lambda q: q * q + other * q)(x * pair[0]), torch.stack([q * q + other * q for q in x * pair[0]])
    )
