"""The base classes of initialisers."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ... import environ
from ...random import default_rng
from ...typing import SeedOrKey
from ...units import UNITLESS, Quantity, Unit, maybe_decimal
from ...util import PrettyAttr, PrettyRepr, PrettyType

__all__ = ["Initializer", "RandomInitializer", "as_shape"]


class Initializer(PrettyRepr):
    """Base of objects that make an initial value.

    A subclass defines ``__call__``, which takes the shape, ``dtype`` and, where numbers are drawn, ``rng``.

    Raises
    ------
    NotImplementedError
        The subclass does not.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Counted(brainstate.nn.init.Initializer):
    ...     def __call__(self, shape, **kwargs):
    ...         return brainstate.units.math.arange(*shape)
    >>> Counted()((3,))
    tensor([0, 1, 2], dtype=torch.int32)
    """

    unit: Unit = UNITLESS

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define `__call__`. Got shape {args}.")

    def _with_unit(self, value: Any) -> Any:
        return maybe_decimal(Quantity(value, self.unit))

    def __pretty_repr__(self) -> Iterator[PrettyType | PrettyAttr]:
        yield PrettyType(type(self))
        for name, value in vars(self).items():
            if not name.startswith("_"):
                yield PrettyAttr(name, repr(value))


class RandomInitializer(Initializer):
    """An initialiser that draws numbers; a subclass defines :meth:`_draw`."""

    def __init__(self, unit: Unit, seed: SeedOrKey | None) -> None:
        self.rng = default_rng(seed)
        self.unit = unit

    def __call__(self, shape: Any, **kwargs: Any) -> Any:
        dtype = kwargs.get("dtype", environ.dftype())
        return self._with_unit(self._draw(kwargs.get("rng", self.rng), as_shape(shape), dtype))

    def _draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        raise NotImplementedError


def as_shape(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple.

    Raises
    ------
    ValueError
        It is neither an integer nor a tuple or list.
    """
    if isinstance(shape, (tuple, list)):
        return tuple(shape)
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    raise ValueError(f"`shape` must be an integer or a tuple of integers: cannot make a size. Got {shape!r}.")
