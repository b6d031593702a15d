"""Loops, branches and checks: results, dtypes, units, States, gradients and errors."""

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


def _xs(f):
    return f.array([1.0, 2.0, 4.0])


def _scan(step, init=0.0, **options):
    """A case that scans over three numbers, or over what `xs` makes."""
    make = options.pop("xs", _xs)
    return lambda f: f.bs.transform.scan(
        lambda c, x: step(f, c, x), init(f) if callable(init) else init, make(f), **options
    )


def _sum(f, c, x):
    return c + x, 2 * c


cases.table(
    "scan",
    sum=_scan(_sum),
    reverse=_scan(_sum, reverse=True),
    unrolled=_scan(_sum, unroll=2),
    with_length=_scan(_sum, length=3),
    without_xs=_scan(lambda f, c, x: (c * 2.0, c), 1.0, xs=lambda f: None, length=4),
    no_carry=_scan(lambda f, c, x: (c, x), None),
    no_output=_scan(lambda f, c, x: (c + x, None)),
    list_for_a_pair=_scan(lambda f, c, x: [c + x, x]),
    tree_carry=_scan(
        lambda f, c, x: ({"a": c["a"] + x, "b": [c["b"][0] - x]}, c["a"]), lambda f: {"a": 0.0, "b": [f.array(1.0)]}
    ),
    tree_inputs=_scan(lambda f, c, x: (c + x["a"] * x["b"], None), xs=lambda f: {"a": _xs(f), "b": _xs(f)}),
    inputs_with_none=_scan(lambda f, c, x: (c + x["a"], None), xs=lambda f: {"a": _xs(f), "b": None}),
    tree_output=_scan(lambda f, c, x: (c, {"a": (x, c), "b": None})),
    number_outputs=_scan(lambda f, c, x: (c, (1, 2.0, True))),
    matrix=_scan(
        lambda f, c, x: (f.np.tanh(c @ x), c),
        lambda f: f.array([0.5, 1.0]),
        xs=lambda f: f.array([[[1.0, 2.0], [0.0, 1.0]]] * 3),
    ),
    integer_number_becomes_real=_scan(lambda f, c, x: (c + x, None), 0),
    real_number_becomes_complex=_scan(lambda f, c, x: (c * 1j, None), 1.0),
    units=_scan(lambda f, c, x: (c + x * f.u.mV, x * f.u.ms), lambda f: 0.0 * f.u.mV),
    units_of_inputs=_scan(lambda f, c, x: (c + x, c), lambda f: f.q(1.0, "volt"), xs=lambda f: f.q([1.0, 2.0], "mV")),
    no_steps=_scan(lambda f, c, x: (c + x, c * 2.0), xs=lambda f: f.array([])),
    no_steps_with_units=_scan(lambda f, c, x: (c, (x * f.u.mV, {"n": x > 0})), xs=lambda f: f.array([])),
    integers=_scan(lambda f, c, x: (c + x, c), 0, xs=lambda f: f.array([1, 2, 3])),
)


def _raises(group, error, **bodies):
    for name, body in bodies.items():
        case(f"{group}: {name.replace('_', ' ')}", raises=error)(body)


_raises(
    "scan raises",
    "TypeError",
    carry_changes_shape=_scan(lambda f, c, x: (f.np.stack([c, c]), x)),
    carry_changes_structure=_scan(lambda f, c, x: ((c, c), x)),
    real_becomes_integer=_scan(lambda f, c, x: (1, x)),
    boolean_becomes_integer=_scan(lambda f, c, x: (c + 1, x), True),
    tensor_becomes_real=_scan(lambda f, c, x: (c + x, x), lambda f: f.array([0, 0, 0])),
    carry_gets_a_unit=_scan(lambda f, c, x: (x * f.u.mV, x)),
    carry_changes_its_unit=_scan(lambda f, c, x: (x * f.u.ms, x), lambda f: 0.0 * f.u.mV),
    a_text_as_output=_scan(lambda f, c, x: (c, "text")),
    not_callable=lambda f: f.bs.transform.scan(3, 0.0, _xs(f)),
    progress_bar=_scan(_sum, pbar="bar"),
)
_raises(
    "scan raises",
    "ValueError",
    lengths=_scan(_sum, xs=lambda f: (f.array([1.0]), f.array([1.0, 2.0]))),
    length=_scan(_sum, length=2),
    no_length=_scan(_sum, xs=lambda f: None),
    numbers=_scan(_sum, xs=lambda f: [1.0, 2.0]),
    triple=_scan(lambda f, c, x: (c, x, x)),
    long_bar=_scan(_sum, pbar=10),
    state_as_carry=_scan(_sum, lambda f: f.state(1.0)),
    checkpointed_without_steps=lambda f: f.bs.transform.checkpointed_scan(lambda c, x: (c, x), 0.0, f.array([])),
    checkpointed_base=lambda f: f.bs.transform.checkpointed_for_loop(lambda x: x, _xs(f), base=1),
    checkpointed_pair=lambda f: f.bs.transform.checkpointed_scan(lambda c, x: c, 0.0, _xs(f)),
)


