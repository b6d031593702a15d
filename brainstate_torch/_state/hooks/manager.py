"""The hooks of one State: which there are, and running them."""

import threading
import warnings
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .context import (
    HookContext,
    InitHookContext,
    MutableWriteHookContext,
    ReadHookContext,
    RestoreHookContext,
    WriteHookContext,
)
from .errors import HookCancellationError, HookExecutionError, HookRegistrationError, HookWarning
from .hook import Hook, HookHandle

__all__ = ["HookConfig", "HookManager"]

StateRef = weakref.ref[Any]

_TYPES = ("read", "write_before", "write_after", "restore", "init")
_ON_ERROR = ("raise", "log", "ignore")

# Held while hooks are registered, switched or counted and never while one runs: in two threads, hooks of two
# States that use each other's State would wait for each other forever.
_LOCK = threading.RLock()


def _check_type(hook_type: str, error: type[Exception] = ValueError) -> None:
    if hook_type not in _TYPES:
        raise error(f"`hook_type` must be one of {', '.join(map(repr, _TYPES))}. Got {hook_type!r}.")


@dataclass
class HookConfig:
    """What happens when a hook raises.

    Parameters
    ----------
    on_error
        ``'log'`` passes over the hook and calls `error_logger` or, if there is none, warns (`HookWarning`);
        ``'ignore'`` passes over it in silence; ``'raise'`` raises a `HookExecutionError`.
    error_logger
        Called with the message, the `HookExecutionError`, the hook and its context, instead of warning.
    max_errors_per_hook, disable_on_error
        If `disable_on_error`, a hook that has raised `max_errors_per_hook` times is disabled.

    Raises
    ------
    ValueError
        If `on_error` is none of the three.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(1)
    >>> s.hooks.config = brainstate.HookConfig(error_logger=lambda message, *_: print(message))
    >>> handle = s.register_hook('read', lambda context: 1 / 0, name='bad')
    >>> s.value
    Hook 'bad' failed on 'read' with ZeroDivisionError: division by zero
    1
    """

    on_error: Literal["raise", "log", "ignore"] = "log"
    error_logger: Callable[[str, HookExecutionError, Hook, HookContext], object] | None = None
    max_errors_per_hook: int = 10
    disable_on_error: bool = False

    def __post_init__(self) -> None:
        if self.on_error not in _ON_ERROR:
            raise ValueError(f"`on_error` must be 'raise', 'log' or 'ignore'. Got {self.on_error!r}.")


