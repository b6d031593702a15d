"""vmap, vmap2, map and maps over new States: States, axes, filters, draws, derivatives, units, errors."""

import importlib

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

X = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


def _x(f):
    return f.array(X)


def _short(f, x, **kwargs):
    return f.bs.ShortTermState(f.array(x), **kwargs)


def _rng(f, seed=0):
    """A RandomState of JAX's generator."""
    return f.bs.random.RandomState(seed, impl="threefry2x32") if f.is_ours() else f.bs.random.RandomState(seed)


def _add(state):
    def add(x):
        state.value = state.value + x.sum()
        return state.value

    return add


def _write(state, value):
    def write(x):
        state.value = value(x)

    return write


def _vmap(body, **options):
    """A case: lanes of `body(f, x)` over the rows of X."""
    return lambda f: f.bs.transform.vmap(lambda x: body(f, x), **options)(_x(f))


def _vmap2(body, **options):
    return lambda f: f.bs.transform.vmap2(lambda x: body(f, x), **options)(_x(f))


cases.table(
    "axes",
    first=_vmap(lambda f, x: 2 * x),
    second=_vmap(lambda f, x: x.sum(), in_axes=1),
    negative=_vmap(lambda f, x: x * x.sum(), in_axes=-1, out_axes=-1),
    list_of_one=_vmap(lambda f, x: x * 2, in_axes=[1], out_axes=1),
    out_tree=_vmap(lambda f, x: (x, {"a": x.sum(), "b": x}), out_axes=(1, {"a": 0, "b": 1})),
    out_prefix=_vmap(lambda f, x: (x, {"a": x, "b": x}), out_axes=(0, 1)),
    out_none=_vmap(lambda f, x: (x, f.array([1.0, 2.0])), out_axes=(0, None)),
    constant_result=_vmap(lambda f, x: f.array([1.0, 2.0])),
    number_result=_vmap(lambda f, x: (1.0, 2, True)),
    number_result_second_axis=_vmap2(lambda f, x: {"a": 1.0, "b": x}, out_axes={"a": 0, "b": 1}),
    number_result_of_no_argument=lambda f: f.bs.transform.vmap2(lambda: 1.0, axis_size=3)(),
    number_result_of_map=lambda f: f.bs.transform.map(lambda x: 1.5, _x(f), batch_size=2),
    number_argument=lambda f: f.bs.transform.vmap2(lambda x, s: x * s, in_axes=(0, None))(_x(f), 2.0),
    tree_argument=lambda f: f.bs.transform.vmap2(lambda d: d["a"] * d["b"], in_axes=({"a": 0, "b": None},))(
        {"a": _x(f), "b": f.array([1.0, 2.0])}
    ),
    axis_size=lambda f: f.bs.transform.vmap2(lambda: f.array([1.0, 2.0]), axis_size=3)(),
    keywords=lambda f: f.bs.transform.vmap2(lambda x, k: x * k)(_x(f), k=f.array([1.0, 2.0, 3.0])),
    keywords_alone=lambda f: f.bs.transform.vmap2(lambda x: x * 2)(x=_x(f)),
    decorator=lambda f: f.bs.transform.vmap2(in_axes=1)(lambda x: x.sum())(_x(f)),
    no_result=_vmap2(lambda f, x: None),
    units=_vmap2(lambda f, x: (x * f.u.mV, (x * f.u.mV) * (x * f.u.ms))),
    unit_arguments=lambda f: f.bs.transform.vmap2(lambda v: v.sum() / f.u.ms, in_axes=1)(f.q(X, "mV")),
    static_argument=lambda f: f.bs.transform.StatefulMapping(lambda x, n: x * n, static_argnums=1)(_x(f), 3),
    static_from_the_end=lambda f: f.bs.transform.StatefulMapping(lambda x, n: x * n, static_argnums=-1)(_x(f), 3),
    static_keyword=lambda f: f.bs.transform.StatefulMapping(
        lambda x, *, factor: x * factor, static_argnames=["factor"]
    )(_x(f), factor=3),
    static_and_axes=lambda f: f.bs.transform.StatefulMapping(
        lambda n, x: x * n, in_axes=(0, 1), static_argnums=0
    )(3, _x(f)),
)  # fmt: skip


