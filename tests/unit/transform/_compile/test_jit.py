"""brainstate_torch.transform._compile.jit and jitted: compiled functions, their signatures, States and cache."""

import functools
import gc
import threading
import weakref

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import (
    BatchAxisError,
    ConcretizationError,
    ParamState,
    State,
    StateTraceStack,
    check_state_value_tree,
)
from brainstate_torch import transform as T
from brainstate_torch.transform._compile import jitted as _jitted

X = torch.tensor([1.0, 2.0])


def replayed(fun, **options):
    return T.jit(fun, backend="replay", **options)


class Counted:
    """A function that counts how often Python runs it."""

    def __init__(self, fun):
        self.fun, self.runs = fun, 0

    def __call__(self, *args, **kwargs):
        self.runs += 1
        return self.fun(*args, **kwargs)


# What makes another program


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (X, torch.ones(3)),
        (X, torch.ones(2, 1)),
        (X, X.double()),
        (X, X * u.mV),
        (X * u.mV, X * u.volt),
        (X * u.mV, X * u.ms),
        ({"a": X}, {"b": X}),
        ((X, X), [X, X]),
        ((X, None), (X, X)),
    ],
    ids=["shape", "axes", "dtype", "unit", "scale", "dimension", "keys", "container", "none"],
)
def test_arguments_of_another_kind_make_another_program(one, other):
    fun = Counted(lambda x: x)
    compiled = replayed(fun)
    for _ in range(2):
        compiled(one)
        compiled(other)
    assert fun.runs == 2


def test_arguments_on_another_device_make_another_program():
    key_of = replayed(lambda x: x)._signature
    assert key_of([X], {})[0] != key_of([X.to("meta")], {})[0]


@pytest.mark.parametrize(
    "other",
    [torch.ones(3), X.double(), X * u.mV, {"a": X}, 1.5, None],
    ids=["shape", "dtype", "unit", "tree", "number", "none"],
)
def test_a_state_of_another_kind_makes_another_program(other):
    state = State(X)
    fun = Counted(lambda: state.value)
    compiled = replayed(fun)
    for _ in range(2):
        for value in (X, other):
            with check_state_value_tree(False):
                state.value = value
            compiled()
    assert fun.runs == 2


def test_new_numbers_of_the_same_kind_run_the_same_program():
    state, fun = State(X), None
    fun = Counted(lambda x: x * state.value)
    compiled = replayed(fun)
    assert torch.equal(compiled(X), X * X)
    state.value = 3 * X
    assert torch.equal(compiled(2 * X), 6 * X * X)
    assert fun.runs == 1


def test_numbers_and_arrays_are_tensors_of_their_dtype():
    fun = Counted(lambda x: x * 2)
    compiled = replayed(fun)
    assert compiled(1.5) == 3.0
    assert compiled(2.5) == 5.0
    assert torch.equal(compiled(np.arange(3)), torch.tensor([0, 2, 4], dtype=torch.int32))
    assert fun.runs == 2


def test_keyword_arguments_may_come_in_any_order():
    fun = Counted(lambda *, a, b: a - b)
    compiled = replayed(fun)
    assert compiled(a=3.0, b=1.0) == compiled(b=1.0, a=3.0) == 2.0
    assert fun.runs == 1


def test_static_arguments_choose_a_program():
    fun = Counted(lambda x, n, mode: x * n if mode == "times" else x + n)
    compiled = replayed(fun, static_argnums=1, static_argnames="mode")
    for _ in range(2):
        assert torch.equal(compiled(X, 3, mode="times"), 3 * X)
        assert torch.equal(compiled(X, 3, mode="plus"), 3 + X)
        assert torch.equal(compiled(X, 2, mode="plus"), 2 + X)
    assert fun.runs == 3


def test_static_numbers_of_two_types_are_told_apart():
    compiled = replayed(lambda x, n: x * n, static_argnums=1)
    whole = torch.tensor([1, 2])
    assert compiled(whole, 1).dtype == torch.int64
    assert compiled(whole, 1.0).dtype == torch.float32


