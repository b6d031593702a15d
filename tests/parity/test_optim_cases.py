"""optim: training runs whose steps brainstate makes by hand, from the textbook; and plain torch modules in a model."""

import math

import numpy as np
import pytest
import torch

from brainstate_torch import optim

from .frameworks import Cases

cases = Cases()
case = cases.case

X = np.linspace(-1.0, 2.0, 12).reshape(6, 2)
Y = np.sin(X).sum(1, keepdims=True)
W = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
B = np.array([0.1, -0.2, 0.3])
V = np.array([[1.0], [-0.5], [0.25]])
STEPS = 12


def _network(f):
    """Two layers of plain States, and their loss."""
    states = {"w": f.param(W), "b": f.param(B), "v": f.param(V), "c": f.param(np.float32(0.5))}
    x, y = f.array(X), f.array(Y)

    def loss():
        h = f.np.tanh(f.np.matmul(x, states["w"].value) + states["b"].value)
        return ((f.np.matmul(h, states["v"].value) + states["c"].value - y) ** 2).mean()

    return states, loss


def _trained(f, make, rule, rate=None):
    """The losses and the last weights; ours by an optimizer, theirs by ``rule(np, x, g, memory, lr, t)``."""
    states, loss = _network(f)
    gradient = f.grad(loss, states, return_value=True)
    optimizer = make().register_trainable_weights(states) if f.is_ours() else None
    memory = {key: {} for key in states}
    losses = []
    for t in range(1, STEPS + 1):
        grads, value = gradient()
        losses.append(value)
        if optimizer is not None:
            optimizer.update(grads)
            if rate is not None:
                optimizer.lr.step()
        else:
            lr = 0.1 if rate is None else rate(t - 1)
            for key, state in states.items():
                state.value = rule(f.np, state.value, grads[key], memory[key], lr, t)
    return f.np.stack(losses), {key: state.value for key, state in states.items()}


def _descent(np_, x, g, m, lr, t):
    return x - lr * g


def _momentum(np_, x, g, m, lr, t, decay=0.0, nesterov=False):
    g = g + decay * x
    m["v"] = 0.8 * m.get("v", 0.0) + g
    return x - lr * (g + 0.8 * m["v"] if nesterov else m["v"])


def _adam(np_, x, g, m, lr, t, decay=0.0, apart=0.0, amsgrad=False, b1=0.9, b2=0.99):
    g, x = g + decay * x, x * (1 - lr * apart)
    m["m"] = b1 * m.get("m", 0.0) + (1 - b1) * g
    m["s"] = b2 * m.get("s", 0.0) + (1 - b2) * g * g
    square = m["s"]
    if amsgrad:
        square = m["top"] = np_.maximum(m["top"], square) if "top" in m else square
    return x - lr * (m["m"] / (1 - b1**t)) / (np_.sqrt(square / (1 - b2**t)) + 1e-8)


def _adamax(np_, x, g, m, lr, t):
    m["m"] = 0.9 * m.get("m", 0.0) + 0.1 * g
    m["u"] = np_.maximum(0.999 * m["u"], np_.abs(g)) if "u" in m else np_.abs(g)
    return x - lr / (1 - 0.9**t) * m["m"] / m["u"]


def _nadam(np_, x, g, m, lr, t):
    now, later = (0.9 * (1 - 0.5 * 0.96 ** (k * 0.004)) for k in (t, t + 1))
    m["p"] = m.get("p", 1.0) * now
    m["m"] = 0.9 * m.get("m", 0.0) + 0.1 * g
    m["s"] = 0.999 * m.get("s", 0.0) + 0.001 * g * g
    mean = later * m["m"] / (1 - m["p"] * later) + (1 - now) * g / (1 - m["p"])
    return x - lr * mean / (np_.sqrt(m["s"] / (1 - 0.999**t)) + 1e-8)


