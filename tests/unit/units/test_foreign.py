import functools

import numpy as np
import pint
import pytest
import torch

import brainstate_torch.units as u


@functools.cache
def other():
    return pint.UnitRegistry()


@pytest.mark.parametrize("registry", [other, lambda: u.registry], ids=["another", "own"])
@pytest.mark.parametrize("value", [2.0, torch.tensor([2.0, 3.0]), np.array([2.0, 3.0]), [2.0, 3.0]])
def test_pint_quantity_is_taken(registry, value):
    theirs = registry().Quantity(value, "volt")
    q = u.as_quantity(theirs)
    assert q.unit is u.volt and torch.equal(torch.as_tensor(q.mantissa), torch.as_tensor(value, dtype=torch.float32))
    assert torch.equal(
        torch.as_tensor((1.0 * u.mV + theirs).mantissa), 1.0 + 1000.0 * torch.as_tensor(value, dtype=torch.float32)
    )
    assert ((2.0 * u.mV) * theirs).unit is u.mV * u.volt
    assert u.get_unit(theirs) is u.volt and u.is_quantity(theirs) and not u.is_unitless(theirs)


def test_pint_temperature_is_taken_in_kelvin():
    q = u.as_quantity(other().Quantity(20.0, "degC"))
    assert q.unit is u.kelvin and q.mantissa == pytest.approx(293.15)


def test_pint_quantity_of_another_dimension_is_refused():
    with pytest.raises(u.UnitMismatchError, match=r"must get one common dimension"):
        1.0 * u.mV + other().Quantity(1.0, "second")


def test_pint_on_the_left_never_drops_the_unit():
    q = torch.ones(2, requires_grad=True) * u.mV
    for call in (lambda: other().Quantity(1.0, "volt") + q, lambda: other().Quantity(2.0, "second") * q):
        found = call()
        assert isinstance(found, u.Quantity) and found.requires_grad


@pytest.mark.slow
def test_brainunit_quantity_is_taken():
    bu = pytest.importorskip("brainunit")
    jnp = pytest.importorskip("jax.numpy")
    q = u.as_quantity(jnp.array([1.0, 2.0]) * bu.mV)
    assert q.unit is u.mV and q.mantissa.tolist() == [1.0, 2.0]
    assert (1.0 * u.volt + 2.0 * bu.mV).mantissa == pytest.approx(1.002)
    assert ((1.0 * u.volt) * bu.ms).unit is u.volt * u.ms and ((1.0 * u.volt) / bu.mV) == pytest.approx(1000.0)
    assert u.as_quantity(3.0 * bu.uA / bu.cm**2).unit == u.uA / u.cm**2
    assert u.as_unit(bu.mV) is u.mV and u.get_unit(bu.mS) is u.mS and u.as_unit(bu.UNITLESS) is u.UNITLESS


@pytest.mark.slow
def test_brainunit_unit_without_a_name_comes_over_in_si_units():
    bu = pytest.importorskip("brainunit")
    strange = bu.Unit.create(bu.mV.dim, "strange", "strange", scale=-5)
    q = u.as_quantity(bu.Quantity(2.0, unit=strange))
    assert (q / (1.0 * u.volt)) == pytest.approx(2e-5)
    with pytest.raises(ValueError, match=r"`unit` must have a name that pint knows. Got .*. Write it as a string"):
        u.as_unit(strange)


@pytest.mark.slow
def test_an_array_of_jax_is_not_written_through_a_quantity():
    jnp, brainunit = pytest.importorskip("jax.numpy"), pytest.importorskip("brainunit")
    array = jnp.arange(3.0)
    u.as_quantity(array * brainunit.mV).mantissa.add_(1)
    u.math.transpose(array).add_(1)
    u.math.asarray(array).add_(1)
    assert array.tolist() == [0.0, 1.0, 2.0]
