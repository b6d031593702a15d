"""Hooks of one State and of all States."""

import warnings

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

TYPES = ("read", "write_before", "write_after", "restore")
CONFIG = ("on_error", "max_errors_per_hook", "disable_on_error")


def _logged(state, log=None):
    """A list to which every hook of the State adds."""
    log = [] if log is None else log
    for kind in TYPES:
        state.register_hook(kind, lambda context, kind=kind: log.append(kind))
    return log


def _writes(f, state):
    state.value = f.array(2.0)


def _augments(f, state):
    state.value += 1


OPERATIONS = {
    "a read": lambda f, s: s.value,
    "a write": _writes,
    "an augmented assignment": _augments,
    "restore_value": lambda f, s: s.restore_value(f.array(3.0)),
    "copy": lambda f, s: s.copy(),
    "replace": lambda f, s: s.replace(f.array(1.0)),
    "copy_from": lambda f, s: s.copy_from(f.state(4.0)),
    "value_call": lambda f, s: s.value_call(lambda x: x),
    "a refused write": lambda f, s: f.error(lambda: setattr(s, "value", f.state(1.0))),
    "a change of name": lambda f, s: setattr(s, "name", "x"),
}
for _name, _operation in OPERATIONS.items():

    @case(f"the hooks that {_name} runs")
    def _(f, operation=_operation):
        state = f.state(1.0)
        log = _logged(state)
        operation(f, state)
        return log


@case("what a read hook sees")
def _(f):
    state, seen = f.state(1.0, name="v"), []
    state.register_hook(
        "read", lambda c: seen.append((c.operation, c.state is state, c.state_name, c.value, c.metadata))
    )
    _ = state.value
    return seen


@case("what the write hooks see")
def _(f):
    state, seen = f.state(1.0), []
    state.register_hook(
        "write_before",
        lambda c: seen.append((c.operation, c.value, c.old_value, c.transformed_value, c.cancel, c.cancel_reason)),
    )
    state.register_hook("write_after", lambda c: seen.append((c.operation, c.value, c.old_value)))
    state.value = f.array(2.0)
    return seen


@case("what a restore hook sees")
def _(f):
    state, seen = f.state(1.0), []
    state.register_hook("restore", lambda c: seen.append((c.operation, c.value, c.old_value)))
    state.restore_value(f.array(2.0))
    return seen


@case("write_before hooks transform in a chain")
def _(f):
    state, seen = f.state(1.0), []

    def times(factor):
        def hook(context):
            seen.append((context.value, context.transformed_value))
            context.transformed_value = context.transformed_value * factor

        return hook

    state.register_hook("write_before", times(2.0))
    state.register_hook("write_before", times(3.0))
    state.value = f.array(5.0)
    return seen, state


@case("a transformed value of None changes nothing")
def _(f):
    state = f.state(1.0)
    state.register_hook("write_before", lambda c: setattr(c, "transformed_value", None))
    state.value = f.array(2.0)
    return state


@case("what a hook returns is ignored")
def _(f):
    state = f.state(1.0)
    state.register_hook("write_before", lambda c: f.array(9.0))
    state.register_hook("read", lambda c: f.array(9.0))
    state.value = f.array(2.0)
    return state.value


@case("a cancelled write leaves the value")
def _(f):
    state = f.state(1.0)
    log = _logged(state)

    def cancel(context):
        context.cancel, context.cancel_reason = True, "no"

    state.register_hook("write_before", cancel)
    return f.error(lambda: setattr(state, "value", f.array(2.0))), state._value, state._been_writen, log


@case("higher priority runs first, ties in order of registration")
def _(f):
    state, log = f.state(1.0), []
    for name, priority in [("a", 0), ("b", 5), ("c", 0), ("d", -1), ("e", 5)]:
        state.register_hook("read", lambda c, name=name: log.append(name), priority=priority)
    _ = state.value
    return log


@case("global hooks run before those of the State")
def _(f):
    state, log = f.state(1.0), []
    state.register_hook("read", lambda c: log.append("own"), priority=10)
    f.bs.register_state_hook("read", lambda c: log.append("global"))
    _ = state.value
    return log


@case("a global hook sees every State")
def _(f):
    seen = []
    f.bs.register_state_hook("write_after", lambda c: seen.append((c.state_name, c.value)))
    for name in "ab":
        f.state(0.0, name=name).value = f.array(1.0)
    return seen


@case("init hooks see the value and the metadata")
def _(f):
    seen = []

    def hook(context):
        metadata = context.init_metadata
        seen.append((context.operation, context.value, context.state_name, {k: metadata[k] for k in sorted(metadata)}))

    f.bs.register_state_hook("init", hook)
    f.param([1.0], name="w", tag="t", note=1)
    f.bs.HiddenState(f.array([2.0]))
    return seen


@case("init hooks do not see copies")
def _(f):
    seen, state = [], f.state(1.0)
    f.bs.register_state_hook("init", lambda c: seen.append(c.value))
    state.copy(), state.replace(f.array(2.0)), state.to_state_ref().to_state()
    return seen


@case("handles switch hooks off and on")
def _(f):
    state, log = f.state(1.0), []
    handle = state.register_hook("read", lambda c: log.append(1))
    flags = [handle.is_enabled()]
    handle.disable()
    _ = state.value
    flags += [handle.is_enabled(), len(log)]
    handle.enable()
    _ = state.value
    return flags, handle.is_enabled(), len(log), handle.is_removed()


@case("removed handles")
def _(f):
    state = f.state(1.0)
    log = _logged(state)
    handle = state.register_hook("read", lambda c: log.append("x"))
    first, second = handle.remove(), handle.remove()
    _ = state.value
    return first, second, handle.is_removed(), log, f.error(handle.enable), f.error(handle.disable)


