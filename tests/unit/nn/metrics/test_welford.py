"""WelfordMetric beside the statistics of all elements at once."""

import pint
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn

BATCHES = [torch.randn(shape, generator=torch.Generator().manual_seed(7)) * 3 + 100 for shape in ((4,), (2, 5), ())]


def test_statistics_are_those_of_all_elements():
    metric = nn.WelfordMetric()
    for batch in BATCHES:
        metric.update(values=batch)
    everything = torch.cat([batch.reshape(-1) for batch in BATCHES])
    found = metric.compute()
    assert torch.allclose(found.mean, everything.mean())
    assert torch.allclose(found.standard_deviation, everything.std(correction=0), rtol=1e-4)
    assert torch.allclose(found.standard_error_of_mean, everything.std(correction=0) / 15**0.5, rtol=1e-4)


def test_the_counts_do_not_overflow():
    metric = nn.WelfordMetric()
    for sign in (1.0, -1.0):
        metric.update(values=torch.full((100_000,), sign))
    assert metric.compute().standard_deviation == pytest.approx(1.0, rel=1e-5)


def test_nothing_changes_nothing():
    metric = nn.WelfordMetric()
    empty = metric.compute()
    assert empty.mean == 0 and empty.standard_deviation.isnan() and empty.standard_error_of_mean.isnan()
    metric.update(values=torch.tensor([1, 3]))
    metric.update(values=torch.zeros(0))
    assert (metric.compute().mean, metric.compute().standard_deviation) == (2.0, 1.0)
    with pytest.raises(TypeError, match="`update` must be called with `values`"):
        metric.update(loss=1.0)
    metric.reset()
    assert metric.compute().mean == 0 and metric.count.value.dtype is torch.int32


def test_statistics_have_the_unit_of_the_values():
    metric = nn.WelfordMetric()
    metric.update(values=torch.tensor([1.0, 3.0]) * u.mV)
    metric.update(values=torch.tensor([0.005, 0.007]) * u.volt)
    found = metric.compute()
    assert found.mean.to_decimal(u.mV) == pytest.approx(4.0)
    assert found.standard_deviation.to_decimal(u.mV) == pytest.approx(5.0**0.5)
    assert found.standard_error_of_mean.to_decimal(u.mV) == pytest.approx(1.25**0.5)
    before = metric.count.value, metric.mean.value, metric.m2.value
    with pytest.raises(pint.DimensionalityError):
        metric.update(values=torch.tensor([1.0]))
    assert before == (metric.count.value, metric.mean.value, metric.m2.value)


def test_statistics_leave_a_transform():
    metric = nn.WelfordMetric()

    def step(x):
        metric.update(values=x)
        return metric.compute()

    found = brainstate.transform.for_loop(step, torch.tensor([[1.0, 3.0], [5.0, 7.0]]))
    assert isinstance(found, nn.Statistics) and found.mean.tolist() == [2.0, 4.0]
