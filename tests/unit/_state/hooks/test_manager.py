import copy
import pickle
import sys
import threading
import warnings
import weakref

import pytest

from brainstate_torch._state.hooks import (
    HookCancellationError,
    HookConfig,
    HookExecutionError,
    HookManager,
    HookRegistrationError,
    HookWarning,
    InitHookContext,
    MutableWriteHookContext,
    ReadHookContext,
    RestoreHookContext,
    WriteHookContext,
)

TYPES = ("read", "write_before", "write_after", "restore", "init")


class Named:
    name = "v"


REF = weakref.ref(Named)

EXECUTE = {
    "read": lambda m: m.execute_read_hooks(1, REF),
    "write_before": lambda m: m.execute_write_before_hooks(1, 0, REF),
    "write_after": lambda m: m.execute_write_after_hooks(1, 0, REF),
    "restore": lambda m: m.execute_restore_hooks(1, 0, REF),
    "init": lambda m: m.execute_init_hooks(1, REF, {"k": 2}),
}


def fail(_):
    raise ValueError("inner")


@pytest.fixture
def manager():
    return HookManager()


@pytest.mark.parametrize(
    ("hook_type", "kind", "fields"),
    [
        ("read", ReadHookContext, {}),
        ("write_before", MutableWriteHookContext, {"old_value": 0, "transformed_value": 1, "cancel": False}),
        ("write_after", WriteHookContext, {"old_value": 0}),
        ("restore", RestoreHookContext, {"old_value": 0}),
        ("init", InitHookContext, {"init_metadata": {"k": 2}}),
    ],
)
def test_hooks_get_the_context_of_their_type_only(manager, hook_type, kind, fields):
    contexts = []
    manager.register_hook(hook_type, contexts.append)
    for execute in EXECUTE.values():
        execute(manager)
    (context,) = contexts
    assert type(context) is kind
    assert (context.operation, context.value, context.state) == (hook_type, 1, Named)
    assert {name: getattr(context, name) for name in fields} == fields


@pytest.mark.parametrize("hook_type", TYPES)
def test_hooks_run_by_priority_then_registration(manager, hook_type):
    order = []
    for name, priority in [("low", -1), ("first", 0), ("second", 0), ("high", 9)]:
        manager.register_hook(hook_type, lambda c, name=name: order.append(name), priority=priority)
    EXECUTE[hook_type](manager)
    assert order == ["high", "first", "second", "low"]


@pytest.mark.parametrize("hook_type", TYPES)
def test_without_hooks_nothing_happens(manager, hook_type):
    assert EXECUTE[hook_type](manager) == (1 if hook_type == "write_before" else None)


def test_init_metadata_is_empty_by_default(manager):
    seen = []
    manager.register_hook("init", lambda c: seen.append(c.init_metadata))
    manager.execute_init_hooks(1, REF)
    assert seen == [{}]


def test_write_before_hooks_chain_and_see_the_callers_value(manager):
    def double(context):
        context.transformed_value *= 2

    def add(context):
        assert context.value == 5
        context.transformed_value += 10

    manager.config = HookConfig(on_error="raise")
    manager.register_hook("write_before", add, priority=1)
    manager.register_hook("write_before", double, priority=2)
    assert manager.execute_write_before_hooks(5, 0, REF) == 20


def test_write_before_none_means_unchanged(manager):
    manager.register_hook("write_before", lambda c: setattr(c, "transformed_value", 7))
    manager.register_hook("write_before", lambda c: setattr(c, "transformed_value", None))
    assert manager.execute_write_before_hooks(5, 0, REF) == 7


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (None, r"^Hook 'no' cancelled the write\.$"),
        ("too big", "^Hook 'no' cancelled the write: too big$"),
    ],
)
def test_write_before_hook_can_cancel(manager, reason, text):
    def cancel(context):
        context.cancel, context.cancel_reason = True, reason

    later = []
    manager.register_hook("write_before", cancel, name="no")
    manager.register_hook("write_before", later.append)
    with pytest.raises(HookCancellationError, match=text):
        manager.execute_write_before_hooks(5, 0, REF)
    assert later == []