def _with_state(init, change, loop="for_loop", result=lambda v: v):
    def body(f):
        state = f.bs.State(init(f) if callable(init) else init)

        def step(x):
            state.value = change(f, state.value, x)
            return result(state.value)

        return getattr(f.bs.transform, loop)(step, _xs(f)), state

    return body


cases.table(
    "for_loop",
    several_inputs=lambda f: f.bs.transform.for_loop(lambda x, y: x * y["a"], _xs(f), {"a": _xs(f)}),
    reverse=lambda f: f.bs.transform.for_loop(lambda x: x**2, _xs(f), reverse=True),
    nested=lambda f: f.bs.transform.for_loop(lambda x: f.bs.transform.for_loop(lambda y: x * y, _xs(f)), _xs(f)),
    state=_with_state(lambda f: f.array(1.0), lambda f, s, x: s * x),
    state_reverse=_with_state(lambda f: f.array([1.0, 2.0]), lambda f, s, x: s + x, result=lambda v: v[0]),
    state_number=_with_state(1.0, lambda f, s, x: s + x),
    state_integer_becomes_real=_with_state(0, lambda f, s, x: s + x),
    state_tree=_with_state(lambda f: {"a": f.array(0.0)}, lambda f, s, x: {"a": s["a"] + x}),
    state_unit=_with_state(lambda f: f.q(0.0, "mV"), lambda f, s, x: s + x * f.u.volt),
    checkpointed=_with_state(lambda f: f.array(1.0), lambda f, s, x: s * x, "checkpointed_for_loop"),
)
_raises(
    "for_loop raises",
    "TypeError",
    state_shape=_with_state(lambda f: f.array(0.0), lambda f, s, x: f.np.stack([x, x])),
    state_dtype=_with_state(lambda f: f.array([0, 0, 0]), lambda f, s, x: s + x),
    state_real_becomes_integer=_with_state(0.0, lambda f, s, x: 1),
)
_raises(
    "for_loop raises",
    "ValueError",
    state_structure=_with_state(lambda f: f.array(0.0), lambda f, s, x: (s, s)),
)
differs("a State changes its dimension", "refused where it is written", ours="UnitMismatchError", theirs="ValueError")(
    lambda f: f.error(lambda: _with_state(lambda f: f.q(0.0, "mV"), lambda f, s, x: x * f.u.ms)(f))
)


@case("an error in a step leaves the States")
def _(f):
    state = f.state(1.0)

    def step(x):
        state.value = state.value + x
        raise KeyError("here")

    return f.error(lambda: f.bs.transform.for_loop(step, _xs(f))), state


def _loss(loop, **options):
    def body(f):
        w = f.param(0.9)

        def loss(x):
            step = lambda c, y: (f.np.tanh(w.value * c + y), c**2)
            c, ys = getattr(f.bs.transform, loop)(step, x, _xs(f), **options)
            return c + f.np.sum(ys)

        return f.grad(loss, w, argnums=0, return_value=True)(f.array(0.3))

    return body


def _double(f, **options):
    name = "bounded_while_loop" if options else "while_loop"
    return lambda x: getattr(f.bs.transform, name)(lambda v: v < 10.0, lambda v: v * 2.0, x, **options)


