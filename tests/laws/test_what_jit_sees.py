"""Each line of the table in ``docs/what_jit_sees.md``: what a compiled program depends on, and how it is kept true."""

import collections
import functools
import operator
import threading
import types

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import State, environ
from brainstate_torch import transform as T

X = torch.tensor([1.0, 2.0])


def replayed(fun, **options):
    return T.jit(fun, backend="replay", **options)


def programs(compiled):
    return len(compiled._programs)


# Part of the key: switches of torch


@pytest.fixture
def switched():
    """Call with a function that sets a switch back."""
    undo = []
    yield undo.append
    for put_back in reversed(undo):
        put_back()


def test_autocast_is_seen():
    compiled = replayed(lambda x: x @ x)
    x = torch.ones(2, 2)
    for dtype in (torch.bfloat16, torch.float16):
        with torch.autocast("cpu", dtype):
            assert compiled(x).dtype == dtype
    assert compiled(x).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16), torch.autocast("cpu", enabled=False):
        assert compiled(x).dtype == torch.float32
    assert programs(compiled) == 3


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_grad_mode_and_inference_mode_are_seen(mode):
    compiled = replayed(lambda x: x if torch.is_grad_enabled() else -x)
    assert torch.equal(compiled(X), X)
    with mode():
        assert torch.equal(compiled(X), -X)
    assert torch.equal(compiled(X), X)
    assert programs(compiled) == 2


def test_the_default_dtype_is_seen(switched):
    compiled = replayed(lambda: torch.ones(2))
    assert compiled().dtype == torch.float32
    switched(lambda: torch.set_default_dtype(torch.float32))
    torch.set_default_dtype(torch.float64)
    assert compiled().dtype == torch.float64


def test_the_default_device_is_seen():
    compiled = replayed(lambda: torch.ones(2))
    assert compiled().device.type == "cpu"
    with torch.device("meta"):
        assert compiled().device.type == "meta"
    assert compiled().device.type == "cpu"


def set_all(module, name, value):
    before = getattr(module, name)
    setattr(module, name, value)
    return lambda: setattr(module, name, before)


def set_by(setter, before, value):
    setter(value)
    return lambda: setter(before)


@pytest.mark.parametrize(
    "change",
    [
        lambda: set_by(torch.use_deterministic_algorithms, False, True),
        lambda: set_by(torch.set_float32_matmul_precision, "highest", "high"),
        lambda: set_all(torch.backends.cuda.matmul, "allow_tf32", True),
        lambda: set_by(torch.backends.cuda.enable_flash_sdp, True, False),
        lambda: set_by(torch.backends.cuda.enable_mem_efficient_sdp, True, False),
        lambda: set_by(torch.backends.cuda.enable_math_sdp, True, False),
        lambda: set_by(torch.backends.mha.set_fastpath_enabled, True, False),
        lambda: set_by(lambda on: torch._C._set_mkldnn_enabled(on), True, False),
    ],
    ids=["deterministic", "precision", "tf32", "flash", "efficient", "math", "fast path", "onednn"],
)
def test_a_switch_makes_another_program(change, switched):
    compiled = replayed(lambda x: x * 2)
    compiled(X)
    put_back = change()
    switched(put_back)
    assert torch.equal(compiled(X), 2 * X)
    assert programs(compiled) == 2


def test_a_mode_of_the_user_sees_each_operation():
    from torch.utils.flop_counter import FlopCounterMode

    compiled = replayed(lambda x: x @ x)
    compiled(torch.ones(4, 4))
    with FlopCounterMode(display=False) as counter:
        compiled(torch.ones(4, 4))
    assert counter.get_total_flops() == 2 * 4**3


def test_a_forward_derivative_of_torch_is_not_lost():
    compiled = replayed(lambda x: x**2)
    compiled(X)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(X, torch.ones(2))
        assert torch.equal(torch.autograd.forward_ad.unpack_dual(compiled(dual)).tangent, 2 * X)


# Settings of environ


