"""What tests of pmap2 and shard_map run in each of two processes: ``python two_processes.py RANK FOLDER``."""

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.transform import PartitionSpec as P
from brainstate_torch.transform import axis_index, grad, pmap2, pmap2_new_states, pmean, psum, shard_map

X = torch.arange(24.0).reshape(4, 3, 2)


def mesh():
    return {"x": dist.get_world_size() if dist.is_initialized() else 1}


def _error(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__, str(error)
    return "nothing", ""


# Each of these gives the same on two processes as on one.


def lanes_and_axes():
    f = pmap2(lambda x, y: (x.sum(0) * y, x.mean()), in_axes=(1, None), out_axes=(-1, 0))
    return f(X.movedim(0, 1), torch.tensor([1.0, 2.0]))


def keyword_and_quantity():
    return pmap2(lambda x, scale: x * scale)(X * u.mV, scale=torch.arange(4.0)).to_decimal(u.mV)


def states_of_lanes_and_shared():
    own, shared = brainstate.ShortTermState(torch.zeros(3, 4)), brainstate.State(torch.tensor(1.0))

    def step(x):
        own.value = own.value + x.sum(1)
        shared.value = shared.value + pmean(x.sum(), "i")
        return own.value * shared.value

    f = pmap2(step, "i", state_in_axes={1: brainstate.ShortTermState})
    return f(X), f(X), own.value, shared.value


def state_that_gains_an_axis():
    s = brainstate.State(torch.tensor(0.0))

    def write(x):
        s.value = x.sum()

    pmap2(write)(X)
    return s.value


def read_and_written_state():
    s = brainstate.State(torch.ones(4))

    def add(x):
        s.value = s.value + x.sum()

    pmap2(add)(X)
    return s.value


def collectives():
    f = pmap2(lambda x: (psum(x, "i"), pmean(x, "i"), axis_index("i"), psum(1, "i")), axis_name="i")
    return f(X)


def gradient_of_a_sum_over_lanes():
    f = pmap2(grad(lambda x: psum(x**3, "i").sum() * x.sum()), axis_name="i")
    return f(X)


def averaged_gradient():
    model, _ = model_and_weights()
    loss = lambda x, y: ((model(x) - y) ** 2).mean()
    gradient = grad(loss, model.states(brainstate.ParamState))
    averaged = pmap2(lambda x, y: pmean(gradient(x, y), "batch"), "batch", out_axes=None)
    return averaged(X, X.sum(-1, keepdim=True))


def training_steps():
    model, weights = model_and_weights()
    loss = lambda x, y: ((model(x) - y) ** 2).mean()

    def step(x, y):
        slopes, value = grad(loss, weights, return_value=True)(x, y)
        for path, slope in pmean(slopes, "x").items():
            weights[path].value = {k: v - 1e-3 * slope[k] for k, v in weights[path].value.items()}
        return pmean(value, "x")

    train = shard_map(step, mesh(), P("x"), P())
    losses = [train(X.flatten(0, 1), X.flatten(0, 1).sum(-1, keepdim=True)) for _ in range(3)]
    return losses, [state.value for state in weights.values()]


def model_and_weights():
    model = brainstate.nn.Linear(2, 1, torch.tensor([[0.5], [-1.0]]), torch.tensor([0.1]))
    return model, model.states(brainstate.ParamState)


def threefry_draws():
    rng = brainstate.random.RandomState(3, impl="threefry2x32")
    return pmap2(lambda x: rng.normal(size=2) + x[0])(X), rng.value


def new_states():
    brainstate.random.seed(5, impl="threefry2x32")

    class Cell(brainstate.nn.Module):
        def init_state(self):
            self.v = brainstate.ShortTermState(brainstate.random.randn(2))
            self.n = brainstate.NonBatchState(torch.zeros(2))

    cell = Cell()
    made = pmap2_new_states(cell, {}, axis_size=4)
    brainstate.random.seed(0, impl="torch")
    return cell.v.value, cell.n.value, {axis: len(states) for axis, states in made.items()}


def shards_and_states():
    whole, buffer = brainstate.ParamState(torch.tensor(2.0)), brainstate.State(torch.arange(8.0).reshape(2, 4))

    def step(x):
        buffer.value = buffer.value + whole.value * x.sum()
        return {"own": x * whole.value, "all": psum(x.sum(), "x")}

    specs = {buffer: P(None, "x")}
    out = {"own": P(None, "x"), "all": P()}
    f = shard_map(step, mesh(), (P(None, "x"),), out, state_in_specs=specs, state_out_specs=specs)
    return f(torch.ones(3, 4)), buffer.value.shape


def psum_of_shards():
    f = shard_map(lambda x: psum(x.sum(0), "x"), mesh(), P("x"), P())
    return f(X)


SAME = [
    lanes_and_axes,
    keyword_and_quantity,
    states_of_lanes_and_shared,
    state_that_gains_an_axis,
    read_and_written_state,
    collectives,
    gradient_of_a_sum_over_lanes,
    averaged_gradient,
    training_steps,
    threefry_draws,
    new_states,
    shards_and_states,
    psum_of_shards,
]

# These are about several processes.


def torch_draws():
    rng = brainstate.random.RandomState(3, impl="torch")
    start = rng.value
    f = pmap2(lambda x: rng.normal(size=2))
    first, after = f(X), rng.value
    rng.value = start
    return first, f(X), after, rng.value, f(X)


def two_axes():
    grid = init_device_mesh("cpu", (1, 2), mesh_dim_names=("data", "model"))
    f = shard_map(lambda x: x + axis_index("model"), grid, P("data", "model"), P("data", "model"))
    together = shard_map(lambda x: x + axis_index("model"), grid, P(("data", "model")), P(("data", "model")))
    return f(torch.zeros(2, 4)), together(torch.zeros(4))


def refusals():
    s = brainstate.State(torch.tensor(5.0))
    before = s.value

    def write(x):
        s.value = x.sum()
        return x

    def alone():
        return shard_map(write, mesh(), P("x"), P("x"))(torch.arange(4.0))

    w = brainstate.ParamState(torch.tensor(2.0))
    return [
        _error(lambda: pmap2(lambda x: x)(torch.zeros(3))),
        _error(lambda: shard_map(lambda x: x, mesh(), P("x"), P("x"))(torch.zeros(3))),
        _error(alone),
        ("kept" if s.value is before else "changed", ""),
        _error(lambda: grad(lambda: pmap2(lambda x: w.value * x)(torch.ones(4)).sum(), w)()),
        _error(lambda: shard_map(lambda x: x, {"x": 3}, P("x"), P("x"))),
        _error(lambda: shard_map(lambda x: x, mesh(), P("x"), P())(torch.arange(4.0))),
    ]


if __name__ == "__main__":
    rank, folder = int(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    found = {scenario.__name__: scenario() for scenario in [*SAME, torch_draws, two_axes, refusals]}
    torch.save(found, folder / f"{rank}.pt")
    dist.destroy_process_group()
