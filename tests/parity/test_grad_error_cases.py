"""grad: what is refused, with which exception, and that nothing has changed then."""

import numpy as np
import pytest

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


def _returns(f, make, **options):
    """The gradient of a function that returns something, after it has written a State."""
    n = f.state(0.0)

    def loss(x):
        n.value = n.value + x
        return make(f, x)

    return f.error(lambda: f.grad(loss, **options)(f.array(3.0))), n


for _name, _make in {
    "a vector": lambda f, x: f.array([1.0, 2.0]) * x,
    "one number in a vector": lambda f, x: f.array([1.0]) * x,
    "None": lambda f, x: None,
    "a pair": lambda f, x: (x, x),
    "a list": lambda f, x: [x],
    "a dict": lambda f, x: {"a": x},
    "an int": lambda f, x: 3,
    "an integer array": lambda f, x: f.array(3),
    "a bool": lambda f, x: True,
    "a boolean array": lambda f, x: x > 1,
    "a complex array": lambda f, x: x * f.array(1j),
    "a quantity": lambda f, x: x * f.u.mV,
    "a dimensionless quantity": lambda f, x: f.u.Quantity(x),
    "a string": lambda f, x: "loss",
}.items():
    case(f"the function returns {_name}")(lambda f, make=_make: _returns(f, make))
for _name, _make in {
    "a scalar": lambda f, x: x,
    "a dict": lambda f, x: {"loss": x, "aux": x},
    "None": lambda f, x: None,
}.items():
    case(f"with has_aux the function returns {_name}")(lambda f, make=_make: _returns(f, make, has_aux=True))
for _name, _make in {
    "a vector": lambda f, x: (f.array([1.0, 2.0]) * x, x),
    "an int": lambda f, x: (1, x),
    "None": lambda f, x: (None, x),
}.items():
    case(f"with has_aux the loss is {_name}")(lambda f, make=_make: _returns(f, make, has_aux=True))
differs("with has_aux an empty tuple", "an IndexError says nothing", ours="TypeError", theirs="IndexError")(
    lambda f: _returns(f, lambda f, x: (), has_aux=True)[0]
)
differs(
    "with has_aux a tuple of one",
    "brainstate raises after it has changed the States, ours before",
    ours=["TypeError", 0.0],
    theirs=["IndexError", 3.0],
)(lambda f: (lambda seen: [seen[0], float(seen[1].value)])(_returns(f, lambda f, x: (x,), has_aux=True)))


# argnums


for _name, _argnums, _error in [
    ("negative", -1, "ValueError"),
    ("negative in a tuple", (0, -1), "ValueError"),
    ("a bool", True, "ValueError"),
    ("a float", 0.0, "ValueError"),
    ("a string", "0", "ValueError"),
    ("a range", range(2), "ValueError"),
    ("a set", {0, 1}, "ValueError"),
    ("a 0-d array", np.array(0), "ValueError"),
    ("empty without States", (), "ValueError"),
    ("a float in a tuple", (0, 1.0), "ValueError"),
]:
    case(f"argnums is {_name}", raises=_error)(
        lambda f, argnums=_argnums: f.grad(lambda x, y: x * y, argnums=argnums)(f.array(1.0), f.array(2.0))
    )
for _name, _argnums in {"one": 2, "one in a tuple": (0, 5)}.items():
    case(f"argnums beyond the arguments: {_name}", raises="TypeError")(
        lambda f, argnums=_argnums: f.grad(lambda x, y: x * y, argnums=argnums)(f.array(1.0), f.array(2.0))
    )
case("no arguments and no States", raises="TypeError")(lambda f: f.grad(lambda: f.array(1.0))())
case("no arguments and an empty list of States", raises="TypeError")(lambda f: f.grad(lambda: f.array(1.0), [])())
case("the argument to differentiate as keyword", raises="TypeError")(lambda f: f.grad(lambda x: x**2)(x=f.array(1.0)))
case("argnums may be a numpy integer in a tuple")(
    lambda f: f.grad(lambda x, y: x * y, argnums=(np.int64(1),))(f.array(1.0), f.array(2.0))
)
differs("argnums is a numpy integer", "an empty AssertionError helps nobody", ours=1.0, theirs="AssertionError")(
    lambda f: _or_error(f, lambda: f.grad(lambda x, y: x * y, argnums=np.int64(1))(f.array(1.0), f.array(2.0)))
)
differs("argnums twice the same", "ours says what is wrong", ours="ValueError", theirs="TypeError")(
    lambda f: f.error(lambda: f.grad(lambda x, y: x * y, argnums=(0, 0))(f.array(1.0), f.array(2.0)))
)


