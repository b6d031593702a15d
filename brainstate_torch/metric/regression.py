"""Losses of numbers, which may have units."""

from collections.abc import Sequence
from typing import Any

import torch

from .._arrays import placed
from ..nn import softplus
from ..units import get_mantissa, is_quantity, linalg, math

__all__ = [
    "absolute_error",
    "cosine_distance",
    "cosine_similarity",
    "huber_loss",
    "l1_loss",
    "l2_loss",
    "l2_norm",
    "log_cosh",
    "squared_error",
    "unit_vector",
]

Axis = int | Sequence[int] | None


def _errors(predictions: Any, targets: Any) -> Any:
    """The differences, of one shape."""
    predictions = math.asarray(predictions)
    if not get_mantissa(predictions).is_floating_point():
        seen = str(get_mantissa(predictions).dtype).removeprefix("torch.")
        raise TypeError(f"`predictions` must be made of floats. Got {seen}. Convert it.")
    if targets is None:
        return predictions
    targets = math.asarray(targets)
    if predictions.shape != targets.shape:
        raise ValueError(
            f"`targets` must have the shape of `predictions`. Got {list(targets.shape)} and {list(predictions.shape)}. "
            "Broadcast one of them."
        )
    return predictions - targets


def _reduced(losses: Any, reduction: str, axis: Axis = None) -> Any:
    if reduction == "none":
        return losses
    if reduction not in ("mean", "sum"):
        raise ValueError(f"`reduction` must be 'mean', 'sum' or 'none'. Got {reduction!r}.")
    return math.mean(losses, axis=axis) if reduction == "mean" else math.sum(losses, axis=axis)


@placed
def squared_error(predictions: Any, targets: Any = None, axis: Axis = None, reduction: str = "none") -> Any:
    """The squares of the differences, in the square of their unit.

    Parameters
    ----------
    predictions
        Numbers or quantities, `[*N]`.
    targets
        What they should be, `[*N]`; None for zeros.
    axis
        The axes that `reduction` goes over; None for all.
    reduction
        ``'mean'``, ``'sum'`` or ``'none'``.

    Returns
    -------
    Tensor or Quantity
        The losses, `[*N]` without reduction.

    Raises
    ------
    TypeError
        `predictions` is not made of floats.
    ValueError
        The shapes differ, or `reduction` is unknown.

    Notes
    -----
    Source: braintools.metric.squared_error (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.squared_error([1.0, 4.0], [1.0, 1.0])
    tensor([0., 9.])
    """
    return _reduced(_errors(predictions, targets) ** 2, reduction, axis)


@placed
def absolute_error(predictions: Any, targets: Any = None, axis: Axis = None, reduction: str = "mean") -> Any:
    """The absolute differences.

    Parameters
    ----------
    predictions
        Numbers or quantities, `[*N]`.
    targets
        What they should be, `[*N]`; None for zeros.
    axis
        The axes that `reduction` goes over; None for all.
    reduction
        ``'mean'``, ``'sum'`` or ``'none'``.

    Returns
    -------
    Tensor or Quantity
        The losses, `[*N]` without reduction.

    Raises
    ------
    TypeError
        `predictions` is not made of floats.
    ValueError
        The shapes differ, or `reduction` is unknown.

    Notes
    -----
    Source: braintools.metric.absolute_error (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.absolute_error([1.0, 4.0], [1.0, 1.0])
    tensor(1.5000)
    """
    return _reduced(math.abs(_errors(predictions, targets)), reduction, axis)


@placed
def l2_loss(predictions: Any, targets: Any = None, axis: Axis = None, reduction: str = "none") -> Any:
    """Half of the squares of the differences.

    Parameters
    ----------
    predictions
        Numbers or quantities, `[*N]`.
    targets
        What they should be, `[*N]`; None for zeros.
    axis
        The axes that `reduction` goes over; None for all.
    reduction
        ``'mean'``, ``'sum'`` or ``'none'``.

    Returns
    -------
    Tensor or Quantity
        The losses, `[*N]` without reduction.

    Raises
    ------
    TypeError
        `predictions` is not made of floats.
    ValueError
        The shapes differ, or `reduction` is unknown.

    Notes
    -----
    Source: braintools.metric.l2_loss (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.l2_loss([1.0, 4.0], [1.0, 1.0])
    tensor([0.0000, 4.5000])
    """
    return _reduced(0.5 * _errors(predictions, targets) ** 2, reduction, axis)


@placed
def huber_loss(
    predictions: Any, targets: Any = None, delta: Any = 1.0, axis: Axis = None, reduction: str = "none"
) -> Any:
    """The squares of small differences, and the absolute values of large ones.

    Parameters
    ----------
    predictions
        Numbers or quantities, `[*N]`.
    targets
        What they should be, `[*N]`; None for zeros.
    delta
        Where a difference becomes large, in the unit of the predictions.
    axis
        The axes that `reduction` goes over; None for all.
    reduction
        ``'mean'``, ``'sum'`` or ``'none'``.

    Returns
    -------
    Tensor or Quantity
        The losses, `[*N]` without reduction.

    Raises
    ------
    TypeError
        `predictions` is not made of floats.
    ValueError
        The shapes differ, or `reduction` is unknown.

    Notes
    -----
    Source: braintools.metric.huber_loss (0.3.0). Differs: `targets` that would be broadcast are refused, as by the
    other losses.

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.huber_loss([0.5, 4.0], [0.0, 1.0])
    tensor([0.1250, 2.5000])
    """
    size = math.abs(_errors(predictions, targets))
    small = math.minimum(size, delta)
    return _reduced(0.5 * small**2 + delta * (size - small), reduction, axis)


