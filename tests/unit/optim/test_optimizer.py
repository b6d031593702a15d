import copy
import io

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ParamState, State, optim, transform
from brainstate_torch._host.functorch import FakeTensorMode
from brainstate_torch.nn import Linear


def model_and_loss():
    torch.manual_seed(0)
    brainstate.random.seed(0)
    model = brainstate.nn.Sequential(Linear(2, 4), brainstate.nn.Tanh(), Linear(4, 1))
    x = torch.randn(8, 2)
    return model, lambda: ((model(x) - x.sum(1, keepdim=True)) ** 2).mean()


def leaves(states):
    return [x.clone() for state in states.values() for x in brainstate._tree.leaves(state.value)]


def test_a_module_is_trained():
    model, loss = model_and_loss()
    weights = model.states(ParamState)
    optimizer = optim.Adam(lr=0.05)
    assert optimizer.register_trainable_weights(weights) is optimizer
    step = transform.grad(loss, weights, return_value=True)
    losses = []
    for _ in range(60):
        grads, value = step()
        optimizer.update(grads)
        losses.append(float(value))
    assert losses[-1] < 0.02 * losses[0]


def test_an_update_inside_a_transform_is_the_one_outside():
    results = []
    for inside in (False, True):
        model, loss = model_and_loss()
        weights = model.states(ParamState)
        optimizer = optim.Adam(lr=0.05).register_trainable_weights(weights)

        def train(_, weights=weights, loss=loss, optimizer=optimizer):
            grads, value = transform.grad(loss, weights, return_value=True)()
            optimizer.update(grads)
            return value

        epochs = torch.arange(5)
        losses = transform.for_loop(train, epochs) if inside else torch.stack([train(i) for i in epochs])
        results.append([losses, *leaves(weights)])
    for outside, within in zip(*results, strict=True):
        assert torch.equal(outside, within)


def test_a_failure_after_an_update_undoes_it():
    w = ParamState(torch.ones(2))
    optimizer = optim.Adam(lr=0.1).register_trainable_weights({"w": w})

    def step():
        optimizer.update({"w": torch.ones(2)})
        raise RuntimeError("later")

    before = optimizer.opt_state.value
    with pytest.raises(RuntimeError, match="later"):
        transform.for_loop(step, length=1)
    assert w.value.tolist() == [1.0, 1.0]
    assert int(optimizer.step_count.value) == 0
    assert optimizer.opt_state.value["mean"][0] is before["mean"][0]


def test_an_update_is_all_or_nothing():
    a, b = ParamState(torch.ones(2)), ParamState(torch.ones(2))

    def refuse(context):
        raise RuntimeError("no")

    b.hooks.config.on_error = "raise"
    b.register_hook("write_before", refuse)
    optimizer = optim.SGD(lr=0.5, momentum=0.5).register_trainable_weights([a, b])
    with pytest.raises(brainstate.HookExecutionError):
        optimizer.update([torch.ones(2), torch.ones(2)])
    assert a.value.tolist() == b.value.tolist() == [1.0, 1.0]
    assert int(optimizer.step_count.value) == 0
    assert optimizer.opt_state.value["buffer"][0].tolist() == [0.0, 0.0]


def test_an_update_is_traced_over_fake_tensors():
    w = ParamState({"m": torch.ones(2, 3), "s": torch.tensor(1.0)})
    optimizer = optim.Adam(lr=0.1, grad_clip_norm=1.0).register_trainable_weights([w])
    states = [w, optimizer.step_count, optimizer.opt_state, optimizer.lr.current_lrs]
    with FakeTensorMode() as mode:

        def step():
            for state in states:
                state.value = brainstate._tree.map(
                    lambda x: mode.from_tensor(x.as_subclass(torch.Tensor)) if isinstance(x, torch.Tensor) else x,
                    state.value,
                )
            optimizer.update([{"m": torch.ones(2, 3), "s": torch.ones(())}])
            return w.value["m"].sum()

        assert transform.eval_shape(step).shape == ()
    assert w.value["m"].tolist() == torch.ones(2, 3).tolist()


def test_an_update_is_mapped():
    def after(grad):
        w = ParamState(torch.ones(2))
        optimizer = optim.Adam(lr=0.5).register_trainable_weights(w)
        optimizer.update(grad)
        return w.value

    grads = torch.tensor([[1.0, -1.0], [2.0, 0.0]])
    mapped = transform.vmap(after)(grads)
    assert torch.equal(mapped, torch.stack([after(grad) for grad in grads]))


