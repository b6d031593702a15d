"""What each of two processes does in `test_sharded`, ``python sharded_processes.py RANK FOLDER``, and its models."""

import json
import sys
from pathlib import Path

import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn, optim, spiking
from brainstate_torch import transform as T

BATCHES = [torch.randn(4, 6, generator=torch.Generator().manual_seed(rank)) for rank in range(2)]


class Net(nn.Module):
    """Two layers, of torch or of this package, and a State that is written at each call."""

    def __init__(self, layer=nn.Linear):
        super().__init__()
        torch.manual_seed(0)
        brainstate.random.seed(0)
        self.a, self.b = layer(6, 8), layer(8, 2)
        self.gain = brainstate.ParamState(torch.ones(2) * u.mV)
        self.h = brainstate.HiddenState(torch.zeros(2))

    def update(self, x):
        y = self.b(torch.tanh(self.a(x))) * (self.gain.value / u.mV)
        self.h.value = y.detach().mean(0)
        return y


class Spiking(nn.Module):
    """A layer, neurons and a layer with units, called in a loop over time."""

    def __init__(self):
        super().__init__()
        brainstate.random.seed(0)
        self.w_in = nn.Linear(6, 8, w_init=nn.init.Normal(scale=3.0, unit=u.mA), b_init=None)
        self.neurons = spiking.LIF(8, R=1.0 * u.ohm, tau=10.0 * u.ms, V_th=1.0 * u.mV)
        self.w_out = nn.Linear(8, 2)

    def update(self, x):
        nn.init_all_states(self, batch_size=len(x))
        step = lambda _: self.w_out(self.neurons(self.w_in(x)))
        with brainstate.environ.context(dt=1.0 * u.ms):
            return T.for_loop(step, torch.arange(6)).mean(0)


#: By name: the model, and the parts of it that are sharded by themselves.
MODELS = {
    "layers of torch": (lambda: Net(torch.nn.Linear), ["a", "b"]),
    "layers": (Net, ["a", "b"]),
    "whole": (Net, []),
    "spiking": (Spiking, ["w_out"]),
}


def trained(net, batches, steps=3):
    """The model after some steps with the mean of the gradients of batches."""
    optimizer = torch.optim.Adam(net.parameters(), 0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        (sum((net(x) ** 2).sum() for x in batches) / len(batches)).backward()
        optimizer.step()
    return optimizer


def whole(x):
    """A tensor that processes share, as lists."""
    return x.detach().full_tensor().tolist()


def of_states(mesh):
    """States that hold a DTensor."""
    from torch.distributed.tensor import Shard, distribute_tensor

    d = distribute_tensor(torch.arange(4.0), mesh, [Shard(0)])
    s, w, found = brainstate.State(d), brainstate.ParamState(d), {}
    s.value = s.value * 2 + 1
    found["state"] = whole(s.value)
    found["units"] = whole((brainstate.State(d * u.mV).value * 2).mantissa)
    found["grad"] = whole(T.grad(lambda: (w.value**2).sum(), w)())
    found["loop"] = whole((T.for_loop(lambda x: setattr(s, "value", s.value + x), torch.arange(3.0)), s.value)[1])
    found["jit"] = whole(T.jit(lambda x: x * 2, backend="replay")(d))
    found["vmap"] = whole(T.vmap(lambda x: x * 2)(d))
    optim.SGD(lr=0.25).register_trainable_weights(w).update(T.grad(lambda: (w.value**2).sum(), w)())
    found["optim"] = whole(w.value)
    w.parameters()
    w.value = d + 1
    found["written"] = whole(w.parameters()[0])

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
    return found


def of_models(rank, mesh, folder):
    """Models under `fully_shard`: their Parameters after some steps, and after a checkpoint was loaded."""
    import torch.distributed.checkpoint as checkpoints
    from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
    from torch.distributed.fsdp import fully_shard

    def sharded(name):
        make, parts = MODELS[name]
        net = make()
        for part in parts:
            fully_shard(getattr(net, part), mesh=mesh)
        return fully_shard(net, mesh=mesh)

    found = {}
    for name in MODELS:
        net = sharded(name)
        optimizer = trained(net, [BATCHES[rank]])
        found[name] = {key: whole(p) for key, p in net.named_parameters()}
        model, moments = get_state_dict(net, optimizer)
        checkpoints.save({"model": model, "moments": moments}, checkpoint_id=folder / name)
        trained(net, [BATCHES[rank]], 1)
        found[f"{name}, one step more"] = {key: whole(p) for key, p in net.named_parameters()}
        again = sharded(name)
        optimizer = torch.optim.Adam(again.parameters(), 0.1)
        model, moments = get_state_dict(again, optimizer)
        checkpoints.load({"model": model, "moments": moments}, checkpoint_id=folder / name)
        set_state_dict(again, optimizer, model_state_dict=model, optim_state_dict=moments)
        found[f"{name}, loaded"] = {key: whole(p) for key, p in again.named_parameters()}
    net = sharded("layers")
    net.load_state_dict({key: x * 2 for key, x in net.state_dict().items() if not key.endswith("_units")}, strict=False)
    found["doubled"] = {key: whole(p) for key, p in net.named_parameters()}
    found["its output"] = net(BATCHES[0]).tolist()
    try:
        T.grad(lambda x: (net(x) ** 2).sum(), net.states(brainstate.ParamState))(BATCHES[rank])
    except NotImplementedError as error:
        found["grad"] = str(error)
    return found


def of_tensor_parallel(mesh):
    """Layers of this package under `distribute_module`: the first by columns, the second by rows."""
    from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_module, distribute_tensor

    def split(**axes):
        def partition(_, layer, mesh):
            for name, p in list(layer.named_parameters(recurse=False)):
                axis = axes[name.rpartition(".")[2]]
                placement = Replicate() if axis is None else Shard(axis)
                layer.register_parameter(name, torch.nn.Parameter(distribute_tensor(p, mesh, [placement])))

        return partition

    net = Net()
    distribute_module(net.a, mesh, split(weight=1, bias=0))
    distribute_module(net.b, mesh, split(weight=0, bias=None))
    x = DTensor.from_local(BATCHES[0], mesh, [Replicate()])
    y = net.b(torch.tanh(net.a(x)))
    (y**2).sum().backward()
    local = {key: list(p.to_local().shape) for key, p in net.named_parameters() if key[0] in "ab"}
    grads = {key: whole(p.grad) for key, p in net.named_parameters() if key[0] in "ab"}
    return {"y": whole(y), "local": local, "grads": grads}


def main(rank, folder):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder / 'store'}", rank=rank, world_size=2)
    mesh = torch.distributed.init_device_mesh("cpu", (2,))
    found = of_states(mesh), of_models(rank, mesh, folder), of_tensor_parallel(mesh)
    print(json.dumps(found))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