def test_numbers_of_environ_are_inputs():
    compiled = replayed(lambda x: x * environ.get("i") + environ.get("t") / u.ms)
    for i in range(20):
        with environ.context(i=i, t=0.5 * i * u.ms):
            assert torch.equal(compiled(X), X * i + 0.5 * i)
    assert programs(compiled) == 1


@pytest.mark.parametrize(
    "value", [3, 2.5, np.float32(2.5), torch.tensor(2.5), torch.tensor([1.0, 4.0]), np.arange(2.0)]
)
def test_a_setting_of_each_kind_of_number_is_an_input(value):
    compiled = replayed(lambda x: x * environ.get("gain"))
    for factor in (1, 2, 3):
        with environ.context(gain=value * factor):
            expected = X * torch.as_tensor(value).float() * factor
            assert torch.equal(compiled(X), expected)
    assert programs(compiled) == 1


def test_settings_in_derivatives_loops_and_branches_are_inputs():
    def step(x):
        slope = T.grad(lambda x: (x**2).sum() * environ.get("t"))(x)
        total = T.for_loop(lambda k: k * environ.get("i"), torch.arange(3.0)).sum()
        return slope + T.cond(total > 3, lambda: total * environ.get("i"), lambda: -total)

    compiled = replayed(step)
    for i in (1, 2, 0, 3):
        with environ.context(i=i, t=0.5 * i):
            expected = X * i + (3.0 * i * i if 3 * i > 3 else -3.0 * i)
            assert torch.equal(compiled(X), expected)
    assert programs(compiled) == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda x, i: sum((x for _ in range(i)), torch.zeros(2)),
        lambda x, i: x * i if i == 0 else x * 2 * i - x * i,
        lambda x, i: x * [0, 1, 2][i],
        lambda x, i: x * {0: 0, 1: 1, 2: 2}[i],
        lambda x, i: x * float(f"{i:d}"),
    ],
    ids=["range", "if", "list", "dict", "format"],
)
def test_a_number_that_python_needs_is_a_part_of_the_key(use):
    compiled = replayed(lambda x: use(x, environ.get("i")) + environ.get("t"))
    for t, i in enumerate((0, 1, 2, 0, 1, 2)):
        with environ.context(i=i, t=float(t)):
            assert torch.equal(compiled(X), X * i + t)
    assert programs(compiled) == 3


def test_the_time_step_is_an_input_from_its_second_value_on():
    compiled = replayed(lambda x: x * environ.get("dt"))
    for dt in (0.5, 0.25, 2.0, 0.5, 4.0):
        with environ.context(dt=dt):
            assert torch.equal(compiled(X), X * dt)
    assert programs(compiled) == 2


def test_settings_that_are_no_numbers_are_compared():
    compiled = replayed(lambda x: x if environ.get("mode", "plain") == "plain" else -x)
    for mode, sign in (("plain", 1), ("other", -1), ("plain", 1)):
        with environ.context(mode=mode):
            assert torch.equal(compiled(X), sign * X)
    assert torch.equal(compiled(X), X)


def test_a_setting_that_the_function_sets_itself_is_no_dependency():
    def step(x):
        with environ.context(i=3, mode="inner", t=x.sum()):
            return x * environ.get("i") * environ.get("t") * len(environ.get("mode"))

    compiled = replayed(step)
    for i in range(5):
        with environ.context(i=i, mode="m" * i):
            assert torch.equal(compiled(X), X * 3 * 3 * 5)
    assert programs(compiled) == 1


def test_settings_read_all_at_once_are_seen():
    def step(x):
        with environ.context(j=1) as settings:
            return x * settings["gain"] * environ.all()["other"]

    compiled = replayed(step)
    for gain in (1.0, 2.0):
        with environ.context(gain=gain, other=gain):
            assert torch.equal(compiled(X), X * gain**2)


def test_a_number_with_a_graph_keeps_it():
    compiled = replayed(lambda x: x * environ.get("gain"))
    gain = torch.tensor(2.0, requires_grad=True)
    for _ in range(2):
        gain.grad = None
        with environ.context(gain=gain):
            compiled(X).sum().backward()
        assert gain.grad == 3.0