def test_a_static_object_is_not_kept_alive():
    class Thing:
        factor = 3

    thing = Thing()
    compiled = replayed(lambda t, x: t.factor * x, static_argnums=0)
    assert torch.equal(compiled(thing, X), 3 * X)
    gone = weakref.ref(thing)
    compiled.clear_cache()
    del thing
    gc.collect()
    assert gone() is None


# Settings


def test_settings_are_seen_as_they_are_at_each_call():
    fun = Counted(lambda x: x * brainstate.environ.get("dt"))
    compiled = replayed(fun)
    for dt in (0.5, 2.0, 0.5, 2.0):
        with brainstate.environ.context(dt=dt):
            assert torch.equal(compiled(X), X * dt)
    assert fun.runs == 2


def test_fit_chooses_a_program():
    compiled = replayed(lambda x: x if brainstate.environ.get("fit", default=False) else -x)
    assert torch.equal(compiled(X), -X)
    with brainstate.environ.context(fit=True):
        assert torch.equal(compiled(X), X)
    assert torch.equal(compiled(X), -X)


def test_the_precision_chooses_a_program():
    compiled = replayed(lambda: brainstate.random.RandomState(0).random(2))
    assert compiled().dtype == torch.float32
    with brainstate.environ.context(precision=64):
        assert compiled().dtype == torch.float64


# States


def test_states_are_read_and_written_as_by_the_function_itself():
    a, b = State(X), State({"n": torch.tensor(0), "v": X * u.mV})

    def step(x):
        a.value += x
        b.value = {"n": b.value["n"] + 1, "v": b.value["v"] * 2}
        return a.value * b.value["v"]

    compiled = replayed(step)
    compiled(X)
    assert torch.equal(compiled(X) / u.mV, 3 * X * 4 * X)
    assert b.value["n"] == 2


def test_number_states_become_tensors():
    state = State(3)

    def count():
        state.value += 1
        return state.value

    fun = Counted(count)
    compiled = replayed(fun)
    assert [int(compiled()), int(compiled())] == [4, 5]
    state.value = 10
    assert compiled() == 11
    assert state.value.dtype == torch.int32
    assert fun.runs == 1


def test_a_state_made_inside_stays_usable():
    made = []

    def make(x):
        made.append(State(2 * x))
        made[-1].value += 1
        return made[-1].value

    compiled = replayed(make)
    assert torch.equal(compiled(X), 2 * X + 1)
    assert torch.equal(made[0].value, 2 * X + 1)
    assert torch.equal(compiled(10 * X), 20 * X + 1)


def test_traces_see_what_a_program_reads_and_writes():
    read, written = State(X), State(X)

    def step():
        written.value = 2 * read.value

    compiled = replayed(step)
    for _ in range(2):
        with StateTraceStack() as trace:
            compiled()
        assert trace.get_read_states() == (read,)
        assert trace.get_write_states() == (written,)


def test_hooks_run_at_every_call_and_never_while_a_program_is_recorded():
    state, seen = State(torch.tensor(0.0)), []
    state.register_hook("read", lambda context: seen.append(("read", float(context.value))))
    state.register_hook("write_after", lambda context: seen.append(("written", float(context.value))))

    def step():
        state.value += 1

    compiled = replayed(step)
    compiled.compile()
    assert seen == []
    compiled()
    compiled()
    assert seen == [("read", 0.0), ("written", 1.0), ("read", 1.0), ("written", 2.0)]


def test_an_error_leaves_every_state_as_it_was_and_later_calls_work():
    first, second = State(X), State({"q": 1.0 * u.mV})
    before, fails = (first.value, second.value), True

    def step(x):
        first.value += x
        second.value = {"q": second.value["q"] * 2}
        if fails:
            raise KeyError("here")

    compiled = replayed(step)
    for _ in range(2):
        with pytest.raises(KeyError, match="here"):
            compiled(X)
    assert (first.value is before[0], second.value is before[1]) == (True, True)
    fails = False
    compiled(X)
    assert torch.equal(first.value, 2 * X)


def test_an_error_in_a_run_leaves_every_state_as_it_was():
    state = State(X)
    before = state._value

    def step(x):
        state.value += x

    compiled = replayed(step)
    compiled.compile(X)
    program = compiled._programs.last

    def broken(inputs):
        raise RuntimeError("out of memory")

    program._machine = broken
    with pytest.raises(RuntimeError, match="out of memory"):
        compiled(X)
    assert state._value is before


