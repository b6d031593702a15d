"""The kinds of State, groups of hidden States, dicts of States and references."""

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

KINDS = ("State", "ShortTermState", "LongTermState", "ParamState", "BatchState", "HiddenState", "DelayState")
for _kind in KINDS:
    case(f"the bases of {_kind}")(
        lambda f, kind=_kind: [base for base in KINDS if issubclass(getattr(f.bs, kind), getattr(f.bs, base))]
    )
for _name, _value, _error in [
    ("a float", lambda f: 1.0, "TypeError"),
    ("a list", lambda f: [1.0, 2.0], "TypeError"),
    ("a dict", lambda f: {"a": f.array(1.0)}, "TypeError"),
    ("None", lambda f: None, "TypeError"),
    ("an array", lambda f: f.array([1.0]), ""),
    ("a quantity", lambda f: f.q([1.0], "mV"), ""),
]:
    case(f"HiddenState of {_name}", raises=_error)(lambda f, value=_value: f.bs.HiddenState(value(f)))


@case("HiddenState counts one variable of its shape")
def _(f):
    h = f.bs.HiddenState(f.array([[1.0, 2.0]]), name="h")
    return h.varshape, h.num_state, h.name


@case("HiddenState takes any value later")
def _(f):
    h = f.bs.HiddenState(f.array([1.0]))
    h.value = [1.0]
    return h


# Groups


