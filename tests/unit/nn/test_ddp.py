"""Two processes train one model with DistributedDataParallel."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import brainstate_torch as brainstate

PROGRAM = """
import gc, json, sys
import torch
import brainstate_torch as brainstate

rank, store = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)


class Net(brainstate.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = brainstate.ParamState(torch.tensor([float(rank + 1)] * 2))
        self.mean = brainstate.LongTermState(torch.tensor(float(rank)))
        self.layer = torch.nn.Linear(2, 2)
        torch.nn.init.constant_(self.layer.weight, rank + 1.0)
        torch.nn.init.zeros_(self.layer.bias)

    def update(self, x):
        self.mean.value = self.mean.value + 1
        return self.layer(x * self.scale.value)


net = Net()
ddp = torch.nn.parallel.DistributedDataParallel(net)
optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
x = torch.tensor([1.0, 2.0]) * (rank + 1)
with brainstate.taped():
    ddp(x).sum().backward()
grads = {name: p.grad.tolist() for name, p in net.named_parameters()}
optimizer.step()
states = {".".join(map(str, path)): state.value.tolist() for path, state in net.states().items()}
print(json.dumps([grads, states]))
del ddp  # before the group: see examples/train_distributed.py
gc.collect()
torch.distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_agree_on_gradients_and_values(tmp_path):
    root = Path(brainstate.__file__).parent.parent
    command = [sys.executable, "-c", PROGRAM]
    started = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "store")], cwd=root, stdout=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    try:
        (grads, states), other = (json.loads(process.communicate(timeout=120)[0]) for process in started)
    finally:
        for process in started:
            process.kill()
    assert [grads, states] == other
    # Both start from the first one's values: scale 1, weight 1. The inputs are (1, 2) and (2, 4), their mean (1.5, 3).
    assert grads == {"scale": [3.0, 6.0], "layer.weight": [[1.5, 3.0], [1.5, 3.0]], "layer.bias": [1.0, 1.0]}
    assert states["scale"] == [-0.5, -2.0]
    assert states["layer.weight"] == [[0.25, -0.5], [0.25, -0.5]]
    assert states["mean"] == pytest.approx(1.0)


@pytest.mark.parametrize("unit", [False, True])
def test_the_numbers_that_the_processes_agree_on(unit):
    # The same in one process: the mean of the gradients of the two inputs.
    scale, layer = brainstate.ParamState(torch.ones(2)), torch.nn.Linear(2, 2)
    torch.nn.init.ones_(layer.weight)
    grads = [
        brainstate.transform.grad(lambda x: layer(x * scale.value).sum(), scale, unit_aware=unit)(x)
        for x in (torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0]))
    ]
    assert (sum(grads) / 2).tolist() == [3.0, 6.0]
