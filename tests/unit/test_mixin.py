"""brainstate_torch.mixin."""

import copy
import pickle
import typing

import pytest
import torch

from brainstate_torch.mixin import (
    Batching,
    HashableDict,
    JointMode,
    JointTypes,
    Mixin,
    Mode,
    OneOfTypes,
    ParamDesc,
    ParamDescriber,
    Training,
    _JointGenericAlias,
    _OneOfGenericAlias,
)


class A: ...


class B: ...


class AB(A, B): ...


class Layer(ParamDesc):
    def __init__(self, size, rate=0.1, *, name=None):
        self.size, self.rate, self.name = size, rate, name


class Wide(Layer): ...


def test_describer_builds_with_added_and_overriding_arguments():
    describer = Layer.desc(8, name="a")
    first, second = describer(), describer.init(0.5, name="b")
    assert vars(first) == {"size": 8, "rate": 0.1, "name": "a"}
    assert vars(second) == {"size": 8, "rate": 0.5, "name": "b"}
    assert describer() is not first


def test_describer_of_a_subclass_builds_the_subclass():
    assert type(Wide.desc(1)()) is Wide
    assert isinstance(Layer(1), Mixin)


def test_describer_subscript_describes_without_arguments():
    describer = ParamDescriber[A]
    assert (describer.cls, describer.args, describer.kwargs) == (A, (), {})
    assert isinstance(describer(), A)


def test_describer_answers_isinstance_for_describers_of_subclasses():
    assert isinstance(Wide.desc(1), ParamDescriber[Layer])
    assert not isinstance(Layer.desc(1), ParamDescriber[Wide])
    assert not isinstance(Layer(1), ParamDescriber[Layer])


def test_describer_repr_shows_the_call():
    assert repr(Layer.desc(8, rate=0.5)) == "ParamDescriber(Layer(8, rate=0.5))"


def test_describer_cannot_be_subclassed():
    with pytest.raises(TypeError, match="`ParamDescriber` must not be subclassed"):
        type("Special", (ParamDescriber,), {})


def test_identifier_is_a_key_made_of_class_and_arguments():
    one, same = Layer.desc([1], rate=torch.ones(2)), Layer.desc([1], rate=torch.ones(2))
    assert one.identifier == same.identifier
    assert hash(one.identifier) == hash(same.identifier)
    for other in (Layer.desc([2], rate=torch.ones(2)), Layer.desc([1], rate=torch.zeros(2)), Wide.desc([1])):
        assert one.identifier != other.identifier


def test_identifier_is_read_only():
    with pytest.raises(AttributeError, match="identifier"):
        Layer.desc(1).identifier = ()


def test_hashable_dict_ignores_order_and_takes_keys_of_any_type():
    one, same = HashableDict({1: "a", "x": [1]}), HashableDict({"x": [1], 1: "a"})
    assert {one: "found"}[same] == "found"
    assert one["x"] == "[1]"


def test_joint_types_asks_for_all_and_one_of_types_for_any():
    joint, either = JointTypes[A, B], OneOfTypes[A, B]
    answers = [(isinstance(x, joint), isinstance(x, either)) for x in (AB(), A(), B(), 1)]
    assert answers == [(True, True), (False, True), (False, True), (False, False)]
    answers = [(issubclass(t, joint), issubclass(t, either)) for t in (AB, A, B, int)]
    assert answers == [(True, True), (False, True), (False, True), (False, False)]


def test_type_combinations_nest():
    assert isinstance(1, OneOfTypes[JointTypes[A, B], int])
    assert isinstance(AB(), JointTypes[OneOfTypes[A, int], B])
    assert not isinstance(A(), JointTypes[OneOfTypes[A, int], B])


@pytest.mark.parametrize("combine", [JointTypes, OneOfTypes])
def test_type_combination_is_a_set_of_types(combine):
    assert combine(A, B) == combine[A, B] == combine[B, A] == combine[A, B, A]
    assert combine[A, B] != combine[A, int]
    assert combine[A, B] != (A, B)
    assert len({combine[A, B], combine[B, A], combine[A, int]}) == 2
    assert combine[A, B].__args__ == (A, B)
    assert combine(A) is combine[A] is combine(A, A) is A


