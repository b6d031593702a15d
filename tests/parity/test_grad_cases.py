"""grad: return forms, structures of gradients, and arguments."""

from collections import OrderedDict, namedtuple
from collections.abc import Mapping

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs
Pair = namedtuple("Pair", "first second")


def _xy(f):
    return f.array([1.0, 2.0]), f.array([3.0, 4.0])


# Return forms


def _form(f, grad_states, argnums, has_aux, return_value):
    w, b = f.param([1.0, 2.0]), f.param(3.0)
    states = {"none": None, "empty": [], "one": w, "list": [w, b], "dict": {"w": w, "b": b}}[grad_states]

    def loss(x, y):
        out = f.np.sum(w.value * x * x * y) + b.value**2
        return (out, {"x": 2 * x, "n": None}) if has_aux else out

    return f.grad(loss, states, argnums=argnums, has_aux=has_aux, return_value=return_value)(*_xy(f))


for _states in ("none", "empty", "one", "list", "dict"):
    for _argnums in (None, 0, 1, (0,), (1, 0), [0, 1], ()):
        if _states in ("none", "empty") and _argnums == ():
            continue
        case(f"form: grad_states={_states}, argnums={_argnums}")(
            lambda f, states=_states, argnums=_argnums: _form(f, states, argnums, False, False)
        )
for _states, _argnums in [("none", None), ("one", None), ("list", 0), ("dict", (0, 1))]:
    for _aux, _value in [(True, False), (False, True), (True, True)]:
        case(f"form: grad_states={_states}, argnums={_argnums}, has_aux={_aux}, return_value={_value}")(
            lambda f, s=_states, a=_argnums, aux=_aux, value=_value: _form(f, s, a, aux, value)
        )


# Structures of gradients of States


def _structured(f, arrange, *values):
    states = [f.param(value) for value in values]
    return f.grad(lambda: sum(f.np.sum(s.value**2) for s in states), arrange(*states))()


for _name, _arrange in {
    "a tuple": lambda a, b: (a, b),
    "a named tuple": lambda a, b: Pair(a, b),
    "a nesting": lambda a, b: [{"x": (a,)}, [b]],
    "a list with None": lambda a, b: [None, a, None, b],
    "a dict out of order": lambda a, b: {"z": a, "c": b},
    "an OrderedDict": lambda a, b: OrderedDict(z=a, c=b),
    "a dict with tuple keys": lambda a, b: {("l", "w"): a, ("l", "b"): b},
    "a list of dicts": lambda a, b: [{"z": a, "c": b}],
    "the same State twice": lambda a, b: [a, b, a],
    "some of the States": lambda a, b: [b],
}.items():
    case(f"grad_states in {_name}")(lambda f, arrange=_arrange: _structured(f, arrange, [1.0, 2.0], 3.0))


for _name, _arrange in {
    "lists in a dict": lambda f, a, b: {"z": [a], "c": (b, None)},
    "a FlattedDict in a list": lambda f, a, b: [f.bs.util.FlattedDict({("l", "z"): a}), b],
    "a NestedDict in a list": lambda f, a, b: [f.bs.util.NestedDict({"l": {"z": a}}), b],
    "a dict with int keys": lambda f, a, b: {2: a, 1: b},
    "an empty dict in a list": lambda f, a, b: [{}, a, (), b],
}.items():

    @case(f"grad_states with {_name}")
    def _(f, arrange=_arrange):
        states = [f.param([1.0, 2.0]), f.param(3.0)]
        return f.grad(lambda: sum(f.np.sum(s.value**2) for s in states), arrange(f, *states))()


@differs("a dict of States with keys that do not sort", "ours keeps their order", ours=["x", 0], theirs="ValueError")
def _(f):
    states = {"x": f.param(1.0), 0: f.param(2.0)}
    gradient = lambda: f.grad(lambda: sum(s.value for s in states.values()), states)()
    return list(gradient()) if f.is_ours() else f.error(gradient)


@case("two States of one array")
def _(f):
    start = f.array([1.0, 2.0])
    a, b = f.bs.ParamState(start), f.bs.ParamState(start)
    return f.grad(lambda: f.np.sum(a.value**2 * b.value), [a, b])(), start


@case("the keys of a dict of States come out sorted")
def _(f):
    states = {"z": f.param(1.0), "c": f.param(2.0), "k": f.param(3.0)}
    return list(f.grad(lambda: sum(state.value for state in states.values()), states)())


@case("grad_states in a FlattedDict")
def _(f):
    states = f.bs.util.FlattedDict({("l", "w"): f.param(1.0), ("l", "b"): f.param(2.0)})
    return f.grad(lambda: states[("l", "w")].value ** 2 * states[("l", "b")].value, states)()


