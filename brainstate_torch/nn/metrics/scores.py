"""PrecisionMetric, RecallMetric and F1ScoreMetric."""

from typing import Any

import torch

from .base import Metric, MetricState, grown, labelled, zeros

__all__ = ["F1ScoreMetric", "PrecisionMetric", "RecallMetric"]

AVERAGES = ("micro", "macro", "weighted")


class _Score(Metric):
    """A score made of counts, one number each, or one per class."""

    #: The attributes that hold the counts.
    counts: tuple[str, ...]

    def __init__(self, num_classes: int | None = None, average: str = "macro") -> None:
        if average not in AVERAGES:
            raise ValueError(f"`average` must be one of {', '.join(map(repr, AVERAGES))}. Got {average!r}.")
        self.num_classes, self.average = num_classes, average
        self._shape = () if num_classes is None else (num_classes,)
        for name in self.counts:
            setattr(self, name, MetricState(torch.zeros(self._shape, dtype=torch.int32)))

    def reset(self) -> None:
        """Forget everything."""
        for name in self.counts:
            state = getattr(self, name)
            state.value = zeros(state, *self._shape)

    def update(self, *, predictions: Any, labels: Any, **_: Any) -> None:  # type: ignore[override]
        """Take in predicted and true classes ``[*N]``; a class that is none of `num_classes` counts nowhere.

        Raises
        ------
        ValueError
            Their shapes differ.
        """
        predictions, labels = labelled(predictions, labels)
        if self.num_classes is None:
            predicted, true, wrong = predictions == 1, labels == 1, labels == 0
            missed = (predictions == 0) & true
            hits, alarms = predicted & true, predicted & wrong
            found = {"true_positives": hits, "false_positives": alarms, "false_negatives": missed, "support": true}
            sums = {name: found[name].sum() for name in self.counts}
        else:
            classes = torch.arange(self.num_classes, device=labels.device)
            predicted, true = predictions.reshape(-1, 1) == classes, labels.reshape(-1, 1) == classes  # [N, classes]
            hits, alarms, missed = predicted & true, predicted & ~true, ~predicted & true
            found = {"true_positives": hits, "false_positives": alarms, "false_negatives": missed, "support": true}
            sums = {name: found[name].sum(0) for name in self.counts}
        grown_counts = {name: grown(getattr(self, name).value, amount, None) for name, amount in sums.items()}
        for name, value in grown_counts.items():
            getattr(self, name).value = value

    def _averaged(self, hits: torch.Tensor, others: torch.Tensor, support: torch.Tensor) -> torch.Tensor:
        """``hits / (hits + others)``, as one number."""
        if self.num_classes is not None and self.average == "micro":
            return ratio(hits.sum(), hits.sum() + others.sum())
        return self._over_classes(ratio(hits, hits + others), support)

    def _over_classes(self, scores: torch.Tensor, support: torch.Tensor) -> torch.Tensor:
        if self.num_classes is None:
            return scores
        return scores.mean() if self.average == "macro" else ratio((scores * support).sum(), support.sum())