@pytest.mark.parametrize("combine", [JointTypes, OneOfTypes])
def test_type_combination_pickles_copies_and_prints(combine):
    both = combine[int, str]
    assert pickle.loads(pickle.dumps(both)) == copy.deepcopy(both) == both
    assert repr(both) == f"{combine.__name__}[builtins.int, builtins.str]"


@pytest.mark.parametrize("combine", [JointTypes, OneOfTypes])
def test_type_combination_stands_in_annotations(combine):
    both = combine[int, str]
    assert typing.get_args(both | None) == (both, type(None))
    assert typing.get_args(None | both) == (type(None), both)

    def f(x: both, y: typing.Optional[both]): ...  # noqa: UP045

    assert typing.get_type_hints(f)["x"] is both


@pytest.mark.parametrize("combine", [JointTypes, OneOfTypes])
def test_type_combination_needs_a_type_and_is_not_called(combine):
    with pytest.raises(TypeError, match=f"`{combine.__name__}` must have one type or more. Got no types"):
        combine()
    with pytest.raises(TypeError, match="not callable"):
        combine[A, B]()


def test_joint_and_one_of_types_differ():
    assert JointTypes[A, B] != OneOfTypes[A, B]
    assert isinstance(JointTypes[A, B], _JointGenericAlias)
    assert isinstance(OneOfTypes[A, B], _OneOfGenericAlias)
    assert not isinstance(OneOfTypes[A, B], _JointGenericAlias)


def test_mode_is_a_asks_for_the_class_and_has_for_a_base():
    assert [Training().is_a(t) for t in (Training, Mode, Batching)] == [True, False, False]
    assert [Training().has(t) for t in (Training, Mode, Batching)] == [True, True, False]
    assert Training().has(OneOfTypes[Training, Batching])
    assert Training().is_a(JointTypes[Training])


def test_mode_equality_compares_class_and_fields():
    assert Training() == Training() != Batching()
    assert Batching(2) == Batching(2) != Batching(3)
    assert Training() != "Training"
    assert len({Training(), Training(), Batching(2), Batching(2), Batching(3)}) == 3


def test_mode_repr_shows_its_fields():
    assert repr(Mode()) == "Mode"
    joint = JointMode(Training(), Batching(4, 1))
    assert repr(joint) == "JointMode(Training, Batching(batch_size=4, batch_axis=1))"


def test_joint_mode_answers_for_its_modes():
    joint = JointMode(Training(), Batching(4))
    assert [joint.has(t) for t in (Training, Batching, Mode, JointMode)] == [True, True, True, False]
    assert [joint.is_a(t) for t in (Training, Batching, JointTypes[Batching, Training])] == [
        False,
        False,
        True,
    ]
    assert JointMode(Batching()).is_a(Batching)
    assert joint.types == {Training, Batching}


def test_joint_mode_forwards_attributes_to_the_first_mode_that_has_them():
    joint = JointMode(Training(), Batching(4, 1), Batching(5))
    assert (joint.batch_size, joint.batch_axis) == (4, 1)
    with pytest.raises(AttributeError, match=r"`gain` must be an attribute of one of the modes. Got JointMode"):
        _ = joint.gain


def test_joint_mode_copies_and_pickles():
    joint = JointMode(Training(), Batching(4))
    assert pickle.loads(pickle.dumps(joint)) == copy.deepcopy(joint) == copy.copy(joint) == joint


def test_joint_mode_refuses_what_is_no_mode():
    with pytest.raises(TypeError, match=r"`modes` must be instances of Mode. Got <class .*Training'>"):
        JointMode(Training)


@pytest.mark.parametrize("mode", [Training(), JointMode(Training())])
@pytest.mark.parametrize("method", ["is_a", "has"])
def test_mode_questions_need_a_class(mode, method):
    with pytest.raises(TypeError, match=r"`mode` must be a class, such as Training. Got Batching"):
        getattr(mode, method)(Batching())
