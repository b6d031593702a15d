"""ConfusionMatrix."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import nn

PREDICTIONS, LABELS = torch.tensor([[0, 1, 2], [1, 0, 2]]), torch.tensor([[0, 1, 1], [1, 2, 2]])
EXPECTED = [[1, 0, 0], [0, 2, 1], [1, 0, 1]]


def test_rows_are_labels_and_columns_predictions():
    metric = nn.ConfusionMatrix(3)
    metric.update(predictions=PREDICTIONS, labels=LABELS, other=1)
    assert metric.compute().tolist() == EXPECTED and metric.compute().dtype is torch.int32
    metric.update(predictions=PREDICTIONS[0].numpy(), labels=LABELS[0].to(torch.uint8))
    assert metric.compute().sum() == 9
    metric.reset()
    assert metric.compute().tolist() == [[0] * 3] * 3


@pytest.mark.parametrize("wrong", [-1, 3, 100])
def test_classes_out_of_range_are_refused_and_change_nothing(wrong):
    metric = nn.ConfusionMatrix(3)
    good, bad = torch.tensor([0, 1]), torch.tensor([0, wrong])
    for name, classes in (("predictions", (bad, good)), ("labels", (good, bad))):
        with pytest.raises(ValueError, match=rf"`{name}` must be classes in the range \[0, 3\). Got one outside"):
            metric.update(predictions=classes[0], labels=classes[1])
    with pytest.raises(ValueError, match="`predictions` must have the shape of `labels`"):
        metric.update(predictions=good, labels=good[:1])
    assert not metric.compute().any()


def test_where_only_shapes_are_known_the_update_goes_through():
    metric = nn.ConfusionMatrix(3)
    brainstate.transform.eval_shape(lambda p, y: metric.update(predictions=p, labels=y), PREDICTIONS, LABELS)
    assert not metric.compute().any()


def test_loops_and_lanes():
    looped, lanes = nn.ConfusionMatrix(3), nn.ConfusionMatrix(3)
    brainstate.transform.for_loop(lambda p, y: looped.update(predictions=p, labels=y), PREDICTIONS, LABELS)
    assert looped.compute().tolist() == EXPECTED
    step = lambda p, y: lanes.update(predictions=p, labels=y)
    brainstate.transform.vmap(step, out_states={0: lanes.matrix})(PREDICTIONS, LABELS)
    assert lanes.compute().sum(0).tolist() == EXPECTED
