"""of_rows: the sum of the rows of a sparse matrix at which there is an event."""

import torch

from .._host.library import defined
from ..nn.connection import event_cpp
from ..nn.connection.fan_out import has_kernels, kernels
from .places import rows_of

__all__ = ["of_rows"]


def _kernel(
    events: torch.Tensor, data: torch.Tensor, indices: torch.Tensor, indptr: torch.Tensor, length: int
) -> torch.Tensor:
    if has_kernels(data, data.dtype) and not torch.are_deterministic_algorithms_enabled():
        return kernels().of_rows(events, data, indices, indptr, length)  # type: ignore[no-any-return]
    if not events.is_cpu:
        # `nonzero` would make the host wait for the device.
        terms = events.index_select(0, rows_of(indptr, len(indices))).to(data.dtype) * data
        return terms.new_zeros(length).index_add_(0, indices, terms)
    if indptr.is_contiguous() and indptr.dtype is indices.dtype:
        found = event_cpp.add_rows(events, data, indices, indptr, length, True, data.dtype)
        if found is not None:
            return found
    active = events.nonzero().view(-1)
    first = indptr.index_select(0, active)
    counts = indptr.index_select(0, active + 1) - first
    before = counts.cumsum(0) - counts
    total = int(counts.sum())
    places = torch.arange(total, device=events.device) + (first - before).repeat_interleave(counts)
    values = data.expand(total) if data.numel() == 1 else data.index_select(0, places)
    return data.new_zeros(length).index_add_(0, indices.index_select(0, places), values)


def _shape(
    events: torch.Tensor, data: torch.Tensor, indices: torch.Tensor, indptr: torch.Tensor, length: int
) -> torch.Tensor:
    return data.new_empty(length)


def _build(events: torch.Tensor, data: torch.Tensor, indices: torch.Tensor, indptr: torch.Tensor, length: int) -> None:
    if events.is_cpu and indptr.dtype is indices.dtype:
        event_cpp.build(events, data, indices, data.dtype)


_of_rows = defined(
    "of_rows(Tensor events, Tensor data, Tensor indices, Tensor indptr, int length) -> Tensor",
    _kernel,
    _shape,
    build=_build,
)


def of_rows(
    events: torch.Tensor, data: torch.Tensor, indices: torch.Tensor, indptr: torch.Tensor, length: int
) -> torch.Tensor:
    """The sum of the rows of a matrix by rows at which there is an event. It has no derivative, and no rule for vmap.

    It is a single operator because a tracer cannot know how many numbers the rows of events have.

    Parameters
    ----------
    events
        Which rows to add, ``[rows]``, bool.
    data
        The numbers, ``[nse]`` or ``[1]``, floating.
    indices, indptr
        The column of each, and where rows start.
    length
        The number of columns.

    Examples
    --------
    >>> of_rows(torch.tensor([True, False]), torch.tensor([2., 3.]), torch.tensor([1, 0]), torch.tensor([0, 1, 2]), 2)
    tensor([0., 2.])
    """
    result: torch.Tensor = _of_rows(events, data, indices, indptr, length)
    return result
