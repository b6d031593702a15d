"""StatefulFunction: which States a function touches, and what it does to them."""

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


class Model:
    """Three States and a function that reads one, writes one, and reads and writes one."""

    def __init__(self, f, **options):
        self.f = f
        self.a, self.b, self.c, self.unused = (f.state(float(i), name=n) for i, n in enumerate("abcd", 1))
        self.function = f.bs.transform.StatefulFunction(self.step, **options)

    def step(self, x):
        self.b.value = self.a.value * x
        self.c.value += x
        return self.b.value + self.c.value

    @property
    def values(self):
        return [self.a, self.b, self.c, self.unused]


def _names(states):
    return [state.name for state in states]


cases.table(
    "the States",
    touched=lambda f: _names(Model(f).function.get_states(f.array(2.0))),
    read=lambda f: _names(Model(f).function.get_read_states(f.array(2.0))),
    written=lambda f: _names(Model(f).function.get_write_states(f.array(2.0))),
)


@case("a call runs and commits")
def _(f):
    model = Model(f)
    return model.function(f.array(2.0)), model.function(f.array(3.0)), model.values, model.a._been_writen


@case("jaxpr_call_auto is a call")
def _(f):
    model = Model(f)
    return model.function.jaxpr_call_auto(f.array(2.0)), model.values


@case("asking for States changes nothing")
def _(f):
    model = Model(f)
    model.function.get_states(f.array(2.0))
    model.function.get_out_shapes(f.array(2.0))
    return model.values


for _only in (True, False):

    @case(f"jaxpr_call with return_only_write={_only}")
    def _(f, only=_only):
        model = Model(f, return_only_write=only)
        model.function.get_states(f.array(2.0))
        new, out = model.function.jaxpr_call([f.array(x) for x in (10.0, 20.0, 30.0)], f.array(2.0))
        return list(new), out, model.values


for _name, _values in {"too few": [1.0], "too many": [1.0] * 4, "None": [1.0, None, 1.0]}.items():

    @case(f"jaxpr_call with {_name} values", raises="ValueError")
    def _(f, values=_values):
        model = Model(f)
        model.function.get_states(f.array(2.0))
        model.function.jaxpr_call([None if x is None else f.array(x) for x in values], f.array(2.0))


@case("get_out_shapes gives shapes, and None for States only read")
def _(f):
    a, b = f.state([1.0, 2.0]), f.state(0.0)

    def step(x):
        b.value = f.np.sum(a.value) * x
        return {"y": a.value * x, "n": f.array([1, 2, 3])}

    out, states = f.bs.transform.StatefulFunction(step).get_out_shapes(f.array(2.0))
    return out, list(states)


@case("a body that raises restores every State")
def _(f):
    a, b = f.state(1.0), f.state(2.0)

    def step():
        a.value = f.array(10.0)
        b.value += a.value
        raise KeyError("stop")

    return f.error(f.bs.transform.StatefulFunction(step)), a, b


@case("an enclosing trace sees reads and writes")
def _(f):
    model = Model(f)
    with f.bs.StateTraceStack() as trace:
        model.function(f.array(2.0))
    return _names(trace.get_read_states()), _names(trace.get_write_states())


@case("StatefulFunctions nest")
def _(f):
    model = Model(f)
    outer = f.bs.transform.StatefulFunction(lambda x: model.function(x) + model.unused.value)
    return outer(f.array(2.0)), _names(outer.get_states(f.array(2.0))), model.values


@case("None, lists and dicts go in and out")
def _(f):
    def step(x, extra=None, *, scale):
        return {"x": [x["a"] * scale, None], "e": extra}

    return f.bs.transform.StatefulFunction(step)({"a": f.array(2.0)}, None, scale=f.array(3.0))


@case("quantities go in and out")
def _(f):
    v = f.bs.State(f.q([1.0, 2.0], "mV"))

    def step(x):
        v.value = v.value + x
        return v.value * 2

    return f.bs.transform.StatefulFunction(step)(f.q(1.0, "volt")), v


@case("shape and dtype of a State may change")
def _(f):
    a = f.state([1.0, 2.0])

    def step():
        a.value = f.array([1, 2, 3])

    f.bs.transform.StatefulFunction(step)()
    return a


def _leaves(f, before, after):
    a = f.bs.State(before(f))

    def step():
        _ = a.value
        a.value = after(f)

    f.bs.transform.StatefulFunction(step)()


for _name, _before, _after in [
    ("another tree", lambda f: f.array(1.0), lambda f: [f.array(1.0)]),
    ("another unit", lambda f: f.q(1.0, "mV"), lambda f: f.q(1.0, "volt")),
    ("another key", lambda f: {"a": f.array(1.0)}, lambda f: {"b": f.array(1.0)}),
]:
    case(f"a State left with {_name}", raises="ValueError")(
        lambda f, before=_before, after=_after: _leaves(f, before, after)
    )


