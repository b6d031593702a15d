"""What a user does over time: training that moves, stops and goes on, on one device and another; and waits in it."""

import copy
import io
import pickle

import numpy as np
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import event, init, nn, online, optim, random, spiking
from brainstate_torch import transform as T

from .company import Recurrent
from .registry import BACKEND, check, filled, quiet, same


def _trained(net, optimizer, steps, d, first=0, jitted=False):
    grad = T.grad(lambda x: (net(x) ** 2).sum(), net.states(bst.ParamState))
    step = (
        T.jit(lambda x: optimizer.update(grad(x)), backend=BACKEND) if jitted else lambda x: optimizer.update(grad(x))
    )
    for i in range(first, first + steps):
        step(filled((4, 3), d, i))


def _model(name="Adam", **options):
    torch.manual_seed(0)
    random.seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = getattr(optim, name)(lr=optim.StepLR(0.1, step_size=2), **options)
    optimizer.register_trainable_weights(net.states(bst.ParamState))
    return net, optimizer


for _name in ("SGD", "Momentum", "Adam", "RMSprop", "Lion"):

    @same(f"optim.{_name}: trained, moved, trained on, eagerly and compiled")
    def _(d, name=_name):
        found = []
        for jitted in (False, True):
            net, optimizer = _model(name)
            _trained(net, optimizer, 2, "cpu", jitted=jitted)
            net.to(d)
            _trained(net, optimizer, 2, d, 2, jitted)
            found.append(dict(net.states()))
        return found


@same("one compiled step goes on after its model moved away and back")
def _(d):
    net, optimizer = _model()
    grad = T.grad(lambda x: (net(x) ** 2).sum(), net.states(bst.ParamState))
    step = T.jit(lambda x: optimizer.update(grad(x)), backend=BACKEND)
    for i, where in enumerate((d, "cpu", d)):
        net.to(where)
        step(filled((4, 3), where, i))
    return dict(net.states())


@same("a checkpoint of model and optimizer, written on the other device, and training goes on")
def _(d):
    other, file = "cuda" if d == "cpu" else "cpu", io.BytesIO()
    net, optimizer = _model()
    net.to(other)
    _trained(net, optimizer, 2, other)
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    again, resumed = _model()
    again.to(d)
    saved = torch.load(file, map_location=d, weights_only=True)
    again.load_state_dict(saved["net"])
    resumed.load_state_dict(saved["optimizer"])
    _trained(again, resumed, 2, d, 2)
    return dict(again.states())


@same("torch.optim: moments follow after the model moved, as in torch's own loops")
def _(d):
    net, _ = _model()
    optimizer = torch.optim.AdamW(net.to(d).parameters(), lr=0.1)
    for i in range(3):
        optimizer.zero_grad()
        net(filled((4, 3), d, i)).square().sum().backward()
        optimizer.step()
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    return list(net.parameters())


@same("copies and pickles of models on the device are there, and compute")
def _(d):
    net, _ = _model()
    net.to(d)
    x = filled((2, 3), d)
    return copy.deepcopy(net)(x), pickle.loads(pickle.dumps(net))(x), bst.graph.clone(net)(x)


@same("hidden states: batches change, states are reset, loops go on after a move")
def _(d):
    cell = nn.GRUCell(3, 4).to(d)
    found = []
    for batch in (2, 5):
        nn.init_all_states(cell, batch)
        found.append(T.for_loop(cell, filled((3, batch, 3), d)))
        nn.reset_all_states(cell, batch)
        found.append(cell.h)
    other = cell.to("cpu").to(d)
    return found, T.for_loop(other, filled((3, 5, 3), d))


@same("vmap_init_all_states: a model of lanes on the device")
def _(d):
    with bst.environ.context(dt=0.1 * u.ms):
        neurons = spiking.LIF(4, tau=5.0 * u.ms).to(d)
        nn.vmap_init_all_states(neurons, axis_size=3)
        step = T.vmap(lambda x: neurons(x * u.mA), in_states=neurons.states(bst.HiddenState))
        return step(filled((3, 4), d))


for _context in ("jit", "for_loop", "vmap", "checkpoint", "grad"):

    @same(f"autocast around {_context} of a model")
    def _(d, context=_context):
        net = nn.Linear(6, 3).to(d)
        x = filled((2, 4, 6), d)
        with torch.autocast(d, dtype=torch.bfloat16):
            if context == "jit":
                return T.jit(net, backend="replay")(x).float()
            if context == "for_loop":
                return T.for_loop(net, x).float()
            if context == "vmap":
                return T.vmap(net)(x).float()
            if context == "checkpoint":
                return T.grad(lambda x: T.checkpoint(net)(x).float().sum())(x)
            return dict(T.grad(lambda x: net(x).float().sum(), net.states(bst.ParamState))(x))


@check("two devices: copies of one model on each, in one loop and one jit")
def _():
    here, there = nn.Linear(3, 3).to("cuda:0"), nn.Linear(3, 3).to("cuda:1")
    run = lambda x: there(here(x).to("cuda:1")).to("cuda:0")
    x = filled((4, 2, 3), "cuda:0")
    eager = torch.stack([run(part) for part in x])
    torch.testing.assert_close(T.for_loop(run, x), eager)
    torch.testing.assert_close(T.jit(lambda x: T.for_loop(run, x), backend="replay")(x), eager)


