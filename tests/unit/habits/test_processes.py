"""torch.distributed, as PyTorch users have it."""

import pytest
import torch

from .models import Leak, Net, X, close, entering, grads, running

HABITS = {}
habit = entering(HABITS)


@pytest.fixture
def process_group(tmp_path):
    distributed = torch.distributed
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@habit("distributed", group=True)
def distributed_data_parallel():
    net = Net()
    wanted = grads(net)
    found = grads(torch.nn.parallel.DistributedDataParallel(net))
    close({k.removeprefix("module."): g for k, g in found.items()}, wanted)


@habit("distributed", group=True)
def distributed_data_parallel_with_units():
    leak = Leak()
    wanted = grads(leak)
    found = grads(torch.nn.parallel.DistributedDataParallel(leak))
    close({k.removeprefix("module."): g for k, g in found.items()}, wanted)


def fully_sharded(*parts):
    from torch.distributed.fsdp import fully_shard

    net = Net()
    wanted, out = grads(net), net(X)
    net.zero_grad()
    for part in parts:
        fully_shard(getattr(net, part))
    fully_shard(net, mesh=torch.distributed.init_device_mesh("cpu", (1,)))
    close(net(X), out)
    net(X).square().sum().backward()
    close({k: p.grad.full_tensor() for k, p in net.named_parameters()}, wanted)


@habit("distributed", group=True)
def fully_shard_of_a_model():
    fully_sharded()


@habit("distributed", group=True)
def fully_shard_of_layers():
    fully_sharded("a", "b")


@habit(
    "distributed",
    group=True,
    without="it knows the classes `torch.nn.Linear` and `Embedding` only: `distribute_module`, or layers of torch",
)
def tensor_parallel():
    from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module

    net = Net()
    parallelize_module(net, torch.distributed.init_device_mesh("cpu", (1,)), {"a": ColwiseParallel()})
    net(X)


test_habit = running(HABITS)