def test_a_hook_that_refuses_leaves_every_state_as_it_was():
    state = State(X)
    before = state.value

    def step(x):
        state.value += x
        return state.value

    compiled = replayed(step)
    compiled(X)
    assert state.value is not before
    before = state.value
    state.register_hook("read", lambda context: None)
    compiled(X)
    assert torch.equal(state.value, before + X)


# Methods


class Counter:
    def __init__(self, start):
        self.n = State(torch.tensor(start))

    @T.jit(backend="replay", static_argnums=(0, 2))
    def step(self, x, times):
        self.n.value += x * times
        return self.n.value


def test_a_method_is_bound_to_its_instance():
    a, b = Counter(0.0), Counter(100.0)
    assert [float(c.step(2.0, 3)) for c in (a, b, a)] == [6.0, 106.0, 12.0]
    assert Counter.step.origin_fun.__name__ == "step"


def test_static_numbers_of_a_method_count_its_instance():
    class Model:
        @T.jit(backend="replay", static_argnums=(0,))
        def own(self, x, y=1.0):
            return x * y

        @T.jit(backend="replay", static_argnums=2)
        def scaled(self, x, times):
            return x * times if times > 1 else x

    assert Model().own(X, 2.0).tolist() == (2 * X).tolist() == Model().scaled(X, 2).tolist()


@pytest.mark.parametrize("arg", [X, (X,), torch.nn.Parameter(X), frozenset([X])], ids=["tensor", "in", "weight", "set"])
def test_a_static_argument_holds_no_tensor(arg):
    with pytest.raises(TypeError, match="the static argument 0 must hold no tensor"):
        T.jit(lambda x, y: y, backend="replay", static_argnums=0)(arg, X)
    with pytest.raises(TypeError, match="the static argument x must hold no tensor"):
        T.jit(lambda x, y: y, backend="replay", static_argnames="x")(x=arg, y=X)


def test_a_bound_method_compiles_and_tells_shapes():
    counter = Counter(0.0)
    counter.step.compile(2.0, 3)
    assert counter.n.value == 0.0
    assert counter.step.eval_shape(2.0, 3).shape == ()


def test_a_module_and_a_partial_can_be_compiled():
    layer = brainstate.nn.Linear(2, 3)
    assert torch.allclose(replayed(layer)(X), layer(X))
    assert torch.equal(replayed(functools.partial(torch.mul, X))(X), X * X)


# The cache


def models(step, count=200):
    """How many of so many models are alive after each has been used once and dropped."""
    gone = []
    for i in range(count):
        model = Counter(float(i))
        assert step(model) == i + 1
        gone.append(weakref.ref(model.n))
    del model
    gc.collect()
    return sum(ref() is not None for ref in gone)


@pytest.mark.slow
def test_the_cache_of_a_method_does_not_grow_with_models():
    assert models(lambda model: model.step(1.0, 1)) == 0
    assert len(Counter.step._as_method()._programs) == 0


@pytest.mark.slow
def test_the_cache_of_a_function_does_not_grow_with_models():
    current = []

    def step(x):
        current[0].n.value += x
        return current[0].n.value

    compiled = replayed(step)

    def run(model):
        current[:] = [model]
        return compiled(1.0)

    # The last one is still in the list.
    assert models(run) <= 1
    assert len(compiled._programs) <= 1


def test_functions_are_forgotten_with_their_programs():
    def run(model):
        def step(x):
            model.n.value += x
            return model.n.value

        return replayed(step)(1.0)

    assert models(run, 20) == 0


def test_the_number_of_programs_is_bounded():
    compiled = replayed(lambda x: x, maxsize=3)
    for n in range(6):
        compiled(torch.ones(n))
    assert repr(compiled).endswith("programs=3)")


def test_clear_cache_forgets_and_compile_does_not_run():
    state = State(X)

    def step(x):
        state.value += x

    fun = Counted(step)
    compiled = replayed(fun, name="step")
    assert compiled.compile(X) is compiled
    assert torch.equal(state.value, X)
    compiled(X)
    assert fun.runs == 1
    compiled.clear_cache()
    assert repr(compiled) == "jit(step, programs=0)"
    compiled(X)
    assert fun.runs == 2


