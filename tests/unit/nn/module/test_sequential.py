import copy
import pickle
from collections import OrderedDict

import pytest
import torch

from brainstate_torch import BrainStateError
from brainstate_torch.nn import Linear, Module, ReLU, Sequential


def net():
    return Sequential(Linear(4, 8), ReLU(), Linear.desc(out_size=2))


def test_layers_are_called_in_order():
    model = Sequential(Linear(1, 1, torch.tensor([[2.0]])), lambda x: x + 1, ReLU())
    assert model(torch.tensor([3.0])).item() == 7.0
    assert model(torch.tensor([-3.0])).item() == 0.0


def test_sizes_come_from_the_ends():
    assert (net().in_size, net().out_size, len(net())) == ((4,), (2,), 3)
    assert Sequential(ReLU()).out_size is None


def test_indexing_gives_a_layer_or_a_sequential_of_the_same_layers():
    model = net()
    assert model[1] is model.layers[1] and model[-1] is model.layers[2]
    assert model[:2].layers == model.layers[:2] and model[[0, 2]].layers == [model.layers[0], model.layers[2]]
    assert isinstance(model[5:], Sequential) and len(model[5:]) == 0
    with pytest.raises(KeyError, match=r"`key` must be an int, a slice, or a list of ints. Got str"):
        model["0"]


def test_append_and_extend_follow_the_size():
    model = net()
    model.append(Linear.desc(out_size=5))
    model.extend([ReLU(), Linear.desc(out_size=6)])
    assert model[3].in_size == (2,) and model[5].in_size == (5,) and model.out_size == (6,)
    assert model[9:].append(Linear(3, 2)).append(ReLU()).out_size == (2,)
    with pytest.raises(ValueError, match="a Sequential must have a module as its first layer. Got builtin"):
        model[9:].append(abs)


@pytest.mark.parametrize("index, place", [(0, 0), (1, 1), (3, 3), (-1, 3), (-9, 0)])
def test_insert_places_a_layer(index, place):
    model, layer = net(), ReLU()
    model.insert(index, layer)
    assert model[place] is layer and len(model) == 4 and model.out_size == (2,)


def test_insert_into_an_empty_one_and_out_of_range():
    empty = net()[9:]
    with pytest.raises(IndexError, match="`index` must be at most 0. Got 1"):
        empty.insert(1, ReLU())
    with pytest.raises(ValueError, match="a Sequential must have a module as its first layer"):
        empty.insert(0, abs)
    empty.insert(0, Linear(2, 3))
    assert (empty.in_size, empty.out_size) == ((2,), (3,))
    empty.insert(0, Linear(5, 2))
    assert empty.in_size == (5,)
    with pytest.raises(IndexError, match=r"`index` must be at most 2. Got 7"):
        empty.insert(7, ReLU())


def test_what_is_no_layer_is_refused():
    with pytest.raises(TypeError, match=r"`first` must be a Module, or a mapping of names to layers. Got function"):
        Sequential(lambda x: x)
    with pytest.raises(BrainStateError, match=r"a layer must be a module, a description or a function. Got int"):
        Sequential(ReLU(), 3)
    with pytest.raises(BrainStateError, match=r"must have an `out_size`. Got None"):
        Sequential(ReLU(), Linear.desc(out_size=2))

    class Wrong(Module):
        @classmethod
        def __call__(cls, in_size):
            return 3

    with pytest.raises(BrainStateError, match=r"a description must describe a Module. Got dict"):
        from brainstate_torch.mixin import ParamDescriber

        Sequential(Linear(2, 2), ParamDescriber(dict))


def test_a_failing_layer_is_named_without_its_input():
    with pytest.raises(BrainStateError, match=r"layer 2 must take the output .*float32\[3, 7\]") as caught:
        Sequential(Linear(4, 8), lambda x: x[:, :7], Linear(4, 8))(torch.zeros(3, 4))
    assert isinstance(caught.value.__cause__, TypeError)


X = torch.ones(2, 4)