@placed
def log_cosh(predictions: Any, targets: Any = None, axis: Axis = None, reduction: str = "none") -> Any:
    """The logarithm of the hyperbolic cosine of the differences, which stays finite for large ones.

    Parameters
    ----------
    predictions
        Numbers or quantities, `[*N]`.
    targets
        What they should be, `[*N]`; None for zeros.
    axis
        The axes that `reduction` goes over; None for all.
    reduction
        ``'mean'``, ``'sum'`` or ``'none'``.

    Returns
    -------
    Tensor or Quantity
        The losses, `[*N]` without reduction.

    Raises
    ------
    TypeError
        `predictions` is not made of floats.
    ValueError
        The shapes differ, or `reduction` is unknown.

    Notes
    -----
    Source: braintools.metric.log_cosh (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.log_cosh([0.0, 100.0])
    tensor([ 0.0000, 99.3069])
    """
    size = math.abs(_errors(predictions, targets))
    return _reduced(size + softplus(-2.0 * size) - math.log(2.0), reduction, axis)


@placed
def l1_loss(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """The mean absolute difference of each example.

    Parameters
    ----------
    logits
        Numbers or quantities, `[N, *S]`.
    targets
        What they should be, of a shape that broadcasts.
    reduction
        Over the examples: ``'mean'``, ``'sum'`` or ``'none'``.

    Returns
    -------
    Tensor or Quantity
        The loss, `[N]` without reduction.

    Raises
    ------
    ValueError
        `reduction` is unknown.

    Notes
    -----
    Source: braintools.metric.l1_loss (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.l1_loss([[1.0, 4.0]], [[1.0, 1.0]])
    tensor(1.5000)
    """
    difference = math.atleast_1d(math.asarray(logits) - math.asarray(targets))
    return _reduced(math.abs(difference).reshape(len(difference), -1).mean(-1), reduction)


@placed
def l2_norm(predictions: Any, targets: Any = None, axis: Axis = None) -> Any:
    """The Euclidean norm of the differences.

    Parameters
    ----------
    predictions
        Numbers or quantities, `[*N]`.
    targets
        What they should be, `[*N]`; None for zeros.
    axis
        The axis of the vectors, or two of matrices, whose largest singular value it is then; None for all of a vector
        or matrix.

    Returns
    -------
    Tensor or Quantity
        The norms.

    Raises
    ------
    TypeError
        `predictions` is not made of floats.
    ValueError
        The shapes differ.

    Notes
    -----
    Source: braintools.metric.l2_norm (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.l2_norm([3.0, 4.0])
    tensor(5.)
    """
    return linalg.norm(_errors(predictions, targets), ord=2, axis=axis)


@placed
def cosine_similarity(predictions: Any, targets: Any, epsilon: float = 1e-8) -> torch.Tensor:
    """The cosine of the angle between vectors.

    Parameters
    ----------
    predictions
        Vectors, `[*N, K]`.
    targets
        Vectors, `[*N, K]`.
    epsilon
        Norms that are smaller count as this; of quantities, as this times the largest entry.

    Returns
    -------
    Tensor
        The cosines, `[*N]`.

    Raises
    ------
    TypeError
        An argument is not made of floats.

    Notes
    -----
    Source: braintools.metric.cosine_similarity (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.cosine_similarity([[1.0, 0.0]], [[1.0, 1.0]])
    tensor([0.7071])
    """
    predictions, targets = _errors(predictions, None), _errors(targets, None)
    result: torch.Tensor = math.sum(unit_vector(predictions, epsilon) * unit_vector(targets, epsilon), axis=-1)
    return result


def unit_vector(x: Any, epsilon: float) -> torch.Tensor:
    least: Any = epsilon
    if is_quantity(x):
        x = x.mantissa
        largest = x.detach().abs().amax() if x.numel() else torch.ones(())
        least = epsilon * torch.where(largest > 0, largest, 1.0)
    square = (x * x).sum(-1, keepdim=True)
    tiny = square <= least**2
    # The root of zero has no derivative: it is taken of one there.
    return torch.where(tiny, x / least, x / torch.where(tiny, 1.0, square).sqrt())


@placed
def cosine_distance(predictions: Any, targets: Any, epsilon: float = 1e-8) -> torch.Tensor:
    """One less the cosine of the angle between vectors.

    Parameters
    ----------
    predictions
        Vectors, `[*N, K]`.
    targets
        Vectors, `[*N, K]`.
    epsilon
        Norms that are smaller count as this; of quantities, as this times the largest entry.

    Returns
    -------
    Tensor
        The distances, `[*N]`.

    Raises
    ------
    TypeError
        An argument is not made of floats.

    Notes
    -----
    Source: braintools.metric.cosine_distance (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.cosine_distance([[1.0, 0.0]], [[0.0, 1.0]])
    tensor([1.])
    """
    return 1.0 - cosine_similarity(predictions, targets, epsilon)
