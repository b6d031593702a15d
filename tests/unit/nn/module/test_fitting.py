"""brainstate_torch.nn.module.fitting: `fit` of the environment, or `training` of the module."""

import warnings

import pytest
import torch

from brainstate_torch import environ, nn
from brainstate_torch import transform as T
from brainstate_torch.nn.module import fitting


@pytest.fixture(autouse=True)
def _untold(monkeypatch):
    monkeypatch.setattr(fitting, "_TOLD", [])


def test_the_setting_decides_over_the_mode():
    layer = nn.Dropout(0.5)
    assert fitting.is_fitting(layer) and not fitting.is_fitting(layer.eval())
    with environ.context(fit=False):
        assert not fitting.is_fitting(layer.train())
    with environ.context(fit=True):
        assert fitting.is_fitting(layer.train())


def test_a_contradiction_is_told_once():
    layer = nn.Dropout(0.5).eval()
    with environ.context(fit=True), pytest.warns(UserWarning, match=r"`eval\(\)` was called on Dropout, and `environ`"):
        assert fitting.is_fitting(layer)
    with environ.context(fit=True), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fitting.is_fitting(layer)


def test_a_compiled_program_follows_the_mode():
    model = nn.Sequential(nn.Dropout(0.5), nn.Identity())
    step = T.jit(lambda x: model(x), backend="replay")
    x = torch.ones(100)
    assert not torch.equal(step(x), x)
    model.eval()
    assert torch.equal(step(x), x)
    model.train()
    assert not torch.equal(step(x), x)
    assert len(step._programs) == 2
