"""Precision, recall and F1 by counting."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import nn

SCORES = [nn.PrecisionMetric, nn.RecallMetric, nn.F1ScoreMetric]
scores = pytest.mark.parametrize("kind", SCORES)
G = torch.Generator().manual_seed(3)
PREDICTIONS, LABELS = torch.randint(0, 3, (2, 20), generator=G), torch.randint(0, 3, (2, 20), generator=G)


def counted(kind, c):
    """The score of one class, and how many labels it has."""
    pairs = list(zip(PREDICTIONS.flatten().tolist(), LABELS.flatten().tolist(), strict=True))
    hits = sum(p == y == c for p, y in pairs)
    predicted, true = sum(p == c for p, _ in pairs), sum(y == c for _, y in pairs)
    whole = {nn.PrecisionMetric: predicted, nn.RecallMetric: true, nn.F1ScoreMetric: (predicted + true) / 2}[kind]
    return (hits / whole if whole else 0.0), true


@scores
@pytest.mark.parametrize("average", ["macro", "weighted", "micro"])
@pytest.mark.parametrize("classes", [3, 4])
def test_averages_over_classes(kind, average, classes):
    metric = kind(classes, average)
    for predictions, labels in zip(PREDICTIONS, LABELS, strict=True):
        metric.update(predictions=predictions, labels=labels, other=1)
    each = [counted(kind, c) for c in range(classes)]
    expected = {
        "macro": sum(score for score, _ in each) / classes,
        "weighted": sum(score * true for score, true in each) / sum(true for _, true in each),
        "micro": (PREDICTIONS == LABELS).float().mean().item(),
    }
    assert metric.compute().item() == pytest.approx(expected[average], rel=1e-6)


@scores
def test_two_classes_give_the_score_of_class_one(kind):
    metric = kind()
    predictions, labels = PREDICTIONS.clamp(max=1), LABELS.clamp(max=1)
    metric.update(predictions=predictions, labels=labels)
    hits = (predictions & labels).sum()
    whole = {nn.PrecisionMetric: predictions.sum(), nn.RecallMetric: labels.sum()}
    assert torch.allclose(metric.compute(), hits / whole.get(kind, (predictions.sum() + labels.sum()) / 2))
    flags = kind()
    flags.update(predictions=predictions.bool(), labels=labels.bool())
    assert flags.compute() == metric.compute()


@scores
@pytest.mark.parametrize("arguments", [(), (3, "macro"), (3, "micro"), (3, "weighted")])
def test_the_score_of_nothing_is_zero(kind, arguments):
    metric = kind(*arguments)
    assert metric.compute() == 0.0
    metric.update(predictions=LABELS[0], labels=LABELS[0])
    assert metric.compute() == 1.0
    metric.reset()
    assert metric.compute() == 0.0


@scores
def test_classes_out_of_range_count_nowhere(kind):
    metric = kind(2, "micro")
    metric.update(predictions=torch.tensor([0, 1, 7]), labels=torch.tensor([0, 1, -1]))
    assert metric.compute() == 1.0


def test_counts_are_integers_of_32_bit():
    metric = nn.PrecisionMetric(3)
    metric.update(predictions=LABELS[0], labels=LABELS[0])
    assert metric.support.value.tolist() == LABELS[0].bincount(minlength=3).tolist()
    assert {metric.true_positives.value.dtype, metric.support.value.dtype} == {torch.int32}
    assert not hasattr(nn.PrecisionMetric(), "support")


@scores
def test_scores_in_a_loop_and_in_lanes(kind):
    looped, called = kind(3), kind(3)
    step = lambda p, y: looped.update(predictions=p, labels=y)
    brainstate.transform.for_loop(step, PREDICTIONS, LABELS)
    called.update(predictions=PREDICTIONS, labels=LABELS)
    assert looped.compute() == called.compute()


@scores
def test_wrong_arguments_are_refused(kind):
    with pytest.raises(ValueError, match="`average` must be one of 'micro', 'macro', 'weighted'. Got 'Macro'"):
        kind(3, "Macro")
    metric = kind(3)
    with pytest.raises(ValueError, match=r"`predictions` must have the shape of `labels`. Got \(20,\) and \(1,\)"):
        metric.update(predictions=PREDICTIONS[0], labels=LABELS[0, :1])
    assert metric.compute() == 0.0