cases.table(
    "gradient of",
    scan=_loss("scan"),
    scan_reverse=_loss("scan", reverse=True),
    checkpointed_scan=_loss("checkpointed_scan", base=2),
    second_order=lambda f: f.grad(f.grad(lambda x: f.bs.transform.scan(lambda c, y: (c * x, None), 1.0, _xs(f))[0]))(
        f.array(2.0)
    ),
    bounded_while_loop=lambda f: f.grad(_double(f, max_steps=8))(f.array(1.5)),
    cond=lambda f: [
        f.grad(lambda x: f.bs.transform.cond(x > 1, lambda: x**2, lambda: -x))(f.array(x)) for x in (0.5, 2.0)
    ],
    switch=lambda f: f.grad(lambda x: f.bs.transform.switch(1, [f.np.sin, f.np.exp], x))(f.array(2.0)),
    unit=lambda f: f.grad(
        lambda x: f.bs.transform.scan(lambda c, y: (c + x * y, None), 0.0 * f.u.mV, _xs(f))[0], unit_aware=True
    )(f.q(2.0, "mV")),
)

differs("gradient of while_loop", "a Python loop has derivatives", ours=8.0, theirs="ValueError")(
    lambda f: (
        float(f.grad(_double(f))(f.array(1.5))) if f.is_ours() else f.error(lambda: f.grad(_double(f))(f.array(1.5)))
    )
)


def _while(cond, body, init, **options):
    name = "bounded_while_loop" if options else "while_loop"
    return lambda f: getattr(f.bs.transform, name)(
        lambda v: cond(f, v), lambda v: body(f, v), init(f) if callable(init) else init, **options
    )


def _small(f, v):
    return v < 3


cases.table(
    "while",
    integers=_while(_small, lambda f, v: v + 1, 0),
    integer_becomes_real=_while(_small, lambda f, v: v + 1.5, 0),
    tree=_while(
        lambda f, v: v["n"] < 3,
        lambda f, v: {"n": v["n"] + 1, "x": v["x"] * 2.0},
        lambda f: {"n": 0, "x": f.array([1.0])},
    ),
    nothing=_while(lambda f, v: False, lambda f, v: v, None),
    units=_while(lambda f, v: v < 3 * f.u.mV, lambda f, v: v + 1.0 * f.u.mV, lambda f: f.q(0.0, "mV")),
    bounded=_while(_small, lambda f, v: v + 1, 0, max_steps=10),
    bounded_by_the_bound=_while(_small, lambda f, v: v + 1, 0, max_steps=2, base=2),
    bounded_without_steps=_while(_small, lambda f, v: v + 1, 0, max_steps=0),
    lanes=lambda f: f.bs.transform.vmap(_double(f))(f.array([1.0, 20.0, 4.0])),
    bounded_lanes=lambda f: f.bs.transform.vmap(_double(f, max_steps=2, base=2))(f.array([1.0, 20.0, 4.0])),
)
_raises(
    "while raises",
    "TypeError",
    shape=_while(lambda f, v: f.np.sum(v) < 3, lambda f, v: f.np.stack([v, v]), lambda f: f.array(1.0)),
    structure=_while(_small, lambda f, v: (v, v), 0),
    dtype=_while(lambda f, v: f.np.sum(v) < 3, lambda f, v: v + 1.5, lambda f: f.array([0, 0])),
    condition_integer=_while(lambda f, v: v, lambda f, v: v - 1, 3),
    condition_none=_while(lambda f, v: None, lambda f, v: v - 1, 3),
    condition_vector=_while(_small, lambda f, v: v + 1, _xs),
    condition_tuple=_while(lambda f, v: (v < 3,), lambda f, v: v + 1, 3),
    not_callable=lambda f: f.bs.transform.while_loop(3, lambda v: v, 0),
    bounded_shape=_while(
        lambda f, v: f.np.sum(v) < 3, lambda f, v: f.np.stack([v, v]), lambda f: f.array(1.0), max_steps=2
    ),
)
_raises(
    "while raises",
    "ValueError",
    negative_bound=_while(_small, lambda f, v: v, 0, max_steps=-1),
    real_bound=_while(_small, lambda f, v: v, 0, max_steps=2.5),
    base=_while(_small, lambda f, v: v, 0, max_steps=2, base=1),
)


@case("while: a State counts")
def _(f):
    state = f.state(0.0)

    def body(v):
        state.value = state.value + v
        return v

    return f.bs.transform.while_loop(lambda v: state.value < 5.0, body, 2.0), state


@case("while raises: the condition writes", raises="ValueError")
def _(f):
    state = f.state(0.0)

    def condition(v):
        state.value = state.value + 1
        return state.value < 5

    return f.bs.transform.while_loop(condition, lambda v: v, 0.0)


