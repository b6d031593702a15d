"""Correlations of signals, of matrices and of their change in time."""

from typing import Any

import torch

from .. import transform
from .._arrays import placed
from ..units import get_mantissa, math

__all__ = [
    "functional_connectivity",
    "functional_connectivity_dynamics",
    "matrix_correlation",
    "voltage_fluctuation",
    "weighted_correlation",
]


def _array(name: str, x: Any, ndim: int) -> torch.Tensor:
    array: torch.Tensor = get_mantissa(math.asarray(x))
    if array.ndim != ndim:
        raise ValueError(f"`{name}` must have {ndim} axes. Got shape {tuple(array.shape)}.")
    return array if array.is_floating_point() else array.to(torch.get_default_dtype())


def column_correlations(rows: torch.Tensor) -> torch.Tensor:
    """The correlation of each pair of columns, ``[time, N]`` to ``[N, N]``; 0 where one does not vary."""
    away = rows.to(torch.float64)
    away = away - away.mean(0)
    size = torch.linalg.vector_norm(away, dim=0)
    unit = away / torch.where(size > 0, size, 1.0)
    return (unit.mT @ unit).to(rows.dtype)


@placed
def voltage_fluctuation(potentials: Any, method: str = "loop") -> torch.Tensor:
    """The variance of the mean potential over the mean of the variances: 1 where all neurons move together.

    Parameters
    ----------
    potentials
        The potentials, ``[time, neurons]``.
    method
        ``'loop'`` or ``'vmap'``; makes no difference.

    Returns
    -------
    Tensor
        The index.

    Raises
    ------
    ValueError
        `method` is unknown.

    Notes
    -----
    Source: braintools.metric.voltage_fluctuation (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.voltage_fluctuation(torch.tensor([[1., 1.], [2., 2.]]))
    tensor(1.)
    """
    if method not in ("loop", "vmap"):
        raise ValueError(f"`method` must be 'loop' or 'vmap'. Got {method!r}.")
    values = _array("potentials", potentials, 2)
    each, together = values.var(0, correction=0).mean(), values.mean(1).var(correction=0)
    return torch.where(each == 0, torch.ones_like(each), together / torch.where(each == 0, 1.0, each))


@placed
def matrix_correlation(x: Any, y: Any) -> torch.Tensor:
    """The correlation of the entries above the diagonals of two matrices.

    Parameters
    ----------
    x, y
        The matrices, of one shape.

    Returns
    -------
    Tensor
        From -1 to 1; 0 where one does not vary.

    Raises
    ------
    ValueError
        They are no matrices of one shape.

    Notes
    -----
    Source: braintools.metric.matrix_correlation (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> x = torch.arange(9.).reshape(3, 3)
    >>> metric.matrix_correlation(x, -2 * x)
    tensor(-1.)
    """
    first, other = _array("x", x, 2), _array("y", y, 2)
    if first.shape != other.shape:
        raise ValueError(f"`x` and `y` must have one shape. Got {tuple(first.shape)} and {tuple(other.shape)}.")
    row, column = torch.triu_indices(first.shape[0], first.shape[1], offset=1)
    return column_correlations(torch.stack([first[row, column], other[row, column]], 1))[0, 1].clamp(-1.0, 1.0)


@placed
def functional_connectivity(activities: Any) -> torch.Tensor:
    """The correlation of each pair of signals.

    Parameters
    ----------
    activities
        The signals, ``[time, signals]``.

    Returns
    -------
    Tensor
        From -1 to 1, ``[signals, signals]``; 0 where one does not vary, 1 on the diagonal.

    Raises
    ------
    ValueError
        There are not two axes.

    Notes
    -----
    Source: braintools.metric.functional_connectivity (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.functional_connectivity(torch.tensor([[1., -1.], [2., -2.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    found = column_correlations(_array("activities", activities, 2)).clamp(-1.0, 1.0)
    return torch.where(torch.eye(len(found), dtype=torch.bool, device=found.device), 1.0, found)


@placed
def functional_connectivity_dynamics(activities: Any, window_size: int = 30, step_size: int = 5) -> torch.Tensor:
    """The correlation of functional connectivity in one window with that in another.

    Parameters
    ----------
    activities
        The signals, ``[time, signals]``.
    window_size
        How many steps a window has.
    step_size
        How many steps lie between the beginnings of two windows.

    Returns
    -------
    Tensor
        From -1 to 1, ``[windows, windows]``.

    Raises
    ------
    ValueError
        There are not two axes, or two signals, or a number of steps is too small.

    Notes
    -----
    Source: braintools.metric.functional_connectivity_dynamics (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.functional_connectivity_dynamics(torch.randn(40, 3)).shape
    torch.Size([3, 3])
    """
    values = _array("activities", activities, 2)
    if window_size <= 1:
        raise ValueError(f"`window_size` must be above 1. Got {window_size}.")
    if step_size <= 0:
        raise ValueError(f"`step_size` must be positive. Got {step_size}.")
    if values.shape[1] < 2:
        raise ValueError(f"`activities` must have two signals at least. Got {values.shape[1]}.")
    if len(values) < window_size:
        return values.new_zeros(0, 0)
    row, column = torch.triu_indices(values.shape[1], values.shape[1], offset=1)
    begins = range(0, len(values) - window_size + 1, step_size)
    windows = torch.stack([values[i : i + window_size] for i in begins])
    mapped: Any = transform.vmap(functional_connectivity)
    lines = mapped(windows)[:, row, column]
    lines = lines - lines.mean(1, keepdim=True)
    size = torch.linalg.vector_norm(lines, dim=1, keepdim=True)
    lines = lines / torch.where(size > 0, size, 1.0)
    return torch.where(torch.eye(len(lines), dtype=torch.bool, device=lines.device), 1.0, lines @ lines.mT)


@placed
def weighted_correlation(x: Any, y: Any, w: Any) -> torch.Tensor:
    """The correlation of two signals whose values count with weights.

    Parameters
    ----------
    x, y, w
        The signals and the weights, ``[N]``.

    Returns
    -------
    Tensor
        From -1 to 1; 0 where one does not vary.

    Raises
    ------
    ValueError
        They are no vectors of one length.

    Notes
    -----
    Source: braintools.metric.weighted_correlation (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.weighted_correlation([1., 2., 9.], [2., 4., 0.], [1., 1., 0.])
    tensor(1.)
    """
    first, other, weight = _array("x", x, 1), _array("y", y, 1), _array("w", w, 1)
    if not first.shape == other.shape == weight.shape:
        raise ValueError(
            f"`x`, `y` and `w` must be equally long. Got {len(first)}, {len(other)} and {len(weight)} values."
        )
    total = weight.sum()
    part = weight / torch.where(total == 0, 1.0, total)
    first, other = (each - (each * part).sum() for each in (first, other))
    size = ((part * first**2).sum() * (part * other**2).sum()) ** 0.5
    found = torch.where(size == 0, 0.0, (part * first * other).sum() / torch.where(size == 0, 1.0, size))
    return found.clamp(-1.0, 1.0)
