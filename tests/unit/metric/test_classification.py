"""Losses of classes, against torch's own and closed forms."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import brainstate_torch as B
from brainstate_torch import metric

G = torch.Generator().manual_seed(0)
LOGITS = torch.randn(4, 3, generator=G, dtype=torch.float64)
CLASSES = torch.tensor([0, 2, 1, 2])
ONE_HOT = F.one_hot(CLASSES, 3).double()
SOFT = torch.rand(4, 3, generator=G, dtype=torch.float64).softmax(-1)
SIGNS = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (lambda x: metric.softmax_cross_entropy(x, SOFT), lambda x: F.cross_entropy(x, SOFT, reduction="none")),
        (
            lambda x: metric.softmax_cross_entropy_with_integer_labels(x, CLASSES.int()),
            lambda x: F.cross_entropy(x, CLASSES, reduction="none"),
        ),
        (
            lambda x: metric.sigmoid_binary_cross_entropy(x, SOFT),
            lambda x: F.binary_cross_entropy_with_logits(x, SOFT, reduction="none"),
        ),
        (lambda x: metric.nll_loss(x, CLASSES), lambda x: F.nll_loss(x, CLASSES, reduction="none")),
        (lambda x: metric.kl_divergence(x, SOFT), lambda x: F.kl_div(x, SOFT, reduction="none").sum(-1)),
        (
            lambda x: metric.kl_divergence_with_log_targets(x, SOFT.log()),
            lambda x: F.kl_div(x, SOFT, reduction="none").sum(-1),
        ),
        (
            lambda x: metric.sigmoid_focal_loss(x, ONE_HOT, 0.3, 1.5),
            lambda x: (
                (0.3 * ONE_HOT + 0.7 * (1 - ONE_HOT))
                * (1 - torch.where(ONE_HOT == 1, x.sigmoid(), 1 - x.sigmoid())) ** 1.5
                * F.binary_cross_entropy_with_logits(x, ONE_HOT, reduction="none")
            ),
        ),
        (
            lambda x: metric.multiclass_hinge_loss(x, CLASSES),
            lambda x: (x + 1 - ONE_HOT).max(-1).values - x.gather(1, CLASSES[:, None])[:, 0],
        ),
        (
            lambda x: metric.multiclass_perceptron_loss(x, CLASSES),
            lambda x: x.max(-1).values - x.gather(1, CLASSES[:, None])[:, 0],
        ),
        (lambda x: metric.hinge_loss(x[0], SIGNS), lambda x: F.relu(1 - x[0] * SIGNS)),
        (lambda x: metric.perceptron_loss(x[0], SIGNS), lambda x: F.relu(-x[0] * SIGNS)),
        (lambda x: metric.smooth_labels(x, 0.3), lambda x: 0.7 * x + 0.1),
    ],
)
def test_values_and_gradients_are_those_of_the_definition(got, want):
    torch.testing.assert_close(got(LOGITS), want(LOGITS))
    derived = B.transform.grad(lambda x: got(x).sum())(LOGITS)
    torch.testing.assert_close(derived, torch.func.grad(lambda x: want(x).sum())(LOGITS))


def test_numpy_and_numbers_are_taken_and_maps_agree():
    rows = torch.stack(
        [metric.softmax_cross_entropy_with_integer_labels(x, c) for x, c in zip(LOGITS, CLASSES, strict=True)]
    )
    mapped = B.transform.vmap(metric.softmax_cross_entropy_with_integer_labels)(LOGITS, CLASSES)
    torch.testing.assert_close(mapped, rows)
    got = metric.softmax_cross_entropy_with_integer_labels(LOGITS.float().numpy(), CLASSES.numpy())
    torch.testing.assert_close(got, rows.float())


def test_log_probabilities_of_one_example_and_of_many_places():
    assert metric.nll_loss([-1.0, -2.0], 1) == 2.0
    x = torch.randn(2, 3, 5, generator=G)
    y = torch.randint(3, (2, 5), generator=G)
    torch.testing.assert_close(metric.nll_loss(x, y), F.nll_loss(x, y, reduction="none"))


def test_zero_probabilities_add_nothing_and_have_a_derivative():
    targets = torch.tensor([1.0, 0.0])
    assert metric.kl_divergence(torch.tensor([0.0, -np.inf]).clamp(-50), targets) == 0.0
    slope = B.transform.grad(lambda t: metric.kl_divergence_with_log_targets(torch.zeros(2), t))(
        torch.tensor([0.0, -torch.inf])
    )
    assert torch.isfinite(slope).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: metric.softmax_cross_entropy_with_integer_labels(CLASSES, CLASSES), TypeError,
         "`logits` must be made of floats. Got int64"),
        (lambda: metric.softmax_cross_entropy_with_integer_labels(LOGITS, ONE_HOT), TypeError,
         "`labels` must be made of integers. Got float64"),
        (lambda: metric.nll_loss(LOGITS, CLASSES[:, None, None]), ValueError, "`log_probs` must have one axis more"),
        (lambda: metric.perceptron_loss([1.0], [1.0, 1.0]), ValueError, "`targets` must have the shape"),
        (lambda: metric.smooth_labels(ONE_HOT, 1.5), ValueError, "`alpha` must be between 0 and 1. Got 1.5"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
