"""numpy's methods of quantities. With torch's own keywords (``dim=``) a method that torch has, too, is torch's."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn, Self

import torch

from .._arrays import as_tensor
from .at import At
from .conversions import Conversions
from .dispatch import apply
from .dtype_names import dtype as as_dtype
from .forms import choosing, cumulative, diagonals, joining, nans, ordering, products, reductions, shapes
from .unit import UNITLESS, as_unit
from .values import is_array, parts_of

__all__ = ["NumpyMethods"]

#: Keywords by which a call is meant for torch's method.
_TORCHS = frozenset({
    "dim", "dims", "dim0", "dim1", "keepdim", "correction", "unbiased", "split_size", "split_size_or_sections",
    "as_tuple", "index", "interpolation",
})  # fmt: skip


def _numpys(form: Callable[..., Any], arrays: int = 0) -> Callable[..., Any]:
    """The method that numpy's function makes; `arrays` of its arguments may be numbers, lists and numpy arrays."""
    name = form.__name__

    @functools.wraps(form)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "out" in kwargs and kwargs.pop("out") is not None:
            raise TypeError(
                f"`out` of `{name}` must not be given with quantities. It cannot carry a unit: bind the result."
            )
        if kwargs and not _TORCHS.isdisjoint(kwargs):
            return self._apply(getattr(torch.Tensor, name), (self, *args), kwargs)
        if kwargs and name == "clip":
            kwargs = {{"min": "a_min", "max": "a_max"}.get(key, key): self._beside(v) for key, v in kwargs.items()}
        if arrays:
            args = (*(self._beside(value) for value in args[:arrays]), *args[arrays:])
        return form(_whole(self), *args, **kwargs)

    return method


def _whole(quantity: Any) -> Any:
    """The quantity with a tensor as mantissa."""
    mantissa = quantity._mantissa
    return quantity if isinstance(mantissa, torch.Tensor) else quantity._make(as_tensor(mantissa), quantity._unit)


class Length(int):
    """The number of elements as numpy has it, ``q.size``; called, that of axes as torch has it, ``q.size(0)``."""

    shape: torch.Size

    def __call__(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]


