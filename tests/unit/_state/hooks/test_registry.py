import weakref

import pytest

from brainstate_torch._state.hooks import (
    GlobalHookRegistry,
    HookConfig,
    HookRegistrationError,
    clear_state_hooks,
    has_state_hooks,
    list_state_hooks,
    register_state_hook,
    unregister_state_hook,
)


@pytest.fixture(autouse=True)
def _no_global_hooks():
    GlobalHookRegistry.reset()
    yield
    GlobalHookRegistry.reset()


def test_registry_is_one_object_also_after_reset():
    registry = GlobalHookRegistry.instance()
    GlobalHookRegistry.reset()
    assert GlobalHookRegistry() is GlobalHookRegistry.instance() is registry


def test_registry_reset_removes_hooks_and_configuration():
    config = HookConfig(on_error="raise")
    assert GlobalHookRegistry(config).config is config
    handle = register_state_hook("read", print)
    assert GlobalHookRegistry().get_hooks()[0].name == handle.name
    assert GlobalHookRegistry().config is config
    GlobalHookRegistry.reset()
    assert handle.is_removed()
    assert GlobalHookRegistry.instance().config == HookConfig()
    assert not GlobalHookRegistry.instance().active


def test_register_state_hook_reaches_the_registry():
    seen, registry = [], GlobalHookRegistry.instance()
    handle = register_state_hook("init", lambda c: seen.append(c.value), priority=2, name="g", enabled=False)
    assert (handle.name, handle.priority, registry.active) == ("g", 2, False)
    handle.enable()
    assert registry.active
    registry.execute_init_hooks(3, weakref.ref(registry))
    assert seen == [3]


def test_register_state_hook_refuses_an_unknown_type():
    with pytest.raises(HookRegistrationError, match="`hook_type` must be one of 'read'"):
        register_state_hook("bogus", print)


def test_state_hooks_are_listed_counted_and_removed():
    read, init = register_state_hook("read", print, name="r"), register_state_hook("init", print, name="i")
    assert [hook.name for hook in list_state_hooks()] == ["r", "i"]
    assert [hook.name for hook in list_state_hooks("init")] == ["i"]
    assert (has_state_hooks(), has_state_hooks("read"), has_state_hooks("restore")) == (True, True, False)
    assert (unregister_state_hook(read), unregister_state_hook(read)) == (True, False)
    assert not has_state_hooks("read")
    clear_state_hooks("read")
    assert has_state_hooks("init")
    clear_state_hooks()
    assert not has_state_hooks()
    assert init.is_removed()
