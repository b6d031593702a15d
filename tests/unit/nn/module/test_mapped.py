import copy

import pytest
import torch

import brainstate_torch as bt
from brainstate_torch import nn
from brainstate_torch.util.filter import OfType


class Sum(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = bt.ParamState(torch.tensor(2.0))

    def init_state(self, size=2):
        self.w = bt.ParamState(bt.random.randn(size))
        self.total = bt.ShortTermState(torch.zeros(size))

    def update(self, x):
        self.total.value = self.total.value + self.w.value * x
        return self.total.value * self.scale.value

    def doubled(self, x):
        return 2 * self.w.value * x


X = torch.arange(6.0).reshape(3, 2)


# Vmap


def test_vmap_shares_the_weights():
    layer = nn.Linear(2, 4)
    torch.testing.assert_close(nn.Vmap(layer)(X), layer(X))
    torch.testing.assert_close(nn.Vmap(layer, in_axes=1, out_axes=1)(X.T), layer(X).T)


@pytest.mark.parametrize("chosen", [OfType(bt.ShortTermState), {OfType(bt.ShortTermState): 0}])
def test_vmap_maps_the_states_that_are_chosen(chosen):
    module = Sum()
    module.init_state()
    module.total.value = torch.zeros(3, 2)
    mapped = nn.Vmap(module, vmap_states=chosen)
    torch.testing.assert_close(mapped(X), 2 * module.w.value * X)
    torch.testing.assert_close(mapped(X), 4 * module.w.value * X)
    assert module.total.value.shape == (3, 2)
    nn.vmap_init_all_states(module, axis_size=3)
    module.w.value = module.w.value[0]
    torch.testing.assert_close(mapped(X), 2 * module.w.value * X)  # The States are new ones.


def test_vmap_along_several_axes():
    module = Sum()
    nn.vmap_init_all_states(module, axis_size=3)
    module.total.value = module.total.value.T
    mapped = nn.Vmap(module, vmap_states={OfType(bt.ShortTermState): 1, (lambda path, _: path[-1] == "w"): 0})
    torch.testing.assert_close(mapped(X), 2 * module.w.value * X)
    assert module.total.value.shape == (2, 3)


def test_vmap_out_states_get_an_axis():
    module = Sum()
    module.init_state()
    nn.Vmap(module, vmap_out_states=OfType(bt.ShortTermState))(X)
    torch.testing.assert_close(module.total.value, module.w.value * X)


def test_vmap_arguments_are_checked():
    with pytest.raises(TypeError, match="`module` must be a Module. Got str"):
        nn.Vmap("not a module")
    for name in ("vmap_states", "vmap_out_states"):
        with pytest.raises(TypeError, match=f"an axis in `{name}` must be an integer. Got 'a'"):
            nn.Vmap(Sum(), **{name: {OfType(bt.State): "a"}})


# Map


@pytest.mark.parametrize("behavior", ["vmap", "pmap"])
def test_map_runs_copies_with_states_of_their_own(behavior):
    copies = nn.Map(Sum(), 3, behavior=behavior)
    copies.init_all_states(size=2)
    w = copies.module.w.value
    assert w.shape == (3, 2)
    assert not torch.equal(w[0], w[1])
    torch.testing.assert_close(copies(X), 2 * w * X)
    torch.testing.assert_close(copies(X), 4 * w * X)
    torch.testing.assert_close(copies.map("doubled")(X), 2 * w * X)
    torch.testing.assert_close(copies.map(lambda x: copies.module.w.value + x)(X), w + X)
    assert {axis: set(states) for axis, states in copies.dict_vmap_states.items()} == {
        0: {copies.module.w, copies.module.total}
    }


def test_map_takes_axes_for_what_is_made_and_for_calls():
    copies = nn.Map(Sum(), 3, init_state_axes={1: OfType(bt.ShortTermState)}, in_axes=1, out_axes=1)
    copies.init_all_states()
    assert copies.module.total.value.shape == (2, 3)
    torch.testing.assert_close(copies(X.T), (2 * copies.module.w.value * X).T)
    module = Sum()
    module.scale.value = torch.tensor([1.0, 2.0, 3.0])
    scales = nn.Map(module, 3, call_state_axes={0: lambda path, state: state is module.scale})
    scales.init_all_states()
    torch.testing.assert_close(scales(X), module.w.value * X * module.scale.value[:, None])
    plain = nn.Map(module, 3)
    plain.init_all_states()
    call = plain.map("update", state_axes={0: OfType(bt.ParamState)})
    torch.testing.assert_close(call(X), module.w.value * X * module.scale.value[:, None])


def test_a_copy_of_a_map_finds_its_own_states():
    copies = nn.Map(Sum(), 3, state_tag="lane")
    copies.init_all_states()
    assert copies.module.w.tag == {"lane"}
    for twin in (copy.deepcopy(copies), bt.graph.clone(copies)):
        twin(X)
        assert twin.module.total.value.any()
    assert not copies.module.total.value.any()
    assert list(copies.state_dict()) == ["module.scale", "module.w"]


def test_map_trains_all_copies():
    copies = nn.Map(Sum(), 3)
    copies.init_all_states()
    w = copies.module.w
    found = bt.transform.grad(lambda: (copies.map("doubled")(X) ** 2).sum(), w)()
    torch.testing.assert_close(found, 8 * w.value * X**2)


def test_map_needs_its_states():
    copies = nn.Map(Sum(), 3)
    assert copies.dict_vmap_states is None
    for call in (lambda: copies(X), lambda: copies.map("doubled")):
        with pytest.raises(ValueError, match="a Map must have States to be called.*init_all_states"):
            call()


def test_map_arguments_are_checked():
    with pytest.raises(TypeError, match="`module` must be a Module. Got int"):
        nn.Map(3, 2)
    with pytest.raises(TypeError, match="`init_map_size` must be an integer. Got float"):
        nn.Map(Sum(), 2.5)
    with pytest.raises(ValueError, match="`behavior` must be 'vmap' or 'pmap'. Got 'bogus'"):
        nn.Map(Sum(), 2, behavior="bogus")
    with pytest.raises(AttributeError, match="`fn` must be a method of Sum. Got 'nope'"):
        nn.Map(Sum(), 2).map("nope")
    with pytest.raises(TypeError, match="`fn` must be a function or the name of a method. Got int"):
        nn.Map(Sum(), 2).map(3)
