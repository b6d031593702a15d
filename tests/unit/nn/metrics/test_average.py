"""AverageMetric and AccuracyMetric."""

import pint
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn


def test_the_mean_is_over_all_elements():
    metric = nn.AverageMetric()
    assert metric.compute().isnan()
    for values in (torch.tensor([1.0, 2.0]), torch.tensor([[3.0]]), 6.0, 8, [4.0]):
        metric.update(values=values)
    assert metric.compute() == 4.0 and metric.count.value == 6
    assert (metric.total.value.dtype, metric.count.value.dtype) == (torch.float32, torch.int32)
    metric.reset()
    assert metric.compute().isnan() and metric.count.value.dtype is torch.int32


def test_the_mean_has_the_unit_of_the_values():
    metric = nn.AverageMetric()
    metric.update(values=torch.tensor([1.0, 3.0]) * u.mV)
    metric.update(values=torch.tensor([0.005]) * u.volt)
    assert metric.compute().to_decimal(u.mV) == pytest.approx(3.0)
    with pytest.raises(pint.DimensionalityError):
        metric.update(values=torch.tensor([1.0]))
    assert metric.count.value == 3
    metric.reset()
    metric.update(values=torch.tensor([1.0]))
    assert metric.compute() == 1.0


def test_a_missing_argument_is_named():
    metric = nn.AverageMetric("loss")
    with pytest.raises(TypeError, match=r"`update` must be called with `loss`, .* Got \['values'\]"):
        metric.update(values=1.0)
    assert metric.count.value == 0


def test_a_loss_inside_of_a_gradient_is_added_once(engine):
    metric = nn.AverageMetric()

    def loss(x):
        metric.update(values=x**2)
        return (x**2).sum()

    for _ in range(2):
        brainstate.transform.grad(loss, engine=engine)(torch.tensor([1.0, 3.0]))
    assert metric.compute() == 5.0 and metric.count.value == 4 and metric.total.value.grad_fn is None


def test_accuracy_is_the_share_of_hits():
    metric = nn.AccuracyMetric()
    assert metric.compute().isnan()
    metric.update(logits=torch.tensor([[0.1, 0.9], [0.8, 0.2]]), labels=torch.tensor([1, 1]), other=3)
    metric.update(logits=torch.tensor([[[0.1, 0.9], [0.8, 0.2]]]), labels=torch.tensor([[1, 0]], dtype=torch.uint8))
    assert metric.compute() == 0.75
    metric = nn.AccuracyMetric("x")
    metric.update(logits=torch.tensor([0.1, 0.9]), labels=torch.tensor(1))
    assert metric.compute() == 1.0


@pytest.mark.parametrize("shape", [(1,), (4,), (5, 1), ()])
def test_labels_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"`logits` must have the shape of `labels` and an axis of classes after it"):
        nn.AccuracyMetric().update(logits=torch.zeros(5, 2), labels=torch.zeros(shape, dtype=torch.int64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.complex64])
def test_labels_must_be_integers(dtype):
    with pytest.raises(ValueError, match=f"`labels` must be integers. Got {dtype}"):
        nn.AccuracyMetric().update(logits=torch.zeros(5, 2), labels=torch.zeros(5, dtype=dtype))
    with pytest.raises(ValueError, match="an axis of classes"):
        nn.AccuracyMetric().update(logits=torch.zeros(()), labels=torch.zeros((), dtype=torch.int64))