def test_the_function_is_at_hand():
    def f(x):
        """Twice x."""
        return 2 * x

    compiled = replayed(f)
    assert compiled.origin_fun is f
    assert (compiled.__name__, compiled.__doc__) == ("f", "Twice x.")
    assert compiled.jitted_fun is compiled
    assert compiled.eval_shape(X).shape == (2,)
    assert isinstance(compiled.stateful_fun, T.StatefulFunction)


def test_the_stateful_function_knows_the_states():
    state = State(X)
    compiled = replayed(lambda x: x * state.value)
    assert compiled.stateful_fun.get_states(X) == (state,)


def test_threads_record_and_run_the_same_function():
    state, found, errors = State(torch.tensor(2.0)), {}, []
    compiled = replayed(lambda x: torch.sin(x) * state.value)

    def work(i):
        try:
            x = torch.full((i % 3 + 1,), float(i))
            found[i] = torch.equal(compiled(x), torch.sin(x) * 2)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert list(found.values()) == [True] * 8


# What Python must not look at


@pytest.mark.parametrize(
    "look",
    [
        lambda x: 1 if x.sum() > 0 else 2,
        lambda x: float(x[0]),
        lambda x: int(x[0]),
        lambda x: x[0].item(),
        lambda x: x.tolist(),
        lambda x: x.numpy(),
        lambda x: np.sin(x),
        lambda x: x.nonzero(),
        lambda x: x[x > 1],
        lambda x: list(range(x[0].int())),
        lambda x: [1, 2, 3][x[0].int()],
    ],
    ids=["if", "float", "int", "item", "tolist", "numpy", "ufunc", "nonzero", "mask", "range", "index"],
)
def test_code_that_needs_a_number_is_told_where_and_what_to_do(look):
    with pytest.raises(ConcretizationError, match=r"test_jit\.py:\d+: `.*`\. (Choose with `transform.cond`|Compute)"):
        replayed(look)(X)


def test_code_that_needs_a_number_in_a_loop_is_told_where():
    with pytest.raises(ConcretizationError, match=r"test_jit\.py:\d+: .*float\(x\)"):
        replayed(lambda xs: T.for_loop(lambda x: float(x), xs))(X)


def test_a_failed_recording_leaves_nothing_active():
    with pytest.raises(ConcretizationError):
        replayed(lambda x: T.for_loop(lambda y: T.cond(y > 0, lambda: float(y), lambda: 1.0), x))(X)
    assert torch.equal(replayed(lambda x: 2 * x)(X), 2 * X)


# Memory


def test_a_closure_that_is_changed_in_place_is_seen():
    scale = torch.tensor([1.0, 1.0])
    compiled = replayed(lambda x: T.for_loop(lambda y: y * scale, x))
    assert torch.equal(compiled(X), X[:, None] * torch.ones(2))
    scale.mul_(3)
    assert torch.equal(compiled(X), 3 * X[:, None] * torch.ones(2))


def test_adding_to_an_argument_leaves_the_tensor_of_the_caller():
    def add(x):
        x += 1
        return x

    x = X.clone()
    for fun in (replayed(add), T.grad(lambda x: replayed(add)(x).sum())):
        fun(x)
        assert torch.equal(x, X)


def test_adding_to_a_value_of_a_state_leaves_the_state():
    state = State(X)

    def add(x):
        v = state.value
        v += x
        return v

    assert torch.equal(replayed(add)(X), 2 * X)
    assert torch.equal(state.value, X)


@pytest.mark.parametrize("write", [lambda x: x.mul_(2), lambda x: x.__setitem__(0, 1.0)], ids=["method", "item"])
def test_writing_into_an_argument_is_refused(write):
    with pytest.raises(TypeError, match="must not be written in place"):
        replayed(write)(X)


