"""Looking names up in the table, and in the package itself."""

import contextlib
import functools
import importlib
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .names import BROUGHT, CALLS, FOREIGN, MODULES, MOVED, NAMES, NOT_PORTED, TORCH, Call

__all__ = [
    "PACKAGE",
    "Home",
    "Missing",
    "adapted",
    "is_foreign",
    "keeping",
    "listed",
    "lookup",
    "noted",
    "object_at",
    "resolve",
]

PACKAGE = "brainstate_torch"


@dataclass(frozen=True)
class Home:
    """Where a name lives here.

    Parameters
    ----------
    path
        The dotted name, from ``brainstate_torch`` or ``torch`` on.
    call
        How its arguments differ, or None.
    brought
        Of a name that an installed package has and that was not imported: whether it is a module.
    """

    path: str
    call: Call | None = None
    brought: bool | None = None

    @property
    def value(self) -> Any:
        """What is there."""
        return object_at(self.path)

    @property
    def is_module(self) -> bool:
        """Whether it is a module."""
        return isinstance(self.value, types.ModuleType) if self.brought is None else self.brought

    def is_a(self, *kinds: type) -> bool:
        """Whether it is known to be of one of some types."""
        return self.brought is None and isinstance(self.value, kinds)


@dataclass(frozen=True)
class Missing:
    """A name without a home.

    Parameters
    ----------
    name
        The name.
    reason
        Why it has none.
    cure
        What may be written in its place.
    """

    name: str
    reason: str
    cure: str


#: Packages whose own names stay, while they are ported into a folder.
_KEPT: set[str] = set()


def is_foreign(name: str) -> bool:
    """Whether a dotted name belongs to a package that is ported."""
    root = name.split(".", 1)[0]
    return root in FOREIGN and root not in _KEPT


@contextlib.contextmanager
def keeping(package: str) -> Iterator[None]:
    """Let the names of a package that has no home here stay, for the time of a block."""
    new = {package} - set(MODULES) - _KEPT
    _KEPT.update(new)
    try:
        yield
    finally:
        _KEPT.difference_update(new)


@functools.cache
def object_at(path: str) -> Any:
    """The object of a dotted name.

    Raises
    ------
    AttributeError, ImportError
        There is none.
    """
    first, *rest = path.split(".")
    found: Any = importlib.import_module(first)
    for i, part in enumerate(rest):
        try:
            found = getattr(found, part)
        except AttributeError:
            if not isinstance(found, types.ModuleType):
                raise
            try:
                found = importlib.import_module(".".join([first, *rest[: i + 1]]))
            except ImportError:
                raise AttributeError(f"no {part} in {found.__name__}") from None
    return found


def _absolute(home: str) -> str:
    return home if home.startswith(TORCH) else f"{PACKAGE}.{home}".rstrip(".")


#: What notes the answers of the table while a text is ported.
_NOTES: list[dict[str, "Home | Missing"]] = []


@contextlib.contextmanager
def noted() -> Iterator[dict[str, "Home | Missing"]]:
    """Each name that is asked for in a block, with its answer."""
    notes: dict[str, Home | Missing] = {}
    _NOTES.append(notes)
    try:
        yield notes
    finally:
        _NOTES.pop()


def resolve(name: str) -> Home | Missing:
    """Where a name of JAX, brainstate or a neighbour lives here, or why it does not.

    Parameters
    ----------
    name
        A dotted name, such as ``jax.numpy.sum``.

    Returns
    -------
    Home or Missing
        The answer.

    Examples
    --------
    >>> from brainstate_torch.port import resolve
    >>> resolve('jax.numpy.sum').path
    'brainstate_torch.units.math.sum'
    >>> resolve('jax.pmap').cure
    'brainstate.transform.pmap2'
    """
    answer = _resolved(name)
    if _NOTES:
        _NOTES[-1][name] = answer
    return answer


