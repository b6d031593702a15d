"""jit: results, dtypes, units, States, gradients, loops, branches, maps and errors of compiled programs."""

import dataclasses

import numpy as np
import pytest

import brainstate_torch

from . import test_control_flow_cases as control_flow
from .frameworks import OURS, Cases, Framework

cases = Cases()
case, differs = cases.case, cases.differs


def _xs(f):
    return f.array([1.0, 2.0, 4.0])


def _jit(body, *args, calls=1, **options):
    """A case: a compiled function of arrays, called so many times."""

    def run(f):
        compiled = f.jit(lambda *xs, **named: body(f, *xs, **named), **options)
        given = [x(f) if callable(x) else f.array(x) for x in args]
        return [compiled(*given) for _ in range(calls)]

    return run


def _raises(group, error, **bodies):
    for name, body in bodies.items():
        case(f"{group}: {name.replace('_', ' ')}", raises=error)(body)


cases.table(
    "results",
    array=_jit(lambda f, x: 2 * x + 1, 3.0),
    no_result=_jit(lambda f, x: None, 3.0),
    tree=_jit(lambda f, x: {"a": (x, x * 2), "b": [x - 1, None]}, 3.0),
    number=_jit(lambda f, x: 3, 1.0),
    real_number=_jit(lambda f, x: 2.5, 1.0),
    truth=_jit(lambda f, x: x > 0, 1.0),
    the_argument=_jit(lambda f, x: x, 1.0),
    the_argument_twice=_jit(lambda f, x: (x, x, x * 1), 1.0),
    no_argument=_jit(lambda f: f.array([1.0, 2.0]) * 2),
    integers=_jit(lambda f, x: x // 2 + x % 2, 7),
    integers_meet_numbers=_jit(lambda f, x: (x + 1, x * 2.0), 7),
    booleans=_jit(lambda f, x: ~x, [True, False]),
    complex=_jit(lambda f, x: x * 1j, 2.0),
    half=_jit(lambda f, x: x * 2, lambda f: f.array(1.5, "float16")),
    matrix=_jit(lambda f, a, b: a @ b, [[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]),
    indexing=_jit(lambda f, x: (x[0], x[-1], x[1:], x[None]), _xs),
    python_number_argument=_jit(lambda f, x: x * 2, lambda f: 3.0),
    python_integer_argument=_jit(lambda f, x: x * 2, lambda f: 3),
    python_truth_argument=_jit(lambda f, x: f.np.where(x, 1.0, 2.0), lambda f: True),
    numpy_argument=_jit(lambda f, x: x * 2, lambda f: np.arange(3.0)),
    dict_argument=_jit(lambda f, d: d["a"] - d["b"][0], lambda f: {"a": f.array(1.0), "b": [f.array(3.0), None]}),
    keyword=lambda f: f.jit(lambda x, *, k: x * k)(f.array(2.0), k=f.array(3.0)),
    keyword_defaults=lambda f: f.jit(lambda x, k=3.0: x * k)(f.array(2.0)),
    several_calls=_jit(lambda f, x: x + 1, 1.0, calls=3),
    other_shapes=lambda f: (lambda g: [g(f.array(x)) for x in (1.0, [1.0, 2.0], [[1.0]])])(f.jit(lambda x: x * 2)),
    other_dtypes=lambda f: (lambda g: [g(f.array(x)) for x in (1.0, 2, 1j)])(f.jit(lambda x: x * 2)),
    other_structures=lambda f: (lambda g: [g({"a": f.array(1.0)}), g({"a": f.array(1.0), "b": 2.0})])(
        f.jit(lambda d: {**d, "n": len(d)})
    ),
    decorator=lambda f: f.jit(f.jit(lambda x: x * 2))(f.array(2.0)),
    chained_functions=_jit(lambda f, x: f.jit(lambda y: f.np.sin(y))(x) * 2, 0.5),
    closure=lambda f: (lambda a: f.jit(lambda x: x * a)(f.array(2.0)))(f.array([1.0, 2.0])),
    constant_closure=lambda f: (lambda a: f.jit(lambda: a)())(f.array([1.0, 2.0])),
    origin=lambda f: f.jit(len).origin_fun is len,
)

cases.table(
    "static",
    argument=lambda f: [f.jit(lambda x, n: x * n if n > 1 else -x, static_argnums=1)(f.array(2.0), n) for n in (1, 3)],
    first=lambda f: f.jit(lambda n, x: x * n, static_argnums=0)(3, f.array(2.0)),
    tuple_of_places=lambda f: f.jit(lambda a, x, b: x * len(a) + len(b), static_argnums=(0, 2))("ab", f.array(2.0), ()),
    name=lambda f: f.jit(lambda x, mode: x if mode == "id" else -x, static_argnames="mode")(f.array(2.0), mode="neg"),
    names=lambda f: f.jit(lambda x, a, b: x * a + b, static_argnames=("a", "b"))(f.array(2.0), a=2, b=1),
    function=lambda f: f.jit(lambda g, x: g(x), static_argnums=0)(f.np.sin, f.array(2.0)),
    none=lambda f: f.jit(lambda x, y: x if y is None else y, static_argnums=1)(f.array(2.0), None),
    text=lambda f: f.jit(lambda x, y: {y: x}, static_argnums=1)(f.array(2.0), "key"),
    loop_length=lambda f: [
        f.jit(lambda n: f.bs.transform.for_loop(lambda i: i * 2, f.array(np.arange(n))), static_argnums=0)(n)
        for n in (2, 3)
    ],
    seen_by_python=lambda f: _seen(f),
)


def _seen(f):
    """How often Python runs: once per kind of arguments."""
    seen = []

    def fun(x, n):
        seen.append(n)
        return x * n

    compiled = f.jit(fun, static_argnums=1)
    for n in (1, 2, 1, 2, 1):
        compiled(f.array(1.0), n)
    compiled(f.array([1.0]), 1)
    return sorted(seen)


_raises(
    "refused",
    "TypeError",
    text_argument=_jit(lambda f, x: 1, lambda f: "text"),
    object_argument=_jit(lambda f, x: 1, lambda f: object()),
    too_many=_jit(lambda f: 1, 1.0),
    branches_of_two_shapes=_jit(
        lambda f, x: f.bs.transform.cond(x > 0, lambda: f.array([1.0]), lambda: f.array(1.0)), 1.0
    ),
    branches_of_two_dtypes=_jit(lambda f, x: f.bs.transform.cond(x > 0, lambda: 1, lambda: 1.0), 1.0),
    branches_of_two_structures=_jit(lambda f, x: f.bs.transform.cond(x > 0, lambda: (x,), lambda: x), 1.0),
    branches_of_two_units=_jit(lambda f, x: f.bs.transform.cond(x > 0, lambda: x * f.u.mV, lambda: x * f.u.ms), 1.0),
    carry_of_another_shape=_jit(lambda f, x: f.bs.transform.scan(lambda c, y: (f.np.stack([c, c]), y), x, _xs(f)), 1.0),
    carry_of_another_dtype=_jit(lambda f, x: f.bs.transform.scan(lambda c, y: (c * 1.5, y), x, _xs(f)), 1),
    while_of_another_shape=_jit(
        lambda f, x: f.bs.transform.while_loop(lambda v: v.sum() < 3, lambda v: f.np.stack([v, v]), x), 1.0
    ),
    condition_of_three=_jit(lambda f, x: f.bs.transform.cond(x > 0, lambda: 1, lambda: 2), _xs),
)
_raises(
    "refused",
    "ValueError",
    negative_place=lambda f: f.jit(lambda x: x, static_argnums=-1),
    unhashable_static=lambda f: f.jit(lambda x, n: x, static_argnums=1)(f.array(1.0), [1]),
    state_argument=lambda f: f.jit(lambda s: s.value)(f.state(1.0)),
    lengths_differ=_jit(lambda f, x, y: f.bs.transform.for_loop(lambda a, b: a, x, y), [1.0], [1.0, 2.0]),
    condition_writes=lambda f: _condition_writes(f),
    no_length=_jit(lambda f, x: f.bs.transform.for_loop(lambda: x), 1.0),
    no_pair=_jit(lambda f, x: f.bs.transform.scan(lambda c, y: (c, y, y), x, _xs(f)), 1.0),
)


for _name, _number in (("real", float), ("whole", int), ("truth", bool)):
    differs(
        f"refused: the {_name} number of an array",
        "an error of its own, which is a TypeError, too",
        ours="ConcretizationError",
        theirs="TypeError",
    )(lambda f, number=_number: f.error(lambda: f.jit(lambda x: x * number(x))(f.array(1.0))))


def _condition_writes(f):
    state = f.state(0.0)

    def condition(v):
        state.value = state.value + 1
        return v < 3

    return f.jit(lambda x: f.bs.transform.while_loop(condition, lambda v: v + 1, x))(f.array(0.0))


def _states(body, *inits, calls=2, arg=3.0):
    """A case: a compiled function of an array and States, called twice; its results and the States."""

    def run(f):
        states = [init(f) if callable(init) else f.state(init) for init in inits]
        compiled = f.jit(lambda x: body(f, x, *states))
        return [compiled(f.array(arg)) for _ in range(calls)], states

    return run


def _write(state, value):
    state.value = value


cases.table(
    "States",
    read=_states(lambda f, x, s: s.value * x, 2.0),
    written=_states(lambda f, x, s: _write(s, s.value + x), 2.0),
    written_without_reading=_states(lambda f, x, s: _write(s, x * 2), 2.0),
    written_twice=_states(lambda f, x, s: (_write(s, x * 2), _write(s, s.value + 1)), 2.0),
    written_with_its_own_value=_states(lambda f, x, s: _write(s, s.value), 2.0),
    exchanged=_states(lambda f, x, s, t: (lambda a, b: (_write(s, b), _write(t, a)))(s.value, t.value), 1.0, 2.0),
    one_read_one_written=_states(lambda f, x, s, t: _write(t, s.value * x), 2.0, 0.0),
    tree=_states(
        lambda f, x, s: _write(s, {"a": s.value["a"] + x, "b": (s.value["b"][0] * 2,)}),
        lambda f: f.bs.State({"a": f.array(1.0), "b": (f.array([1.0, 2.0]),)}),
    ),
    number=_states(lambda f, x, s: _write(s, s.value + 1), lambda f: f.bs.State(1)),
    real_number=_states(lambda f, x, s: _write(s, s.value * x), lambda f: f.bs.State(1.5)),
    number_becomes_an_array=_states(lambda f, x, s: _write(s, x), lambda f: f.bs.State(1.5)),
    unit=_states(lambda f, x, s: _write(s, s.value + x * f.u.mV), lambda f: f.bs.State(f.q(1.0, "mV"))),
    unit_of_another_scale=_states(
        lambda f, x, s: _write(s, s.value + x * f.u.mV), lambda f: f.bs.State(f.q(1, "volt"))
    ),
    parameter=_states(lambda f, x, s: _write(s, s.value - 0.1 * x), lambda f: f.param([1.0, 2.0])),
    short_term=_states(lambda f, x, s: _write(s, s.value * x), lambda f: f.bs.ShortTermState(f.array([1.0, 2.0]))),
    hidden=_states(lambda f, x, s: _write(s, s.value * x), lambda f: f.bs.HiddenState(f.array([1.0, 2.0]))),
    another_shape=_states(lambda f, x, s: _write(s, f.np.stack([s.value, x])), 1.0, calls=1),
    another_dtype=_states(lambda f, x, s: _write(s, s.value * x), lambda f: f.state(2)),
    changed_between_calls=lambda f: _changed_between_calls(f),
    reshaped_between_calls=lambda f: _changed_between_calls(f, [1.0, 2.0]),
    made_inside=_states(lambda f, x: (lambda s: (_write(s, s.value + x), s.value)[1])(f.state(1.0))),
    in_a_method=lambda f: _method(f),
    in_a_module=lambda f: _module(f),
    error=lambda f: _error(f),
)


def _changed_between_calls(f, other=5.0):
    state = f.state(1.0)
    compiled = f.jit(lambda x: state.value * x)
    first = compiled(f.array(2.0))
    state.value = f.array(other)
    return first, compiled(f.array(2.0)), state


def _method(f):
    class Counter:
        def __init__(self):
            self.n = f.state(0.0)

        def step(self, x):
            self.n.value = self.n.value + x
            return self.n.value * 2

    a, b = Counter(), Counter()
    steps = [f.jit(counter.step) for counter in (a, b)]
    return [step(f.array(x)) for x in (1.0, 2.0) for step in steps], a.n, b.n


def _module(f):
    class Model(f.bs.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = f.param([[1.0, 2.0], [3.0, 4.0]])
            self.h = f.bs.HiddenState(f.array([0.0, 0.0]))

        def update(self, x):
            self.h.value = f.np.tanh(self.h.value @ self.w.value + x)
            return self.h.value

    model = Model()
    step = f.jit(model)
    return [step(f.array([0.1, 0.2])) for _ in range(3)], model.h


def _error(f):
    state = f.state(1.0)

    def fail(x):
        state.value = state.value + x
        raise KeyError("here")

    return f.error(lambda: f.jit(fail)(f.array(1.0))), state


cases.table(
    "units",
    argument=_jit(lambda f, v: v * 2, lambda f: f.q([1.0, 2.0], "mV")),
    result=_jit(lambda f, x: x * f.u.mV, 2.0),
    product=_jit(lambda f, v, t: v * t, lambda f: f.q(2.0, "mV"), lambda f: f.q(3.0, "ms")),
    ratio=_jit(lambda f, v, w: v / w, lambda f: f.q(2.0, "mV"), lambda f: f.q(3.0, "volt")),
    sum_of_scales=_jit(lambda f, v, w: v + w, lambda f: f.q(2.0, "mV"), lambda f: f.q(3.0, "volt")),
    comparison=_jit(lambda f, v: v > 1 * f.u.mV, lambda f: f.q([0.0, 2.0], "mV")),
    tree=_jit(lambda f, d: {"r": d["v"] / d["i"]}, lambda f: {"v": f.q(2.0, "mV"), "i": f.q(4.0, "mA")}),
    two_units=lambda f: (lambda g: [g(f.q(1.0, "mV")), g(f.q(1.0, "volt")), g(f.array(1.0))])(f.jit(lambda v: v * 2)),
)


def _loss(f, w):
    return lambda x: f.np.sum(f.np.tanh(w.value * x) ** 2)


def _cube(f):
    return lambda x: f.np.sum(x**3)


cases.table(
    "derivatives",
    grad=_jit(lambda f, x: f.grad(_cube(f))(x), _xs),
    grad_of_jit=lambda f: f.grad(f.jit(_cube(f)))(_xs(f)),
    second=_jit(lambda f, x: f.grad(f.grad(lambda y: y**3))(x), 2.0),
    hessian=_jit(lambda f, x: f.bs.transform.hessian(_cube(f))(x), _xs),
    jacrev=_jit(lambda f, x: f.bs.transform.jacrev(lambda y: y**2)(x), _xs),
    jacfwd=_jit(lambda f, x: f.bs.transform.jacfwd(lambda y: y**2)(x), _xs),
    vector_grad=_jit(lambda f, x: f.vector_grad(lambda y: y**2)(x), _xs),
    of_a_state=lambda f: (lambda w: f.jit(lambda x: f.grad(_loss(f, w), w)(x))(_xs(f)))(f.param(0.5)),
    value_and_aux=lambda f: (
        lambda w: f.jit(
            lambda x: f.grad(lambda y: (_loss(f, w)(y), y * 2), w, argnums=0, has_aux=True, return_value=True)(x)
        )(_xs(f))
    )(f.param(0.5)),
    descent=lambda f: _descent(f),
    unit=lambda f: f.jit(lambda v: f.grad(lambda y: (y**2).sum(), unit_aware=True)(v))(f.q([1.0, 2.0], "mV")),
    jit_inside_grad_inside_jit=_jit(lambda f, x: f.grad(f.jit(_cube(f)))(x), _xs),
    write_inside=lambda f: _write_inside(f),
)


def _descent(f):
    w = f.param([1.0, -2.0])

    def step(x):
        gradient = f.grad(_loss(f, w), w)(x)
        w.value = w.value - 0.5 * gradient
        return w.value

    step = f.jit(step)
    return [step(f.array([1.0, 0.5])) for _ in range(3)], w


def _write_inside(f):
    count = f.state(0.0)

    def loss(x):
        count.value = count.value + x
        return count.value * x

    return f.jit(f.grad(loss))(f.array(3.0)), count


def _count(f):
    """A State and a step that adds to it."""
    state = f.state(0.0)

    def step(x):
        state.value = state.value + x
        return state.value * x

    return state, step


def _with_count(body, arg=_xs, calls=2):
    def run(f):
        state, step = _count(f)
        compiled = f.jit(lambda x: body(f, step, x))
        return [compiled(arg(f)) for _ in range(calls)], state

    return run


cases.table(
    "loops in programs",
    for_loop=_with_count(lambda f, step, x: f.bs.transform.for_loop(step, x)),
    reverse=_with_count(lambda f, step, x: f.bs.transform.for_loop(step, x, reverse=True)),
    unrolled=_with_count(lambda f, step, x: f.bs.transform.for_loop(step, x, unroll=2)),
    checkpointed=_with_count(lambda f, step, x: f.bs.transform.checkpointed_for_loop(step, x, base=2)),
    nested=_with_count(
        lambda f, step, x: f.bs.transform.for_loop(lambda a: f.bs.transform.for_loop(lambda b: step(a * b), x), x)
    ),
    scan=_jit(lambda f, x: f.bs.transform.scan(lambda c, y: (c * y + 1, c), f.array(1.0), x), _xs),
    scan_of_a_number=_jit(lambda f, x: f.bs.transform.scan(lambda c, y: (c + y, c), 0, x), _xs),
    scan_of_a_tree=_jit(
        lambda f, x: f.bs.transform.scan(
            lambda c, y: ({"a": c["b"], "b": c["a"] + y}, (c["a"], None)), {"a": f.array(0.0), "b": f.array(1.0)}, x
        ),
        _xs,
    ),
    scan_of_units=_jit(
        lambda f, x: f.bs.transform.scan(lambda c, y: (c + y * f.u.mV, c * (y * f.u.ms)), 0.0 * f.u.mV, x), _xs
    ),
    no_steps=_jit(lambda f, x: f.bs.transform.for_loop(lambda y: y * 2, x), lambda f: f.array([])),
    one_step=_with_count(lambda f, step, x: f.bs.transform.for_loop(step, x[:1])),
    length_alone=_jit(lambda f, x: f.bs.transform.scan(lambda c, _: (c * 2, c), x, None, length=3), 1.0),
    grad_of_scan=_jit(
        lambda f, x: f.grad(
            lambda y: f.bs.transform.scan(lambda c, z: (f.np.tanh(c * y + z), None), y, f.array([0.3, -0.2]))[0]
        )(x),
        0.3,
    ),
    grad_by_the_inputs=_jit(
        lambda f, x: f.grad(lambda y: f.bs.transform.scan(lambda c, z: (f.np.sin(c * z), None), 0.5, y)[0])(x), _xs
    ),
    grad_by_the_outputs=_jit(
        lambda f, x: f.grad(lambda y: f.np.sum(f.bs.transform.scan(lambda c, z: (c * y, c * z), 1.0, _xs(f))[1]))(x),
        0.7,
    ),
    second_derivative=_jit(
        lambda f, x: f.grad(
            f.grad(lambda y: f.bs.transform.scan(lambda c, z: (f.np.sin(c * y), None), 1.0, _xs(f))[0])
        )(x),
        0.7,
    ),
    grad_of_a_state=lambda f: (
        lambda w: f.jit(
            lambda x: f.grad(
                lambda: f.np.sum(f.bs.transform.for_loop(lambda y: f.np.tanh(w.value * y), x)), w, return_value=True
            )()
        )(_xs(f))
    )(f.param([0.5, -0.3])),
    grad_of_a_checkpointed_loop=_jit(
        lambda f, x: f.grad(
            lambda y: f.bs.transform.checkpointed_scan(
                lambda c, z: (f.np.tanh(c * y + z), None), y, f.array([0.3, -0.2]), base=2
            )[0]
        )(x),
        0.3,
    ),
    lanes_of_a_loop=_jit(
        lambda f, x: f.bs.transform.vmap(
            lambda y: f.bs.transform.scan(lambda c, z: (c * y + z, c), f.array(0.0), _xs(f))
        )(x),
        _xs,
    ),
    loop_of_lanes=_jit(lambda f, x: f.bs.transform.for_loop(lambda y: f.bs.transform.vmap(lambda z: z * y)(x), x), _xs),
    descent_in_a_loop=lambda f: _descent_in_a_loop(f),
)


def _descent_in_a_loop(f):
    w = f.param(1.0)

    def step(x):
        gradient, value = f.grad(lambda: (w.value * x - 1.0) ** 2, w, return_value=True)()
        w.value = w.value - 0.1 * gradient
        return value

    return f.jit(lambda xs: f.bs.transform.for_loop(step, xs))(f.array([1.0, 0.5, 2.0])), w


cases.table(
    "loops with a condition in programs",
    double=_jit(lambda f, x: f.bs.transform.while_loop(lambda v: v < 10.0, lambda v: v * 2.0, x), 1.5),
    not_once=_jit(lambda f, x: f.bs.transform.while_loop(lambda v: v < 10.0, lambda v: v * 2.0, x), 15.0),
    tree=_jit(
        lambda f, x: f.bs.transform.while_loop(
            lambda v: v["n"] < 4, lambda v: {"n": v["n"] + 1, "x": v["x"] * 2}, {"n": 0, "x": x}
        ),
        _xs,
    ),
    number=_jit(lambda f, x: f.bs.transform.while_loop(lambda v: v < x, lambda v: v + 2, 0), 5),
    units=_jit(
        lambda f, v: f.bs.transform.while_loop(lambda v: v < 9 * f.u.mV, lambda v: v * 2, v), lambda f: f.q(1.0, "mV")
    ),
    state=_with_count(
        lambda f, step, x: f.bs.transform.while_loop(lambda v: v < 3, lambda v: v + step(v) * 0 + 1, x),
        lambda f: f.array(0.0),
    ),
    bounded=_jit(
        lambda f, x: f.bs.transform.bounded_while_loop(lambda v: v < 10.0, lambda v: v * 2.0, x, max_steps=2), 1.5
    ),
    bounded_gradient=_jit(
        lambda f, x: f.grad(
            lambda y: f.bs.transform.bounded_while_loop(lambda v: v < 10.0, lambda v: v * y, y, max_steps=6)
        )(x),
        1.5,
    ),
    lanes=_jit(
        lambda f, x: f.bs.transform.vmap(lambda y: f.bs.transform.while_loop(lambda v: v < 10.0, lambda v: v * 2.0, y))(
            x
        ),
        lambda f: f.array([1.0, 20.0, 4.0]),
    ),
    forward_derivative=_jit(
        lambda f, x: f.bs.transform.jacfwd(lambda y: f.bs.transform.while_loop(lambda v: v < 10.0, lambda v: v * y, y))(
            x
        ),
        1.5,
    ),
)
_raises(
    "refused",
    "ValueError",
    backward_through_while=_jit(
        lambda f, x: f.grad(lambda y: f.bs.transform.while_loop(lambda v: v < 10.0, lambda v: v * y, y))(x), 1.5
    ),
)


def _both(body):
    """A case: a compiled function with a branch, called so that either is taken."""
    return lambda f: (lambda g: [g(f.array(x)) for x in (-1.5, 0.0, 2.0)])(f.jit(lambda x: body(f, x)))


cases.table(
    "branches in programs",
    cond=_both(lambda f, x: f.bs.transform.cond(x > 0, lambda: x * 2, lambda: -x)),
    cond_of_operands=_both(lambda f, x: f.bs.transform.cond(x > 0, lambda a, b: a * b, lambda a, b: a - b, x, 2.0)),
    cond_of_a_number=_both(lambda f, x: f.bs.transform.cond(x, lambda: 1, lambda: 2)),
    cond_of_units=_both(lambda f, x: f.bs.transform.cond(x > 0, lambda: x * f.u.mV, lambda: -x * f.u.mV)),
    cond_of_trees=_both(lambda f, x: f.bs.transform.cond(x > 0, lambda: {"a": (x, 1)}, lambda: {"a": (-x, 2)})),
    cond_without_results=_both(lambda f, x: f.bs.transform.cond(x > 0, lambda: None, lambda: None)),
    cond_in_cond=_both(
        lambda f, x: f.bs.transform.cond(
            x >= 0, lambda: f.bs.transform.cond(x > 1, lambda: x * 3, lambda: x - 1), lambda: x * 0.5
        )
    ),
    cond_decided_in_python=_both(lambda f, x: f.bs.transform.cond(True, lambda: x, lambda: -x)),
    switch=_both(
        lambda f, x: f.bs.transform.switch(
            (x + 1).astype("int32") if not f.is_ours() else (x + 1).int(), [lambda: x, lambda: x * 10, lambda: -x]
        )
    ),
    ifelse=_both(lambda f, x: f.bs.transform.ifelse([x < 0, x == 0, x > 0], [lambda: -1.0, lambda: 0.0, lambda: 1.0])),
    ifelse_unchecked=_both(
        lambda f, x: f.bs.transform.ifelse(
            [x < 0, x <= 0, x > 5], [lambda: -1.0, lambda: 0.0, lambda: 1.0], check_cond=False
        )
    ),
    gradient=_both(lambda f, x: f.grad(lambda y: f.bs.transform.cond(y > 0, lambda: y**2, lambda: f.np.sin(y)))(x)),
    second_derivative=_both(
        lambda f, x: f.grad(f.grad(lambda y: f.bs.transform.cond(y > 0, lambda: y**3, lambda: f.np.sin(y))))(x)
    ),
    forward_derivative=_both(
        lambda f, x: f.bs.transform.jacfwd(lambda y: f.bs.transform.cond(y > 0, lambda: y**2, lambda: f.np.sin(y)))(x)
    ),
    lanes=_jit(lambda f, x: f.bs.transform.vmap(lambda y: f.bs.transform.cond(y > 1.5, lambda: y, lambda: -y))(x), _xs),
    in_a_loop=_jit(
        lambda f, x: f.bs.transform.scan(
            lambda c, y: (f.bs.transform.cond(y > 1.5, lambda: c * y, lambda: c - y), c), f.array(1.0), x
        ),
        _xs,
    ),
    gradient_of_branches_in_a_loop=_jit(
        lambda f, x: f.grad(
            lambda z: f.bs.transform.scan(
                lambda c, y: (f.bs.transform.cond(y > 1.5, lambda: c * y, lambda: f.np.sin(c * z)), None), z, _xs(f)
            )[0]
        )(x),
        0.7,
    ),
    written_state=lambda f: _branch_writes(f),
    written_in_both=lambda f: _branch_writes(f, both=True),
)


def _branch_writes(f, both=False):
    a, b = f.state(1.0), f.state(10.0)

    def true(x):
        a.value = a.value + x
        return x

    def false(x):
        b.value = b.value * x
        if both:
            a.value = b.value
        return x * 2

    compiled = f.jit(lambda x: f.bs.transform.cond(x > 0, true, false, x))
    return [compiled(f.array(x)) for x in (2.0, -3.0, 1.0)], a, b


cases.table(
    "maps in programs",
    vmap=_jit(lambda f, x: f.bs.transform.vmap(lambda y: y * y.sum())(x), [[1.0, 2.0], [3.0, 4.0]]),
    axes=_jit(lambda f, x: f.bs.transform.vmap(lambda y: y * 2, in_axes=1, out_axes=1)(x), [[1.0, 2.0], [3.0, 4.0]]),
    nested=_jit(lambda f, x: f.bs.transform.vmap(lambda a: f.bs.transform.vmap(lambda b: a * b)(x))(x), _xs),
    of_grad=_jit(lambda f, x: f.bs.transform.vmap(f.grad(lambda y: y**3))(x), _xs),
    grad_of=_jit(lambda f, x: f.grad(lambda y: f.np.sum(f.bs.transform.vmap(f.np.sin)(y)))(x), _xs),
    of_jit=lambda f: f.bs.transform.vmap(f.jit(lambda x: x * 2))(_xs(f)),
    map=_jit(lambda f, x: f.bs.transform.map(lambda y: y * 2, x), _xs),
    map_in_batches=_jit(lambda f, x: f.bs.transform.map(lambda y: y * 2, x, batch_size=2), _xs),
    units=_jit(lambda f, v: f.bs.transform.vmap(lambda y: y * f.u.ms)(v), lambda f: f.q([1.0, 2.0], "mV")),
    lane_states=lambda f: _lane_states(f),
    vmap2_states=lambda f: _lane_states(f, "vmap2", "state_in_axes"),
    shared_state=lambda f: (lambda w: f.jit(lambda x: f.bs.transform.vmap(lambda y: y * w.value)(x))(_xs(f)))(
        f.param(2.0)
    ),
)


def _lane_states(f, name="vmap", key="in_states"):
    state = f.bs.ShortTermState(f.array([0.0, 10.0, 20.0]))

    def step(x):
        state.value = state.value + x
        return state.value * 2

    compiled = f.jit(lambda x: getattr(f.bs.transform, name)(step, **{key: state})(x))
    return [compiled(_xs(f)) for _ in range(2)], state


def _rng(f, seed=0):
    """A RandomState of JAX's generator."""
    return f.bs.random.RandomState(seed, impl="threefry2x32") if f.is_ours() else f.bs.random.RandomState(seed)


def _draws(body, calls=2):
    def run(f):
        rng = _rng(f)
        compiled = f.jit(lambda x: body(f, rng, x))
        return [compiled(_xs(f)) for _ in range(calls)]

    return run


cases.table(
    "draws in programs",
    uniform=_draws(lambda f, rng, x: rng.random(3) + x),
    two=_draws(lambda f, rng, x: (rng.random(2), rng.random(2))),
    in_a_loop=_draws(lambda f, rng, x: f.bs.transform.for_loop(lambda y: rng.random() * y, x)),
    in_a_branch=_draws(lambda f, rng, x: f.bs.transform.cond(x[0] > 0, lambda: rng.random(), lambda: x[0])),
)


@pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])
def test_jit(case):
    case.check()


class _Transforms:
    """The transforms, whose loops and branches are compiled where they are called."""

    _COMPILED = (
        *("scan", "for_loop", "checkpointed_scan", "checkpointed_for_loop"),
        *("while_loop", "bounded_while_loop", "cond", "switch", "ifelse"),
    )

    def __getattr__(self, name):
        found = getattr(brainstate_torch.transform, name)
        if name not in self._COMPILED:
            return found
        return lambda *args, **kwargs: brainstate_torch.transform.jit(
            lambda: found(*args, **kwargs), backend="replay"
        )()


class _Library:
    """brainstate_torch with these transforms."""

    transform = _Transforms()

    def __getattr__(self, name):
        return getattr(brainstate_torch, name)


class _Compiled(Framework):
    """Ours, where every outermost loop, branch and gradient is a compiled program."""

    def is_ours(self):
        return True

    def grad(self, *args, **kwargs):
        return self.jit(super().grad(*args, **kwargs))


_COMPILED = _Compiled(**{**{x.name: getattr(OURS, x.name) for x in dataclasses.fields(OURS)}, "bs": _Library()})

#: What a program cannot have, since it knows no numbers while it is recorded.
_ONLY_EAGER = {
    "gradient of while_loop": "a backward pass must know the number of steps",
    "for_loop: state integer becomes real": "in a program a number has the dtype of an array",
    "cond: branches that disagree": "all branches are recorded",
    "cond: an error in the other branch": "all branches are recorded",
}


@pytest.mark.parametrize("case", control_flow.cases, ids=[case.name for case in control_flow.cases])
def test_control_flow_compiled(case):
    if case.name in _ONLY_EAGER:
        pytest.skip(_ONLY_EAGER[case.name])
    case.check(framework=_COMPILED)