def test_another_thread_has_its_own_settings_and_modes():
    found = []
    compiled = replayed(lambda x: x * environ.get("gain", 1.0) if torch.is_grad_enabled() else -x)

    def other():
        found.append(compiled(X))
        with torch.no_grad():
            found.append(compiled(X))

    with environ.context(gain=3.0):
        assert torch.equal(compiled(X), 3 * X)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert torch.equal(compiled(X), 3 * X)
    assert [x.tolist() for x in found] == [X.tolist(), (-X).tolist()]


# Variables


def test_a_number_in_a_closure_is_compared():
    k = 1.0
    compiled = replayed(lambda x: x * k)
    assert torch.equal(compiled(X), X)
    k = 2.0
    assert torch.equal(compiled(X), 2 * X)
    k = 1.0
    assert torch.equal(compiled(X), X)
    assert programs(compiled) == 2


GAIN = 1.0


def helper(x):
    return x * GAIN


def test_a_global_of_a_helper_is_compared(monkeypatch):
    compiled = replayed(lambda x: helper(x))
    assert torch.equal(compiled(X), X)
    monkeypatch.setitem(globals(), "GAIN", 3.0)
    assert torch.equal(compiled(X), 3 * X)


def test_a_helper_that_is_defined_anew_is_seen():
    def first(x):
        return x

    def second(x):
        return 5 * x

    inner = first
    compiled = replayed(lambda x: inner(x))
    assert torch.equal(compiled(X), X)
    inner = second
    assert torch.equal(compiled(X), 5 * X)


def test_a_count_that_the_function_keeps_itself_makes_no_program():
    runs = 0
    log = []

    def step(x):
        nonlocal runs
        runs += 1
        log.append(x.shape)
        return x + 1

    compiled = replayed(step)
    for n in (2, 3, 2, 3):
        compiled(torch.ones(n))
    assert (runs, len(log)) == (2, 2)


def test_a_tensor_exchanged_or_rewritten_is_seen():
    w = torch.ones(2)
    compiled = replayed(lambda x: x * w)
    compiled(X)
    w.mul_(2)
    assert torch.equal(compiled(X), 2 * X)
    assert programs(compiled) == 1
    w = torch.full((2,), 7.0)
    assert torch.equal(compiled(X), 7 * X)


@pytest.mark.parametrize("backend", ["replay", "inductor"])
def test_a_tensor_with_other_storage_is_seen(backend):
    w = torch.ones(2)
    compiled = T.jit(lambda x: x * w, backend=backend)
    compiled(X)
    w.data = torch.full((2,), 3.0, dtype=torch.float64)
    assert torch.equal(compiled(X), 3 * X.double())
    w.data = torch.full((1,), 4.0)
    assert torch.equal(compiled(X), 4 * X)


def test_a_closed_over_tensor_that_requires_a_gradient_gets_it():
    w = torch.ones(2)
    compiled = replayed(lambda x: (x * w).sum())
    assert not compiled(X).requires_grad
    w.requires_grad_()
    compiled(X).backward()
    assert torch.equal(w.grad, X)
    with torch.no_grad():
        assert not compiled(X).requires_grad


def test_an_argument_that_requires_a_gradient_gets_it():
    compiled = replayed(lambda x: (x**2).sum())
    compiled(X)
    x = X.clone().requires_grad_()
    compiled(x).backward()
    assert torch.equal(x.grad, 2 * X)


def test_lists_and_dictionaries_are_compared_by_what_they_hold():
    weights, options = [2.0], {"sign": 1}
    compiled = replayed(lambda x: x * weights[0] * options["sign"])
    assert torch.equal(compiled(X), 2 * X)
    weights[0] = 3.0
    assert torch.equal(compiled(X), 3 * X)
    options["sign"] = -1
    assert torch.equal(compiled(X), -3 * X)


def test_a_model_that_is_exchanged_is_seen():
    models = [State(X), State(10 * X)]
    current = models[:1]
    compiled = replayed(lambda: current[0].value + 1)
    assert torch.equal(compiled(), X + 1)
    current[0] = models[1]
    assert torch.equal(compiled(), 10 * X + 1)


