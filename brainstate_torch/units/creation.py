"""Making tensors and quantities, in numpy's spelling and in the precision of `environ`."""

import math
from typing import Any

import numpy as np
import torch

from .. import _tree, environ
from .._arrays import as_tensor, precise
from .descriptions import described
from .dtype_names import dtype as as_dtype
from .forms.axes import whole, wholes
from .functions import get_unit, is_quantity
from .quantity import Quantity, as_quantity
from .unit import UNITLESS, as_unit
from .values import fits_any_unit

__all__ = [
    "arange",
    "array",
    "as_numpy",
    "asarray",
    "empty",
    "eye",
    "from_numpy",
    "full",
    "geomspace",
    "identity",
    "linspace",
    "logspace",
    "ones",
    "tree_ones_like",
    "tree_zeros_like",
    "tri",
    "zeros",
]


def _kind(x: Any) -> torch.dtype:
    return environ.dftype() if x is None else as_dtype(x)


def _check_order(order: str | None) -> None:
    if order not in (None, "C", "A", "K"):
        raise ValueError(f"`order` must be 'C' or None. Got {order!r}. Tensors have their axes in the order of C.")


def _with_unit(mantissa: torch.Tensor, unit: Any) -> Any:
    unit = as_unit(unit)
    return mantissa if unit is UNITLESS else Quantity._make(mantissa, unit)


def asarray(x: Any, dtype: Any = None, order: str | None = None, unit: Any = None) -> Any:
    """A tensor, or a quantity that holds one, of anything array-like.

    Parameters
    ----------
    x
        A number, (nested) list, numpy array, tensor, quantity or list of quantities.
    dtype
        The dtype of the result, or its name.
    order
        "C" or None.
    unit
        The unit to convert to.

    Returns
    -------
    Tensor or Quantity
        The array, ``[*N]``.

    Raises
    ------
    UnitMismatchError
        `x` has another dimension than `unit`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.asarray([1.0 * u.mV, 2.0 * u.mV])
    tensor([1., 2.]) mV
    >>> u.math.asarray([1, 2])
    tensor([1, 2], dtype=torch.int32)
    """
    _check_order(order)
    kind = None if dtype is None else as_dtype(dtype)
    with precise(kind):
        quantity = as_quantity(x)
        if unit is not None:
            quantity = quantity.in_unit(unit)
        mantissa = as_tensor(quantity.mantissa)
    return _with_unit(mantissa if kind is None else mantissa.to(kind), quantity.unit)


@described
def array(
    x: Any, dtype: Any = None, order: str | None = None, unit: Any = None, *, copy: bool = True, ndmin: int = 0
) -> Any:
    """As :func:`asarray`, but a copy unless `copy` is False, with new axes in front up to `ndmin`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.array([1.0, 2.0] * u.mV)
    tensor([1., 2.]) mV
    """
    found = asarray(x, dtype, order, unit)
    if found.ndim < ndmin:
        found = found.reshape((1,) * (ndmin - found.ndim) + tuple(found.shape))
    return found.clone() if copy else found


@described
def as_numpy(x: Any) -> np.ndarray[Any, Any]:
    """The numpy array of a plain value; it has no gradient.

    Raises
    ------
    UnitMismatchError
        The value has a dimension.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.as_numpy([3.0, 4.0] * u.mV / u.mV).tolist()
    [3.0, 4.0]
    """
    array: np.ndarray[Any, Any] = as_tensor(as_quantity(x).to_decimal()).detach().cpu().numpy()
    return array


@described
def zeros(shape: Any, dtype: Any = None, unit: Any = UNITLESS) -> Any:
    """Zeros.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.zeros(2, unit=u.mV)
    tensor([0., 0.]) mV
    """
    return _with_unit(torch.zeros(wholes(shape, "shape"), dtype=_kind(dtype)), unit)


@described
def ones(shape: Any, dtype: Any = None, unit: Any = UNITLESS) -> Any:
    """Ones.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.ones(2, unit=u.mV)
    tensor([1., 1.]) mV
    """
    return _with_unit(torch.ones(wholes(shape, "shape"), dtype=_kind(dtype)), unit)


@described
def empty(shape: Any, dtype: Any = None, unit: Any = UNITLESS) -> Any:
    """A tensor whose values are not set.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.empty(2, unit=u.mV).shape
    torch.Size([2])
    """
    return _with_unit(torch.empty(wholes(shape, "shape"), dtype=_kind(dtype)), unit)


