"""brainstate_torch.transform._watch.checkify: checks as values."""

import threading

import pytest
import torch

from brainstate_torch import State
from brainstate_torch import transform as T

XS = torch.tensor([1.0, 2.0, 4.0])


def positive(x):
    T.check(x > 0, "x must be positive, it is {}, limit {limit}", x, limit=0)
    return 2 * x


def test_a_check_that_holds_leaves_no_error():
    error, out = T.checkify(positive)(torch.tensor(3.0))
    assert error.get() is None
    assert error.throw() is None
    assert repr(error) == "Error(None)"
    assert out == 6.0


def test_a_failed_check_is_a_value_and_the_function_goes_on():
    error, out = T.checkify(positive)(x=torch.tensor(-1.0))
    assert out == -2.0
    assert error.get() == "x must be positive, it is -1.0, limit 0"
    with pytest.raises(ValueError, match=r"it is -1.0"):
        error.throw()


def test_the_first_failure_counts():
    def two(x):
        T.check(x > 0, "first")
        T.check(x > 1, "second")

    assert T.checkify(two)(torch.tensor(-1.0))[0].get() == "first"
    assert T.checkify(two)(torch.tensor(0.5))[0].get() == "second"


def test_outside_a_failed_check_raises():
    with pytest.raises(ValueError, match=r"x must be positive, it is -1.0"):
        positive(torch.tensor(-1.0))
    assert T.check(False, "bad", debug=True) is None
    assert T.checkify(lambda: T.check(False, "bad", debug=True))()[0].get() == "bad"


def test_states_are_written_whether_or_not_a_check_fails():
    state = State(torch.tensor(1.0))

    def f(x):
        state.value = state.value + x
        return positive(x)

    T.checkify(f)(torch.tensor(2.0))
    T.checkify(f)(torch.tensor(-1.0))
    assert state.value == 2.0


def test_an_exception_leaves_the_states_and_ends_the_checks():
    state = State(torch.tensor(1.0))

    def f():
        state.value = state.value + 1
        raise RuntimeError("here")

    with pytest.raises(RuntimeError, match=r"here"):
        T.checkify(f)()
    assert state.value == 1.0
    with pytest.raises(ValueError, match=r"^outside$"):
        T.check(False, "outside")


def test_lanes_and_loops():
    error, out = T.checkify(torch.func.vmap(positive))(torch.tensor([1.0, -1.0]))
    assert "it is tensor([ 1., -1.])" in error.get()
    assert torch.equal(out, torch.tensor([2.0, -2.0]))
    error, out = T.checkify(lambda xs: T.for_loop(lambda x: (T.check(x < 2, "{}", x), x)[1], xs))(XS)
    assert error.get() == "2.0"
    assert torch.equal(out, XS)


def test_gradients_pass_through():
    error, gradient = T.checkify(T.grad(positive))(torch.tensor(-1.0))
    assert gradient == 2.0
    assert "it is -1.0" in error.get()


def test_errors_can_be_handed_on():
    def outer(x):
        error, out = T.checkify(positive)(x)
        T.check_error(error)
        return out

    assert outer(torch.tensor(1.0)) == 2.0
    with pytest.raises(ValueError, match=r"it is -1.0"):
        outer(torch.tensor(-1.0))
    error, out = T.checkify(outer)(torch.tensor(-1.0))
    assert out == -2.0
    assert "it is -1.0" in error.get()


