"""State: its value, metadata, copies."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

VALUES = {
    "an array": lambda f: f.array([1.0, 2.0]),
    "an integer array": lambda f: f.array([1, 2]),
    "a float": lambda f: 1.5,
    "an int": lambda f: 3,
    "a bool": lambda f: True,
    "None": lambda f: None,
    "a string": lambda f: "on",
    "a list": lambda f: [f.array([1.0]), 2.0],
    "a nested dict": lambda f: {"b": {"x": f.array([1.0])}, "a": (1, None)},
    "an empty dict": lambda f: {},
    "a quantity": lambda f: f.q([1.0, 2.0], "mV"),
    "a dict of quantities": lambda f: {"v": f.q([1.0], "mV"), "l": f.q(2.0, "cm")},
}
for _name, _value in VALUES.items():
    case(f"a State holds {_name}")(lambda f, value=_value: f.bs.State(value(f)))
    case(f"a write of {_name} is read back")(lambda f, value=_value: _written(f.state([0.0]), value(f)))
    case(f"numel counts {_name}")(lambda f, value=_value: _counted(f, value(f)))


def _written(state, value):
    before = state._been_writen
    state.value = value
    return state, before, state._been_writen


def _counted(f, value):
    return None if isinstance(value, str) else f.bs.State(value).numel()


@case("a State of a State has its value")
def _(f):
    inner = f.state([1.0, 2.0])
    return f.bs.ParamState(inner), bool((f.bs.State(inner).value == inner.value).all())


@case("a State may be inside the value of a State")
def _(f):
    return f.bs.State({"a": f.state(1.0)})


@case("a dict with a State in it may be assigned")
def _(f):
    state = f.state(0.0)
    state.value = {"a": f.state(1.0)}
    return state.value


@case("assigning a State is refused", raises="ValueError")
def _(f):
    f.state(0.0).value = f.state(1.0)


@case("a refused assignment leaves the value")
def _(f):
    state = f.state(0.0)
    return f.error(lambda: setattr(state, "value", f.state(1.0))), state, state._been_writen


@case("shape, dtype and tree may change on assignment")
def _(f):
    state, seen = f.state([1.0, 2.0]), []
    for value in (f.array([1, 2, 3]), {"a": f.array(1.0)}, None, 2):
        state.value = value
        seen.append(state.value)
    return seen


@case("an augmented assignment makes a new value")
def _(f):
    start = f.array([1.0, 2.0])
    state = f.bs.State(start)
    before = state.value
    state.value += 1
    state.value *= 3
    return start, before, state, state._been_writen


@case("two States of one array do not share writes")
def _(f):
    start = f.array([1.0, 2.0])
    a, b = f.bs.State(start), f.bs.State(start)
    a.value -= 5
    return a, b


@case("a wide numpy array computes 32 bit wide")
def _(f):
    return [f.bs.State(wide).value * f.array(2.0) for wide in (np.arange(3), np.linspace(0.0, 1.0, 3))]


@differs("a wide numpy array in a State", "ours holds tensors only", ours="float32", theirs="float64")
def _(f):
    return str(f.bs.State(np.zeros(2)).value.dtype).removeprefix("torch.")


@case("value_call maps over the leaves and writes nothing")
def _(f):
    state = f.bs.State({"a": f.array([1.0]), "b": [f.array(2.0), None]})
    return state.value_call(lambda x: x + 1), state, state._been_writen


# Structure checks


def _checked(f, before, after, check=True):
    state = f.bs.State(before)
    with f.bs.check_state_value_tree(check):
        state.value = after
    return state


STRUCTURES = {
    "another tree": (lambda f: f.array(1.0), lambda f: [f.array(1.0)], "ValueError"),
    "None for an array": (lambda f: f.array(1.0), lambda f: None, "ValueError"),
    "another key": (lambda f: {"a": 1.0}, lambda f: {"b": 1.0}, "ValueError"),
    "a tuple for a list": (lambda f: [1.0, 2.0], lambda f: (1.0, 2.0), "ValueError"),
    "another unit of the same dimension": (lambda f: f.q(1.0, "mV"), lambda f: f.q(1.0, "volt"), "ValueError"),
    "another dimension": (lambda f: f.q(1.0, "mV"), lambda f: f.q(1.0, "ms"), "ValueError"),
    "a plain value for a quantity": (lambda f: f.q(1.0, "mV"), lambda f: f.array(1.0), "ValueError"),
    "a quantity for a plain value": (lambda f: f.array(1.0), lambda f: f.q(1.0, "mV"), "ValueError"),
    "another shape": (lambda f: f.array(1.0), lambda f: f.array([1.0, 2.0]), ""),
    "another dtype": (lambda f: f.array(1.0), lambda f: f.array(1), ""),
    "a float for an array": (lambda f: f.array(1.0), lambda f: 2.5, ""),
    "keys in another order": (lambda f: {"a": 1.0, "b": 2.0}, lambda f: {"b": 2.0, "a": 1.0}, ""),
}
for _name, (_before, _after, _error) in STRUCTURES.items():
    case(f"under check_state_value_tree, {_name}", raises=_error)(
        lambda f, before=_before, after=_after: _checked(f, before(f), after(f))
    )
    case(f"restore_value with {_name}", raises=_error)(
        lambda f, before=_before, after=_after: f.bs.State(before(f)).restore_value(after(f))
    )


@case("check_state_value_tree can be switched off inside")
def _(f):
    state = f.state(1.0)
    with f.bs.check_state_value_tree():
        with f.bs.check_state_value_tree(False):
            state.value = [f.array(1.0)]
        return state, f.error(lambda: setattr(state, "value", f.array(1.0)))


@case("check_state_value_tree ends with its block")
def _(f):
    state = f.state(1.0)
    with f.bs.check_state_value_tree():
        pass
    state.value = [2.0]
    return state


@case("restore_value is no write")
def _(f):
    state = f.state(1.0)
    state.restore_value(f.array(2.0))
    return state, state._been_writen


@case("restore_value refuses a State", raises="ValueError")
def _(f):
    f.state(1.0).restore_value(f.state(2.0))


# Metadata


cases.table(
    "metadata",
    name=lambda f: [f.state(0.0, name="v").name, f.state(0.0).name],
    tag_is_a_set=lambda f: [f.state(0.0, tag=tag).tag for tag in ("a", ["a", "b"], None)],
    keywords_are_attributes=lambda f: f.state(0.0, color="red").color,
    stack_level=lambda f: f.state(0.0).stack_level,
)


@case("a name and attributes may be set later")
def _(f):
    state = f.state(0.0)
    state.name, state.note = "v", 3
    return state.name, state.note


@case("add_tag makes and extends the set")
def _(f):
    state = f.state(0.0)
    state.add_tag("a")
    state.add_tag("b")
    state.add_tag("a")
    return state.tag


@case("decrease_stack_level stops at zero")
def _(f):
    state = f.state(0.0)
    state.increase_stack_level()
    state.increase_stack_level()
    levels = [state.stack_level]
    for _ in range(3):
        state.decrease_stack_level()
        levels.append(state.stack_level)
    return levels


@case("States are equal by identity")
def _(f):
    a, b = f.state(1.0), f.state(1.0)
    return a == a, a == b, len({a, b})


# Copies


@case("copy keeps value and metadata and is independent")
def _(f):
    a = f.param([1.0], name="w", tag="t", note=1)
    a.value += 1
    b = a.copy()
    b.value = f.array([5.0])
    return a, b, b.name, b.tag is a.tag, b.note, a.copy()._been_writen


@case("replace makes another State and leaves the first")
def _(f):
    a = f.param([1.0], name="w", tag="t")
    b = a.replace(f.array([2.0]))
    return a, b, b.name, b.tag is a.tag, b is a


@case("replace takes the value and name by their private names")
def _(f):
    b = f.state(1.0, name="a").replace(_value=f.array(2.0), _name="b")
    return b, b.name


@case("replace by a State of the same type is that State")
def _(f):
    a, b = f.state(1.0), f.state(2.0)
    return a.replace(b) is b


@case("replace by a State of another type", raises="ValueError")
def _(f):
    f.state(1.0).replace(f.param(2.0))


@differs("replace(name=...) renames", "brainstate sets a key that shadows nothing", ours="b", theirs="a")
def _(f):
    return f.state(1.0, name="a").replace(name="b").name


@case("copy_from takes over value, name and tags")
def _(f):
    a, b = f.state(1.0, name="a", tag="x"), f.state(2.0, name="b", tag="y", note=1)
    a.copy_from(b)
    return a, a.name, a.tag, a.note, a._been_writen


@case("copy_from a written State")
def _(f):
    a, b = f.state(1.0), f.state(2.0)
    b.value = f.array(3.0)
    a.copy_from(b)
    return a, a._been_writen


@case("copy_from another type", raises="ValueError")
def _(f):
    f.state(1.0).copy_from(f.param(2.0))


@case("copy_from a subclass", raises="ValueError")
def _(f):
    f.bs.LongTermState(f.array(1.0)).copy_from(f.param(2.0))


@case("copy_from oneself")
def _(f):
    a = f.state(1.0)
    a.copy_from(a)
    return a


@differs(
    "editing the list that a State was given",
    "ours copies containers, so that no write goes unseen",
    ours=[1.0],
    theirs=[1.0, 2.0],
)
def _(f):
    held = [1.0]
    state = f.bs.State(held)
    held.append(2.0)
    return state.value


@cases.parametrised()
def test_state(case):
    case.check()