def _spec(make, start=(0.0, 0.0, 0.0), **options):
    """A case: lanes add to a State that a spec selects, twice."""

    def body(f):
        state = _short(f, start, tag="lane")
        other = f.param([1.0, 2.0])
        mapped = f.bs.transform.vmap2(lambda x: _add(state)(x * other.value), state_in_axes=make(f, state), **options)
        return mapped(_x(f)), mapped(_x(f)), state, other

    return body


cases.table(
    "States taken apart",
    by_state=_spec(lambda f, s: s),
    by_list=_spec(lambda f, s: [s]),
    by_axis=_spec(lambda f, s: {0: s}),
    by_type=_spec(lambda f, s: f.bs.ShortTermState),
    by_axis_and_type=_spec(lambda f, s: {0: f.bs.util.filter.OfType(f.bs.ShortTermState)}),
    by_tag=_spec(lambda f, s: {0: "lane"}),
    by_predicate=_spec(lambda f, s: {0: lambda path, state: state is s}),
    by_not=_spec(lambda f, s: {0: f.bs.util.filter.Not(f.bs.ParamState)}),
    none_first=_spec(lambda f, s: {None: f.bs.ParamState, 0: ...}),
    second_axis=_spec(lambda f, s: {1: s}, [[0.0, 1.0, 2.0]]),
    last_axis=_spec(lambda f, s: {-1: s}, [[0.0, 1.0, 2.0]]),
    with_units=lambda f: _lanes_with_units(f),
    out_declared_too=_spec(lambda f, s: s, state_out_axes={0: ...}),
    raising_policy=_spec(lambda f, s: s, unexpected_out_state_mapping="raise"),
)


def _lanes_with_units(f):
    v = f.bs.ShortTermState({"v": f.q([1.0, 2.0, 3.0], "mV"), "n": f.array([0, 1, 2])})

    def step(x):
        v.value = {"v": v.value["v"] + x[0] * f.u.mV, "n": v.value["n"] + 1}
        return v.value["v"]

    return f.bs.transform.vmap2(step, state_in_axes=v)(_x(f)), v


def _written(start, value, options=lambda f, s: {}, calls=1, transform="vmap2"):
    """A case: what a State is after lanes wrote a value to it."""

    def body(f):
        state = f.state(start)
        mapped = getattr(f.bs.transform, transform)(_write(state, lambda x: value(f, state, x)), **options(f, state))
        for _ in range(calls):
            mapped(_x(f))
        return state

    return body


_POLICY = {name: lambda f, s, name=name: {"unexpected_out_state_mapping": name} for name in ("raise", "warn", "ignore")}

cases.table(
    "States written",
    differing=_written(0.0, lambda f, s, x: x.sum()),
    differing_rows=_written([0.0, 0.0], lambda f, s, x: x, calls=2),
    the_same=_written(0.0, lambda f, s, x: s.value + 1),
    the_same_where_differing_is_refused=_written(0.0, lambda f, s, x: s.value + 1, _POLICY["raise"]),
    read_and_mapped=_written([1.0, 2.0, 3.0], lambda f, s, x: s.value + x.sum(), calls=2),
    read_and_mapped_rows=_written(X, lambda f, s, x: s.value + x, calls=2),
    ignored_policy=_written(0.0, lambda f, s, x: s.value + x.sum(), _POLICY["ignore"]),
    out_axis=_written(0.0, lambda f, s, x: x, lambda f, s: {"state_out_axes": {1: s}}),
    out_axis_by_type=_written(0.0, lambda f, s, x: x, lambda f, s: {"state_out_axes": {1: f.bs.State}}),
    out_none_and_the_same=_written(0.0, lambda f, s, x: s.value + 1, lambda f, s: {"state_out_axes": {None: s}}),
    legacy_out=_written(0.0, lambda f, s, x: x, lambda f, s: {"out_states": {1: {"s": s}}}, transform="vmap"),
    legacy_out_the_same=_written(0.0, lambda f, s, x: f.array(5.0), lambda f, s: {"out_states": s}, transform="vmap"),
    legacy_in_the_same=_written(
        [0.0, 0.0, 0.0], lambda f, s, x: f.array(5.0), lambda f, s: {"in_states": s}, transform="vmap"
    ),
    legacy_in=_written([0.0, 1.0, 2.0], lambda f, s, x: s.value + x[0], lambda f, s: {"in_states": [s]}, 2, "vmap"),
)