def test_writing_into_local_tensors_works():
    def f(x):
        y = torch.zeros(2)
        y[0] = x[0]
        y.add_(x)
        y.view(2, 1).mul_(2)
        return y

    assert torch.equal(replayed(f)(X), f(X))
    assert torch.equal(replayed(lambda x: T.for_loop(lambda y: f(x * y), x))(X), torch.stack([f(X * y) for y in X]))


@pytest.mark.parametrize(
    "compile_it",
    [
        lambda write: T.for_loop(lambda i: write(), torch.arange(3.0)),
        lambda write: T.cond(torch.tensor(1.0) > 0, write, lambda: torch.tensor(0.0)),
    ],
    ids=["loop", "branch"],
)
def test_writing_into_a_tensor_from_outside_of_a_loop_or_branch_is_refused(compile_it):
    def f(x):
        buffer = x * 0
        return compile_it(lambda: buffer.view(-1).add_(1).sum()) + buffer.sum()

    with pytest.raises(ValueError, match="must not write in place into a tensor from outside. Got a call of `add_`"):
        replayed(f)(X)


def _result(states, fun):
    def f(x):
        if fun == "argument":
            return x
        if fun == "part of the argument":
            return x[:1]
        if fun == "new value":
            states[0].value = x + 1
        if fun == "part of a value":
            return states[0].value[:1]
        return states[0].value

    return f


@pytest.mark.parametrize("kind", ["argument", "part of the argument", "value", "new value", "part of a value"])
def test_adding_to_a_result_changes_neither_arguments_nor_states(kind):
    states, x = [State(X)], X.clone()
    compiled = replayed(_result(states, kind))
    compiled(x)
    before = states[0].value.clone()
    result = compiled(x)
    result += 100
    assert torch.equal(x, X)
    assert torch.equal(states[0].value, before)


def test_an_argument_that_autograd_follows_keeps_its_graph():
    x = X.clone().requires_grad_()
    replayed(lambda x: (x**2).sum())(x).backward()
    assert torch.equal(x.grad, 2 * X)
    with torch.no_grad():
        assert not replayed(lambda x: x * 2)(x).requires_grad


def test_a_closure_that_autograd_follows_keeps_its_graph():
    w = X.clone().requires_grad_()
    replayed(lambda x: (x * w).sum())(X).backward()
    assert torch.equal(w.grad, X)


def test_a_program_takes_strided_tensors():
    x = torch.arange(6.0).view(2, 3)
    assert torch.equal(replayed(lambda x: x.view(-1))(x.T), x.T.reshape(-1))


# Inside other transforms


def test_inside_other_transforms_it_is_the_function_itself():
    double = replayed(lambda x: x**2)
    assert torch.equal(T.grad(lambda x: double(x).sum())(X), 2 * X)
    assert torch.equal(T.vmap(double)(X), X**2)
    assert torch.equal(T.for_loop(double, X), X**2)
    assert torch.equal(replayed(lambda x: double(x) + 1)(X), X**2 + 1)
    assert torch.equal(torch.func.jacfwd(double)(X), torch.diag(2 * X))
    assert len(double._programs) == 0


@pytest.mark.parametrize(
    "transform",
    [
        lambda: T.grad(lambda x: (x**3).sum())(X),
        lambda: torch.func.grad(lambda x: (x**3).sum())(X),
        lambda: T.vector_grad(lambda x: x**3)(X),
        lambda: T.jacrev(lambda x: x**3)(X),
        lambda: T.jacfwd(lambda x: x**3)(X),
        lambda: T.hessian(lambda x: (x**3).sum())(X),
        lambda: T.vjp(lambda x: x**3, X)[1](X)[0],
        lambda: T.jvp(lambda x: x**3, (X,), (X,))[1],
        lambda: T.vmap(lambda x: x**3)(X),
        lambda: torch.func.vmap(lambda x: x**3)(X),
        lambda: T.map(lambda x: x**3, X),
    ],
    ids=["grad", "func.grad", "vector_grad", "jacrev", "jacfwd", "hessian", "vjp", "jvp", "vmap", "func.vmap", "map"],
)
def test_a_tensor_from_outside_can_be_transformed_inside(transform, request):
    expected = transform()
    assert torch.equal(replayed(transform)(), expected)
    if "func" in request.node.callspec.id:
        return
    assert torch.equal(replayed(lambda: T.for_loop(lambda i: transform(), torch.arange(2)))()[1], expected)
    assert torch.equal(replayed(lambda x: T.cond(x[0] > 0, transform, transform))(X), expected)