# Objects


class Scale(brainstate.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain, self.epoch = 2.0, 0
        self.w = brainstate.ParamState(torch.ones(2))
        self.inner = torch.nn.Dropout(0.5)

    def update(self, x):
        return self.inner(x) * self.gain * self.w.value


def test_the_training_mode_of_a_part_is_seen():
    torch.manual_seed(0)
    model = Scale()
    compiled = replayed(model)
    x = torch.ones(2)
    drawn = {tuple(compiled(x).tolist()) for _ in range(20)}
    assert len(drawn) > 1
    model.eval()
    assert torch.equal(compiled(x), 2 * x)
    model.train()
    assert {tuple(compiled(x).tolist()) for _ in range(20)} - {(2.0, 2.0)}
    assert programs(compiled) == 2


class Own(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.dropout(x, 1.0, self.training)


def test_the_training_mode_of_a_module_in_a_variable_is_seen():
    own = Own()
    compiled = replayed(lambda x: own.forward(x))
    assert torch.equal(compiled(X), 0 * X)
    own.eval()
    assert torch.equal(compiled(X), X)


def test_instance_norm_in_evaluation_leaves_its_statistics():
    norm = torch.nn.InstanceNorm1d(2, track_running_stats=True)
    brainstate.graph.states(norm)
    compiled = replayed(lambda x: norm(x))
    x = torch.randn(3, 2, 4)
    compiled(x)
    norm.eval()
    before = norm.running_mean.clone()
    expected = norm(x)
    assert torch.allclose(compiled(x), expected)
    assert torch.equal(norm.running_mean, before)


def test_attributes_that_code_names_are_compared():
    model = Scale().eval()
    compiled = replayed(model)
    assert torch.equal(compiled(X), 2 * X)
    model.gain = 3.0
    assert torch.equal(compiled(X), 3 * X)
    model.epoch = 1
    compiled(X)
    assert programs(compiled) == 2


def test_attributes_of_torch_modules_are_compared():
    drop = torch.nn.Dropout(0.0)
    compiled = replayed(lambda x: drop(x))
    assert torch.equal(compiled(X), X)
    drop.p = 1.0
    assert torch.equal(compiled(X), 0 * X)


class Config:
    gain = 2.0

    def __init__(self):
        self.shift = 1.0

    def apply(self, x):
        return x + self.shift


def test_attributes_of_plain_objects_are_compared():
    config = Config()
    compiled = replayed(lambda x: config.apply(x))
    assert torch.equal(compiled(X), X + 1)
    config.shift = 2.0
    assert torch.equal(compiled(X), X + 2)
    by_method = replayed(config.apply)
    assert torch.equal(by_method(X), X + 2)
    config.shift = 3.0
    assert torch.equal(by_method(X), X + 3)


def test_a_part_that_is_exchanged_is_seen():
    model = Scale().eval()
    old = model.w
    compiled = replayed(model)
    compiled(X)
    model.w = brainstate.ParamState(torch.full((2,), 5.0))
    assert torch.equal(compiled(X), 10 * X)
    model.inner = torch.nn.Dropout(1.0)
    assert torch.equal(compiled(X), 0 * X)
    assert torch.equal(old.value, torch.ones(2))


@pytest.mark.parametrize("adopted", [False, True])
def test_a_parameter_that_is_exchanged_is_seen(adopted):
    layer = torch.nn.Linear(2, 1, bias=False)
    states = brainstate.graph.states(layer) if adopted else None
    compiled = replayed(lambda x: layer(x))
    with torch.no_grad():
        compiled(X)
        layer.weight = torch.nn.Parameter(torch.tensor([[1.0, 1.0]]))
        assert torch.equal(compiled(X), torch.tensor([3.0]))
        layer.double()
        assert compiled(X.double()).dtype == torch.float64
    del states


def test_a_hook_of_a_module_added_later_is_seen():
    layer = torch.nn.Linear(2, 2)
    compiled = replayed(lambda x: layer(x))
    with torch.no_grad():
        expected = compiled(X)
        handle = layer.register_forward_hook(lambda module, args, y: 2 * y)
        assert torch.equal(compiled(X), 2 * expected)
        handle.remove()
        assert torch.equal(compiled(X), expected)


def test_a_hook_of_a_state_added_later_runs_at_each_call():
    state, seen = State(X), []

    def step():
        state.value = state.value + 1

    compiled = replayed(step)
    compiled()
    state.register_hook("write_after", lambda context: seen.append(context.value.tolist()))
    compiled()
    compiled()
    assert seen == [(X + 2).tolist(), (X + 3).tolist()]


class Slots:
    __slots__ = ("k",)

    def __init__(self):
        self.k = 2.0


class Base:
    __slots__ = ("k",)


class SlotsAndMore(Base):
    def __init__(self):
        self.k = 2.0


class Operators:
    """Finds a number by a text, an index, an operator or a missing attribute."""

    def __init__(self):
        self.found = {"k": 2.0}

    def __getitem__(self, key):
        return self.found[key]

    def __getattr__(self, name):
        if name == "through":
            return self.found["k"]
        raise AttributeError(name)

    def __len__(self):
        return int(self.found["k"])

    def __add__(self, x):
        return x * self.found["k"]

    def __iter__(self):
        yield self.found["k"]


class OfClass:
    k = 2.0

    @staticmethod
    def scaled(x):
        return x * OfClass.k


def _set(x, value):
    x.k = value


def _hidden_reads():
    """Name -> (function of x, how to set the number that it reads)."""
    namespace = types.SimpleNamespace(k=2.0)
    slots, more, operators, of_class = Slots(), SlotsAndMore(), Operators(), OfClass()
    queue, proxied, counted = collections.deque([2.0]), {"k": 2.0}, collections.Counter(k=2)
    proxy = types.MappingProxyType(proxied)
    listed, array = [2.0], np.full(2, 2.0, dtype=np.float32)
    nested = types.SimpleNamespace(inner=types.SimpleNamespace(k=2.0))
    module = types.ModuleType("settings_of_the_test")
    module.__file__, module.k = __file__, 2.0

    def default(x, held=[2.0]):  # noqa: B006
        return x * held[0]

    def keyword(x, *, held={"k": 2.0}):  # noqa: B006
        return x * held["k"]

    def of_operators(value):
        operators.found["k"] = value

    return {
        "SimpleNamespace": (lambda x: x * namespace.k, lambda v: _set(namespace, v)),
        "nested namespace": (lambda x: x * nested.inner.k, lambda v: _set(nested.inner, v)),
        "slots": (lambda x: x * slots.k, lambda v: _set(slots, v)),
        "slots of a base": (lambda x: x * more.k, lambda v: _set(more, v)),
        "deque": (lambda x: x * queue[0], lambda v: queue.__setitem__(0, v)),
        "MappingProxyType": (lambda x: x * proxy["k"], lambda v: proxied.update(k=v)),
        "Counter": (lambda x: x * counted["k"], lambda v: counted.update(k=1)),
        "small array": (lambda x: x * torch.tensor(array), lambda v: array.__setitem__(..., v)),
        "getattr": (lambda x: x * getattr(slots, "k"), lambda v: _set(slots, v)),  # noqa: B009
        "vars": (lambda x: x * vars(namespace)["k"], lambda v: _set(namespace, v)),
        "__dict__": (lambda x: x * namespace.__dict__["k"], lambda v: _set(namespace, v)),
        "attrgetter": (lambda x: x * operator.attrgetter("inner.k")(nested), lambda v: _set(nested.inner, v)),
        "partial": (functools.partial(lambda held, x: x * held[0], listed), lambda v: listed.__setitem__(0, v)),
        "default": (default, lambda v: default.__defaults__[0].__setitem__(0, v)),
        "keyword default": (keyword, lambda v: keyword.__kwdefaults__["held"].update(k=v)),
        "__getitem__": (lambda x: x * operators["k"], of_operators),
        "__getattr__": (lambda x: x * operators.through, of_operators),
        "__len__": (lambda x: x * len(operators), of_operators),
        "__add__": (lambda x: operators + x, of_operators),
        "__iter__": (lambda x: x * next(iter(operators)), of_operators),
        "class": (lambda x: x * OfClass.k, lambda v: _set(OfClass, v)),
        "static method": (OfClass.scaled, lambda v: _set(OfClass, v)),
        "object of a class": (lambda x: x * of_class.k, lambda v: _set(OfClass, v)),
        "module": (lambda x: x * module.k, lambda v: _set(module, v)),
    }


@pytest.mark.parametrize("name", list(_hidden_reads()))
def test_what_is_read_in_a_roundabout_way_is_seen(name, monkeypatch):
    monkeypatch.setattr(OfClass, "k", 2.0)
    fun, change = _hidden_reads()[name]
    compiled = replayed(fun)
    for _ in range(2):
        assert torch.equal(compiled(X), 2 * X)
    assert programs(compiled) == 1
    change(3.0)
    assert torch.equal(compiled(X), 3 * X)


# Frozen, as the documentation says


def test_what_python_draws_is_drawn_once():
    compiled = replayed(lambda x: x * np.random.rand())
    assert torch.equal(compiled(X), compiled(X))


def test_what_a_long_container_holds_is_frozen():
    long = [2.0] * 100
    compiled = replayed(lambda x: x * long[0])
    assert torch.equal(compiled(X), 2 * X)
    long[0] = 3.0
    assert torch.equal(compiled(X), 2 * X)
    compiled.clear_cache()
    assert torch.equal(compiled(X), 3 * X)


def test_a_numpy_array_is_compared_by_identity():
    a = np.ones(2, dtype=np.float32)
    compiled = replayed(lambda x: x * torch.tensor(a))
    assert torch.equal(compiled(X), X)
    a = np.full(2, 3, dtype=np.float32)
    assert torch.equal(compiled(X), 3 * X)


# The number of programs, and what is said of it


def test_the_fourth_program_in_a_row_says_what_changes(capsys):
    compiled = replayed(lambda x: x * len(range(environ.get("i"))), name="step")
    for i in range(8):
        with environ.context(i=i, t=0.1):
            compiled(X)
    said = capsys.readouterr().err
    assert said.count("step was compiled 4 times in a row") == 1
    assert "`i` of environ" in said
    assert "`t`" not in said


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda f, n: f(torch.ones(n)), "argument 0"),
        (lambda f, n: f(x=torch.ones(n)), "argument `x`"),
    ],
)
def test_arguments_of_many_shapes_are_named(call, text, capsys):
    compiled = replayed(lambda x: x)
    for n in range(5):
        call(compiled, n)
    assert text in capsys.readouterr().err