def _group(f):
    return f.bs.HiddenGroupState(f.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


def _volts(f):
    return f.bs.HiddenGroupState(f.q([[1.0, 2.0], [3.0, 4.0]], "mV"))


def _tree(f):
    return f.bs.HiddenTreeState({"v": f.q([1.0, 2.0], "mV"), "i": f.q([3.0, 4.0], "nA"), "n": f.array([5.0, 6.0])})


cases.table(
    "group",
    shape=lambda f: (_group(f).varshape, _group(f).num_state, _group(f).name2index),
    by_index=lambda f: [_group(f).get_value(i) for i in (0, 2, -1, -3)],
    by_name=lambda f: [_group(f).get_value(i) for i in ("0", "2")],
    with_unit=lambda f: _volts(f).get_value(1),
    index_out_of_range=lambda f: [f.error(lambda i=i: _group(f).get_value(i)) for i in (3, -4)],
    unknown_name=lambda f: f.error(lambda: _group(f).get_value("v")),
    key_of_another_kind=lambda f: f.error(lambda: _group(f).get_value(1.0)),
    one_axis=lambda f: f.error(lambda: f.bs.HiddenGroupState(f.array([1.0]))),
    list_value=lambda f: f.error(lambda: f.bs.HiddenGroupState([[1.0]])),
)
cases.table(
    "tree",
    value=lambda f: (_tree(f), _tree(f).varshape, _tree(f).num_state, _tree(f).name2index),
    by_name=lambda f: [_tree(f).get_value(i) for i in ("v", "i", "n")],
    by_index=lambda f: [_tree(f).get_value(i) for i in (0, 1, 2)],
    units=lambda f: [_tree(f).name2unit["v"], _tree(f).index2unit[1]],
    of_a_list=lambda f: f.bs.HiddenTreeState([f.q([1.0], "mV"), f.array([2.0])]).get_value("0"),
    array=lambda f: f.error(lambda: f.bs.HiddenTreeState(f.array([[1.0]]))),
    unequal_shapes=lambda f: f.error(lambda: f.bs.HiddenTreeState({"a": f.array([1.0]), "b": f.array([1.0, 2.0])})),
)


def _set(state, value):
    state.set_value(value)
    return state


for _name, _make, _new, _error in [
    ("a dict by index", _group, lambda f: {1: f.array([7.0, 8.0])}, ""),
    ("a dict by name", _group, lambda f: {"2": f.array([7.0, 8.0])}, ""),
    ("a list", _group, lambda f: [f.array([7.0, 8.0]), f.array([9.0, 10.0])], ""),
    ("a tuple", _group, lambda f: (f.array([7.0, 8.0]),), ""),
    ("a negative index", _group, lambda f: {-1: f.array([7.0, 8.0])}, "ValueError"),
    ("an index too large", _group, lambda f: {3: f.array([7.0, 8.0])}, "ValueError"),
    ("another shape", _group, lambda f: {0: f.array([7.0])}, "ValueError"),
    ("an array", _group, lambda f: f.array([7.0, 8.0]), "TypeError"),
    ("the same unit", _volts, lambda f: {0: f.q([7.0, 8.0], "mV")}, ""),
    ("another unit", _volts, lambda f: {0: f.q([7.0, 8.0], "volt")}, ""),
    ("another dimension", _volts, lambda f: {0: f.q([7.0, 8.0], "ms")}, "UnitMismatchError"),
    ("a plain value among quantities", _volts, lambda f: {0: f.array([7.0, 8.0])}, "UnitMismatchError"),
    ("a converted quantity in a tree", _tree, lambda f: {"v": f.q([1.0, 2.0], "volt")}, ""),
    ("a plain value in a tree", _tree, lambda f: {"n": f.array([1.0, 2.0])}, ""),
    ("another dimension in a tree", _tree, lambda f: {"v": f.q([1.0, 2.0], "nA")}, "UnitMismatchError"),
]:
    case(f"set_value with {_name}", raises=_error)(lambda f, make=_make, new=_new: _set(make(f), new(f)))


differs("set_value with an empty dict", "an IndexError says nothing", ours="ValueError", theirs="IndexError")(
    lambda f: f.error(lambda: _group(f).set_value({}))
)


# Dicts of States


def _manager(f):
    manager = f.bs.StateDictManager()
    manager["w"], manager["h"] = f.param([1.0]), f.bs.HiddenState(f.array([2.0]))
    return manager


@case("assign_values writes into the States")
def _(f):
    manager = _manager(f)
    w = manager["w"]
    manager.assign_values({"w": f.array([5.0])}, {"h": f.array([6.0])})
    return w, manager.to_dict_values()


cases.table(
    "StateDictManager",
    collect_values=lambda f: dict(_manager(f).collect_values()),
    no_dict=lambda f: f.error(lambda: _manager(f).assign_values([1.0])),
    unknown_key=lambda f: f.error(lambda: _manager(f).assign_values({"x": 1.0})),
    split=lambda f: [dict(part) for part in _manager(f).split(f.bs.ParamState)],
    split_values=lambda f: [dict(part) for part in _manager(f).split_values(f.bs.ParamState)],
    subset=lambda f: dict(_manager(f).subset(f.bs.ShortTermState)),
    any_element=lambda f: f.bs.StateDictManager(a=1)["a"],
)


# Stand-ins and references


@case("maybe_state unwraps States only")
def _(f):
    fake = f.bs.FakeState(2.0, name="x")
    return f.bs.maybe_state(f.state(1.0)), f.bs.maybe_state(3), f.bs.maybe_state(fake) is fake, fake.name


@case("FakeState is no State")
def _(f):
    fake = f.bs.FakeState(2.0)
    fake.value = 3.0
    return isinstance(fake, f.bs.State), fake.value, fake.name


@case("a reference makes a new State")
def _(f):
    w = f.param([1.0], name="w", tag="t")
    ref = w.to_state_ref()
    made = ref.to_state()
    made.value += 1
    return ref.type, ref.value, ref.name, made, made.name, made.tag, w


@case("a reference can be copied with another value")
def _(f):
    ref = f.param([1.0]).to_state_ref()
    return ref.replace(f.array([2.0])).to_state(), ref.copy().value, ref.value


@case("update_from_ref takes over the value")
def _(f):
    a, b = f.param([1.0]), f.param([2.0])
    b.value += 1
    a.update_from_ref(b.to_state_ref())
    return a, a._been_writen


@case("update_from_ref of an unwritten State is no write")
def _(f):
    a = f.param([1.0])
    a.update_from_ref(f.param([2.0]).to_state_ref())
    return a, a._been_writen


@cases.parametrised()
def test_kinds(case):
    case.check()
