"""torch.optim's habits, as PyTorch users have it."""

import warnings

import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import ParamState
from brainstate_torch import transform as T

from .models import Leak, Net, X, close, entering, running, trained

HABITS = {}
schedulers = torch.optim.lr_scheduler
habit = entering(HABITS)


@habit("optimizers")
def groups_of_parameters():
    net = Net()
    trained(net, torch.optim.Adam([{"params": net.a.parameters(), "lr": 0.1}, {"params": net.b.parameters()}], 0.05))


@habit("optimizers")
def one_cycle():
    optimizer = torch.optim.SGD((net := Net()).parameters(), 0.1)
    trained(net, optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=30))


@habit("optimizers")
def reduce_on_plateau():
    optimizer = torch.optim.SGD((net := Net()).parameters(), 0.1)
    trained(net, optimizer, torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer))


@habit("optimizers")
def lbfgs():
    net = Net()
    optimizer, first = torch.optim.LBFGS(net.parameters(), 0.1), net(X).square().mean().item()

    def closure():
        optimizer.zero_grad()
        loss = net(X).square().mean()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    assert net(X).square().mean() < first


@habit("optimizers")
def fused():
    trained(net := Net(), torch.optim.Adam(net.parameters(), 0.05, fused=True))


@habit("optimizers")
def gradients_of_ours_in_an_optimizer_of_torch():
    leak = Leak()
    optimizer = torch.optim.SGD(leak.parameters(), 0.1)
    leak.g.parameters()[0].grad = T.grad(lambda: leak(X).square().sum(), leak.states(ParamState))()["g",].mantissa
    optimizer.step()
    assert (leak.g.value.mantissa != torch.tensor([1.0, 2.0, 3.0, 4.0])).all()


@habit("optimizers")
def the_state_of_an_optimizer_is_saved():
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), 0.05)
    trained(net, optimizer, steps=5)
    other = torch.optim.Adam(net.parameters(), 0.05)
    other.load_state_dict(optimizer.state_dict())
    assert other.state_dict()["state"][0]["step"] == 5


@habit("optimizers", without="their arguments are States: one optimizer for each group, or `torch.optim`")
def our_optimizers_have_groups():
    optimizer = bst.optim.Adam(lr=0.1)
    optimizer.register_trainable_weights(Net().states(ParamState))
    assert optimizer.param_groups[0]["lr"] == 0.1


def rates(optimizer, scheduler, updates=4):
    found = []
    for _ in range(updates):
        found.append(optimizer())
        scheduler.step(1.0) if isinstance(scheduler, schedulers.ReduceLROnPlateau) else scheduler.step()
    return found


@habit("optimizers")
def a_schedule_of_torch_on_our_optimizer():
    makers = (
        lambda o: schedulers.StepLR(o, 2, gamma=0.5),
        lambda o: schedulers.CosineAnnealingLR(o, 5),
        lambda o: schedulers.LambdaLR(o, lambda epoch: 0.9**epoch),
        lambda o: schedulers.OneCycleLR(o, 0.5, total_steps=10, cycle_momentum=False),
        lambda o: schedulers.ReduceLROnPlateau(o, patience=0),
        lambda o: schedulers.SequentialLR(o, [schedulers.ConstantLR(o, 0.1, 2), schedulers.ExponentialLR(o, 0.9)], [2]),
    )
    for make in makers:
        weight = ParamState(torch.ones(2))
        ours = bst.optim.SGD(lr=0.1).register_trainable_weights(weight)
        theirs = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], 0.1)
        schedule = make(ours.for_torch())
        wanted = make(theirs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SequentialLR's own, of the argument `epoch`
            theirs.step()
            ours.update(torch.zeros(2))
            close(
                rates(lambda o=ours: o.current_lr.item(), schedule),
                rates(lambda o=theirs: float(o.param_groups[0]["lr"]), wanted),
            )


@habit("optimizers")
def a_schedule_of_torch_with_units():
    weight = ParamState(torch.ones(2) * u.mV)
    optimizer = bst.optim.Adam(lr=0.1 * u.mV).register_trainable_weights(weight)
    handle = optimizer.for_torch()
    schedule = schedulers.ExponentialLR(handle, 0.5)
    handle.step(torch.ones(2))
    schedule.step()
    assert optimizer.current_lr.unit is u.mV and optimizer.current_lr.mantissa.item() == 0.05
    handle.load_state_dict(handle.state_dict())


test_habit = running(HABITS)