def test_a_variable_that_changes_is_named(capsys):
    compiled = replayed(lambda x: x * k)
    for k in range(5):  # noqa: B007
        compiled(X)
    assert "the variable `k`" in capsys.readouterr().err


def test_a_state_of_many_shapes_is_named(capsys):
    state = State(torch.ones(1))
    compiled = replayed(lambda: state.value * 2)
    for n in range(1, 6):
        state.value = torch.ones(n)
        compiled()
    assert "the value of a State made at" in capsys.readouterr().err


def test_few_programs_used_in_turn_say_nothing(capsys):
    compiled = replayed(lambda x: x)
    for _ in range(5):
        for n in range(3):
            compiled(torch.ones(n))
    assert capsys.readouterr().err == ""


def test_the_oldest_program_is_dropped():
    runs = []

    def step(x):
        runs.append(len(x))
        return x

    compiled = replayed(step, maxsize=2)
    for n in (1, 2, 1, 3, 1, 2):
        compiled(torch.ones(n))
    assert runs == [1, 2, 3, 2]
    assert programs(compiled) == 2


def test_the_bound_must_be_positive():
    with pytest.raises(ValueError, match="`maxsize` must be at least 1. Got 0"):
        T.jit(lambda x: x, maxsize=0)


class Lazy(brainstate.nn.Module):
    """Makes its State at the first call."""

    def update(self, x):
        if not hasattr(self, "h"):
            self.h = brainstate.HiddenState(torch.zeros(()))
        self.h.value = self.h.value + x
        return self.h.value