class HookManager:
    """The hooks of one State.

    Hooks may be registered and removed in any thread, also by a hook; an operation finishes with the hooks it
    began with. A copy of a manager has its configuration and none of its hooks.

    Parameters
    ----------
    config
        What happens when a hook raises.

    Attributes
    ----------
    active : bool
        Whether any hook is enabled. A State looks here first: without hooks it pays for one attribute read.

    Notes
    -----
    Source: brainstate.HookManager (0.5.4). Differs: hooks run without a lock, so two threads may be in one
    hook at the same time; `get_hooks` without a type includes ``init`` hooks; messages tell what was raised.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(3)
    >>> handle = s.hooks.register_hook('read', print, name='show')
    >>> s.hooks.get_hooks(), s.hooks.has_hooks('init'), s.hooks.active
    ([Hook(name='show', priority=0, enabled)], False, True)
    >>> handle.disable()
    >>> s.hooks.has_hooks(), s.hooks.has_hooks('read'), s.hooks.active
    (True, False, False)
    """

    def __init__(self, config: HookConfig | None = None) -> None:
        self.config = HookConfig() if config is None else config
        self.active = False
        # Replaced, never changed, so that readers need no lock. A type without hooks has no entry.
        self._registered: dict[str, tuple[Hook, ...]] = {}
        self._running: dict[str, tuple[Hook, ...]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.config,)

    def register_hook(
        self,
        hook_type: str,
        callback: Callable[[Any], Any],
        priority: int = 0,
        name: str | None = None,
        enabled: bool = True,
    ) -> HookHandle:
        """Run `callback` with a `HookContext` at every `hook_type`; the other arguments are those of `Hook`.

        Parameters
        ----------
        hook_type
            ``'read'``, ``'write_before'``, ``'write_after'``, ``'restore'`` or ``'init'``.

        Returns
        -------
        HookHandle
            Switches the hook on and off, and removes it.

        Raises
        ------
        HookRegistrationError
            If `hook_type` is none of these or `callback` cannot be called.
        """
        _check_type(hook_type, HookRegistrationError)
        with _LOCK:
            hook = Hook(callback, priority, name, enabled)
            hook._owner = weakref.ref(self)
            self._replace(hook_type, (*self._registered.get(hook_type, ()), hook))
        return HookHandle(hook._owner, hook, hook_type)

    def unregister_hook(self, handle: HookHandle) -> bool:
        """Remove a hook; False if it is not registered here.

        Parameters
        ----------
        handle
            What :meth:`register_hook` returned.

        Returns
        -------
        bool
            Whether the hook was registered.
        """
        with _LOCK:
            hooks = self._registered.get(handle._hook_type, ())
            if handle._hook not in hooks:
                return False
            self._replace(handle._hook_type, tuple(hook for hook in hooks if hook is not handle._hook))
        return True

    def clear_hooks(self, hook_type: str | None = None) -> None:
        """Remove the hooks of a type, or all.

        Parameters
        ----------
        hook_type
            ``'read'``, ``'write_before'``, ``'write_after'``, ``'restore'`` or ``'init'``. None: all of them.
        """
        if hook_type is not None:
            _check_type(hook_type)
        with _LOCK:
            for kind in _TYPES if hook_type is None else (hook_type,):
                self._replace(kind, ())

    def get_hooks(self, hook_type: str | None = None) -> list[Hook]:
        """The hooks of a type, or all, enabled or not, in the order of registration.

        Parameters
        ----------
        hook_type
            ``'read'``, ``'write_before'``, ``'write_after'``, ``'restore'`` or ``'init'``. None: all of them.

        Returns
        -------
        list of Hook
            The hooks.
        """
        if hook_type is not None:
            _check_type(hook_type)
        registered = self._registered
        return [hook for kind in ((hook_type,) if hook_type else _TYPES) for hook in registered.get(kind, ())]

    def has_hooks(self, hook_type: str | None = None) -> bool:
        """Whether a hook of a type is enabled; without a type, whether there is any hook, enabled or not.

        Parameters
        ----------
        hook_type
            ``'read'``, ``'write_before'``, ``'write_after'``, ``'restore'`` or ``'init'``. None: all of them.

        Returns
        -------
        bool
            Whether there is one.
        """
        if hook_type is None:
            return bool(self._registered)
        _check_type(hook_type)
        return hook_type in self._running

    def execute_read_hooks(self, value: Any, state_ref: StateRef) -> None:
        """Run the ``read`` hooks for a value that is handed out."""
        if "read" in self._running:
            self._notify(ReadHookContext("read", state_ref, value=value))

    def execute_write_before_hooks(self, new_value: Any, old_value: Any, state_ref: StateRef) -> Any:
        """Run the ``write_before`` hooks, each on the outcome of the one before, and return what to write.

        Raises
        ------
        HookCancellationError
            If a hook cancels the write.
        """
        result = new_value
        for hook in self._running.get("write_before", ()):
            # A context each: what a hook set before it raised must not reach the next one.
            context = MutableWriteHookContext(
                "write_before", state_ref, value=new_value, old_value=old_value, transformed_value=result
            )
            if not self._run(hook, context):
                continue
            if context.cancel:
                reason = f": {context.cancel_reason}" if context.cancel_reason else "."
                raise HookCancellationError(f"Hook {hook.name!r} cancelled the write{reason}")
            if context.transformed_value is not None:
                result = context.transformed_value
        return result

    def execute_write_after_hooks(self, new_value: Any, old_value: Any, state_ref: StateRef) -> None:
        """Run the ``write_after`` hooks for a value that was written."""
        if "write_after" in self._running:
            self._notify(WriteHookContext("write_after", state_ref, value=new_value, old_value=old_value))

    def execute_restore_hooks(self, new_value: Any, old_value: Any, state_ref: StateRef) -> None:
        """Run the ``restore`` hooks for a value that was put back."""
        if "restore" in self._running:
            self._notify(RestoreHookContext("restore", state_ref, value=new_value, old_value=old_value))

    def execute_init_hooks(self, value: Any, state_ref: StateRef, init_metadata: dict[str, Any] | None = None) -> None:
        """Run the ``init`` hooks for a State that was made."""
        if "init" in self._running:
            self._notify(InitHookContext("init", state_ref, value=value, init_metadata=init_metadata or {}))

    def _replace(self, hook_type: str, hooks: tuple[Hook, ...]) -> None:
        """Make `hooks` the hooks of a type; the lock is held."""
        for hook in set(self._registered.get(hook_type, ())) - set(hooks):
            hook._owner = None
        registered = {**self._registered, hook_type: hooks}
        self._registered = {kind: hooks for kind, hooks in registered.items() if hooks}
        self._refresh()

    def _refresh(self) -> None:
        """Work out again which hooks run."""
        with _LOCK:
            enabled = {kind: [h for h in hooks if h.enabled] for kind, hooks in self._registered.items()}
            self._running = {kind: tuple(sorted(hooks)) for kind, hooks in enabled.items() if hooks}
            self.active = bool(self._running)

    def _notify(self, context: HookContext) -> None:
        """Run the hooks of the context's operation."""
        for hook in self._running.get(context.operation, ()):
            self._run(hook, context)

    def _run(self, hook: Hook, context: HookContext) -> bool:
        """Run one hook; False if it raised and was passed over."""
        try:
            hook.execute(context)
        except HookExecutionError as error:
            self._report(hook, error, context)
            return False
        return True

    def _report(self, hook: Hook, error: HookExecutionError, context: HookContext) -> None:
        """Count an error and treat it as the configuration says."""
        config = self.config
        with _LOCK:
            hook._error_count += 1
            exhausted = config.disable_on_error and hook._error_count >= config.max_errors_per_hook
        # The same text for the same error, so that Python shows the warning of a long loop once.
        message = str(error)
        if exhausted:
            hook.enabled = False
            message += f" (disabled after {hook._error_count} errors)"
        if config.on_error == "raise":
            raise HookExecutionError(message) from error.__cause__
        if config.on_error == "ignore":
            return
        if config.error_logger is None:
            warnings.warn(message, HookWarning, stacklevel=2)
        else:
            config.error_logger(message, error, hook, context)
