"""WelfordMetric: mean and standard deviation in one pass."""

from typing import Any

import torch

from ...units import math as um
from ...util import dataclass
from .base import Metric, MetricState, given, grown, zeros

__all__ = ["Statistics", "WelfordMetric"]


@dataclass
class Statistics:
    """A mean, its standard error and the standard deviation; a pytree node.

    Parameters
    ----------
    mean, standard_error_of_mean, standard_deviation
        Tensors of one shape ``[*N]``, or quantities of one unit.

    Notes
    -----
    Source: the class of the same name in brainstate (0.5.4), which has no public name there. Differs: frozen.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.Statistics(mean=1.0, standard_error_of_mean=0.5, standard_deviation=1.0).mean
    1.0
    """

    mean: Any
    standard_error_of_mean: Any
    standard_deviation: Any


class WelfordMetric(Metric):
    """Mean, standard error and standard deviation of all elements of all batches, by Welford's algorithm.

    The variance is the mean of the squared deviations.

    Parameters
    ----------
    argname
        The keyword argument of :meth:`update` to take in.

    Attributes
    ----------
    count, mean, m2
        The number of elements, their mean, and the sum of their squared deviations from it.

    Notes
    -----
    Source: brainstate.nn.WelfordMetric (0.5.4). Differs: a batch without elements changes nothing, there everything
    becomes nan; the States keep their dtype whatever comes.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> metric = brainstate.nn.WelfordMetric()
    >>> metric.update(values=torch.tensor([1., 3.]))
    >>> metric.update(values=torch.tensor([5., 7.]))
    >>> metric.compute()
    Statistics(mean=tensor(4.), standard_error_of_mean=tensor(1.1180), standard_deviation=tensor(2.2361))
    """

    def __init__(self, argname: str = "values") -> None:
        self.argname = argname
        self.count = MetricState(torch.zeros((), dtype=torch.int32))
        self.mean = MetricState(torch.zeros((), dtype=torch.float32))
        self.m2 = MetricState(torch.zeros((), dtype=torch.float32))

    def reset(self) -> None:
        """Forget everything."""
        self.count.value, self.mean.value, self.m2.value = zeros(self.count), zeros(self.mean), zeros(self.m2)

    def update(self, **kwargs: Any) -> None:
        """Take in the argument called `argname`: a number, a tensor or a quantity of any shape.

        Raises
        ------
        TypeError
            It is missing.
        """
        values = given(kwargs, self.argname)
        added = values.numel()
        if not added:
            return
        before, mean, m2 = self.count.value, self.mean.value, self.m2.value
        if not (values.is_floating_point() or values.is_complex()):
            values = values.to(mean.dtype)
        count = before + added
        centre = values.mean()
        delta = grown(-mean, centre, before)
        rest = values - centre
        spread = (rest * rest).sum() + delta * delta * added * before / count
        new_mean, new_m2 = grown(mean, delta * (added / count), before), grown(m2, spread, before)
        self.count.value, self.mean.value, self.m2.value = count, new_mean, new_m2

    def compute(self) -> Statistics:
        """The statistics, in the unit of the values; before the first, mean 0 and otherwise nan."""
        count = self.count.value
        deviation = um.sqrt(self.m2.value / count)
        return Statistics(self.mean.value, deviation / torch.sqrt(count), deviation)