@case("temporary_hook ends with its block, also by an exception")
def _(f):
    state, log = f.state(1.0), []

    def body():
        with state.temporary_hook("read", lambda c: log.append(1)):
            _ = state.value
            raise KeyError("stop")

    seen = f.error(body)
    _ = state.value
    return seen, log


@case("hooks registered disabled do not run")
def _(f):
    state, log = f.state(1.0), []
    state.register_hook("read", lambda c: log.append(1), enabled=False)
    _ = state.value
    return log, state.has_hooks("read"), state.has_hooks(), len(state.list_hooks("read"))


cases.table(
    "registration",
    unknown_type=lambda f: f.error(lambda: f.state(1.0).register_hook("bad", print)),
    not_callable=lambda f: f.error(lambda: f.state(1.0).register_hook("read", 3)),
    global_unknown_type=lambda f: f.error(lambda: f.bs.register_state_hook("bad", print)),
    has_hooks_of_unknown_type=lambda f: f.error(lambda: f.state(1.0).has_hooks("bad")),
    has_hooks=lambda f: _has_hooks(f),
    clear=lambda f: _cleared(f),
    names=lambda f: [hook.name for hook in _hooked(f).list_hooks("read")],
    config_default=lambda f: [getattr(f.bs.HookConfig(), name) for name in CONFIG],
    global_has_hooks=lambda f: [f.bs.has_state_hooks(), _registered(f), f.bs.has_state_hooks()],
    global_unregister=lambda f: f.bs.unregister_state_hook(f.bs.register_state_hook("read", len)),
    global_list=lambda f: [_registered(f), len(f.bs.list_state_hooks("read"))],
    copies_have_no_hooks=lambda f: _hooked(f).copy().has_hooks(),
    replacements_share_hooks=lambda f: _hooked(f).replace(f.array(2.0)).has_hooks(),
    copy_from_keeps_hooks=lambda f: _copied_from(f).has_hooks(),
)


def _registered(f):
    return f.bs.register_state_hook("read", len).is_enabled()


def _hooked(f):
    state = f.state(1.0)
    state.register_hook("read", lambda c: None, name="first")
    state.register_hook("read", lambda c: None, name="second")
    return state


def _has_hooks(f):
    state = _hooked(f)
    return [state.has_hooks(kind) for kind in (None, *TYPES)]


def _cleared(f):
    state = _hooked(f)
    state.register_hook("restore", len)
    state.clear_hooks("read")
    some = state.has_hooks()
    state.clear_hooks()
    return some, state.has_hooks()


def _copied_from(f):
    state = _hooked(f)
    state.copy_from(f.state(2.0))
    return state


@differs("list_hooks without a type", "brainstate forgets init hooks", ours=2, theirs=1)
def _(f):
    state = f.state(1.0)
    state.register_hook("init", len)
    state.register_hook("read", len)
    return len(state.list_hooks())


@differs("HookConfig with an unknown choice", "ours checks at once", ours="ValueError", theirs="explode")
def _(f):
    if f.is_ours():
        return f.error(lambda: f.bs.HookConfig(on_error="explode"))
    return f.bs.HookConfig(on_error="explode").on_error


# Exceptions in hooks


def _fails(context):
    raise KeyError("hook")


@case("an exception in a hook becomes a warning and the write happens")
def _(f):
    state = f.state(1.0)
    state.register_hook("write_before", _fails)
    state.register_hook("write_after", _fails)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        state.value = f.array(2.0)
    return state, [warning.category for warning in caught]


for _choice in ("raise", "ignore"):

    @case(f"an exception in a hook with on_error={_choice!r}")
    def _(f, choice=_choice):
        state = f.state(1.0)
        state.hooks.config.on_error = choice
        state.register_hook("write_before", _fails)
        if choice == "ignore":
            state.value = f.array(2.0)
            return state
        return f.error(lambda: setattr(state, "value", f.array(2.0))), state


@case("disable_on_error stops a hook after its errors")
def _(f):
    state, calls = f.state(1.0), []
    state.hooks.config = f.bs.HookConfig(on_error="ignore", max_errors_per_hook=2, disable_on_error=True)
    handle = state.register_hook("read", lambda c: (calls.append(1), _fails(c)))
    for _ in range(4):
        _ = state.value
    return len(calls), handle.is_enabled()


# Under a gradient


@differs(
    "hooks under a gradient",
    "brainstate runs them at tracing time and at the commit, ours where the function reads and writes",
    ours=["read", "write_before", "write_after"],
    theirs=["read", "write_before", "write_after", "read", "restore", "read", "write_before", "write_after"],
)
def _(f):
    w, n = f.param(2.0), f.state(0.0)
    log = _logged(n)

    def loss():
        n.value = n.value + 1
        return w.value**2

    f.grad(loss, w)()
    return log


@case("a write_before hook transforms a write inside a gradient")
def _(f):
    w, n = f.param(2.0), f.state(0.0)

    def loss():
        n.value = w.value * 3
        return n.value**2

    n.register_hook("write_before", lambda c: setattr(c, "transformed_value", c.transformed_value + 0.0))
    return f.grad(loss, w)(), n


@case("a cancelled write inside a gradient leaves every State")
def _(f):
    w, a, n = f.param(2.0), f.state(0.0), f.state(0.0)
    n.register_hook("write_before", lambda c: setattr(c, "cancel", True))

    def loss():
        a.value = w.value * 1
        n.value = w.value * 3
        return n.value**2

    return f.error(f.grad(loss, w)), a, n, w


@cases.parametrised()
def test_hooks(case):
    case.check()
