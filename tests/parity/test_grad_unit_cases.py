"""Units in gradients: unit(result) / unit(input) with unit_aware, the input's own unit without."""

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


def _sides(name, body, *inputs):
    """A function of arguments, aware of units: with respect to each argument, and to all with the value."""

    def arguments(f):
        return [f.array(x) if unit is None else f.q(x, unit) for x, unit in inputs]

    for i in range(len(inputs)):
        case(f"{name}: argument {i}")(
            lambda f, i=i: f.grad(lambda *xs: body(f, *xs), argnums=i, unit_aware=True)(*arguments(f))
        )
    case(f"{name}: all arguments, with value")(
        lambda f: f.grad(
            lambda *xs: body(f, *xs), argnums=tuple(range(len(inputs))), unit_aware=True, return_value=True
        )(*arguments(f))
    )


for _name, _body, _inputs in [
    ("v squared", lambda f, v: v**2, [(3.0, "mV")]),
    ("v squared without unit", lambda f, v: (v / f.u.mV) ** 2, [(3.0, "mV")]),
    ("twice v", lambda f, v: 2 * v, [(3.0, "mV")]),
    ("twice v in volt", lambda f, v: (2 * v).in_unit(f.u.volt), [(3.0, "mV")]),
    ("a plain number to mV", lambda f, x: x**2 * f.u.mV, [(3.0, None)]),
    ("v squared times l", lambda f, v, x: v**2 * x, [(3.0, "mV"), (2.0, "cm")]),
    ("time times kHz", lambda f, t: t * (2.0 * f.u.kHz), [(3.0, "ms")]),
    ("time times Hz", lambda f, t: t * (2.0 * f.u.Hz), [(3.0, "ms")]),
    ("time squared times kHz", lambda f, t: t**2 * (2.0 * f.u.kHz), [(3.0, "ms")]),
    ("one over t", lambda f, t: 1.0 / t, [(2.0, "ms")]),
    ("v over 1 V", lambda f, v: v / (1.0 * f.u.volt), [(3.0, "mV")]),
    ("plain", lambda f, x: x**3, [(3.0, None)]),
    ("plain and mV", lambda f, x, v: x**2 * v, [(3.0, None), (2.0, "mV")]),
    ("mV and V", lambda f, a, b: a * 2 + b, [(3.0, "mV"), (2.0, "volt")]),
    ("V and mV", lambda f, a, b: a * 2 + b, [(3.0, "volt"), (2.0, "mV")]),
    ("Ohm's law", lambda f, g, v: g * v, [(3.0, "mS"), (2.0, "mV")]),
    ("a sum over a vector", lambda f, v: f.np.sum(v * v), [([1.0, 2.0], "mV")]),
    ("a mean over a vector", lambda f, v: f.np.mean(v), [([1.0, 2.0], "mV")]),
    ("the root of an area", lambda f, a: f.np.sqrt(a), [(4.0, "cm2")]),
    ("an exponential", lambda f, t: f.np.exp(-t / (2.0 * f.u.ms)) * f.u.mV, [(3.0, "ms")]),
    ("a comparison", lambda f, v: f.np.sum(f.np.where(v > 1.5 * f.u.mV, v, 2 * v)), [([1.0, 2.0], "mV")]),
    ("a power of minus two", lambda f, x: x**-2, [(2.0, "cm")]),
    ("a product of the same dimension", lambda f, a, b: a / b, [(3.0, "mV"), (2.0, "volt")]),
    ("an index", lambda f, v: v[0] * v[1], [([1.0, 2.0], "mV")]),
    ("a matrix product", lambda f, g, v: f.np.sum(f.np.matmul(g, v)), [([[1.0, 2.0]], "mS"), ([3.0, 4.0], "mV")]),
    ("a constant", lambda f, v: 3.0 * f.u.ms, [(2.0, "mV")]),
]:
    _sides(_name, _body, *_inputs)


# Trees and States


@case("each leaf of a dict argument has its own unit")
def _(f):
    return f.grad(lambda d: d["v"] ** 2 * d["l"], unit_aware=True)({"v": f.q(3.0, "mV"), "l": f.q(2.0, "cm")})


@case("each leaf of a list argument has its own unit")
def _(f):
    return f.grad(lambda d: d[0] * d[1][0], unit_aware=True)([f.q(3.0, "mV"), (f.array(2.0),)])


