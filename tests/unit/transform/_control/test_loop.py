"""brainstate_torch.transform._control.loop: scan and for_loop."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ParamState, State, TraceContextError
from brainstate_torch import transform as T

XS = torch.tensor([1.0, 2.0, 4.0])


def add(carry, x):
    return carry + x, 10 * carry


def test_scan_hands_the_carry_on_and_stacks_the_outputs():
    carry, ys = T.scan(add, torch.tensor(0.5), XS)
    assert carry == 7.5
    assert torch.equal(ys, torch.tensor([5.0, 15.0, 35.0]))


def test_reverse_goes_backwards_and_keeps_the_places():
    carry, ys = T.scan(add, torch.tensor(0.0), XS, reverse=True)
    assert carry == 7.0
    assert torch.equal(ys, torch.tensor([60.0, 40.0, 0.0]))


@pytest.mark.parametrize("unroll", [1, 2, True])
def test_unroll_changes_nothing(unroll):
    assert T.scan(add, 0.0, XS, unroll=unroll)[0] == 7.0


def test_carry_outputs_and_inputs_may_be_trees_with_units():
    xs = {"v": XS * u.mV, "n": (torch.arange(3), None)}

    def step(carry, x):
        carry = {"sum": carry["sum"] + x["v"], "none": None}
        return carry, (x["v"] * (2 * u.ms), {"n": x["n"][0]}, None)

    carry, (products, numbers, none) = T.scan(step, {"sum": 0.0 * u.volt, "none": None}, xs)
    assert carry["none"] is None
    assert none is None
    assert torch.allclose(carry["sum"].to_decimal(u.mV), torch.tensor(7.0))
    assert torch.equal(products.to_decimal(u.mV * u.ms), 2 * XS)
    assert torch.equal(numbers["n"], torch.arange(3))


def test_keys_may_come_in_any_order():
    def step(carry, i):
        a, b = carry["a"] + 1, carry["b"] - 1
        return ({"a": a, "b": b}, {"a": a, "b": b}) if i % 2 else ({"b": b, "a": a}, {"b": b, "a": a})

    carry, ys = T.scan(step, {"a": 0, "b": 0}, torch.arange(3))
    assert (carry["a"], carry["b"]) == (3, -3)
    assert ys["a"].tolist() == [1, 2, 3]
    assert ys["b"].tolist() == [-1, -2, -3]


def test_a_step_without_output_gives_none():
    assert T.scan(lambda c, x: (c, None), 1.0, XS)[1] is None


def test_for_loop_takes_several_inputs_and_none():
    assert torch.equal(T.for_loop(lambda x, y, z: x * y["a"], XS, {"a": XS}, None), XS**2)
    assert torch.equal(T.for_loop(lambda: 1.5, length=2), torch.tensor([1.5, 1.5]))


def test_numpy_inputs_become_tensors_of_32_bits():
    assert T.for_loop(lambda x: x, np.arange(3.0)).dtype == torch.float32


def test_number_outputs_become_tensors():
    flags, whole, real = T.for_loop(lambda x: (True, 1, 2.0), XS)
    assert (flags.dtype, whole.dtype, real.dtype) == (torch.bool, torch.int32, torch.float32)


@pytest.mark.parametrize(
    ("init", "step", "expected"),
    [
        (0, lambda c, x: (c + 1.5, None), 4.5),
        (0, lambda c, x: (c + x, None), 7.0),
        (1.0, lambda c, x: (c * 1j, None), -1j),
    ],
)
def test_a_number_may_widen_on_the_way(init, step, expected):
    assert T.scan(step, init, XS)[0] == expected


@pytest.mark.parametrize("init", [0.0, 2, True])
def test_the_carry_is_a_tensor_from_the_first_step_on(init):
    kinds = []

    def step(carry, x):
        kinds.append(isinstance(carry, torch.Tensor))
        return carry, x

    assert isinstance(T.scan(step, init, XS)[0], torch.Tensor)
    assert kinds == [True] * 3


def test_writing_in_place_changes_neither_inputs_nor_outputs():
    init, xs = torch.tensor(0.0), XS.clone()

    def step(carry, x):
        x += 1
        carry += x
        return carry, carry

    assert torch.equal(T.scan(step, init, xs)[1], torch.tensor([2.0, 5.0, 10.0]))
    assert init == 0.0
    assert torch.equal(xs, XS)


def test_states_go_from_step_to_step():
    total, calls = State(torch.tensor(0.0)), State(0)

    def step(x):
        total.value += x
        calls.value += 1
        return total.value

    assert torch.equal(T.for_loop(step, XS), torch.tensor([1.0, 3.0, 7.0]))
    assert total.value == 7.0
    assert calls.value == 3


def test_a_state_made_inside_stays_usable():
    made = []

    def step(x):
        made.append(State(x))
        return x

    T.for_loop(step, XS)
    assert [state.value.item() for state in made] == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("k", range(3))
def test_a_step_that_raises_leaves_every_state(k):
    a, b = State(torch.tensor(1.0)), State({"n": 2})
    before = a.value, b.value

    def step(i):
        a.value += 1
        b.value = {"n": int(i)}
        if i == k:
            raise RuntimeError("here")

    with pytest.raises(RuntimeError, match=r"here"):
        T.for_loop(step, torch.arange(3))
    assert (a.value, b.value) == before


def test_no_graph_grows_outside_a_gradient():
    w = ParamState(torch.tensor(1.0))
    assert not T.scan(lambda c, x: (c * w.value, c), 1.0, XS)[0].requires_grad


def test_gradients_are_those_of_the_python_loop():
    w, xs = ParamState(torch.tensor(0.9)), torch.linspace(-1, 1, 7)

    def looped(xs):
        return T.scan(lambda c, x: (torch.tanh(w.value * c + x), c), torch.tensor(0.1), xs)[0]

    def plain(xs):
        c = torch.tensor(0.1)
        for x in xs:
            c = torch.tanh(w.value * c + x)
        return c

    for transform in (T.grad, T.jacfwd):
        found, expected = (transform(f, w, argnums=0)(xs) for f in (looped, plain))
        for a, b in zip(found, expected, strict=True):
            assert torch.allclose(a, b, rtol=1e-6)


def test_a_loop_in_vmap_is_a_loop_per_lane():
    found = T.vmap(lambda row: T.for_loop(lambda x: x * x, row, reverse=True))(torch.arange(6.0).reshape(2, 3))
    assert torch.equal(found, torch.arange(6.0).reshape(2, 3) ** 2)


def test_no_step_gives_empty_outputs_of_the_right_kind():
    state = State(torch.tensor(1.0))

    def step(carry, x):
        state.value += 1
        return carry + x, {"a": carry * u.mV, "b": x > 0, "c": None}

    carry, ys = T.scan(step, 3.0, torch.zeros(0))
    assert carry == 3.0
    assert state.value == 1.0
    assert ys["c"] is None
    assert (ys["a"].shape, ys["a"].unit) == ((0,), u.mV)
    assert (ys["b"].shape, ys["b"].dtype) == ((0,), torch.bool)


def test_the_settings_of_the_environment_are_those_of_the_caller():
    with brainstate.environ.context(dt=0.5):
        assert torch.equal(T.for_loop(lambda x: x * brainstate.environ.get("dt"), XS), XS / 2)


def test_shapes_can_be_asked_for():
    found = T.eval_shape(lambda x: T.scan(add, 0.0, x), XS)
    assert (found[0].shape, found[1].shape) == ((), (3,))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda c: torch.stack([c, c]), r"shape \(2,\) instead of \(\)"),
        (lambda c: (c, c), r"structure \(\*, \*\) instead of \*"),
        (lambda c: c > 0, "dtype bool instead of float32"),
        (lambda c: 1, "dtype int32 instead of float32"),
        (lambda c: c * u.mV, "structure .* instead of"),
    ],
)
def test_a_step_must_not_change_the_kind_of_the_carry(change, text):
    state = State(0.0)

    def step(carry, x):
        state.value = 1.0
        return change(carry), x

    with pytest.raises(TypeError, match=f"`f` of `scan` must return a carry like the one that it gets. Got {text}"):
        T.scan(step, 0.0, XS)
    assert state.value == 0.0


def test_a_tensor_must_keep_its_dtype_where_a_number_may_widen():
    with pytest.raises(TypeError, match=r"dtype float32 instead of int32 at \['n'\]"):
        T.scan(lambda c, x: ({"n": c["n"] + x}, None), {"n": torch.tensor(0, dtype=torch.int32)}, XS)


@pytest.mark.parametrize("k", [0, 2])
def test_a_step_must_not_change_the_shape_of_a_state(k):
    state = State(torch.tensor(0.0), name="v")

    def step(i):
        if i == k:
            state.value = torch.zeros(2)

    with pytest.raises(
        TypeError, match=r"must leave each State with the structure, shape and dtype .*shape \(2,\)"
    ) as caught:
        T.for_loop(step, torch.arange(3))
    assert "test_loop.py" in caught.value.__notes__[0]
    assert state.value.shape == ()


def test_a_step_must_not_change_the_structure_of_a_state():
    state = State(torch.tensor(0.0))

    def step(x):
        state.value = {"a": x}

    with pytest.raises(ValueError, match=r"must leave each State .* Got structure {'a': \*} instead of \*"):
        T.for_loop(step, XS)


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (lambda i: torch.zeros(int(i)), r"y of the same shape. Got \(1,\) after \(0,\)"),
        (lambda i: {"a": i} if i else i, "y of the same structure"),
        (lambda i: i * (u.mV if i else u.volt), "y of the same structure"),
        (lambda i: "text", "must return tensors or numbers. Got a str"),
    ],
)
def test_all_steps_must_return_alike(y, text):
    with pytest.raises(TypeError, match=text):
        T.for_loop(y, torch.arange(3))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: T.scan(3, 0.0, XS), TypeError, "`f` must be callable. Got an int"),
        (lambda: T.for_loop(3, XS), TypeError, "`f` must be callable. Got an int"),
        (lambda: T.scan(add, 0.0, [1.0, 2.0]), ValueError, "leading axis to loop over. Got a float"),
        (lambda: T.scan(add, 0.0, torch.tensor(1.0)), ValueError, "Got a tensor without axes"),
        (lambda: T.scan(add, 0.0, None), ValueError, "`length` must be given"),
        (lambda: T.scan(add, 0.0, XS, length=2), ValueError, r"Got \[3\], and length=2"),
        (lambda: T.for_loop(max, XS, XS[:2]), ValueError, r"Got \[3, 2\]"),
        (lambda: T.scan(add, 0.0, None, length=-1), ValueError, "`length` must not be negative. Got -1"),
        (lambda: T.scan(lambda c, x: c, 0.0, XS), ValueError, r"must return a pair \(carry, y\). Got a "),
        (lambda: T.scan(lambda c, x: (c, x, x), 0.0, XS), ValueError, "Got 3 values"),
        (lambda: T.scan(add, State(0.0), XS), ValueError, "cannot be an instance of State"),
    ],
)
def test_wrong_calls_say_what_is_wrong(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_a_lane_of_a_foreign_vmap_must_not_reach_a_state():
    state = State(torch.tensor(0.0))

    def step(x):
        state.value = x

    with pytest.raises(TraceContextError):
        torch.func.vmap(lambda row: T.for_loop(lambda x: step(x) or x, row))(torch.zeros(2, 3))
    assert state.value == 0.0


@pytest.mark.parametrize(
    "step", [lambda c, x: (torch.stack([c, c]), x), lambda c, x: (c.double(), x), lambda c, x: ((c, c), x)]
)
def test_a_carry_of_another_kind_is_refused_in_a_program_as_without(step):
    texts = []
    for wrap in (lambda f: f, lambda f: T.jit(f, backend="replay")):
        with pytest.raises(TypeError) as error:
            wrap(lambda xs: T.scan(step, torch.tensor(0.5), xs))(XS)
        texts.append(str(error.value))
    assert "carry" in texts[0] and texts[0] == texts[1]