@case("grad_states in a NestedDict")
def _(f):
    states = f.bs.util.NestedDict({"l": {"w": f.param(1.0), "b": f.param(2.0)}})
    gradients = f.grad(lambda: states["l"]["w"].value ** 2 * states["l"]["b"].value, states)()
    return type(gradients), gradients["l"]["w"], gradients["l"]["b"]


@case("grad_states in a StateDictManager")
def _(f):
    states = f.bs.StateDictManager(w=f.param(1.0), b=f.param(2.0))
    return f.grad(lambda: states["w"].value ** 2 * states["b"].value, states)()


VALUES = {
    "a dict": lambda f: {"weight": f.array([1.0, 2.0]), "bias": f.array(3.0)},
    "a nesting": lambda f: [f.array(1.0), (f.array([2.0]), {"z": f.array(3.0)})],
    "a dict with None": lambda f: {"a": f.array(1.0), "b": None},
    "a float": lambda f: 2.0,
    "half precision": lambda f: f.array([1.0, 2.0], "float16"),
    "an empty array": lambda f: f.array(np.zeros((0, 2))),
    "a wide numpy array": lambda f: np.linspace(0.0, 1.0, 3),
}
for _name, _value in VALUES.items():

    @case(f"the gradient of a State holding {_name}")
    def _(f, value=_value):
        w = f.bs.ParamState(value(f))

        def loss():
            total = f.array(0.0)
            for leaf in _leaves(w.value):
                total = total + f.np.sum(f.array(1.0) * leaf * leaf)
            return total

        return f.grad(loss, w)()

    @case(f"the gradient of an argument that is {_name}")
    def _(f, value=_value):
        def loss(x):
            total = f.array(0.0)
            for leaf in _leaves(x):
                total = total + f.np.sum(f.array(1.0) * leaf * leaf)
            return total

        return f.grad(loss)(value(f))