def _refused(name, error, start, value, options=lambda f, s: {}, transform="vmap2", x=X):
    """A case: the call raises, and the State is what it was."""

    def body(f):
        state = f.state(start)
        before = state.value
        mapped = lambda: getattr(f.bs.transform, transform)(
            _write(state, lambda x: value(f, state, x)), **options(f, state)
        )(f.array(x))
        return f.error(mapped), state.value is before

    differs(f"refused: {name}", "one is the reference for the other", ours=(error, True), theirs=(error, True))(body)


_refused("differing where that raises", "BatchAxisError", 0.0, lambda f, s, x: x.sum(), _POLICY["raise"])
_refused("differing in legacy vmap", "BatchAxisError", 0.0, lambda f, s, x: x.sum(), transform="vmap")
_refused("differing at None", "ValueError", 0.0, lambda f, s, x: x.sum(), lambda f, s: {"state_out_axes": {None: s}})
_refused("a warning made an error", "UserWarning", 0.0, lambda f, s, x: x.sum(), _POLICY["warn"])
_refused("read, differing and of another size", "UserWarning", 0.0, lambda f, s, x: s.value + x.sum())
_refused(
    "two axes", "BatchAxisError", [X] * 3, lambda f, s, x: s.value, lambda f, s: {
        "state_in_axes": {0: s}, "state_out_axes": {1: s}
    }
)  # fmt: skip
_refused("another size", "ValueError", [0.0] * 4, lambda f, s, x: s.value, lambda f, s: {"state_in_axes": {0: ...}})
_refused(
    "another size in legacy vmap", "ValueError", [0.0] * 4, lambda f, s, x: s.value, lambda f, s: {"in_states": s},
    "vmap",
)  # fmt: skip


def _raises(group, error, **bodies):
    for name, body in bodies.items():
        case(f"{group}: {name.replace('_', ' ')}", raises=error)(body)


_raises(
    "refused calls",
    "ValueError",
    nothing_to_map=lambda f: f.bs.transform.vmap2(lambda: 1.0)(),
    sizes_differ=lambda f: f.bs.transform.vmap2(lambda x, y: x)(_x(f), f.array([1.0, 2.0])),
    axis_size_differs=lambda f: f.bs.transform.vmap2(lambda x: x, axis_size=5)(_x(f)),
    axes_of_another_length=lambda f: f.bs.transform.vmap2(lambda x: x, in_axes=(0, 0))(_x(f)),
    number=lambda f: f.bs.transform.vmap2(lambda x: x)(2.0),
    keyword_number=lambda f: f.bs.transform.vmap2(lambda x, k: x)(_x(f), k=2.0),
    no_such_axis=lambda f: f.bs.transform.vmap2(lambda x: x, in_axes=2)(_x(f)),
    out_none=lambda f: f.bs.transform.vmap2(lambda x: x, out_axes=None)(_x(f)),
    state_argument=lambda f: f.bs.transform.vmap2(lambda x: x)(f.state(X)),
    policy=lambda f: f.bs.transform.vmap2(
        _write(f.state(0.0), lambda x: x), unexpected_out_state_mapping="never"
    )(_x(f)),
    static_position=lambda f: f.bs.transform.StatefulMapping(lambda x: x, static_argnums=5)(_x(f)),
    map_of_nothing=lambda f: f.bs.transform.map(lambda: 1.0),
    map_of_two_lengths=lambda f: f.bs.transform.map(lambda x, y: x, _x(f), f.array([1.0, 2.0])),
    map_of_a_scalar=lambda f: f.bs.transform.map(lambda x: x, f.array(1.0)),
    chunks_of_none=lambda f: f.bs.transform.map(lambda x: x, _x(f), batch_size=0),
    chunks_of_a_fraction=lambda f: f.bs.transform.map(lambda x: x, _x(f), batch_size=2.0),
    chunks_that_write=lambda f: f.bs.transform.map(_add(f.state(0.0)), _x(f), batch_size=2),
    new_states_without_size=lambda f: f.bs.transform.vmap2_new_states(f.bs.nn.Linear(2, 3), {}),
    new_states_of_no_lanes=lambda f: f.bs.transform.vmap_new_states(lambda: 1.0, axis_size=0),
    new_states_and_old=lambda f: f.bs.transform.vmap_new_states(lambda: 1.0, in_states=f.state(X)),
    new_states_of_two_sizes=lambda f: f.bs.transform.vmap_new_states(lambda x: x, axis_size=4)(_x(f)),
    new_state_for_all_that_differs=lambda f: f.bs.transform.vmap_new_states(
        lambda x: _non_batch(f)(x).value
    )(_x(f)),
)  # fmt: skip
_raises(
    "keywords",
    "NotImplementedError",
    vmap=lambda f: f.bs.transform.vmap(lambda x: x)(x=_x(f)),
    vmap_new_states=lambda f: f.bs.transform.vmap_new_states(lambda x: x)(x=_x(f)),
)


