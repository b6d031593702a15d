import dataclasses

import pytest
import torch

from brainstate_torch import _tree
from brainstate_torch.util import PyTreeNode, dataclass, field, is_dataclass, struct


@dataclass
class Point:
    x: float
    y: float
    name: str = field(pytree_node=False, default="p")


class Layer(PyTreeNode):
    w: torch.Tensor
    act: str = field(pytree_node=False, default="relu")


class Deep(Layer):
    inner: Point = None


@dataclass
class Computed:
    x: float
    twice: float = field(init=False, default=None)

    def __post_init__(self):
        object.__setattr__(self, "twice", 2 * self.x)


def test_a_dataclass_is_frozen_unless_asked_otherwise():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Point(1.0, 2.0).x = 3.0

    @dataclass(frozen=False)
    class Open:
        x: float

    opened = Open(1.0)
    opened.x = 2.0
    assert opened.x == 2.0


def test_replace_gives_a_changed_copy():
    p = Point(1.0, 2.0)
    assert p.replace(x=3.0, name="q") == Point(3.0, 2.0, "q")
    assert p == Point(1.0, 2.0)
    assert Layer(torch.zeros(1)).replace(act="tanh").act == "tanh"


def test_static_fields_belong_to_the_structure():
    p = Point(1.0, 2.0)
    assert _tree.leaves(p) == [1.0, 2.0]
    assert _tree.map(lambda v: 2 * v, p) == Point(2.0, 4.0)
    assert _tree.structure(p) == _tree.structure(Point(5.0, 6.0))
    assert _tree.structure(p) != _tree.structure(p.replace(name="q"))


def test_nodes_nest_and_inherit_fields():
    node = Deep(torch.ones(2), inner=Point(1.0, 2.0))
    assert [f.name for f in dataclasses.fields(Deep)] == ["w", "act", "inner"]
    doubled = _tree.map(lambda v: 2 * v, node)
    assert torch.equal(doubled.w, 2 * torch.ones(2))
    assert (doubled.act, doubled.inner) == ("relu", Point(2.0, 4.0))


def test_a_gradient_is_a_node_too():
    def loss(values):
        layer = _tree.unflatten(spec, values)
        return (layer.w**2).sum()

    leaves, spec = _tree.flatten(Layer(torch.tensor([1.0, 3.0])))
    grads = _tree.unflatten(spec, torch.func.grad(loss)(leaves))
    assert torch.equal(grads.w, torch.tensor([2.0, 6.0]))


def test_fields_that_init_does_not_take_are_computed_again():
    assert _tree.leaves(Computed(1.0)) == [1.0]
    assert _tree.map(lambda v: 5 * v, Computed(1.0)).twice == 10.0


def test_decorating_twice_is_decorating_once():
    assert dataclass(Point) is Point
    assert dataclass()(Point) is Point


def test_field_keeps_other_metadata_and_leaves_the_argument():
    metadata = {"doc": "text"}
    made = field(pytree_node=False, metadata=metadata)
    assert dict(made.metadata) == {"doc": "text", "pytree_node": False}
    assert metadata == {"doc": "text"}


def test_field_refuses_contradicting_metadata():
    with pytest.raises(ValueError, match=r"`pytree_node` must agree with `metadata`. Got False and the opposite."):
        field(pytree_node=False, metadata={"pytree_node": True})


def test_is_dataclass_knows_only_what_dataclass_made():
    @dataclasses.dataclass(frozen=True)
    class Plain(Point):
        pass

    class Marked:
        _brainstate_dataclass = True

    assert is_dataclass(Point) and is_dataclass(Point(1.0, 2.0)) and is_dataclass(Layer)
    assert not any(map(is_dataclass, (Plain, Marked, PyTreeNode, 3)))


@pytest.mark.parametrize("call", [PyTreeNode, lambda: PyTreeNode.replace(object())])
def test_the_base_of_nodes_must_be_subclassed(call):
    with pytest.raises(NotImplementedError, match=r"PyTreeNode must be subclassed"):
        call()


def test_struct_has_every_name():
    assert all(hasattr(struct, name) for name in struct.__all__)
