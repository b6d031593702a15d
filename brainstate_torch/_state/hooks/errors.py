"""The exceptions and the warning of hooks."""

__all__ = ["HookCancellationError", "HookError", "HookExecutionError", "HookRegistrationError", "HookWarning"]


class HookError(Exception):
    """A hook was used against its rules; the base of the other hook errors.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(1)
    >>> handle = s.register_hook('read', print, name='show')
    >>> s.clear_hooks()
    >>> handle.disable()
    Traceback (most recent call last):
    brainstate_torch._state.hooks.errors.HookError: `hook` must be registered. Got 'show', which was removed.
    """


class HookExecutionError(HookError):
    """A hook raised; its ``__cause__`` is what it raised. Reaches the caller under ``on_error='raise'``.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(1)
    >>> s.hooks.config.on_error = 'raise'
    >>> handle = s.register_hook('read', lambda context: {}[2], name='bad')
    >>> s.value
    Traceback (most recent call last):
    brainstate_torch._state.hooks.errors.HookExecutionError: Hook 'bad' failed on 'read' with KeyError: 2
    """


class HookRegistrationError(HookError):
    """A hook could not be registered: the type is unknown or the callback cannot be called.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.Hook(3)
    Traceback (most recent call last):
    brainstate_torch._state.hooks.errors.HookRegistrationError: `callback` must be callable. Got int.
    """


class HookCancellationError(HookError):
    """A ``write_before`` hook cancelled a write; the State keeps its value.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(1)
    >>> handle = s.register_hook('write_before', lambda context: setattr(context, 'cancel', True), name='no')
    >>> s.value = 2
    Traceback (most recent call last):
    brainstate_torch._state.hooks.errors.HookCancellationError: Hook 'no' cancelled the write.
    """


class HookWarning(UserWarning):
    """A hook raised and was passed over, as ``on_error='log'`` asks.

    Examples
    --------
    >>> import warnings
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(1)
    >>> handle = s.register_hook('read', lambda context: 1 / 0)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter('always')
    ...     value, kind = s.value, caught[0].category.__name__
    >>> value, kind
    (1, 'HookWarning')
    """