@functools.cache
def _resolved(name: str) -> Home | Missing:
    found = listed(name)
    if found is not None:
        return found
    if name.startswith("saiunit"):
        name = "brainunit" + name.removeprefix("saiunit")
    parts = name.split(".")
    public = [part for part in parts[:-1] if not part.startswith("_")]
    if len(public) < len(parts) - 1 and parts[0] in [x.partition(".")[0] for x in BROUGHT]:
        found = listed(
            ".".join([*public, parts[-1]])
        )  # a private module of a package defines what the public one shows
        if found is not None and not found.is_module:
            return found
    moved = MOVED.get(".".join(parts[:-1]))
    brought = _brought([*moved.split("."), parts[-1]] if moved else parts)
    if brought is not None:
        return brought
    for i in range(len(parts), 0, -1):
        entry = NOT_PORTED.get(".".join(parts[:i]))
        if entry is not None:
            return Missing(name, *entry)
    return Missing(name, "brainstate_torch has no such name yet", "JAX for this part, or a function of your own")


def listed(name: str) -> Home | None:
    """The home of a name in the table and in this package, or None."""
    call = CALLS.get(name)
    if call is not None:
        return _found(_absolute(call.home), call)
    if name in MODULES:
        return _found(_absolute(MODULES[name]))
    if name in NAMES:
        return _found(_absolute(NAMES[name]))
    owner, _, last = name.rpartition(".")
    if not owner or _is_refused(name):
        return None
    inner = listed(owner)
    if inner is None or (inner.is_module and last.startswith("_") and last not in ("__version__", "__name__")):
        return None
    return _found(f"{inner.path}.{last}")


def _brought(parts: list[str]) -> Home | None:
    """A name of a neighbour that is installed and ported as it is imported."""
    if parts[:2] == ["brainpy", "state"]:
        parts = ["brainpy_state", *parts[2:]]
    if parts[0] not in BROUGHT and ".".join(parts[:2]) not in BROUGHT:
        return None
    path = f"{PACKAGE}.port.brought.{'.'.join(parts)}"
    kind: str | None = object_at(f"{PACKAGE}.port.brought.kind_of")(*parts)
    if kind is not None:  # what the files say: to import them would port all that they import
        return Home(path, brought=kind == "module")
    try:
        return _found(path)
    except Exception as error:  # whatever a module of another package does while it is imported
        warnings.warn(f"`{'.'.join(parts)}` could not be brought: {type(error).__name__}: {error}", stacklevel=2)
        return None


def _is_refused(name: str) -> bool:
    return name in NOT_PORTED and name not in MODULES


def _found(path: str, call: Call | None = None) -> Home | None:
    try:
        object_at(path)
    except (AttributeError, ImportError):
        return None
    return Home(path, call)


def adapted(call: Call) -> Any:
    """The function at home, with the arguments of the original."""
    home = object_at(_absolute(call.home))

    @functools.wraps(home)
    def function(*args: Any, **kwargs: Any) -> Any:
        named = dict(zip(call.takes[call.positional :], args[call.positional :], strict=False))
        args = args[: call.positional] if call.takes else args
        named.update(kwargs)
        return home(*args, **{call.renamed.get(k, k): v for k, v in named.items() if k not in call.dropped})

    return function


def lookup(name: str) -> Any:
    """What answers for a name of JAX, brainstate or a neighbour, with the arguments that the original takes.

    Parameters
    ----------
    name
        The dotted name.

    Returns
    -------
    Any
        The function, class, module or constant.

    Raises
    ------
    AttributeError
        It has no home here; the message says why and what to write.

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch.port import lookup
    >>> lookup('jax.numpy.max')(torch.tensor([1., 3.]), axis=0)
    tensor(3.)
    """
    found = resolve(name)
    if isinstance(found, Missing):
        raise AttributeError(f"`{name}` has no home in {PACKAGE}: {found.reason}. Use {found.cure}.")
    return adapted(found.call) if found.call is not None else found.value
