"""ConfusionMatrix: how often each class is predicted as each."""

from typing import Any

import torch

from ...transform import jit_error_if
from .base import Metric, MetricState, grown, labelled, zeros

__all__ = ["ConfusionMatrix"]


class ConfusionMatrix(Metric):
    """How often each class, the row, is predicted to be each class, the column.

    Parameters
    ----------
    num_classes
        The number of classes.

    Attributes
    ----------
    matrix
        The counts, ``[num_classes, num_classes]``.

    Notes
    -----
    Source: brainstate.nn.ConfusionMatrix (0.5.4). Differs: classes out of range raise under vmap too.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> metric = brainstate.nn.ConfusionMatrix(2)
    >>> metric.update(predictions=torch.tensor([0, 1, 1]), labels=torch.tensor([0, 1, 0]))
    >>> metric.compute()
    tensor([[1, 1],
            [0, 1]], dtype=torch.int32)
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.matrix = MetricState(torch.zeros((num_classes, num_classes), dtype=torch.int32))

    def reset(self) -> None:
        """Forget everything."""
        self.matrix.value = zeros(self.matrix, self.num_classes, self.num_classes)

    def update(self, *, predictions: Any, labels: Any, **_: Any) -> None:  # type: ignore[override]
        """Take in predicted and true classes ``[*N]``.

        Raises
        ------
        ValueError
            Their shapes differ, or a class is not in the range. Where only shapes are traced, such a class is ignored.
        """
        predictions, labels = (x.reshape(-1).to(torch.int64) for x in labelled(predictions, labels))
        n = self.num_classes
        inside = {"predictions": (predictions >= 0) & (predictions < n), "labels": (labels >= 0) & (labels < n)}
        for name, within in inside.items():
            jit_error_if(~within, f"`{name}` must be classes in the range [0, {n}). Got one outside.")
        cells = torch.where(inside["predictions"] & inside["labels"], labels * n + predictions, n * n)
        counts = torch.zeros(n * n + 1, dtype=torch.int32, device=cells.device)
        counts = counts.index_add(0, cells, torch.ones_like(cells, dtype=torch.int32))
        self.matrix.value = grown(self.matrix.value, counts[:-1].reshape(n, n), None)

    def compute(self) -> torch.Tensor:
        """The counts so far."""
        return self.matrix.value  # type: ignore[no-any-return]
