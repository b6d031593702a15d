"""What a function reads in a roundabout way, and what is frozen, as the documentation says."""

import collections
import functools
import operator
import types

import numpy as np
import pytest
import torch

from brainstate_torch.transform._compile import watched

from .replayed import X, programs, replayed


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
    """Finds a number by a string, an index, an operator or a missing attribute."""

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


def test_a_number_within_many_lists_is_seen():
    box = [[[[[[1.0]]]]]]
    box.append(box)  # one that holds itself ends, too
    compiled = replayed(lambda x: x * box[0][0][0][0][0][0])
    assert torch.equal(compiled(X), X)
    box[0][0][0][0][0][0] = 3.0
    assert torch.equal(compiled(X), 3 * X)


def test_a_long_chain_of_objects_is_followed_to_its_end():
    class Link:
        def __init__(self, after):
            self.after, self.value = after, 1.0

    first = last = Link(None)
    for _ in range(3000):
        first = Link(first)

    def fun(x):
        link = first
        while link.after is not None:
            link = link.after
        return x * link.value

    compiled = replayed(fun)
    assert torch.equal(compiled(X), X)
    last.value = 2.0
    assert torch.equal(compiled(X), 2 * X)


def test_more_objects_than_are_looked_at_are_told_once(monkeypatch, capsys):
    monkeypatch.setattr(watched, "MOST", 20)
    boxes = [types.SimpleNamespace(value=float(i)) for i in range(40)]
    compiled = replayed(lambda x: x * sum(box.value for box in boxes))
    compiled(X)
    compiled(torch.ones(3))
    text = capsys.readouterr().err
    assert text.count("objects of Python. The others are taken as they are now") == 1


def test_a_numpy_array_is_compared_by_identity():
    a = np.ones(2, dtype=np.float32)
    compiled = replayed(lambda x: x * torch.tensor(a))
    assert torch.equal(compiled(X), X)
    a = np.full(2, 3, dtype=np.float32)
    assert torch.equal(compiled(X), 3 * X)
