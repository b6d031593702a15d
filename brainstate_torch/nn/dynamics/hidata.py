"""HiData: named values in a tree, read as attributes."""

from collections.abc import ItemsView, KeysView, Mapping, ValuesView
from typing import Any, Self

import numpy as np
import torch

from ... import _tree
from ...util.struct import dataclass, field

__all__ = ["HiData"]

_LONGEST = 60


@dataclass(eq=False, repr=False)
class HiData:
    """Named values, and trees of them, that do not change: ``data.x``, ``data['x']``, ``data.replace(x=...)``.

    A HiData is a pytree: transforms look into it.

    Parameters
    ----------
    children
        The values by name: tensors, other HiData, or anything else.
    name
        A name, for display. It is part of the structure.
    **kwargs
        More values by name; they come before those in `children` of the same name.

    Notes
    -----
    Source: brainstate.nn.HiData (0.5.4). Differs: an object of a subclass is a pytree too; two are equal by identity;
    it can be copied and pickled.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> data = brainstate.nn.HiData(name='cell', v=torch.zeros(2), gate=brainstate.nn.HiData(m=0.5))
    >>> data.replace(v=torch.ones(2)).v, data.gate.m
    (tensor([1., 1.]), 0.5)
    >>> data
    HiData(
      name='cell',
      v=Array(shape=(2,), dtype=float32),
      gate=HiData(
        name=None,
        m=0.5
      )
    )
    """

    name: str | None = field(pytree_node=False)
    children: dict[str, Any]

    def __init__(self, children: Mapping[str, Any] | None = None, name: str | None = None, **kwargs: Any) -> None:
        object.__setattr__(self, "children", {**(children or {}), **kwargs})
        object.__setattr__(self, "name", name)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _tree.register(
            cls,
            lambda data: ([data.children], data.name),
            lambda values, name: cls(next(iter(values)), name),
        )

    def __getattr__(self, key: str) -> Any:
        # Called for missing attributes, also before `children` exists, as while a copy is made.
        children = vars(self).get("children", {})
        if key not in children:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {key!r}")
        return children[key]

    def __getitem__(self, key: str) -> Any:
        return self.children[key]

    def __contains__(self, key: str) -> bool:
        return key in self.children

    def __len__(self) -> int:
        return len(self.children)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self.children.keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self.children.values()

    def items(self) -> ItemsView[str, Any]:
        """The values by name."""
        return self.children.items()

    @property
    def state_size(self) -> int:
        """How many values there are that are not None, in the whole tree."""
        sizes = (child.state_size if isinstance(child, HiData) else child is not None for child in self.values())
        return sum(sizes)

    @property
    def dtype(self) -> Any:
        """The dtype of the first value in the tree that has one.

        Raises
        ------
        ValueError
            None has.
        """
        found = self._first_dtype()
        if found is None:
            raise ValueError(f"a child must be an array to give a dtype. Got {list(self.children)}.")
        return found

    def _first_dtype(self) -> Any:
        for child in self.values():
            dtype = child._first_dtype() if isinstance(child, HiData) else getattr(child, "dtype", None)
            if dtype is not None:
                return dtype
        return None

    def clone(self) -> Self:
        """A copy in which everything with a `clone` method is cloned, tensors too."""
        return self._with({key: child.clone() if hasattr(child, "clone") else child for key, child in self.items()})

    def replace(self, **updates: Any) -> Self:
        """A copy with other values, or more of them."""
        return self._with({**self.children, **updates})

    def add(self, *args: "HiData | Mapping[str, Any]", **updates: Any) -> Self:
        """A copy with the values of others added; for equal names the last one counts.

        Raises
        ------
        TypeError
            An argument is neither a HiData nor a mapping.
        """
        children = dict(self.children)
        for arg in args:
            if not isinstance(arg, (HiData, Mapping)):
                raise TypeError(f"`args` must be HiData or dictionaries. Got {type(arg).__name__}.")
            children.update(arg.items())
        return self._with({**children, **updates})

    def pop(self, *args: str) -> Self:
        """A copy without some names.

        Raises
        ------
        KeyError
            There is no such name.
        """
        children = dict(self.children)
        for key in args:
            children.pop(key)
        return self._with(children)

    def to_dict(self) -> dict[str, Any]:
        """The values as nested dictionaries."""
        return {key: child.to_dict() if isinstance(child, HiData) else child for key, child in self.items()}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Self:
        """Nested dictionaries as HiData."""
        return cls({key: cls.from_dict(child) if isinstance(child, Mapping) else child for key, child in d.items()})

    def _with(self, children: dict[str, Any]) -> Self:
        return type(self)(children, name=self.name)

    def __repr__(self) -> str:
        if not self.children:
            return f"HiData(name={self.name!r})"
        rows = [f"name={self.name!r}", *(f"{key}={_shown(child)}" for key, child in self.items())]
        body = ",\n".join(rows).replace("\n", "\n  ")
        return f"HiData(\n  {body}\n)"


def _shown(child: Any) -> str:
    if isinstance(child, HiData):
        return repr(child)
    if isinstance(child, (torch.Tensor, np.ndarray, np.generic)):
        return f"Array(shape={tuple(child.shape)}, dtype={str(child.dtype).removeprefix('torch.')})"
    text = repr(child)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
