"""brainstate_torch.transform._compile.watched: the Python objects that a function reads."""

import functools
import gc
import weakref

import torch

from brainstate_torch.transform._compile.watched import Watched


class Thing:
    def __init__(self):
        self.gain, self.unnamed, self.inner = 1.0, 1.0, None
        self.count = 0

    @property
    def doubled(self):
        return 2 * self.gain

    @staticmethod
    def shifted(thing):
        return thing.shift

    def __call__(self, x):
        self.count += 1
        return x * self.doubled


def settled(*roots):
    found = Watched(*roots)
    found.settle()
    return found


def test_a_property_that_code_names_is_followed():
    thing = Thing()
    found = settled(lambda: thing.doubled)
    thing.unnamed = 2.0
    assert found.holds()
    thing.gain = 2.0
    assert not found.holds()
    assert found.changed() == ["`gain` of a Thing"]


def test_a_callable_object_and_a_partial_are_followed():
    thing = Thing()
    for root in (thing, functools.partial(thing, 1.0), thing.__call__, [thing], {"a": (thing,)}):
        thing.gain = 1.0
        found = settled(root)
        assert found.holds()
        thing.gain = 2.0
        assert not found.holds()


def test_an_object_in_an_attribute_is_followed():
    outer = Thing()
    outer.inner = Thing()
    found = settled(lambda: outer.inner.gain)
    outer.inner.gain = 7.0
    assert not found.holds()


def test_what_changes_before_it_settles_is_left_alone():
    thing, n = Thing(), 0
    found = Watched(lambda: (thing(1.0), n))
    thing(1.0)
    n += 1
    found.settle()
    thing(1.0)
    n += 1
    assert found.holds()
    thing.gain = 3.0
    assert not found.holds()


def test_a_function_in_a_function_is_followed():
    k = 1.0

    def outer(x):
        def inner(y):
            return y * k

        return inner(x)

    found = settled(outer)
    k = 2.0
    assert not found.holds()
    assert found.changed() == ["the variable `k`"]


def test_decorated_functions_and_defaults_are_followed():
    k, thing = 1.0, Thing()

    @functools.wraps(lambda: k)
    def wrapper(x, model=thing):
        return model.gain

    found = settled(wrapper)
    thing.gain = 2.0
    assert not found.holds()
    thing.gain = 1.0
    assert found.holds()


def test_torch_modules_are_seen_in_whole():
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
    changes = [
        (lambda: net[1].eval(), lambda: net[1].train()),
        (lambda: setattr(net[1], "p", 0.1), lambda: setattr(net[1], "p", 0.5)),
        (lambda: handles.append(net[0].register_forward_hook(lambda *_: None)), lambda: handles.pop().remove()),
        (lambda: handles.append(net[0].register_forward_pre_hook(lambda *_: None)), lambda: handles.pop().remove()),
        (lambda: setattr(net[0], "bias", None), lambda: setattr(net[0], "bias", bias)),
        (lambda: net.add_module("more", torch.nn.ReLU()), lambda: delattr(net, "more")),
    ]
    handles, bias = [], net[0].bias
    found = settled(lambda x: net(x))
    for change, undo in changes:
        change()
        assert not found.holds()
        undo()
        assert found.holds()


def test_a_module_that_is_called_can_be_added():
    net = torch.nn.Dropout()
    found = Watched()
    found.visit(net)
    found.settle()
    assert found.holds()
    net.eval()
    assert found.changed() == ["`training` of a Dropout"]


def test_objects_are_held_weakly():
    thing = Thing()
    gone = weakref.ref(thing)
    found = settled([thing], lambda: Thing().gain)
    del thing
    gc.collect()
    assert gone() is None
    assert found.holds()