def test_layers_have_names_where_they_are_given():
    model = Sequential(OrderedDict(conv=Linear(4, 3), act=ReLU(), fc=Linear.desc(out_size=2)))
    plain = Sequential(*model)
    torch.testing.assert_close(model(X), plain(X))
    assert model.conv is model[0] is model.layers["conv"] and (model.in_size, model.out_size) == ((4,), (2,))
    assert list(model.state_dict())[::2] == ["layers.conv.weight.weight", "layers.fc.weight.weight"]
    assert list(model.states()) == [("layers", "conv", "weight"), ("layers", "fc", "weight")]
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.fc is not model.fc and torch.equal(other(X), model(X))
    model.fc = Linear(3, 5)
    assert model[2] is model.fc and model(X).shape == (2, 5) and model.out_size == (5,) and len(model.states()) == 2
    assert list(model[1:].layers) == ["act", "fc"]
    del model.act
    assert list(model.layers) == ["conv", "fc"] and model.insert(1, ReLU())[1] is model.layers["1"]
    with pytest.raises(TypeError, match="a mapping of layers must be the only argument. Got 1 more"):
        Sequential({"a": ReLU()}, ReLU())


def test_layers_are_exchanged_and_taken_out():
    model = net()
    model[2] = Linear(8, 3)
    assert model(X).shape == (2, 3) and model.out_size == (3,)
    model[-1] = Linear.desc(out_size=5)
    assert model[2].in_size == (8,) and model(X).shape == (2, 5)
    del model[1]
    taken = model.pop(-1)
    assert len(model) == 1 and taken.out_size == (5,) and model.out_size == (8,)
    model[0] = Linear(6, 7)
    assert (model.in_size, model.out_size) == ((6,), (7,))
    del model[:]
    assert len(model) == 0 and model.in_size is None and model(X) is X
    for wrong in (lambda: model.pop(0), lambda: model.__setitem__(0, ReLU()), lambda: model.__delitem__(-1)):
        with pytest.raises(IndexError, match="range"):
            wrong()


def test_sequentials_are_joined():
    one, two = Sequential(Linear(4, 3)), Sequential(ReLU(), Linear(3, 2))
    both = one + two
    assert both.layers == one.layers + two.layers and both.out_size == (2,)
    one += two
    assert one.layers == both.layers and one.extend(Sequential(Linear(2, 6))).out_size == (6,)


def test_add_module_adds_a_layer_that_is_called():
    model = Sequential()
    model.add_module("first", Linear(4, 3))
    model.add_module("second", ReLU())
    assert model(X).shape == (2, 3) and list(model.layers) == ["first", "second"]
    model.add_module("first", Linear(4, 2))
    assert model(X).shape == (2, 2)
    old = net()
    old.register_module("head", Linear(2, 6))
    assert old(X).shape == (2, 6) and list(old.layers) == ["0", "1", "2", "head"]
    for name in ("a.b", "", "update"):
        with pytest.raises(ValueError, match="the name of a layer must have no dot"):
            model.add_module(name, ReLU())
    with pytest.raises(TypeError, match="the name of a layer must be a string. Got int"):
        model.add_module(3, ReLU())


def test_layers_of_torch_say_their_size():
    model = Sequential(Linear(4, 3), torch.nn.Linear(3, 2), torch.nn.Tanh(), Linear.desc(out_size=5))
    assert model[3].in_size == (2,) and model(X).shape == (2, 5)
    assert Sequential(torch.nn.Linear(4, 2), Linear.desc(out_size=5))(X).shape == (2, 5)
    with pytest.raises(BrainStateError, match=r"must have an `out_size`. Got None"):
        Sequential(torch.nn.Conv2d(3, 8, 3), Linear.desc(out_size=5))


def test_too_many_nested_layers_are_no_fault_of_one():
    net = Linear(2, 2)
    for _ in range(400):
        net = Sequential(net)
    with pytest.raises(RecursionError):
        net(torch.ones(2))
