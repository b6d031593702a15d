import gc
import threading
import weakref

import pytest

from brainstate_torch._state.hooks import (
    Hook,
    HookError,
    HookExecutionError,
    HookManager,
    HookRegistrationError,
    ReadHookContext,
)


class Named:
    name = None


def context(value=None):
    return ReadHookContext("read", weakref.ref(Named), value=value)


def test_hook_refuses_what_cannot_be_called():
    with pytest.raises(HookRegistrationError, match=r"`callback` must be callable\. Got int\."):
        Hook(3)


def test_hook_defaults():
    hook = Hook(print)
    assert (hook.callback, hook.priority, hook.enabled) == (print, 0, True)
    assert hook.name == f"hook_{hook.hook_id}"


def test_hook_execute_returns_what_the_callback_returns_if_enabled():
    hook = Hook(lambda c: c.value + 1)
    assert hook.execute(context(2)) == 3
    hook.enabled = False
    assert hook.execute(context(2)) is None


def test_hook_execute_names_hook_operation_and_cause():
    hook = Hook(lambda c: {}["k"], name="h")
    with pytest.raises(HookExecutionError, match="Hook 'h' failed on 'read' with KeyError: 'k'") as caught:
        hook.execute(context())
    assert isinstance(caught.value.__cause__, KeyError)


def test_hook_execute_lets_an_interrupt_pass():
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Hook(interrupt).execute(context())


def test_hooks_sort_by_priority_then_age():
    old, young, urgent = Hook(print), Hook(print), Hook(print, priority=1)
    assert sorted([young, old, urgent]) == [urgent, old, young]


def test_hook_ids_are_unique_across_threads():
    hooks, start = [], threading.Barrier(4)

    def make():
        start.wait()
        hooks.extend([Hook(print) for _ in range(200)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({hook.hook_id for hook in hooks}) == 800


def test_hook_and_handle_repr_show_the_status():
    manager = HookManager()
    handle = manager.register_hook("read", print, priority=2, name="h")
    (hook,) = manager.get_hooks()
    assert (repr(hook), repr(handle)) == (
        "Hook(name='h', priority=2, enabled)",
        "HookHandle(name='h', priority=2, enabled)",
    )
    handle.disable()
    assert (repr(hook), repr(handle)) == (
        "Hook(name='h', priority=2, disabled)",
        "HookHandle(name='h', priority=2, disabled)",
    )
    handle.remove()
    assert repr(handle) == "HookHandle(name='h', priority=2, removed)"


def test_handle_switches_the_hook():
    seen, manager = [], HookManager()
    handle = manager.register_hook("read", lambda c: seen.append(c.value), priority=5, name="h")
    assert (handle.name, handle.priority, handle.is_enabled()) == ("h", 5, True)
    manager.execute_read_hooks(1, weakref.ref(Named))
    handle.disable()
    manager.execute_read_hooks(2, weakref.ref(Named))
    assert not handle.is_enabled()
    handle.enable()
    manager.execute_read_hooks(3, weakref.ref(Named))
    assert seen == [1, 3]


@pytest.mark.parametrize(
    "remove",
    [
        lambda manager, handle: handle.remove(),
        lambda manager, handle: manager.unregister_hook(handle),
        lambda manager, handle: manager.clear_hooks(),
    ],
)
def test_handle_of_a_removed_hook_says_so(remove):
    manager = HookManager()
    handle = manager.register_hook("read", print, name="h")
    assert not handle.is_removed()
    remove(manager, handle)
    assert handle.is_removed()
    assert not handle.is_enabled()
    assert handle.remove() is False
    for switch in (handle.enable, handle.disable):
        with pytest.raises(HookError, match=r"`hook` must be registered\. Got 'h', which was removed\."):
            switch()


def test_handle_outlives_its_manager():
    handle = HookManager().register_hook("read", print, name="h")
    gc.collect()
    assert handle.remove() is False
    for switch in (handle.enable, handle.disable):
        with pytest.raises(HookError, match=r"`hook` must be registered\. Got 'h', whose State is gone\."):
            switch()
