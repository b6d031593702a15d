"""The hooks of all States."""

from collections.abc import Callable
from typing import Any, ClassVar

from .hook import Hook, HookHandle
from .manager import HookConfig, HookManager

__all__ = [
    "GlobalHookRegistry",
    "clear_state_hooks",
    "has_state_hooks",
    "list_state_hooks",
    "register_state_hook",
    "unregister_state_hook",
]


class GlobalHookRegistry(HookManager):
    """The one manager whose hooks run for every State, before the State's own.

    Parameters
    ----------
    config
        Takes the place of the registry's configuration, if given.

    Notes
    -----
    Source: brainstate.GlobalHookRegistry (0.5.4). Differs: `config` may be given; `reset` empties the
    registry and keeps the object, so whoever holds it holds the right one.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.GlobalHookRegistry() is brainstate.GlobalHookRegistry.instance()
    True
    """

    _only: ClassVar["GlobalHookRegistry | None"] = None

    def __new__(cls, config: HookConfig | None = None) -> "GlobalHookRegistry":
        return super().__new__(cls) if cls._only is None else cls._only

    def __init__(self, config: HookConfig | None = None) -> None:
        if GlobalHookRegistry._only is None:
            super().__init__(config)
            GlobalHookRegistry._only = self
        elif config is not None:
            self.config = config

    @classmethod
    def instance(cls) -> "GlobalHookRegistry":
        """The registry."""
        return _REGISTRY

    @classmethod
    def reset(cls) -> None:
        """Remove all global hooks and go back to the default configuration."""
        _REGISTRY.clear_hooks()
        _REGISTRY.config = HookConfig()


# Made on import, which no two threads do at once.
_REGISTRY = GlobalHookRegistry()


def register_state_hook(
    hook_type: str,
    callback: Callable[[Any], Any],
    priority: int = 0,
    name: str | None = None,
    enabled: bool = True,
) -> HookHandle:
    """Run `callback` at every `hook_type` of every State; see `HookManager.register_hook`.

    Parameters
    ----------
    hook_type
        ``'read'``, ``'write_before'``, ``'write_after'``, ``'restore'`` or ``'init'``.
    callback
        Called with a :class:`HookContext` of that type.
    priority
        Hooks of higher priority run first.
    name
        A name, for error messages and lists.
    enabled
        Whether the hook is on from the start.

    Returns
    -------
    HookHandle
        Switches the hook on and off, and removes it.

    Raises
    ------
    HookRegistrationError
        If `hook_type` is unknown or `callback` cannot be called.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> handle = brainstate.register_state_hook('read', lambda context: print('read', context.state_name))
    >>> a, b = brainstate.State(1, name='a'), brainstate.State(2, name='b')
    >>> _ = a.value, b.value
    read a
    read b
    >>> handle.remove()
    True
    """
    return _REGISTRY.register_hook(hook_type, callback, priority, name, enabled)


def unregister_state_hook(handle: HookHandle) -> bool:
    """Remove a global hook; False if it is not registered.

    Parameters
    ----------
    handle
        What :func:`register_state_hook` returned.

    Returns
    -------
    bool
        Whether the hook was registered.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> handle = brainstate.register_state_hook('init', print)
    >>> brainstate.unregister_state_hook(handle), brainstate.unregister_state_hook(handle)
    (True, False)
    """
    return _REGISTRY.unregister_hook(handle)


def clear_state_hooks(hook_type: str | None = None) -> None:
    """Remove the global hooks of a type, or all.

    Parameters
    ----------
    hook_type
        ``'read'``, ``'write_before'``, ``'write_after'``, ``'restore'`` or ``'init'``. None: all of them.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> handle = brainstate.register_state_hook('init', print)
    >>> brainstate.clear_state_hooks('init')
    >>> handle.is_removed()
    True
    """
    _REGISTRY.clear_hooks(hook_type)


def has_state_hooks(hook_type: str | None = None) -> bool:
    """Whether a global hook of a type is enabled; without a type, whether there is any, enabled or not.

    Parameters
    ----------
    hook_type
        ``'read'``, ``'write_before'``, ``'write_after'``, ``'restore'`` or ``'init'``. None: all of them.

    Returns
    -------
    bool
        Whether there is one.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> handle = brainstate.register_state_hook('restore', print)
    >>> brainstate.has_state_hooks('restore'), brainstate.has_state_hooks('read')
    (True, False)
    >>> brainstate.clear_state_hooks()
    """
    return _REGISTRY.has_hooks(hook_type)


def list_state_hooks(hook_type: str | None = None) -> list[Hook]:
    """The global hooks of a type, or all, in the order of registration.

    Parameters
    ----------
    hook_type
        ``'read'``, ``'write_before'``, ``'write_after'``, ``'restore'`` or ``'init'``. None: all of them.

    Returns
    -------
    list of Hook
        The hooks, in the order of registration.

    Notes
    -----
    Source: brainstate.list_state_hooks (0.5.4). Differs: without a type ``init`` hooks are included.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> handle = brainstate.register_state_hook('init', print, name='show')
    >>> brainstate.list_state_hooks()
    [Hook(name='show', priority=0, enabled)]
    >>> brainstate.clear_state_hooks()
    """
    return _REGISTRY.get_hooks(hook_type)