def _draws(body, transform="vmap", **options):
    """A case: what lanes draw, in two calls, and what is drawn after them."""

    def case(f):
        rng = _rng(f)
        mapped = getattr(f.bs.transform, transform)(lambda x: body(f, rng, x), **options)
        return mapped(_x(f)), mapped(_x(f)), rng.rand(2)

    return case


_DRAWS = {
    "normal": lambda f, r, x: r.normal(size=2) + x,
    "two_draws": lambda f, r, x: (r.rand(), r.randint(0, 1000, size=3)),
    "in_a_loop": lambda f, r, x: f.bs.transform.for_loop(lambda v: v + r.rand(), x),
    "in_a_branch": lambda f, r, x: f.bs.transform.cond(x.sum() > 2, lambda: r.rand(), lambda: r.rand() + r.rand()),
    "in_a_gradient": lambda f, r, x: f.bs.transform.grad(lambda v: (v**2 * r.normal(size=2)).sum())(x),
    "in_lanes_of_lanes": lambda f, r, x: f.bs.transform.vmap2(lambda v: v + r.rand())(x),
    "a_permutation": lambda f, r, x: r.permutation(5),
}
for _transform in ("vmap", "vmap2"):
    cases.table(f"draws in {_transform}", **{name: _draws(body, _transform) for name, body in _DRAWS.items()})
cases.table(
    "draws",
    filters_take_no_streams=_draws(lambda f, r, x: r.rand(), "vmap2", state_in_axes={0: ...}),
    second_axis=_draws(lambda f, r, x: x.sum() + r.rand(), "vmap2", in_axes=1),
    two_streams=lambda f: _two_streams(f),
    only_read=lambda f: _only_read(f),
    mapped_in_turn=lambda f: (lambda r: (f.bs.transform.map(lambda x: x + r.rand(), _x(f)), r.rand()))(_rng(f)),
    mapped_in_chunks=lambda f: (lambda r: (f.bs.transform.map(lambda x: x + r.rand(), _x(f), batch_size=2), r.rand()))(
        _rng(f)
    ),
)


def _two_streams(f):
    a, b = _rng(f, 1), _rng(f, 2)
    return f.bs.transform.vmap2(lambda x: b.rand() * 10 + a.rand())(_x(f)), a.rand(), b.rand()


def _only_read(f):
    rng = _rng(f)
    f.bs.transform.vmap2(lambda x: (rng.value, x)[1])(_x(f))
    return rng.rand()


def _w(f):
    return f.param([1.0, -2.0])


def _loss(w):
    return lambda x: ((w.value * x).sum() - 1.0) ** 2