@differs(
    "a State left with a plain value for a quantity",
    "ours refuses the assignment: a State does not lose its unit in silence",
    ours="UnitMismatchError",
    theirs="ValueError",
)
def _(f):
    return f.error(lambda: _leaves(f, lambda f: f.q(1.0, "mV"), lambda f: f.array(1.0)))


def _function(f, body=lambda x, **kwargs: 1.0, **options):
    return f.bs.transform.StatefulFunction(body, **options)


for _name, _call in {
    "as argument": lambda f: _function(f)(f.state(1.0)),
    "inside an argument": lambda f: _function(f)({"a": [f.state(1.0)]}),
    "as keyword argument": lambda f: _function(f)(1.0, y=f.state(1.0)),
}.items():
    case(f"a State {_name}", raises="ValueError")(_call)
for _name, _arrange in {"as result": lambda s: s, "inside the result": lambda s: {"a": s}}.items():

    @case(f"a State {_name}", raises="ValueError")
    def _(f, arrange=_arrange):
        state = f.state(1.0)
        _function(f, lambda: arrange(state))()


case("a static argument that cannot be hashed", raises="ValueError")(lambda f: _function(f, static_argnums=0)([1.0]))
case("a static position beyond the arguments", raises="ValueError")(
    lambda f: _function(f, static_argnums=3).get_states(f.array(1.0))
)


@case("asking only for what is known", raises="ValueError")
def _(f):
    _function(f).get_states(f.array(1.0), compile_if_miss=False)


@case("asking for what is known, after a call")
def _(f):
    model = Model(f)
    model.function.get_states(f.array(2.0))
    return _names(model.function.get_states(f.array(3.0), compile_if_miss=False))


@case("the shapes follow a State that changes its shape")
def _(f):
    a = f.state([1.0, 2.0])
    function = _function(f, lambda: a.value * 2)
    first = function.get_out_shapes()[0]
    a.value = f.array([1.0, 2.0, 3.0])
    return first, function.get_out_shapes()[0]


@case("the States depend on a static argument")
def _(f):
    model = Model(f)
    function = _function(f, lambda x, which: getattr(model, which).value * x, static_argnames="which")
    return [_names(function.get_states(f.array(1.0), which=which)) for which in ("a", "c", "a")]


@case("the States depend on the structure of an argument")
def _(f):
    model = Model(f)
    function = _function(f, lambda x: model.a.value if x is None else model.b.value)
    return [_names(function.get_states(x)) for x in (None, f.array(1.0))]


@case("a static argument is passed as it is")
def _(f):
    return _function(f, lambda x, kind: x * len(kind), static_argnums=1)(f.array(2.0), "abc")


# StateFinder and eval_shape


def _find(f, *args, **options):
    return f.bs.transform.StateFinder(Model(f).step, *args, **options)(f.array(2.0))


for _usage in ("all", "read", "write", "both"):
    for _type in ("dict", "list", "tuple"):

        @case(f"StateFinder with usage={_usage!r} and return_type={_type!r}")
        def _(f, usage=_usage, return_type=_type):
            return _find(f, usage=usage, return_type=return_type)


cases.table(
    "StateFinder",
    default=lambda f: _find(f),
    by_type=lambda f: [_find(f, kind) for kind in (f.bs.ParamState, f.bs.State)],
    by_predicate=lambda f: _find(f, lambda path, state: state.name != "a"),
    by_name=lambda f: _find(f, key_fn=lambda i, state: state.name),
    key_none=lambda f: _find(f, key_fn=lambda i, state: None),
    key_twice=lambda f: _find(f, key_fn=lambda i, state: "same"),
    bad_usage=lambda f: f.error(lambda: _find(f, usage="some")),
    bad_return_type=lambda f: f.error(lambda: _find(f, return_type="set")),
)


@case("StateFinder changes nothing")
def _(f):
    model = Model(f)
    f.bs.transform.StateFinder(model.step)(f.array(2.0))
    return model.values


@case("eval_shape gives shapes and changes nothing")
def _(f):
    model = Model(f)
    return f.bs.transform.eval_shape(lambda x: {"y": model.step(x), "n": None}, f.array([1.0, 2.0])), model.values


@case("eval_shape of quantities keeps the structure")
def _(f):
    shapes = f.bs.transform.eval_shape(lambda x: [x, 1.0], f.array([[1.0, 2.0]]))
    return shapes[0], tuple(shapes[1].shape)


@differs(
    "a closed-over number that changes",
    "ours runs the function at every call",
    ours=[2.0, 3.0],
    theirs=[2.0, 2.0],
)
def _(f):
    factor = 2.0
    function = _function(f, lambda x: x * factor)
    first = float(function(f.array(1.0)))
    factor = 3.0
    return [first, float(function(f.array(1.0)))]


@differs("a string as argument", "ours traces nothing", ours=3.0, theirs="TypeError")
def _(f):
    function = _function(f, lambda x, text: x * len(text))
    return float(function(f.array(1.0), "abc")) if f.is_ours() else f.error(lambda: function(f.array(1.0), "abc"))


@cases.parametrised()
def test_stateful(case):
    case.check()
