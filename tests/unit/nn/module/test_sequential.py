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
    with pytest.raises(ValueError, match="a Sequential must have a first module"):
        model[9:].append(ReLU())


@pytest.mark.parametrize("index, place", [(0, 0), (1, 1), (3, 3), (-1, 3), (-9, 0)])
def test_insert_places_a_layer(index, place):
    model, layer = net(), ReLU()
    model.insert(index, layer)
    assert model[place] is layer and len(model) == 4 and model.out_size == (2,)


def test_insert_into_an_empty_one_and_out_of_range():
    empty = net()[9:]
    for index, layer in ((1, ReLU()), (0, abs)):
        with pytest.raises(ValueError, match="an empty Sequential must get its first module"):
            empty.insert(index, layer)
    empty.insert(0, Linear(2, 3))
    assert (empty.in_size, empty.out_size) == ((2,), (3,))
    empty.insert(0, Linear(5, 2))
    assert empty.in_size == (5,)
    with pytest.raises(IndexError, match=r"`index` must be at most 2. Got 7"):
        empty.insert(7, ReLU())


def test_what_is_no_layer_is_refused():
    with pytest.raises(TypeError, match=r"`first` must be a Module. Got function"):
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
