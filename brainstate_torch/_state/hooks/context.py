"""What a hook is told about the operation it is called for."""

import time
import weakref
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "HookContext",
    "InitHookContext",
    "MutableWriteHookContext",
    "ReadHookContext",
    "RestoreHookContext",
    "WriteHookContext",
]


@dataclass(slots=True)
class HookContext:
    """What every hook is told.

    Parameters
    ----------
    operation
        ``'read'``, ``'write_before'``, ``'write_after'``, ``'restore'`` or ``'init'``.
    state_ref
        Weak reference to the State; `state` follows it.
    timestamp
        Seconds since the epoch when the operation began.
    metadata
        A dict for the hooks' own use. The hooks of one operation share it;
        ``write_before`` hooks have one each.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(1, name='v')
    >>> handle = s.register_hook('read', lambda context: print(context.operation, context.state_name))
    >>> _ = s.value
    read v
    """

    operation: str
    state_ref: weakref.ref[Any]
    timestamp: float = field(default_factory=time.time)
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Any:
        """The State, or None once it is gone."""
        return self.state_ref()

    @property
    def state_name(self) -> str | None:
        """The name of the State; None if it has none or is gone."""
        state = self.state
        return None if state is None else state.name


@dataclass(slots=True)
class ReadHookContext(HookContext):
    """What a ``read`` hook is told: the `value` that is handed out.

    Parameters
    ----------
    operation, state_ref, timestamp, metadata
        As for :class:`HookContext`.
    value
        The value that is handed out.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(3)
    >>> handle = s.register_hook('read', lambda context: print('read', context.value))
    >>> s.value + 1
    read 3
    4
    """

    value: Any = None


@dataclass(slots=True)
class WriteHookContext(HookContext):
    """What a ``write_after`` hook is told: the `value` that was written and the `old_value` before it.

    Parameters
    ----------
    operation, state_ref, timestamp, metadata
        As for :class:`HookContext`.
    value
        The value that was written.
    old_value
        The value before it.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(3)
    >>> handle = s.register_hook('write_after', lambda context: print(context.old_value, '->', context.value))
    >>> s.value = 4
    3 -> 4
    """

    value: Any = None
    old_value: Any = None


@dataclass(slots=True)
class MutableWriteHookContext(WriteHookContext):
    """What a ``write_before`` hook is told, and where it answers.

    Parameters
    ----------
    operation, state_ref, timestamp, metadata
        As for :class:`HookContext`.
    value
        The value that the caller assigns, before any hook changed it.
    old_value
        What the State still holds.
    transformed_value
        The value so far. A hook sets it to change what is written; set to None it has no effect.
    cancel, cancel_reason
        A hook that sets `cancel` stops the write: the State keeps its value and the caller gets a
        `HookCancellationError` with the reason.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> def at_most_ten(context):
    ...     context.transformed_value = min(context.transformed_value, 10)
    >>> s = brainstate.State(3)
    >>> handle = s.register_hook('write_before', at_most_ten)
    >>> s.value = 12
    >>> s.value
    10
    """

    transformed_value: Any = None
    cancel: bool = False
    cancel_reason: str | None = None


@dataclass(slots=True)
class RestoreHookContext(WriteHookContext):
    """What a ``restore`` hook is told: the `value` that was put back and the `old_value` before it.

    Parameters
    ----------
    operation, state_ref, timestamp, metadata
        As for :class:`HookContext`.
    value
        The value that was put back.
    old_value
        The value before it.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(3)
    >>> handle = s.register_hook('restore', lambda context: print(context.old_value, '->', context.value))
    >>> s.restore_value(0)
    3 -> 0
    """


@dataclass(slots=True)
class InitHookContext(HookContext):
    """What an ``init`` hook is told: the first `value` of a State and the metadata it was made with.

    Only global hooks can see a State being made. They cannot change its value.

    Parameters
    ----------
    operation, state_ref, timestamp, metadata
        As for :class:`HookContext`.
    value
        The first value of the State.
    init_metadata
        The metadata that it was made with.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> handle = brainstate.register_state_hook('init', lambda context: print('made with', context.value))
    >>> s = brainstate.State(3)
    made with 3
    >>> handle.remove()
    True
    """

    value: Any = None
    init_metadata: dict[str, Any] = field(default_factory=dict)
