"""Laws of trees: where two trees meet, dict keys decide, never the order in which they were inserted."""

from collections import defaultdict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import State, _tree
from brainstate_torch import transform as T

FEW = settings(max_examples=6, deadline=None)
F64 = torch.float64
KEYS = ("a", "b", "c")
WEIGHT = {"a": 1.0, "b": 10.0, "c": 100.0}


class Order:
    """Makes dicts of three entries, each in the next of the given orders."""

    def __init__(self, orders):
        self.orders, self.count = orders, 0

    def __call__(self, **entries):
        self.count += 1
        order = self.orders[self.count % len(self.orders)]
        return {KEYS[i]: entries[KEYS[i]] for i in order}

    def scaled(self, tree, factor=1.0):
        """Another dict with each entry multiplied by a number of its own."""
        return self(**{key: tree[key] * WEIGHT[key] * factor for key in KEYS})


def x(first=1.0):
    return torch.tensor([first, 2.0, -3.0], dtype=F64)


def sums(tree):
    """A scalar that tells the entries apart, by key and by place: a function that is transformed sees sorted dicts."""
    by_key = sum(WEIGHT[key] * (tree[key] ** 2).sum() for key in KEYS)
    return by_key + (torch.stack(list(tree.values())) * torch.tensor([[3.0], [5.0], [7.0]], dtype=F64)).sum()


def vectors(new, first=1.0):
    return new(a=x(first), b=x(2 * first), c=x(3 * first))


def compiled(f, *args):
    return T.jit(f, backend="replay")(*args)


def twice(f, new):
    """What a compiled function gives at its second call, with arguments in another order than at its first."""
    jitted = T.jit(f, backend="replay")
    jitted(vectors(new))
    result = jitted(vectors(new, 2.0))
    assert repr(jitted).endswith("programs=1)")
    return result


def branches(new):
    return [lambda t: new.scaled(t), lambda t: new.scaled(t, -2.0), lambda t: new.scaled(t, 3.0)]


def with_state(new, step):
    """What a State holds that a step writes as a dict in another order than it had."""
    state = State(vectors(new))

    def write(*args):
        state.value = new.scaled(state.value, 0.5)
        return state.value["a"].sum() + sums(_tree.canonical(state.value))

    return step(write), state.value


def optimised(new, update):
    weights = new(**{key: brainstate.ParamState(x()) for key in KEYS})
    optimizer = brainstate.optim.Adam(lr=0.1)
    optimizer.register_trainable_weights(weights)
    for i in range(3):
        update(optimizer, new(a=x(i), b=-x(), c=100 * x(i)))
    return {key: weights[key].value for key in KEYS}


def optimised_value(new):
    weight = brainstate.ParamState(vectors(new))
    optimizer = brainstate.optim.Adam(lr=0.1)
    optimizer.register_trainable_weights({"w": weight})
    for i in range(3):
        optimizer.update({"w": new(a=x(i), b=-x(), c=100 * x(i))})
        weight.value = new(**weight.value)
    return weight.value


def backed(new):
    state = brainstate.ParamState(vectors(new))
    before = state.parameters()
    state.value = new.scaled(state.value)
    assert all(p is q for p, q in zip(before, state.parameters(), strict=True))
    return state.value


def pulled(new):
    y, pull = T.vjp(lambda t: new.scaled(t), vectors(new))
    return y, pull(vectors(new, 5.0))


def mapped(new, transform):
    axes = new(a=0, b=1, c=None)
    tree = new(a=torch.stack([x(), x(2.0)]), b=torch.stack([x(3.0), x(4.0)], 1), c=x(5.0))
    out = new(a=0, b=1, c=0)
    return transform(lambda t: new.scaled(t), in_axes=(axes,), out_axes=out)(tree)


def delayed(new):
    with brainstate.environ.context(dt=1.0 * u.ms, i=0, t=0.0 * u.ms):
        delay = brainstate.nn.Delay(vectors(new), time=2.0 * u.ms)
        delay.init_state()
        for i in range(4):
            with brainstate.environ.context(i=i, t=i * u.ms):
                delay.update(vectors(new, float(i)))
        return delay.retrieve_at_step(2), delay.history.value


