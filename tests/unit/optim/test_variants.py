"""Yogi, AdaBelief, Novograd, SM3 and Adafactor against their papers' rules, written out."""

import functools

import numpy as np
import pytest
import torch

from brainstate_torch import optim

from .stepping import follows, mean_of


def yogi(lr, betas, eps, decay):
    def rule(x, grad, memory, step):
        grad = grad + decay * x
        mean = mean_of(memory, "mean", grad, betas[0], 1e-6)
        before = memory.get("square", 1e-6)
        memory["square"] = before - (1 - betas[1]) * np.sign(before - grad**2) * grad**2
        root = np.sqrt(memory["square"] / (1 - betas[1] ** step)) + eps
        return x - lr * mean / (1 - betas[0] ** step) / root

    return rule


def adabelief(lr, betas, eps, decay):
    def rule(x, grad, memory, step):
        grad = grad + decay * x
        mean = mean_of(memory, "mean", grad, betas[0])
        memory["square"] = betas[1] * memory.get("square", 0.0) + (1 - betas[1]) * (grad - mean) ** 2 + 1e-16
        root = np.sqrt(memory["square"] / (1 - betas[1] ** step)) + eps
        return x - lr * mean / (1 - betas[0] ** step) / root

    return rule


def novograd(lr, betas, eps, decay):
    def rule(x, grad, memory, step):
        power = (grad**2).sum()
        memory["square"] = power if step == 1 else betas[1] * memory["square"] + (1 - betas[1]) * power
        along = grad / (np.sqrt(memory["square"]) + eps) + decay * x
        memory["mean"] = betas[0] * memory.get("mean", 0.0) + along
        return x - lr * memory["mean"]

    return rule


def sm3(lr, momentum, eps, decay):
    def rule(x, grad, memory, step):
        # A number is a vector of one.
        grad = np.atleast_1d(grad + decay * x)
        bounds = memory.setdefault("bounds", [np.zeros(n) for n in grad.shape])
        # What is remembered of a place is the least of what its row, its column and so on have seen.
        total = grad**2 + functools.reduce(np.minimum, np.ix_(*bounds))
        for axis in range(grad.ndim):
            bounds[axis] = total.max(axis=tuple(i for i in range(grad.ndim) if i != axis))
        mean = mean_of(memory, "mean", grad / np.sqrt(total + eps), momentum)
        return x - lr * mean.reshape(x.shape)

    return rule


def adafactor(lr, eps, rate, decay):
    def rule(x, grad, memory, step):
        kept = 1 - step**-rate
        if x.ndim < 2:
            return x - lr * (grad / np.sqrt(mean_of(memory, "square", grad**2 + eps, kept)) + decay * x)
        row = mean_of(memory, "row", (grad**2 + eps).mean(1), kept)
        column = mean_of(memory, "column", (grad**2 + eps).mean(0), kept)
        # The sum of either is that of all squares, up to the number of rows or columns.
        square = np.outer(row, column) / row.mean()
        return x - lr * (grad / np.sqrt(square) + decay * x)

    return rule


def whole(lr, eps, rate):
    def rule(x, grad, memory, step):
        return x - lr * grad / np.sqrt(mean_of(memory, "square", grad**2 + eps, 1 - step**-rate))

    return rule


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: optim.Yogi(0.1), yogi(0.1, (0.9, 0.999), 1e-3, 0.0)),
        (lambda: optim.Yogi(0.1, (0.7, 0.2), 0.1, 0.3), yogi(0.1, (0.7, 0.2), 0.1, 0.3)),
        (lambda: optim.AdaBelief(0.1, eps=1e-8), adabelief(0.1, (0.9, 0.999), 1e-8, 0.0)),
        (lambda: optim.AdaBelief(0.1, (0.7, 0.8), 0.1, 0.3), adabelief(0.1, (0.7, 0.8), 0.1, 0.3)),
        (lambda: optim.Novograd(0.1), novograd(0.1, (0.9, 0.999), 1e-8, 0.0)),
        (lambda: optim.Novograd(0.1, (0.7, 0.3), 0.1, 0.3), novograd(0.1, (0.7, 0.3), 0.1, 0.3)),
        (lambda: optim.SM3(0.1), sm3(0.1, 0.9, 1e-8, 0.0)),
        (lambda: optim.SM3(0.2, 0.4, 0.1, 0.3), sm3(0.2, 0.4, 0.1, 0.3)),
        (lambda: optim.Adafactor(0.1), whole(0.1, 1e-30, 0.8)),
        (lambda: optim.Adafactor(0.1, (0.1, 0.0), decay_rate=0.5), whole(0.1, 0.1, 0.5)),
    ],
    ids=["Yogi", "Yogi numbers", "AdaBelief", "AdaBelief numbers", "Novograd", "Novograd numbers"]
    + ["SM3", "SM3 numbers", "Adafactor", "Adafactor numbers"],
)
def test_every_step_follows_the_rule(make, rule):
    follows(make, rule)


#: Both orders of the two long axes; one of them is too short to be factored by half.
LARGE = {"wide": (128, 131), "high": (130, 128), "bias": (128,)}


@pytest.mark.parametrize("arguments", [{}, {"eps": (0.1, 0.0), "decay_rate": 0.6, "weight_decay": 0.2}])
def test_a_large_matrix_is_a_row_times_a_column(arguments):
    eps, rate = arguments.get("eps", (1e-30,))[0], arguments.get("decay_rate", 0.8)
    rule = adafactor(0.1, eps, rate, arguments.get("weight_decay", 0.0))
    follows(lambda: optim.Adafactor(0.1, **arguments), rule, LARGE, steps=4)


def test_a_matrix_with_less_than_128_rows_or_one_that_must_not_be_factored_is_whole():
    follows(lambda: optim.Adafactor(0.1), whole(0.1, 1e-30, 0.8), {"narrow": (127, 200)}, steps=3)
    follows(lambda: optim.Adafactor(0.1, factored=False), whole(0.1, 1e-30, 0.8), {"large": (128, 128)}, steps=3)


def test_what_is_not_needed_takes_one_number():
    small = optim.Adafactor().first

    assert [small(name, torch.zeros(3, 2)).shape for name in ("square", "row", "column")] == [(3, 2), (1,), (1,)]
    large = [small(name, torch.zeros(128, 2, 140)).shape for name in ("square", "row", "column")]
    assert large == [(1,), (128, 2), (2, 140)]
