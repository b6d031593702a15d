"""brainstate_torch._state.kept_units: a State does not lose its unit in silence."""

import numpy as np
import pint
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import HiddenState, ParamState, State, check_state_value_tree
from brainstate_torch import transform as T


@pytest.fixture
def v():
    return HiddenState(torch.ones(2) * u.mV, name="V")


@pytest.mark.parametrize("value", [3.0, 0, torch.ones(2), np.ones(2), True])
def test_a_plain_value_is_refused_with_the_cure(v, value):
    with pytest.raises(
        u.UnitMismatchError,
        match=r"the value of `V` must keep the dimension of mV. Got a plain number. .*3.0 \* u.Unit\('mV'\)",
    ):
        v.value = value
    assert v.value.mantissa.tolist() == [1.0, 1.0]


def test_another_dimension_is_refused_and_another_unit_is_not(v):
    with pytest.raises(u.UnitMismatchError, match="must keep the dimension of mV. Got one in ms"):
        v.value = 3.0 * u.ms
    v.value = 2.0 * u.volt
    assert v.value == 2000.0 * u.mV
    v.value = None


def test_the_check_can_be_switched_off(v):
    with check_state_value_tree(False):
        v.value = 3.0
    assert v.value == 3.0
    v.value = 1.0 * u.ms
    with pytest.raises(u.UnitMismatchError):
        v.value = 3.0


def test_units_inside_of_containers_are_kept():
    w = ParamState({"w": torch.ones(2) * u.mS, "b": torch.zeros(2)})
    with pytest.raises(u.UnitMismatchError, match="the value of ParamState must keep the dimension of mS"):
        w.value = {"w": torch.ones(2), "b": torch.zeros(2)}
    w.value = {"w": torch.ones(2) * u.uS, "b": torch.ones(2) * u.mV}
    w.value = [1.0]


def test_a_dimensionless_unit_may_be_dropped():
    angle = State(1.0 * u.degree)
    angle.value = 2.0
    assert angle.value == 2.0


def test_it_holds_inside_transforms(v):
    def step(x):
        v.value = x
        return x

    with pytest.raises(u.UnitMismatchError, match="must keep the dimension of mV"):
        T.for_loop(step, torch.ones(3))
    assert v.value.mantissa.tolist() == [1.0, 1.0]


def test_the_error_says_where_the_state_was_made(v):
    with pytest.raises(u.UnitMismatchError) as error:
        v.value = 1.0
    assert "HiddenState made at" in error.value.__notes__[0]


@pytest.mark.slow
def test_arrays_and_quantities_of_other_packages_are_converted():
    jnp = pytest.importorskip("jax.numpy")
    bu = pytest.importorskip("brainunit")
    s = State(jnp.array([1.0, 2.0]))
    assert isinstance(s.value, torch.Tensor) and s.value.tolist() == [1.0, 2.0]
    s.value = {"a": jnp.arange(3), "b": bu.Quantity(jnp.ones(2), bu.mV)}
    assert s.value["a"].dtype == torch.int32 and s.value["b"].unit == u.mV
    assert s.value["b"].mantissa.tolist() == [1.0, 1.0]
    s = State(pint.UnitRegistry().Quantity(np.array([1.0]), "mV"))
    assert s.value == torch.tensor([1.0]) * u.mV
    s.value = bu.Quantity(jnp.ones(1), bu.volt)
    assert s.value.to_decimal(u.mV).tolist() == [1000.0]


@pytest.mark.slow
def test_a_converted_array_is_a_copy():
    jnp = pytest.importorskip("jax.numpy")
    array = jnp.zeros(4)
    w = ParamState(array)
    with torch.no_grad():
        w.parameters()[0].add_(1.0)
    assert array.sum() == 0 and w.value.sum() == 4
