"""Metrics: numbers gathered over many batches."""

from .average import AccuracyMetric, AverageMetric
from .base import Metric, MetricState
from .confusion import ConfusionMatrix
from .multi import MultiMetric
from .scores import F1ScoreMetric, PrecisionMetric, RecallMetric
from .welford import Statistics, WelfordMetric

__all__ = [
    "AccuracyMetric",
    "AverageMetric",
    "ConfusionMatrix",
    "F1ScoreMetric",
    "Metric",
    "MetricState",
    "MultiMetric",
    "PrecisionMetric",
    "RecallMetric",
    "Statistics",
    "WelfordMetric",
]
