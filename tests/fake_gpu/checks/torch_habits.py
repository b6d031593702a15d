"""What users of torch do: adopted modules, autocast, default devices, several devices, arrays of numpy."""

import numpy as np
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import nn
from brainstate_torch import transform as T

from .layers import LAYERS, X
from .registry import BACKEND, check, filled, same, tensors_of


class Adopting(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def update(self, x):
        return self.inner(x)


ADOPTED = {
    "BatchNorm1d": (lambda: torch.nn.BatchNorm1d(6), X),
    "Linear": (lambda: torch.nn.Linear(6, 3), X),
    "Conv2d": (lambda: torch.nn.Conv2d(3, 2, 3), (2, 3, 8, 8)),
    "TransformerEncoderLayer": (
        lambda: torch.nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, batch_first=True),
        (2, 5, 6),
    ),
}
for _name, (_make, _shape) in ADOPTED.items():

    @same(f"torch.nn.{_name} in a model: grad and loop")
    def _(d, make=_make, shape=_shape):
        net = Adopting(make()).to(d)
        grads = T.grad(lambda x: torch.sin(net(x)).sum(), net.states(bst.ParamState))
        return dict(grads(filled(shape, d))), T.for_loop(net, filled((2, *shape), d))

    @same(f"torch.nn.{_name} in a model: jit")
    def _(d, make=_make, shape=_shape):
        net = Adopting(make()).to(d)
        return T.jit(net, backend=BACKEND)(filled(shape, d))


@same("taped: torch.optim and backward")
def _(d):
    layer = nn.Linear(3, 2).to(d)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=0.1)
    for i in range(3):
        optimizer.zero_grad()
        with bst.taped():
            (layer(filled((4, 3), d, i)) ** 2).sum().backward()
        optimizer.step()
    return list(layer.parameters())


@same("torch.autocast around a gradient")
def _(d):
    layer = nn.Linear(6, 3).to(d)
    grad = T.grad(lambda x: layer(x).float().sum(), layer.states(bst.ParamState), return_value=True)
    with torch.autocast(d, dtype=torch.bfloat16):
        grads, value = grad(filled((4, 6), d))
    return dict(grads), value


@same("torch.autocast inside a jitted function")
def _(d):
    w = bst.ParamState(filled((6, 3), d))

    def f(x):
        with torch.autocast(d, dtype=torch.bfloat16):
            return x @ w.value

    return T.jit(f, backend=BACKEND)(filled((4, 6), d))


@check("torch.autocast around a jitted function is another program")
def _():
    w = bst.ParamState(filled((6, 3), "cuda"))
    f, x = T.jit(lambda x: x @ w.value, backend=BACKEND), filled((4, 6), "cuda")
    with torch.autocast("cuda", dtype=torch.bfloat16):
        assert f(x).dtype == torch.bfloat16
    assert f(x).dtype == torch.float32, "the program of half precision ran"


@check("torch.autocast: layers give half precision, as torch.nn's do")
def _():
    wide = []
    for name in ("Linear", "Conv2d", "ConvTranspose2d", "ScaledWSLinear"):
        make, shape = LAYERS[name]
        layer = make().to("cuda")
        with torch.autocast("cuda", dtype=torch.bfloat16):
            if layer(filled(shape, "cuda")).dtype != torch.bfloat16:
                wide.append(name)
    assert not wide, f"float32 from {wide}"


@check("GradScaler with taped gradients")
def _():
    layer = nn.Linear(3, 2).to("cuda")
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cuda")
    with bst.taped():
        scaler.scale((layer(filled((4, 3), "cuda")) ** 2).sum()).backward()
    scaler.step(optimizer)
    scaler.update()


@same("batches of a DataLoader with pinned memory")
def _(d):
    layer = nn.Linear(3, 2).to(d)
    data = torch.utils.data.TensorDataset(filled((8, 3), "cpu"))
    batches = torch.utils.data.DataLoader(data, batch_size=4)
    return [layer(x.pin_memory().to(d, non_blocking=True) if d != "cpu" else x) for (x,) in batches]


@same("environ.set(platform='gpu') puts everything on the device")
def _(d):
    bst.environ.set(platform="cpu" if d == "cpu" else "gpu")
    layer = nn.Linear(3, 2)
    s = bst.State(1.0)
    s.value += 1
    found = layer(filled((4, 3), d)) * 0, s, bst.State(np.ones(3, np.float32)), bst.State([1.0, np.ones(2, np.float32)])
    where = [str(x.device) for x in tensors_of(list(found))]
    assert d == "cpu" or "cpu" not in where, f"result of a layer, State of a number, of an array, of a list: {where}"
    return found


@same("environ.set(platform='gpu'): numpy arguments of a transform and of units")
def _(d):
    bst.environ.set(platform="cpu" if d == "cpu" else "gpu")
    w = bst.ParamState(torch.ones(3))
    return (
        T.grad(lambda x: (w.value * x).sum(), w)(np.ones(3, np.float32)),
        np.ones(3, np.float32) * u.mV,
        (u.math.asarray(np.ones(3, np.float32))),
    )


@same("with torch.device(...): everything is made there")
def _(d):
    with torch.device(d):
        layer = nn.Linear(3, 2)
        q = u.math.ones(3, unit=u.mV), u.math.arange(0.0, 1.0, 0.25), u.math.linspace(0.0, 1.0, 3), u.math.eye(2)
    return layer(filled((4, 3), d)) * 0, q


@check("two devices: modules on each, and a transform over both")
def _():
    a, b = nn.Linear(3, 4).to("cuda:0"), nn.Linear(4, 2).to("cuda:1")
    states = {**a.states(bst.ParamState), **{("b", *k): v for k, v in b.states(bst.ParamState).items()}}
    grads = T.grad(lambda x: b(a(x).to("cuda:1")).sum(), states)(filled((5, 3), "cuda:0"))
    assert grads["b", "weight"]["weight"].device == torch.device("cuda:1") if "weight" in grads["b", "weight"] else True


@check("a mix of devices is an error that names both")
def _():
    layer = nn.Linear(3, 2).to("cuda")
    try:
        layer(filled((4, 3), "cpu"))
    except RuntimeError as error:
        assert "cuda" in str(error) and "cpu" in str(error)
    else:
        raise AssertionError("nothing was raised")


@same("units: mathematics, creation, comparison")
def _(d):
    q, p = filled(4, d).abs() * u.mV, filled(4, d, 1).abs() * u.volt
    return (
        q + p,
        q * p,
        q / p,
        u.math.sqrt(q),
        (q > p).float(),
        u.math.where(q > p, q, p),
        u.math.concatenate([q, p]),
        u.math.clip(q, 0.1 * u.mV, 1 * u.volt),
        q.to_decimal(u.uV),
        u.math.zeros_like(q),
        q.reshape(2, 2) @ p.reshape(2, 2),
        q + 1.0 * u.mV,
        np.float32(2) * q,
        u.math.exp(q / p),
        u.math.sum(q),
        u.math.stack([q, q], 0),
        q[1:3],
        q.at[0].set(1 * u.mV) if hasattr(q, "at") else q,
    )


@same("units: numbers and arrays of numpy beside a quantity on the device")
def _(d):
    q = filled(3, d) * u.mV
    return q * np.ones(3, np.float32), np.ones(3, np.float32) * q, q * 2.0


@same("units: arrays of numpy times a unit, beside a quantity on the device")
def _(d):
    return filled(3, d) * u.mV + np.ones(3, np.float32) * u.mV