def _leaves(tree):
    if isinstance(tree, Mapping):
        return [leaf for key in sorted(tree) for leaf in _leaves(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for item in tree for leaf in _leaves(item)]
    return [] if tree is None else [tree]


@case("an empty dict beside another State")
def _(f):
    empty, w = f.bs.ParamState({}), f.param(2.0)
    return f.grad(lambda: w.value**2 + len(empty.value), [empty, w])()


for _kind in ("State", "HiddenState", "ShortTermState", "BatchState"):

    @case(f"the gradient of a {_kind}")
    def _(f, kind=_kind):
        h = getattr(f.bs, kind)(f.array([1.0, 2.0]))
        return f.grad(lambda: f.np.sum(h.value**3), h)(), h


# Loss and aux


for _name, _aux in {
    "None": lambda f: None,
    "a float": lambda f: 1.5,
    "an int": lambda f: 2,
    "a bool": lambda f: True,
    "a quantity": lambda f: f.q([1.0], "mV"),
    "a nesting": lambda f: {"b": [f.array([1, 2])], "a": (None, f.array(1.0))},
}.items():
    case(f"aux is {_name}")(lambda f, aux=_aux: f.grad(lambda x: (x**2, aux(f)), has_aux=True)(f.array(3.0)))
for _name, _pair in {
    "a list": lambda x: [x**2, x],
    "a named tuple": lambda x: Pair(x**2, x),
}.items():
    case(f"has_aux with {_name}")(lambda f, pair=_pair: f.grad(pair, has_aux=True, return_value=True)(f.array(3.0)))
differs("has_aux with a triple", "ours loses no result in silence", ours="TypeError", theirs=2)(
    lambda f: _refused_or_size(f, lambda: f.grad(lambda x: (x**2, x, 2 * x), has_aux=True)(f.array(3.0)))
)
differs("aux is a string", "ours traces nothing", ours="on", theirs="TypeError")(
    lambda f: _aux_or_error(f, lambda: f.grad(lambda x: (x**2, "on"), has_aux=True)(f.array(3.0)))
)


def _refused_or_size(f, call):
    return f.error(call) if f.is_ours() else len(call())


def _aux_or_error(f, call):
    return call()[1] if f.is_ours() else f.error(call)


for _name, _loss in {
    "the argument itself": lambda f, x: x,
    "a numpy scalar": lambda f, x: np.float32(3.0),
    "a wide numpy scalar": lambda f, x: np.float64(3.0),
    "a numpy array": lambda f, x: np.array(3.0),
    "a float": lambda f, x: 3.0,
}.items():
    case(f"the loss is {_name}")(lambda f, loss=_loss: f.grad(lambda x: loss(f, x), return_value=True)(f.array(2.0)))


@case("aux is the argument, a State's value and a constant")
def _(f):
    w, constant = f.param([1.0, 2.0]), f.array([5.0])
    return f.grad(lambda x: (f.np.sum(w.value * x), [x, w.value, constant]), w, has_aux=True)(f.array(3.0)), constant


# Arguments


@case("keyword arguments pass through")
def _(f):
    def loss(x, *, scale, extra=None):
        return scale["a"] * x**2

    return f.grad(loss)(f.array(3.0), scale={"a": f.array(2.0)}, extra=None)


@case("defaults and other arguments pass through")
def _(f):
    return f.grad(lambda x, n, none, k=3: x**n * k)(f.array(2.0), 3, None)


for _name, _argument in {
    "a float": lambda f: 3.0,
    "a numpy float": lambda f: np.float64(3.0),
    "a wide numpy array": lambda f: np.array(3.0),
    "None": lambda f: None,
}.items():
    case(f"the argument is {_name}")(
        lambda f, argument=_argument: f.grad(lambda x: f.array(1.0) if x is None else x * x * 1.0)(argument(f))
    )


@case("editing a list argument inside does not leak")
def _(f):
    def loss(xs):
        xs.append(1.0)
        return xs[0] ** 2

    xs = [f.array(3.0)]
    return f.grad(loss)(xs), len(xs)


@case("grad is a decorator, with and without options")
def _(f):
    w = f.param(2.0)

    @f.grad
    def plain(x):
        return x**2

    @f.grad(grad_states=w, argnums=0, return_value=True)
    def full(x):
        return w.value * x

    return plain(f.array(3.0)), full(f.array(3.0))


@case("bound methods, partials and callables are functions")
def _(f):
    class Cube:
        def __call__(self, x):
            return x**3

        def method(self, x):
            return x**4

    return f.grad(Cube())(f.array(2.0)), f.grad(Cube().method)(f.array(2.0))


@case("a float output that depends on nothing")
def _(f):
    return f.grad(lambda x: 1.5, return_value=True)(f.array([1.0, 2.0]))


@case("two calls of one gradient with other shapes")
def _(f):
    gradient = f.grad(lambda x: f.np.sum(x**2))
    return gradient(f.array([1.0])), gradient(f.array([[1.0, 2.0]])), gradient(f.array([3.0]))


@case("indexing and broadcasting")
def _(f):
    w = f.param(np.arange(6.0).reshape(2, 3))

    def loss(x):
        row = w.value[0] * x + w.value[:, 1:][1, 0]
        return f.np.sum(f.np.where(row > 1, row**2, row))

    return f.grad(loss, w, argnums=0)(f.array([1.0, 2.0, 3.0]))


for _name, _arrange in {
    "a tuple": lambda f, a, b: (a, b),
    "a named tuple": lambda f, a, b: Pair(a, b),
    "an OrderedDict": lambda f, a, b: OrderedDict(z=a, c=b),
    "a FlattedDict": lambda f, a, b: f.bs.util.FlattedDict({("l", "z"): a, ("l", "c"): b}),
    "a DotDict": lambda f, a, b: f.bs.util.DotDict(z=a, c=b),
    "a FrozenDict": lambda f, a, b: f.bs.util.FrozenDict({"z": a, "c": b}),
    "a dict with int keys": lambda f, a, b: {2: a, 1: b},
    "a dict in a list in a tuple": lambda f, a, b: ([{"z": a}, b],),
    "an empty list and an array": lambda f, a, b: ([], a, {}),
}.items():

    @case(f"the argument is {_name}")
    def _(f, arrange=_arrange):
        def loss(tree):
            return sum(f.np.sum(leaf**2) for leaf in _leaves(tree))

        return f.grad(loss)(arrange(f, f.array([1.0, 2.0]), f.array(3.0)))


@case("numpy arrays that are not differentiated")
def _(f):
    def loss(x, wide, count, *, mask):
        return f.np.sum(f.np.where(mask, x * wide * count, x))

    mask = np.array([True, False])
    return f.grad(loss)(f.array([1.0, 2.0]), np.array([0.5, 1.5]), np.array([1, 2]), mask=mask)


@case("one array as two arguments")
def _(f):
    x = f.array([1.0, 2.0])
    return f.grad(lambda a, b: f.np.sum(a**2 * b), argnums=(0, 1))(x, x), x


@case("the value of a State as argument")
def _(f):
    w = f.param([1.0, 2.0])
    return f.grad(lambda x: f.np.sum(w.value * x**2), w, argnums=0)(w.value), w


@case("a value read before is a constant")
def _(f):
    w = f.param([1.0, 2.0])
    before = w.value
    return f.grad(lambda: f.np.sum(before * w.value), w)()


@cases.parametrised()
def test_grad(case, engine):
    case.check(engine)
