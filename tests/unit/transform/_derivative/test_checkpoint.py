"""brainstate_torch.transform._derivative.checkpoint."""

import pytest
import torch

from brainstate_torch import ParamState, State, environ, taped
from brainstate_torch import transform as T

F64 = torch.float64
X = torch.tensor([0.5, 1.0], dtype=F64)
close = torch.testing.assert_close


@pytest.fixture
def w():
    return ParamState(torch.tensor([1.0, 2.0], dtype=F64))


def counted(fun):
    def block(*args, **kwargs):
        block.runs += 1
        return fun(*args, **kwargs)

    block.runs = 0
    return block


SETTINGS = {
    "alone": (lambda f, w: f(X), 1),
    "grad": (lambda f, w: T.grad(lambda: f(X).sum(), w)(), 2),
    "grad on torch.func": (lambda f, w: T.grad(lambda: f(X).sum(), w, engine="func")(), 1),
    "vector_grad": (lambda f, w: T.vector_grad(lambda: f(X), w)(), 2),
    "grad of grad": (lambda f, w: T.grad(lambda: T.grad(lambda: f(X).sum(), w)().sum(), w)(), 1),
    "hessian": (lambda f, w: T.hessian(lambda: f(X).sum(), w)(), 1),
    "jacfwd": (lambda f, w: T.jacfwd(lambda: f(X), w)(), 1),
    "jvp": (lambda f, w: T.jvp(f, (X,), (X,)), 1),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_it_gives_the_same_numbers_and_runs_again_on_the_tape(name, w, request):
    call, runs = SETTINGS[name]
    if request.config.getoption("--engine") == "func":
        runs = 1
    counter = State(0)

    def fun(x):
        counter.value += 1
        return torch.sin(w.value * x) * torch.tanh(w.value)

    block = counted(fun)
    found = call(T.checkpoint(block), w)
    assert (block.runs, counter.value) == (runs, 1)
    close(found, call(fun, w))


def test_states_have_in_the_second_run_the_values_of_the_first(w, engine):
    h = State(torch.ones(2, dtype=F64))

    def step(x):
        h.value = torch.tanh(h.value * w.value + x)
        return h.value

    def loss(step):
        h.value = torch.ones(2, dtype=F64)
        for _ in range(4):
            y = step(X)
        return (y**2).sum()

    close(T.grad(lambda: loss(T.checkpoint(step)), w, engine=engine)(), T.grad(lambda: loss(step), w, engine=engine)())


def test_blocks_nest(w, engine):
    inner = T.checkpoint(lambda x: torch.sin(w.value * x))
    outer = T.checkpoint(lambda x: inner(inner(x)) ** 2)
    found = T.grad(lambda: outer(X).sum(), w, engine=engine)()
    close(found, T.grad(lambda: (torch.sin(w.value * torch.sin(w.value * X)) ** 2).sum(), w)())


def test_settings_and_draws_of_the_first_run_are_repeated(w, on_tape):
    def fun():
        # An attribute: the second run has lists as they were at the first.
        fun.seen = [*getattr(fun, "seen", []), (environ.get("dt"), torch.rand(1).item())]
        return torch.sin(w.value * environ.get("dt")).sum()

    def loss():
        with environ.context(dt=0.1):
            return T.checkpoint(fun)()

    T.grad(loss, w)()
    assert len(fun.seen) == 2
    assert fun.seen[0] == fun.seen[1]


def test_a_second_run_that_raises_leaves_the_states(w, on_tape):
    counter = State(0)

    def fun():
        counter.value += 1
        if block.runs == 2:
            raise KeyError("second")
        return torch.sin(w.value).sum()

    block = counted(fun)
    with pytest.raises(KeyError, match="second"):
        T.grad(T.checkpoint(block), w)()
    assert counter.value == 0


def test_a_state_made_at_the_first_use_is_not_stepped_twice(w, on_tape):
    cache = {}

    def fun(x):
        if "h" not in cache:
            cache["h"] = State(torch.ones(2, dtype=F64))
        cache["h"].value = torch.sin(cache["h"].value * x * w.value)
        return cache["h"].value

    found = T.grad(lambda: T.checkpoint(fun)(X).sum(), w)()
    close(found, X * torch.cos(X * w.value))


@pytest.mark.parametrize(
    "inner", [T.grad, T.vector_grad, T.jacrev, lambda f: lambda x: T.vjp(f, x)[1](torch.ones((), dtype=F64))]
)
def test_a_derivative_inside_the_block_works(w, inner, engine):
    block = T.checkpoint(lambda x: inner(lambda x: (w.value * x**3).sum())(x))
    close(T.grad(lambda: block(X).sum(), w, engine=engine)(), 3 * X**2)


def test_it_is_a_decorator_with_and_without_arguments(w):
    @T.checkpoint
    def plain(x):
        """Doc."""
        return x

    @T.checkpoint(prevent_cse=False, static_argnums=0)
    def configured(x, *, k=1):
        return x * k

    assert T.remat is T.checkpoint
    assert (plain.__name__, plain.__doc__, plain(1), configured(2, k=3)) == ("plain", "Doc.", 1, 6)
    with taped():
        plain(w.value).sum().backward()


def test_an_error_of_the_block_is_passed_on(w, engine):
    def broken():
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        T.grad(T.checkpoint(broken), w, engine=engine)()


@pytest.mark.parametrize("engine", ["tape", "func"])
def test_the_second_run_sees_the_variables_of_the_first(w, engine):
    def loss(y):
        x = y
        for scale in (2.0, 3.0):
            x = T.checkpoint(lambda h: (h * scale).sin())(x)
        x = T.checkpoint(lambda h: (h * x).sin())(x)
        return x.sum()

    def plain(y):
        x = ((y * 2.0).sin() * 3.0).sin()
        return (x * x).sin().sum()

    y = torch.linspace(0.1, 1.0, 4)
    torch.testing.assert_close(T.grad(loss, engine=engine)(y), T.grad(plain)(y))


def test_blocks_of_loops_see_the_variables_of_the_first_run():
    def scanned(w):
        x = 2 * w
        x = T.checkpointed_scan(lambda c, _: (c.sin() * x, None), w, None, length=4, base=2)[0]
        return x

    def looped(w):
        x = 2 * w
        x = T.checkpointed_for_loop(lambda a: (a * x).sin(), torch.arange(4.0), base=2).sum()
        return x

    def bounded(w):
        x = 2 * w
        x = T.bounded_while_loop(lambda c: c < 100, lambda c: c.sin() * x + c, w, max_steps=4, base=2)
        return x

    def truth(step, c, w):
        for i in range(4):
            c = step(c, i, 2 * w)
        return c

    w = torch.tensor(0.7)
    for found, step, c in (
        (scanned, lambda c, i, x: c.sin() * x, 1),
        (looped, lambda c, i, x: c + (i * x).sin(), 0),
        (bounded, lambda c, i, x: c.sin() * x + c, 1),
    ):
        torch.testing.assert_close(T.grad(found)(w), T.grad(lambda w, s=step, c=c: truth(s, c * w, w))(w))


def test_what_the_first_run_writes_into_a_list_is_written_once(w):
    log, scale = [], [2.0]

    def loss(y):
        z = T.checkpoint(lambda h: (log.append(1), (h * scale[0]).sin())[1])(y)
        scale[0] = 5.0
        return z.sum()

    torch.testing.assert_close(T.grad(loss)(torch.zeros(2)), torch.full((2,), 2.0))
    assert log == [1]


@pytest.mark.parametrize(
    ("keywords", "error", "text"),
    [
        ({"static_argnums": -1}, ValueError, r"`static_argnums` must not be negative\. Got -1"),
        ({"static_argnums": (0, -2)}, ValueError, "Got -2"),
        ({"policy": "dots"}, NotImplementedError, "`policy` has no counterpart on torch"),
    ],
)
def test_options_are_checked(keywords, error, text):
    with pytest.raises(error, match=text):
        T.checkpoint(lambda x: x, **keywords)
