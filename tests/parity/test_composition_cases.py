"""Gradients inside gradients, and base transforms of a user's own."""

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


cases.table(
    "nested",
    second=lambda f: f.grad(f.grad(lambda x: x**4))(f.array(2.0)),
    third=lambda f: f.grad(f.grad(f.grad(lambda x: f.np.sin(x))))(f.array(0.5)),
    vector_of_grad=lambda f: f.vector_grad(f.grad(lambda x: f.np.sum(x**3)))(f.array([1.0, 2.0])),
    grad_of_vector=lambda f: f.grad(lambda x: f.np.sum(f.vector_grad(lambda y: y**3)(x)))(f.array([1.0, 2.0])),
    arguments=lambda f: f.grad(f.grad(lambda x, y: x**2 * y**3), argnums=1)(f.array(2.0), f.array(3.0)),
    with_value=lambda f: f.grad(lambda x: f.grad(lambda y: y**3, return_value=True)(x)[1])(f.array(2.0)),
    outer_value=lambda f: f.grad(f.grad(lambda x: x**3), return_value=True)(f.array(2.0)),
    units=lambda f: f.grad(f.grad(lambda v: v**3, unit_aware=True), unit_aware=True)(f.q(2.0, "mV")),
    units_twice_then_plain=lambda f: f.grad(f.grad(lambda v: v**2, unit_aware=True), unit_aware=True)(f.q(2.0, "mV")),
    units_of_vector=lambda f: f.vector_grad(
        f.vector_grad(lambda v: v**3, unit_aware=True), unit_aware=True, return_value=True
    )(f.q([1.0, 2.0], "mV")),
    complex=lambda f: f.grad(f.grad(lambda z: z**3, holomorphic=True), holomorphic=True)(f.array(1 + 2j)),
    low_precision=lambda f: f.grad(f.grad(lambda x: x**3))(f.array(2.0, "float16")),
)


@case("a gradient of a State of a gradient of that State")
def _(f):
    w = f.param(2.0)
    return f.grad(lambda: f.grad(lambda: w.value**4, w)(), w)()


@case("a Hessian-vector product")
def _(f):
    def loss(x):
        return f.np.sum(x**3) + x[0] * x[1]

    v = f.array([1.0, -1.0])
    return f.grad(lambda x: f.np.sum(f.grad(loss)(x) * v))(f.array([1.0, 2.0]))


@case("State inside, argument outside")
def _(f):
    w = f.param(2.0)
    return f.grad(lambda x: f.grad(lambda: w.value**3 * x**2, w)())(f.array(3.0))


@case("argument inside, State outside")
def _(f):
    w = f.param(2.0)
    return f.grad(lambda x: f.grad(lambda y: w.value**3 * y**2)(x), w, argnums=0)(f.array(3.0))


@case("a gradient through an inner step of learning")
def _(f):
    w, rate = f.param([1.0, 2.0]), f.param(0.1)

    def meta(x):
        gradient, value = f.grad(lambda: f.np.sum((w.value * x) ** 2), w, return_value=True)()
        w.value = w.value - rate.value * gradient
        return f.np.sum((w.value * x) ** 2) + value

    return f.grad(meta, [w, rate], argnums=0, return_value=True)(f.array([3.0, 0.5])), w, rate


@case("a gradient through the aux of a gradient")
def _(f):
    def outer(x):
        gradient, aux = f.grad(lambda y: (y**2, y**3 * x), has_aux=True)(x)
        return gradient * aux

    return f.grad(outer)(f.array(2.0))


@case("a gradient through a State that an inner gradient wrote")
def _(f):
    w, c = f.param(2.0), f.state(0.0)

    def inner():
        c.value = w.value**2
        return w.value**3

    def outer():
        gradient = f.grad(inner, w)()
        return gradient * c.value

    return f.grad(outer, w)(), c


@case("a counter that all levels write")
def _(f):
    w, n = f.param(2.0), f.state(0)

    def inner():
        n.value += 1
        return w.value**3

    def outer():
        n.value += 10
        return f.grad(inner, w)() + f.grad(inner, w)()

    return f.grad(outer, w)(), n


@case("an exception in an inner gradient leaves every State")
def _(f):
    w, n = f.param(2.0), f.state(0.0)

    def inner():
        n.value += 1
        raise KeyError("stop")

    def outer():
        n.value += 10
        return f.grad(inner, w)()

    return f.error(f.grad(outer, w)), n, w


@case("an exception in an inner gradient may be caught")
def _(f):
    w, n = f.param(2.0), f.state(0.0)

    def inner():
        n.value += 1
        raise KeyError("stop")

    def outer():
        n.value += 10
        f.error(f.grad(inner, w))
        return w.value**2

    return f.grad(outer, w)(), n


@case("one gradient object is entered from itself")
def _(f):
    w = f.param(2.0)
    gradient = f.grad(lambda depth: w.value**2 * (gradient(depth[1:]) if len(depth) else 1.0), w)
    return gradient(()), gradient((None,))


@case("a State made inside an inner gradient")
def _(f):
    w = f.param(2.0)

    def inner():
        made = f.bs.State(w.value**2)
        return made.value * w.value

    return f.grad(lambda: f.grad(inner, w)(), w)()