def test_a_state_that_a_module_makes_at_its_first_call_is_kept():
    model = Lazy()
    compiled = replayed(model)
    assert [float(compiled(torch.tensor(1.0))) for _ in range(4)] == [1.0, 2.0, 3.0, 4.0]
    del model.h
    assert [float(compiled(torch.tensor(1.0))) for _ in range(2)] == [1.0, 2.0]
    assert model.h.value == 2.0


class Renewed(brainstate.nn.Module):
    def init_state(self):
        self.h = brainstate.HiddenState(torch.zeros(()))

    def update(self, x):
        self.h.value = self.h.value + x
        return self.h.value


def test_states_that_are_made_anew_are_seen():
    model = Renewed()
    brainstate.nn.init_all_states(model)
    old, compiled = model.h, replayed(lambda x: model(x))
    assert [float(compiled(torch.tensor(1.0))) for _ in range(2)] == [1.0, 2.0]
    brainstate.nn.init_all_states(model)
    assert compiled(torch.tensor(1.0)) == 1.0
    assert old.value == 2.0


class Cell(brainstate.nn.Module):
    """Two States, one of which is there from the start."""

    def __init__(self):
        super().__init__()
        self.count = State(torch.zeros(()))

    def init_state(self):
        self.h = brainstate.HiddenState(torch.zeros(2))

    def update(self, x):
        self.h.value = self.h.value + x
        return self.h.value * 2


