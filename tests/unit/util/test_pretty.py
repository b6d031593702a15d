import gc
import threading
from collections import namedtuple

import numpy as np
import pytest
import torch

from brainstate_torch.util import (
    MappingReprMixin,
    PrettyAttr,
    PrettyMapping,
    PrettyObject,
    PrettyRepr,
    PrettyType,
    pretty_repr_object,
    yield_unique_pretty_repr_items,
)
from brainstate_torch.util.pretty import short_repr

Pair = namedtuple("Pair", "a b")


class Shown(PrettyRepr):
    def __init__(self, *items):
        self.items = items

    def __pretty_repr__(self):
        yield from self.items


class Node(PrettyObject):
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Length:
    magnitude, units = torch.zeros(3), "millivolt"


@pytest.mark.parametrize(
    "x, text",
    [
        (torch.zeros(2, 3), "float32[2, 3]"),
        (torch.nn.Parameter(torch.zeros(2)), "float32[2]"),
        (torch.tensor(1, dtype=torch.int64), "int64[]"),
        (np.zeros(4), "float64[4]"),
        (Length(), "float32[3] millivolt"),
        ([torch.zeros(1), "a"], "[float32[1], 'a']"),
        ((torch.zeros(1),), "(float32[1],)"),
        ((), "()"),
        ([], "[]"),
        ({}, "{}"),
        (Pair(1, torch.zeros(1)), "Pair(a=1, b=float32[1])"),
        ({"w": {"b": torch.zeros(1)}}, "{'w': {'b': float32[1]}}"),
        (2.5, "2.5"),
    ],
)
def test_short_repr_shows_arrays_by_dtype_and_shape(x, text):
    assert short_repr(x) == text


def test_short_repr_breaks_a_long_container_into_lines():
    long = "x" * 50
    assert short_repr({"a": long, "b": [long]}) == f"{{\n  'a': '{long}',\n  'b': ['{long}']\n}}"


def test_short_repr_of_a_container_in_itself_ends():
    x = [1]
    x.append(x)
    assert short_repr(x) == "[1, ...]"


@pytest.mark.parametrize(
    "items, text",
    [
        ([PrettyType("Net", empty_repr="-")], "Net(-)"),
        ([PrettyType(int)], "int()"),
        ([PrettyType("Net"), PrettyAttr("a", 1), PrettyAttr("b", "x")], "Net(\n  a=1,\n  b=x\n)"),
        ([PrettyType("", "{", "}", ": ", "    "), PrettyAttr("a", 1, "<", ">")], "{\n    <a: 1>\n}"),
        ([PrettyType("Net"), PrettyAttr("a", "1\n2")], "Net(\n  a=1\n  2\n)"),
    ],
)
def test_pretty_repr_lays_out_the_items(items, text):
    assert repr(Shown(*items)) == text


def test_pretty_repr_indents_what_is_inside():
    inner = Shown(PrettyType("Inner"), PrettyAttr("a", 1))
    assert repr(Shown(PrettyType("Outer"), PrettyAttr("x", inner))) == "Outer(\n  x=Inner(\n    a=1\n  )\n)"


@pytest.mark.parametrize(
    "items, message",
    [
        ([PrettyAttr("a", 1)], "First item must be PrettyType.*Got PrettyAttr"),
        ([PrettyType("N"), 3], "Got int"),
    ],
)
def test_pretty_repr_refuses_other_items(items, message):
    with pytest.raises(TypeError, match=message):
        repr(Shown(*items))


def test_pretty_repr_needs_the_method():
    with pytest.raises(NotImplementedError, match=r"PrettyRepr must define __pretty_repr__."):
        repr(PrettyRepr())
    with pytest.raises(TypeError, match=r"`obj` must have __pretty_repr__. Got int"):
        pretty_repr_object(3)


def test_pretty_object_shows_attributes_and_lets_a_subclass_choose():
    class Chosen(Node):
        def __pretty_repr_item__(self, k, v):
            return {"a": None, "b": (None, v), "c": ("C", 2 * v)}.get(k, (k, v))

    assert repr(Node(a=1, _b="x")) == "Node(\n  a=1,\n  _b=x\n)"
    assert repr(Chosen(a=1, b=2, c=3, d=4)) == "Chosen(\n  C=6,\n  d=4\n)"


def test_pretty_object_shows_a_shared_or_cyclic_node_once():
    shared = Node(a=1)
    node = Node(x=shared, y=[shared])
    node.me = node
    assert repr(node) == "Node(\n  x=Node(\n    a=1\n  ),\n  y=[Node(...)],\n  me=Node(...)\n)"
    assert repr(shared) == "Node(\n  a=1\n)"


def test_unique_items_forget_the_nodes_after_an_exception():
    class Broken:
        def __repr__(self):
            raise RuntimeError("broken")

    node = Node(x=1)
    outer = Node(first=node, second=Broken())
    with pytest.raises(RuntimeError, match=r"broken"):
        repr(outer)
    gc.collect()
    assert repr(node) == "Node(\n  x=1\n)"


def test_unique_items_are_remembered_per_thread():
    node, texts = Node(x=1), []
    items = yield_unique_pretty_repr_items(node)
    next(items)
    thread = threading.Thread(target=lambda: texts.append(repr(node)))
    thread.start()
    thread.join()
    assert texts == ["Node(\n  x=1\n)"]
    assert repr(node) == "Node(...)"
    items.close()
    assert repr(node) == "Node(\n  x=1\n)"


def test_unique_items_show_public_attributes_by_default():
    node = Node(a="x", _b=2)
    assert list(yield_unique_pretty_repr_items(node)) == [PrettyType(Node), PrettyAttr("a", "'x'")]


def test_mapping_mixin_describes_a_mapping_and_leaves_its_repr():
    class Table(dict, MappingReprMixin):
        pass

    assert repr(Table(a=1)) == "{'a': 1}"
    assert pretty_repr_object(Table(a=1)) == "{\n  'a': 1\n}"


def test_pretty_mapping_shows_name_and_entries():
    assert repr(PrettyMapping({"a": torch.zeros(2)}, "T")) == "T{\n  'a': float32[2]\n}"
    assert repr(PrettyMapping({})) == "{}"