def test_the_parameters_keep_their_identity():
    w = ParamState(torch.ones(2))
    (parameter,) = w.parameters()
    optimizer = optim.SGD(lr=0.5).register_trainable_weights({"w": w})
    optimizer.update({"w": torch.ones(2)})
    assert w.parameters()[0] is parameter and parameter.tolist() == [0.5, 0.5]


def test_an_older_read_keeps_its_numbers():
    w = ParamState(torch.ones(2))
    w.parameters()
    before = w.value
    optim.SGD(lr=0.5).register_trainable_weights(w).update(torch.ones(2))
    assert before.tolist() == [1.0, 1.0]


def test_integers_are_left_alone():
    w = ParamState({"w": torch.ones(1), "n": torch.tensor([3])})
    optimizer = optim.SGD(lr=0.5).register_trainable_weights(w)
    optimizer.update(transform.grad(lambda: w.value["w"].sum(), w, allow_int=True)())
    assert w.value["w"].tolist() == [0.5] and w.value["n"].tolist() == [3]


def test_none_leaves_a_state_alone():
    a, b = ParamState(torch.ones(1)), ParamState(torch.ones(1))
    optimizer = optim.SGD(lr=0.5, momentum=0.5).register_trainable_weights({"a": a, "b": b})
    before = optimizer.opt_state.value["buffer"][0]
    optimizer.update({"a": None, "b": torch.ones(1)})
    assert (a.value.item(), b.value.item()) == (1.0, 0.5)
    assert torch.equal(optimizer.opt_state.value["buffer"][0], before)


def test_dicts_are_added_and_their_order_does_not_matter():
    a, b = ParamState(torch.ones(1)), ParamState(torch.ones(1))
    optimizer = optim.SGD(lr=0.5).register_trainable_weights({"b": b})
    optimizer.register_trainable_weights({"a": a})
    optimizer.step({"a": torch.tensor([1.0]), "b": torch.tensor([2.0])})
    assert (a.value.item(), b.value.item()) == (0.5, 0.0)


def test_a_shared_state_moves_once():
    w = ParamState(torch.ones(1))
    states = {"a": w, "b": w}
    optimizer = optim.SGD(lr=0.25).register_trainable_weights(states)
    optimizer.update(transform.grad(lambda: w.value.sum(), states)())
    assert w.value.item() == 0.75


def test_clipping_by_norm_and_by_value():
    a, b = ParamState(torch.zeros(1)), ParamState(torch.zeros(1))
    grads = [torch.tensor([3.0]), torch.tensor([4.0])]
    optim.SGD(lr=1.0, grad_clip_norm=1.0).register_trainable_weights([a, b]).update(grads)
    assert [a.value.item(), b.value.item()] == pytest.approx([-0.6, -0.8])
    optim.SGD(lr=1.0, grad_clip_norm=100.0, grad_clip_value=3.5).register_trainable_weights([a, b]).update(grads)
    assert [a.value.item(), b.value.item()] == pytest.approx([-3.6, -4.3])


def test_wrong_gradients_are_refused_and_nothing_changes():
    w = ParamState({"w": torch.ones(2)})
    optimizer = optim.Adam().register_trainable_weights({"a": w})
    for grads, error, text in [
        ({}, ValueError, r"`grads` must have the structure of the registered weights. Got \{\}"),
        ({"b": {"w": torch.ones(2)}}, ValueError, r"`grads` must have the structure"),
        ({"a": {"w": torch.ones(2)}, "b": None}, ValueError, r"`grads` must have the structure"),
        ({"a": torch.ones(2)}, ValueError, r"`grads` must have the structure"),
        ({"a": {"w": torch.ones(3)}}, ValueError, r"`grads\['a'\]\['w'\]` must have the shape \(2,\) .* Got \(3,\)"),
        ({"a": {"w": 1.0}}, TypeError, r"`grads\['a'\]\['w'\]` must be a tensor or a quantity. Got float"),
    ]:
        with pytest.raises(error, match=text):
            optimizer.update(grads)
    assert w.value["w"].tolist() == [1.0, 1.0] and int(optimizer.step_count.value) == 0


def test_registering_is_checked():
    optimizer = optim.SGD()
    with pytest.raises(ValueError, match=r"`register_trainable_weights` must be called before `update`"):
        optimizer.update({})
    with pytest.raises(ValueError, match=r"`register_trainable_weights` must be called before `state_dict`"):
        optimizer.state_dict()
    with pytest.raises(ValueError, match=r"`register_trainable_weights` must be called before `load_state_dict`"):
        optimizer.load_state_dict({})
    with pytest.raises(TypeError, match=r"`param_states` must be a State or a dict.*Got Tensor at \['w'\]"):
        optimizer.register_trainable_weights({"w": torch.ones(1)})
    optimizer.register_trainable_weights([ParamState(torch.ones(1))])
    with pytest.raises(ValueError, match=r"`param_states` must be a dict to be added.*Got a dict after a list"):
        optimizer.register_trainable_weights({"w": ParamState(torch.ones(1))})