@pytest.mark.parametrize(
    ("f", "x", "errors", "text"),
    [
        (lambda x: torch.log(x) + 1, -1.0, T.nan_checks, "`log` gave a NaN."),
        (lambda x: torch.where(x > 0, torch.log(x), 0.0), -1.0, T.nan_checks, "`log` gave a NaN."),
        (lambda x: torch.log(x), -1.0, T.user_checks, None),
        (lambda x: x.clone().sqrt_().detach(), -1.0, T.nan_checks, "`sqrt_` gave a NaN."),
        (lambda x: 1 / x, 0.0, T.div_checks, "`reciprocal` divided by zero."),
        (lambda x: 2 * x / x, 0.0, T.float_checks, "`div` divided by zero."),
        (lambda x: x / 0, 1.0, T.all_checks, "`div` divided by zero."),
        (lambda x: x.int() // torch.tensor([0, 1])[1:], 1.0, T.div_checks, None),
        (lambda x: x / 0, 1.0, T.nan_checks, None),
        (lambda x: torch.empty(3).fill_(1.0) * x, 1.0, T.nan_checks, None),
        (positive, -1.0, T.nan_checks, None),
        (positive, -1.0, T.all_checks, "x must be positive, it is -1.0, limit 0"),
    ],
)
def test_automatic_checks(f, x, errors, text):
    assert T.checkify(f, errors=errors)(torch.tensor(x))[0].get() == text


def test_operations_in_lanes_are_checked():
    error, out = T.checkify(torch.func.vmap(torch.log), errors=T.nan_checks)(torch.tensor([1.0, -1.0]))
    assert error.get() == "`log` gave a NaN."
    assert out[0] == 0.0


def test_an_index_out_of_bounds_ends_the_function():
    state = State(0)

    def f(i):
        state.value = 1
        return XS[i]

    assert T.checkify(f, errors=T.index_checks)(1)[1] == 2.0
    state.value = 0
    error, out = T.checkify(f, errors=T.automatic_checks)(7)
    assert "index 7 is out of bounds" in error.get()
    assert out is None
    assert state.value == 0
    with pytest.raises(IndexError):
        T.checkify(f)(7)


def test_the_sets_are_made_of_each_other():
    assert T.float_checks == T.nan_checks | T.div_checks
    assert T.automatic_checks == T.float_checks | T.index_checks
    assert T.all_checks == T.automatic_checks | T.user_checks
    assert len(T.all_checks) == 4


def test_threads_do_not_see_each_others_checks():
    raised = []

    def other():
        try:
            T.check(False, "elsewhere")
        except ValueError as error:
            raised.append(str(error))

    def f():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert T.checkify(f)()[0].get() is None
    assert raised == ["elsewhere"]


def test_nothing_is_known_where_shapes_are_traced():
    assert T.eval_shape(lambda x: T.checkify(positive)(x)[1], torch.tensor(-1.0)).shape == ()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: T.check(XS > 0, "bad"), r"`pred` must be one boolean, without axes. Got shape \(3,\)"),
        (lambda: T.check(1, "bad"), "Got dtype int32"),
        (lambda: T.check("a", "bad"), "Got a str"),
        (lambda: T.check(True, 3), "`msg` must be a string. Got an int"),
        (lambda: T.check_error(3), "`error` must be what `checkify` returned first. Got an int"),
        (lambda: T.checkify(3), "`fun` must be callable. Got an int"),
        (lambda: T.checkify(abs, errors="nan"), "`errors` must be a set of checks, such as `user_checks`. Got 'nan'"),
        (lambda: T.checkify(abs, errors={KeyError}), "`errors` must be a set of checks"),
    ],
)
def test_wrong_calls_say_what_is_wrong(call, text):
    with pytest.raises(TypeError, match=text):
        call()


def test_checkify_inside_a_program_is_refused():
    with pytest.raises(NotImplementedError, match=r"Write `checkify\(jit\(fun\)\)`"):
        T.jit(lambda x: T.checkify(positive)(x)[1], backend="replay")(XS[0])


def test_a_program_inside_checkify_reports_its_checks():
    error, out = T.checkify(T.jit(positive, backend="replay"))(torch.tensor(-1.0))
    assert error.get() == "x must be positive, it is -1.0, limit 0"
    assert out == -2.0


@pytest.mark.parametrize(
    "look",
    [lambda x: x[0], lambda x: x.T, lambda x: x.reshape(-1), lambda x: x.view(2, 1), lambda x: torch.empty_like(x)],
    ids=["index", "transpose", "reshape", "view", "empty"],
)
def test_a_nan_that_is_only_viewed_was_not_made(look, monkeypatch):
    x = torch.tensor([[float("nan"), 1.0]])
    # What is in memory that is not filled may be a NaN.
    monkeypatch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", True)
    torch.use_deterministic_algorithms(True)
    try:
        error, _ = T.checkify(look, errors=T.nan_checks)(x)
    finally:
        torch.use_deterministic_algorithms(False)
    assert error.get() is None


def test_the_operation_that_made_a_nan_is_named_and_not_the_view_before_it():
    error, _ = T.checkify(lambda x: torch.log(x.reshape(-1)[1:]), errors=T.nan_checks)(torch.tensor([[1.0, -1.0]]))
    assert error.get() == "`log` gave a NaN."


def test_a_failed_check_is_reported_to_the_innermost_call_alone():
    def outer(x):
        error, _ = T.checkify(positive)(x)
        return error.get() is None

    error, held = T.checkify(outer)(torch.tensor(-1.0))
    assert error.get() is None and held is False
