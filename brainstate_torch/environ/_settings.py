"""Reading and writing settings, for good or for the duration of a block."""

import contextlib
import warnings
from collections.abc import Iterator
from numbers import Number
from typing import Any

from ._platform import get_host_device_count, get_platform, set_host_device_count, set_platform
from ._precision import as_precision
from ._store import (
    DEFAULT_PRECISION,
    DT,
    GLOBAL,
    HOST_DEVICE_COUNT,
    MISSING,
    PLATFORM,
    PRECISION,
    EnvironmentState,
    check_names,
    held,
    notify,
    store,
)

_NOT_PROVIDED = object()


def set(
    platform: str | None = None,
    host_device_count: int | None = None,
    precision: int | str | None = None,
    dt: Any = None,
    *,
    env: EnvironmentState | None = None,
    **kwargs: Any,
) -> None:
    """Store settings for the rest of the program, in this thread.

    A value that an open :func:`context` gives stays in force until that block ends.

    Parameters
    ----------
    platform
        See :func:`set_platform`.
    host_device_count
        See :func:`set_host_device_count`.
    precision
        See :func:`set_precision`.
    dt
        The time step: a number, or a quantity of shape ``[]``.
    env
        The store to write, this thread's default one if None. Platform and device count belong to no store.
    **kwargs
        Any further settings.

    Raises
    ------
    TypeError
        `dt` is not a scalar.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.environ.set(dt=0.1, area='V1')
    >>> brainstate.environ.get('dt'), brainstate.environ.pop('area')
    (0.1, 'V1')
    >>> brainstate.environ.pop('dt')
    0.1

    Notes
    -----
    Source: brainstate.environ.set (0.5.4).
    """
    if platform is not None:
        set_platform(platform)
    if host_device_count is not None:
        set_host_device_count(host_device_count)
    if precision is not None:
        kwargs[PRECISION] = as_precision(precision)
    if dt is not None:
        if not _is_scalar(dt):
            raise TypeError(f"`dt` must be a scalar. Got {_described(dt)}. Pass one number or quantity.")
        kwargs[DT] = dt
    check_names(kwargs, stacklevel=3)
    store(env, kwargs)


def _is_scalar(x: Any) -> bool:
    x = getattr(x, "mantissa", x)
    return isinstance(x, Number) or getattr(x, "ndim", None) == 0


def _described(x: Any) -> str:
    shape = getattr(x, "shape", None)
    return type(x).__name__ if shape is None else f"{type(x).__name__} of shape {list(shape)}"


def get(
    key: str,
    default: Any = _NOT_PROVIDED,
    desc: str | None = None,
    *,
    env: EnvironmentState | None = None,
) -> Any:
    """Read a setting: from the innermost open context that gives it, else what was stored.

    Parameters
    ----------
    key
        The name of the setting.
    default
        The value for a missing key; without it a missing key is an error.
    desc
        What the setting is for, shown in that error.
    env
        The store to read, this thread's default one if None.

    Returns
    -------
    Any
        The value of the setting.

    Raises
    ------
    KeyError
        The key is missing and there is no default.

    Notes
    -----
    Source: brainstate.environ.get (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(fit=True):
    ...     brainstate.environ.get('fit'), brainstate.environ.get('colour', 'grey')
    (True, 'grey')
    """
    env = GLOBAL if env is None else env
    value = held(key, env)
    for observer in env._observers:
        value = observer.see(key, value)
    if value is not MISSING:
        return value
    if key == PLATFORM:
        return get_platform()
    if key == HOST_DEVICE_COUNT:
        return get_host_device_count()
    if default is not _NOT_PROVIDED:
        return default
    purpose = f" Description: {desc}." if desc else ""
    raise KeyError(
        f"`{key}` was not found in the environment.{purpose} "
        f"Use environ.set({key}=...), or environ.context({key}=...) around the call."
    )


def get_dt(*, env: EnvironmentState | None = None) -> Any:
    """Read the time step, ``get('dt')``.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Returns
    -------
    Tensor, Quantity or float
        The time step, as it was set.

    Raises
    ------
    KeyError
        It was not set.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(dt=0.1):
    ...     brainstate.environ.get_dt()
    0.1
    """
    return get(DT, env=env)


