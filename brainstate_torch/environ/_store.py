"""Where the settings are kept: one store per thread, with the functions to call when a setting changes."""

import contextlib
import difflib
import functools
import threading
import warnings
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

I = "i"  # noqa: E741  index of the current step: brainstate's public name
T = "t"
DT = "dt"
PRECISION = "precision"
PLATFORM = "platform"
HOST_DEVICE_COUNT = "host_device_count"
JIT_ERROR_CHECK = "jit_error_check"
FIT = "fit"

DEFAULT_PRECISION = 32

#: The settings that this package reads.
KNOWN = frozenset(
    {
        I,
        T,
        DT,
        PRECISION,
        PLATFORM,
        HOST_DEVICE_COUNT,
        JIT_ERROR_CHECK,
        FIT,
        "jit_backend",
        "jit_tiered",
        "random_impl",
        "durations",
    }
)


@dataclass
class EnvironmentState(threading.local):
    """A store of settings, separate in each thread.

    Attributes
    ----------
    settings
        What :func:`set` stored. Starts with ``precision=32``.
    contexts
        For each key the values of the open :func:`context` blocks, innermost last.
    functions
        For each key the function to call when its value changes.
    locks
        One reentrant lock per key, for callers that need one; nothing here does.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> mine = brainstate.environ.EnvironmentState()
    >>> brainstate.environ.set(dt=0.5, env=mine)
    >>> brainstate.environ.get('dt', env=mine), brainstate.environ.get('dt', None)
    (0.5, None)

    Notes
    -----
    Source: brainstate.environ.EnvironmentState (0.5.4).
    """

    settings: dict[str, Any] = field(default_factory=dict)
    contexts: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    functions: dict[str, Callable[[Any], object]] = field(default_factory=dict)
    locks: defaultdict[str, Any] = field(default_factory=lambda: defaultdict(threading.RLock))
    #: What :func:`observed` has seen, innermost last.
    _observers: "list[Observed]" = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.settings.setdefault(PRECISION, DEFAULT_PRECISION)


GLOBAL = EnvironmentState()
MISSING: Any = object()


#: Takes the name of a setting and its value, and gives what the code that reads it gets.
Replace = Callable[[str, Any], Any]


class Observed(dict[str, Any]):
    """The settings that a piece of code found, and how many contexts gave each when it began.

    Parameters
    ----------
    replace
        Called once with each setting that is read. A value that it replaces is not noted.
    """

    def __init__(self, replace: Replace | None = None) -> None:
        super().__init__({PRECISION: peek(PRECISION)})
        self.depths = {key: len(stack) for key, stack in GLOBAL.contexts.items()}
        #: What else it found: for an object and the name of an attribute, the value.
        self.attributes: dict[tuple[weakref.ref[Any], str], Any] = {}
        self._replace = replace
        #: For each setting that was replaced, the value and what stands for it.
        self._replaced: dict[str, tuple[Any, Any]] = {}

    def see(self, key: str, value: Any) -> Any:
        """Note a setting that was read, unless the code itself has set it; what the code gets."""
        if len(GLOBAL.contexts.get(key, ())) > self.depths.get(key, 0):
            return value
        if key in self._replaced:
            before, replacement = self._replaced[key]
            return replacement if value is before else value
        if self._replace is not None and key not in self:
            replacement = self._replace(key, value)
            if replacement is not value:
                self._replaced[key] = value, replacement
                return replacement
        self.setdefault(key, value)
        return value

    def changed(self) -> list[str]:
        """The settings that have other values now."""
        attributes = [
            name for (ref, name), value in self.attributes.items() if getattr(ref(), name, value) is not value
        ]
        return [*[key for key, value in self.items() if not is_same(value, peek(key))], *attributes]

    def holds(self) -> bool:
        """Whether the code would find the same settings now."""
        return all(is_same(value, peek(key)) for key, value in self.items()) and all(
            getattr(ref(), name, value) is value for (ref, name), value in self.attributes.items()
        )


def is_same(a: Any, b: Any) -> bool:
    """Whether two settings are equal, and of one type."""
    if a is b:
        return True
    try:
        alike = type(a) is type(b) and getattr(a, "dtype", None) == getattr(b, "dtype", None)
        return alike and bool(a == b)
    except (TypeError, ValueError, RuntimeError):
        return False


def peek(key: str) -> Any:
    """A setting of this thread's default store, without telling observers; MISSING if there is none."""
    return held(key, GLOBAL)


