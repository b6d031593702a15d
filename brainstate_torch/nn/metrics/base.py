"""Metric, MetricState, and the addition of a batch to a count or sum."""

from collections.abc import Mapping
from typing import Any

import torch

from ..._host.functorch import FakeTensor, concrete
from ..._state import LongTermState
from ...units import Quantity, get_unit, is_quantity
from ..module.operand import operand

__all__ = ["Metric", "MetricState", "given", "grown", "labelled", "zeros"]


class MetricState(LongTermState[Any]):
    """A State that holds what a metric has gathered.

    Notes
    -----
    Source: brainstate.nn.MetricState (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.MetricState(torch.zeros(3))
    MetricState(value=float32[3])
    """

    def _check_units(self, v: Any) -> None:
        """Allow any: after `reset` a metric takes the unit of the data that comes next."""


class Metric:
    """Base class of metrics: ``update`` gathers, ``compute`` answers, ``reset`` forgets.

    A subclass keeps what it gathers in :class:`MetricState` attributes, so that transforms see it. It follows the data
    to their device.

    Notes
    -----
    Source: brainstate.nn.Metric (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Largest(brainstate.nn.Metric):
    ...     def __init__(self):
    ...         self.seen = brainstate.nn.MetricState(torch.tensor(-torch.inf))
    ...     def update(self, *, values, **_):
    ...         self.seen.value = torch.maximum(self.seen.value, values.max())
    ...     def compute(self):
    ...         return self.seen.value
    >>> metric = Largest()
    >>> metric.update(values=torch.tensor([1., 5.]))
    >>> metric.compute()
    tensor(5.)
    """

    def reset(self) -> None:
        """Forget everything.

        Raises
        ------
        NotImplementedError
            The subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `reset`. Got a call of a metric without it.")

    def update(self, **kwargs: Any) -> None:
        """Take in the numbers of one batch; those that the metric does not know are ignored.

        Parameters
        ----------
        **kwargs
            The numbers of the batch, by the names that the metric knows.

        Raises
        ------
        NotImplementedError
            The subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `update`. Got a call of a metric without it.")

    def compute(self) -> Any:
        """The value so far.

        Returns
        -------
        Any
            The value; its form is that of the subclass.

        Raises
        ------
        NotImplementedError
            The subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `compute`. Got a call of a metric without it.")


def given(kwargs: Mapping[str, Any], name: str) -> Any:
    """The tensor, quantity or number of a keyword argument.

    Raises
    ------
    TypeError
        It is missing.
    """
    if name not in kwargs:
        raise TypeError(f"`update` must be called with `{name}`, the metric's `argname`. Got {sorted(kwargs)}.")
    return operand(kwargs[name])


def labelled(predictions: Any, labels: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Both as tensors.

    Raises
    ------
    ValueError
        Their shapes differ.
    """
    predictions, labels = operand(predictions, labels), operand(labels, predictions)
    if predictions.shape != labels.shape:
        raise ValueError(
            "`predictions` must have the shape of `labels`. "
            f"Got {tuple(predictions.shape)} and {tuple(labels.shape)}. Take the argmax of logits."
        )
    return predictions, labels


def zeros(state: MetricState, *shape: int) -> torch.Tensor:
    """Plain zeros like the value of a State, on its device."""
    value = state.value.mantissa if is_quantity(state.value) else state.value
    return value.new_zeros(shape)  # type: ignore[no-any-return]


def grown(value: Any, amount: Any, count: Any) -> Any:
    """The sum of a gathered value and an amount, in the dtype of the value, on the device of the amount.

    Before anything is counted, the value is zero and takes the unit of the first amount.
    """
    if is_quantity(amount) and not is_quantity(value):
        numbers = concrete(count)
        if not isinstance(numbers, FakeTensor) and not bool(numbers.any()):
            value = Quantity(value, get_unit(amount))
    return value.to(amount.device) + amount.to(value.dtype)
