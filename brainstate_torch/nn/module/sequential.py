"""Sequential: modules one after the other."""

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, SupportsIndex

import torch

from ..._errors import BrainStateError
from ...mixin import ParamDescriber
from ...util.pretty import short_repr
from .element_wise import ElementWiseBlock
from .module import Module

__all__ = ["Sequential"]


class Sequential(Module):
    """Modules that are called one after the other, each with the output of the one before.

    Parameters
    ----------
    first
        A module; or a mapping of names to layers, such as an OrderedDict, which is then the only argument.
    *layers
        Modules, functions, or descriptions such as ``Linear.desc(out_size=10)``, which get the size of what is before
        them as `in_size`.

    Attributes
    ----------
    layers
        The list of the layers; a dict where they have names. Then ``net.name`` is the layer, too.

    Raises
    ------
    TypeError
        `first` is not a module, or there are layers after a mapping.
    BrainStateError
        One of the layers is none of these, or cannot be made; or one of them fails when it is called.

    Notes
    -----
    Source: brainstate.nn.Sequential (0.5.4). Differs: takes names, and has the methods of ``torch.nn.Sequential``;
    ``Sequential()`` is empty and returns its input.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> nn = brainstate.nn
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear.desc(out_size=2))
    >>> net.in_size, net[2].in_size, net.out_size
    ((4,), (8,), (2,))
    >>> net[2] = nn.Linear(8, 3)
    >>> net[:2].out_size, net.out_size
    ((8,), (3,))
    """

    layers: list[Any] | dict[str, Any]

    def __init__(self, first: Any = None, *layers: Module | ParamDescriber | Callable[..., Any]) -> None:
        super().__init__()
        self.layers = []
        if isinstance(first, Mapping):
            if layers:
                raise TypeError(f"a mapping of layers must be the only argument. Got {len(layers)} more.")
            self.layers = {}
            for name, layer in first.items():
                self.add_module(name, layer)
            return
        if first is None and not layers:
            return
        if not isinstance(first, torch.nn.Module):
            raise TypeError(f"`first` must be a Module, or a mapping of names to layers. Got {type(first).__name__}.")
        self.extend([first, *layers])

    def update(self, x: Any) -> Any:
        """The output of the last layer for an input of the first."""
        for position, layer in enumerate(self):
            try:
                x = layer(x)
            except RecursionError:
                raise  # about all layers, and not about this one
            except Exception as error:
                raise BrainStateError(
                    f"layer {position} must take the output of the layer before it. "
                    f"Got {type(error).__name__} ({error}) from {_kind(layer)} with input {short_repr(x)}."
                ) from error
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers.values() if isinstance(self.layers, dict) else self.layers)

    def __getitem__(self, key: SupportsIndex | slice | Sequence[int]) -> Any:
        if isinstance(key, SupportsIndex):
            return list(self)[key]
        if isinstance(key, slice):
            return self._of(self._named()[key], isinstance(self.layers, dict))
        if isinstance(key, (tuple, list)):
            named = self._named()
            return self._of([named[position] for position in key], isinstance(self.layers, dict))
        raise KeyError(f"`key` must be an int, a slice, or a list of ints. Got {type(key).__name__}.")

    def __setitem__(self, index: SupportsIndex, layer: Any) -> None:
        position = self._position(index)
        named = self._named()
        made, _ = _made(layer, self._sizes(position)[1])
        named[position] = named[position][0], made
        self._set(named)

    def __delitem__(self, key: SupportsIndex | slice) -> None:
        named = self._named()
        del named[key if isinstance(key, slice) else self._position(key)]
        self._set(named)

    def __getattr__(self, name: str) -> Any:
        layers = vars(self).get("layers")
        return layers[name] if isinstance(layers, dict) and name in layers else super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        layers = vars(self).get("layers")
        if isinstance(layers, dict) and name in layers:
            self[list(layers).index(name)] = value
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        layers = vars(self).get("layers")
        if isinstance(layers, dict) and name in layers:
            del self[list(layers).index(name)]
        else:
            super().__delattr__(name)

    def __add__(self, other: Any) -> "Sequential":
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Self:
        return self.extend(other) if isinstance(other, Sequential) else NotImplemented

    def append(self, layer: Any) -> Self:
        """Add a layer at the end.

        Parameters
        ----------
        layer
            The layer.

        Returns
        -------
        Self
            This Sequential.

        Raises
        ------
        ValueError
            There is no first layer yet, and this is not a module.
        """
        return self.insert(len(self), layer)

    def extend(self, modules: Iterable[Any]) -> Self:
        """Add layers at the end.

        Parameters
        ----------
        modules
            The layers.

        Returns
        -------
        Self
            This Sequential.

        Raises
        ------
        ValueError
            There is no first layer yet, and the first of these is not a module.
        """
        for layer in list(modules):
            self.append(layer)
        return self

    def insert(self, index: SupportsIndex, module: Any) -> Self:
        """Insert a layer before a position; layers with a size of their own keep it.

        Parameters
        ----------
        index
            The position.
        module
            The layer.

        Returns
        -------
        Self
            This Sequential.

        Raises
        ------
        ValueError
            The Sequential is empty, and `module` is not a module.
        IndexError
            There is no such position.
        """
        count, index = len(self), operator.index(index)
        position = max(0, count + index + 1) if index < 0 else index
        if position > count:
            raise IndexError(f"`index` must be at most {count}. Got {index}, which is out of range.")
        name = next(str(i) for i in itertools.count(position) if str(i) not in self.layers)
        return self._insert(position, name, module)

    def pop(self, key: SupportsIndex | slice) -> Any:
        """Take a layer out.

        Parameters
        ----------
        key
            The position.

        Returns
        -------
        Module
            The layer; for a slice a Sequential.

        Raises
        ------
        IndexError
            There is no such position.
        """
        taken = self[key]
        del self[key]
        return taken

    def add_module(self, name: str, module: Any) -> None:
        """Add a layer with a name at the end; the others get their positions as names, if they have none.

        Parameters
        ----------
        name
            The name, without a dot.
        module
            The layer. One of that name is exchanged for it.

        Raises
        ------
        TypeError
            The name is not a string.
        ValueError
            It has a dot, or is that of an attribute; or there is no first layer yet, and `module` is not a module.
        """
        if not isinstance(name, str):
            raise TypeError(f"the name of a layer must be a string. Got {type(name).__name__}.")
        named = self._named()
        names = [known for known, _ in named]
        if name in names:
            self[names.index(name)] = module
            return
        if "." in name or not name or hasattr(self, name):
            raise ValueError(f"the name of a layer must have no dot, and not be that of an attribute. Got {name!r}.")
        self._insert(len(named), name, module, as_dict=True)

    @classmethod
    def _of(cls, named: list[tuple[str, Any]], as_dict: bool) -> Self:
        made = cls.__new__(cls)
        Module.__init__(made)
        made.layers = {} if as_dict else []
        made._set(named)
        return made

    def _named(self) -> list[tuple[str, Any]]:
        """The layers with their names, which are their positions where they have none."""
        if isinstance(self.layers, dict):
            return list(self.layers.items())
        return [(str(i), layer) for i, layer in enumerate(self.layers)]

    def _position(self, index: SupportsIndex) -> int:
        count, given = len(self), operator.index(index)
        if not -count <= given < count:
            raise IndexError(f"the index of a layer must be in the range of {count} layers. Got {given}.")
        return given % count

    def _insert(self, position: int, name: str, layer: Any, as_dict: bool = False) -> Self:
        if not len(self) and not isinstance(layer, torch.nn.Module):
            raise ValueError(f"a Sequential must have a module as its first layer. Got {type(layer).__name__}.")
        named = self._named()
        made, _ = _made(layer, self._sizes(position)[1])
        named.insert(position, (name, made))
        if as_dict and not isinstance(self.layers, dict):
            self.layers = {}
        self._set(named)
        return self

    def _set(self, named: list[tuple[str, Any]]) -> None:
        if isinstance(self.layers, dict):
            self.layers = dict(named)
        else:
            self.layers[:] = [layer for _, layer in named]
        self._in_size, self._out_size = self._sizes(len(named))

    def _sizes(self, count: int) -> tuple[Any, Any]:
        """The sizes of the input, and of the output of the first layers."""
        layers = list(self)
        sized = next((layer for layer in layers if not isinstance(layer, ElementWiseBlock)), None)
        first, size = getattr(sized, "in_size", None), getattr(layers[0], "in_size", None) if layers else None
        for layer in layers[:count]:
            size = _made(layer, size)[1]
        return first, size