@described
def full(shape: Any, fill_value: Any, dtype: Any = None, unit: Any = None) -> Any:
    """One value everywhere.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.full(2, 3.0 * u.mV)
    tensor([3., 3.]) mV
    """
    value = asarray(fill_value, dtype)
    if unit is not None:
        value = value.in_unit(unit) if is_quantity(value) else value * as_unit(unit)
    return value.expand(wholes(shape, "shape")).clone()


@described
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None, unit: Any = UNITLESS) -> Any:
    """Ones on a diagonal.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.eye(2, unit=u.mV)
    tensor([[1., 0.],
            [0., 1.]]) mV
    """
    on_diagonal = torch.arange(whole(N, "N"))[:, None] + k == torch.arange(whole(N if M is None else M, "M"))
    return _with_unit(on_diagonal.to(_kind(dtype)), unit)


@described
def identity(n: int, dtype: Any = None, unit: Any = UNITLESS) -> Any:
    """A square matrix with ones on the diagonal.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.identity(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    return eye(n, dtype=dtype, unit=unit)


@described
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None, unit: Any = UNITLESS) -> Any:
    """Ones on and below a diagonal.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.tri(2)
    tensor([[1., 0.],
            [1., 1.]])
    """
    below = torch.arange(whole(N, "N"))[:, None] + k >= torch.arange(whole(N if M is None else M, "M"))
    return _with_unit(below.to(_kind(dtype)), unit)


@described
def arange(start: Any = None, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Evenly spaced values in a half-open interval, in the unit of the first argument.

    Raises
    ------
    UnitMismatchError
        The arguments have different dimensions.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.arange(0.0 * u.ms, 1.5 * u.ms, 0.5 * u.ms)
    tensor([0.0000, 0.5000, 1.0000]) ms
    """
    if stop is None:
        start, stop = None, start
    if stop is None:
        raise TypeError("`stop` must be given. Got no end of the interval. Pass u.math.arange(stop).")
    given = [value for value in (start, stop, step) if value is not None]
    unit = get_unit(given[0]) if not fits_any_unit(given[0]) else get_unit(given[-1])
    first, last = (_number(value, unit) for value in (0 if start is None else start, stop))
    width = 1 if step is None else _number(step, unit)
    if dtype is None:
        floating = any(as_tensor(value).is_floating_point() for value in (first, last, width))
        dtype = environ.dftype() if floating else environ.ditype()
    return _with_unit(_counted(first, last, width, as_dtype(dtype)), unit)


def _counted(first: Any, last: Any, width: Any, kind: torch.dtype) -> torch.Tensor:
    """``first + i * width`` in the precision of the result, as in JAX; torch's own rounds once, from 64 bit."""
    first, last, width = (value.item() if isinstance(value, torch.Tensor) else value for value in (first, last, width))
    size = max(0, math.ceil((last - first) / width))
    if not kind.is_floating_point:
        return torch.arange(size, dtype=kind) * int(width) + int(first)
    steps = torch.arange(size, dtype=torch.promote_types(kind, torch.float32))
    values: torch.Tensor = steps * width + first
    return values.to(kind)


def _number(value: Any, unit: Any) -> Any:
    """The number of a value in the unit; 0 is 0 in every unit."""
    return value if fits_any_unit(value) else as_quantity(value).to_decimal(unit)


@described
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None
) -> Any:
    """Values at equal distances from start to stop, in the unit of `start`; with the distance where `retstep`.

    Raises
    ------
    UnitMismatchError
        Start and stop have different dimensions.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.linspace(0.0 * u.ms, 1.0 * u.ms, 3)
    tensor([0.0000, 0.5000, 1.0000]) ms
    """
    unit = get_unit(stop) if fits_any_unit(start) else get_unit(start)
    with precise(None if dtype is None else as_dtype(dtype)):
        first, last = (as_tensor(_number(value, unit)) for value in (start, stop))
    first, last = (value.to(environ.ditype()) if value.dtype is torch.bool else value for value in (first, last))
    kind = as_dtype(dtype) if dtype is not None else _floating_of(first, last)
    values = _spaced(first, last, num, endpoint, kind)
    step = (last - first) / max(num - 1 if endpoint else num, 1) if num > 1 or not endpoint else first * float("nan")
    result = _with_unit(values.to(kind), unit)
    return (result, _with_unit(step.to(kind) if kind.is_floating_point else step, unit)) if retstep else result