def _or_error(f, call):
    return float(call()) if f.is_ours() else f.error(call)


# grad_states


for _name, _make in {
    "a number": lambda f, w: 3.0,
    "an array": lambda f, w: f.array(1.0),
    "a list with an array": lambda f, w: [w, f.array(1.0)],
    "a set": lambda f, w: {w},
    "a generator": lambda f, w: (s for s in [w]),
    "the values of a dict": lambda f, w: {"w": w}.values(),
    "a reference": lambda f, w: w.to_state_ref(),
    "a FakeState": lambda f, w: f.bs.FakeState(f.array(1.0)),
    "a string": lambda f, w: "w",
}.items():

    @case(f"grad_states is {_name}", raises="TypeError")
    def _(f, make=_make):
        w = f.param(2.0)
        f.grad(lambda: w.value**2, make(f, w))


differs("a State that holds None", "None has no leaf to differentiate", ours=None, theirs="ValueError")(
    lambda f: _value_or_error(f, lambda w: f.grad(lambda: f.array(1.0) if w.value is None else w.value, w)())
)


def _value_or_error(f, call):
    w = f.bs.ParamState(None)
    return call(w) if f.is_ours() else f.error(lambda: call(w))


@case("a State that is never touched")
def _(f):
    w, v, n = f.param(2.0), f.param(3.0), f.state(0.0)

    def loss():
        n.value = n.value + 1
        return w.value**2

    gradient = f.grad(loss, [w, v])
    return f.error(gradient), n, w


@case("a State read by its private slot only")
def _(f):
    w = f.param(2.0)
    return f.error(f.grad(lambda: w._value**2 * f.array(1.0), w))


@case("missing States are found at the call, not before")
def _(f):
    w = f.param(2.0)
    return f.bs.transform.GradientTransform.__name__, type(f.grad(lambda: f.array(1.0), w))


@case("the body raises")
def _(f):
    w, n, d = f.param(2.0), f.state(0.0), f.bs.State({"a": f.array(1.0)})

    def loss():
        n.value = n.value + w.value
        d.value = {"a": n.value}
        w.value = w.value * 2
        raise KeyError("stop")

    return f.error(f.grad(loss, w)), w, n, d


@differs("the mark of a write after an exception", "ours leaves no trace of the call", ours=False, theirs=True)
def _(f):
    n = f.state(0.0)

    def loss(x):
        n.value = n.value + x
        raise KeyError("stop")

    f.error(lambda: f.grad(loss)(f.array(2.0)))
    return n._been_writen


@case("after an exception the gradient can be called again")
def _(f):
    w, n, fail = f.param(2.0), f.state(0.0), [True]

    def loss(x):
        n.value = n.value + x
        if fail[0]:
            raise KeyError("stop")
        return w.value**2

    gradient = f.grad(loss, w)
    first = f.error(lambda: gradient(f.array(1.0)))
    fail[0] = False
    return first, gradient(f.array(1.0)), n


# States as arguments and results


for _name, _call in {
    "as argument": lambda f, s: f.grad(lambda x, s: x**2)(f.array(1.0), s),
    "inside an argument": lambda f, s: f.grad(lambda x, s: x**2)(f.array(1.0), {"a": [s]}),
    "as keyword argument": lambda f, s: f.grad(lambda x, s: x**2)(f.array(1.0), s=s),
    "as the differentiated argument": lambda f, s: f.grad(lambda s: s.value**2)(s),
    "as result": lambda f, s: f.grad(lambda x: s)(f.array(1.0)),
    "in aux": lambda f, s: f.grad(lambda x: (x**2, [s]), has_aux=True)(f.array(1.0)),
}.items():
    case(f"a State {_name}", raises="ValueError")(lambda f, call=_call: call(f, f.state(1.0)))


