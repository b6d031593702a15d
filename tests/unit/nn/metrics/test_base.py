"""Metric, and how sums and counts grow."""

import pint
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn
from brainstate_torch.nn.metrics.base import grown


@pytest.mark.parametrize("name", ["reset", "update", "compute"])
def test_a_subclass_must_define_the_methods(name):
    with pytest.raises(NotImplementedError, match=f"Metric must define `{name}`"):
        getattr(nn.Metric(), name)()


def test_metric_states_are_for_the_long_term():
    assert issubclass(nn.MetricState, brainstate.LongTermState)


def test_sums_keep_their_dtype():
    total = torch.zeros((), dtype=torch.float32)
    assert grown(total, torch.tensor(2.5, dtype=torch.float64), None).dtype is torch.float32
    assert grown(total, torch.tensor(3), None).item() == 3.0


def test_zero_takes_the_unit_of_the_first_amount_and_nothing_else_does():
    total, none = torch.zeros(()), torch.zeros((), dtype=torch.int32)
    assert grown(total, torch.tensor(2.0) * u.mV, none).to_decimal(u.mV) == 2.0
    assert grown(total * u.mV, torch.tensor(2.0) * u.volt, none + 1).to_decimal(u.mV) == 2000.0
    for value, amount in ((total, torch.tensor(2.0) * u.mV), (total * u.mV, torch.tensor(2.0))):
        with pytest.raises(pint.DimensionalityError):
            grown(value, amount, none + 1)


CLASSES = torch.tensor([0, 1, 2, 1])
METRICS = [
    (nn.AverageMetric(), {"values": torch.ones(3)}),
    (nn.WelfordMetric(), {"values": torch.ones(3)}),
    (nn.AccuracyMetric(), {"logits": torch.ones(4, 3), "labels": CLASSES}),
    (nn.PrecisionMetric(3, "weighted"), {"predictions": CLASSES, "labels": CLASSES}),
    (nn.RecallMetric(3, "micro"), {"predictions": CLASSES, "labels": CLASSES}),
    (nn.F1ScoreMetric(3), {"predictions": CLASSES, "labels": CLASSES}),
    (nn.ConfusionMatrix(3), {"predictions": CLASSES, "labels": CLASSES}),
    (nn.MultiMetric(loss=nn.AverageMetric()), {"values": torch.ones(3)}),
]


@pytest.mark.parametrize("metric, given", METRICS, ids=[type(metric).__name__ for metric, _ in METRICS])
def test_metrics_are_traced_on_shapes_alone(metric, given):
    before = metric.compute()

    def step(given):
        metric.update(**given)
        return metric.compute()

    traced = brainstate.transform.eval_shape(step, given)
    metric.update(**given)
    assert type(traced) is type(metric.compute()) or tuple(traced.shape) == tuple(metric.compute().shape)
    metric.reset()
    assert str(metric.compute()) == str(before)
