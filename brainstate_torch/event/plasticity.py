"""Plasticity: a trace is added to weights where there are spikes."""

from collections.abc import Sequence
from typing import Any

import torch

from .._arrays import placed
from ..units import as_quantity, math, maybe_decimal
from .arrays import EventRepresentation
from .places import as_places, csc_to_csr_index, rows_of

__all__ = [
    "update_csc_on_binary_post",
    "update_csc_on_binary_pre",
    "update_csr_on_binary_post",
    "update_csr_on_binary_pre",
    "update_dense_on_binary_post",
    "update_dense_on_binary_pre",
    "update_fixed_post_conn_on_binary_pre",
    "update_fixed_pre_conn_on_binary_post",
]


def _spiked(spikes: Any) -> torch.Tensor:
    """Where there are spikes: whatever is not zero, as in brainevent."""
    value = spikes.value if isinstance(spikes, EventRepresentation) else spikes
    found: torch.Tensor = as_quantity(math.asarray(value)).mantissa != 0
    return found


def _added(weight: Any, trace: Any, spiked: torch.Tensor, w_min: Any, w_max: Any) -> Any:
    """The weights, with the trace where there is a spike, between their bounds."""
    weight = as_quantity(math.asarray(weight))
    trace = as_quantity(math.asarray(trace)).in_unit(weight.unit).mantissa
    numbers = weight.mantissa
    numbers = torch.where(spiked, numbers + trace.to(numbers.dtype), numbers)
    for bound, limit in ((w_min, torch.maximum), (w_max, torch.minimum)):
        if bound is not None:
            edge = as_quantity(bound).in_unit(weight.unit).mantissa
            # A number is filled in on the device; a copy of it would wait.
            edge = edge.to(numbers) if isinstance(edge, torch.Tensor) else torch.full_like(numbers[:1], edge)
            numbers = limit(numbers, edge)
    return maybe_decimal(numbers * weight.unit)


def _check_own(weight: Any, count: int) -> None:
    if math.size(weight) == 1 and count > 1:
        raise ValueError(
            f"`weight` must have one number for each of {count} connections to be changed. Got one for all. "
            "Write u.math.full(count, weight)."
        )


@placed
def update_csr_on_binary_pre(
    weight: Any, indices: Any, indptr: Any, pre_spike: Any, post_trace: Any, w_min: Any = None, w_max: Any = None, *,
    shape: Sequence[int], backend: str | None = None,
) -> Any:  # fmt: skip
    """Add the trace of the target to each connection whose source spikes, in a matrix by rows.

    Parameters
    ----------
    weight
        The weights, ``[nse]``.
    indices, indptr
        The column of each, and where rows start.
    pre_spike
        Which sources spike, ``[rows]``.
    post_trace
        The traces of the targets, ``[columns]``, in the unit of the weights.
    w_min, w_max
        The least and the largest weight; None for no limit.
    shape
        The number of rows and columns.
    backend
        Without effect.

    Returns
    -------
    Tensor or Quantity
        The new weights, ``[nse]``.

    Raises
    ------
    ValueError
        There is one weight for all connections.

    Notes
    -----
    Source: brainevent.update_csr_on_binary_pre (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.update_csr_on_binary_pre(
    ...     torch.zeros(3), [0, 1, 1], [0, 2, 3], [True, False], torch.tensor([1., 2.]), shape=(2, 2))
    tensor([1., 2., 0.])
    """
    columns = as_places(indices)
    rows = rows_of(as_places(indptr), len(columns))
    _check_own(weight, len(columns))
    return _added(weight, math.asarray(post_trace)[columns], _spiked(pre_spike)[rows], w_min, w_max)