# Units


def voltage(lr, optimizer=optim.SGD, unit=u.mV, **kwargs):
    v = ParamState(torch.tensor([2.0]) * unit)
    return v, optimizer(lr, **kwargs).register_trainable_weights({"v": v})


@pytest.mark.parametrize("unit_aware", [True, False])
def test_the_number_of_a_quantity_moves_in_its_unit(unit_aware):
    v, optimizer = voltage(0.25)
    loss = lambda: ((v.value / u.mV) ** 2).sum()
    optimizer.update(transform.grad(loss, {"v": v}, unit_aware=unit_aware)())
    assert v.value.unit == u.mV and v.value.mantissa.tolist() == [1.0]


def test_a_plain_gradient_is_one_of_the_number():
    v, optimizer = voltage(0.25)
    optimizer.update({"v": torch.tensor([4.0])})
    assert v.value.mantissa.tolist() == [1.0]


def test_gradients_of_one_loss_are_brought_to_one_unit():
    v, w = ParamState(torch.tensor([2.0]) * u.mV), ParamState(torch.tensor([3.0]))
    optimizer = optim.SGD(lr=0.25).register_trainable_weights([v, w])
    # A loss in mV^2: its derivatives by the numbers are 4 and 6, the second given in another unit.
    optimizer.update([torch.tensor([4.0]) * u.mV**2 / u.mV, torch.tensor([6e-6]) * u.volt**2])
    assert v.value.mantissa.tolist() == [1.0]
    assert w.value.tolist() == pytest.approx([1.5])


def test_gradients_of_two_losses_are_refused():
    v, w = ParamState(torch.tensor([2.0]) * u.mV), ParamState(torch.tensor([3.0]))
    optimizer = optim.SGD(lr=0.25).register_trainable_weights({"v": v, "w": w})
    with pytest.raises(u.UnitMismatchError, match=r"`grads` must be those of one loss. Got ms for the weight \['w'\]"):
        optimizer.update({"v": torch.tensor([4.0]) / u.mV, "w": torch.tensor([6.0]) * u.ms})
    assert v.value.mantissa.tolist() == [2.0] and w.value.tolist() == [3.0]


def test_a_rate_with_a_unit_makes_the_step_of_sgd():
    v, optimizer = voltage(0.25 * u.mV, momentum=0.5)
    with pytest.raises(u.UnitMismatchError, match=r"`lr` must make a step in mV for the weight \['v'\]"):
        optimizer.update({"v": torch.tensor([4.0]) * u.mV})
    v, optimizer = voltage(250.0 * u.uV * u.mV, momentum=0.5)
    optimizer.update({"v": torch.tensor([4.0]) / u.mV})
    assert v.value.unit == u.mV and v.value.mantissa.tolist() == [1.0]


def test_a_rate_with_a_unit_is_the_step_of_adam():
    v, optimizer = voltage(250.0 * u.uV, optim.Adam)
    optimizer.update({"v": torch.tensor([4.0]) * u.mV})
    assert v.value.mantissa.tolist() == pytest.approx([1.75])
    v, optimizer = voltage(250.0 * u.ms, optim.Adam)
    with pytest.raises(u.UnitMismatchError, match=r"`lr` must make a step in mV .* Got lr in ms"):
        optimizer.update({"v": torch.tensor([4.0]) * u.mV})


def test_a_rate_with_a_unit_is_refused_where_it_is_a_number():
    _, optimizer = voltage(1.0 * u.mV, optim.Adadelta)
    with pytest.raises(u.UnitMismatchError, match=r"`lr` of this optimizer must be a plain number. Got one in mV"):
        optimizer.update({"v": torch.tensor([4.0])})


def test_units_are_kept_in_trees():
    w = ParamState({"g": torch.ones(2) * u.mS, "b": torch.ones(2)})
    optimizer = optim.Adam(0.5).register_trainable_weights(w)
    grads = transform.grad(lambda: (w.value["g"] / u.mS * w.value["b"]).sum(), w, unit_aware=True)()
    optimizer.update(grads)
    assert w.value["g"].unit == u.mS
    assert w.value["g"].mantissa.tolist() == w.value["b"].tolist() == pytest.approx([0.5, 0.5])