def _cond(pred, true=lambda f: 1, false=lambda f: 2):
    return lambda f: f.bs.transform.cond(pred(f) if callable(pred) else pred, lambda: true(f), lambda: false(f))


cases.table(
    "cond",
    true=_cond(True),
    false=_cond(False),
    number=_cond(2),
    zero=_cond(0.0),
    nan=_cond(float("nan")),
    array=_cond(lambda f: f.array(0.5)),
    quantity=_cond(lambda f: f.q(0.0, "mV")),
    none_results=_cond(True, lambda f: None, lambda f: None),
    units=_cond(True, lambda f: f.q(1.0, "mV"), lambda f: f.q(2.0, "mV")),
    tree=_cond(True, lambda f: {"a": (1, 2.0)}, lambda f: {"a": (3, 4.0)}),
    operands=lambda f: f.bs.transform.cond(
        True, lambda x, y: f.np.exp(x) + y["a"], lambda x, y: x, 1.0, {"a": f.array(2.0)}
    ),
    lanes=lambda f: f.bs.transform.vmap(lambda x: f.bs.transform.cond(x > 1, lambda: x * 2, lambda: -x))(_xs(f)),
    lanes_with_numbers=lambda f: f.bs.transform.vmap(lambda x: f.bs.transform.cond(x > 1, lambda: x, lambda: 0.5))(
        _xs(f)
    ),
    lanes_with_units=lambda f: f.bs.transform.vmap(
        lambda x: f.bs.transform.cond(x > 1, lambda: x * f.u.mV, lambda: -x * f.u.mV)
    )(_xs(f)),
)
_raises(
    "cond raises",
    "TypeError",
    none=_cond(None),
    list=_cond([True]),
    text=_cond("a"),
    complex=_cond(1j),
    vector=_cond(lambda f: f.array([True])),
    dict=_cond({}),
    not_callable=lambda f: f.bs.transform.cond(True, 1, 2),
)


def _in_lanes(true, false):
    return lambda f: f.bs.transform.vmap(lambda p: f.bs.transform.cond(p, lambda: true(f), lambda: false(f)))(
        f.array([True, False])
    )


_raises(
    "cond in lanes raises",
    "TypeError",
    kinds=_in_lanes(lambda f: 1, lambda f: 2.0),
    shapes=_in_lanes(_xs, lambda f: 0.0),
    structures=_in_lanes(lambda f: (1,), lambda f: [1]),
    units=_in_lanes(lambda f: f.q(1.0, "mV"), lambda f: f.q(1.0, "volt")),
    none=_in_lanes(lambda f: None, lambda f: 1),
    boolean_and_integer=_in_lanes(lambda f: True, lambda f: 1),
    widths=_in_lanes(lambda f: f.array(1.0, "float16"), lambda f: f.array(1.0)),
)

differs("cond: branches that disagree", "the other branch does not run", ours=1, theirs="TypeError")(
    lambda f: (
        int(_cond(True, lambda f: 1, lambda f: 2.0)(f))
        if f.is_ours()
        else f.error(lambda: _cond(True, lambda f: 1, lambda f: 2.0)(f))
    )
)
differs("cond: an error in the other branch", "it does not run", ours=1, theirs="ZeroDivisionError")(
    lambda f: (
        int(_cond(True, false=lambda f: 1 / 0)(f))
        if f.is_ours()
        else f.error(lambda: _cond(True, false=lambda f: 1 / 0)(f))
    )
)


@case("cond: a State written in one branch")
def _(f):
    a, b = f.state(1.0), f.state(2.0)

    def true(x):
        a.value = b.value + x

    def false(x):
        b.value = a.value * x

    for pred in (True, False, True):
        f.bs.transform.cond(pred, true, false, 3.0)
    return a, b


@case("cond: a State in lanes")
def _(f):
    state = f.state([1.0, 2.0, 3.0])

    def write(x):
        state.value = state.value + x

    f.bs.transform.vmap(lambda x: f.bs.transform.cond(x > 1, write, lambda x: None, x), in_states=state)(_xs(f))
    return state


def _switch(index, count=3):
    return lambda f: f.bs.transform.switch(index, [lambda x: x, lambda x: 10 * x, lambda x: -x][:count], f.array(2.0))