@pytest.mark.slow
def test_a_tangent_beside_a_reverse_derivative():
    def fun(w):
        return T.scan(lambda c, x: (T.cond(x > 1, lambda: c * x * w, lambda: torch.cos(c)), None), w, X)[0]

    w = torch.tensor(0.7, dtype=torch.float64)
    for derived in (T.jacrev(T.jacfwd(fun)), lambda w: T.grad(lambda v: sum(T.jvp(fun, (v,), (v,))))(w)):
        assert torch.allclose(replayed(derived)(w), derived(w))


def test_what_torch_func_cannot_differentiate_in_a_loop_is_refused():
    def step(x):
        return torch.func.grad(lambda y: (y**2).sum())(X) * x

    with pytest.raises(ValueError, match=r"must be made there, or handed to it. Got a tensor of shape \[2\]"):
        replayed(lambda x: T.for_loop(step, x))(X)


def test_a_refused_batched_write_commits_nothing():
    state = State(torch.tensor(0.0))
    before = state.value

    def write(x):
        state.value = x

    with pytest.raises(BatchAxisError):
        replayed(lambda x: T.vmap(write)(x))(X)
    assert state.value is before


def test_a_parameter_is_trained_inside():
    w = ParamState(torch.tensor([1.0, -1.0]))

    def step(x):
        gradient, loss = T.grad(lambda: ((w.value * x - 1) ** 2).sum(), w, return_value=True)()
        w.value -= 0.1 * gradient
        return loss

    compiled = replayed(step)
    losses = [float(compiled(X)) for _ in range(3)]
    assert losses == sorted(losses, reverse=True)
    assert w.parameters()[0].requires_grad


def test_a_model_whose_parameters_an_optimizer_holds_can_be_compiled():
    layer = brainstate.nn.Linear(2, 3)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    compiled = replayed(layer)
    before = compiled(X)
    assert torch.allclose(before, layer(X))
    with brainstate.taped():
        layer(X).sum().backward()
    optimizer.step()
    assert torch.allclose(compiled(X), layer(X))
    assert not torch.allclose(compiled(X), before)


def test_an_optimizer_may_give_parameters_other_storage_before_the_first_call():
    layer = brainstate.nn.Linear(2, 3)
    for parameter in layer.parameters():
        parameter.data = torch.ones_like(parameter)
    assert torch.equal(replayed(layer)(X), torch.full((3,), 4.0))


# Words


def test_a_long_compilation_says_so_once(monkeypatch, capsys):
    monkeypatch.setattr(_jitted, "_PATIENCE", 0.0)
    compiled = replayed(lambda x: x, name="slow")
    compiled(X)
    assert "jit: recorded slow in" in capsys.readouterr().err
    compiled(X)
    assert capsys.readouterr().err == ""


def test_a_short_compilation_says_nothing(monkeypatch, capsys):
    monkeypatch.setattr(_jitted, "_PATIENCE", 1e9)
    replayed(lambda x: x)(X)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"backend": "xla"}, ValueError, "`backend` must be one of 'inductor', 'replay'. Got 'xla'"),
        ({"device": "cpu"}, NotImplementedError, "`device` belongs to JAX's devices"),
        ({"in_shardings": 1}, NotImplementedError, "`in_shardings` belongs"),
        ({"out_shardings": 1}, NotImplementedError, "`out_shardings` belongs"),
        ({"static_argnums": -1}, ValueError, "`static_argnums` must not be negative. Got -1"),
        ({"donate_argnums": (0, -2)}, ValueError, "`donate_argnums` must not be negative. Got -2"),
    ],
)
def test_options_are_checked(options, error, text):
    with pytest.raises(error, match=text):
        T.jit(lambda x: x, **options)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="must be callable. Got an int"):
        T.jit(3)


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "text"),
    [
        (("text",), {}, TypeError, "argument 0 of a compiled function must be made of tensors.* Got a str"),
        ((X,), {"k": object()}, TypeError, "argument `k` .* Got an object"),
        (([State(X)],), {}, ValueError, "cannot be an instance of State"),
    ],
)
def test_arguments_are_checked(args, kwargs, error, text):
    with pytest.raises(error, match=text):
        replayed(lambda *args, **kwargs: 0)(*args, **kwargs)


