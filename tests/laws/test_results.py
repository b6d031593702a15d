"""Laws of results: they have memory of their own. Writing into one changes nothing else, and never raises."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import ParamState, State, _tree
from brainstate_torch import transform as T


class World:
    """What a function can return or lead to: arguments, States, what it closes over."""

    def __init__(self):
        self.x, self.y, self.t = (torch.arange(3.0) + i for i in range(3))
        self.closed, self.base = torch.arange(3.0), torch.arange(6.0)
        self.part = self.base[2:5]
        self.kept = {"k": torch.arange(3.0), "list": [torch.arange(3.0)]}
        self.p, self.q = ParamState(torch.ones(3)), ParamState(torch.ones(3))
        self.s = State({"a": torch.arange(3.0)})
        self.written = State(torch.zeros(3))

    def everything(self):
        """The tensors that no write into a result may change."""
        own = [self.x, self.y, self.t, self.closed, self.base, self.kept]
        states = [state.value for state in (self.p, self.q, self.s, self.written)]
        return [x for x in _tree.leaves([own, states]) if isinstance(x, torch.Tensor)]

    def many(self, x):
        """Results that are, or show a part of, something else."""
        new = x * 2
        self.written.value = new
        return {
            "argument": x,
            "part": x[:2],
            "twice": [new, new, new[1:]],
            "closed": self.closed,
            "view": self.part,
            "container": self.kept,
            "State": self.s.value,
            "State's part": self.s.value["a"][1:],
            "Parameter": self.p.value + 0,
            "expanded": x.sum().expand(3),
            "written": self.written.value,
        }


def pulled(w, f, cotangent):
    y, pull = T.vjp(f, w.x, w.y, argnums=(0, 1))
    given = _tree.map(lambda _: cotangent, y)
    return y, pull(given), pull(given)


RESULTS = {
    "grad of a sum": lambda w: T.grad(lambda: ((w.p.value + w.q.value) * w.closed).sum(), [w.p, w.q])(),
    "grad of a sum, by torch.func": lambda w: T.grad(
        lambda: ((w.p.value + w.q.value) * w.closed).sum(), [w.p, w.q], engine="func"
    )(),
    "grad that is expanded": lambda w: T.grad(lambda x, y: x.sum(), argnums=(0, 1))(w.x, w.y),
    "grad with value and aux": lambda w: T.grad(lambda x: (x.sum(), w.many(x)), has_aux=True, return_value=True)(w.x),
    "grad of what is returned": lambda w: T.grad(lambda x: x, return_value=True)(w.x[0].clone()),
    "vector_grad": lambda w: T.vector_grad(lambda x: (x, x * w.closed), return_value=True)(w.x),
    "jacrev": lambda w: T.jacrev(lambda x, y: (x + y, x * w.closed), argnums=(0, 1), return_value=True)(w.x, w.y),
    "jacfwd": lambda w: T.jacfwd(lambda x, y: (x + y, x * w.closed), argnums=(0, 1), return_value=True)(w.x, w.y),
    "hessian": lambda w: T.hessian(lambda x, y: (x * y + x).sum(), argnums=(0, 1), return_value=True)(w.x, w.y),
    "vjp": lambda w: pulled(w, lambda x, y: (x, w.closed, x + y), w.t),
    "vjp of what the backward pass keeps": lambda w: pulled(w, lambda x, y: (x.tanh(), y.exp()), w.t),
    "jvp": lambda w: T.jvp(lambda x: (x, x + 1, w.many(x)), (w.x,), (w.t,)),
    "fwd_grad": lambda w: T.fwd_grad(lambda x, y: (x + y).sum(), argnums=(0, 1), key=0)(w.x, w.y),
    "vmap": lambda w: T.vmap(lambda x: (x, 2 * x, w.closed, x, w.s.value))(w.x),
    "vmap2": lambda w: T.vmap2(lambda x: (x, 2 * x, w.closed, x, w.kept))(w.x),
    "vmap without an axis": lambda w: T.vmap(lambda x: (x, w.closed, w.s.value), out_axes=(0, None, None))(w.x),
    "for_loop": lambda w: T.for_loop(lambda x: (x, w.closed, x, w.s.value), w.x),
    "scan": lambda w: T.scan(lambda c, x: ([c[1], c[0], c[0]], (x, c)), [w.closed, w.y, w.t], w.x),
    "checkpointed_scan": lambda w: T.checkpointed_scan(lambda c, x: (c, (x, c)), w.closed, w.x),
    "while_loop": lambda w: T.while_loop(
        lambda v: v[1] < 2, lambda v: (v[0], v[1] + 1, w.closed), (w.x, torch.tensor(0), w.y)
    ),
    "bounded_while_loop": lambda w: T.bounded_while_loop(
        lambda v: v[1] < 2, lambda v: (v[0], v[1] + 1, w.closed), (w.x, torch.tensor(0), w.y), max_steps=3
    ),
    "cond": lambda w: T.cond(True, w.many, lambda x: None, w.x),
    "cond in lanes": lambda w: T.vmap(lambda p: T.cond(p, lambda x: (x, w.closed), lambda x: (x, w.closed), w.x))(
        torch.tensor([True, False])
    ),
    "switch": lambda w: T.switch(1, [lambda x: None, w.many], w.x),
    "ifelse": lambda w: T.ifelse([True, False], [lambda: w.many(w.x), lambda: None]),
    "map": lambda w: T.map(lambda x: (x, w.closed, x), w.x, batch_size=3),
    "checkpoint": lambda w: T.checkpoint(w.many)(w.x),
    "clip_grad_norm": lambda w: brainstate.nn.clip_grad_norm({"a": w.x, "b": w.y}, 1e9),
}


def tensors(tree):
    return [x for x in _tree.leaves(tree) if isinstance(x, torch.Tensor)]


def check_that_results_stand_alone(world, make):
    count = len(tensors(make(world)))
    assert count
    for i in range(count):
        results, everything = tensors(make(world)), world.everything()
        before = [x.clone() for x in (*results, *everything)]
        results[i].add_(100)
        results[i].detach().numpy()[...] = -5.0
        after = [*results, *world.everything()]
        for k, (new, old) in enumerate(zip(after, before, strict=True)):
            assert k == i or torch.equal(new, old), f"writing into result {i} changed number {k} of {len(after)}"
        assert type(results[i]) is torch.Tensor


@pytest.mark.parametrize("name", RESULTS)
def test_writing_into_a_result_changes_nothing_else(name):
    check_that_results_stand_alone(World(), RESULTS[name])


COMPILED = [name for name in RESULTS if name != "clip_grad_norm"]


@pytest.mark.parametrize("name", COMPILED)
def test_writing_into_a_result_of_a_compiled_call_changes_nothing_else(name):
    make = RESULTS[name]
    world = World()
    f = T.jit(lambda: tensors(make(world)), backend="replay")
    check_that_results_stand_alone(world, lambda _: f())


def test_a_pullback_goes_on_after_its_result_was_written():
    y, pull = T.vjp(torch.tanh, torch.zeros(2))
    y.fill_(100.0)
    assert torch.equal(pull(torch.ones(2)), torch.ones(2))


def test_gradients_that_are_scaled_inside_a_transform_are_scaled_alone():
    w = World()

    def step(k):
        a, b = T.grad(lambda: ((w.p.value + w.q.value) * w.closed).sum(), [w.p, w.q])()
        a.mul_(k)
        return b

    expected = torch.arange(3.0).expand(2, 3)
    factors = torch.tensor([5.0, 7.0])
    assert torch.equal(T.for_loop(step, factors), expected)
    assert torch.equal(T.vmap(lambda k: step(2.0) + 0 * k)(factors), expected)
    assert torch.equal(T.jit(lambda ks: T.for_loop(step, ks), backend="replay")(factors), expected)


def test_what_a_function_makes_itself_is_not_copied():
    made = []

    def fun(x):
        made.append(None)
        y = x * 2
        made[-1] = y.data_ptr()
        return {"y": [y]}

    x = torch.ones(3)
    for transform in (lambda: T.cond(True, fun, fun, x), lambda: T.checkpoint(fun)(x)):
        assert transform()["y"][0].data_ptr() == made[-1]
    view = T.checkpoint(lambda x: (x * 2).view(3, 1))(x)
    assert view._is_view()