def stepped(new, loop):
    return loop(lambda c, t: (new.scaled(c, 0.1), new.scaled(t)), vectors(new), new(a=x()[:, None], b=x(2.0), c=x(3.0)))


TRANSFORMS = {
    "grad": lambda new: T.grad(sums)(vectors(new)),
    "grad with value and aux": lambda new: T.grad(lambda t: (sums(t), new.scaled(t)), has_aux=True, return_value=True)(
        vectors(new)
    ),
    "grad of several arguments": lambda new: T.grad(lambda s, t: sums(s) * sums(t), argnums=(1, 0))(
        vectors(new), vectors(new, 2.0)
    ),
    "vector_grad": lambda new: T.vector_grad(lambda t: new.scaled(t))(vectors(new)),
    "jacrev": lambda new: T.jacrev(lambda t: new.scaled(t))(vectors(new)),
    "jacfwd": lambda new: T.jacfwd(lambda t: new.scaled(t))(vectors(new)),
    "hessian": lambda new: T.hessian(sums)(vectors(new)),
    "vjp": pulled,
    "jvp": lambda new: T.jvp(lambda t: new.scaled(t), (vectors(new),), (vectors(new, 7.0),)),
    "vmap": lambda new: mapped(new, T.vmap),
    "vmap2": lambda new: mapped(new, T.vmap2),
    "for_loop": lambda new: T.for_loop(lambda t: new.scaled(t), vectors(new)),
    "scan": lambda new: stepped(new, T.scan),
    "checkpointed_scan": lambda new: stepped(new, T.checkpointed_scan),
    "scan, compiled": lambda new: compiled(lambda: stepped(new, T.scan)),
    "scan over places": lambda new: T.scan(
        lambda c, t: (new.scaled(c, torch.stack(list(c.values()))[1].sum()), sums(t)), vectors(new), vectors(new)
    ),
    "map": lambda new: T.map(lambda t: new.scaled(t), vectors(new), batch_size=2),
    "while_loop": lambda new: T.while_loop(lambda t: t["a"].sum() > -9, lambda t: new.scaled(t, 3.0), vectors(new, 0)),
    "while_loop, compiled": lambda new: compiled(
        lambda: T.while_loop(lambda t: t["a"].sum() > -9, lambda t: new.scaled(t, 3.0), vectors(new, 0))
    ),
    "cond": lambda new: T.cond(True, *branches(new)[:2], vectors(new)),
    "cond, compiled": lambda new: compiled(lambda p: T.cond(p, *branches(new)[:2], vectors(new)), torch.tensor(False)),
    "cond in lanes": lambda new: T.vmap(lambda p: T.cond(p, *branches(new)[:2], vectors(new)))(
        torch.tensor([True, False])
    ),
    "switch, compiled": lambda new: compiled(lambda i: T.switch(i, branches(new), vectors(new)), torch.tensor(2)),
    "switch in lanes": lambda new: T.vmap(lambda i: T.switch(i, branches(new), vectors(new)))(torch.tensor([2, 0, 1])),
    "ifelse, compiled": lambda new: compiled(
        lambda p: T.ifelse([p, ~p], branches(new)[:2], vectors(new)), torch.tensor(False)
    ),
    "jit": lambda new: twice(lambda t: (sums(t), torch.stack(list(t.values()))), new),
    "checkpoint": lambda new: T.grad(T.checkpoint(sums))(vectors(new)),
    "eval_shape": lambda new: T.eval_shape(lambda t: new.scaled(t), vectors(new)),
    "a State": lambda new: with_state(new, lambda write: write()),
    "a State in grad": lambda new: with_state(new, lambda write: T.grad(lambda y: write() * y)(x().sum())),
    "a State in a loop": lambda new: with_state(new, lambda write: T.for_loop(write, length=3)),
    "a State in jit": lambda new: with_state(new, lambda write: compiled(write)),
    "a State in a compiled loop": lambda new: with_state(
        new, lambda write: compiled(lambda: T.for_loop(write, length=3))
    ),
    "a State in a compiled branch": lambda new: with_state(
        new, lambda write: compiled(lambda p: T.cond(p, write, lambda: x().sum()), torch.tensor(True))
    ),
    "a State in lanes": lambda new: with_state(
        new,
        lambda write: T.vmap2(lambda p: T.cond(p, write, lambda: x().sum()), unexpected_out_state_mapping="ignore")(
            torch.tensor([True, False])
        ),
    ),
    "gradients of a dict of States": lambda new: (
        lambda states: T.grad(lambda: sums({k: states[k].value for k in KEYS}), states)()
    )(new(**{key: brainstate.ParamState(x()) for key in KEYS})),
    "gradient of a State": lambda new: (lambda state: T.grad(lambda: sums(_tree.canonical(state.value)), state)())(
        brainstate.ParamState(vectors(new))
    ),
    "an optimizer": lambda new: optimised(new, lambda optimizer, grads: optimizer.update(grads)),
    "an optimizer of a dict": optimised_value,
    "clip_grad_norm": lambda new: brainstate.nn.clip_grad_norm(vectors(new), 1.0),
    "a State with Parameters": backed,
    "Delay": delayed,
    "a map over several trees": lambda new: _tree.map(lambda *xs: torch.stack(xs), vectors(new), vectors(new, 2.0)),
}


