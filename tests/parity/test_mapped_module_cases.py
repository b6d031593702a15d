"""nn: methods called for many lanes at once, Vmap and Map."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

X = np.arange(6.0).reshape(3, 2) / 3


def _sum(f):
    class Sum(f.bs.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = f.param(2.0)

        def init_state(self, size=2):
            self.w = f.param(np.arange(1.0, size + 1))
            self.total = f.bs.ShortTermState(f.array(np.zeros(size)))

        def reset_state(self, size=2):
            self.total.value = 0.0 * self.total.value

        def update(self, x):
            self.total.value = self.total.value + self.w.value * x
            return self.total.value * self.scale.value

        def doubled(self, x):
            return 2.0 * self.w.value * x

    return Sum()


def _chosen(f):
    return f.bs.util.filter.OfType(f.bs.ShortTermState)


@case("vmap_init_all_states, two calls of Vmap, vmap_reset_all_states")
def _(f):
    module = _sum(f)
    f.bs.nn.vmap_init_all_states(module, axis_size=3, state_tag="lane")
    mapped = f.bs.nn.Vmap(module, vmap_states=f.bs.util.filter.Any(_chosen(f), lambda path, s: path[-1] == "w"))
    ys = [mapped(f.array(X)), mapped(f.array(X))]
    total = module.total.value
    f.bs.nn.vmap_reset_all_states(module, axis_size=3)
    return ys, total, module.total, module.w, module.w.tag


@case("vmap_init_all_states leaves States out")
def _(f):
    module = f.bs.nn.vmap_init_all_states(_sum(f), 3, axis_size=2, state_to_exclude=_chosen(f))
    return module.total, module.w


@case("Vmap of shared weights, and their gradient")
def _(f):
    layer = f.bs.nn.Linear(2, 2, f.array([[1.0, 2.0], [3.0, 4.0]]), f.array([0.5, -0.5]))
    mapped = f.bs.nn.Vmap(layer, in_axes=1)
    return f.grad(lambda x: (mapped(x) ** 2).sum(), layer.states(f.bs.ParamState), return_value=True)(f.array(X.T))


@case("Map: calls, methods, functions")
def _(f):
    copies = f.bs.nn.Map(_sum(f), 3)
    made = copies.init_all_states(size=2)
    x = f.array(X)
    ys = [copies(x), copies(x), copies.map("doubled")(x), copies.map(lambda x: copies.module.w.value + x)(x)]
    return made, ys, copies.module.total, sorted(copies.dict_vmap_states)


@case("Map along another axis")
def _(f):
    copies = f.bs.nn.Map(_sum(f), 3, init_state_axes={1: _chosen(f)}, in_axes=1, out_axes=1)
    copies.init_all_states()
    return copies(f.array(X.T)), copies.module.total, copies.module.w


cases.table(
    "errors",
    no_size=lambda f: f.error(lambda: f.bs.nn.vmap_init_all_states(_sum(f))),
    size_zero=lambda f: f.error(lambda: f.bs.nn.vmap_call_all_fns(_sum(f), "init_state", axis_size=0)),
    in_states=lambda f: f.error(lambda: f.bs.nn.vmap_init_all_states(_sum(f), axis_size=2, in_states=[])),
    keywords=lambda f: f.error(lambda: f.bs.nn.vmap_call_all_fns(_sum(f), "init_state", axis_size=2, kwargs=3)),
    map_before_init=lambda f: f.error(lambda: f.bs.nn.Map(_sum(f), 3)(f.array(X))),
)
_assert = "no assert for a user's mistake"
differs("Vmap of something else", _assert, ours="TypeError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.bs.nn.Vmap(3))
)
differs("Map of a wrong behavior", _assert, ours="ValueError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.bs.nn.Map(_sum(f), 2, behavior="bogus"))
)
differs("a reset with the value of one lane", "the axis must stay", ours=[3, 2], theirs=[2])(lambda f: _reset_to_one(f))


def _reset_to_one(f):
    module = f.bs.nn.vmap_init_all_states(_sum(f), axis_size=3)
    module.reset_state = lambda: setattr(module.total, "value", f.array(np.ones(2)))
    f.bs.nn.vmap_reset_all_states(module, axis_size=3)
    return list(module.total.value.shape)


@cases.parametrised()
def test_mapped_modules_agree(case, engine):
    case.check(engine)