def test_write_before_hook_that_raises_has_no_effect(manager):
    def set_then_fail(context):
        context.transformed_value, context.cancel = 99, True
        raise ValueError("inner")

    manager.config.on_error = "ignore"
    manager.register_hook("write_before", set_then_fail, priority=1)
    manager.register_hook("write_before", lambda c: setattr(c, "transformed_value", c.transformed_value + 1))
    assert manager.execute_write_before_hooks(5, 0, REF) == 6


@pytest.mark.parametrize("hook_type", TYPES)
def test_error_warns_by_default_and_the_next_hook_runs(manager, hook_type):
    ran = []
    manager.register_hook(hook_type, fail, name="bad")
    manager.register_hook(hook_type, ran.append)
    with pytest.warns(HookWarning, match=f"^Hook 'bad' failed on '{hook_type}' with ValueError: inner$"):
        EXECUTE[hook_type](manager)
    assert len(ran) == 1


def test_error_of_a_loop_warns_once(manager):
    manager.register_hook("read", fail)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(5):
            manager.execute_read_hooks(1, REF)
    assert len(caught) == 1


def test_error_is_raised_from_its_cause_on_request():
    manager = HookManager(HookConfig(on_error="raise"))
    manager.register_hook("read", fail, name="bad")
    with pytest.raises(HookExecutionError, match="Hook 'bad' failed on 'read'") as caught:
        manager.execute_read_hooks(1, REF)
    assert isinstance(caught.value.__cause__, ValueError)


def test_error_goes_to_the_logger_instead_of_a_warning():
    calls = []
    manager = HookManager(HookConfig(error_logger=lambda *call: calls.append(call)))
    manager.register_hook("read", fail, name="bad")
    manager.execute_read_hooks(1, REF)
    ((message, error, hook, context),) = calls
    assert message == str(error) == "Hook 'bad' failed on 'read' with ValueError: inner"
    assert isinstance(error, HookExecutionError)
    assert (hook, context.value) == (manager.get_hooks()[0], 1)


def test_error_limit_disables_the_hook():
    messages = []
    config = HookConfig(
        error_logger=lambda message, *_: messages.append(message),
        disable_on_error=True,
        max_errors_per_hook=2,
    )
    manager = HookManager(config)
    handle = manager.register_hook("read", fail)
    for _ in range(4):
        manager.execute_read_hooks(1, REF)
    assert [message.endswith("(disabled after 2 errors)") for message in messages] == [False, True]
    assert not handle.is_enabled()
    assert not manager.active


def test_config_refuses_an_unknown_reaction():
    with pytest.raises(ValueError, match=r"`on_error` must be 'raise', 'log' or 'ignore'\. Got 'stop'\."):
        HookConfig(on_error="stop")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda m: m.register_hook("bogus", print), HookRegistrationError),
        (lambda m: m.has_hooks("bogus"), ValueError),
        (lambda m: m.get_hooks("bogus"), ValueError),
        (lambda m: m.get_hooks(""), ValueError),
        (lambda m: m.clear_hooks("bogus"), ValueError),
    ],
)
def test_unknown_type_is_refused_with_and_without_hooks(manager, call, error):
    for _ in range(2):
        with pytest.raises(error, match=r"`hook_type` must be one of 'read', .*, 'init'\. Got '(bogus)?'\."):
            call(manager)
        manager.register_hook("read", print)


def test_get_hooks_lists_every_type_in_order_of_registration(manager):
    names = [f"{kind}_{i}" for kind in TYPES for i in range(2)]
    for name in names:
        manager.register_hook(name.rpartition("_")[0], print, name=name, priority=int(name[-1]))
    assert [hook.name for hook in manager.get_hooks()] == names
    assert [hook.name for hook in manager.get_hooks("init")] == ["init_0", "init_1"]


