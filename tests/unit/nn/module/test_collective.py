import numpy as np
import pytest
import torch

from brainstate_torch import HiddenState, ParamState, nn


class Recording(nn.Module):
    log: list = []

    def __init__(self, name):
        super().__init__(name)
        self.value = 3

    def note(self, *args, **kwargs):
        self.log.append((self.name, args, kwargs))


class First(Recording):
    @nn.call_order(1)
    def note(self, *args, **kwargs):
        super().note(*args, **kwargs)


class Second(Recording):
    @nn.call_order(2)
    def note(self, *args, **kwargs):
        super().note(*args, **kwargs)


@pytest.fixture
def model():
    Recording.log.clear()
    top = Recording("top")
    top.parts = [Second("b"), First("a"), Recording("c")]
    return top


def test_methods_are_called_children_first_and_then_by_level(model):
    assert nn.call_all_fns(model, "note", 1, {"k": 2}) is model
    assert Recording.log == [(name, (1,), {"k": 2}) for name in ("c", "top", "a", "b")]


def test_modules_can_be_excluded(model):
    nn.call_all_fns(model, "note", node_to_exclude=First)
    assert [name for name, _, _ in Recording.log] == ["c", "top", "b"]


def test_a_missing_method_raises_passes_or_warns(model):
    with pytest.raises(AttributeError, match=r"`nothing`. Got Second at .*does not have method nothing"):
        nn.call_all_fns(model, "nothing")
    for choice in ("pass", "none"):
        nn.call_all_fns(model, "nothing", fn_if_not_exist=choice)
    with pytest.warns(UserWarning, match="does not have method nothing"):
        nn.call_all_fns(model, "nothing", fn_if_not_exist="warn")
    with pytest.raises(ValueError, match=r"`fn_if_not_exist` must be one of .* Got 'never'"):
        nn.call_all_fns(model, "nothing", fn_if_not_exist="never")


@pytest.mark.parametrize(
    "args, text",
    [
        ((3,), "`fn_name` must be a string. Got int"),
        (("note", (), [1]), "`kwargs` must be a mapping. Got list"),
        (("value",), "`value` of Second must be callable. Got int"),
    ],
)
def test_wrong_arguments_are_refused(model, args, text):
    with pytest.raises(TypeError, match=text):
        nn.call_all_fns(model, *args)


def test_levels_have_bounds():
    with pytest.raises(ValueError, match=r"`level` must be an integer in \[0, 10\). Got 10"):
        nn.call_order(10)
    assert nn.call_order(10, check_order_boundary=False)(test_levels_have_bounds).call_order == 10


def test_init_and_reset_pass_their_arguments_on():
    class Cell(nn.Module):
        def init_state(self, size, fill=0.0):
            self.h = HiddenState(torch.full((size,), fill))

        def reset_state(self, fill):
            self.h.value = torch.full_like(self.h.value, fill)

    model = nn.Sequential(Cell(), Cell())
    assert nn.init_all_states(model, 2, fill=1.0, node_to_exclude=nn.Sequential) is model
    state = model[0].h
    nn.reset_all_states(model, 5.0)
    assert model[0].h is state and state.value.tolist() == [5.0, 5.0]


def test_assign_state_values_takes_both_kinds_of_paths():
    model = nn.Module()
    model.a, model.b, model.c = (ParamState(torch.zeros(2)) for _ in range(3))
    unexpected, missing = nn.assign_state_values(
        model, {"a": np.ones(2), ("x", 0): 1.0}, {("b",): [1, 2.0], "a": np.full(2, 3.0)}
    )
    assert (unexpected, missing) == ([("x", 0)], [("c",)])
    assert model.a.value.tolist() == [3.0, 3.0] and model.a.value.dtype == torch.float32
    assert [x.tolist() for x in model.b.value] == [1, 2.0]
