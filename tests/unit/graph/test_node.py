import copy
import pickle
from abc import ABC, abstractmethod

import pytest
import torch

from brainstate_torch import ParamState, State, TraceContextError, catch_new_states, transform
from brainstate_torch.graph import Node, clone, graphdef, nodes, pop_states, states, treefy_merge, treefy_split


class Net(Node):
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Both(Node, torch.nn.Module):
    """Keeps its attributes as torch.nn.Module does."""

    def __init__(self):
        torch.nn.Module.__init__(self)

    def _graph_items(self):
        stores = (self._parameters, self._modules)
        hidden = vars(torch.nn.Module()).keys()
        own = [(name, value) for name, value in super()._graph_items() if name not in hidden]
        return own + [item for store in stores for item in store.items()]

    @classmethod
    def _graph_new(cls):
        node = super()._graph_new()
        torch.nn.Module.__init__(node)
        return node


def test_node_itself_and_subclasses_are_nodes():
    assert list(nodes([Node(), Net()])) == [(0,), (1,)]


def test_node_attributes_are_walked_by_name_and_kept_in_order_of_definition():
    node = Net(b=State(1.0), a=State(2.0))
    assert list(states(node)) == [("a",), ("b",)]
    assert [name for name, _ in node._graph_items()] == ["b", "a"]


def test_invisible_attributes_are_not_part_of_the_graph():
    class Hiding(Net):
        graph_invisible_attrs = ("hidden",)

    node = Hiding(hidden=State(1.0), w=State(2.0))
    assert list(states(node)) == [("w",)]
    assert not hasattr(treefy_merge(*treefy_split(node)), "hidden")
    assert copy.deepcopy(node).hidden.value == 1.0


def test_merged_node_is_made_without_its_constructor():
    class Strict(Node):
        def __init__(self, size):
            self.size = size

    assert treefy_merge(*treefy_split(Strict(3))).size == 3


def test_node_properties_are_set_through_their_attribute():
    class Positive(Node):
        @property
        def rate(self):
            return self._rate

        @rate.setter
        def rate(self, rate):
            self._rate = abs(rate)

    node = Positive()
    node.rate = -2.0
    assert graphdef(node).node_specs[0].fields[0][0] == "_rate" and clone(node).rate == 2.0


def test_node_works_with_other_bases():
    class Shape(Node, ABC):
        @abstractmethod
        def area(self): ...

    class Keyed(Node):
        def __init_subclass__(cls, key, **kwargs):
            super().__init_subclass__(**kwargs)
            cls.key = key

    class Named(Keyed, key="n"):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Shape()
    assert Named.key == "n" and list(nodes(Named())) == [()]


def test_node_that_is_a_torch_module_is_walked_cloned_and_popped():
    node = Both()
    node.w, node.layer, node.child, node.rate = ParamState(torch.ones(2)), torch.nn.Linear(2, 2), Both(), 0.5
    node.child.h = State(torch.zeros(2))
    assert list(states(node)) == [("child", "h"), ("layer", "bias"), ("layer", "weight"), ("w",)]
    twin = clone(node)
    assert type(twin.child) is Both and dict(twin.named_children()).keys() == {"layer", "child"}
    assert twin.rate == 0.5 and twin.layer.weight.data_ptr() != node.layer.weight.data_ptr()
    assert torch.equal(twin.layer.weight, node.layer.weight) and twin.layer.weight.requires_grad
    assert "layer=Linear" in repr(node)
    assert copy.deepcopy(node).child.h is not node.child.h
    pop_states(node, ...)
    assert not hasattr(node, "w") and not hasattr(node.child, "h")


def test_deepcopy_copies_everything_and_keeps_sharing():
    w = ParamState(torch.ones(2), name="w")
    node = Net(a=w, b=[w], c=torch.zeros(2), options={"size": [1]})
    node.me = node
    first, second = copy.deepcopy([node, node])
    assert first is second is first.me and first.a is first.b[0] is not w
    first.a.value += 1
    first.c += 1
    first.options["size"].append(2)
    assert w.value.tolist() == [1.0, 1.0] and node.c.tolist() == [0.0, 0.0] and node.options == {"size": [1]}
    assert first.a.name == "w"


def test_node_is_pickled_with_sharing():
    w = State(torch.ones(2))
    again = pickle.loads(pickle.dumps(Net(a=w, b=w)))
    assert again.a is again.b and again.a.value.tolist() == [1.0, 1.0]


def test_repr_shows_attributes_without_none_and_invisible_ones():
    class Hiding(Net):
        graph_invisible_attrs = ("hidden",)

    node = Hiding(rate=0.5, hidden=1, nothing=None, _size=3)
    assert repr(node) == "Hiding(\n  rate=0.5,\n  _size=3\n)"
    node.me = node
    assert "me=Hiding(...)" in repr(node)


def test_check_valid_context_raises_for_states_of_a_failed_transform():
    def fails(x):
        node.inner = Net(w=State(x))
        raise KeyError

    node = Net(v=State(1.0))
    assert node.check_valid_context(lambda: "unused") is None
    with catch_new_states(), pytest.raises(KeyError):
        transform.grad(fails)(torch.tensor(1.0))
    with pytest.raises(TraceContextError, match="cannot be split"):
        node.check_valid_context(lambda: "cannot be split")
