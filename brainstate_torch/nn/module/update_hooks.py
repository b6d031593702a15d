"""Functions that are called before and after the update of a module, and decorators that select their arguments."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from .forwarding import runs_update
from .module import Module

__all__ = [
    "HookedModule",
    "not_receive_update_input",
    "not_receive_update_output",
    "receive_update_input",
    "receive_update_output",
]

T = TypeVar("T")
_TAKES_INPUT = "_receive_update_input"
_TAKES_NO_OUTPUT = "_not_receive_update_output"


def receive_update_input(cls: T) -> T:
    """Mark a class, object or function: as a before-update of a :class:`Dynamics` it is given the call's arguments.

    Parameters
    ----------
    cls
        The class, object or function.

    Returns
    -------
    Any
        `cls`, marked.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Echo(brainstate.nn.Dynamics):
    ...     def update(self, x):
    ...         return x
    >>> echo = Echo(1)
    >>> echo.add_before_update('show', brainstate.nn.receive_update_input(lambda x: print('given', x)))
    >>> echo(3)
    given 3
    3
    """
    setattr(cls, _TAKES_INPUT, True)
    return cls


def not_receive_update_input(cls: T) -> T:
    """Take the mark of :func:`receive_update_input` away: it is called without arguments again, as is the default.

    Parameters
    ----------
    cls
        The class, object or function.

    Returns
    -------
    Any
        `cls`, marked.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Echo(brainstate.nn.Dynamics):
    ...     def update(self, x):
    ...         return x
    >>> echo = Echo(1)
    >>> echo.add_before_update('show', brainstate.nn.not_receive_update_input(lambda: print('called')))
    >>> echo(3)
    called
    3
    """
    _unmark(cls, _TAKES_INPUT)
    return cls


def not_receive_update_output(cls: T) -> T:
    """Mark a class, object or function: as an after-update of a :class:`Dynamics` it is called without arguments.

    Parameters
    ----------
    cls
        The class, object or function.

    Returns
    -------
    Any
        `cls`, marked.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Echo(brainstate.nn.Dynamics):
    ...     def update(self, x):
    ...         return x
    >>> echo = Echo(1)
    >>> echo.add_after_update('show', brainstate.nn.not_receive_update_output(lambda: print('called')))
    >>> echo(3)
    called
    3
    """
    setattr(cls, _TAKES_NO_OUTPUT, True)
    return cls


def receive_update_output(cls: T) -> T:
    """Take the mark of :func:`not_receive_update_output` away: it is given the output again, as is the default.

    Parameters
    ----------
    cls
        The class, object or function.

    Returns
    -------
    Any
        `cls`, marked.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Echo(brainstate.nn.Dynamics):
    ...     def update(self, x):
    ...         return x
    >>> echo = Echo(1)
    >>> echo.add_after_update('show', brainstate.nn.receive_update_output(lambda y: print('gave', y)))
    >>> echo(3)
    gave 3
    3
    """
    _unmark(cls, _TAKES_NO_OUTPUT)
    return cls


def _unmark(cls: Any, mark: str) -> None:
    if mark in vars(cls):
        delattr(cls, mark)
    elif hasattr(cls, mark):  # It comes from the class of the object, or from a base class.
        setattr(cls, mark, False)


class HookedModule(Module):
    """A module whose call runs functions before and after :meth:`update`; see :class:`Dynamics`."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self._before_updates: dict[Hashable, Callable[..., Any]] | None = None
        self._after_updates: dict[Hashable, Callable[..., Any]] | None = None

    @property
    def before_updates(self) -> dict[Hashable, Callable[..., Any]] | None:
        """What is called before the update, by key, in this order; None if there never was any."""
        return self._before_updates

    @property
    def after_updates(self) -> dict[Hashable, Callable[..., Any]] | None:
        """What is called after the update, by key, in this order; None if there never was any."""
        return self._after_updates

    def add_before_update(self, key: Hashable, fun: Callable[..., Any]) -> None:
        """Call a function before each update, without arguments unless it is marked :func:`receive_update_input`.

        Raises
        ------
        KeyError
            The key is taken.
        """
        self._before_updates = self._added(self._before_updates, key, fun, "before")

    def add_after_update(self, key: Hashable, fun: Callable[..., Any]) -> None:
        """Call a function with the output of each update, without if marked :func:`not_receive_update_output`.

        Raises
        ------
        KeyError
            The key is taken.
        """
        self._after_updates = self._added(self._after_updates, key, fun, "after")

    def _added(self, hooks: Any, key: Hashable, fun: Callable[..., Any], when: str) -> dict[Hashable, Any]:
        hooks = {} if hooks is None else hooks
        if key in hooks:
            raise KeyError(
                f"`key` must not be registered in the {when}-updates of {type(self).__name__}. Got {key!r}, which is. "
                f"Use another key, or `get_{when}_update`."
            )
        hooks[key] = fun
        return hooks  # type: ignore[no-any-return]

    def get_before_update(self, key: Hashable) -> Callable[..., Any]:
        """The function that was added under the key.

        Raises
        ------
        KeyError
            There is none.
        """
        return self._found(self._before_updates, key, "before")

    def get_after_update(self, key: Hashable) -> Callable[..., Any]:
        """The function that was added under the key.

        Raises
        ------
        KeyError
            There is none.
        """
        return self._found(self._after_updates, key, "after")

    def _found(self, hooks: Any, key: Hashable, when: str) -> Callable[..., Any]:
        if not hooks or key not in hooks:
            raise KeyError(
                f"`key` must be registered in the {when}-updates of {type(self).__name__}. Got {key!r}; registered are "
                f"{list(hooks or ())}. Add it with `add_{when}_update`."
            )
        return hooks[key]  # type: ignore[no-any-return]

    def has_before_update(self, key: Hashable) -> bool:
        """Whether there is a function under the key."""
        return self._before_updates is not None and key in self._before_updates

    def has_after_update(self, key: Hashable) -> bool:
        """Whether there is a function under the key."""
        return self._after_updates is not None and key in self._after_updates

    @runs_update
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What a call runs: the functions before, :meth:`update`, the functions after. Returns the output."""
        if self._before_updates:
            for hook in self._before_updates.values():
                if getattr(hook, _TAKES_INPUT, False):
                    hook(*args, **kwargs)
                else:
                    hook()
        output = self.update(*args, **kwargs)
        if self._after_updates:
            for hook in self._after_updates.values():
                if getattr(hook, _TAKES_NO_OUTPUT, False):
                    hook()
                else:
                    hook(output)
        return output