def assert_equal(found, expected):
    """Equal by key."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            assert_equal(found[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    elif isinstance(expected, torch.Tensor):
        torch.testing.assert_close(found, expected)
    else:
        assert found == expected


@pytest.mark.parametrize("name", TRANSFORMS)
@FEW
@given(orders=st.lists(st.permutations(range(3)), min_size=2, max_size=5))
def test_the_order_of_insertion_changes_no_result(name, orders):
    run = TRANSFORMS[name]
    assert_equal(run(Order(orders)), run(Order([[0, 1, 2]])))


# What the table's results are in the sorted order is checked against the slow obvious way elsewhere; here by hand.


def test_trees_meet_by_key():
    f = T.jit(lambda z: z["a"] - z["b"], backend="replay")
    assert [f({"a": 5.0, "b": 1.0}), f({"b": 1.0, "a": 5.0})] == [4.0, 4.0]
    one, ten = torch.tensor(1.0), torch.tensor(10.0)
    pull = T.vjp(lambda z: {"a": 2 * z["a"], "b": 3 * z["b"]}, {"a": one, "b": one})[1]
    assert pull({"b": ten, "a": one}) == {"a": 2.0, "b": 30.0}
    _, slope = T.jvp(lambda z: z["a"] * 2 + z["b"] * 3, ({"a": one, "b": one},), ({"b": ten, "a": one},))
    assert slope == 32.0
    choice = T.jit(lambda p: T.cond(p, lambda: {"a": 1.0, "b": 2.0}, lambda: {"b": 3.0, "a": 4.0}), backend="replay")
    assert choice(torch.tensor(False)) == {"a": 4.0, "b": 3.0}


def test_a_function_that_is_transformed_sees_its_arguments_in_sorted_order():
    # jax.jit(lambda d: jnp.stack(list(d.values())))({"b": 1., "a": 2.}) is [2., 1.].
    stack = lambda d: torch.stack(list(d.values()))
    tree = {"b": torch.tensor(1.0), "a": torch.tensor(2.0)}
    expected = torch.tensor([2.0, 1.0])
    weights = torch.tensor([1.0, 10.0])
    assert torch.equal(T.jit(stack, backend="replay")(tree), expected)
    assert T.grad(lambda d: (stack(d) * weights).sum())(tree) == {"a": 1.0, "b": 10.0}
    assert torch.equal(T.vmap(stack)({k: v[None] for k, v in tree.items()})[0], expected)
    assert torch.equal(T.for_loop(stack, {k: v[None] for k, v in tree.items()})[0], expected)
    assert torch.equal(T.cond(True, stack, stack, tree), expected)


@pytest.mark.parametrize("kind", [dict, lambda pairs: defaultdict(list, pairs)])
def test_keys_that_cannot_be_sorted_meet_all_the_same(kind):
    tree, other = kind({1: 1.0, "a": 2.0}), kind({"a": 20.0, 1: 10.0})
    f = T.jit(lambda z: z[1] - z["a"], backend="replay")
    assert [f(tree), f(other)] == [-1.0, -10.0]
    _, slope = T.jvp(lambda z: z[1] ** 2 - z["a"], (tree,), (other,))
    assert slope == 2.0 * 10.0 - 20.0
