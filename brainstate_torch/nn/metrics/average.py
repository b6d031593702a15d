"""AverageMetric, and its subclass AccuracyMetric."""

from typing import Any

import torch

from ..module.operand import operand
from .base import Metric, MetricState, given, grown, zeros

__all__ = ["AccuracyMetric", "AverageMetric"]


class AverageMetric(Metric):
    """The mean of all elements of all batches; nan before the first.

    Parameters
    ----------
    argname
        The keyword argument of :meth:`update` to average.

    Attributes
    ----------
    total, count
        The sum, and the number of elements.

    Notes
    -----
    Source: brainstate.nn.AverageMetric (0.5.4). Differs: the States keep their dtype whatever comes.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> metric = brainstate.nn.AverageMetric('loss')
    >>> metric.update(loss=torch.tensor([1., 2., 6.]))
    >>> metric.update(loss=7.)
    >>> metric.compute()
    tensor(4.)
    """

    def __init__(self, argname: str = "values") -> None:
        self.argname = argname
        self.total = MetricState(torch.zeros((), dtype=torch.float32))
        self.count = MetricState(torch.zeros((), dtype=torch.int32))

    def reset(self) -> None:
        """Forget everything."""
        self.total.value, self.count.value = zeros(self.total), zeros(self.count)

    def update(self, **kwargs: Any) -> None:
        """Take in the argument called `argname`: a number, a tensor or a quantity of any shape.

        Raises
        ------
        TypeError
            It is missing.
        """
        values = given(kwargs, self.argname)
        count = self.count.value
        self.total.value = grown(self.total.value, values.sum(), count)
        self.count.value = count + values.numel()

    def compute(self) -> Any:
        """The mean, in the unit of the values."""
        return self.total.value / self.count.value


class AccuracyMetric(AverageMetric):
    """The share of examples whose label has the largest logit; nan before the first.

    Parameters
    ----------
    argname
        Without effect; in brainstate any but the default fails.

    Notes
    -----
    Source: brainstate.nn.AccuracyMetric (0.5.4). Differs: labels of another shape are refused even if they broadcast.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> metric = brainstate.nn.AccuracyMetric()
    >>> metric.update(logits=torch.tensor([[0.1, 0.9], [0.8, 0.2]]), labels=torch.tensor([1, 1]))
    >>> metric.compute()
    tensor(0.5000)
    """

    def update(self, *, logits: Any, labels: Any, **_: Any) -> None:  # type: ignore[override]
        """Take in logits ``[*N, classes]`` and integer labels ``[*N]``.

        Raises
        ------
        ValueError
            The shapes do not match, or the labels are not integers.
        """
        logits, labels = operand(logits, labels), operand(labels, logits)
        if logits.shape[:-1] != labels.shape or not logits.ndim:
            raise ValueError(
                "`logits` must have the shape of `labels` and an axis of classes after it. "
                f"Got {tuple(logits.shape)} and {tuple(labels.shape)}."
            )
        if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
            raise ValueError(f"`labels` must be integers. Got {labels.dtype}.")
        super().update(**{self.argname: logits.argmax(-1) == labels})
