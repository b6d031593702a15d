"""StateTraceStack and catch_new_states."""

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


def _named(f, *names):
    return [f.state(float(i), name=name) for i, name in enumerate(names, 1)]


def _names(states):
    return [None if state is None else state.name for state in states]


def _traced(f, check_read=None):
    """Read a, write b, read and write c, do not touch d."""
    a, b, c, d = _named(f, "a", "b", "c", "d")
    with f.bs.StateTraceStack(check_read=check_read) as trace:
        _ = a.value
        b.value = f.array(20.0)
        c.value += 10
    return trace, (a, b, c, d)


cases.table(
    "trace",
    states=lambda f: _names(_traced(f)[0].states),
    written_flags=lambda f: list(_traced(f)[0].been_writen),
    original_values=lambda f: list(_traced(f)[0].original_state_values),
    read_states=lambda f: _names(_traced(f)[0].get_read_states()),
    read_states_in_place=lambda f: _names(_traced(f)[0].get_read_states(replace_writen=True)),
    write_states=lambda f: _names(_traced(f)[0].get_write_states()),
    write_states_in_place=lambda f: _names(_traced(f)[0].get_write_states(replace_read=True)),
    read_values=lambda f: list(_traced(f)[0].get_read_state_values()),
    read_values_in_place=lambda f: list(_traced(f)[0].get_read_state_values(replace_writen=True)),
    write_values=lambda f: list(_traced(f)[0].get_write_state_values()),
    write_values_in_place=lambda f: list(_traced(f)[0].get_write_state_values(replace_read=True)),
    values=lambda f: list(_traced(f)[0].get_state_values()),
    values_apart=lambda f: [list(part) for part in _traced(f)[0].get_state_values(separate=True)],
    values_apart_in_place=lambda f: [list(p) for p in _traced(f)[0].get_state_values(separate=True, replace=True)],
    subset=lambda f: _names(_traced(f)[0].state_subset(f.bs.ParamState)),
    too_few_values=lambda f: f.error(lambda: _traced(f)[0].assign_state_vals([1.0])),
)


@case("recovery_original_values puts the first values back")
def _(f):
    trace, states = _traced(f)
    trace.recovery_original_values()
    return list(states)


@case("assign_state_vals writes the written and restores the others")
def _(f):
    trace, states = _traced(f)
    for state in states:
        state._been_writen = False
    trace.assign_state_vals([f.array(x) for x in (7.0, 8.0, 9.0)])
    return list(states), [state._been_writen for state in states]


@case("merging joins the States and their written flags")
def _(f):
    a, b = _named(f, "a", "b")
    with f.bs.StateTraceStack() as first:
        _ = a.value
    with f.bs.StateTraceStack() as second:
        b.value = a.value = f.array(0.0)
    both = first + second
    return _names(both.states), list(both.been_writen), _names(first.states)


@case("inner and outer traces record")
def _(f):
    a, b = _named(f, "a", "b")
    with f.bs.StateTraceStack() as outer:
        _ = a.value
        with f.bs.StateTraceStack() as inner:
            b.value = f.array(0.0)
    return _names(outer.states), _names(inner.states), list(outer.been_writen)


@case("a trace does not see the States made in it, a deeper one does")
def _(f):
    with f.bs.StateTraceStack() as outer:
        (made,) = _named(f, "made")
        made.value += 1
        with f.bs.StateTraceStack() as inner:
            made.value += 1
    return _names(outer.states), _names(inner.states), made.value


@differs(
    "a State made in one trace, in the next",
    "ours lets a State that outlives its trace be seen; in brainstate a transform cannot find it",
    ours=["made"],
    theirs=[],
)
def _(f):
    with f.bs.StateTraceStack():
        (made,) = _named(f, "made")
    with f.bs.StateTraceStack() as trace:
        made.value += 1
    return _names(trace.states)


@case("restore_value counts as a read")
def _(f):
    (a,) = _named(f, "a")
    with f.bs.StateTraceStack() as trace:
        a.restore_value(f.array(5.0))
    return _names(trace.get_read_states()), _names(trace.get_write_states()), a


