"""brainstate_torch.typing."""

import pickle
import typing

import numpy as np
import pytest
import torch

from brainstate_torch import typing as bt
from brainstate_torch.typing import PyTree

SUBSCRIPTED = {
    "Array['m, n']": bt.Array["m, n"],
    "Array[2, ...]": bt.Array[2, ...],
    "PyTree[int, 'T']": PyTree[int, "T"],
}


@pytest.mark.parametrize("name", [name for name in bt.__all__ if name not in {"K", "_T", "_Annotation"}])
def test_every_name_survives_get_type_hints(name):
    alias = getattr(bt, name)

    def f(x): ...

    f.__annotations__ = {"x": alias}
    assert typing.get_type_hints(f) == {"x": alias}


@pytest.mark.parametrize("alias", SUBSCRIPTED.values(), ids=SUBSCRIPTED)
def test_subscripted_annotations_survive_get_type_hints(alias):
    def f(x): ...

    f.__annotations__ = {"x": alias}
    assert typing.get_type_hints(f, include_extras=True) == {"x": alias}


def test_array_subscript_keeps_the_axes():
    assert bt.Array["m, n"].__metadata__ == ("m, n",)
    assert bt.Array["m, n"].__origin__ is torch.Tensor


@pytest.mark.parametrize("key", ["a", 1, 2.5, (1, "b")])
def test_key_accepts_what_has_a_hash(key):
    assert isinstance(key, bt.Key)


@pytest.mark.parametrize("key", [[1], {"a": 1}])
def test_key_refuses_the_rest(key):
    assert not isinstance(key, bt.Key)


@pytest.mark.parametrize(
    ("alias", "members"),
    [
        (bt.ArrayLike, {torch.Tensor, np.bool_, bool, int, float, complex}),
        (bt.DTypeLike, {str, torch.dtype, bt.SupportsDType}),
        (bt.SeedOrKey, {int, torch.Tensor}),
        (bt.Axes, {int}),
        (bt.FilterLiteral, {type, str, bool, type(...), type(None)}),
    ],
)
def test_union_aliases_have_their_members(alias, members):
    assert members < set(typing.get_args(alias))


def test_dtype_is_that_of_torch():
    assert bt.DType is torch.dtype


@pytest.mark.parametrize("structure", ["T", "S T", "... T", "T ...", "... S T", "foo bar"])
def test_pytree_keeps_leaf_type_and_structure(structure):
    annotation = PyTree[int, structure]
    assert (annotation.leaftype, annotation.structure) == (int, structure)
    assert issubclass(annotation, PyTree)
    assert annotation.__name__ == f"PyTree[int, {structure!r}]"


def test_pytree_without_structure_has_none():
    assert (PyTree[float].leaftype, PyTree[float].structure) == (float, None)
    assert PyTree[int | str].__name__ == "PyTree[int | str]"


def test_pytree_of_equal_arguments_is_one_class():
    assert PyTree[int] is PyTree[int]
    assert PyTree[int, "S T"] is PyTree[int, "  S   T "]
    assert PyTree[int, "S T"] is not PyTree[int, "T S"]


@pytest.mark.parametrize(
    "structure",
    ["", "a-b", "1a", "...", "... ...", "... T ...", "S ... T", "T ... ...", 123, None, float, ["T"]],
)
def test_pytree_refuses_other_structures(structure):
    with pytest.raises(ValueError, match=r"the structure of `PyTree.*` must be a str of identifiers.* Got "):
        PyTree[int, structure]


@pytest.mark.parametrize("item", [(int,), (int, "T", "S"), ()])
def test_pytree_refuses_another_number_of_arguments(item):
    with pytest.raises(ValueError, match=f"must have a leaf type and at most a structure. Got {len(item)} items"):
        PyTree[item]


@pytest.mark.parametrize("item", [[int], {"a": int}, ([int], "T")])
def test_pytree_refuses_a_leaf_type_without_hash(item):
    with pytest.raises(TypeError, match=r"leaf type of `PyTree.*` must be hashable. Got a (list|dict)"):
        PyTree[item]


@pytest.mark.parametrize("annotation", [PyTree, PyTree[int]])
def test_pytree_cannot_be_instantiated(annotation):
    with pytest.raises(RuntimeError, match="`PyTree` must not be instantiated"):
        annotation()


def test_missing_objects_are_distinct_and_pickle():
    assert bt.Missing() != bt.Missing()
    assert isinstance(pickle.loads(pickle.dumps(bt.Missing())), bt.Missing)


def test_array_like_answers_isinstance():
    from brainstate_torch import State
    from brainstate_torch import units as u

    for value in (1, 2.0, True, np.ones(2), np.float32(1.0), torch.ones(2), 3 * u.mV):
        assert isinstance(value, bt.ArrayLike)
    for value in ([1.0], {"a": 1.0}, None, "a", State(1.0)):
        assert not isinstance(value, bt.ArrayLike)