def _radam(np_, x, g, m, lr, t):
    m["m"] = 0.9 * m.get("m", 0.0) + 0.1 * g
    m["s"] = 0.999 * m.get("s", 0.0) + 0.001 * g * g
    limit = 2 / (1 - 0.999) - 1
    rho = limit - 2 * t * 0.999**t / (1 - 0.999**t)
    mean = m["m"] / (1 - 0.9**t)
    if rho <= 5:
        return x - lr * mean
    r = math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
    return x - lr * r * mean * math.sqrt(1 - 0.999**t) / (np_.sqrt(m["s"]) + 1e-8)


def _rmsprop(np_, x, g, m, lr, t, momentum=0.0, centered=False, decay=0.0):
    g = g + decay * x
    m["s"] = 0.9 * m.get("s", 0.0) + 0.1 * g * g
    variance = m["s"]
    if centered:
        m["m"] = 0.9 * m.get("m", 0.0) + 0.1 * g
        variance = variance - m["m"] ** 2
    m["v"] = momentum * m.get("v", 0.0) + g / (np_.sqrt(variance) + 1e-3)
    return x - lr * m["v"]


def _adagrad(np_, x, g, m, lr, t, start=0.0, slower=0.0):
    m["s"] = m.get("s", start) + g * g
    return x - lr / (1 + (t - 1) * slower) * g / (np_.sqrt(m["s"]) + 1e-10)


def _adadelta(np_, x, g, m, lr, t):
    m["s"] = 0.9 * m.get("s", 0.0) + 0.1 * g * g
    step = np_.sqrt(m.get("d", 0.0 * g) + 1e-6) / np_.sqrt(m["s"] + 1e-6) * g
    m["d"] = 0.9 * m.get("d", 0.0) + 0.1 * step * step
    return x - lr * step


def _sign(np_, x):
    return np_.where(x > 0, 1.0, np_.where(x < 0, -1.0, 0.0))


def _lion(np_, x, g, m, lr, t):
    mean = m.get("m", 0.0 * g)
    m["m"] = 0.99 * mean + 0.01 * g
    return x - lr * (_sign(np_, 0.9 * mean + 0.1 * g) + 0.2 * x)


def _rprop(np_, x, g, m, lr, t):
    agreement = g * m.get("g", 0.0 * g)
    length = m.get("l", lr + 0.0 * g)
    length = np_.where(agreement > 0, length * 1.2, np_.where(agreement < 0, length * 0.5, length))
    m["l"], m["g"] = length, np_.where(agreement < 0, 0.0, g)
    return x - _sign(np_, m["g"]) * length


def _with(rule, **numbers):
    return lambda *args: rule(*args, **numbers)


_RUNS = {
    "SGD": (lambda: optim.SGD(0.1), _descent),
    "SGD with momentum": (lambda: optim.SGD(0.1, 0.8), _momentum),
    "SGD with Nesterov's momentum": (lambda: optim.SGD(0.1, 0.8, nesterov=True), _with(_momentum, nesterov=True)),
    "SGD with momentum and decay": (lambda: optim.SGD(0.1, 0.8, 0.1), _with(_momentum, decay=0.1)),
    "Momentum": (lambda: optim.Momentum(0.1, 0.8), _momentum),
    "MomentumNesterov": (lambda: optim.MomentumNesterov(0.1, 0.8), _with(_momentum, nesterov=True)),
    "Adam": (lambda: optim.Adam(0.1, (0.9, 0.99)), _adam),
    "Adam with decay": (lambda: optim.Adam(0.1, beta2=0.99, weight_decay=0.1), _with(_adam, decay=0.1)),
    "Adam with other betas": (lambda: optim.Adam(0.1, (0.5, 0.6)), _with(_adam, b1=0.5, b2=0.6)),
    "AdamW": (lambda: optim.AdamW(0.1, (0.9, 0.99), weight_decay=0.3), _with(_adam, apart=0.3)),
    "Adamax": (lambda: optim.Adamax(0.1), _adamax),
    "Nadam": (lambda: optim.Nadam(0.1), _nadam),
    "RAdam": (lambda: optim.RAdam(0.1), _radam),
    "RMSprop": (lambda: optim.RMSprop(0.1, 0.9, 1e-3), _rmsprop),
    "RMSprop with momentum": (lambda: optim.RMSprop(0.1, 0.9, 1e-3, momentum=0.5), _with(_rmsprop, momentum=0.5)),
    "RMSprop centered": (
        lambda: optim.RMSprop(0.1, 0.9, 1e-3, 0.1, centered=True),
        _with(_rmsprop, centered=True, decay=0.1),
    ),
    "Adagrad": (lambda: optim.Adagrad(0.1), _adagrad),
    "Adagrad from a start, slower": (lambda: optim.Adagrad(0.1, 0.2, 0.0, 0.5), _with(_adagrad, start=0.5, slower=0.2)),
    "Adadelta": (lambda: optim.Adadelta(0.1), _adadelta),
    "Lion": (lambda: optim.Lion(0.1, weight_decay=0.2), _lion),
    "Rprop": (lambda: optim.Rprop(0.1), _rprop),
}
for _name, (_make, _rule) in _RUNS.items():
    case(f"a run of {_name}")(lambda f, make=_make, rule=_rule: _trained(f, make, rule))