def held(key: str, env: EnvironmentState) -> Any:
    """A setting of a store, without telling observers; MISSING if there is none."""
    stack = env.contexts.get(key)
    return stack[-1] if stack else env.settings.get(key, MISSING)


def read_attribute(owner: Any, name: str) -> Any:
    """An attribute that is a setting of an object, such as `training`; observers are told."""
    value = getattr(owner, name)
    for observer in GLOBAL._observers:
        observer.attributes.setdefault((weakref.ref(owner), name), value)
    return value


@contextlib.contextmanager
def observed(replace: Replace | None = None) -> Iterator[Observed]:
    """Within the context, reads from this thread's default store are recorded."""
    found = Observed(replace)
    GLOBAL._observers.append(found)
    try:
        yield found
    finally:
        GLOBAL._observers.pop()


def store(env: EnvironmentState | None, settings: dict[str, Any]) -> None:
    """Store settings that were checked, and report each."""
    env = GLOBAL if env is None else env
    env.settings.update(settings)
    for key, value in settings.items():
        notify(env, key, value)


def check_names(names: Iterable[str], stacklevel: int) -> None:
    """Warn of a setting whose name is nearly that of one that this package reads.

    Nothing would read it, and nothing else would say so.
    """
    for name in names:
        if name not in KNOWN and (meant := _nearly(name)) is not None:
            warnings.warn(
                f"`{name}` is stored as a setting of your own, which nothing in this package reads. Did you mean "
                f"`{meant}`?",
                stacklevel=stacklevel,
            )


@functools.lru_cache(maxsize=256)
def _nearly(name: str) -> str | None:
    if len(name) < 2:
        return None
    close = difflib.get_close_matches(name.lower(), [known for known in KNOWN if len(known) > 1], 1, 0.8)
    return close[0] if close else None


def notify(env: EnvironmentState, key: str, value: Any) -> None:
    """Call the function registered for a key; its failure is a warning."""
    behavior = env.functions.get(key)
    if behavior is None:
        return
    try:
        behavior(value)
    except Exception as error:
        warnings.warn(
            f"Callback for {key!r} raised an exception: {type(error).__name__}: {error}. The value is kept.",
            RuntimeWarning,
            stacklevel=3,
        )


def register_default_behavior(
    key: str,
    behavior: Callable[[Any], object],
    replace_if_exist: bool = False,
    *,
    env: EnvironmentState | None = None,
) -> None:
    """Call a function with the new value of a setting on ``set``, and on entry and exit of ``context``.

    Parameters
    ----------
    key
        The setting to watch.
    behavior
        Takes the new value. What it raises becomes a RuntimeWarning.
    replace_if_exist
        Whether it may take the place of the function that is registered for this key.
    env
        The store to watch, this thread's default one if None.

    Raises
    ------
    TypeError
        The key is not a str or the behaviour not callable.
    ValueError
        The key has a behaviour.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.environ.register_default_behavior('gain', print)
    >>> with brainstate.environ.context(gain=2.0):
    ...     pass
    2.0
    >>> brainstate.environ.unregister_default_behavior('gain')
    True
    """
    env = GLOBAL if env is None else env
    if not isinstance(key, str):
        raise TypeError(f"`key` must be a str. Got {type(key).__name__}.")
    if not callable(behavior):
        raise TypeError(f"`behavior` must be callable with the new value. Got {type(behavior).__name__}.")
    if key in env.functions and not replace_if_exist:
        raise ValueError(
            f"`key` must have no behavior yet. Got {key!r}, which is already registered. "
            "Pass replace_if_exist=True to replace it."
        )
    env.functions[key] = behavior


def unregister_default_behavior(key: str, *, env: EnvironmentState | None = None) -> bool:
    """Forget the function registered for a setting. True if there was one.

    Parameters
    ----------
    key
        The name of the setting.
    env
        The store; None: the default one of this thread.

    Returns
    -------
    bool
        Whether there was a function.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.environ.unregister_default_behavior('gain')
    False
    """
    env = GLOBAL if env is None else env
    return env.functions.pop(key, None) is not None


def list_registered_behaviors(*, env: EnvironmentState | None = None) -> list[str]:
    """List the settings that have a registered function.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Returns
    -------
    list of str
        The names of the settings.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> mine = brainstate.environ.EnvironmentState()
    >>> brainstate.environ.register_default_behavior('gain', print, env=mine)
    >>> brainstate.environ.list_registered_behaviors(env=mine)
    ['gain']
    """
    env = GLOBAL if env is None else env
    return list(env.functions)