def ratio(part: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """``part / whole``, and 0 where the whole is 0."""
    return torch.where(whole > 0, part / torch.where(whole > 0, whole, 1), 0.0)


class PrecisionMetric(_Score):
    """The share of the predictions of a class that are right; 0 if there are none.

    Parameters
    ----------
    num_classes
        The number of classes; None: two, of which the score is that of class 1.
    average
        Of several classes: 'macro', the mean of their scores; 'weighted', the mean by their number of labels; 'micro',
        the score of all predictions together.

    Attributes
    ----------
    true_positives, false_positives
        Counts, ``[num_classes]`` or without axes.
    support
        Of several classes, the number of labels of each.

    Raises
    ------
    ValueError
        The average is none of these.

    Notes
    -----
    Source: brainstate.nn.PrecisionMetric (0.5.4). Differs: predictions and labels of different shapes are refused even
    if they broadcast.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> metric = brainstate.nn.PrecisionMetric()
    >>> metric.update(predictions=torch.tensor([1, 1, 1, 0]), labels=torch.tensor([1, 0, 1, 1]))
    >>> metric.compute()
    tensor(0.6667)
    """

    true_positives: MetricState
    false_positives: MetricState
    support: MetricState

    def __init__(self, num_classes: int | None = None, average: str = "macro") -> None:
        self.counts = ("true_positives", "false_positives") + (("support",) if num_classes is not None else ())
        super().__init__(num_classes, average)

    def compute(self) -> torch.Tensor:
        """The precision so far."""
        hits, alarms = self.true_positives.value, self.false_positives.value
        return self._averaged(hits, alarms, hits if self.num_classes is None else self.support.value)


class RecallMetric(_Score):
    """The share of the labels of a class that are predicted; 0 if there are none.

    Parameters
    ----------
    num_classes, average
        As for :class:`PrecisionMetric`.

    Attributes
    ----------
    true_positives, false_negatives
        Counts, ``[num_classes]`` or without axes.

    Raises
    ------
    ValueError
        The average is none of these.

    Notes
    -----
    Source: brainstate.nn.RecallMetric (0.5.4). Differs: as for :class:`PrecisionMetric`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> metric = brainstate.nn.RecallMetric(num_classes=3, average='micro')
    >>> metric.update(predictions=torch.tensor([0, 1, 2, 1]), labels=torch.tensor([0, 1, 2, 2]))
    >>> metric.compute()
    tensor(0.7500)
    """

    true_positives: MetricState
    false_negatives: MetricState
    counts = ("true_positives", "false_negatives")

    def compute(self) -> torch.Tensor:
        """The recall so far."""
        hits, missed = self.true_positives.value, self.false_negatives.value
        return self._averaged(hits, missed, hits + missed)


class F1ScoreMetric(Metric):
    """The harmonic mean of precision and recall; 0 if both are.

    Parameters
    ----------
    num_classes, average
        As for :class:`PrecisionMetric`; 'macro' and 'weighted' are means of the scores of the classes.

    Attributes
    ----------
    precision_metric, recall_metric
        The metrics that count.

    Raises
    ------
    ValueError
        The average is none of these.

    Notes
    -----
    Source: brainstate.nn.F1ScoreMetric (0.5.4). Differs: as for :class:`PrecisionMetric`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> metric = brainstate.nn.F1ScoreMetric()
    >>> metric.update(predictions=torch.tensor([1, 0, 1, 1]), labels=torch.tensor([1, 0, 0, 1]))
    >>> metric.compute()
    tensor(0.8000)
    """

    def __init__(self, num_classes: int | None = None, average: str = "macro") -> None:
        self.precision_metric = PrecisionMetric(num_classes, average)
        self.recall_metric = RecallMetric(num_classes, average)

    def reset(self) -> None:
        """Forget everything."""
        self.precision_metric.reset()
        self.recall_metric.reset()

    def update(self, *, predictions: Any, labels: Any, **_: Any) -> None:  # type: ignore[override]
        """Take in predicted and true classes ``[*N]``.

        Raises
        ------
        ValueError
            Their shapes differ.
        """
        self.precision_metric.update(predictions=predictions, labels=labels)
        self.recall_metric.update(predictions=predictions, labels=labels)

    def compute(self) -> torch.Tensor:
        """The score so far."""
        counting = self.precision_metric
        hits, alarms = counting.true_positives.value, counting.false_positives.value
        missed = self.recall_metric.false_negatives.value
        if counting.num_classes is not None and counting.average == "micro":
            hits, alarms, missed = hits.sum(), alarms.sum(), missed.sum()
            return ratio(2 * hits, 2 * hits + alarms + missed)
        return counting._over_classes(ratio(2 * hits, 2 * hits + alarms + missed), hits + missed)
