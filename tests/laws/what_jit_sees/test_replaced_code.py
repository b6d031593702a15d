"""What is replaced, comes to exist, or is reached through containers: a call sees it."""

import collections
import contextvars
import functools
import types
import weakref
from array import array

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import transform as T

from .replayed import X, programs, replayed

hidden_later: float


class Box:
    k = 2.0


def _bases():
    class Base:
        k = 2.0

        def times(self):
            return 2.0

        @property
        def shown(self):
            return 2.0

        @staticmethod
        def alone():
            return 2.0

    class Derived(Base):
        def times(self):
            return super().times()

    return Base, Derived, Derived()


def _replacements():
    """Name -> (function of x, what makes 3 of the 2 that it multiplies with)."""
    (a, _, of_a), (_, b, of_b), (c, _, of_c), (d, _, of_d) = _bases(), _bases(), _bases(), _bases()
    (_, e, of_e), (_, _, of_f) = _bases(), _bases()

    def helper(x):
        return x * 2.0

    class Model(brainstate.nn.Module):
        def update(self, x):
            return x * 2.0

    model, own = Model(), Model()

    class Cached:
        number = 2.0

        @functools.cached_property
        def k(self):
            return self.number

    cached = Cached()
    assert cached.k == 2.0

    def forget():
        del cached.k
        cached.number = 3.0

    return {
        "an attribute of a class in between": (lambda x: x * of_b.k, lambda: setattr(b, "k", 3.0)),
        "a method": (lambda x: x * of_e.times(), lambda: setattr(e, "times", lambda self: 3.0)),
        "a method that super finds": (lambda x: x * of_a.times(), lambda: setattr(a, "times", lambda self: 3.0)),
        "a method of one object": (lambda x: x * of_f.times(), lambda: setattr(of_f, "times", lambda: 3.0)),
        "a property": (lambda x: x * of_c.shown, lambda: setattr(c, "shown", property(lambda self: 3.0))),
        "a static method": (lambda x: x * of_d.alone(), lambda: setattr(d, "alone", staticmethod(lambda: 3.0))),
        "a cached property": (lambda x: x * cached.k, forget),
        "the code of a function": (helper, lambda: setattr(helper, "__code__", (lambda x: x * 3.0).__code__)),
        "update of a class": (model, lambda: setattr(Model, "update", lambda self, x: x * 3.0)),
        "update of a model": (lambda x: own.update(x), lambda: setattr(own, "update", lambda x: x * 3.0)),
    }


@pytest.mark.parametrize("name", list(_replacements()))
def test_what_is_replaced_is_seen(name):
    fun, replace = _replacements()[name]
    compiled = replayed(fun)
    for _ in range(2):
        assert torch.equal(compiled(X), 2 * X)
    assert programs(compiled) == 1
    replace()
    assert torch.equal(compiled(X), 3 * X)


def test_an_attribute_that_comes_to_exist_is_seen():
    box = types.SimpleNamespace(other=1.0)

    def tried(x):
        try:
            return x * box.k
        except AttributeError:
            return x

    asked, tried, listed = (
        replayed(lambda x: x * 2 if hasattr(box, "k") else x),
        replayed(tried),
        replayed(lambda x: x * sum(vars(box).values())),
    )
    assert all(torch.equal(compiled(X), X) for compiled in (asked, tried, listed))
    box.unnamed = 0.0
    assert torch.equal(asked(X), X) and torch.equal(tried(X), X)
    assert programs(asked) == programs(tried) == 1
    box.k = 2.0
    assert torch.equal(asked(X), 2 * X) and torch.equal(tried(X), 2 * X) and torch.equal(listed(X), 3 * X)
    del box.k
    assert torch.equal(asked(X), X) and torch.equal(tried(X), X)


