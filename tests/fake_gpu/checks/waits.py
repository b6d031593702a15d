"""Nothing waits in hot paths."""

import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import nn, optim, random
from brainstate_torch import transform as T

from .derivatives import small_model
from .dynamics import spiking_network
from .layers import LAYERS, X
from .loops import loop_of
from .optimizers import OPTIMIZERS
from .registry import BACKEND, filled, quiet
from .torch_habits import Adopting


@quiet("no wait: a State is written and read")
def _(d):
    s, q = bst.State(filled(3, d)), bst.State(filled(3, d) * u.mV)

    def call():
        s.value += 1
        q.value = q.value * 2 + 1 * u.mV

    return call


for _engine in ("tape", "func"):

    @quiet(f"no wait: grad on {_engine}")
    def _(d, engine=_engine):
        states, h, loss = small_model(d)
        grad, x = T.grad(loss, states, engine=engine, return_value=True), filled(3, d)
        return lambda: grad(x)


@quiet("no wait: grad with Python numbers as arguments")
def _(d):
    w = bst.ParamState(filled(3, d))
    grad = T.grad(lambda x: (w.value * x).sum(), w)
    return lambda: grad(2.0)


@quiet("no wait: jacrev, jacfwd, hessian")
def _(d):
    f, x = lambda x: torch.sin(x) * 2, filled(3, d)
    return lambda: (T.jacrev(f)(x), T.jacfwd(f)(x), T.hessian(lambda x: f(x).sum())(x))


for _kind in ("for_loop", "scan", "checkpointed_for_loop"):

    @quiet(f"no wait: {_kind}")
    def _(d, kind=_kind):
        w, n, total = loop_of(d, kind)
        x = filled((6, 3), d)
        return lambda: total(x)


for _kind in ("for_loop", "scan", "cond", "switch", "ifelse", "bounded_while_loop", "while_loop"):

    @quiet(f"no wait: jit of {_kind}")
    def _(d, kind=_kind):
        w, n, total = loop_of(d, kind)
        f, x = T.jit(total, backend=BACKEND), filled((6, 3), d)
        return lambda: f(x)


@quiet("no wait: jit with an error check")
def _(d):
    def f(x):
        T.jit_error_if(x < -100, "too small")
        return x * 2

    g, x = T.jit(f, backend=BACKEND), filled(3, d)
    return lambda: g(x)


for _impl in ("torch", "threefry2x32"):

    @quiet(f"no wait: random draws with {_impl}")
    def _(d, impl=_impl):
        rng, x = random.RandomState(1, impl=impl), torch.full((3,), 0.5, device=d)
        return lambda: (rng.normal(x), rng.uniform(0.0, x), rng.bernoulli(x), rng.exponential(x))

    @quiet(f"no wait: random draws inside jit with {_impl}")
    def _(d, impl=_impl):
        rng, x = random.RandomState(1, impl=impl), torch.full((3,), 0.5, device=d)
        f = T.jit(lambda x: rng.normal(x) + rng.bernoulli(x), backend=BACKEND)
        return lambda: f(x)

    @quiet(f"no wait: nn.Dropout with {_impl}")
    def _(d, impl=_impl):
        random.DEFAULT.seed(0, impl=impl)
        layer, x = nn.Dropout(0.5), filled((4, 6), d)

        def call():
            with bst.environ.context(fit=True):
                layer(x)

        return call


for _name in OPTIMIZERS:

    @quiet(f"no wait: optim.{_name}")
    def _(d, name=_name):
        w = {"a": bst.ParamState(filled(3, d))}
        optimizer = getattr(optim, name)(lr=0.1)
        optimizer.register_trainable_weights(w)
        g = {"a": filled(3, d)}
        return lambda: optimizer.update(g)


for _name in (
    "Linear",
    "Conv2d",
    "BatchNorm2d",
    "LayerNorm",
    "RMSNorm",
    "EventFixedProb",
    "EventLinear",
    "MaxPool2d",
    "AdaptiveMaxPool2d",
    "SparseLinear",
    "LPPool2d",
    "GELU",
    "PReLU",
    "SignedWLinear",
    "ScaledWSLinear",
):

    @quiet(f"no wait: nn.{_name}, forward and backward")
    def _(d, name=_name):
        make, shape = LAYERS[name]
        layer, x = make().to(d), filled(shape, d)

        def call():
            with bst.environ.context(fit=True):
                T.grad(lambda x: layer(x).sum())(x)

        return call


@quiet("no wait: nn.GRUCell in a loop")
def _(d):
    cell = nn.GRUCell(3, 4).to(d)
    nn.init_all_states(cell, 2)
    cell.to(d)
    xs = filled((5, 2, 3), d)
    return lambda: T.for_loop(cell, xs)


@quiet("no wait: nn.Delay")
def _(d):
    with bst.environ.context(dt=0.1):
        delay = nn.Delay(torch.zeros(2, device=d), time=0.6)
        delay.init_state()
    x = filled(2, d)

    def call():
        with bst.environ.context(dt=0.1):
            delay.update(x)
            delay.retrieve_at_step(2)

    return call


@quiet("no wait: nn.Delay by time")
def _(d):
    with bst.environ.context(dt=0.1):
        delay = nn.Delay(torch.zeros(2, device=d), time=0.6, interpolation="linear")
        delay.register_entry("late", 0.25)
        delay.init_state()
    x = filled(2, d)

    def call():
        with bst.environ.context(dt=0.1, t=0.5):
            delay.update(x)
            delay.at("late")
            delay.retrieve_at_time(0.25)

    return call


@quiet("no wait: a step of a spiking network with units")
def _(d):
    with bst.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms):
        net = spiking_network(d, "initialised")
    x = filled(6, d).abs()

    def call():
        with bst.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms):
            net(x)

    return call


@quiet("no wait: units")
def _(d):
    q, p = filled(4, d).abs() * u.mV, filled(4, d, 1).abs() * u.volt
    return lambda: (
        q + p,
        q * p,
        u.math.where(q > p, q, p),
        u.math.clip(q, 0.1 * u.mV, 1 * u.volt),
        q + 1 * u.mV,
        q * 2.0,
    )


@quiet("no wait: vmap2 with draws")
def _(d):
    f, x = T.vmap2(lambda x: x + random.normal(x)), filled((4, 3), d)
    return lambda: f(x)


@quiet("no wait: nn.clip_grad_norm")
def _(d):
    g = {"a": filled(3, d)}
    return lambda: nn.clip_grad_norm(g, 0.5)


@quiet("no wait: metrics")
def _(d):
    metric, x = nn.AverageMetric("values"), filled(5, d)
    return lambda: metric.update(values=x)


@quiet("no wait: an adopted BatchNorm in grad")
def _(d):
    net, x = Adopting(torch.nn.BatchNorm1d(6)).to(d), filled(X, d)
    grad = T.grad(lambda x: net(x).sum(), net.states(bst.ParamState))
    return lambda: grad(x)