cases.table(
    "derivatives",
    per_sample=lambda f: (lambda w: f.bs.transform.vmap2(f.bs.transform.grad(_loss(w), w))(_x(f)))(_w(f)),
    per_sample_and_value=lambda f: (
        lambda w: f.bs.transform.vmap(f.bs.transform.grad(_loss(w), {"w": w}, argnums=0, return_value=True))(_x(f))
    )(_w(f)),
    of_a_batch=lambda f: (lambda w: f.grad(lambda: f.bs.transform.vmap2(_loss(w))(_x(f)).sum(), w)())(_w(f)),
    of_lanes_of_a_state=lambda f: _ensemble_gradient(f),
    jacobian_in_lanes=lambda f: f.bs.transform.vmap2(f.bs.transform.jacrev(lambda x: x**2 * x.sum()))(_x(f)),
    jacobian_of_lanes=lambda f: f.bs.transform.jacfwd(lambda x: f.bs.transform.vmap2(lambda v: v.sum() ** 2)(x))(_x(f)),
    hessian_in_lanes=lambda f: f.bs.transform.vmap2(f.bs.transform.hessian(lambda x: (x**3).sum()))(_x(f)),
    of_a_map=lambda f: (lambda w: f.grad(lambda: f.bs.transform.map(_loss(w), _x(f)).sum(), w)())(_w(f)),
    of_chunks=lambda f: (
        lambda w: f.grad(lambda: f.bs.transform.map(_loss(w), _x(f), batch_size=2).sum(), w)()
    )(_w(f)),
    with_units=lambda f: f.bs.transform.vmap2(
        f.bs.transform.grad(lambda v: (v**2).sum(), unit_aware=True)
    )(f.q(X, "mV")),
    written_in_a_gradient=lambda f: _written_in_a_gradient(f),
)  # fmt: skip


def _ensemble_gradient(f):
    w = f.param(X)
    return f.grad(lambda: f.bs.transform.vmap2(_loss(w), in_axes=None, state_in_axes=w)(f.array([1.0, 2.0])).sum(), w)()


def _written_in_a_gradient(f):
    w, n = _w(f), f.state([0.0, 0.0, 0.0])

    def loss(x):
        n.value = n.value + (w.value * x).sum()
        return (n.value * w.value).sum()

    return f.bs.transform.vmap2(f.bs.transform.grad(loss, w), state_in_axes={0: n})(_x(f)), n


def _nested(f):
    s = f.state(X)
    add = f.bs.transform.vmap2(_add(s), state_in_axes={0: s})
    return f.bs.transform.vmap2(add, state_in_axes={0: s})(_x(f)), s


