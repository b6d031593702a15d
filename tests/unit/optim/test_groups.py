"""Groups of weights: learning rates and options of their own."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import optim, transform
from brainstate_torch import units as u
from brainstate_torch.optim import SGD, Adam, ExponentialLR, ReduceLROnPlateau, SequentialLR, StepLR

F64 = torch.float64


def weights(*names):
    return {name: brainstate.ParamState(torch.linspace(-1, 1, 3, dtype=F64) + i) for i, name in enumerate(names)}


def gradients(states, step):
    return {name: torch.cos(state.value * (step + 1)) for name, state in states.items()}


@pytest.mark.parametrize(
    ("name", "options", "of_group"),
    [
        ("SGD", {}, {"weight_decay": 0.1}),
        ("SGD", {"momentum": 0.9}, {"momentum": 0.5}),
        ("Adam", {}, {"lr": 0.02, "betas": (0.5, 0.9)}),
        ("AdamW", {"weight_decay": 0.1}, {"weight_decay": 0.0, "lr": 0.1}),
        ("RMSprop", {}, {"lr": 0.05, "alpha": 0.5}),
        ("Adagrad", {}, {"lr": 0.05}),
        ("Nadam", {}, {"lr": 0.05}),
        ("RAdam", {}, {"lr": 0.05}),
        ("Adamax", {}, {"lr": 0.05, "eps": 1e-3}),
    ],
)
def test_groups_move_as_those_of_torch(name, options, of_group):
    states = weights("a", "b", "c")
    own = {k: v for k, v in states.items() if k != "b"}
    ours = getattr(optim, name)(lr=0.01, **options).register_trainable_weights(own)
    ours.add_param_group({"b": states["b"]}, **of_group)
    parameters = {k: torch.nn.Parameter(v.value.clone()) for k, v in states.items()}
    groups = [{"params": [parameters["a"], parameters["c"]]}, {"params": [parameters["b"]], **of_group}]
    theirs = getattr(torch.optim, {"Nadam": "NAdam"}.get(name, name))(groups, lr=0.01, **options)
    step = transform.jit(lambda grads: ours.update(grads), backend="replay")
    for i in range(4):
        found = gradients(states, i)
        for parameter in parameters.values():
            parameter.grad = torch.cos(parameter.detach() * (i + 1))
        theirs.step()
        step(found) if i % 2 else ours.update(found)
        for key, parameter in parameters.items():
            torch.testing.assert_close(states[key].value, parameter.detach(), msg=f"{key} at {i}")


@pytest.mark.parametrize(("base", "options"), [(0.1, {"lr": 0.3, "weight_decay": 0.01}), ([0.1, 0.05], {})])
def test_groups_of_adam_are_those_of_braintools(base, options):
    braintools, jax_side = pytest.importorskip("braintools"), pytest.importorskip("brainstate")
    start = {"a": np.float32([1, 2, 3]), "b": np.float32([0.5, -1, 2])}
    theirs = {k: jax_side.ParamState(x) for k, x in start.items()}
    ours = {k: brainstate.ParamState(torch.tensor(x)) for k, x in start.items()}
    optimizers = []
    for states, of in ((theirs, braintools.optim), (ours, optim)):
        optimizer = of.Adam(lr=of.StepLR(base, step_size=1, gamma=0.5))
        optimizer.register_trainable_weights({"a": states["a"]})
        optimizer.add_param_group({"b": states["b"]}, **options)
        optimizer.lr.step()  # Before it braintools' second group has the first rate of a list.
        optimizers.append(optimizer)
    for i in range(4):
        grads = {k: np.sin(x + i).astype(np.float32) for k, x in start.items()}
        optimizers[0].update(grads)
        optimizers[1].update({k: torch.tensor(x) for k, x in grads.items()})
        for optimizer in optimizers:
            optimizer.lr.step()
        rates = [
            [float(getattr(group["lr"], "value", group["lr"])) for group in optimizer.param_groups]
            for optimizer in optimizers
        ]
        np.testing.assert_allclose(rates[1], rates[0], rtol=1e-6)
        for key in start:
            np.testing.assert_allclose(
                ours[key].value, theirs[key].value, rtol=2e-5, atol=1e-5, err_msg=f"{key} at {i}"
            )


def test_a_registered_state_goes_into_its_group_and_the_rest_keeps_its_moments():
    states = weights("a", "b", "c")
    optimizer = SGD(lr=1.0, momentum=0.5).register_trainable_weights(states)
    grads = {key: torch.ones(3, dtype=F64) for key in states}
    optimizer.update(grads)
    optimizer.add_param_group({"other name": states["a"]}, lr=0.1)
    assert list(optimizer.param_groups[1]["params"]) == ["a"]
    assert sorted(optimizer.param_groups[0]["params"]) == ["b", "c"]
    assert sorted(optimizer.param_states) == ["a", "b", "c"]
    before = {key: state.value for key, state in states.items()}
    optimizer.update(grads)
    moved = {key: float((before[key] - state.value)[0]) for key, state in states.items()}
    assert moved == pytest.approx({"a": 0.1, "b": 1.5, "c": 1.5})


def test_rates_and_options_are_read_and_assigned():
    states = weights("a", "b")
    optimizer = Adam(lr=0.1).register_trainable_weights({"a": states["a"]})
    optimizer.add_param_group({"b": states["b"]}, weight_decay=0.5)
    first, second = optimizer.param_groups
    assert (float(first["lr"]), second["lr"].value, second["weight_decay"], first["weight_decay"]) == (0.1, 0.1, 0.5, 0)
    first["lr"].value = 0.2
    second["lr"], second["weight_decay"] = 0.4, 0.0
    assert [float(x) for x in optimizer.get_last_lr()] == [0.2, 0.4]
    assert optimizer.param_groups[1]["weight_decay"] == 0.0
    with pytest.raises(ValueError, match="`weight_decay` must be zero or positive"):
        second["weight_decay"] = -1.0
    with pytest.raises(KeyError, match="a group of weights has the entries params, "):
        second["params"] = {}
    assert SGD().param_groups == []


def test_a_schedule_with_a_rate_for_each_group():
    states = weights("a", "b", "c")
    optimizer = SGD(lr=ExponentialLR([1.0, 0.5], gamma=0.5)).register_trainable_weights({"a": states["a"]})
    optimizer.add_param_group({"b": states["b"]})
    optimizer.add_param_group({"c": states["c"]}, lr=StepLR(8.0, step_size=1, gamma=0.25))
    optimizer.lr.step()
    optimizer.param_groups[2]["lr"].value = 3.0
    assert [float(x) for x in optimizer.get_last_lr()] == [0.5, 0.25, 3.0]
    optimizer.lr_apply(lambda lr: lr * 10)
    assert [float(x) for x in optimizer.get_last_lr()] == [5.0, 2.5, 3.0]
    with pytest.raises(ValueError, match="`lr` must have a learning rate for each of the 2 groups"):
        optimizer.lr = 0.1
    optimizer.lr = ExponentialLR([0.1, 0.2], gamma=1.0)
    assert [float(x) for x in optimizer.get_last_lr()] == [0.1, 0.2, 3.0]


def test_schedules_of_several_rates():
    plateau = ReduceLROnPlateau([1.0, 0.1], factor=0.5, patience=0, min_lr=[0.0, 0.08])
    for _ in range(2):
        plateau.step(1.0)
    assert [float(x) for x in plateau.get_last_lr()] == [0.5, 0.08]
    again = ReduceLROnPlateau([3.0, 3.0], factor=0.5, patience=0, min_lr=[0.0, 0.08])
    again.load_state_dict(plateau.state_dict())
    assert [float(x) for x in again.get_last_lr()] == [0.5, 0.08] and again.base_lrs == [1.0, 0.1]
    with pytest.raises(ValueError, match="`base_lr` must be 1 numbers, one for each group"):
        StepLR(0.1).load_state_dict(StepLR([0.1, 0.2]).state_dict())
    with pytest.raises(ValueError, match="Got an empty list"):
        StepLR([])
    with pytest.raises(ValueError, match="must each have one learning rate"):
        SequentialLR([StepLR([1.0, 2.0]), StepLR(1.0)], [3])
    with pytest.raises(u.UnitMismatchError, match="`base_lr` must have the dimension"):
        StepLR([1.0 * u.mV, 1.0])
    assert StepLR([1.0 * u.mV, 1.0 * u.uV]).base_lrs[1].to_decimal(u.uV) == pytest.approx(1.0)


def test_what_is_saved_holds_the_groups():
    def made():
        states = weights("a", "b")
        optimizer = Adam(lr=0.1).register_trainable_weights({"a": states["a"]})
        optimizer.add_param_group({"b": states["b"]}, lr=0.3)
        return states, optimizer

    states, optimizer = made()
    optimizer.update(gradients(states, 0))
    others, other = made()
    other.load_state_dict(optimizer.state_dict())
    for key in states:
        others[key].value = states[key].value
    for some, it in ((states, optimizer), (others, other)):
        it.update(gradients(some, 1))
    for key in states:
        assert torch.equal(states[key].value, others[key].value)
    with pytest.raises(ValueError, match="must have as many added groups of weights as the optimizer, 0. Got 1"):
        Adam(lr=0.1).register_trainable_weights(weights("a")).load_state_dict(optimizer.state_dict())
    broken = optimizer.state_dict()
    broken["groups"][0]["step_count"] = 2.5
    before = other.step_count.value
    with pytest.raises(ValueError, match="`step_count` must be a whole number"):
        other.load_state_dict(broken)
    assert other.step_count.value == before


def test_a_schedule_of_torch_sets_the_rate_of_each_group():
    states = weights("a", "b")
    optimizer = SGD(lr=1.0).register_trainable_weights({"a": states["a"]})
    optimizer.add_param_group({"b": states["b"]}, lr=0.2)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer.for_torch(), 1, gamma=0.5)
    schedule.step()
    assert [float(x) for x in optimizer.get_last_lr()] == [0.5, 0.1]


@pytest.mark.parametrize("name", sorted(n for n in optim.__all__ if isinstance(getattr(optim, n), type)))
def test_every_optimizer_takes_a_group(name):
    kind = getattr(optim, name)
    if not issubclass(kind, optim.Optimizer) or kind is optim.Optimizer:
        pytest.skip("no optimizer")
    states = weights("a", "b")
    optimizer = kind(SGD(0.1)) if name == "Lookahead" else kind(lr=0.1)
    optimizer.register_trainable_weights({"a": states["a"]})
    # Rprop's steps have a length of their own.
    optimizer.add_param_group({"b": states["b"]}, lr=0.0, **({"step_sizes": (0.0, 0.0)} if name == "Rprop" else {}))
    before = {key: state.value for key, state in states.items()}
    for i in range(3):
        optimizer.update(gradients(states, i))
    assert not torch.equal(states["a"].value, before["a"])
    torch.testing.assert_close(states["b"].value, before["b"])


@pytest.mark.parametrize(
    ("params", "options", "error", "text"),
    [
        (lambda s: s["b"], {}, TypeError, "`params` must be a dict of States. Got ParamState"),
        (lambda s: {"b": 1.0}, {}, TypeError, "must be a State or a dict"),
        (lambda s: {"a": s["b"]}, {}, ValueError, "registered for another State"),
        (lambda s: {"b": s["b"]}, {"lr": -1.0}, ValueError, "`lr` must be zero or positive"),
        (lambda s: {"b": s["b"]}, {"momentum": -1.0}, ValueError, "`momentum`"),
        (lambda s: {"b": s["b"]}, {"learning_rate": 1.0}, TypeError, "must have options among lr, momentum"),
        (lambda s: {"b": s["n"]["x"]}, {}, ValueError, "Got a part of 'n'"),
    ],
    ids=range(7),
)
def test_wrong_groups_change_nothing(params, options, error, text):
    states = weights("a", "b")
    nested = weights("x", "y")
    optimizer = SGD(lr=0.1).register_trainable_weights({"a": states["a"], "n": nested})
    with pytest.raises(error, match=text):
        optimizer.add_param_group(params({**states, "n": nested}), **options)
    assert len(optimizer.param_groups) == 1 and set(optimizer.param_states) == {"a", "n"}


def test_groups_need_weights_and_gradients_for_all():
    states = weights("a", "b")
    with pytest.raises(ValueError, match="`register_trainable_weights` must be called with a dict"):
        SGD().add_param_group(states)
    optimizer = SGD(lr=0.1).register_trainable_weights({"a": states["a"]})
    optimizer.add_param_group({"b": states["b"]})
    before = states["a"].value
    with pytest.raises(ValueError, match="`grads` must have the structure of the registered weights"):
        optimizer.update({"a": torch.ones(3, dtype=F64)})
    with pytest.raises(ValueError, match="shape"):
        optimizer.update({"a": torch.ones(3, dtype=F64), "b": torch.ones(2, dtype=F64)})
    assert torch.equal(states["a"].value, before) and optimizer.step_count.value == 0
