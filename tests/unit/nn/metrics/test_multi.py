"""MultiMetric."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import nn

LOGITS, LABELS = torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([1, 1])


def made():
    return nn.MultiMetric(accuracy=nn.AccuracyMetric(), loss=nn.AverageMetric("loss"))


def test_each_metric_takes_what_it_knows():
    metrics = made()
    metrics.update(logits=LOGITS, labels=LABELS, loss=3.0)
    assert {key: value.item() for key, value in metrics.compute().items()} == {"accuracy": 0.5, "loss": 3.0}
    assert metrics.loss.compute() == 3.0
    metrics.reset()
    assert all(value.isnan() for value in metrics.compute().values())


def test_an_update_that_fails_for_one_changes_none():
    metrics = made()
    metrics.update(logits=LOGITS, labels=LABELS, loss=3.0)
    with pytest.raises(TypeError, match="`update` must be called with `loss`"):
        metrics.update(logits=LOGITS, labels=LABELS)
    assert metrics.accuracy.count.value == 2 and metrics.loss.count.value == 1


def test_an_update_inside_of_transforms(engine):
    metrics = made()

    def loss(x):
        value = (x**2).mean()
        metrics.update(logits=LOGITS, labels=LABELS, loss=value)
        return value

    brainstate.transform.grad(loss, engine=engine)(torch.tensor([1.0, 3.0]))
    brainstate.transform.for_loop(loss, torch.tensor([[1.0, 1.0], [2.0, 2.0]]))
    assert metrics.compute()["loss"] == pytest.approx(10 / 3) and metrics.accuracy.count.value == 6


def test_names_and_members_are_checked():
    for name in ("reset", "update", "compute", "_metric_names"):
        with pytest.raises(ValueError, match=f"a metric must not be called .* Got `{name}`"):
            nn.MultiMetric(**{name: nn.AverageMetric()})
    with pytest.raises(TypeError, match="`loss` must be a Metric. Got int"):
        nn.MultiMetric(loss=3)