# The learning rate


def test_the_rate_is_set_and_scheduled():
    w = ParamState(torch.tensor([10.0]))
    schedule = optim.StepLR(1.0, step_size=1, gamma=0.5)
    optimizer = optim.SGD(schedule).register_trainable_weights(w)
    one = torch.ones(1)
    optimizer.update(one)
    assert optimizer.lr is optimizer.lr_scheduler is schedule and w.value.item() == 9.0
    schedule.step()
    optimizer.update(one)
    assert w.value.item() == 8.5 and float(optimizer.current_lr) == 0.5 and optimizer.base_lr == 1.0
    optimizer.current_lr = 0.25
    optimizer.update(one)
    assert w.value.item() == 8.25 and [float(x) for x in optimizer.get_last_lr()] == [0.25]
    optimizer.lr_apply(lambda rate: rate * 4)
    optimizer.update(one)
    assert w.value.item() == 6.25
    optimizer.lr = 0.125
    optimizer.update(one)
    assert w.value.item() == 6.125


def test_a_rate_is_a_state_that_a_transform_sees():
    w = ParamState(torch.zeros(1))
    schedule = optim.ExponentialLR(1.0, gamma=0.5)
    optimizer = optim.SGD(schedule).register_trainable_weights(w)

    def step(grad):
        optimizer.update(grad)
        schedule.step()

    transform.for_loop(step, torch.ones(3, 1))
    assert w.value.item() == -1.75 and int(schedule.last_epoch.value) == 3


# Saving


def test_a_state_dict_continues_where_it_was():
    def make(unit=u.mV):
        w = ParamState({"w": torch.tensor([1.0, 2.0]) * unit, "b": torch.tensor(0.5)})
        schedule = optim.ExponentialLR(0.1, gamma=0.5)
        return w, optim.Adam(schedule).register_trainable_weights({"w": w}), schedule

    grads = [{"w": {"w": torch.tensor([float(i), 1.0]), "b": torch.tensor(1.0)}} for i in range(6)]
    w, optimizer, schedule = make()
    for i, grad in enumerate(grads):
        if i == 3:
            buffer = io.BytesIO()
            torch.save((optimizer.state_dict(), w.value["w"].mantissa.tolist(), w.value["b"].item()), buffer)
        optimizer.update(grad)
        schedule.step()
    buffer.seek(0)
    saved, numbers, b = torch.load(buffer, weights_only=True)
    other, again, schedule = make()
    other.value = {"w": torch.tensor(numbers) * u.mV, "b": torch.tensor(b)}
    again.load_state_dict(saved)
    for grad in grads[3:]:
        again.update(grad)
        schedule.step()
    assert torch.equal(other.value["w"].mantissa, w.value["w"].mantissa)
    assert torch.equal(other.value["b"], w.value["b"])
    assert int(again.step_count.value) == 6 and float(again.current_lr) == float(optimizer.current_lr)
    stranger = make(u.volt)[1]
    with pytest.raises(ValueError, match=r"`state_dict` must belong to the registered weights"):
        stranger.load_state_dict(saved)
    assert int(stranger.step_count.value) == 0


def test_a_saved_state_does_not_change_afterwards():
    w = ParamState(torch.ones(1))
    optimizer = optim.Momentum().register_trainable_weights(w)
    saved = optimizer.state_dict()
    optimizer.update(torch.ones(1))
    assert saved["opt_state"]["buffer"][0].item() == 0.0 and int(saved["step_count"]) == 0


def test_the_states_of_an_optimizer_are_found_and_copied():
    w = ParamState(torch.ones(1))
    optimizer = optim.Adam().register_trainable_weights({"w": w})
    found = brainstate.graph.states(optimizer, optim.OptimState)
    assert {path[-1] for path in found} == {"step_count", "opt_state", "last_epoch", "current_lrs"}
    twin = copy.deepcopy(optimizer)
    twin.update({"w": torch.ones(1)})
    assert w.value.item() == 1.0 and twin.param_states["w"].value.item() < 1.0
    assert isinstance(optimizer.step_count, State)


def test_gradients_with_the_loss_are_refused():
    weight = ParamState(torch.ones(2))
    optimizer = optim.SGD(lr=0.1).register_trainable_weights({"w": weight})
    with pytest.raises(ValueError, match=r"`grads` must be the gradients alone. Got a tuple of 2"):
        optimizer.update(({"w": torch.ones(2)}, torch.tensor(1.0)))
    assert torch.equal(weight.value, torch.ones(2))