cases.table(
    "switch",
    first=_switch(0),
    below=_switch(-5),
    above=_switch(9),
    single=_switch(9, 1),
    array=lambda f: f.bs.transform.switch(f.array(1), [lambda: 1, lambda: 2]),
    lanes=lambda f: f.bs.transform.vmap(lambda i: f.bs.transform.switch(i, [lambda: 1.0, lambda: 2.0, lambda: 3.0]))(
        f.array([-1, 1, 7])
    ),
)
_raises(
    "switch raises",
    "TypeError",
    boolean=_switch(True),
    real=_switch(1.5),
    none=_switch(None),
    list=_switch([0]),
    real_for_single=_switch(1.5, 1),
    not_callable=lambda f: f.bs.transform.switch(0, [abs, 3]),
)
_raises("switch raises", "ValueError", empty=_switch(0, 0))


def _ifelse(conditions, **options):
    return lambda f: f.bs.transform.ifelse(conditions, [lambda: 1, lambda: 2, lambda: 3][: len(conditions)], **options)


cases.table(
    "ifelse",
    second=_ifelse([False, True, False]),
    single=_ifelse([False]),
    unchecked_first=_ifelse([False, True, True], check_cond=False),
    unchecked_last=_ifelse([False, False, False], check_cond=False),
    array=lambda f: f.bs.transform.ifelse(f.array([False, True]), [lambda: 1, lambda: 2]),
    lanes=lambda f: f.bs.transform.vmap(
        lambda x: f.bs.transform.ifelse([x < 2, x == 2, x > 2], [lambda: -x, lambda: x * 0, lambda: x])
    )(_xs(f)),
)
_raises(
    "ifelse raises",
    "ValueError",
    empty=_ifelse([]),
    lengths=lambda f: f.bs.transform.ifelse([True, False], [lambda: 1]),
)


def _checkify(body, x, errors="user_checks"):
    def run(f):
        error, out = f.bs.transform.checkify(lambda x: body(f, x), errors=getattr(f.bs.transform, errors))(f.array(x))
        return error.get() is None, out

    return run


def _positive(f, x):
    f.bs.transform.check(x > 0, "x is {x}", x=x)
    return 2 * x


cases.table(
    "checkify",
    holds=_checkify(_positive, 1.0),
    fails=_checkify(_positive, -1.0),
    not_asked=_checkify(_positive, -1.0, "float_checks"),
    nan=_checkify(lambda f, x: f.np.log(x), -1.0, "nan_checks"),
    nan_not_asked=_checkify(lambda f, x: f.np.log(x), -1.0),
    division=_checkify(lambda f, x: 1 / x, 0.0, "div_checks"),
    all=_checkify(lambda f, x: x + 1, 0.0, "all_checks"),
    unvmap=lambda f: f.bs.transform.vmap(lambda x: x * f.bs.transform.unvmap(x, "max"))(_xs(f)),
    unvmap_any=lambda f: f.bs.transform.unvmap(_xs(f) > 3),
    no_error=lambda f: f.bs.transform.jit_error_if(f.array([False]), "bad"),
)


def _text_of(call):
    """The message of a ValueError, of whatever class, up to what the library adds."""
    try:
        call()
    except ValueError as error:
        return str(error).partition(" (")[0]


cases.table(
    "check raises",
    fails=lambda f: _text_of(lambda: _positive(f, f.array(-1.0))),
    handed_on=lambda f: _text_of(
        lambda: f.bs.transform.check_error(f.bs.transform.checkify(lambda x: _positive(f, x))(f.array(-1.0))[0])
    ),
)
_raises("unvmap raises", "ValueError", operation=lambda f: f.bs.transform.unvmap(_xs(f), "min"))
_raises(
    "check raises",
    "TypeError",
    vector=lambda f: f.bs.transform.check(_xs(f) > 0, "bad"),
    number=lambda f: f.bs.transform.check(1, "bad"),
    not_callable=lambda f: f.bs.transform.jit_error_if(True, 3),
    no_predicate=lambda f: f.bs.transform.jit_error_if(None, "bad"),
)


@case("checkify: States are written though a check fails")
def _(f):
    state = f.state(1.0)

    def body(x):
        state.value = state.value + x
        return _positive(f, x)

    f.bs.transform.checkify(body)(f.array(-3.0))
    return state


@cases.parametrised()
def test_control_flow(case, engine):
    case.check(engine)