def _made(layer: Any, in_size: Any) -> tuple[Any, Any]:
    """The layer, made if it is a description, and the size of its output."""
    try:
        if isinstance(layer, ParamDescriber):
            if in_size is None:
                raise ValueError("the layer before a description must have an `out_size`. Got None.")
            layer = layer(in_size=in_size)
            if not isinstance(layer, Module):
                raise TypeError(f"a description must describe a Module. Got {type(layer).__name__}.")
            return layer, layer.out_size
        if isinstance(layer, Module) and not isinstance(layer, ElementWiseBlock):
            return layer, layer.out_size
        if callable(layer):
            return layer, _size_after(layer, in_size)
        raise TypeError(f"a layer must be a module, a description or a function. Got {type(layer).__name__}.")
    except Exception as error:
        raise BrainStateError(f"{error} The layer is {_kind(layer)}, after a size of {in_size}.") from error


def _size_after(layer: Any, size: Any) -> Any:
    """The size of the output of a function, which keeps it, or of a module of torch that says it."""
    if isinstance(layer, torch.nn.Module):
        if isinstance(features := getattr(layer, "out_features", None), int):
            return None if size is None and not isinstance(layer, torch.nn.Linear) else (*(size or (0,))[:-1], features)
        if hasattr(layer, "out_channels"):
            return None
    return size


def _kind(layer: Any) -> str:
    return repr(layer) if isinstance(layer, ParamDescriber) else getattr(layer, "__name__", type(layer).__name__)