@check("two devices: draws, cells and new states lie on the second one, which is not the current one")
def _():
    cell = nn.GRUCell(3, 4).to("cuda:1")
    nn.init_all_states(cell, 2)
    assert cell(filled((2, 3), "cuda:1")).device.index == 1
    with bst.environ.context(fit=True):
        assert nn.Dropout(0.5)(filled((2, 3), "cuda:1")).device.index == 1
    with torch.device("cuda:1"):
        assert init.Normal(0.0, 1.0)((2,)).device.index == 1
        assert random.normal(size=(2,)).device.index == 1
        assert bst.State(1.0).value is not None
    source = spiking.PoissonSpike(4, 100.0 * u.Hz).to("cuda:1")
    with bst.environ.context(dt=0.1 * u.ms):
        assert source().device.index == 1


@check("draws on the second device are repeated by a seed, and by a checkpoint")
def _():
    draws = []
    for _ in range(2):
        random.seed(3)
        draws.append(random.normal(torch.zeros(3, device="cuda:1")))
    assert torch.equal(*draws)
    masks = []

    def block(x):
        y = x * random.bernoulli(torch.full_like(x, 0.5))
        masks.append(y.detach() != 0)
        return y

    found = T.grad(lambda x: T.checkpoint(block)(x).sum())(torch.ones(200, device="cuda:1"))
    assert torch.equal(found != 0, masks[0])


@check("an error in a compiled step on the device leaves States and optimizer as they were")
def _():
    net, optimizer = _model()
    net.to("cuda")
    before = [p.clone() for p in net.parameters()]

    def step(x):
        optimizer.update({key: s.value for key, s in net.states(bst.ParamState).items()})
        T.jit_error_if(x.sum() > 0, "positive")

    try:
        T.jit(step, backend="replay")(torch.ones(3, device="cuda"))
    except Exception as error:
        assert "positive" in str(error)
    else:
        raise AssertionError("nothing was raised")
    assert all(map(torch.equal, before, net.parameters()))


# ---- Waits of what the other rooms do in a step.


@quiet("no wait: a step of an online learner, and its gradient")
def _(d):
    model, xs = Recurrent().to(d), filled((5, 3), d)
    nn.init_all_states(model)
    learner = online.compile(model, "D_RTRL", xs[0])
    gradient = T.grad(lambda x: (learner(x) ** 2).sum(), learner.param_states)
    return lambda: (learner(xs[0]), gradient(xs[1]))


@quiet("no wait: plasticity and products of sparse matrices")
def _(d):
    places = torch.tensor([0, 1, 1], device=d), torch.tensor([0, 2, 3], device=d)
    matrix = event.CSR((filled(3, d), *places), shape=(2, 2))
    spikes, trace = filled(2, d) > 0, filled(2, d, 1)
    return lambda: (matrix.update_on_pre(spikes, trace, -1.0, 1.0), event.BinaryArray(spikes) @ matrix, matrix @ trace)


@quiet("no wait: currents and Poisson neurons")
def _(d):
    with bst.environ.context(dt=0.1 * u.ms, t=0.1 * u.ms):
        sources = [
            spiking.PoissonSpike(4, 100.0 * u.Hz).to(d),
            spiking.SpikeTime(4, [0, 2], [0.1, 0.2] * u.ms).to(d),
        ]
        step = torch.ones((), dtype=torch.int32, device=d)

    def call():
        with bst.environ.context(dt=0.1 * u.ms, i=step):
            return [source() for source in sources]

    return call


@quiet("no wait: parameters with transforms and priors, and their cost")
def _(d):
    value = nn.Param(torch.ones(3), t=nn.SigmoidT(0.0, 5.0), reg=nn.L1Reg(0.1)).to(d)
    gradient = T.grad(lambda: value.value().sum() + value.reg_loss(), value.states(bst.ParamState))
    return lambda: gradient()


@quiet("no wait: metrics take in results of a step")
def _(d):
    average, accuracy = nn.AverageMetric("values"), nn.AccuracyMetric()
    logits, labels = filled((5, 3), d), torch.tensor([0, 1, 2, 1, 0], device=d)
    return lambda: (average.update(values=logits), accuracy.update(logits=logits, labels=labels))


@quiet("no wait: clipped gradients and a schedule in a step")
def _(d):
    net, optimizer = _model()
    net.to(d)
    grad = T.grad(lambda x: (net(x) ** 2).sum(), net.states(bst.ParamState))
    x = filled((4, 3), d)
    return lambda: (optimizer.update(nn.clip_grad_norm(grad(x), 1.0)), optimizer.lr.step())


@quiet("no wait: units.math in a step, with numbers and units beside tensors")
def _(d):
    q, x = filled(4, d) * u.mV, filled(4, d)

    def call():
        y = u.math.where(q > 0.1 * u.mV, q, 0.0 * u.mV) + 1.0 * u.uV
        return u.math.clip(y, 0.0 * u.mV, 1.0 * u.mV), u.math.exp(-y / (1.0 * u.volt)), u.math.maximum(x, 0.5), y**2

    return call


@same("numbers of numpy in loops, branches and scans beside tensors")
def _(d):
    x, array = filled((3, 2), d), np.ones((3, 2), np.float32)
    return (
        T.for_loop(lambda a, b: a + b, x, array),
        T.scan(lambda c, a: (c + a[0] + a[1], c), x[0], (x, array))[1],
        T.cond(x.sum() > 0, lambda y: y + x[0], lambda y: x[0] - y, array[0]),
        T.switch((x.sum() > 0).int(), [lambda y: y + x[0], lambda y: x[0] - y], array[0]),
        T.bounded_while_loop(lambda c: c.sum() < 9, lambda c: c + x[0].abs(), array[0], max_steps=3),
        T.map(lambda a: a + x[0], array, batch_size=2),
        T.jit(lambda a: T.for_loop(lambda b: b * 2, a) + x, backend=BACKEND)(array),
    )
