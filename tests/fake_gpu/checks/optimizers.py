"""Optimizers and schedules."""

import brainstate_torch as bst
from brainstate_torch import nn, optim
from brainstate_torch import transform as T

from .registry import BACKEND, filled, same

OPTIMIZERS = (
    "SGD",
    "Momentum",
    "MomentumNesterov",
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
    "RAdam",
    "Lion",
    "RMSprop",
    "Rprop",
    "Adagrad",
    "Adadelta",
)
for _name in OPTIMIZERS:

    @same(f"optim.{_name}: steps")
    def _(d, name=_name):
        w = {"a": bst.ParamState(filled(3, d)), "b": bst.ParamState(filled(2, d))}
        optimizer = getattr(optim, name)(lr=0.1)
        optimizer.register_trainable_weights(w)
        for i in range(3):
            optimizer.update({key: filled(s.value.shape, d, i) for key, s in w.items()})
        return w

    @same(f"optim.{_name}: the model moves after the optimizer is made")
    def _(d, name=_name):
        layer = nn.Linear(3, 2)
        optimizer = getattr(optim, name)(lr=0.1)
        optimizer.register_trainable_weights(layer.states(bst.ParamState))
        layer.to(d)
        grad = T.grad(lambda x: (layer(x) ** 2).sum(), layer.states(bst.ParamState))
        for i in range(3):
            optimizer.update(grad(filled((4, 3), d, i)))
        return dict(layer.states())

    @same(f"optim.{_name}: a step inside jit")
    def _(d, name=_name):
        layer = nn.Linear(3, 2).to(d)
        optimizer = getattr(optim, name)(lr=0.1)
        optimizer.register_trainable_weights(layer.states(bst.ParamState))
        grad = T.grad(lambda x: (layer(x) ** 2).sum(), layer.states(bst.ParamState))
        step = T.jit(lambda x: optimizer.update(grad(x)), backend=BACKEND)
        for i in range(3):
            step(filled((4, 3), d, i))
        return dict(layer.states())

    @same(f"optim.{_name}: a state_dict of another device")
    def _(d, name=_name):
        def make(device):
            w = {"a": bst.ParamState(filled(3, device))}
            optimizer = getattr(optim, name)(lr=0.1)
            optimizer.register_trainable_weights(w)
            optimizer.update({"a": filled(3, device)})
            return w, optimizer

        _, there = make("cuda" if d == "cpu" else "cpu")
        w, here = make(d)
        here.load_state_dict(there.state_dict())
        here.update({"a": filled(3, d, 1)})
        return w


@same("optim: a schedule")
def _(d):
    w = {"a": bst.ParamState(filled(3, d))}
    schedule = optim.StepLR(0.1, step_size=1, gamma=0.5)
    optimizer = optim.Adam(lr=schedule)
    optimizer.register_trainable_weights(w)
    for i in range(3):
        optimizer.update({"a": filled(3, d, i)})
        schedule.step()
    return w
