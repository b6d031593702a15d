"""Matrices with a fixed number of entries in each row, or in each column."""

from collections.abc import Sequence
from typing import Any

import torch

from ..nn.connection.fan_out import fan_out
from ..nn.module.operand import operand
from ..units import math
from . import plasticity
from .matrices import Convertible
from .places import as_places, coo_to_csc_index
from .representation import as_tree, check_places

__all__ = ["FixedNumConn", "FixedNumPerPost", "FixedNumPerPre"]


class FixedNumConn(Convertible):
    """Base of matrices with as many entries in each line.

    Parameters
    ----------
    data
        The numbers, ``[lines, K]``, or one for all; or ``(data, indices)``.
    indices
        Where each stands in its line, ``[lines, K]``.
    shape
        The number of rows and columns.
    backend, **kwargs
        Without effect.

    Raises
    ------
    ValueError
        The numbers and their places do not fit each other or the shape.

    Notes
    -----
    Source: brainevent.FixedNumConn (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> isinstance(event.FixedNumPerPre(1., [[0], [1]], shape=(2, 3)), event.FixedNumConn)
    True
    """

    _by_rows: bool = True

    def __init__(
        self, data: Any, indices: Any = None, *, shape: Sequence[int], backend: str | None = None, **kwargs: Any
    ) -> None:
        if indices is None:
            data, indices = data
        super().__init__(operand(data, indices), shape, backend)
        self.indices = as_places(indices, self.data)
        lines, across = self.shape if self._by_rows else self.shape[::-1]
        if self.indices.ndim != 2 or self.indices.shape[0] != lines:
            raise ValueError(f"`indices` must have {lines} rows. Got shape {tuple(self.indices.shape)}.")
        if math.size(self.data) != 1 and self.data.shape != self.indices.shape:
            raise ValueError(
                f"`data` must be one number, or have the shape of `indices`, {tuple(self.indices.shape)}. "
                f"Got {tuple(self.data.shape)}."
            )
        check_places("indices", self.indices, across)

    @property
    def num_pre(self) -> int:
        """The number of sources."""
        return self.shape[0]

    @property
    def num_post(self) -> int:
        """The number of targets."""
        return self.shape[1]

    @property
    def num_conn(self) -> int:
        """How many connections each line has."""
        return int(self.indices.shape[1])

    def _line(self) -> torch.Tensor:
        lines = torch.arange(self.indices.shape[0], device=self.indices.device)
        return lines.repeat_interleave(self.num_conn)

    @property
    def row(self) -> torch.Tensor:
        """The row of each number, ``[nse]``."""
        return self._line() if self._by_rows else self.indices.reshape(-1)

    @property
    def col(self) -> torch.Tensor:
        """The column of each number, ``[nse]``."""
        return self.indices.reshape(-1) if self._by_rows else self._line()

    def _lanes(self, x: torch.Tensor, numbers: torch.Tensor, is_left: bool) -> torch.Tensor:
        numbers = numbers.reshape(()) if numbers.numel() == 1 else numbers
        if is_left == self._by_rows:
            # The forward product, by the operation that reads only the rows with an event.
            length = self.shape[1] if is_left else self.shape[0]
            return fan_out(x, numbers, self.indices, length, event=x.dtype is torch.bool)
        gathered = x.index_select(-1, self.indices.reshape(-1)).to(numbers.dtype)
        return (gathered.reshape(*x.shape[:-1], *self.indices.shape) * numbers).sum(-1)

    def _across(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The same matrix by the other lines."""
        shape = self.shape if self._by_rows else self.shape[::-1]
        return coo_to_csc_index(self._line(), self.indices.reshape(-1), shape=shape)

    def _changed_along(self, spikes: Any, trace: Any, w_min: Any, w_max: Any) -> Any:
        shape = self.shape if self._by_rows else self.shape[::-1]
        return self.with_data(
            plasticity.update_fixed_post_conn_on_binary_pre(
                self.data, self.indices, spikes, trace, w_min, w_max, shape=shape
            )
        )

    def _changed_across(self, trace: Any, spikes: Any, w_min: Any, w_max: Any) -> Any:
        indptr, lines, order = self._across()
        shape = self.shape if self._by_rows else self.shape[::-1]
        new = plasticity.update_csr_on_binary_post(
            self.data.reshape(-1), lines, indptr, order, trace, spikes, w_min, w_max, shape=shape
        )
        return self.with_data(new.reshape(self.data.shape))


@as_tree
class FixedNumPerPre(FixedNumConn):
    """A matrix with as many targets of each source: `K` entries in each row.

    Parameters
    ----------
    data
        The weights, ``[rows, K]``, or one for all; or ``(data, indices)``.
    indices
        The targets of each source, ``[rows, K]``.
    shape
        The number of sources and targets.
    backend, **kwargs
        Without effect.

    Raises
    ------
    ValueError
        The numbers and their places do not fit each other or the shape.

    Notes
    -----
    Source: brainevent.FixedNumPerPre (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.BinaryArray([True, False]) @ event.FixedNumPerPre(2., [[0, 2], [1, 2]], shape=(2, 3))
    tensor([2., 0., 2.])
    """

    _by_rows = True

    def transpose(self) -> "FixedNumPerPost":
        """Rows and columns exchanged."""
        return FixedNumPerPost(self.data, self.indices, shape=self.shape[::-1])

    def update_on_pre(self, pre_spike: Any, post_trace: Any, w_min: Any = None, w_max: Any = None) -> Any:
        """See :func:`update_fixed_post_conn_on_binary_pre`."""
        return self._changed_along(pre_spike, post_trace, w_min, w_max)

    def update_on_post(self, pre_trace: Any, post_spike: Any, w_min: Any = None, w_max: Any = None) -> Any:
        """Add the trace of the source to each connection whose target spikes."""
        return self._changed_across(pre_trace, post_spike, w_min, w_max)


@as_tree
class FixedNumPerPost(FixedNumConn):
    """A matrix with as many sources of each target: `K` entries in each column.

    Parameters
    ----------
    data
        The weights, ``[columns, K]``, or one for all; or ``(data, indices)``.
    indices
        The sources of each target, ``[columns, K]``.
    shape
        The number of sources and targets.
    backend, **kwargs
        Without effect.

    Raises
    ------
    ValueError
        The numbers and their places do not fit each other or the shape.

    Notes
    -----
    Source: brainevent.FixedNumPerPost (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.BinaryArray([True, False]) @ event.FixedNumPerPost(2., [[0], [1], [0]], shape=(2, 3))
    tensor([2., 0., 2.])
    """

    _by_rows = False

    def transpose(self) -> "FixedNumPerPre":
        """Rows and columns exchanged."""
        return FixedNumPerPre(self.data, self.indices, shape=self.shape[::-1])

    def update_on_pre(self, pre_spike: Any, post_trace: Any, w_min: Any = None, w_max: Any = None) -> Any:
        """Add the trace of the target to each connection whose source spikes."""
        return self._changed_across(post_trace, pre_spike, w_min, w_max)

    def update_on_post(self, pre_trace: Any, post_spike: Any, w_min: Any = None, w_max: Any = None) -> Any:
        """See :func:`update_fixed_pre_conn_on_binary_post`."""
        return self._changed_along(post_spike, pre_trace, w_min, w_max)
