"""Two processes share tensors: DTensor in States, and fully_shard of layers of torch inside a model."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import nn

PROGRAM = """
import json, sys
import torch
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import Shard, distribute_tensor
import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn, optim, transform as T

rank, store = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
mesh = torch.distributed.init_device_mesh("cpu", (2,))
found = {}
whole = lambda x: x.full_tensor().tolist()
d = distribute_tensor(torch.arange(4.), mesh, [Shard(0)])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = torch.nn.Linear(6, 8), torch.nn.Linear(8, 2)
        self.h = brainstate.HiddenState(torch.zeros(2))

    def update(self, x):
        y = self.b(torch.tanh(self.a(x)))
        self.h.value = y.detach().mean(0)
        return y


s, w = brainstate.State(d), brainstate.ParamState(d)
s.value = s.value * 2 + 1
found["state"] = whole(s.value)
found["units"] = whole((brainstate.State(d * u.mV).value * 2).mantissa)
found["grad"] = whole(T.grad(lambda: (w.value**2).sum(), w)())
found["loop"] = whole((T.for_loop(lambda x: setattr(s, "value", s.value + x), torch.arange(3.)), s.value)[1])
found["jit"] = whole(T.jit(lambda x: x * 2, backend="replay")(d))
found["vmap"] = whole(T.vmap(lambda x: x * 2)(d))
optim.SGD(lr=0.25).register_trainable_weights(w).update(T.grad(lambda: (w.value**2).sum(), w)())
found["optim"] = whole(w.value)


class Weighted(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = brainstate.ParamState(d)

    def update(self):
        return (self.w.value**2).sum()


held = Weighted()
held().backward()
torch.optim.SGD(held.parameters(), 0.25).step()
found["torch.optim"] = whole(held.w.value)
x = torch.randn(4, 6, generator=torch.Generator().manual_seed(rank))
for name, of_root in (("layers", False), ("root", True)):
    net = Net()
    for part in (net.a, net.b, *([net] if of_root else [])):
        fully_shard(part, mesh=mesh)
    optimizer = torch.optim.Adam(net.parameters(), 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (net(x) ** 2).sum().backward()
        optimizer.step()
    found[name] = {key: whole(p) for key, p in net.named_parameters()}
try:
    fully_shard(nn.Linear(6, 2), mesh=mesh)
except AttributeError as error:
    found["ours"] = str(error)
print(json.dumps(found))
torch.distributed.destroy_process_group()
"""


class Net(nn.Module):
    """The same model in one process."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = torch.nn.Linear(6, 8), torch.nn.Linear(8, 2)
        self.h = brainstate.HiddenState(torch.zeros(2))

    def update(self, x):
        y = self.b(torch.tanh(self.a(x)))
        self.h.value = y.detach().mean(0)
        return y


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    root, store = Path(brainstate.__file__).parent.parent, tmp_path_factory.mktemp("store") / "store"
    started = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(rank), str(store)], cwd=root, stdout=subprocess.PIPE)
        for rank in range(2)
    ]
    try:
        one, other = (json.loads(process.communicate(timeout=240)[0].splitlines()[-1]) for process in started)
    finally:
        for process in started:
            process.kill()
    assert one == other
    return one


@pytest.mark.slow
def test_states_hold_tensors_that_processes_share(found):
    assert found["state"] == [1.0, 3.0, 5.0, 7.0]
    assert found["units"] == found["jit"] == found["vmap"] == found["grad"] == [0.0, 2.0, 4.0, 6.0]
    assert found["loop"] == [4.0, 6.0, 8.0, 10.0]
    assert found["optim"] == found["torch.optim"] == [0.0, 0.5, 1.0, 1.5]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["layers", "root"])
def test_layers_of_torch_inside_a_model_are_fully_sharded(found, name):
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), 0.1)
    batches = [torch.randn(4, 6, generator=torch.Generator().manual_seed(rank)) for rank in range(2)]
    for _ in range(3):
        optimizer.zero_grad()
        # The processes average their gradients.
        (sum((net(x) ** 2).sum() for x in batches) / 2).backward()
        optimizer.step()
    wanted = dict(net.named_parameters())
    assert found[name].keys() == wanted.keys()
    for key, x in found[name].items():
        torch.testing.assert_close(torch.tensor(x), wanted[key].detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_layers_of_ours_are_refused_with_a_cure(found):
    assert "take DistributedDataParallel" in found["ours"]
