"""Random draws: on which device they lie, and that streams move on."""

import contextlib

import torch

from brainstate_torch import nn, random
from brainstate_torch import transform as T

from .registry import BACKEND, check, filled, same

_DRAWS = {
    "uniform": (),
    "normal": (),
    "randint": (0, 9),
    "bernoulli": (0.3,),
    "exponential": (),
    "gamma": (2.0,),
    "beta": (2.0, 3.0),
    "poisson": (4.0,),
    "binomial": (10, 0.4),
    "truncated_normal": (-1.0, 1.0),
    "gumbel": (),
    "laplace": (),
    "logistic": (),
    "lognormal": (),
    "standard_cauchy": (),
    "weibull": (1.5,),
    "vonmises": (0.0, 2.0),
    "geometric": (0.3,),
    "standard_t": (3.0,),
    "rayleigh": (),
    "triangular": (-1.0, 0.0, 1.0),
    "pareto": (3.0,),
    "chisquare": (3.0,),
    "negative_binomial": (3, 0.5),
    "wald": (1.0, 2.0),
    "zipf": (3.0,),
    "hypergeometric": (5, 5, 3),
    "logseries": (0.5,),
    "power": (2.0,),
    "f": (3.0, 8.0),
    "noncentral_chisquare": (3.0, 1.0),
    "maxwell": (),
    "loggamma": (2.0,),
    "multinomial": (5, [0.2, 0.3, 0.5]),
    "dirichlet": ([1.0, 2.0],),
    "permutation": (5,),
    "choice": (5,),
    "categorical": ([[0.1, 0.9]],),
    "orthogonal": (3,),
    "multivariate_normal": ([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]]),
}


@contextlib.contextmanager
def default_device(d):
    torch.set_default_device(None if d == "cpu" else d)
    try:
        yield
    finally:
        torch.set_default_device(None)


for _name, _arguments in _DRAWS.items():

    @same(f"random.{_name} with threefry, on the default device")
    def _(d, name=_name, arguments=_arguments):
        rng = random.RandomState(1, impl="threefry2x32")
        with default_device(d):
            return getattr(rng, name)(*arguments)

    @check(f"random.{_name} with torch's generator, on the default device")
    def _(name=_name, arguments=_arguments):
        rng = random.RandomState(1)
        with default_device("cuda"):
            first = getattr(rng, name)(*arguments)
        assert first.device.type == "cuda", first.device


for _name in ("uniform", "normal", "gamma", "poisson", "binomial", "bernoulli", "exponential"):

    @check(f"random.{_name}: parameters on the device say where")
    def _(name=_name):
        for impl in ("torch", "threefry2x32"):
            rng = random.RandomState(1, impl=impl)
            one = torch.full((3,), 0.5, device="cuda:1")
            given = (torch.full((3,), 5, device="cuda:1"), one) if name == "binomial" else (one,)
            found = getattr(rng, name)(*given)
            assert found.device == one.device, (impl, found.device)


@check("random: a RandomState goes back to where it was, on every device")
def _():
    rng = random.RandomState(1)
    draw = lambda: [rng.normal(torch.zeros(3, device=d)).cpu() for d in ("cpu", "cuda:0", "cuda:1")]
    draw()
    start = rng.value
    first = draw()
    rng.value = start
    assert all(map(torch.equal, draw(), first))


@check("random: a seed gives the same numbers on the device again")
def _():
    draws = []
    for _ in range(2):
        random.seed(5)
        draws.append(random.normal(torch.zeros(3, device="cuda")))
    assert torch.equal(*draws)


for _kind in ("for_loop", "scan", "checkpointed_for_loop", "jit of for_loop", "jit of cond"):

    @check(f"random: the first draw on the device, inside {_kind}")
    def _(kind=_kind):
        x = torch.zeros(4, 3, device="cuda")
        each = lambda x: x + random.normal(x)
        if kind == "for_loop":
            y = T.for_loop(each, x)
        elif kind == "scan":
            y = T.scan(lambda c, x: (c, each(x)), 0.0, x)[1]
        elif kind == "checkpointed_for_loop":
            y = T.checkpointed_for_loop(each, x)
        elif kind == "jit of for_loop":
            f = T.jit(lambda x: T.for_loop(each, x), backend=BACKEND)
            f(x)
            y = f(x)
        else:
            y = T.jit(lambda x: T.cond(x.sum() == 0, lambda: each(x), lambda: x), backend=BACKEND)(x)
        assert not torch.equal(y[0], y[1])


@check("random: in jit a stream moves on")
def _():
    f = T.jit(lambda x: x + random.normal(x), backend=BACKEND)
    a, b = f(torch.zeros(3, device="cuda")), f(torch.zeros(3, device="cuda"))
    assert not torch.equal(a, b) and a.device.type == "cuda"


@same("random: a key on the device")
def _(d):
    key = random.RandomState(1, impl="threefry2x32").split_key().to(d)
    return random.normal(torch.zeros(3, device=d), key=key), random.uniform(0.0, torch.ones(3, device=d), key=key)


@same("random: a RandomState of threefry that moves with its module")
def _(d):
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.rng = random.RandomState(1, impl="threefry2x32")

        def update(self, x):
            return x + self.rng.normal(x)

    net = Noisy().to(d)
    return net(filled(3, d)), net(filled(3, d))


@check("random: a RandomState of torch that moves with its module")
def _():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.rng = random.RandomState(1)

        def update(self, x):
            return x + self.rng.normal(x)

    net = Noisy().to("cuda")
    assert net(filled(3, "cuda")).device.type == "cuda"
    assert T.jit(net, backend=BACKEND)(filled(3, "cuda")).device.type == "cuda"


@check("random: draws in vmap differ from lane to lane")
def _():
    f = T.vmap2(lambda x: x + random.normal(x))
    found = f(torch.zeros(4, 3, device="cuda"))
    assert not torch.equal(found[0], found[1])


@check("random: draws in a jitted vmap")
def _():
    f = T.jit(T.vmap2(lambda x: x + random.normal(x)), backend=BACKEND)
    found = f(torch.zeros(4, 3, device="cuda"))
    assert found.device.type == "cuda" and not torch.equal(found[0], found[1])


@check("random: in a map, draws on the default device")
def _():
    with default_device("cuda"):
        found = T.jit(T.vmap2(lambda x: x + random.normal(size=(3,))), backend=BACKEND)(torch.zeros(4, 3))
    assert found.device.type == "cuda"