# Structure of States


def _leaves(f, before, after):
    w, v = f.param(2.0), f.bs.State(before(f))

    def loss():
        _ = v.value
        v.value = after(f)
        return w.value**2

    return f.grad(loss, w)()


for _name, _before, _after in [
    ("another tree", lambda f: f.array(1.0), lambda f: [f.array(1.0)]),
    ("another key", lambda f: {"a": f.array(1.0)}, lambda f: {"b": f.array(1.0)}),
    ("another unit", lambda f: f.q(1.0, "mV"), lambda f: f.q(1.0, "volt")),
    ("a quantity for a plain value", lambda f: f.array(1.0), lambda f: f.q(1.0, "mV")),
    ("None", lambda f: f.array(1.0), lambda f: None),
]:
    case(f"a State left with {_name}", raises="ValueError")(
        lambda f, before=_before, after=_after: _leaves(f, before, after)
    )

for _name, _after in [
    ("another dimension", lambda f: f.q(1.0, "ms")),
    ("a plain value for a quantity", lambda f: f.array(1.0)),
]:
    differs(
        f"a State left with {_name}",
        "ours refuses the assignment: a State does not lose its unit in silence",
        ours="UnitMismatchError",
        theirs="ValueError",
    )(lambda f, after=_after: f.error(lambda: _leaves(f, lambda f: f.q(1.0, "mV"), after)))


@differs(
    "the State left with another unit",
    "brainstate leaves the new value, ours puts back all States",
    ours=["ValueError", "mV"],
    theirs=["ValueError", "V"],
)
def _(f):
    v = f.bs.State(f.q(1.0, "mV"))

    def loss(x):
        v.value = v.value.in_unit(f.u.volt)
        return x**2

    return [f.error(lambda: f.grad(loss)(f.array(1.0))), "mV" if v.value.unit == f.u.mV else "V"]


@case("assigning a State inside", raises="ValueError")
def _(f):
    w, v = f.param(2.0), f.state(1.0)

    def loss():
        v.value = w
        return w.value**2

    f.grad(loss, w)()


case("an unknown keyword", raises="TypeError")(lambda f: f.grad(lambda x: x, no_such_option=1))
differs("the function is not callable", "a wrong kind is a TypeError", ours="TypeError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.grad(3))
)


# What eager code may do


differs("a Python condition on a traced value", "ours runs eagerly", ours=2.0, theirs="TypeError")(
    lambda f: _or_error(f, lambda: f.grad(lambda x: x * 2 if x > 0 else x)(f.array(1.0)))
)
differs("a string as argument", "ours traces nothing", ours=3.0, theirs="TypeError")(
    lambda f: _or_error(f, lambda: f.grad(lambda x, text: x * len(text))(f.array(1.0), "abc"))
)
differs("a function as argument", "ours traces nothing", ours=4.0, theirs="TypeError")(
    lambda f: _or_error(f, lambda: f.grad(lambda x, square: square(x))(f.array(2.0), lambda x: x * x))
)


@differs(
    "a State made inside, after the call",
    "a value that outlives its trace is dead in JAX and alive in torch",
    ours=4.0,
    theirs="TraceContextError",
)
def _(f):
    made = []

    def loss(x):
        made.append(f.bs.State(2 * x))
        return made[0].value ** 2

    f.grad(loss)(f.array(2.0))
    return float(made[0].value) if f.is_ours() else f.error(lambda: made[0].value)


@differs(
    "a closed-over number that changes", "ours runs the function at every call", ours=[2.0, 3.0], theirs=[2.0, 2.0]
)
def _(f):
    factor = 2.0
    gradient = f.grad(lambda x: factor * x)
    first = float(gradient(f.array(1.0)))
    factor = 3.0
    return [first, float(gradient(f.array(1.0)))]


@cases.parametrised()
@pytest.mark.filterwarnings("ignore:Python iterable type .* is treated as a leaf:DeprecationWarning")
def test_grad_errors(case, engine):
    case.check(engine)