@placed
def update_csr_on_binary_post(
    weight: Any, indices: Any, indptr: Any, weight_indices: Any, pre_trace: Any, post_spike: Any, w_min: Any = None,
    w_max: Any = None, *, shape: Sequence[int], backend: str | None = None,
) -> Any:  # fmt: skip
    """Add the trace of the source to each connection whose target spikes, in a matrix by rows.

    Parameters
    ----------
    weight
        The weights, ``[nse]``, by rows.
    indices, indptr, weight_indices
        The same matrix by columns: the row of each number, where columns start, and which number each is, as
        :func:`csr_to_csc_index` gives them.
    pre_trace
        The traces of the sources, ``[rows]``, in the unit of the weights.
    post_spike
        Which targets spike, ``[columns]``.
    w_min, w_max
        The least and the largest weight; None for no limit.
    shape
        The number of rows and columns.
    backend
        Without effect.

    Returns
    -------
    Tensor or Quantity
        The new weights, ``[nse]``.

    Raises
    ------
    ValueError
        There is one weight for all connections.

    Notes
    -----
    Source: brainevent.update_csr_on_binary_post (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> indptr, rows, order = event.csr_to_csc_index([0, 2, 3], [0, 1, 1], shape=(2, 2))
    >>> event.update_csr_on_binary_post(
    ...     torch.zeros(3), rows, indptr, order, torch.tensor([1., 2.]), [False, True], shape=(2, 2))
    tensor([0., 1., 2.])
    """
    rows, order = as_places(indices), as_places(weight_indices)
    columns = rows_of(as_places(indptr), len(rows))
    _check_own(weight, len(rows))
    place = torch.argsort(order)
    traces, spiked = math.asarray(pre_trace)[rows], _spiked(post_spike)[columns]
    return _added(weight, traces[place], spiked[place], w_min, w_max)


@placed
def update_csc_on_binary_pre(
    weight: Any, indices: Any, indptr: Any, pre_spike: Any, post_trace: Any, w_min: Any = None, w_max: Any = None, *,
    shape: Sequence[int], backend: str | None = None,
) -> Any:  # fmt: skip
    """Add the trace of the target to each connection whose source spikes, in a matrix by columns.

    Parameters
    ----------
    weight
        The weights, ``[nse]``, by columns.
    indices, indptr
        The row of each, and where columns start.
    pre_spike
        Which sources spike, ``[rows]``.
    post_trace
        The traces of the targets, ``[columns]``, in the unit of the weights.
    w_min, w_max
        The least and the largest weight; None for no limit.
    shape
        The number of rows and columns.
    backend
        Without effect.

    Returns
    -------
    Tensor or Quantity
        The new weights, ``[nse]``.

    Notes
    -----
    Source: brainevent.update_csc_on_binary_pre (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.update_csc_on_binary_pre(
    ...     torch.zeros(3), [0, 0, 1], [0, 1, 3], [True, False], torch.tensor([1., 2.]), shape=(2, 2))
    tensor([1., 2., 0.])
    """
    by_rows = csc_to_csr_index(indptr, indices, shape=shape)
    return update_csr_on_binary_post(
        weight, by_rows[1], by_rows[0], by_rows[2], post_trace, pre_spike, w_min, w_max, shape=shape[::-1]
    )


@placed
def update_csc_on_binary_post(
    weight: Any, indices: Any, indptr: Any, pre_trace: Any, post_spike: Any, w_min: Any = None, w_max: Any = None, *,
    shape: Sequence[int], backend: str | None = None,
) -> Any:  # fmt: skip
    """Add the trace of the source to each connection whose target spikes, in a matrix by columns.

    Parameters
    ----------
    weight
        The weights, ``[nse]``, by columns.
    indices, indptr
        The row of each, and where columns start.
    pre_trace
        The traces of the sources, ``[rows]``, in the unit of the weights.
    post_spike
        Which targets spike, ``[columns]``.
    w_min, w_max
        The least and the largest weight; None for no limit.
    shape
        The number of rows and columns.
    backend
        Without effect.

    Returns
    -------
    Tensor or Quantity
        The new weights, ``[nse]``.

    Notes
    -----
    Source: brainevent.update_csc_on_binary_post (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.update_csc_on_binary_post(
    ...     torch.zeros(3), [0, 0, 1], [0, 1, 3], torch.tensor([1., 2.]), [False, True], shape=(2, 2))
    tensor([0., 1., 2.])
    """
    return update_csr_on_binary_pre(weight, indices, indptr, post_spike, pre_trace, w_min, w_max, shape=shape[::-1])


@placed
def update_dense_on_binary_pre(
    weight: Any, pre_spike: Any, post_trace: Any, w_min: Any = None, w_max: Any = None, *, backend: str | None = None
) -> Any:
    """Add the traces of the targets to the rows of the sources that spike.

    Parameters
    ----------
    weight
        The matrix, ``[rows, columns]``.
    pre_spike
        Which sources spike, ``[rows]``.
    post_trace
        The traces of the targets, ``[columns]``, in the unit of the weights.
    w_min, w_max
        The least and the largest weight; None for no limit.
    backend
        Without effect.

    Returns
    -------
    Tensor or Quantity
        The new matrix.

    Notes
    -----
    Source: brainevent.update_dense_on_binary_pre (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.update_dense_on_binary_pre(torch.zeros(2, 2), [True, False], torch.tensor([1., 2.]))
    tensor([[1., 2.],
            [0., 0.]])
    """
    return _added(weight, math.asarray(post_trace)[None], _spiked(pre_spike)[:, None], w_min, w_max)