class NumpyMethods(Conversions):
    """numpy's names on quantities."""

    __slots__ = ()

    #: Applies a torch function by the rule table: (function, args, kwargs).
    _apply: ClassVar[Callable[..., Any]] = staticmethod(apply)

    all = _numpys(reductions.all)
    any = _numpys(reductions.any)
    argmax = _numpys(reductions.argmax)
    argmin = _numpys(reductions.argmin)
    argsort = _numpys(ordering.argsort)
    clip = _numpys(choosing.clip, 2)
    cumprod = _numpys(cumulative.cumprod)
    cumsum = _numpys(cumulative.cumsum)
    diagonal = _numpys(diagonals.diagonal)
    dot = _numpys(products.dot, 1)
    cross = _numpys(products.cross, 1)
    expand_dims = _numpys(shapes.expand_dims)
    max = _numpys(reductions.max)
    mean = _numpys(reductions.mean)
    min = _numpys(reductions.min)
    nancumprod = _numpys(nans.nancumprod)
    nanprod = _numpys(nans.nanprod)
    outer = _numpys(products.outer, 1)
    ptp = _numpys(reductions.ptp)
    ravel = _numpys(shapes.ravel)
    repeat = _numpys(shapes.repeat)
    searchsorted = _numpys(ordering.searchsorted, 1)
    sort = _numpys(ordering.sort)
    split = _numpys(joining.split)
    squeeze = _numpys(shapes.squeeze)
    std = _numpys(reductions.std)
    sum = _numpys(reductions.sum)
    swapaxes = _numpys(shapes.swapaxes)
    take = _numpys(choosing.take, 1)
    tile = _numpys(shapes.tile)
    trace = _numpys(diagonals.trace)
    var = _numpys(reductions.var)
    nonzero = _numpys(choosing.nonzero)

    @property
    def shape(self) -> torch.Size:
        """The shape of the mantissa."""
        return self._mantissa.shape if isinstance(self._mantissa, torch.Tensor) else torch.Size()

    @property
    def ndim(self) -> int:
        """The number of axes of the mantissa."""
        return len(self.shape)

    @property
    def size(self) -> Length:
        """The number of elements; ``q.size(0)`` is the length of an axis, as in torch."""
        length = Length(self._numel())
        length.shape = self.shape
        return length

    @property
    def isscalar(self) -> bool:
        """Whether there are no axes."""
        return not self.shape

    @property
    def strides(self) -> tuple[int, ...]:
        """The distance in bytes of neighbours along each axis."""
        array = as_tensor(self._mantissa)
        return tuple(step * array.element_size() for step in array.stride())

    @property
    def flat(self) -> Iterator[Self]:
        """The elements one by one."""
        return (self._make(element, self._unit) for element in as_tensor(self._mantissa).reshape(-1))

    @property
    def at(self) -> At:
        """Updates of single elements that make a new quantity: ``q.at[0].set(1.0 * u.mV)``."""
        return At(self)

    def _beside(self, value: Any) -> Any:
        """What stands beside the quantity, as a tensor or quantity."""
        if is_array(value) or value is None:
            return value
        mantissa, unit = parts_of(value)
        array = as_tensor(mantissa)
        return self._make(array, unit) if unit is not UNITLESS else array

    def transpose(self, *axes: Any, **torchs: Any) -> Any:
        """The axes in another order, reversed where none is given; ``q.transpose(0, 1)`` exchanges two axes."""
        if torchs or (len(axes) == 2 and self.ndim != 2):
            return self._apply(torch.Tensor.transpose, (self, *axes), torchs)
        return shapes.transpose(_whole(self), (axes[0] if len(axes) == 1 else axes) or None)

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """The same elements in another shape, given as a tuple or as several numbers."""
        return shapes.reshape(_whole(self), shape[0] if len(shape) == 1 else shape, order)

    def resize(self, new_shape: Any) -> Any:
        """As many elements as the new shape has, the given ones over and over."""
        return shapes.resize(_whole(self), new_shape)

    def flatten(self, *axes: int, **torchs: int) -> Any:
        """The elements along one axis, or the axes from the first to the second given made one."""
        return self._apply(torch.Tensor.flatten, (_whole(self), *axes), torchs)

    def round(self, decimals: int = 0) -> Any:
        """The numbers in this unit, rounded to so many digits after the point."""
        return self._apply(torch.round, (_whole(self),), {"decimals": decimals})

    def pow(self, oc: Any) -> Any:
        """The quantity to a power."""
        return self**oc

    def copy(self) -> Self:
        """The same quantity in memory of its own."""
        mantissa = self._mantissa
        return self._make(mantissa.clone() if isinstance(mantissa, torch.Tensor) else mantissa, self._unit)

    @property
    def imag(self) -> Any:
        """The imaginary part, zero of real numbers."""
        array = as_tensor(self._mantissa)
        return self._make(array.imag if array.is_complex() else torch.zeros_like(array), self._unit)

    @property
    def isinfinite(self) -> torch.Tensor:
        """Whether each element is an infinity."""
        return torch.isinf(as_tensor(self._mantissa))

    def conjugate(self) -> Self:
        """The complex conjugate."""
        return self._make(torch.conj(as_tensor(self._mantissa)), self._unit)

    def to_torch(self, *, device: Any = None, dtype: Any = None) -> Self:
        """The quantity with a tensor as mantissa, on another device or with another dtype."""
        kind = None if dtype is None else as_dtype(dtype)
        return self._make(as_tensor(self._mantissa).to(device=device, dtype=kind), self._unit)

    def to_jax(self) -> NoReturn:
        """Refused: the mantissa of a quantity is a tensor.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            "a quantity must hold a tensor. Got a call of `to_jax`. Use jax.numpy.from_dlpack(q.to_decimal(unit))."
        )

    def tree_flatten(self) -> tuple[tuple[Any], Any]:
        """The mantissa, in a tuple, and the unit."""
        return (self._mantissa,), self._unit

    @classmethod
    def tree_unflatten(cls, unit: Any, children: tuple[Any, ...]) -> Any:
        """The quantity of what :meth:`tree_flatten` gives."""
        return cls._make(children[0], unit)

    def astype(self, dtype: Any) -> Self:
        """The same quantity with another dtype, or the dtype of a name.

        Examples
        --------
        >>> import torch
        >>> import brainstate_torch.units as u
        >>> (3.0 * u.mV).astype(torch.float64).dtype
        torch.float64
        """
        return self._make(as_tensor(self._mantissa).to(as_dtype(dtype)), self._unit)

    def fill(self, value: Any) -> Any:
        """A quantity of this shape that has one value everywhere."""
        return self.at[...].set(value)

    def put(self, indices: Any, values: Any, *torchs: Any, **more: Any) -> Any:
        """The quantity with other values at the index; with a third argument torch's ``put``."""
        if torchs or more:
            return self._apply(torch.Tensor.put, (self, indices, values, *torchs), more)
        return self.at[indices].set(values)

    def item(self, *args: Any) -> Any:
        """The only element, or the element at these indices: a number with the unit, plain without dimension."""
        array = as_tensor(self._mantissa)
        if args:
            array = array.reshape(-1)[args[0]] if len(args) == 1 and isinstance(args[0], int) else array[args]
        return self._listed(array.item())

    def tolist(self) -> Any:
        """Nested lists of Python numbers with the unit; of plain numbers where there is no dimension."""
        return self._listed(as_tensor(self._mantissa).tolist())

    def _listed(self, values: Any) -> Any:
        if isinstance(values, list):
            return [self._listed(value) for value in values]
        return self._make(values, self._unit) if self._unit._dim else self._make(values, self._unit)._plain("item")

    def update_mantissa(self, mantissa: Any) -> None:
        """Let this quantity hold other numbers of the same shape and dtype.

        Raises
        ------
        ValueError
            The shape or the dtype is another one.
        """
        if isinstance(mantissa, Conversions):
            raise ValueError(f"`mantissa` must be plain. Got a quantity in {mantissa.unit}. Take q.to_decimal(unit).")
        old, new = as_tensor(self._mantissa), as_tensor(parts_of(mantissa)[0])
        if old.shape != new.shape or old.dtype != new.dtype:
            raise ValueError(
                f"`mantissa` must have the shape and dtype of the old one. Got {tuple(new.shape)}, {new.dtype} for "
                f"{tuple(old.shape)}, {old.dtype}. Make a new quantity: u.Quantity(mantissa, q.unit)."
            )
        self._mantissa = new

    @classmethod
    def with_unit(cls, mantissa: Any, unit: Any) -> Any:
        """The quantity of a mantissa and a unit."""
        parts, own = parts_of(mantissa)
        return cls._make(parts, own._times(as_unit(unit)))

    def scatter_add(self, index: Any, value: Any, *torchs: Any, **more: Any) -> Any:
        """The quantity with `value` added at the index; with three arguments torch's ``scatter_add``."""
        if torchs or more:
            return self._apply(torch.Tensor.scatter_add, (self, index, value, *torchs), more)
        return self.at[index].add(value)

    def scatter_sub(self, index: Any, value: Any) -> Any:
        """The quantity with `value` taken away at the index."""
        return self.at[index].subtract(value)

    def scatter_mul(self, index: Any, value: Any) -> Any:
        """The quantity times a plain number at the index."""
        return self.at[index].multiply(value)

    def scatter_div(self, index: Any, value: Any) -> Any:
        """The quantity divided by a plain number at the index."""
        return self.at[index].divide(value)

    def scatter_max(self, index: Any, value: Any) -> Any:
        """The quantity with the larger of each element and `value` at the index."""
        return self.at[index].max(value)

    def scatter_min(self, index: Any, value: Any) -> Any:
        """The quantity with the smaller of each element and `value` at the index."""
        return self.at[index].min(value)
