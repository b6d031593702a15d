"""Laws of copies: a copied, deep-copied or pickled object shares nothing that can change with the original."""

import copy
import functools
import pickle

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn
from brainstate_torch import transform as T

X = torch.ones(1, 2)


class Counting(nn.Module):
    """A model that keeps transforms of its own methods."""

    def __init__(self):
        super().__init__()
        self.count = brainstate.HiddenState(torch.tensor(0.0))
        self.tree = brainstate.ShortTermState({"b": [torch.tensor(0.0)], "a": torch.tensor(0.0)})
        self.w = brainstate.ParamState(torch.ones(2))
        self.compiled = T.jit(self.update, backend="replay")
        self.gradient = T.grad(self.loss, {"w": self.w, "again": [self.w]}, return_value=True)
        self.single = T.grad(self.loss, self.w)
        self.lanes = T.vmap2(self.seen, in_axes=0)
        self.optimizer = brainstate.optim.Adam(lr=0.1)
        self.optimizer.register_trainable_weights({"w": self.w})

    def update(self, x=X):
        self.count.value += 1
        self.tree.value = {"a": self.tree.value["a"] + 1, "b": [self.tree.value["b"][0] + 1]}
        return (x @ self.w.value).sum()

    def loss(self):
        return self.update() ** 2

    def seen(self, x):
        return x * self.count.value

    @T.jit(backend="replay")
    def method(self, x=X):
        return self.update(x)


USES = {
    "a call": lambda m: m(X),
    "jit": lambda m: m.compiled(X),
    "jit of a method": lambda m: m.method(X),
    "grad": lambda m: m.gradient(),
    "grad of one State": lambda m: m.single(),
    "an optimizer": lambda m: (m.update(), m.optimizer.update({"w": torch.ones(2)})),
    "a map": lambda m: (m.update(), m.lanes(torch.ones(3))),
}


def seen(m):
    return [m.count.value.item(), m.tree.value["a"].item(), m.tree.value["b"][0].item(), m.w.value.tolist()]


@pytest.mark.parametrize("make", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize("name", USES)
def test_a_copy_of_a_model_that_was_used_goes_its_own_way(name, make):
    use, model = USES[name], Counting()
    use(model)
    before = seen(model)
    twin = make(model)
    assert seen(twin) == before
    use(twin)
    assert seen(model) == before
    assert twin.count.value == 2
    after = seen(twin)
    use(model)
    assert seen(model) == after
    use(model)
    assert seen(twin) == after


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_delays_optimizers_and_streams_go_their_own_way(make):
    stream = brainstate.random.RandomState(0)
    twin = make(stream)
    first = stream.rand(3)
    assert torch.equal(twin.rand(3), first)
    assert not torch.equal(twin.rand(3), first)
    state = brainstate.State({"a": [torch.zeros(2)]})
    other = make(state)
    other.value = {"a": [torch.ones(2)]}
    assert torch.equal(state.value["a"][0], torch.zeros(2))
    if make is copy.copy:
        return
    with brainstate.environ.context(dt=0.1 * u.ms):
        delay = nn.Delay(torch.zeros(1), time=0.2 * u.ms)
        delay.init_state()
        delay.update(torch.ones(1))
        late = make(delay)
        late.update(torch.full((1,), 5.0))
    assert [delay.retrieve_at_step(0).item(), late.retrieve_at_step(0).item()] == [1.0, 5.0]
    assert late.retrieve_at_step(1) == 1.0


class Derived(nn.Module):
    """A model that keeps what every transform makes of a method."""

    def __init__(self):
        super().__init__()
        self.w = brainstate.ParamState(torch.tensor(1.0))
        self.count = brainstate.HiddenState(torch.zeros(2))
        self.f = {
            "vmap": T.vmap(self.lane, in_states=self.count, out_states=self.count),
            "vmap2": T.vmap2(self.scaled),
            "vmap_new_states": T.vmap_new_states(self.scaled),
            "checkpoint": T.checkpoint(self.scaled),
            "named_call": T.named_call(self.scaled),
            "named_scope": T.named_scope("name")(self.scaled),
            "checkify": T.checkify(self.scaled),
            "make_graph": T.make_graph(self.scaled, return_shape=True),
            "StatefulFunction": T.StatefulFunction(self.scaled),
            "jit": T.jit(self.scaled, backend="replay"),
            "grad": T.grad(self.summed, self.w),
            "jacfwd": T.jacfwd(self.scaled, self.w),
            "hessian": T.hessian(self.summed, self.w),
            "a map of a checkpoint": T.vmap(T.checkpoint(self.scaled)),
            "a partial function": functools.partial(T.vmap(self.scaled)),
        }

    def scaled(self, x):
        return x * self.w.value**3

    def summed(self, x):
        return self.scaled(x).sum()

    def lane(self, x):
        self.count.value = self.count.value + x
        return self.scaled(x)


@pytest.mark.parametrize("make", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_what_transforms_make_of_a_method_is_copied_with_its_model(make):
    model = Derived()
    twin = make(model)
    twin.w.value = torch.tensor(2.0)
    xs = torch.tensor([1.0, 3.0])
    truth = Derived()
    truth.w.value = torch.tensor(2.0)
    for name in model.f:
        found, expected, other = twin.f[name](xs), truth.f[name](xs), model.f[name](xs)
        if name == "make_graph":
            assert found[0].states == (twin.w,)
            continue
        found, expected, other = (
            torch.as_tensor(y[-1] if isinstance(y, tuple) else y) for y in (found, expected, other)
        )
        torch.testing.assert_close(found, expected)
        assert not torch.equal(found, other), name
    assert torch.equal(twin.count.value, xs)


def test_a_function_of_a_transform_is_a_method_of_a_class():
    class Model(nn.Module):
        k = 2

        @T.vmap
        def lanes(self, x):
            return x * self.k

    assert torch.equal(Model().lanes(torch.ones(2)), torch.full((2,), 2.0))

    class Other(Model):
        @T.checkpoint
        def block(self, x):
            """Twice."""
            return x * self.k

    assert torch.equal(Other().block(torch.ones(2)), torch.full((2,), 2.0))
    assert (Other.block.__name__, Other.block.__doc__) == ("block", "Twice.")
    assert "Other.block" in repr(Other.block)


def test_a_compiled_function_is_copied_without_its_programs():
    f = T.jit(lambda x: x + 1, backend="replay")
    f(X)
    twin = copy.deepcopy(f)
    assert (repr(f)[-11:], repr(twin)[-11:]) == ("programs=1)", "programs=0)")
    assert torch.equal(twin(X), X + 1)