def _floating_of(first: torch.Tensor, last: torch.Tensor) -> torch.dtype:
    kinds = [each.dtype for each in (first, last) if each.is_floating_point() or each.is_complex()]
    return kinds[0] if len(kinds) == 1 else torch.promote_types(*kinds) if kinds else environ.dftype()


def _spaced(first: torch.Tensor, last: torch.Tensor, num: int, endpoint: bool, kind: torch.dtype) -> torch.Tensor:
    work = kind if kind.is_floating_point or kind.is_complex else torch.float64
    first, last = (each.to(work) for each in (first, last))
    if not first.ndim and not last.ndim and not work.is_complex and not (first.requires_grad or last.requires_grad):
        return torch.linspace(first.item(), last.item(), num if endpoint else num + 1, dtype=work)[:num]
    parts = torch.arange(num, device=first.device).to(work) / max(num - 1 if endpoint else num, 1)
    parts = parts.reshape(-1, *(1 for _ in torch.broadcast_shapes(first.shape, last.shape)))  # type: ignore[no-untyped-call]
    return first + (last - first) * parts


@described
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10.0, dtype: Any = None
) -> torch.Tensor:
    """Powers of the base whose exponents, which are plain numbers, are at equal distances.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.logspace(0.0, 2.0, 3)
    tensor([  1.,  10., 100.])
    """
    first, last = (as_quantity(value).to_decimal() for value in (start, stop))
    with precise(None if dtype is None else as_dtype(dtype)):
        powers: torch.Tensor = base ** linspace(first, last, num, endpoint)
    return powers if dtype is None else powers.to(as_dtype(dtype))


def array_with_unit(mantissa: Any, unit: Any, dtype: Any = None) -> Quantity:
    """The quantity of a mantissa and a unit.

    Parameters
    ----------
    mantissa
        The numbers, ``[*N]``, or a quantity, whose unit is multiplied by `unit`.
    unit
        The unit.
    dtype
        The dtype of the mantissa.

    Returns
    -------
    Quantity
        The quantity, ``[*N]``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.array_with_unit([1.0, 2.0], u.mV)
    tensor([1., 2.]) mV
    """
    kind = None if dtype is None else as_dtype(dtype)
    with precise(kind):
        quantity: Quantity = Quantity.with_unit(mantissa, unit)
        return quantity if kind is None else quantity.astype(kind)


@described
def from_numpy(x: Any, unit: Any = UNITLESS) -> Any:
    """A numpy array as a tensor of its own memory, or as a quantity.

    Examples
    --------
    >>> import numpy as np
    >>> import brainstate_torch.units as u
    >>> u.math.from_numpy(np.ones(2), u.mV)
    tensor([1., 1.]) mV
    """
    return _with_unit(as_tensor(np.asarray(x)), unit)


@described
def tree_zeros_like(tree: Any) -> Any:
    """Zeros in place of each array of a tree, with its unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.tree_zeros_like({"a": [1.0] * u.mV})
    {'a': tensor([0.]) mV}
    """
    return _tree.map(lambda leaf: torch.zeros_like(as_tensor(leaf)), tree)


@described
def tree_ones_like(tree: Any) -> Any:
    """Ones in place of each array of a tree, with its unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.tree_ones_like({"a": [1.0] * u.mV})
    {'a': tensor([1.]) mV}
    """
    return _tree.map(lambda leaf: torch.ones_like(as_tensor(leaf)), tree)


@described
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None) -> Any:
    """Values at equal ratios from start to stop, in the unit of `start`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.geomspace(1.0 * u.mV, 100.0 * u.mV, 3)
    tensor([  1.,  10., 100.]) mV
    """
    unit = get_unit(start)
    with precise(None if dtype is None else as_dtype(dtype)):
        first, last = (as_tensor(as_quantity(value).to_decimal(unit)) for value in (start, stop))
    kind = as_dtype(dtype) if dtype is not None else _floating_of(first, last)
    work = kind if kind.is_floating_point or kind.is_complex else torch.float64
    first, last = first.to(work), last.to(work)
    exponents = _spaced(torch.zeros((), dtype=work), torch.ones((), dtype=work), num, endpoint, work)
    exponents = exponents.reshape(-1, *(1 for _ in torch.broadcast_shapes(first.shape, last.shape)))  # type: ignore[no-untyped-call]
    return _with_unit((first * (last / first) ** exponents).to(kind), unit)
