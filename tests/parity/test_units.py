"""The same expressions in brainunit on JAX and here on torch, compared in SI base units."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u

brainunit = pytest.importorskip("brainunit")
jnp = pytest.importorskip("jax.numpy")

ARRAYS = {
    "x": [3.0, -4.0, 5.5],
    "y": [2.0, 5.0, 0.5],
    "p": [0.5, 1.5, 2.5],
    "m": [[2.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 4.0]],
}

VALUES = """
    x*u.mV + y*u.volt
    x*u.volt - y*u.mV
    x*u.mV * (y*u.ms)
    x*u.mV * (y*u.mS)
    x*u.mV / (y*u.ohm)
    x*u.mV / (y*u.volt)
    x*u.ms * (y*u.Hz)
    x*u.mV / u.mV
    x*u.mV * u.ms
    1 / (p*u.ms)
    u.mV / (p*u.ms)
    2.0 * (x*u.mV) / 3.0
    -(x*u.mV)
    abs(x*u.mV)
    (x*u.mV)**2
    (p*u.mV)**0.5
    (p*u.mV)**-1
    (p*u.mV)**0
    (x*u.mV) % (y*u.mV)
    (x*u.mV) // (y*u.mV)
    (x*u.mV) < (y*u.volt)
    (x*u.mV) >= (y*u.mV)
    (x*u.mV) == (x*u.mV)
    (x*u.mV) != (y*u.mV)
    (x*u.mV).to_decimal(u.volt)
    (x*u.mV).in_unit(u.volt)
    (x*u.mV)[1]
    (x*u.mV)[1:]
    (m*u.mV).T
    (m*u.mV).sum()
    (m*u.mV).mean()
    u.Quantity(3.0)
    u.Quantity(3.0) + 1.0
    u.Quantity([1.0*u.mV, 2.0*u.volt])
    u.Quantity(3.0*u.mV, u.volt)
    u.maybe_decimal(x*u.mV)
    u.maybe_decimal(x*u.mV, unit=u.volt)
    u.maybe_decimal(180.0*u.degree)
    u.get_mantissa(x*u.mV)
    u.get_magnitude(2.0*u.mV)
    u.split_mantissa_unit(2.0*u.mV)[0]
    u.math.sqrt(p*u.mV)
    u.math.square(x*u.mV)
    u.math.cbrt(p*u.mV)
    u.math.reciprocal(p*u.ms)
    u.math.exp(x*u.mV / (1.0*u.volt))
    u.math.exp(x*u.mV, unit_to_scale=u.mV)
    u.math.log(p*u.mV / u.mV)
    u.math.sin(30.0*u.degree)
    u.math.tanh(x*u.mV / (2.0*u.mV))
    u.math.exprel(p)
    u.math.exprel(p*u.mV, unit_to_scale=u.mV)
    u.math.sum(m*u.mV, axis=0)
    u.math.mean(m*u.mV, axis=1, keepdims=True)
    u.math.max(m*u.mV, axis=0)
    u.math.min(x*u.mV)
    u.math.argmax(x*u.mV)
    u.math.var(x*u.mV)
    u.math.std(x*u.mV)
    u.math.prod(p*u.mV)
    u.math.median(x*u.mV)
    u.math.cumsum(x*u.mV)
    u.math.diff(x*u.mV)
    u.math.maximum(x*u.mV, y*u.volt)
    u.math.minimum(x*u.mV, y*u.mV)
    u.math.where(y > 1.0, x*u.mV, y*u.volt)
    u.math.clip(x*u.mV, 0.0*u.mV, 0.004*u.volt)
    u.math.remainder(x*u.mV, y*u.mV)
    u.math.sign(x*u.mV)
    u.math.relu(x*u.mV)
    u.math.floor(x*u.mV)
    u.math.dot(x*u.mV, y*u.ms)
    u.math.matmul(m*u.mV, x*u.mS)
    u.math.outer(x*u.mV, y*u.ms)
    u.math.cross(x*u.mV, y*u.ms)
    u.math.tensordot(m*u.mV, m*u.ms, axes=1)
    u.math.einsum('ij,j->i', m*u.mV, x*u.ms)
    u.math.linalg.norm(x*u.mV)
    u.math.concatenate([x*u.mV, y*u.mV])
    u.math.stack([x*u.mV, y*u.mV], axis=1)
    u.math.repeat(x*u.mV, 2)
    u.math.reshape(m*u.mV, (9,))
    u.math.flatten(m*u.mV)
    u.math.transpose(m*u.mV)
    u.math.expand_dims(x*u.mV, 0)
    u.math.flip(x*u.mV)
    u.math.roll(x*u.mV, 1)
    u.math.sort(x*u.mV)
    u.math.trace(m*u.mV)
    u.math.isclose(x*u.mV, x*u.mV)
    u.math.allclose(1.0*u.mV, 1e-3*u.volt)
    u.math.equal(x*u.mV, y*u.mV)
    u.math.interp(p*u.ms, [1.0, 2.0]*u.ms, [3.0, 4.0]*u.mV)
    u.math.arange(0.0*u.ms, 2.0*u.ms, 0.5*u.ms)
    u.math.linspace(0.0*u.ms, 2.0*u.ms, 5)
    u.math.zeros(3, unit=u.mV)
    u.math.ones((2, 2), unit=u.mV)
    u.math.full((2,), 3.0*u.mV)
    u.math.eye(2, unit=u.mV)
    u.math.zeros_like(x*u.mV)
    u.math.asarray([1.0*u.mV, 2.0*u.mV])
    u.math.nan_to_num(x*u.mV)
    u.math.hypot(3.0, 4.0)
    u.math.power(x*u.mV, 3)
    u.math.average(x*u.mV, weights=y)
    1.0*u.faraday_constant
