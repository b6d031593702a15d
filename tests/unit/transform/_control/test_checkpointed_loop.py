"""brainstate_torch.transform._control.checkpointed_loop: the same numbers as scan, and what is kept in memory."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T


@pytest.mark.parametrize("base", [2, 3, 16])
@pytest.mark.parametrize("length", [1, 2, 5, 8, 17])
def test_results_states_and_gradients_are_those_of_scan(length, base):
    xs = torch.linspace(-1, 1, length, dtype=torch.float64)

    def answers(scan):
        w, total = ParamState(torch.tensor(0.9, dtype=torch.float64)), State(torch.tensor(0.0, dtype=torch.float64))

        def loss(xs):
            def step(carry, x):
                total.value += carry * carry
                return torch.tanh(w.value * carry + x), (carry, 2 * x * u.mV)

            carry, (ys, _) = scan(step, torch.tensor(0.1, dtype=torch.float64), xs)
            return carry + ys.sum() + total.value

        gradients, value = T.grad(loss, w, argnums=0, return_value=True)(xs)
        return [*gradients, value, total.value]

    found = answers(lambda f, init, xs: T.checkpointed_scan(f, init, xs, base=base))
    for a, b in zip(found, answers(T.scan), strict=True):
        assert torch.allclose(a, b, rtol=1e-12)


def test_a_for_loop_takes_several_inputs_and_a_length():
    xs = torch.arange(20.0)
    assert torch.equal(T.checkpointed_for_loop(lambda x, y: x * y, xs, xs, base=2), xs**2)
    assert torch.equal(T.checkpointed_for_loop(lambda: 1.0, length=3), torch.ones(3))


@pytest.mark.parametrize("length", [16, 64, 256])
def test_few_steps_are_kept(length):
    """The steps themselves keep nothing, however many they are; plainly they keep two tensors each."""
    kept, seen = [], set()

    def keep(x):
        if x.numel() == 3 and x.data_ptr() not in seen:
            seen.add(x.data_ptr())
            kept.append(x)
        return x

    w = torch.ones(3, requires_grad=True)
    with brainstate.taped(), torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        plain, _ = T.scan(lambda c, _: (torch.sin(c * w), None), torch.ones(3), None, length=length)
        many = len(kept)
        kept.clear()
        blocks, _ = T.checkpointed_scan(
            lambda c, _: (torch.sin(c * w), None), torch.ones(3), None, length=length, base=4
        )
    assert many >= 2 * length
    assert len(kept) <= 8
    assert torch.equal(plain, blocks)


@pytest.mark.parametrize("door", ["grad", "taped"])
def test_each_level_of_blocks_runs_the_steps_once_more(door):
    w = ParamState(torch.tensor(0.5))

    def step(carry, _):
        step.calls += 1  # an attribute: the second run has lists as they were at the first
        return carry * w.value, None

    def loss():
        return T.checkpointed_scan(step, torch.tensor(1.0), None, length=8, base=2)[0]

    step.calls = 0
    if door == "grad":
        gradient = T.grad(loss, w)()
    else:
        with brainstate.taped():
            loss().backward()
        gradient = w.parameters()[0].grad
    assert gradient == 8 * 0.5**7
    # Under grad the suite may be told to use torch.func, which recomputes nothing.
    assert step.calls <= 3 * 8
    assert step.calls > 8 or door == "grad"


def test_random_draws_are_repeated_in_the_second_run():
    w = ParamState(torch.tensor(1.0))

    def loss(scan):
        brainstate.random.seed(0)
        return scan(
            lambda c, _: (c + w.value * brainstate.random.rand() ** 2, None), torch.tensor(0.0), None, length=9
        )[0]

    found = T.grad(lambda: loss(lambda *a, length: T.checkpointed_scan(*a, length=length, base=2)), w)()
    assert torch.equal(found, T.grad(lambda: loss(T.scan), w)())


def test_the_progress_counts_each_step_once(capsys):
    w = ParamState(torch.tensor(0.5))
    bar = T.ProgressBar(freq=1, desc=("step {i}", lambda d: d))
    T.grad(lambda: T.checkpointed_scan(lambda c, _: (c * w.value, None), 1.0, None, length=5, base=2, pbar=bar)[0], w)()
    shown = capsys.readouterr().err
    assert "5/5" in shown
    assert "6/5" not in shown


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: T.checkpointed_scan(9, 0.0, torch.zeros(2)), TypeError, "`f` must be callable"),
        (lambda: T.checkpointed_for_loop(9, torch.zeros(2)), TypeError, "`f` must be callable"),
        (
            lambda: T.checkpointed_for_loop(abs, torch.zeros(0)),
            ValueError,
            "`length` of `checkpointed_for_loop` must be at",
        ),
        (lambda: T.checkpointed_scan(lambda c, x: c, 0.0, torch.zeros(2)), ValueError, "must return a pair"),
        (lambda: T.checkpointed_scan(max, 0.0, torch.zeros(2), length=3), ValueError, "and length=3"),
    ],
)
def test_wrong_calls_say_what_is_wrong(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("base", [1, 0, -2, True, 2.5])
def test_base_must_be_at_least_two(base):
    with pytest.raises(ValueError, match=r"`base` must be an integer of at least 2. Got"):
        T.checkpointed_for_loop(abs, torch.zeros(3), base=base)


def test_a_step_that_raises_leaves_every_state():
    a = State(torch.tensor(0.0))

    def step(i):
        a.value += 1
        if i == 6:
            raise RuntimeError("here")

    with pytest.raises(RuntimeError, match=r"here"), brainstate.taped():
        T.checkpointed_for_loop(step, torch.arange(9), base=2)
    assert a.value == 0.0


def in_blocks(length):
    def loss(w):
        return T.checkpointed_scan(lambda c, _: (torch.sin(c * w), None), torch.tensor(1.0), None, length=length)[0]

    return loss


def test_a_compiled_one_runs_each_step_once_more_and_keeps_what_enters_blocks():
    text = str(T.make_graph(T.grad(in_blocks(100)))(torch.tensor(0.5))[0])
    # Forward: ten blocks of ten steps. Backward: ten times the steps of a block forward, which keep what they need, and
    # backward.
    assert text.count("loop_of_10(") == 2 + 3
    assert "loop_of_100" not in text
    # A block puts out the carry that enters it, one number each.
    assert "float32[10]" in text


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 2, 7, 36, 37])
def test_a_compiled_one_is_the_plain_loop(length):
    w = torch.tensor(0.7)
    for fun in (in_blocks(length), T.grad(in_blocks(length)), T.grad(T.grad(in_blocks(length)))):
        assert torch.allclose(T.jit(fun, backend="replay")(w), fun(w), rtol=1e-4)


def test_a_compiled_one_stacks_what_its_steps_return():
    total = State(torch.tensor(0.0))

    def step(x):
        total.value += x
        return {"total": total.value, "x": x}

    found = T.jit(lambda xs: T.checkpointed_for_loop(step, xs), backend="replay")(torch.arange(1.0, 8.0))
    assert torch.equal(found["total"], torch.tensor([1.0, 3, 6, 10, 15, 21, 28]))
    assert torch.equal(found["x"], torch.arange(1.0, 8.0))
    assert total.value == 28
