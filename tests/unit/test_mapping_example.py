"""The example program of mapped calls: each result against the slow obvious way."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch.transform import grad

_PATH = Path(__file__).parents[2] / "examples" / "mapping.py"
_spec = importlib.util.spec_from_file_location("mapping", _PATH)
mapping = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(mapping)


@pytest.fixture
def model():
    brainstate.random.seed(0)
    return mapping.network()


def test_per_sample_gradients_are_those_of_single_samples(model):
    gradients, norms = mapping.per_sample_gradients(model)
    weights = model.states(brainstate.ParamState)
    for i, (x, y) in enumerate(zip(mapping.X, mapping.Y, strict=True)):
        single = grad(mapping.squared_error(model), weights)(x, y)
        mine = {path: {key: leaf[i] for key, leaf in state.items()} for path, state in gradients.items()}
        torch.testing.assert_close(mine, {path: dict(state) for path, state in single.items()})
        leaves = [leaf.flatten() for state in single.values() for leaf in state.values()]
        torch.testing.assert_close(norms[i], torch.cat(leaves).norm())


def test_shared_gradient_is_that_of_the_whole_batch(model):
    whole = grad(mapping.squared_error(model), model.states(brainstate.ParamState))(mapping.X, mapping.Y)
    torch.testing.assert_close(dict(mapping.shared_gradient(model)), dict(whole))


def test_networks_of_an_ensemble_differ_and_learn():
    brainstate.random.seed(1)
    losses = mapping.ensemble(size=3, steps=200)
    assert losses.shape == (200, 3) and losses[0].unique().numel() == 3
    assert (losses[-1] < losses[0] / 4).all()


def test_one_network_of_an_ensemble_learns_as_it_does_alone():
    brainstate.random.seed(1)
    together = mapping.ensemble(size=1, steps=20)[:, 0]
    brainstate.random.seed(1)
    model = mapping.network()
    weights = model.states(brainstate.ParamState)
    losses = []
    for _ in range(20):
        slopes, loss = grad(mapping.squared_error(model), weights, return_value=True)(mapping.X, mapping.Y)
        losses.append(loss)
        for path, slope in slopes.items():
            weights[path].value = {key: w - 0.3 * slope[key] for key, w in weights[path].value.items()}
    torch.testing.assert_close(together, torch.stack(losses))


@pytest.mark.slow
def test_example_runs():
    done = subprocess.run([sys.executable, _PATH], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.count("\n") == 3
