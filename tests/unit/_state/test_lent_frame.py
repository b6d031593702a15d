"""Tensors that torch.func.functional_call puts in the place of Parameters."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import LongTermState, ParamState, ShortTermState, TraceContextError
from brainstate_torch._state.context import CONTEXT

nn = brainstate.nn
functional_call = torch.func.functional_call


class Scale(nn.Module):
    """``w * x``, counted, with the last result kept."""

    def __init__(self):
        super().__init__()
        self.w = ParamState({"a": torch.tensor(2.0), "b": torch.tensor(3.0)})
        self.count = LongTermState(torch.tensor(0))
        self.last = ShortTermState(torch.tensor(0.0))

    def update(self, x, fail=False):
        self.count.value += 1
        self.last.value = self.w.value["a"] * self.w.value["b"] * x
        if fail:
            raise KeyError("after the writes")
        return self.last.value * 1


@pytest.fixture
def scale():
    return Scale()


def number(x):
    return torch.tensor(float(x))


def test_some_of_the_leaves_may_be_exchanged_and_all_are_put_back(scale):
    parameters = list(scale.parameters())
    out = functional_call(scale, {"w.a": number(5)}, (number(1),))
    assert out == 15 and scale(number(1)) == 6
    assert all(a is b for a, b in zip(parameters, scale.parameters(), strict=True))
    out.backward()
    assert scale.get_parameter("w.b").grad == 5 and scale.get_parameter("w.a").grad is None


def test_the_given_tensor_has_the_gradient_and_is_not_changed(scale):
    given = number(5).requires_grad_()
    functional_call(scale, {"w.a": given}, (number(1),)).backward()
    assert given.grad == 3 and type(given) is torch.Tensor


def test_a_buffer_that_is_written_is_found_in_what_was_given(scale):
    given = {"count": torch.tensor(7)}
    functional_call(scale, given, (number(1),))
    assert given["count"] == 8 and scale.count.value == 0


def test_what_was_not_given_is_written_as_by_any_call(scale):
    functional_call(scale, {"w.a": number(5)}, (number(1),))
    assert scale.last.value == 15 and not scale.last.value.requires_grad and scale.count.value == 1


def test_an_exception_leaves_every_state_as_it_was(scale):
    with pytest.raises(KeyError):
        functional_call(scale, {"w.a": number(5)}, (number(1), True))
    assert scale.count.value == 0 and scale.last.value == 0 and scale(number(1)) == 6


def test_within_an_exception_that_is_handled_a_call_is_committed(scale):
    try:
        raise ValueError
    except ValueError:
        functional_call(scale, {"w.a": number(5)}, (number(1),))
    assert scale.count.value == 1


def test_a_state_that_is_not_given_does_not_take_tensors_of_torch_func(scale):
    given = {"w.a": number(5), "w.b": number(3), "count": torch.tensor(0)}
    with pytest.raises(TraceContextError, match="a State must hold tensors that outlive the call"):
        torch.func.grad(lambda p: functional_call(scale, p, (number(1),)))({"w.a": number(5)})
    assert not CONTEXT.frames and scale.last.value == 0
    with pytest.raises(TraceContextError):
        torch.func.vmap(lambda x: functional_call(scale, given, (x,)))(torch.ones(3))
    assert not CONTEXT.frames and scale(number(1)) == 6


def test_calls_nest(scale):
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = [scale]

        def update(self, x):
            inside = functional_call(scale, {"w.b": number(10)}, (x,))
            return inside + self.inner[0](x)

    outer = Outer()
    assert functional_call(outer, {"inner.0.w.a": number(5)}, (number(1),)) == 50 + 15
    assert outer(number(1)) == 20 + 6


def test_names_inside_are_those_of_what_was_given(scale):
    seen = []
    scale.register_forward_hook(lambda module, args, out: seen.append(dict(module.named_parameters())["w.a"]))
    given = number(5)
    functional_call(scale, {"w.a": given}, (number(1),))
    assert seen[0] is given


def test_a_quantity_keeps_its_unit():
    leak = nn.Module()
    leak.g = ParamState(torch.tensor(2.0) * u.mS)
    leak.update = lambda v: leak.g.value * v
    assert functional_call(leak, {"g": number(3)}, (2.0 * u.mV,)) == 6.0 * u.uA


def test_without_gradients_a_rebinding_operator_leaves_the_given_tensor():
    class Adding(nn.Module):
        def __init__(self):
            super().__init__()
            self.n = LongTermState(torch.tensor(1.0))

        def update(self):
            self.n.value += 1
            return self.n.value

    adding, given = Adding(), number(5)
    with torch.no_grad():
        assert functional_call(adding, {"n": given}, ()) == 6
    assert given == 5 and adding.n.value == 1


def test_ours_within_a_model_of_torch(scale):
    model = torch.nn.Sequential(torch.nn.Identity(), scale)
    assert functional_call(model, {"1.w.a": number(5)}, (number(1),)) == 15


def test_parameters_of_torch_s_own_kind_are_exchanged():
    module = nn.Module()
    module.register_parameter("p", torch.nn.Parameter(number(2)))
    module.update = lambda: module.p * 3
    before = module.p
    assert functional_call(module, {"p": number(5)}, ()) == 15
    assert module.p is before and module() == 6


def test_a_name_that_is_not_there_is_an_error_of_torch(scale):
    with pytest.raises((AttributeError, RuntimeError)):
        functional_call(scale, {"w.other": number(5)}, (number(1),), strict=True)