def test_a_function_that_initialises_its_states_is_compiled_once():
    model = Cell()
    brainstate.nn.init_all_states(model)

    def run(x):
        brainstate.nn.init_all_states(model)
        model.count.value = model.count.value + 1
        for _ in range(3):
            out = model(x)
        return out

    compiled = replayed(run)
    for i in range(1, 4):
        assert torch.equal(compiled(i * X), 6 * i * X)
        assert torch.equal(model.h.value, 3 * i * X) and model.count.value == i
    assert programs(compiled) == 1
    # Outside of the function the States are those that it has made last.
    assert torch.equal(model(X), 2 * (9 * X + X))
    assert torch.equal(compiled(X), 6 * X) and programs(compiled) == 1


def test_states_initialised_in_a_gradient_or_a_loop_are_compiled_once():
    model, w = Cell(), brainstate.ParamState(torch.ones(2))
    brainstate.nn.init_all_states(model)

    def loss(x):
        brainstate.nn.init_all_states(model)
        T.for_loop(model, torch.stack([x, x * w.value]))
        return (model.h.value**2).sum()

    compiled = replayed(T.grad(loss, w))
    for i in range(1, 4):
        x = i * X
        assert torch.allclose(compiled(x), 2 * (x + x) * x)
        assert torch.equal(model.h.value, 2 * x)
    assert programs(compiled) == 1


def test_two_programs_that_make_the_same_state_each_find_their_own_in_its_place():
    model = Cell()
    brainstate.nn.init_all_states(model)

    def run(x):
        brainstate.nn.init_all_states(model)
        return model(x)

    first, second = replayed(run), replayed(lambda x: run(x) + 1)
    for _ in range(3):
        assert torch.equal(first(X), 2 * X) and torch.equal(model.h.value, X)
        assert torch.equal(second(2 * X), 4 * X + 1) and torch.equal(model.h.value, 2 * X)
    assert programs(first) == programs(second) == 1
    brainstate.nn.init_all_states(model)
    model.h.value = model.h.value + 7
    assert torch.equal(first(X), 2 * X) and programs(first) == 1


def test_a_state_made_of_the_value_that_it_replaces_is_right_at_each_call():
    model = Cell()
    brainstate.nn.init_all_states(model)

    def run(x):
        model.h = brainstate.HiddenState(model.h.value + x)
        return model.h.value

    compiled = replayed(run)
    for i in range(1, 5):
        assert torch.equal(compiled(X), i * X)