def test_static_arguments_must_be_hashable():
    with pytest.raises(ValueError, match="the static argument 1 must be hashable. Got a list"):
        replayed(lambda x, n: x, static_argnums=1)(X, [1])


def test_a_state_as_result_is_refused():
    state = State(X)
    with pytest.raises(ValueError, match="the result of a transformed function cannot be an instance of State"):
        replayed(lambda: state)()


def test_results_keep_their_structure():
    result = replayed(lambda x: {"x": x, "text": "t", "none": None, "numbers": (1, 2.5, True)})(X)
    assert result["text"] == "t"
    assert result["none"] is None
    assert [n.dtype for n in result["numbers"]] == [torch.int32, torch.float32, torch.bool]


def _shown(x):
    print(f"{x.sum():.3f}")
    return x


def _asserted(x):
    assert x.sum() > 0
    return x


def _exported(x):
    return x * x.numpy()


@pytest.mark.parametrize(
    ("fun", "cure"),
    [
        (_shown, "Return the tensor and show it after the call"),
        (_asserted, r"Check with `transform\.jit_error_if`"),
        (_exported, "Compute with torch"),
    ],
)
def test_what_needs_numbers_is_told_the_cure_that_suits_it(fun, cure):
    with pytest.raises(brainstate.ConcretizationError, match=rf"Got .*test_jit\.py:\d+: `.*`\. {cure}"):
        T.jit(fun, backend="replay")(torch.ones(2))


def test_a_model_as_argument_is_told_to_close_over_it():
    with pytest.raises(TypeError, match=r"argument 0 of a compiled function .*Got a Linear\. Close over it"):
        T.jit(lambda m, x: m(x), backend="replay")(brainstate.nn.Linear(2, 2), torch.ones(2))


def test_the_backend_of_a_function_that_names_none_is_that_of_the_settings():
    double = T.jit(lambda x: 2 * x)
    with brainstate.environ.context(jit_backend="replay"):
        assert double(torch.tensor(2.0)) == 4.0
        assert double._programs.last.backend == "replay"
    with (
        brainstate.environ.context(jit_backend="xla"),
        pytest.raises(ValueError, match=r"`jit_backend` of environ must be one of 'inductor', 'replay'. Got 'xla'"),
    ):
        T.jit(lambda x: 2 * x)(torch.tensor(2.0))


def test_a_tensor_of_another_recording_is_refused():
    kept = []
    T.jit(lambda x: (kept.append(2 * x), x)[1], backend="replay")(torch.ones(2))
    with pytest.raises(ConcretizationError, match=r"shape \[2\] that stands for numbers in a recording that is over"):
        T.jit(lambda x: x + kept[0], backend="replay")(torch.ones(2))


def test_a_variable_that_changes_before_a_derivative_runs_a_branch_again_is_refused():
    class Scaled:
        def __call__(self, a):
            return a * self.scale

    def fun(w):
        f = Scaled()
        f.scale = 2 * w
        y = T.cond(w > 0, f, lambda a: a, w)
        f.scale = 100 * w
        return y

    assert T.grad(fun)(torch.tensor(1.5)) == 6.0
    with pytest.raises(ConcretizationError, match="was given another value before a derivative ran the function again"):
        T.jit(T.grad(fun), backend="replay")(torch.tensor(1.5))


@pytest.mark.parametrize("take", [torch.utils.dlpack.to_dlpack, torch.Tensor.data_ptr, torch.from_dlpack])
def test_memory_of_a_tensor_without_any_is_refused(take):
    h = brainstate.HiddenState(torch.zeros(2))
    for fun in (lambda x: (take(h.value), x)[1], lambda x: (take(x), x)[1], lambda x: (take(x + 1), x)[1]):
        with pytest.raises(ConcretizationError, match="must not need a number"):
            T.jit(fun, backend="replay")(torch.ones(2))
