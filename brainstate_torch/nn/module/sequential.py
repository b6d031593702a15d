"""Sequential: modules one after the other."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

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
        A module.
    *layers
        Modules, functions, or descriptions such as ``Linear.desc(out_size=10)``, which get the size of what is before
        them as `in_size`.

    Raises
    ------
    TypeError
        `first` is not a module.
    BrainStateError
        One of the layers is none of these, or cannot be made; or one of them fails when it is called.

    Notes
    -----
    Source: brainstate.nn.Sequential (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> nn = brainstate.nn
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear.desc(out_size=2))
    >>> net.in_size, net[2].in_size, net.out_size
    ((4,), (8,), (2,))
    >>> net[:2].out_size
    (8,)
    """

    def __init__(self, first: torch.nn.Module, *layers: Module | ParamDescriber | Callable[..., Any]) -> None:
        super().__init__()
        if not isinstance(first, torch.nn.Module):
            raise TypeError(f"`first` must be a Module. Got {type(first).__name__}.")
        self.layers: list[Any] = [first]
        self._take_sizes(getattr(first, "in_size", None), getattr(first, "out_size", None))
        self.extend(layers)

    def update(self, x: Any) -> Any:
        """The output of the last layer for an input of the first."""
        for position, layer in enumerate(self.layers):
            try:
                x = layer(x)
            except Exception as error:
                raise BrainStateError(
                    f"layer {position} must take the output of the layer before it. "
                    f"Got {type(error).__name__} ({error}) from {_kind(layer)} with input {short_repr(x)}."
                ) from error
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, key: int | slice | Sequence[int]) -> Any:
        if isinstance(key, int):
            return self.layers[key]
        if isinstance(key, slice):
            return self._of(self.layers[key])
        if isinstance(key, (tuple, list)):
            return self._of([self.layers[position] for position in key])
        raise KeyError(f"`key` must be an int, a slice, or a list of ints. Got {type(key).__name__}.")

    @classmethod
    def _of(cls, layers: list[Any]) -> Self:
        if layers:
            return cls(*layers)
        empty = cls.__new__(cls)
        Module.__init__(empty)
        empty.layers = []
        return empty

    def append(self, layer: Any) -> None:
        """Add a layer at the end.

        Parameters
        ----------
        layer
            The layer.
        """
        self.extend([layer])

    def extend(self, modules: Iterable[Any]) -> None:
        """Add layers at the end.

        Parameters
        ----------
        modules
            The layers.

        Raises
        ------
        ValueError
            There is no first layer yet.
        """
        for layer in modules:
            if not self.layers:
                raise ValueError("a Sequential must have a first module. Got an empty one. Use `insert(0, module)`.")
            made, size = _made(layer, self.out_size)
            self.layers.append(made)
            self._take_sizes(None, size)

    def insert(self, index: int, module: Any) -> None:
        """Insert a layer before a position; layers with a size of their own keep it.

        Parameters
        ----------
        index
            The position.
        module
            The layer.

        Raises
        ------
        ValueError
            The Sequential is empty, and `module` is not a Module for position 0.
        IndexError
            There is no such position.
        """
        count = len(self.layers)
        if not count:
            if index != 0 or not isinstance(module, Module):
                got = f"{type(module).__name__} at {index}"
                raise ValueError(f"an empty Sequential must get its first module, a Module, at 0. Got {got}.")
            self.layers.append(module)
            self._take_sizes(module.in_size, module.out_size)
            return
        position = max(0, count + index + 1) if index < 0 else index
        if position > count:
            raise IndexError(f"`index` must be at most {count}. Got {index}, which is out of range.")
        made, size = _made(module, self.layers[position - 1].out_size if position else self.in_size)
        self.layers.insert(position, made)
        for layer in self.layers[position + 1 :]:
            _, size = _made(layer, size)
        self._take_sizes(getattr(made, "in_size", None) if position == 0 else None, size)

    def _take_sizes(self, in_size: Any, out_size: Any) -> None:
        if in_size is not None:
            self.in_size = in_size
        if out_size is not None:
            self.out_size = out_size


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
            return layer, in_size
        raise TypeError(f"a layer must be a module, a description or a function. Got {type(layer).__name__}.")
    except Exception as error:
        raise BrainStateError(f"{error} The layer is {_kind(layer)}, after a size of {in_size}.") from error


def _kind(layer: Any) -> str:
    return repr(layer) if isinstance(layer, ParamDescriber) else getattr(layer, "__name__", type(layer).__name__)