class Holder(brainstate.nn.Module):
    """Makes a part at its first call, and keeps it in one of several ways."""

    def __init__(self, way):
        super().__init__()
        self.way, self.cell, self.parts, self.found = way, None, [], {}

    def part(self):
        if self.way == "attribute":
            if self.cell is None:
                self.cell = self.made()
            return self.cell
        if self.way == "list":
            if not self.parts:
                self.parts.append(self.made())
            return self.parts[0]
        if "cell" not in self.found:
            self.found["cell"] = self.made()
        return self.found["cell"]

    def made(self):
        cell = Cell()
        brainstate.nn.init_all_states(cell)
        return cell

    def update(self, x):
        return self.part()(x)


@pytest.mark.parametrize("way", ["attribute", "list", "dict"])
def test_a_part_that_is_made_at_the_first_call_is_kept(way):
    model = Holder(way)
    compiled = replayed(model)
    for i in range(1, 5):
        assert torch.equal(compiled(X), 2 * i * X)
    assert torch.equal(model.part().h.value, 4 * X)


def test_a_state_made_anew_is_as_before_where_a_later_run_fails():
    model = Cell()
    brainstate.nn.init_all_states(model)

    def run(x):
        brainstate.nn.init_all_states(model)
        T.jit_error_if(x.sum() > 100, "too much")
        return model(x)

    compiled = replayed(run)
    assert torch.equal(compiled(X), 2 * X)
    with pytest.raises(Exception, match="too much"):
        compiled(1000 * X)
    assert torch.equal(model.h.value, X)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_state_written_in_inference_mode_can_be_differentiated_later(compiled):
    state, w = State(X), brainstate.ParamState(torch.ones(2))

    def step():
        state.value = state.value * 2 + w.value

    run = replayed(step) if compiled else step
    with torch.inference_mode():
        run()
        w.value = w.value * 3
    value = 2 * X + 1
    assert torch.equal(T.grad(lambda: (state.value * w.value**2).sum(), w)(), 6 * value)
    assert torch.equal(T.grad(lambda: (state.value**2).sum(), state)(), 2 * value)


_WRAPPED = {
    "grad": lambda f: T.grad(f),
    "grad with its value": lambda f: T.grad(f, return_value=True),
    "vector_grad": lambda f: T.vector_grad(f),
    "jacrev": lambda f: T.jacrev(f),
    "jacfwd": lambda f: T.jacfwd(f),
    "hessian": lambda f: T.hessian(f),
    "vmap of grad": lambda f: T.vmap(T.grad(lambda x: f(x[None]))),
    "vmap2": lambda f: T.vmap2(lambda x: f(x[None])),
    "jit": lambda f: T.jit(f, backend="replay"),
    "checkpoint": lambda f: T.checkpoint(f),
}


@pytest.mark.parametrize("name", _WRAPPED)
def test_a_transform_that_is_compiled_sees_what_its_function_reads(name):
    x, factor = torch.tensor([1.0, 2.0]), [3.0]
    scale = torch.ones(2)

    def loss(y):
        return (scale[: len(y)] * y**2).sum() * factor[0]

    program = T.jit(_WRAPPED[name](loss), backend="replay")
    for change in (lambda: None, lambda: factor.__setitem__(0, 5.0), lambda: scale.mul_(2.0)):
        change()
        torch.testing.assert_close(program(x), _WRAPPED[name](loss)(x))
    scale = torch.full((2,), 7.0)
    torch.testing.assert_close(program(x), _WRAPPED[name](loss)(x))


def test_an_attribute_that_is_set_later_hides_that_of_the_class():
    class Scale(brainstate.nn.Module):
        factor = 2.0

        def update(self, x):
            return x * self.factor

    layer = Scale()
    program = T.jit(layer, backend="replay")
    assert torch.equal(program(torch.ones(2)), torch.full((2,), 2.0))
    layer.factor = 3.0
    assert torch.equal(program(torch.ones(2)), torch.full((2,), 3.0))
