import pytest

import brainstate_torch.units as u
from brainstate_torch.units.signature import check_in_place, parse


def plan(text, *units, keys=None):
    signature = parse(text)
    wanted = [signature.expressions(key)[0] for key in keys or range(len(units))]
    return signature.scaling(wanted, list(units), "f")


@pytest.mark.parametrize(
    ("text", "units", "factors", "results"),
    [
        ("input=a -> a", [u.mV], (1.0,), ((1.0, u.mV),)),
        ("input=a, other=a -> a", [u.mV, u.volt], (1.0, 1000.0), ((1.0, u.mV),)),
        ("input=a, other=b -> a*b", [u.mV, u.ms], (1.0, 1.0), ((1.0, u.mV * u.ms),)),
        ("input=a, other=b -> a/b", [u.mV, u.volt], (1.0, 1.0), ((1e-3, None),)),
        ("input=a, weight=b, bias=a*b -> a*b", [u.mV, u.mS, u.nA], (1.0, 1.0, 1e-3), ((1.0, u.mV * u.mS),)),
        ("input=c, tensor1=a, tensor2=c/a -> c", [u.nA, u.mV, u.mS], (1.0, 1.0, 1e3), ((1.0, u.nA),)),
        ("input=a -> a^2, a, 1", [u.mV], (1.0,), ((1.0, u.mV**2), (1.0, u.mV), (1.0, None))),
        ("input=a -> a^-.5", [u.ms**2], (1.0,), ((1.0, u.ms**-1),)),
        ("input=a, other=a -> a", [None, u.degree], (1.0, u.degree.magnitude), ((1.0, None),)),
        ("input=a -> a", [u.degree], (1.0,), ((1.0, u.degree),)),
    ],
)
def test_plan(text, units, factors, results):
    found = plan(text, *units)
    assert found.factors == pytest.approx(factors) and found.results == results


def test_parameters_are_found_by_position_keyword_and_other_spelling():
    signature = parse("input=a, dim, other|value=b -> a")
    assert signature.expressions(0) == signature.expressions("x") == signature.expressions("input") == [{"a": 1}]
    assert signature.expressions(2) == signature.expressions("value") == signature.expressions("x2") == [{"b": 1}]
    assert signature.expressions(1) is signature.expressions("keepdim") is signature.expressions(5) is None


def test_list_parameters_may_have_one_unit_or_one_each():
    assert parse("tensors=a -> a").expressions(0) == [{"a": 1}]
    assert parse("*tensors=a:b -> a, b").expressions(1) == [{"b": 1}]
    assert parse("equation, *operands=a:b -> a*b").expressions(1) == [{"a": 1}, {"b": 1}]


def test_scalings_are_made_once():
    signature = parse("input=a, other=a -> a")
    wanted = [signature.expressions(0)[0], signature.expressions(1)[0]]
    assert signature.scaling(wanted, [u.mV, u.volt], "f") is signature.scaling(wanted, [u.mV, u.volt], "f")


def test_plan_of_other_dimensions_names_the_function():
    with pytest.raises(
        u.UnitMismatchError, match=r"`f` must get one common dimension. Got mV and ms. Convert one of them"
    ):
        plan("input=a, other=a -> a", u.mV, u.ms)


def test_in_place_check_wants_the_unit_unchanged():
    check_in_place(plan("input=a, other=b -> a*b", u.mV, None), u.mV, "mul_")
    with pytest.raises(
        u.UnitMismatchError, match=r"`mul_` must keep the unit of what it writes to. Got mV, and a result in uWb"
    ):
        check_in_place(plan("input=a, other=b -> a*b", u.mV, u.ms), u.mV, "mul_")
    with pytest.raises(u.UnitMismatchError, match=r"Got a plain tensor, and a result in mV"):
        check_in_place(plan("input=a, other=b -> a*b", None, u.mV), None, "mul_")