@placed
def update_dense_on_binary_post(
    weight: Any, pre_trace: Any, post_spike: Any, w_min: Any = None, w_max: Any = None, *, backend: str | None = None
) -> Any:
    """Add the traces of the sources to the columns of the targets that spike.

    Parameters
    ----------
    weight
        The matrix, ``[rows, columns]``.
    pre_trace
        The traces of the sources, ``[rows]``, in the unit of the weights.
    post_spike
        Which targets spike, ``[columns]``.
    w_min, w_max
        The least and the largest weight; None for no limit.
    backend
        Without effect.

    Returns
    -------
    Tensor or Quantity
        The new matrix.

    Notes
    -----
    Source: brainevent.update_dense_on_binary_post (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.update_dense_on_binary_post(torch.zeros(2, 2), torch.tensor([1., 2.]), [True, False])
    tensor([[1., 0.],
            [2., 0.]])
    """
    return _added(weight, math.asarray(pre_trace)[:, None], _spiked(post_spike)[None], w_min, w_max)


@placed
def update_fixed_post_conn_on_binary_pre(
    data: Any, indices: Any, pre_spike: Any, post_trace: Any, w_min: Any = None, w_max: Any = None, *,
    shape: Sequence[int], backend: str | None = None,
) -> Any:  # fmt: skip
    """Add the trace of the target to each connection whose source spikes, for as many targets of each source.

    Parameters
    ----------
    data
        The weights, ``[rows, K]``.
    indices
        The targets of each source, ``[rows, K]``.
    pre_spike
        Which sources spike, ``[rows]``.
    post_trace
        The traces of the targets, ``[columns]``, in the unit of the weights.
    w_min, w_max
        The least and the largest weight; None for no limit.
    shape
        The number of rows and columns.
    backend
        Without effect.

    Returns
    -------
    Tensor or Quantity
        The new weights, ``[rows, K]``.

    Raises
    ------
    ValueError
        There is one weight for all connections.

    Notes
    -----
    Source: brainevent.update_fixed_post_conn_on_binary_pre (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.update_fixed_post_conn_on_binary_pre(
    ...     torch.zeros(2, 1), [[1], [0]], [True, False], torch.tensor([1., 2.]), shape=(2, 2))
    tensor([[2.],
            [0.]])
    """
    places = as_places(indices)
    _check_own(data, places.numel())
    return _added(data, math.asarray(post_trace)[places], _spiked(pre_spike)[:, None], w_min, w_max)


@placed
def update_fixed_pre_conn_on_binary_post(
    data: Any, indices: Any, pre_trace: Any, post_spike: Any, w_min: Any = None, w_max: Any = None, *,
    shape: Sequence[int], backend: str | None = None,
) -> Any:  # fmt: skip
    """Add the trace of the source to each connection whose target spikes, for as many sources of each target.

    Parameters
    ----------
    data
        The weights, ``[columns, K]``.
    indices
        The sources of each target, ``[columns, K]``.
    pre_trace
        The traces of the sources, ``[rows]``, in the unit of the weights.
    post_spike
        Which targets spike, ``[columns]``.
    w_min, w_max
        The least and the largest weight; None for no limit.
    shape
        The number of rows and columns.
    backend
        Without effect.

    Returns
    -------
    Tensor or Quantity
        The new weights, ``[columns, K]``.

    Raises
    ------
    ValueError
        There is one weight for all connections.

    Notes
    -----
    Source: brainevent.update_fixed_pre_conn_on_binary_post (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.update_fixed_pre_conn_on_binary_post(
    ...     torch.zeros(2, 1), [[1], [0]], torch.tensor([1., 2.]), [True, False], shape=(2, 2))
    tensor([[2.],
            [0.]])
    """
    return update_fixed_post_conn_on_binary_pre(data, indices, post_spike, pre_trace, w_min, w_max, shape=shape[::-1])
