"""brainstate_torch._state.kinds."""

import numpy as np
import pytest
import torch

import brainstate_torch as b
import brainstate_torch.units as u


@pytest.mark.parametrize(
    ("kind", "bases"),
    [
        (b.ShortTermState, {b.State}),
        (b.LongTermState, {b.State}),
        (b.ParamState, {b.LongTermState}),
        (b.BatchState, {b.LongTermState}),
        (b.HiddenState, {b.ShortTermState}),
        (b.DelayState, {b.ShortTermState}),
        (b.NonBatchState, {b.ShortTermState}),
        (b.HiddenGroupState, {b.HiddenState}),
        (b.HiddenTreeState, {b.HiddenGroupState}),
    ],
)
def test_kinds_stand_where_filters_expect_them(kind, bases):
    assert bases <= set(kind.__mro__)
    assert (b.LongTermState in kind.__mro__) != (b.ShortTermState in kind.__mro__)


@pytest.mark.parametrize("value", [np.zeros((2, 3)), torch.zeros(2, 3), torch.zeros(2, 3) * u.mV])
def test_hidden_state_has_the_shape_of_its_one_variable(value):
    hidden = b.HiddenState(value, name="h", tag="t")
    assert (hidden.varshape, hidden.num_state, hidden.name, hidden.tag) == ((2, 3), 1, "h", {"t"})
    hidden.value = [1.0]  # looked at in the constructor alone


@pytest.mark.parametrize("value", [1.0, [1.0], {"v": torch.zeros(1)}, None, "text"])
def test_hidden_state_refuses_what_is_no_array(value):
    with pytest.raises(TypeError, match=r"`value` of HiddenState must be a tensor, a numpy array or a quantity\. Got"):
        b.HiddenState(value)