def all(*, env: EnvironmentState | None = None) -> dict[str, Any]:
    """Read every setting into a new dict.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Returns
    -------
    dict
        The settings by name; the innermost open context counts.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> mine = brainstate.environ.EnvironmentState()
    >>> with brainstate.environ.context(dt=0.1, env=mine):
    ...     brainstate.environ.all(env=mine)
    {'precision': 32, 'dt': 0.1}
    """
    env = GLOBAL if env is None else env
    found = env.settings | {key: stack[-1] for key, stack in env.contexts.items() if stack}
    for observer in env._observers:
        found = {key: observer.see(key, value) for key, value in found.items()}
    return found


def pop(key: str, default: Any = _NOT_PROVIDED, *, env: EnvironmentState | None = None) -> Any:
    """Remove a stored setting and return its value. Registered behaviours are not called.

    Parameters
    ----------
    key
        The name of the setting.
    default
        The result for a missing key; without it a missing key is an error.
    env
        The store; None: the default one of this thread.

    Returns
    -------
    Any
        The value that was stored.

    Raises
    ------
    ValueError
        An open context gives the key.
    KeyError
        The key is missing and there is no default.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.environ.pop('colour', default='grey')
    'grey'
    """
    env = GLOBAL if env is None else env
    stack = env.contexts.get(key)
    if stack:
        raise ValueError(
            f"Cannot pop {key!r} while it is active in a context. Got {len(stack)} context(s) that give it. "
            "Pop it after they have ended."
        )
    if key in env.settings:
        return env.settings.pop(key)
    if default is _NOT_PROVIDED:
        raise KeyError(f"`{key}` was not found among the stored settings. Pass a `default`.")
    return default


@contextlib.contextmanager
def context(*, env: EnvironmentState | None = None, **kwargs: Any) -> Iterator[dict[str, Any]]:
    """Give settings for the duration of a block.

    Parameters
    ----------
    env
        The store to change, this thread's default one if None.
    **kwargs
        The settings, any name except ``platform`` and ``host_device_count``.

    Yields
    ------
    dict
        Every setting in force, see :func:`all`.

    Raises
    ------
    ValueError
        The platform or the device count is among them, or the precision is not supported.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(dt=0.1):
    ...     with brainstate.environ.context(dt=0.2, t=1.0) as settings:
    ...         print(settings['dt'], settings['t'])
    ...     print(brainstate.environ.get_dt())
    0.2 1.0
    0.1

    Notes
    -----
    Source: brainstate.environ.context (0.5.4).
    """
    env = GLOBAL if env is None else env
    for key in (PLATFORM, HOST_DEVICE_COUNT):
        if key in kwargs:
            raise ValueError(f"`{key}` must hold everywhere: a context cannot set it. Use environ.set().")
    if PRECISION in kwargs:
        kwargs[PRECISION] = as_precision(kwargs[PRECISION])
    check_names(kwargs, stacklevel=4)
    for key, value in kwargs.items():
        env.contexts[key].append(value)
    try:
        for key, value in kwargs.items():
            notify(env, key, value)
        yield all(env=env)
    finally:
        for key in kwargs:
            if env.contexts[key]:  # Empty if the block called reset().
                env.contexts[key].pop()
        for key in kwargs:
            # Not a read by the code in the block, so observers are not told.
            previous = held(key, env)
            if previous is not None and previous is not MISSING:
                notify(env, key, previous)


def reset(*, env: EnvironmentState | None = None) -> None:
    """Forget every setting and registered behaviour of this thread, and warn that this happened.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Notes
    -----
    Source: brainstate.environ.reset (0.5.4). Differs: other threads keep their settings, and the
    platform stays.

    Examples
    --------
    >>> import warnings, brainstate_torch as brainstate
    >>> mine = brainstate.environ.EnvironmentState()
    >>> brainstate.environ.set(precision=64, env=mine)
    >>> with warnings.catch_warnings(action='ignore'):
    ...     brainstate.environ.reset(env=mine)
    >>> brainstate.environ.all(env=mine)
    {'precision': 32}
    """
    env = GLOBAL if env is None else env
    for part in (env.settings, env.contexts, env.functions, env.locks):
        part.clear()
    env.settings[PRECISION] = DEFAULT_PRECISION
    warnings.warn(
        "The environment has been reset to its defaults: every setting of this thread is gone.",
        UserWarning,
        stacklevel=2,
    )