"""

#: Refused on both sides. Ours are TypeErrors of pint, brainunit's are of various kinds.
REFUSED = """
    x*u.mV + y*u.ms
    x*u.mV - 1.0
    1.0 + x*u.mV
    x*u.mV < y
    x*u.mV == 3.0
    x*u.mV == y*u.ms
    x*u.mV % 2.0
    2.0 ** (x*u.mV)
    (x*u.mV) ** y
    (x*u.mV).to_decimal(u.ms)
    (x*u.mV).to_decimal()
    (x*u.mV).in_unit(u.ms)
    float(3.0*u.mV)
    int(3.0*u.mV)
    u.Quantity(3.0*u.mV, unit=u.ms)
    u.math.exp(x*u.mV)
    u.math.sin(x*u.mV)
    u.math.log(p*u.mV)
    u.math.where(y > 1.0, x*u.mV, y*u.ms)
    u.math.concatenate([x*u.mV, y*u.ms])
    u.math.cumprod(x*u.mV)
    u.math.isclose(x*u.mV, 1.0)
    u.math.asarray([1.0], unit=u.mV)
    u.math.logical_or(x*u.mV, y)
    u.fail_for_unit_mismatch(x*u.mV, y*u.ms)
    u.fail_for_dimension_mismatch(x*u.mV, 1.0)
    u.mV + u.mV
    hash(3.0*u.mV)
"""

ANSWERS = """
    u.is_unitless(x*u.mV)
    u.is_unitless(3.0)
    u.has_same_unit(1.0*u.mV, 1.0*u.volt)
    u.have_same_dim(1.0*u.mV, 1.0*u.volt)
    u.get_unit(3.0) == u.UNITLESS
    u.get_dim(3.0) == u.DIMENSIONLESS
    u.uA == u.mV * u.mS
    u.mV == u.volt
    hash(u.uA) == hash(u.mV * u.mS)
    u.mV / u.mV == u.UNITLESS
    (3.0*u.mV).is_unitless
    u.math.shape(m*u.mV)
    u.math.ndim(m*u.mV)
    u.math.size(m*u.mV)
    u.math.is_quantity(3.0)
    u.math.isscalar(3.0*u.mV)
    len(x*u.mV)
    (x*u.mV).shape
    (m*u.mV).ndim
    f"{3.14159*u.mV:.2f}"
    repr(u.mV)
    str(u.nS)
    (3.0*u.mV) != None
"""


def lines(text):
    return [line.strip() for line in text.strip().splitlines()]


def ours(text):
    return eval(text, {"u": u, **{name: torch.tensor(value) for name, value in ARRAYS.items()}})


def theirs(text):
    return eval(text, {"u": brainunit, **{name: jnp.array(value) for name, value in ARRAYS.items()}})


def si(value):
    """The number in SI base units."""
    quantity = u.as_quantity(value) if isinstance(value, brainunit.Quantity) else value
    mantissa = u.get_mantissa(quantity)
    return np.asarray(mantissa, dtype=np.float64) * u.get_unit(quantity).magnitude, u.get_dim(quantity)


@pytest.mark.parametrize("text", lines(VALUES))
def test_value_and_dimension_are_brainunits(text):
    (found, dimension), (expected, theirs_dimension) = si(ours(text)), si(theirs(text))
    assert dimension == theirs_dimension
    np.testing.assert_allclose(found, expected, rtol=3e-5, atol=1e-12)


@pytest.mark.parametrize("text", lines(VALUES))
def test_quantity_or_plain_is_as_in_brainunit(text):
    found, expected = ours(text), theirs(text)
    if u.is_dimensionless(expected):
        assert u.is_dimensionless(found)
    else:
        assert isinstance(found, u.Quantity)


@pytest.mark.parametrize("text", lines(REFUSED))
def test_what_brainunit_refuses_is_refused(text):
    for evaluate in (ours, theirs):
        with pytest.raises((TypeError, ValueError, brainunit.UnitMismatchError, brainunit.DimensionMismatchError)):
            evaluate(text)
    try:
        theirs(text)
    except (brainunit.UnitMismatchError, brainunit.DimensionMismatchError) as error:
        with pytest.raises(getattr(u, type(error).__name__)):
            ours(text)
    except (TypeError, ValueError):
        pass


@pytest.mark.parametrize("text", lines(ANSWERS))
def test_answer_is_brainunits(text):
    assert ours(text) == theirs(text)