def test_a_global_variable_that_comes_to_exist_is_seen(monkeypatch):
    def tried(x):
        try:
            return x * hidden_later
        except NameError:
            return x

    compiled, counted = replayed(tried), replayed(lambda x: x * len((1, 2)))
    assert torch.equal(compiled(X), X) and torch.equal(counted(X), 2 * X)
    monkeypatch.setitem(globals(), "nothing_names_it", 1)
    compiled(X)
    assert programs(compiled) == 1
    monkeypatch.setitem(globals(), "hidden_later", 3.0)
    monkeypatch.setitem(globals(), "len", lambda _: 7)
    assert torch.equal(compiled(X), 3 * X) and torch.equal(counted(X), 7 * X)


class _List(list):
    pass


def _holding(x):
    """Name -> something that leads to an object, and how code finds this."""
    named = collections.namedtuple("named", "held")
    variable = contextvars.ContextVar("variable")
    variable.set(x)
    return {
        "set": ({x}, lambda held: next(iter(held))),
        "key": ({x: 1}, lambda held: next(iter(held))),
        "deque": (collections.deque([x]), lambda held: held[0]),
        "OrderedDict": (collections.OrderedDict(k=x), lambda held: held["k"]),
        "defaultdict": (collections.defaultdict(list, k=[x]), lambda held: held["k"][0]),
        "namedtuple": (named(x), lambda held: held.held),
        "list of one's own": (_List([x]), lambda held: held[0]),
        "MappingProxyType": (types.MappingProxyType({"k": x}), lambda held: held["k"]),
        "UserDict": (collections.UserDict(k=x), lambda held: held["k"]),
        "ChainMap": (collections.ChainMap({}, {"k": x}), lambda held: held["k"]),
        "WeakValueDictionary": (weakref.WeakValueDictionary(k=x), lambda held: held["k"]),
        "weak reference": (weakref.ref(x), lambda held: held()),
        "ContextVar": (variable, lambda held: held.get()),
    }


@pytest.mark.parametrize("name", list(_holding(Box())))
def test_an_object_within_a_container_is_looked_at(name):
    box = Box()
    held, find = _holding(box)[name]
    compiled = replayed(lambda x: x * find(held).k)
    assert torch.equal(compiled(X), 2 * X)
    box.k = 3.0
    assert torch.equal(compiled(X), 3 * X)


def test_what_small_containers_of_numbers_hold_is_compared():
    numbers, raw, users = array("d", [2.0]), bytearray(b"\x02"), collections.UserList([2.0])
    ordered = collections.OrderedDict(a=2.0, b=3.0)
    variable = contextvars.ContextVar("variable", default=2.0)
    compiled = replayed(lambda x: x * numbers[0] * raw[0] * users[0] * next(iter(ordered.values())) * variable.get())
    assert torch.equal(compiled(X), 32 * X)
    numbers[0] = 3.0
    assert torch.equal(compiled(X), 48 * X)
    raw[0] = 4
    assert torch.equal(compiled(X), 96 * X)
    users[0] = 1.0
    assert torch.equal(compiled(X), 48 * X)
    ordered.move_to_end("a")
    assert torch.equal(compiled(X), 72 * X)
    variable.set(1.0)
    assert torch.equal(compiled(X), 36 * X)


def test_objects_in_settings_are_looked_at():
    box, gain = Box(), 2.0

    def scaled(x):
        return x * gain * scaled.k

    scaled.k = 1.0
    names = ["a"]
    compiled = replayed(
        lambda x: brainstate.environ.get("f")(x) * brainstate.environ.get("o").k * ord(brainstate.environ.get("n")[0])
    )
    with brainstate.environ.context(f=scaled, o=box, n=names):
        assert torch.equal(compiled(X), 4 * 97 * X)
        gain = 3.0
        assert torch.equal(compiled(X), 6 * 97 * X)
        scaled.k = 2.0
        assert torch.equal(compiled(X), 12 * 97 * X)
        box.k = 1.0
        assert torch.equal(compiled(X), 6 * 97 * X)
        names[0] = "b"
        assert torch.equal(compiled(X), 6 * 98 * X)
    with brainstate.environ.context(f=scaled, o=box, n=["b"]):
        compiled(X)
    assert programs(compiled) == 5


