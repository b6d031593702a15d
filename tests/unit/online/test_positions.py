"""Labels: which element of a tensor goes into which element of a hidden state."""

import pytest
import torch

import brainstate_torch as bst
from brainstate_torch.online.positions import Places

from .models import Of, draw

x = torch.ones(4, dtype=torch.float64)


def labels_of_weight(current, weight, shape=(4,)):
    model = Of(current, shape, p=bst.ParamState(weight))
    learner = bst.online.compile(model, "D_RTRL", x)
    (relation,) = learner.graph.relations
    return learner.graph.labels[relation.node].tolist()


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (lambda m, x: m.p.value * x, [0, 1, 2, 3]),
        (lambda m, x: (m.p.value * x).flip(0), [3, 2, 1, 0]),
        (lambda m, x: torch.roll(m.p.value * x, 1), [1, 2, 3, 0]),
        (lambda m, x: (m.p.value * x)[torch.tensor([2, 0, 1, 3])], [1, 2, 0, 3]),
        (lambda m, x: torch.nn.functional.pad((m.p.value * x)[1:3], (1, 1)), [-1, 1, 2, -1]),
        (lambda m, x: torch.cat([(m.p.value * x)[2:], x[:2]]), [-1, -1, 0, 1]),
        (lambda m, x: (m.p.value * x).reshape(2, 2).mT.reshape(4), [0, 2, 1, 3]),
        (lambda m, x: torch.zeros_like(x).index_add(0, torch.tensor([0, 0, 3, 1]), m.p.value * x), [0, 0, 3, 1]),
        (lambda m, x: torch.stack([y.sum() for y in (m.p.value * x).split(1)]), [0, 1, 2, 3]),
    ],
    ids=["same", "flip", "roll", "index", "pad", "cat", "transpose", "add", "split"],
)
def test_labels_follow_an_operation_that_rearranges(current, expected):
    assert labels_of_weight(current, draw(4)) == expected


@pytest.mark.parametrize(
    "current",
    [
        lambda m, x: (m.p.value[:1] * x[:1]).expand(4),
        lambda m, x: torch.softmax(m.p.value * x, 0),
        lambda m, x: torch.cumsum(m.p.value * x, 0),
        lambda m, x: (m.p.value * x)[torch.tensor([0, 0, 1, 2])],
    ],
    ids=["expand", "softmax", "cumsum", "index twice"],
)
def test_an_operation_by_which_an_element_reaches_several_positions_has_no_trace(current):
    model = Of(lambda m, x: m.p.value * x + current(m, x), p=bst.ParamState(draw(4)))
    learner = bst.online.compile(model, "D_RTRL", x)
    (relation,) = learner.graph.relations
    assert relation.node.name == "mul_1"  # the first is the decay of the state


def test_a_hidden_state_that_is_shifted_into_itself_is_not_followed():
    class Shift(Of):
        def update(self, x):
            self.h.value = torch.roll(self.h.value, 1) + self.p.value * x
            return self.h.value

    learner = bst.online.compile(Shift(None, p=bst.ParamState(draw(4))), "D_RTRL", x)
    assert learner.report.cut == {"roll": 1}
    learner(x), learner(x)
    (trace,) = learner.get_etrace_of(("p",)).values()
    torch.testing.assert_close(trace[0], torch.ones(4, 1, dtype=torch.float64))


def test_places_spread_and_gather_are_transposes_of_each_other():
    places = Places(torch.tensor([[2, -1], [0, 2]], device="cpu"), 3, torch.get_default_device())
    a, b = draw(3, 1, 1), draw(2, 2)
    spread = places.spread(a)[..., 0, 0]
    assert spread[0, 1] == 0
    torch.testing.assert_close((spread * b).sum(), (a[:, 0, 0] * places.gathered(b, torch.Size([3]))).sum())