def _neuron(f):
    w = f.bs.ParamState({"w": f.q([1.0, 2.0], "mS"), "b": f.q(0.5, "mA")})
    return w, lambda v: (f.np.sum(w.value["w"] * v) + w.value["b"]).in_unit(f.u.uA)


@case("each leaf of a State has its own unit")
def _(f):
    w, current = _neuron(f)
    return f.grad(lambda: current(f.q([3.0, 4.0], "mV")), w, unit_aware=True, return_value=True)()


@case("States and arguments have their own units")
def _(f):
    w, current = _neuron(f)
    return f.grad(current, {"w": w}, argnums=0, unit_aware=True)(f.q([3.0, 4.0], "mV"))


@case("a list of States with units")
def _(f):
    a, b = f.bs.ParamState(f.q(3.0, "mV")), f.param(2.0)
    return f.grad(lambda: a.value**2 * b.value, [a, b], unit_aware=True)()


@case("an untouched State has the zero of its unit ratio")
def _(f):
    a, b = f.bs.ParamState(f.q(3.0, "mV")), f.bs.ParamState(f.q([1.0, 2.0], "cm"))
    return f.grad(lambda: a.value**2, [a, b], unit_aware=True, check_states=False)()


@case("an untouched State of the result's dimension has a plain zero")
def _(f):
    a, b = f.bs.ParamState(f.q(3.0, "mV")), f.bs.ParamState(f.q([1.0, 2.0], "volt"))
    return f.grad(lambda: 2 * a.value, [a, b], unit_aware=True, check_states=False)()


@case("aux may hold quantities")
def _(f):
    def loss(v):
        return v**2, {"v": v, "ratio": v / f.u.mV}

    return f.grad(loss, has_aux=True, return_value=True, unit_aware=True)(f.q(3.0, "mV"))


@case("a State with a unit is written inside")
def _(f):
    w, v = f.bs.ParamState(f.q(2.0, "mS")), f.bs.HiddenState(f.q([1.0, 2.0], "mV"))

    def loss(i):
        v.value = v.value + (i / w.value).in_unit(f.u.mV)
        return f.np.sum(v.value)

    return f.grad(loss, w, argnums=0, unit_aware=True, return_value=True)(f.q(3.0, "uA")), v


@case("an integration step")
def _(f):
    tau, v = f.bs.ParamState(f.q(10.0, "ms")), f.bs.HiddenState(f.q([-65.0, -60.0], "mV"))

    def loss():
        for _ in range(3):
            v.value = v.value + (-v.value + f.q(-50.0, "mV")) / tau.value * (0.1 * f.u.ms)
        return f.np.mean(v.value**2)

    return f.grad(loss, tau, unit_aware=True, return_value=True)(), v


for _name, _loss in {
    "hour in minutes": lambda f, t: t.in_unit(f.u.hour),
    "hours over minutes": lambda f, t: t / (2.0 * f.u.hour),
    "a rate": lambda f, t: 1.0 / t,
}.items():
    case(f"scales that are no powers of ten: {_name}")(
        lambda f, loss=_loss: f.grad(lambda t: loss(f, t), unit_aware=True, return_value=True)(f.q(3.0, "minute"))
    )
for _name, _argument in {
    "a float": lambda f: 3.0 * f.u.mV,
    "a Quantity of a float": lambda f: f.u.Quantity(3.0, f.u.mV),
}.items():
    case(f"a quantity of {_name}")(
        lambda f, argument=_argument: f.grad(lambda v: v**2, unit_aware=True, return_value=True)(argument(f))
    )


@case("a complex quantity")
def _(f):
    z = f.array(1 + 2j) * f.u.mV
    return f.grad(lambda z: f.np.real(z * f.np.conj(z)), unit_aware=True)(z)


@case("nested gradients of States with units")
def _(f):
    v, g = f.bs.ParamState(f.q(3.0, "mV")), f.bs.ParamState(f.q(2.0, "mS"))
    return f.grad(lambda: f.grad(lambda: v.value**3 * g.value, v, unit_aware=True)(), [v, g], unit_aware=True)()


@case("the mixed derivative of units that cancel")
def _(f):
    inner = f.grad(lambda a, b: a**2 / b, argnums=0, unit_aware=True)
    return f.grad(inner, argnums=1, unit_aware=True, return_value=True)(f.q(3.0, "mV"), f.q(2.0, "volt"))


@case("debug_nan with units")
def _(f):
    return f.error(lambda: f.grad(lambda v: f.np.sqrt(v), unit_aware=True, debug_nan=True)(f.q(0.0, "mV")))


