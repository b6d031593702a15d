"""What sparse matrices share: products with events, each of which counts 1, and with numbers."""

import copy
import operator
from collections.abc import Callable, Sequence
from typing import Any, Self

import torch

from .. import _tree
from ..nn.module.operand import operand
from ..units import math
from ..units._doors import detach
from .arrays import EventRepresentation, dressed, events_of

__all__ = ["DataRepresentation", "as_tree", "check_numbers", "check_places"]


class DataRepresentation:
    """Base of the matrices of this module.

    Parameters
    ----------
    data
        The numbers, or one for all; they may have a unit.
    shape
        The number of rows and columns.
    backend
        Without effect.

    Notes
    -----
    Source: brainevent.DataRepresentation (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> isinstance(event.CSR.fromdense(torch.eye(2)), event.DataRepresentation)
    True
    """

    def __init__(self, data: Any, shape: Sequence[int], backend: str | None = None) -> None:
        self.data, self.backend = math.asarray(data), backend
        self.shape = (int(shape[0]), int(shape[1]))
        #: Shared by matrices with the same indices, so that they are trees of one structure.
        self._places = self

    # Numbers and places.

    @property
    def row(self) -> torch.Tensor:
        """The row of each number, ``[nse]``."""
        raise NotImplementedError

    @property
    def col(self) -> torch.Tensor:
        """The column of each number, ``[nse]``."""
        raise NotImplementedError

    @property
    def nse(self) -> int:
        """How many numbers the matrix stores."""
        return int(self.col.numel())

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the numbers."""
        dtype: torch.dtype = self.data.dtype
        return dtype

    @property
    def ndim(self) -> int:
        """The number of axes: two."""
        return 2

    def _own(self) -> Any:
        """One number for each place, ``[nse]``."""
        data = self.data.reshape(-1)
        return data.expand(self.nse) if data.shape[0] == 1 else data

    def with_data(self, data: Any) -> Self:
        """Other numbers at the same places.

        Parameters
        ----------
        data
            The numbers, in the shape of the old ones.

        Returns
        -------
        DataRepresentation
            The matrix.

        Raises
        ------
        ValueError
            The shape is another one.
        """
        data = operand(data, self.data)
        if data.shape != self.data.shape:
            raise ValueError(
                f"`data` must have the shape of the old numbers, {tuple(self.data.shape)}. Got {tuple(data.shape)}."
            )
        return self._with(data)

    def _with(self, data: Any) -> Self:
        other = copy.copy(self)
        other.data = data
        return other

    def todense(self) -> Any:
        """The whole matrix, ``[rows, columns]``; numbers at one place are added.

        Returns
        -------
        Tensor or Quantity
            The matrix.
        """
        numbers, unit = detach(self._own())
        zeros = torch.zeros(self.shape, dtype=numbers.dtype, device=numbers.device)
        return dressed(zeros.index_put((self.row, self.col), numbers, accumulate=True), unit)

    def tocoo(self) -> Any:
        """The matrix with the row and column of each number.

        Returns
        -------
        COO
            The matrix.
        """
        raise NotImplementedError

    def tocsr(self) -> Any:
        """The matrix by rows.

        Returns
        -------
        CSR
            The matrix.
        """
        raise NotImplementedError

    def tocsc(self) -> Any:
        """The matrix by columns.

        Returns
        -------
        CSC
            The matrix.
        """
        raise NotImplementedError

    def _sorted(self, order: torch.Tensor) -> Any:
        data = self.data.reshape(-1)
        return data if data.shape[0] == 1 else data[order]

    @property
    def T(self) -> "DataRepresentation":
        """Rows and columns exchanged."""
        return self.transpose()

    def transpose(self) -> "DataRepresentation":
        """Rows and columns exchanged.

        Returns
        -------
        DataRepresentation
            The matrix.
        """
        raise NotImplementedError

    # Products.

    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, EventRepresentation):
            return self._event_product(other, is_left=False)
        return self._product(operand(other, self.data), is_left=False, event=False)

    def __rmatmul__(self, other: Any) -> Any:
        return self._product(operand(other, self.data), is_left=True, event=False)

    __array_priority__ = 100

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # `tensor @ matrix` comes here.
        name = getattr(function, "__name__", str(function))
        if name in ("matmul", "__matmul__", "__rmatmul__") and len(args) == 2:
            left, right = args[::-1] if name == "__rmatmul__" else args
            return right.__rmatmul__(left) if isinstance(right, DataRepresentation) else left.__matmul__(right)
        if name in ("mul", "__mul__", "__rmul__"):
            left, right = args
            return right * left if isinstance(right, DataRepresentation) else left * right
        raise TypeError(f"a sparse matrix takes part in products alone. Got torch.{name}. Take `matrix.todense()`.")

    def _event_product(self, events: EventRepresentation, is_left: bool) -> Any:
        return self._product(events, is_left, event=True)

    def _product(self, other: Any, is_left: bool, event: bool) -> Any:
        """The product with a vector or matrix on one side, whose last axis then is that of the matrix."""
        strength, own = events_of(other) if event else detach(other)
        if strength.ndim not in (1, 2):
            raise ValueError(f"the other factor must be a vector or a matrix. Got shape {tuple(strength.shape)}.")
        length = self.shape[0] if is_left else self.shape[1]
        seen = strength.shape[-1] if is_left else strength.shape[0]
        if seen != length:
            raise ValueError(
                f"the axes of a product must be equally long. Got {seen} numbers and a matrix of shape {self.shape}."
            )
        lanes = strength if is_left or strength.ndim == 1 else strength.mT
        numbers, unit = detach(self.data)
        kind = numbers.dtype if numbers.is_floating_point() else torch.get_default_dtype()
        if not (event and strength.dtype is torch.bool):
            kind = torch.promote_types(kind, strength.dtype) if strength.is_floating_point() else kind
            lanes = lanes.to(kind)
        y = self._lanes(lanes, numbers.to(kind), is_left)
        return dressed(y if is_left or y.ndim == 1 else y.mT, unit, own)

    def _lanes(self, x: torch.Tensor, numbers: torch.Tensor, is_left: bool) -> torch.Tensor:
        """The product of lanes ``[*B, in]`` along rows (left) or columns, with plain numbers; `x` may be bool."""
        source, target = (self.row, self.col) if is_left else (self.col, self.row)
        terms = x.index_select(-1, source).to(numbers.dtype) * numbers.reshape(-1)
        length = self.shape[1] if is_left else self.shape[0]
        return terms.new_zeros(*x.shape[:-1], length).index_add(-1, target, terms)

    # Arithmetic.

    def apply(self, fn: Callable[[Any], Any]) -> Self:
        """A function of the numbers, at the same places.

        Parameters
        ----------
        fn
            The function.

        Returns
        -------
        DataRepresentation
            The matrix.
        """
        return self._with(fn(self.data))

    def __neg__(self) -> Self:
        return self.apply(operator.neg)

    def __abs__(self) -> Self:
        return self.apply(math.abs)

    def __mul__(self, other: Any) -> Any:
        return self._scaled(other, operator.mul)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self._scaled(other, operator.truediv)

    def __add__(self, other: Any) -> Any:
        return self.todense() + (other.todense() if isinstance(other, DataRepresentation) else other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self.todense() - (other.todense() if isinstance(other, DataRepresentation) else other)

    def _scaled(self, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
        if math.size(other) == 1 and math.ndim(other) < 2:
            return self._with(
                operation(self.data, operand(other, self.data).reshape(()) if math.ndim(other) else other)
            )
        if tuple(math.shape(other)) != self.shape:
            raise ValueError(
                f"the factor of a sparse matrix must be one number or a matrix of shape {self.shape}. "
                f"Got shape {tuple(math.shape(other))}."
            )
        picked = operand(other, self.data)[self.row, self.col]
        shape = self.data.shape if math.size(self.data) == self.nse else (self.nse,)
        return self._with(operation(self._own(), picked).reshape(shape))

    def __getitem__(self, index: Any) -> Any:
        return self.todense()[index]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shape[0]} x {self.shape[1]}, nse={self.nse})"


def check_numbers(data: Any, count: int) -> None:
    if math.size(data) not in (1, count):
        raise ValueError(f"`data` must be one number, or one for each of {count} places. Got {math.size(data)}.")


def check_places(name: str, places: torch.Tensor, length: int) -> None:
    if places.numel() and bool(((places < 0) | (places >= length)).any()):
        raise ValueError(
            f"`{name}` must be at least 0 and below {length}. Got {int(places.min())} to {int(places.max())}."
        )


def as_tree(kind: Any) -> Any:
    """Let trees go into a matrix: its numbers are the leaf, its places are static."""
    _tree.register(
        kind, lambda matrix: ((matrix.data,), matrix._places), lambda data, places: places._with(next(iter(data)))
    )
    return kind
