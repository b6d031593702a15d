"""A callback with its priority, name and switch, and the handle its owner keeps."""

import itertools
import weakref
from collections.abc import Callable
from typing import Any, Protocol

from .context import HookContext
from .errors import HookError, HookExecutionError, HookRegistrationError

__all__ = ["Hook", "HookHandle"]

_IDS = itertools.count()


class Owner(Protocol):
    """What a hook and its handle ask of the manager they are registered with."""

    def unregister_hook(self, handle: "HookHandle") -> bool:
        """Remove a hook; False if it is not registered here."""

    def _refresh(self) -> None: ...


class Hook:
    """A callback and what decides when it runs. Hooks sort in the order in which they run.

    Parameters
    ----------
    callback
        Called with a `HookContext`.
    priority
        Higher runs earlier; equal priorities run in the order of registration.
    name
        Used in messages; ``hook_<number>`` if not given.
    enabled
        Whether it runs; may be assigned later.

    Raises
    ------
    HookRegistrationError
        If `callback` cannot be called.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> first, second = brainstate.Hook(print, priority=2, name='a'), brainstate.Hook(print, name='b')
    >>> sorted([second, first])
    [Hook(name='a', priority=2, enabled), Hook(name='b', priority=0, enabled)]
    """

    def __init__(
        self, callback: Callable[[Any], Any], priority: int = 0, name: str | None = None, enabled: bool = True
    ) -> None:
        if not callable(callback):
            raise HookRegistrationError(f"`callback` must be callable. Got {type(callback).__name__}.")
        self.hook_id = next(_IDS)
        self.callback = callback
        self.priority = priority
        self.name = name or f"hook_{self.hook_id}"
        self._enabled = enabled
        self._error_count = 0
        self._owner: weakref.ref[Owner] | None = None

    @property
    def enabled(self) -> bool:
        """Whether the hook runs."""
        return self._enabled

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self._enabled = enabled
        manager = None if self._owner is None else self._owner()
        if manager is not None:
            manager._refresh()

    def execute(self, context: HookContext) -> Any:
        """Call the callback, if enabled, and hand back what it returns.

        Raises
        ------
        HookExecutionError
            If the callback raises; its ``__cause__`` is what was raised.
        """
        if not self._enabled:
            return None
        try:
            return self.callback(context)
        except Exception as error:
            text = f"Hook {self.name!r} failed on {context.operation!r} with {type(error).__name__}: {error}"
            raise HookExecutionError(text) from error

    def __lt__(self, other: "Hook") -> bool:
        return (-self.priority, self.hook_id) < (-other.priority, other.hook_id)

    def __repr__(self) -> str:
        status = "enabled" if self._enabled else "disabled"
        return f"Hook(name={self.name!r}, priority={self.priority}, {status})"


class HookHandle:
    """What registering a hook returns, to switch the hook off and on and to remove it.

    Parameters
    ----------
    manager_ref
        A weak reference to the manager that holds the hook.
    hook
        The hook.
    hook_type
        The type that it was registered for.

    Notes
    -----
    Source: brainstate.HookHandle (0.5.4). Differs: a hook that went by `HookManager.unregister_hook` or
    `HookManager.clear_hooks` counts as removed too.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(3)
    >>> handle = s.register_hook('read', print, name='show')
    >>> handle.disable()
    >>> s.value, handle
    (3, HookHandle(name='show', priority=0, disabled))
    >>> handle.remove(), handle.remove()
    (True, False)
    """

    def __init__(self, manager_ref: "weakref.ref[Owner]", hook: Hook, hook_type: str) -> None:
        self._manager_ref = manager_ref
        self._hook = hook
        self._hook_type = hook_type

    @property
    def name(self) -> str:
        """The name of the hook."""
        return self._hook.name

    @property
    def priority(self) -> int:
        """The priority of the hook."""
        return self._hook.priority

    def enable(self) -> None:
        """Let the hook run again.

        Raises
        ------
        HookError
            If the hook was removed or its State is gone.
        """
        self._check_registered()
        self._hook.enabled = True

    def disable(self) -> None:
        """Keep the hook from running until `enable`.

        Raises
        ------
        HookError
            If the hook was removed or its State is gone.
        """
        self._check_registered()
        self._hook.enabled = False

    def remove(self) -> bool:
        """Unregister the hook; False if it was not registered any more.

        Returns
        -------
        bool
            Whether the hook was registered.
        """
        manager = self._manager_ref()
        return manager is not None and manager.unregister_hook(self)

    def is_enabled(self) -> bool:
        """Whether the hook is registered and runs.

        Returns
        -------
        bool
            Whether it is.
        """
        return self._hook.enabled and not self.is_removed()

    def is_removed(self) -> bool:
        """Whether the hook was unregistered.

        Returns
        -------
        bool
            Whether it was.
        """
        return self._hook._owner is None

    def _check_registered(self) -> None:
        """Raise if there is nothing to switch."""
        if self.is_removed():
            raise HookError(f"`hook` must be registered. Got {self.name!r}, which was removed.")
        if self._manager_ref() is None:
            raise HookError(f"`hook` must be registered. Got {self.name!r}, whose State is gone.")

    def __repr__(self) -> str:
        status = "removed" if self.is_removed() else "enabled" if self._hook.enabled else "disabled"
        return f"HookHandle(name={self.name!r}, priority={self.priority}, {status})"
