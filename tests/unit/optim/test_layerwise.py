"""Lamb, Lars and Fromage against their papers' rules, written out."""

import numpy as np
import pytest
import torch

from brainstate_torch import ParamState, optim

from .stepping import follows, mean_of

norm = np.linalg.norm


def lamb(lr, betas, eps, decay):
    def rule(x, grad, memory, step):
        mean = mean_of(memory, "mean", grad, betas[0]) / (1 - betas[0] ** step)
        square = mean_of(memory, "square", grad**2, betas[1]) / (1 - betas[1] ** step)
        along = mean / (np.sqrt(square) + eps) + decay * x
        return x - lr * norm(x) / norm(along) * along

    return rule


def lars(lr, momentum, decay, trust, eps):
    def rule(x, grad, memory, step):
        grad = grad + decay * x
        memory["buffer"] = grad * trust * norm(x) / (norm(grad) + eps) + momentum * memory.get("buffer", 0.0)
        return x - lr * memory["buffer"]

    return rule


def fromage(lr):
    return lambda x, grad, memory, step: (x - lr * grad * norm(x) / norm(grad)) / np.sqrt(1 + lr**2)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: optim.Lamb(0.1), lamb(0.1, (0.9, 0.999), 1e-6, 0.0)),
        (lambda: optim.Lamb(0.2, (0.7, 0.8), 0.1, 0.3), lamb(0.2, (0.7, 0.8), 0.1, 0.3)),
        (lambda: optim.Lars(), lars(1.0, 0.9, 0.0, 0.001, 1e-8)),
        (lambda: optim.Lars(0.5, 0.6, 0.3, 0.2, 0.1), lars(0.5, 0.6, 0.3, 0.2, 0.1)),
        (lambda: optim.Fromage(0.3), fromage(0.3)),
    ],
    ids=["Lamb", "Lamb numbers", "Lars", "Lars numbers", "Fromage"],
)
def test_every_step_follows_the_rule(make, rule):
    follows(make, rule)


@pytest.mark.parametrize("make", [lambda: optim.Lamb(0.1, eps=0.0), lambda: optim.Lars(0.1, eps=0.0)])
def test_a_weight_of_zeros_moves_by_the_rate(make):
    w = ParamState(torch.zeros(2, dtype=torch.float64))
    make().register_trainable_weights(w).update(torch.tensor([1.0, -1.0], dtype=torch.float64))
    assert w.value.tolist() == pytest.approx([-0.1, 0.1], rel=1e-12)


def test_a_gradient_of_zeros_leaves_the_weight():
    for make in (lambda: optim.Lamb(0.1), lambda: optim.Lars(0.1)):
        w = ParamState(torch.tensor([3.0, 4.0]))
        make().register_trainable_weights(w).update(torch.zeros(2))
        assert w.value.tolist() == [3.0, 4.0]


def test_fromage_moves_a_weight_of_zeros_by_a_part_of_the_least_norm():
    w = ParamState(torch.zeros(2, dtype=torch.float64))
    optim.Fromage(0.75).register_trainable_weights(w).update(torch.tensor([3.0, 4.0], dtype=torch.float64))
    # 1e-6 / 5 of the gradient, and 1.25 is the root of 1 + 0.75 ** 2.
    assert w.value.tolist() == pytest.approx([-0.75 * 3e-6 / 5 / 1.25, -0.75 * 4e-6 / 5 / 1.25], rel=1e-9)


def test_momentum_of_fromage_is_said_to_do_nothing():
    with pytest.warns(UserWarning, match="`momentum` has no effect on Fromage. Got 0.9"):
        optim.Fromage(momentum=0.9)