@case("copy, replace and copy_from are not recorded")
def _(f):
    a, b, c = _named(f, "a", "b", "c")
    with f.bs.StateTraceStack() as trace:
        a.copy()
        b.replace(f.array(0.0))
        c.copy_from(f.state(9.0))
    return _names(trace.states)


@case("reading _value is not recorded")
def _(f):
    (a,) = _named(f, "a")
    with f.bs.StateTraceStack() as trace:
        _ = a._value
    return len(trace.states)


@case("leaving traces in another order is refused and changes nothing")
def _(f):
    (a,) = _named(f, "a")
    outer, inner = f.bs.StateTraceStack(), f.bs.StateTraceStack()
    outer.__enter__()
    inner.__enter__()
    seen = f.error(lambda: outer.__exit__(None, None, None))
    _ = a.value
    inner.__exit__(None, None, None)
    outer.__exit__(None, None, None)
    return seen, _names(outer.states), _names(inner.states)


@case("new_arg gives the value at the first touch")
def _(f):
    a, b = _named(f, "a", "b")
    with f.bs.StateTraceStack(new_arg=lambda state: f.array(100.0)) as trace:
        first, second = a.value, a.value
        b.value = f.array(5.0)
    return first, second, b, list(trace.original_state_values)


@case("check_read is called at every read and at a first touch that is a write")
def _(f):
    a, b = _named(f, "a", "b")
    seen = []
    with f.bs.StateTraceStack(check_read=lambda state: seen.append(state.name)):
        _ = a.value, a.value
        a.value = f.array(0.0)
        b.value = f.array(0.0)
        b.value = f.array(0.0)
    return seen


@case("an exception leaves the record and ends the trace")
def _(f):
    a, b = _named(f, "a", "b")
    trace = f.bs.StateTraceStack()

    def body():
        with trace:
            _ = a.value
            raise KeyError("stop")

    seen = f.error(body)
    _ = b.value
    return seen, _names(trace.states)


# Catching


@case("catch_new_states catches constructions and adds its tag")
def _(f):
    old = f.state(0.0)
    with f.bs.catch_new_states("new") as caught:
        a, b = f.state(1.0, tag="x"), f.param(2.0)
        old.copy(), old.replace(f.array(1.0)), old.to_state_ref().to_state()
    later = f.state(3.0)
    return len(caught), list(caught), a.tag, b.tag, later in caught, a in caught, old.tag


cases.table(
    "caught",
    values=lambda f: list(_caught(f).values),
    get_state_values=lambda f: list(_caught(f).get_state_values()),
    get_states=lambda f: list(_caught(f).get_states()),
    by_tag=lambda f: list(_caught(f).get_by_tag("x")),
    index=lambda f: _caught(f)[1],
)


def _caught(f, **kwargs):
    with f.bs.catch_new_states(**kwargs) as caught:
        f.state(1.0, tag="x"), f.param(2.0)
    return caught


@case("caught States can be removed and cleared")
def _(f):
    caught = _caught(f)
    caught.remove(caught[0])
    left = list(caught)
    caught.clear()
    return left, len(caught)


@case("nested catchers both catch, each with its tag")
def _(f):
    with f.bs.catch_new_states("outer") as outer:
        f.state(1.0)
        with f.bs.catch_new_states("inner") as inner:
            made = f.state(2.0)
    return len(outer), len(inner), made.tag


@case("state_to_exclude leaves States out")
def _(f):
    return list(_caught(f, state_tag="t", state_to_exclude=f.bs.util.filter.OfType(f.bs.ParamState)))


@differs(
    "state_to_exclude given a class",
    "brainstate calls the class as a predicate, which makes a State, which is caught, and so on",
    ours="TypeError",
    theirs="RecursionError",
)
def _(f):
    seen = f.error(lambda: _caught(f, state_to_exclude=f.bs.ParamState))
    return "RecursionError" if seen == "RuntimeError" else seen


@cases.parametrised()
def test_trace(case):
    case.check()