_RATES = {
    "StepLR": (lambda: optim.StepLR(0.2, 3, 0.5), lambda e: 0.2 * 0.5 ** (e // 3)),
    "MultiStepLR": (lambda: optim.MultiStepLR(0.2, (2, 5), 0.5), lambda e: 0.2 * 0.5 ** ((e >= 2) + (e >= 5))),
    "ExponentialLR": (lambda: optim.ExponentialLR(0.2, 0.9), lambda e: 0.2 * 0.9**e),
    "ExponentialDecayLR": (lambda: optim.ExponentialDecayLR(0.2, 4, 0.5), lambda e: 0.2 * 0.5 ** (e / 4)),
    "CosineAnnealingLR": (
        lambda: optim.CosineAnnealingLR(0.2, 8, 0.05),
        lambda e: 0.05 + 0.15 * (1 + math.cos(math.pi * min(e, 8) / 8)) / 2,
    ),
    "LinearLR": (lambda: optim.LinearLR(0.2, 0.25, 1.0, 4), lambda e: 0.2 * (0.25 + 0.75 * min(e / 4, 1))),
    "PolynomialLR": (lambda: optim.PolynomialLR(0.2, 10, 2.0), lambda e: 0.2 * (1 - min(e, 10) / 10) ** 2),
    "WarmupScheduler": (lambda: optim.WarmupScheduler(0.2, 5, 0.1), lambda e: 0.1 + 0.1 * min(e / 5, 1)),
}
for _name, (_make, _rate) in _RATES.items():
    case(f"a run of SGD with {_name}")(
        lambda f, make=_make, rate=_rate: _trained(f, lambda: optim.SGD(make()), _descent, rate)
    )


def _mlp(f):
    nn = f.bs.nn
    model = nn.Sequential(nn.Linear(2, 3, f.array(W), f.array(B)), nn.Tanh(), nn.Linear(3, 1, f.array(V)))
    x, y = f.array(X), f.array(Y)
    return model.states(f.bs.ParamState), lambda: ((model(x) - y) ** 2).mean()


def _by_hand(f, weights, grads, lr):
    for path, state in weights.items():
        state.value = f.tree_map(lambda w, g: w - lr * g, state.value, grads[path])


@case("an MLP of layers, both by hand")
def _(f):
    weights, loss = _mlp(f)
    gradient = f.grad(loss, weights, return_value=True)
    losses = []
    for _ in range(STEPS):
        grads, value = gradient()
        losses.append(value)
        _by_hand(f, weights, grads, 0.2)
    return f.np.stack(losses)


@case("an MLP of layers, ours by SGD")
def _(f):
    weights, loss = _mlp(f)
    gradient = f.grad(loss, weights, return_value=True)
    update = optim.SGD(0.2).register_trainable_weights(weights).update if f.is_ours() else None
    losses = []
    for _ in range(STEPS):
        grads, value = gradient()
        losses.append(value)
        _by_hand(f, weights, grads, 0.2) if update is None else update(grads)
    return f.np.stack(losses)


@case("an MLP of layers in a loop, ours by SGD")
def _(f):
    weights, loss = _mlp(f)
    update = optim.SGD(0.2).register_trainable_weights(weights).update if f.is_ours() else None

    def step(_):
        grads, value = f.bs.transform.grad(loss, weights, return_value=True)()
        _by_hand(f, weights, grads, 0.2) if update is None else update(grads)
        return value

    losses = f.bs.transform.for_loop(step, f.array(np.arange(STEPS)))
    return losses, {"/".join(map(str, path)): state.value for path, state in weights.items()}


@case("an MLP of layers with clipped gradients")
def _(f):
    weights, loss = _mlp(f)
    update = optim.SGD(0.2, grad_clip_norm=0.1).register_trainable_weights(weights).update if f.is_ours() else None
    losses = []
    for _ in range(STEPS):
        grads, value = f.grad(loss, weights, return_value=True)()
        losses.append(value)
        _by_hand(f, weights, f.bs.nn.clip_grad_norm(grads, 0.1), 0.2) if update is None else update(grads)
    return f.np.stack(losses)


@case("a quantity moves by its gradient")
def _(f):
    v = f.bs.ParamState(f.q([2.0, -1.0], "mV"))
    loss = lambda: ((v.value / f.u.mV) ** 2).sum()
    grads = f.grad(loss, v, unit_aware=True)()
    if f.is_ours():
        optim.SGD(0.25 * f.u.mV * f.u.mV).register_trainable_weights(v).update(grads)
    else:
        v.value = v.value - 0.25 * f.u.mV * f.u.mV * grads
    return v.value


# Plain torch modules: brainstate has layers of its own for the same mathematics.


def _linear(f):
    if f.is_ours():
        layer = torch.nn.Linear(2, 3)
        layer.weight.data, layer.bias.data = f.array(W.T), f.array(B)
        return layer
    return f.bs.nn.Linear(2, 3, f.array(W), f.array(B))


def _in_a_model(f, layer):
    class Model(f.bs.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.scale = layer, f.param(np.float32(2.0))

        def update(self, x):
            return self.layer(x * self.scale.value)

    return Model()


def _oriented(f, grads):
    """Weight, bias and scale, the weight as ``[in, out]``."""
    if f.is_ours():
        return grads["layer", "weight"].T, grads["layer", "bias"], grads["scale",]
    return grads["layer", "weight"]["weight"], grads["layer", "weight"]["bias"], grads["scale",]


@case("the gradients of a plain layer")
def _(f):
    model = _in_a_model(f, _linear(f))
    grads, value = f.grad(
        lambda: (f.np.tanh(model(f.array(X))) ** 2).sum(), model.states(f.bs.ParamState), return_value=True
    )()
    return *_oriented(f, grads), value


@case("the gradients of a plain layer that is called twice, in a loop")
def _(f):
    model = _in_a_model(f, _linear(f))

    def loss():
        return f.bs.transform.for_loop(lambda x: (model(x) * model(2 * x)).sum(), f.array(X)).sum()

    return _oriented(f, f.grad(loss, model.states(f.bs.ParamState))())


@case("the gradients of a plain layer for each of several inputs")
def _(f):
    model = _in_a_model(f, _linear(f))
    weights = model.states(f.bs.ParamState)
    gradient = lambda x: _oriented(f, f.bs.transform.grad(lambda: (model(x) ** 2).sum(), weights)())
    return f.bs.transform.vmap(gradient)(f.array(X))


@cases.parametrised()
@pytest.mark.parametrize("engine", ["auto", "func"])
def test_case(case, engine):
    case.check(engine)


def test_there_are_enough_cases():
    assert len(cases) >= 30
