"""Two processes share tensors: DTensor in States, models under fully_shard and distribute_module, checkpoints."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import brainstate_torch as brainstate

from .sharded_processes import BATCHES, MODELS, Net, trained

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the processes have found: of States, of models, of layers that are split."""
    root, folder = Path(brainstate.__file__).parent.parent, tmp_path_factory.mktemp("processes")
    program = Path(__file__).with_name("sharded_processes.py")
    started = [
        subprocess.Popen(
            [sys.executable, str(program), str(rank), str(folder)],
            env={**os.environ, "PYTHONPATH": str(root), "GLOO_SOCKET_IFNAME": "lo"},
            stdout=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    try:
        one, other = (json.loads(process.communicate(timeout=240)[0].splitlines()[-1]) for process in started)
    finally:
        for process in started:
            process.kill()
    assert one == other
    return one


def agree(found, wanted):
    assert found.keys() == wanted.keys()
    for key, x in found.items():
        torch.testing.assert_close(torch.tensor(x), wanted[key].detach(), rtol=1e-4, atol=1e-5)


def test_states_hold_tensors_that_processes_share(found):
    found = found[0]
    assert found["state"] == [1.0, 3.0, 5.0, 7.0]
    assert found["units"] == found["jit"] == found["vmap"] == found["grad"] == [0.0, 2.0, 4.0, 6.0]
    assert found["loop"] == [4.0, 6.0, 8.0, 10.0]
    assert found["optim"] == found["torch.optim"] == [0.0, 0.5, 1.0, 1.5]
    assert found["written"] == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("name", MODELS)
def test_models_that_are_fully_sharded_take_the_steps_of_one_process(found, name):
    net = MODELS[name][0]()
    # The processes average their gradients.
    trained(net, BATCHES)
    agree(found[1][name], dict(net.named_parameters()))


@pytest.mark.parametrize("name", MODELS)
def test_a_checkpoint_of_a_sharded_model_is_loaded_into_another(found, name):
    assert found[1][f"{name}, loaded"] == found[1][name] != found[1][f"{name}, one step more"]


def test_what_is_loaded_is_what_the_next_call_takes(found):
    net = Net()
    for p in net.parameters():
        p.data = p.data * 2
    agree(found[1]["doubled"], dict(net.named_parameters()))
    torch.testing.assert_close(torch.tensor(found[1]["its output"]), net(BATCHES[0]).detach())


def test_grad_of_a_sharded_model_is_refused_with_a_cure(found):
    assert "`model(x).sum().backward()`" in found[1]["grad"]


def test_layers_are_split_over_processes_by_columns_and_rows(found):
    net = Net()
    y = net.b(torch.tanh(net.a(BATCHES[0])))
    (y**2).sum().backward()
    torch.testing.assert_close(torch.tensor(found[2]["y"]), y.detach())
    agree(found[2]["grads"], {key: p.grad for key, p in net.named_parameters() if key[0] in "ab"})
    assert found[2]["local"] == {
        "a.weight.weight": [6, 4],
        "a.weight.bias": [4],
        "b.weight.weight": [4, 2],
        "b.weight.bias": [2],
    }
