"""A dictionary whose keys are attributes."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any, Self

from .. import _tree
from .pretty import short_repr

__all__ = ["DotDict"]


class DotDict(dict[str, Any]):
    """A dict whose keys are attributes, as are those of the dicts inside it; a pytree node.

    Parameters
    ----------
    args
        Dicts, (key, value) pairs, or iterables of such pairs.
    kwargs
        Further entries.

    Raises
    ------
    TypeError
        An argument is none of these.
    AttributeError
        An attribute that is set has the name of a method.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> config = brainstate.util.DotDict(rate=0.5, layers=[{'size': 3}])
    >>> config.layers[0].size = 4
    >>> config
    DotDict({'rate': 0.5, 'layers': [DotDict({'size': 4})]})
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        for arg in args:
            if isinstance(arg, tuple) and len(arg) == 2 and not isinstance(arg[0], tuple):
                arg = [arg]
            for key, value in _as_dict(arg or ()).items():
                self[key] = value
        for key, value in kwargs.items():
            self[key] = value

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, self._hook(value))

    @classmethod
    def _hook(cls, item: Any) -> Any:
        """The value with every dict in it made a DotDict."""
        if isinstance(item, cls):
            return item
        if isinstance(item, dict):
            return cls(item)
        return _rebuilt(item, cls._hook)

    def __getattr__(self, item: str) -> Any:
        if item not in self:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {item!r}")
        return self[item]

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            raise AttributeError(
                f"an attribute must not be named like a built-in method. Got {name!r}. Use `d[name] = value`."
            )
        self[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        del self[name]

    def __dir__(self) -> Iterable[str]:
        return [*self, *dir(type(self))]

    def copy(self) -> Self:
        """A copy that shares the values."""
        return type(self)(self)

    def deepcopy(self) -> Self:
        """A copy with copies of the values."""
        return deepcopy(self)

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Self:
        """The dictionary with the entries of a dict."""
        return cls(d)

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts at every depth, with the same entries."""
        plain: dict[str, Any] = _plain(self)
        return plain

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Take the entries of a mapping or of pairs, then those given by keyword, merging dicts in them.

        Raises
        ------
        TypeError
            There is more than one positional argument, or it holds no entries.
        """
        if len(args) > 1:
            raise TypeError(f"`update` must get at most one positional argument. Got {len(args)}.")
        for key, value in {**_as_dict(args[0] if args else {}), **kwargs}.items():
            if isinstance(value, dict) and isinstance(self.get(key), DotDict):
                self[key].update(value)
            else:
                self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, which is set to `default` first if it is missing."""
        if key not in self:
            self[key] = default
        return self[key]

    def __or__(self, other: Any) -> Self:  # type: ignore[override]
        if not isinstance(other, Mapping):
            return NotImplemented
        return self._merged(self, other)

    def __ror__(self, other: Any) -> Self:  # type: ignore[override]
        if not isinstance(other, Mapping):
            return NotImplemented
        return self._merged(other, self)

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]
        if not isinstance(other, Mapping):
            return NotImplemented
        self.update(other)
        return self

    @classmethod
    def _merged(cls, first: Mapping[str, Any], second: Mapping[str, Any]) -> Self:
        # By plain dicts, so that the update does not change branches of the operands.
        made = cls(_plain(cls(dict(first))))
        made.update(second)
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}({short_repr(dict(self))})"

    def tree_flatten(self) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        """The values and the keys."""
        return tuple(self.values()), tuple(self)

    @classmethod
    def tree_unflatten(cls, keys: Iterable[str], values: Iterable[Any]) -> Self:
        """The dictionary of some keys and their values."""
        return cls(list(zip(keys, values, strict=True)))


def _as_dict(arg: Any) -> dict[Any, Any]:
    try:
        return dict(arg)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`args` must be mappings or (key, value) pairs. Got {type(arg).__name__}.") from error


def _plain(item: Any) -> Any:
    """The value with every DotDict in it made a dict."""
    if isinstance(item, DotDict):
        return {key: _plain(value) for key, value in item.items()}
    return _rebuilt(item, _plain)


def _rebuilt(item: Any, function: Callable[[Any], Any]) -> Any:
    """A list or tuple with a function applied to every element; anything else as it is."""
    if isinstance(item, tuple) and hasattr(item, "_fields"):
        return type(item)(*map(function, item))
    if isinstance(item, (list, tuple)):
        return type(item)(map(function, item))
    return item


_tree.register_mapping(DotDict)
