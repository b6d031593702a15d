"""brainstate_torch.transform._control.branch: cond, switch, ifelse."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T

PAIR = torch.tensor([True, False])


def lanes(true_fun, false_fun, *operands):
    """Cond in two lanes, the first of which is true."""
    return T.vmap(lambda pred: T.cond(pred, true_fun, false_fun, *operands))(PAIR)


@pytest.mark.parametrize(
    ("pred", "holds"),
    [
        (True, True),
        (False, False),
        (2, True),
        (0, False),
        (0.5, True),
        (float("nan"), True),
        (np.bool_(True), True),
        (np.array(0.0), False),
        (torch.tensor(True), True),
        (torch.tensor(0), False),
        (0.0 * u.mV, False),
        (torch.tensor(3.0) * u.mV, True),
    ],
)
def test_the_predicate_chooses(pred, holds):
    assert T.cond(pred, lambda: "yes", lambda: "no") == ("yes" if holds else "no")


@pytest.mark.parametrize(
    ("pred", "seen"),
    [
        (None, "a NoneType"),
        ([True], "a list"),
        ("a", "a str"),
        (object(), "an object"),
        (1j, "dtype complex64"),
        (torch.tensor([True]), r"shape \(1,\)"),
        (State(True), "a State"),
    ],
)
def test_the_predicate_must_be_one_number(pred, seen):
    with pytest.raises(TypeError, match=f"`pred` must be one boolean or real number, without axes. Got {seen}"):
        T.cond(pred, lambda: 1, lambda: 2)


def test_only_the_branch_that_is_chosen_runs():
    a, b = State(1.0), ParamState(torch.tensor(2.0))

    def write():
        a.value = 5.0

    T.cond(True, write, lambda: 1 / 0)
    assert a.value == 5.0
    with pytest.raises(ValueError, match=r"must be used by the function"):
        T.grad(lambda: T.cond(False, lambda: b.value**2, lambda: torch.tensor(0.0)), b)()


def test_numbers_become_tensors_on_the_way_in_and_out():
    kinds = []
    found = T.cond(True, lambda x, n: kinds.extend([x.dtype, n.dtype]) or {"a": 1, "b": None}, max, 2.0, np.arange(2))
    assert kinds == [torch.float32, torch.int32]
    assert found["a"].dtype == torch.int32
    assert found["b"] is None


def test_a_branch_that_raises_leaves_every_state():
    a = State(torch.tensor(0.0))

    def fails():
        a.value += 1
        raise RuntimeError("here")

    with pytest.raises(RuntimeError, match=r"here"):
        T.cond(True, fails, fails)
    with pytest.raises(RuntimeError, match=r"here"):
        lanes(lambda: None, fails)
    assert a.value == 0.0


def test_operands_must_not_be_states():
    with pytest.raises(ValueError, match=r"cannot be an instance of State"):
        T.cond(True, abs, abs, State(1.0))


# Where each lane has its own predicate.


def test_results_are_chosen_lane_by_lane():
    found = lanes(lambda x: {"q": x * u.mV, "n": 1, "same": None}, lambda x: {"n": 2, "q": -x * u.mV, "same": None}, XS)
    assert torch.equal(found["q"].to_decimal(u.mV), torch.stack([XS, -XS]))
    assert torch.equal(found["n"], torch.tensor([1, 2], dtype=torch.int32))


XS = torch.tensor([1.0, 2.0, 4.0])


def test_states_are_chosen_lane_by_lane():
    both, one = State(torch.zeros(2)), State({"a": torch.ones(2) * u.mV})

    def first():
        both.value = both.value + 1
        one.value = {"a": one.value["a"] * 5}

    def second():
        both.value = both.value - 1

    T.vmap(lambda pred: T.cond(pred, first, second), in_states=[both, one])(PAIR)
    assert torch.equal(both.value, torch.tensor([1.0, -1.0]))
    assert torch.equal(one.value["a"].to_decimal(u.mV), torch.tensor([5.0, 1.0]))


def test_what_both_branches_hand_through_is_not_touched():
    seen = []

    def lane(pred):
        out = T.cond(pred, lambda x, t: (x, t), lambda x, t: (-x, t), XS, "text")
        seen.append(out[1])
        return out[0]

    assert torch.equal(torch.func.vmap(lane)(PAIR), torch.stack([XS, -XS]))
    assert seen == ["text"]


def test_gradients_are_those_of_the_branch_of_the_lane():
    w, xs = ParamState(torch.tensor(3.0)), torch.tensor([2.0, -2.0, 0.5])

    def loss(xs):
        return T.vmap(lambda x: T.cond(x > 1, lambda: x**2 * w.value, lambda: -x))(xs).sum()

    of_w, of_xs = T.grad(loss, w, argnums=0)(xs)
    assert of_w == 4.0
    assert torch.equal(of_xs[0] if isinstance(of_xs, tuple) else of_xs, torch.tensor([12.0, -1.0, -1.0]))


def test_nested_conditions_and_nested_lanes():
    def sign(x):
        return T.cond(x > 0, lambda: 1.0, lambda: T.cond(x < 0, lambda: -1.0, lambda: 0.0))

    xs = torch.tensor([[3.0, 0.0], [-2.0, 5.0]])
    assert torch.equal(torch.func.vmap(torch.func.vmap(sign), in_dims=1, out_dims=1)(xs), xs.sign())


def test_random_numbers_differ_from_branch_to_branch():
    def draw():
        return lanes(lambda: brainstate.random.rand(), lambda: brainstate.random.rand())

    brainstate.random.seed(0)
    found, after = draw(), brainstate.random.rand()
    assert found[0] != found[1]
    assert after not in found
    brainstate.random.seed(0)
    assert torch.equal(draw(), found)
    assert brainstate.random.rand() == after


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        (lambda: 1, lambda: 2.0, r"int32\[\] from `true_fun` and float32\[\] from `false_fun`"),
        (lambda: XS, lambda: XS[0], r"float32\[3\] from `true_fun` and float32\[\]"),
        (lambda: XS[0], lambda: 1, r"float32\[\] .* int32\[\]"),
        (lambda: True, lambda: 1, r"bool\[\] .* int32\[\]"),
        (lambda: XS.half(), lambda: XS, r"float16\[3\] .* float32\[3\]"),
        (lambda: (1,), lambda: [1], r"structure and units of the result. Got \(\*,\) from `true_fun` and \[\*\]"),
        (lambda: None, lambda: 1, "structure and units"),
        (lambda: 1.0 * u.mV, lambda: 1.0 * u.volt, "structure and units"),
        (lambda: "a", lambda: "b", "have tensors or numbers in the result. Got a str from `true_fun`"),
    ],
)
def test_branches_must_agree(one, other, text):
    with pytest.raises(TypeError, match=f"branches must .*{text}"):
        lanes(one, other)


def test_a_number_takes_the_dtype_of_a_tensor_of_its_kind():
    assert lanes(lambda: XS.half(), lambda: XS.half() * 0 + 1).dtype == torch.float16
    assert lanes(lambda: torch.tensor(1.0, dtype=torch.float64), lambda: 2.0).dtype == torch.float64


def test_branches_must_leave_states_alike():
    state = State(torch.tensor(0.0))

    def write(value):
        def branch():
            state.value = value

        return branch

    with pytest.raises(TypeError, match=r"agree in the shape and dtype of the value of State") as caught:
        lanes(write(torch.ones(2)), write(1.0))
    assert "test_branch.py" in caught.value.__notes__[0]
    assert state.value == 0.0


def test_shapes_can_be_asked_for():
    assert T.eval_shape(lambda x: T.cond(x.sum() > 0, lambda: x, lambda: -x), XS).shape == (3,)
    assert T.eval_shape(lambda i: T.switch(i, [lambda: XS, lambda: -XS]), torch.tensor(1)).shape == (3,)


# switch

BRANCHES = [lambda x: x, lambda x: 10 * x, lambda x: 100 * x]


@pytest.mark.parametrize(
    ("index", "expected"), [(-5, 1), (0, 1), (1, 10), (2, 100), (9, 100), (torch.tensor(1), 10), (np.int64(1), 10)]
)
def test_the_index_is_kept_within_range(index, expected):
    assert T.switch(index, BRANCHES, 1) == expected


def test_switch_lane_by_lane():
    found = torch.func.vmap(lambda i, x: T.switch(i, BRANCHES, x))(torch.tensor([-1, 1, 7]), XS)
    assert torch.equal(found, torch.tensor([1.0, 20.0, 400.0]))


def test_one_branch_is_called_whatever_the_index():
    assert T.switch(7, BRANCHES[:1], 3.0) == 3.0


@pytest.mark.parametrize(
    ("index", "branches", "error", "text"),
    [
        (True, BRANCHES, TypeError, "`index` must be one integer, without axes. Got dtype bool"),
        (1.5, BRANCHES, TypeError, "Got dtype float32"),
        (1.5, [], TypeError, "Got dtype float32"),
        (None, BRANCHES, TypeError, "Got a NoneType"),
        (torch.tensor([0]), BRANCHES, TypeError, r"Got shape \(1,\)"),
        (0, [], ValueError, "`branches` must hold at least one function. Got none"),
        (0, [abs, 5], TypeError, "`branches` must be functions. Got an int among them"),
        (0, 5, TypeError, "`branches` must be a sequence of functions. Got an int"),
    ],
)
def test_wrong_switches_say_what_is_wrong(index, branches, error, text):
    with pytest.raises(error, match=text):
        T.switch(index, branches)


# ifelse


def grade(x, **options):
    return T.ifelse([x < 0, (x >= 0) & (x < 2), x >= 2], [lambda: 1, lambda: 2, lambda: 3], **options)


@pytest.mark.parametrize(("x", "expected"), [(-1, 1), (1, 2), (3, 3)])
def test_the_condition_that_holds_chooses(x, expected):
    assert grade(x) == expected
    assert grade(torch.tensor(x)) == expected


def test_ifelse_lane_by_lane():
    assert torch.equal(
        torch.func.vmap(grade)(torch.tensor([5.0, -1.0, 0.0])), torch.tensor([3, 1, 2], dtype=torch.int32)
    )


@pytest.mark.parametrize(("conditions", "expected"), [([True, True], 1), ([False, False], 2), ([False, True], 2)])
def test_without_check_the_first_that_holds_counts_or_the_last(conditions, expected):
    functions = [lambda: 1, lambda: 2]
    assert T.ifelse(conditions, functions, check_cond=False) == expected
    columns = torch.tensor([conditions, conditions])
    found = torch.func.vmap(lambda c: T.ifelse([c[0], c[1]], functions, check_cond=False))(columns)
    assert found.tolist() == [expected, expected]


@pytest.mark.parametrize("conditions", [[True, True], [False, False]])
def test_exactly_one_condition_must_hold(conditions):
    with pytest.raises(ValueError, match=f"exactly one of `conditions` must hold. Got {sum(conditions)}"):
        T.ifelse(conditions, [abs, abs], 1)


def test_exactly_one_condition_must_hold_in_each_lane():
    with pytest.raises(ValueError, match=r"exactly one of `conditions` must hold"):
        torch.func.vmap(lambda x: T.ifelse([x > 0, x > 1], [lambda: 1, lambda: 2]))(torch.tensor([0.5, 2.0]))


def test_one_function_is_called_whatever_its_condition():
    assert T.ifelse([False], [lambda x: x + 1], 5) == 6


@pytest.mark.parametrize(
    ("conditions", "branches", "error", "text"),
    [
        ([], [], ValueError, "at least one function"),
        ([True, False], [abs], ValueError, "one entry for each of the 1 `branches`. Got 2"),
        ([True, False], [abs, 3], TypeError, "`branches` must be functions"),
        (
            [XS > 1, XS < 1],
            [abs, abs],
            TypeError,
            r"condition 0 must be one boolean or real number, without axes. Got shape",
        ),
    ],
)
def test_wrong_ifelses_say_what_is_wrong(conditions, branches, error, text):
    with pytest.raises(error, match=text):
        T.ifelse(conditions, branches)


@pytest.mark.parametrize("which", [0, 1])
def test_cond_takes_functions(which):
    functions = [abs, abs]
    functions[which] = 1
    with pytest.raises(TypeError, match=f"`{['true_fun', 'false_fun'][which]}` must be callable. Got an int"):
        T.cond(True, *functions)
