"""MultiMetric: several metrics with one update."""

from typing import Any

from ..._state import StateTraceStack
from .base import Metric

__all__ = ["MultiMetric"]

_RESERVED = ("reset", "update", "compute", "_metric_names")


class MultiMetric(Metric):
    """Several metrics that are updated, computed and reset together; each is an attribute of its name.

    Parameters
    ----------
    **metrics
        The metrics by name.

    Raises
    ------
    TypeError
        One is not a Metric.
    ValueError
        A name is that of a method.

    Notes
    -----
    Source: brainstate.nn.MultiMetric (0.5.4). Differs: an update that fails for one metric changes none.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> nn = brainstate.nn
    >>> metrics = nn.MultiMetric(accuracy=nn.AccuracyMetric(), loss=nn.AverageMetric('loss'))
    >>> metrics.update(logits=torch.tensor([[0.1, 0.9]]), labels=torch.tensor([1]), loss=torch.tensor(0.5))
    >>> metrics.compute()
    {'accuracy': tensor(1.), 'loss': tensor(0.5000)}
    """

    def __init__(self, **metrics: Metric) -> None:
        for name, metric in metrics.items():
            if name in _RESERVED:
                raise ValueError(f"a metric must not be called {', '.join(_RESERVED)}. Got `{name}`. Rename it.")
            if not isinstance(metric, Metric):
                raise TypeError(f"`{name}` must be a Metric. Got {type(metric).__name__}.")
        self._metric_names = list(metrics)
        vars(self).update(metrics)

    def reset(self) -> None:
        """Reset every metric."""
        for name in self._metric_names:
            getattr(self, name).reset()

    def update(self, **updates: Any) -> None:
        """Update every metric with all the arguments; each takes those that it knows."""
        with StateTraceStack(name="MultiMetric") as trace:
            try:
                for name in self._metric_names:
                    getattr(self, name).update(**updates)
            except Exception:
                trace.recovery_original_values()
                raise

    def compute(self) -> dict[str, Any]:
        """The values by name."""
        return {name: getattr(self, name).compute() for name in self._metric_names}
