"""Lookahead and LBFGS against slow ways: weights that are kept twice, and a matrix in the place of its factors."""

import numpy as np
import pytest
import torch

from brainstate_torch import ParamState, optim

from .stepping import follows


def lookahead(lr, momentum, period, alpha, decay=0.0):
    def rule(x, grad, memory, step):
        slow = memory.setdefault("slow", x)
        memory["buffer"] = momentum * memory.get("buffer", 0.0) + grad + decay * x
        x = x - lr * memory["buffer"]
        if step % period == 0:
            x = memory["slow"] = slow + alpha * (x - slow)
        return x

    return rule


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: optim.Lookahead(optim.SGD(0.1)), lookahead(0.1, 0.0, 5, 0.5)),
        (lambda: optim.Lookahead(optim.Momentum(0.1), 2, 0.3), lookahead(0.1, 0.9, 2, 0.3)),
        (lambda: optim.Lookahead(optim.Momentum(0.3), 3, 0.7, 0.1, 0.2), lookahead(0.1, 0.9, 3, 0.7, 0.2)),
    ],
    ids=["SGD", "Momentum", "numbers"],
)
def test_lookahead_keeps_slow_weights_beside_the_fast_ones(make, rule):
    follows(make, rule, steps=7)


def test_lookahead_clips_as_its_base_does_or_as_it_is_told():
    for arguments, most in (({}, 2.0), ({"grad_clip_norm": 0.5}, 0.5)):
        w = ParamState(torch.zeros(2))
        optimizer = optim.Lookahead(optim.SGD(1.0, grad_clip_norm=2.0), **arguments).register_trainable_weights(w)
        optimizer.update(torch.tensor([30.0, -40.0]))
        assert w.value.tolist() == pytest.approx([-0.6 * most, 0.8 * most])


class Dense:
    """The steps of BFGS with the inverse Hessian as a matrix, made anew from the last changes at each step."""

    def __init__(self, x, lr, memory, scaled=True, most=np.inf):
        self.x, self.lr, self.memory, self.scaled, self.most = x, lr, memory, scaled, most
        self.before, self.pairs = None, []

    def step(self, grad):
        grad = grad * min(1.0, self.most / np.linalg.norm(grad))
        if self.before is not None:
            self.pairs.append((self.x - self.before[0], grad - self.before[1]))
        self.before, pairs = (self.x, grad), self.pairs[-self.memory :]
        inverse = np.eye(len(grad))
        if self.scaled:
            s, y = pairs[-1] if pairs else (None, None)
            inverse = inverse * ((s @ y) / (y @ y) if pairs else min(1.0, 1 / np.linalg.norm(grad)))
        for s, y in pairs:
            turned = np.eye(len(grad)) - np.outer(s, y) / (s @ y)
            inverse = turned @ inverse @ turned.T + np.outer(s, s) / (s @ y)
        self.x = self.x - self.lr * inverse @ grad
        return self.x


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ({}, {"lr": 1.0, "memory": 10}),
        ({"lr": 0.5, "memory_size": 3}, {"lr": 0.5, "memory": 3}),
        ({"lr": 0.5, "memory_size": 1}, {"lr": 0.5, "memory": 1}),
        ({"lr": 0.05, "scale_init_precond": False}, {"lr": 0.05, "memory": 10, "scaled": False}),
        ({"lr": 0.5, "grad_clip_norm": 2.0}, {"lr": 0.5, "memory": 10, "most": 2.0}),
    ],
    ids=["default", "three", "one", "not scaled", "clipped"],
)
@pytest.mark.parametrize("size", [1.0, 0.01])
def test_lbfgs_multiplies_by_the_inverse_hessian_of_bfgs(arguments, options, size):
    curvature = np.array([1.0, 3.0, 10.0, 0.5, 6.0])
    start = size * np.array([1.0, -2.0, 0.5, 3.0, -1.0])
    states = {"a": ParamState(torch.tensor(start[:2])), "b": ParamState(torch.tensor(start[2:]).reshape(3, 1))}
    optimizer, dense = optim.LBFGS(**arguments).register_trainable_weights(states), Dense(start, **options)
    for _ in range(6):
        # A fourth power, so that each change tells another curvature.
        grad = curvature * dense.x + dense.x**3
        optimizer.update({"a": torch.tensor(grad[:2]), "b": torch.tensor(grad[2:]).reshape(3, 1)})
        dense.step(grad)
        found = np.concatenate([states["a"].value.numpy(), states["b"].value.numpy()[:, 0]])
        np.testing.assert_allclose(found, dense.x, rtol=1e-8, atol=1e-10)


def test_lbfgs_stays_at_the_minimum():
    w = ParamState(torch.zeros(2, dtype=torch.float64))
    optimizer = optim.LBFGS().register_trainable_weights(w)
    for _ in range(3):
        optimizer.update(torch.zeros(2, dtype=torch.float64))
    assert w.value.tolist() == [0.0, 0.0]