def test_attributes_whose_names_are_in_variables_are_compared():
    box, names = types.SimpleNamespace(a=1.0, b=2.0), ["a", "b"]
    compiled = replayed(lambda x: x * sum(getattr(box, name) for name in names))
    assert torch.equal(compiled(X), 3 * X)
    box.b = 4.0
    assert torch.equal(compiled(X), 5 * X)


def test_states_and_parts_that_are_listed_may_come_and_go():
    model = brainstate.nn.Module()
    model.some = [brainstate.State(torch.ones(2))]

    def total(x):
        return sum((state.value for state in model.states().values()), x)

    added, counted = replayed(total), replayed(lambda x: x * len(model.nodes()))
    assert torch.equal(added(X), X + 1) and torch.equal(counted(X), X)
    model.further = brainstate.State(torch.full((2,), 10.0))
    assert torch.equal(added(X), X + 11) and torch.equal(counted(X), X)
    model.part = brainstate.nn.Linear(2, 2, b_init=None)
    assert torch.equal(counted(X), 2 * X)
    del model.further, model.part
    assert torch.equal(added(X), X + 1) and torch.equal(counted(X), X)
    model.some.append(brainstate.State(torch.ones(2)))
    assert torch.equal(added(X), X + 2)


_ZEROS = {
    "float": (0.0, -0.0),
    "numpy": (np.float32(0.0), np.float32(-0.0)),
    "list": ([0.0], [-0.0]),
    "complex": (complex(1.0, 0.0), complex(1.0, -0.0)),
    "Quantity": (0.0 * u.mV, -0.0 * u.mV),
    "object": (types.SimpleNamespace(k=0.0), types.SimpleNamespace(k=-0.0)),
}


def _sign(zero):
    zero = zero[0] if isinstance(zero, (list, tuple)) else getattr(zero, "k", zero)
    zero = zero.mantissa if isinstance(zero, u.Quantity) else zero
    return str(zero.imag if isinstance(zero, complex) else zero)


@pytest.mark.parametrize("name", list(_ZEROS))
def test_the_sign_of_zero_in_a_variable_is_seen(name):
    zero, negative = _ZEROS[name]
    compiled = replayed(lambda x: x * (-1 if _sign(zero).startswith("-") else 1))
    assert torch.equal(compiled(X), X)
    zero = negative
    assert torch.equal(compiled(X), -X)


class _Slotted:
    __slots__ = ("k",)

    def __init__(self, k):
        self.k = k


@pytest.mark.parametrize("kind", [_Slotted, lambda k: types.SimpleNamespace(k=k)], ids=["slots", "SimpleNamespace"])
def test_an_object_without_weak_references_that_is_exchanged_is_seen(kind):
    held, listed = kind(2.0), [kind(2.0)]
    compiled = replayed(lambda x: x * held.k * listed[0].k)
    assert torch.equal(compiled(X), 4 * X)
    held = kind(3.0)
    assert torch.equal(compiled(X), 6 * X)
    listed[0] = kind(3.0)
    assert torch.equal(compiled(X), 9 * X)


def test_static_arguments_that_are_equal_and_not_alike_are_told_apart():
    signed = replayed(lambda x, k: x / k, static_argnums=1)
    assert torch.equal(signed(X, 0.0), X / 0.0) and torch.equal(signed(X, -0.0), X / -0.0)
    nested = replayed(lambda x, k: x * k[0][0], static_argnums=1)
    truth = torch.tensor([True])
    assert [nested(truth, ((k,),)).dtype for k in (1, True, 1.0)] == [torch.int64, torch.bool, torch.float32]
    assert torch.equal(nested(X, ((0.0,),)).signbit(), torch.tensor([False, False]))
    assert torch.equal(nested(X, ((-0.0,),)).signbit(), torch.tensor([True, True]))
    count = programs(nested)
    nested(X, ((float("nan"),),)), nested(X, ((float("nan"),),))
    assert programs(nested) == count + 1
    stateful = T.StatefulFunction(lambda x, k: x / k, static_argnums=1)
    assert stateful.get_arg_cache_key(X, 0.0) != stateful.get_arg_cache_key(X, -0.0)
