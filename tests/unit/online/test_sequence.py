"""etrace_grad and etrace_evolve."""

import pytest
import torch

import brainstate_torch as bst

from .models import Diagonal, I, assert_same, bptt, draw, loss

nn, on = bst.nn, bst.online


@pytest.fixture
def learner():
    with bst.environ.context(precision=64):
        yield on.compile(Diagonal(), "d_rtrl", draw(I))


xs = draw(4, I)


def test_the_mean_and_the_mask_are_those_of_the_losses(learner):
    model, mask = learner.model4compile, torch.tensor([0.0, 1.0, 0.5, 0.0], dtype=torch.float64)
    found, losses = learner.etrace_grad(xs, step_fn=lambda x: loss(learner(x)), mask=mask, return_value=True)
    bst.nn.init_all_states(model)
    weights = learner.param_states
    expected = bst.transform.grad(lambda: sum(a * loss(model(x)) for a, x in zip(mask, xs, strict=True)) / 1.5, weights)
    assert_same(found, expected())
    assert losses.shape == (4,)


@pytest.mark.parametrize(("output", "value"), [("per_step", [1.0, 2.0]), ("masked", [0.0, 2.0]), ("scalar", 2.0)])
def test_losses_come_as_asked(learner, output, value):
    def step(x, a):
        return learner(x).sum() * 0 + a, a + 1

    _, losses, aux = learner.etrace_grad(
        xs[:2],
        torch.tensor([1.0, 2.0]).double(),
        step_fn=step,
        mask=[0.0, 1.0],
        loss_output=output,
        has_aux=True,
        return_value=True,
    )
    assert losses.tolist() == value and aux.tolist() == [2.0, 3.0]


def test_chosen_weights_alone_are_differentiated(learner):
    a = learner.model4compile.a
    found = learner.etrace_grad(xs, step_fn=lambda x: loss(learner(x)), weights=a, reduction="sum")
    expected = bptt(learner.model4compile, xs, a)
    torch.testing.assert_close(found, expected)


def test_a_run_without_gradient_is_that_of_the_model(learner):
    model = learner.model4compile
    found = learner.etrace_evolve(xs, return_outputs=True)
    traces = [x for trace in learner.traces.values() for x in trace.value]
    bst.nn.init_all_states(model)
    torch.testing.assert_close(found, torch.stack([model(x) for x in xs]))
    assert any((x != 0).any() for x in traces)
    assert on.compile(model, "d_rtrl", xs[0]).etrace_evolve(xs) is None


def test_what_is_given_is_checked(learner):
    def step(x):
        return loss(learner(x))

    for options, match in (
        ({"reduction": "max"}, "`reduction` must be one of 'mean', 'sum'. Got 'max'"),
        ({"loss_output": "all"}, "`loss_output` must be one of"),
        ({"mask": torch.ones(3)}, r"one number for each of 4 steps. Got shape \[3\]"),
        ({"step_fn": lambda x: learner(x)}, r"scalar loss. Got shape \[2\]"),
    ):
        with pytest.raises(ValueError, match=match):
            learner.etrace_grad(xs, **{"step_fn": step, **options})
    for sequences in ((), (xs, xs[:2]), (torch.ones(()),), (xs[:0],)):
        with pytest.raises(ValueError, match="one leading axis of a common length"):
            learner.etrace_grad(*sequences, step_fn=step)
        with pytest.raises(ValueError, match="one leading axis of a common length"):
            learner.etrace_evolve(*sequences)