# Without unit_aware


@case("a plain loss of quantities gives the input's unit")
def _(f):
    return f.grad(lambda v: (v / f.u.mV) ** 2)(f.q(3.0, "mV"))


@case("a plain loss of a State with a unit gives the State's unit")
def _(f):
    w = f.bs.ParamState({"v": f.q([1.0, 2.0], "mV"), "x": f.array(2.0)})
    return f.grad(lambda: f.np.sum(w.value["v"] / f.u.volt) * w.value["x"], w, return_value=True)()


@case("plain functions are unchanged by unit_aware")
def _(f):
    w = f.param([1.0, 2.0])
    return f.grad(lambda x: f.np.sum(w.value * x**2), w, argnums=0, unit_aware=True)(f.array([3.0, 4.0]))


@case("vector_grad of quantities without unit_aware is plain")
def _(f):
    return f.vector_grad(lambda v: v**2)(f.q([1.0, 2.0], "mV"))


for _name, _body, _input in [
    ("v squared", lambda f, v: v**2, ([1.0, 2.0], "mV")),
    ("twice v", lambda f, v: 2 * v, ([1.0, 2.0], "mV")),
    ("a plain result", lambda f, v: (v / f.u.mV) ** 2, ([1.0, 2.0], "mV")),
    ("a plain input", lambda f, x: x**2 * f.u.mV, ([1.0, 2.0], None)),
    ("one over t", lambda f, t: 1.0 / t, ([1.0, 2.0], "ms")),
]:
    for _value in (False, True):

        @case(f"vector_grad of {_name}, return_value={_value}")
        def _(f, body=_body, given=_input, value=_value):
            x, unit = given
            argument = f.array(x) if unit is None else f.q(x, unit)
            return f.vector_grad(lambda x: body(f, x), unit_aware=True, return_value=value)(argument)


@case("vector_grad of a State with a unit")
def _(f):
    w = f.bs.ParamState({"g": f.q([1.0, 2.0], "mS"), "e": f.q(3.0, "mV")})
    return f.vector_grad(lambda v: w.value["g"] * (v - w.value["e"]), w, argnums=0, unit_aware=True)(f.q(5.0, "mV"))


# Refusals


case("nested gradients without unit_aware", raises="TypeError")(
    lambda f: f.grad(f.grad(lambda v: (v / f.u.mV) ** 2))(f.q(3.0, "mV"))
)
case("has_aux and a vector quantity", raises="TypeError")(
    lambda f: f.grad(lambda v: (v, v), has_aux=True, unit_aware=True)(f.q([3.0, 4.0], "mV"))
)


for _name, _body, _error in [
    ("a vector quantity", lambda f, v: v * f.array([1.0, 2.0]), "TypeError"),
    ("a pair of quantities", lambda f, v: (v, v), "TypeError"),
    ("a quantity and a plain number added", lambda f, v: v + 1.0, "UnitMismatchError"),
    ("quantities of two dimensions added", lambda f, v: v + 1.0 * f.u.ms, "UnitMismatchError"),
    ("quantities of two dimensions compared", lambda f, v: f.np.where(v > 1.0 * f.u.ms, v, v), "UnitMismatchError"),
    ("a conversion to another dimension", lambda f, v: v.in_unit(f.u.ms), "UnitMismatchError"),
]:

    @case(f"unit_aware with {_name}")
    def _(f, body=_body):
        n = f.state(0.0)

        def loss(v):
            n.value = n.value + 1
            return body(f, v)

        return f.error(lambda: f.grad(loss, unit_aware=True)(f.q(3.0, "mV"))), n

    case(f"{_name} raises {_error}", raises=_error)(
        lambda f, body=_body: f.grad(lambda v: body(f, v), unit_aware=True)(f.q(3.0, "mV"))
    )


case("vector_grad with unit_aware of two results", raises="ValueError")(
    lambda f: f.vector_grad(lambda v: (v, 2 * v), unit_aware=True)(f.q(3.0, "mV"))
)
case("vector_grad with unit_aware of a dict of one result")(
    lambda f: f.vector_grad(lambda v: {"a": v**2}, unit_aware=True)(f.q(3.0, "mV"))
)
case("a unit as argument is refused", raises="TypeError")(lambda f: f.grad(lambda unit: f.array(1.0))(f.u.mV))


@cases.parametrised()
def test_grad_units(case, engine):
    case.check(engine)