@case("a StatefulFunction under a gradient")
def _(f):
    w, n = f.param(2.0), f.state(0.0)

    def step(x):
        n.value = n.value + w.value * x
        return n.value**2

    function = f.bs.transform.StatefulFunction(step)
    return f.grad(lambda x: function(x) + function(x), w, argnums=0)(f.array(3.0)), n


@case("a gradient under a StatefulFunction")
def _(f):
    w, n = f.param(2.0, name="w"), f.state(0.0, name="n")

    def loss():
        n.value += 1
        return w.value**3

    function = f.bs.transform.StatefulFunction(f.grad(loss, w))
    return function(), n, [s.name for s in function.get_write_states()], sorted(s.name for s in function.get_states())


@case("a trace around nested gradients")
def _(f):
    w, n = f.param(2.0, name="w"), f.state(0.0, name="n")

    def inner():
        n.value += 1
        return w.value**3

    with f.bs.StateTraceStack() as trace:
        f.grad(lambda: f.grad(inner, w)(), w)()
    return [s.name for s in trace.get_read_states()], [s.name for s in trace.get_write_states()]


@differs(
    "a trace around a gradient that fails",
    "ours records no write that did not happen; brainstate does while it traces, and not at a second call",
    ours=(["n", "w"], []),
    theirs=(["w"], ["n"]),
)
def _(f):
    w, n = f.param(2.0, name="w"), f.state(0.0, name="n")

    def loss():
        n.value += w.value
        raise KeyError("stop")

    with f.bs.StateTraceStack() as trace:
        f.error(f.grad(loss, w))
    return sorted(s.name for s in trace.get_read_states()), [s.name for s in trace.get_write_states()]


@case("a State written by an inner gradient that fails, and by the outer one")
def _(f):
    w, n = f.param(2.0), f.state(0.0)

    def inner():
        n.value += 1
        raise KeyError("stop")

    def outer():
        f.error(f.grad(inner, w))
        n.value += 10
        return w.value**2 * n.value

    return f.grad(outer, w)(), n


@case("many States in one gradient")
def _(f):
    states = {(i, "w"): f.param([float(i), 1.0]) for i in range(20)}

    def loss(x):
        for state in states.values():
            x = f.np.tanh(state.value[0] * 0.1 * x + state.value[1] * 0.1)
        return x

    return f.grad(loss, states, argnums=0, return_value=True)(f.array(0.5))


@case("the same function twice with other States")
def _(f):
    a, b = f.param(2.0), f.param(3.0)
    loss = lambda: a.value**2 * b.value
    return f.grad(loss, a)(), f.grad(loss, b)(), f.grad(loss, [b, a])()


# Base transforms


def _scaled(f):
    def base(fun, argnums, has_aux, factor=1.0):
        inner = f.base_grad(fun, argnums=argnums, has_aux=has_aux)

        def gradient(*args):
            grads, aux = inner(*args)
            return f.tree_map(lambda g: factor * g, grads), aux

        return gradient

    return base


def _transform(f, target, **options):
    return f.bs.transform.GradientTransform(target, _scaled(f), **options)


@case("a base transform of one's own: argument")
def _(f):
    return _transform(f, lambda x: x**2, transform_params={"factor": 10.0})(f.array(3.0))


@case("a base transform of one's own: States")
def _(f):
    w, b, n = f.param([1.0, 2.0]), f.param(3.0), f.state(0.0)

    def loss():
        n.value += 1
        return f.np.sum(w.value**2) * b.value, n.value

    options = {"grad_states": {"w": w, "b": b}, "has_aux": True, "return_value": True}
    return _transform(f, loss, transform_params={"factor": 2.0}, **options)(), n


for _argnums in (0, (1, 0)):

    @case(f"a base transform of one's own: States and argnums={_argnums}")
    def _(f, argnums=_argnums):
        w = f.param(2.0)
        gradient = _transform(f, lambda x, y: w.value * x**2 * y, grad_states=[w], argnums=argnums)
        return gradient(f.array(3.0), f.array(4.0))


@case("a base transform of one's own: an untouched State")
def _(f):
    w, v = f.param(2.0), f.param([1.0, 2.0])
    checked, unchecked = (_transform(f, lambda: w.value**2, grad_states=[w, v], check_states=c) for c in (True, False))
    return f.error(checked), unchecked()


cases.table(
    "GradientTransform",
    unknown_parameter=lambda f: f.error(lambda: _transform(f, lambda x: x, transform_params={"bad": 1})),
    wrong_state=lambda f: f.error(lambda: _transform(f, lambda x: x, grad_states=[1.0])),
    wrong_argnums=lambda f: f.error(lambda: _transform(f, lambda x: x, argnums=-1)),
    grad_makes_one=lambda f: isinstance(f.grad(lambda x: x), f.bs.transform.GradientTransform),
    vector_grad_makes_one=lambda f: isinstance(f.vector_grad(lambda x: x), f.bs.transform.GradientTransform),
)


@cases.parametrised()
def test_composition(case, engine):
    case.check(engine)