def test_unregister_hook_removes_its_hook_only(manager):
    first, second = (manager.register_hook("read", print, name=name) for name in "ab")
    assert HookManager().unregister_hook(first) is False
    assert manager.unregister_hook(first) is True
    assert manager.unregister_hook(first) is False
    assert [hook.name for hook in manager.get_hooks()] == ["b"]
    assert second.is_enabled()


def test_clear_hooks_clears_one_type_or_all(manager):
    for kind in TYPES:
        manager.register_hook(kind, print, name=kind)
    manager.clear_hooks("read")
    assert [hook.name for hook in manager.get_hooks()] == list(TYPES[1:])
    manager.clear_hooks()
    assert manager.get_hooks() == []


def test_has_hooks_counts_disabled_hooks_only_without_a_type(manager):
    assert not manager.has_hooks()
    manager.register_hook("read", print, enabled=False)
    assert (manager.has_hooks(), manager.has_hooks("read")) == (True, False)
    manager.register_hook("read", print)
    assert (manager.has_hooks("read"), manager.has_hooks("init")) == (True, False)


def test_active_follows_every_change(manager):
    assert manager.active is False
    handle = manager.register_hook("read", print, enabled=False)
    assert manager.active is False
    handle.enable()
    assert manager.active is True
    handle.disable()
    assert manager.active is False
    manager.get_hooks()[0].enabled = True
    assert manager.active is True
    handle.remove()
    assert manager.active is False
    manager.register_hook("init", print)
    assert manager.active is True
    manager.clear_hooks("read")
    assert manager.active is True
    manager.clear_hooks("init")
    assert manager.active is False


def test_hook_registered_by_a_hook_runs_from_the_next_operation(manager):
    order = []
    manager.register_hook("read", lambda c: manager.register_hook("read", lambda c: order.append(c.value)) and None)
    manager.execute_read_hooks(1, REF)
    assert order == []
    manager.execute_read_hooks(2, REF)
    assert order == [2]


def test_hook_disabled_by_an_earlier_hook_does_not_run(manager):
    ran = []
    handle = manager.register_hook("read", ran.append)
    manager.register_hook("read", lambda c: handle.disable(), priority=1)
    manager.execute_read_hooks(1, REF)
    assert ran == []


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copy_keeps_the_configuration_and_no_hooks(duplicate):
    manager = HookManager(HookConfig(on_error="raise"))
    manager.register_hook("read", print)
    twin = duplicate(manager)
    assert twin.config == manager.config
    assert (twin.get_hooks(), twin.active) == ([], False)
    twin.register_hook("read", print)
    assert len(manager.get_hooks()) == 1


def test_manager_is_freed_without_the_garbage_collector():
    manager = HookManager()
    manager.register_hook("read", print)
    ref = weakref.ref(manager)
    del manager
    assert ref() is None


@pytest.fixture
def eager_switching():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def run_together(*functions):
    errors = []

    def guarded(function):
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(function,), daemon=True) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    assert errors == []


@pytest.mark.usefixtures("eager_switching")
def test_threads_register_and_remove_while_hooks_run(manager):
    counted = []
    manager.register_hook("read", lambda c: counted.append(1))

    def register():
        for _ in range(50):
            handles = [manager.register_hook(kind, lambda c: None) for kind in TYPES]
            handles[0].disable()
            for handle in handles[1:]:
                assert handle.remove()

    def execute():
        for _ in range(300):
            manager.execute_read_hooks(1, REF)

    run_together(register, register, register, execute, execute)
    assert len(counted) == 600
    assert len(manager.get_hooks()) == 1 + 3 * 50
    assert manager.active


def test_hooks_of_two_managers_may_use_each_other_in_two_threads():
    first, second, meet = HookManager(), HookManager(), threading.Barrier(2, timeout=10)

    def enter(other):
        def hook(context):
            if context.value == "outer":
                meet.wait()
                other.execute_read_hooks("inner", REF)

        return hook

    first.register_hook("read", enter(second))
    second.register_hook("read", enter(first))
    run_together(*(lambda m=m: m.execute_read_hooks("outer", REF) for m in (first, second)))