def _nested_other_axes(f):
    s = f.state([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    add = f.bs.transform.vmap2(_add(s), state_in_axes={0: s})
    return f.bs.transform.vmap2(add, in_axes=1, state_in_axes={0: s})(_x(f)), s


def _loop_of_lanes(f):
    s = f.state([0.0, 0.0, 0.0])
    step = f.bs.transform.vmap2(_add(s), state_in_axes=s)
    return f.bs.transform.for_loop(lambda x: step(x), f.array([X, X])), s


def _lanes_of_loops(f):
    s = f.state([0.0, 0.0, 0.0])
    return f.bs.transform.vmap2(lambda x: f.bs.transform.for_loop(_add(s), x), state_in_axes={0: s})(_x(f)), s


cases.table(
    "composed",
    lanes_of_lanes=_nested,
    lanes_of_lanes_over_other_axes=_nested_other_axes,
    loop_of_lanes=_loop_of_lanes,
    lanes_of_loops=_lanes_of_loops,
    map_in_turn=lambda f: (lambda s: (f.bs.transform.map(_add(s), _x(f)), s))(f.state(0.0)),
    map_in_chunks=lambda f: f.bs.transform.map(lambda x, d: x * d["a"], _x(f), {"a": _x(f)}, batch_size=2),
    map_in_one_chunk=lambda f: f.bs.transform.map(lambda x: x.sum(), _x(f), batch_size=5),
    map_with_units=lambda f: f.bs.transform.map(lambda v: v.sum() * 2, f.q(X, "mV"), batch_size=2),
)


def _non_batch(f):
    return importlib.import_module(f.bs.__name__ + "._state").NonBatchState


def _new(make, **options):
    """A case: the States that lanes make, and what is drawn afterwards."""

    def body(f):
        made, rng = [], _rng(f)

        def run(x):
            made[:] = make(f, x, rng)
            return made[0].value

        out = f.bs.transform.vmap_new_states(run, **options)(_x(f))
        return out, list(made), rng.rand()

    return body


cases.table(
    "new States",
    differing=_new(lambda f, x, r: [f.bs.State(x.sum()), f.bs.ShortTermState(x)]),
    the_same=_new(lambda f, x, r: [f.state([1.0, 2.0])]),
    drawn=_new(lambda f, x, r: [f.bs.ParamState(r.normal(size=2)), f.bs.State(r.rand())]),
    written=_new(lambda f, x, r: (lambda s: [_add(s)(x) is None or s])(f.state(0.0))),
    with_units=_new(lambda f, x, r: [f.bs.State({"v": x * f.u.mV})]),
    not_batched=_new(lambda f, x, r: [f.bs.State(x), _non_batch(f)(f.array([1.0, 2.0]))]),
    tagged_not_batched=_new(lambda f, x, r: [f.bs.State(x), f.state([1.0], tag="INIT_NO_BATCHING")]),
    excluded=_new(
        lambda f, x, r: [f.bs.State(x), f.param([1.0, 2.0])], state_to_exclude=lambda path, s: "Param" in str(type(s))
    ),
    tag=lambda f: _tags(f),
    of_a_module=lambda f: _module(f, {}),
    of_a_module_by_axis=lambda f: _module(f, {"state_out_axes": {1: f.bs.ShortTermState}}),
    of_a_module_one_for_all=lambda f: _module(f, {"state_out_axes": {None: f.bs.ShortTermState}}, differ=False),
    of_a_module_by_filter=lambda f: _module(f, {"state_out_axes": f.bs.ParamState, "state_tag": "new"}),
)


def _tags(f):
    made = []
    f.bs.transform.vmap_new_states(lambda x: made.append(f.bs.State(x)), state_tag="mine")(_x(f))
    return sorted(made[-1].tag)


def _module(f, options, differ=True):
    rng = _rng(f)

    class Cell(f.bs.nn.Module):
        def init_state(self, size):
            self.w = f.bs.ParamState(rng.normal(size=(size, 2)))
            self.v = f.bs.ShortTermState(self.w.value * 2 if differ else f.array([1.0, 2.0]))
            self.n = _non_batch(f)(f.array([0.0]))

    cell = Cell()
    made = f.bs.transform.vmap2_new_states(cell, {"size": 3}, axis_size=4, **options)
    by_axis = {str(axis): states for axis, states in made.items()}
    return {axis: by_axis[axis] for axis in sorted(by_axis)}, cell.w, cell.v, cell.n, rng.rand()


# On purpose

differs(
    "a tree of which one leaf differs",
    "the other leaf is repeated, as in a result",
    ours=("dict", {"a": [1.0, 5.0, 9.0], "b": [1.0, 1.0, 1.0]}),
    theirs="BatchAxisError",
)(lambda f: _partly(f))
differs("a string is the same in each lane", "it needs no axis of its own", ours="none", theirs="TypeError")(
    lambda f: _or_error(f, lambda: f.bs.transform.vmap2(lambda x, name: x)(_x(f), "a"))
)
differs(
    "runs of a function that makes States", "one run is enough", ours=1, theirs=2
)(lambda f: _runs(f))  # fmt: skip
differs(
    "a second axis that nobody named", "the axis is in front, wherever the lanes lie in memory",
    ours=("tuple", [2, 3]), theirs=("tuple", [3, 2]),
)(lambda f: _unnamed_axis(f))  # fmt: skip


def _or_error(f, call):
    try:
        call()
    except Exception:
        return f.error(call)
    return "none"


def _partly(f):
    s = f.bs.State({"a": f.array(0.0), "b": f.array(0.0)})

    def write(x):
        s.value = {"a": x.sum(), "b": f.array(1.0)}

    try:
        f.bs.transform.vmap2(write)(_x(f))
    except Exception as error:
        return type(error).__name__
    return ("dict", {key: [float(x) for x in value] for key, value in s.value.items()})


def _runs(f):
    runs = []
    f.bs.transform.vmap_new_states(lambda x: runs.append(f.bs.State(x)))(_x(f))
    return len(runs)


def _unnamed_axis(f):
    s = f.state([0.0, 0.0, 0.0])
    f.bs.transform.vmap2(_write(s, lambda x: x * 2), in_axes=1)(_x(f))
    return ("tuple", [int(n) for n in s.value.shape])


@cases.parametrised()
def test_mapping(case, engine):
    case.check(engine)
