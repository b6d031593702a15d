"""brainstate_torch.optim.saved: a state that does not fit changes nothing."""

import copy

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, graph, optim


def trained(kind=optim.Adam, unit=None):
    w = ParamState(torch.ones(2) if unit is None else torch.ones(2) * unit)
    optimizer = kind(optim.ExponentialLR(0.1, gamma=0.5)).register_trainable_weights({"w": w})
    for _ in range(3):
        optimizer.update({"w": torch.ones(2)})
        optimizer.lr.step()
    return optimizer


def everything(optimizer):
    values = {path: state.value for path, state in graph.states(optimizer).items()}
    return copy.deepcopy(values), optimizer.lr._bases


def changed(saved, **entries):
    return {**saved, **entries}


WRONG = {
    "a missing count": lambda s: {k: v for k, v in s.items() if k != "step_count"},
    "a missing schedule": lambda s: {k: v for k, v in s.items() if k != "lr_scheduler"},
    "a count of 2.5": lambda s: changed(s, step_count=torch.tensor(2.5)),
    "a count that is negative": lambda s: changed(s, step_count=-1),
    "a count that is a bool": lambda s: changed(s, step_count=True),
    "a count of shape (3,)": lambda s: changed(s, step_count=torch.tensor([1, 2, 3])),
    "a count that is a string": lambda s: changed(s, step_count="three"),
    "complex moments": lambda s: changed(
        s, opt_state={k: [x.to(torch.complex64) for x in column] for k, column in s["opt_state"].items()}
    ),
    "moments of another shape": lambda s: changed(
        s, opt_state={k: [x[:1] for x in column] for k, column in s["opt_state"].items()}
    ),
    "a moment too few": lambda s: changed(s, opt_state={k: column[:-1] for k, column in s["opt_state"].items()}),
    "other moments": lambda s: changed(s, opt_state={"mean": s["opt_state"]["mean"]}),
    "other units": lambda s: changed(s, units=["mV"]),
    "another kind": lambda s: changed(s, kind="RAdam"),
    "an epoch of 1.5": lambda s: changed(s, lr_scheduler=changed(s["lr_scheduler"], last_epoch=1.5)),
    "a rate with a unit": lambda s: changed(s, lr_scheduler=changed(s["lr_scheduler"], unit="mV")),
    "a rate that is complex": lambda s: changed(s, lr_scheduler=changed(s["lr_scheduler"], current_lr=1j)),
    "a schedule without a rate": lambda s: changed(s, lr_scheduler={"last_epoch": 1}),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(wrong):
    optimizer = trained()
    saved = WRONG[wrong](optimizer.state_dict())
    optimizer.update({"w": torch.ones(2)})
    optimizer.lr.step()
    before = everything(optimizer)
    with pytest.raises((ValueError, TypeError), match=r"must .*Got"):
        optimizer.load_state_dict(saved)
    torch.testing.assert_close(everything(optimizer), before, rtol=0, atol=0)


def test_the_state_of_adam_does_not_go_into_radam():
    with pytest.raises(ValueError, match=r"must be that of a RAdam. Got one of Adam"):
        trained(optim.RAdam).load_state_dict(trained(optim.Adam).state_dict())


def test_a_hook_that_raises_in_a_load_leaves_everything_as_it_was():
    optimizer = trained()
    saved = optimizer.state_dict()
    optimizer.update({"w": torch.ones(2)})
    before = everything(optimizer)

    def refuse(context):
        raise RuntimeError("not now")

    optimizer.lr.last_epoch.register_hook("write_before", refuse)
    optimizer.lr.last_epoch.hooks.config.on_error = "raise"
    with pytest.raises(Exception, match="not now"):
        optimizer.load_state_dict(saved)
    torch.testing.assert_close(everything(optimizer), before, rtol=0, atol=0)


def test_what_was_saved_is_taken_over_also_in_other_units_of_the_rate():
    saved = trained().state_dict()
    other = optim.Adam(optim.ExponentialLR(0.7, gamma=0.5)).register_trainable_weights({"w": ParamState(torch.ones(2))})
    other.load_state_dict(saved)
    assert int(other.step_count.value) == 3 and int(other.lr.last_epoch.value) == 3
    assert float(other.current_lr) == pytest.approx(0.1 / 8) and other.base_lr == pytest.approx(0.1)
    with pytest.raises(ValueError, match=r"in the units \['mV'\]"):
        trained(unit=u.mV).load_state_dict(saved)
