"""torch.export, as PyTorch users have it."""

import warnings

import pytest
import torch

from brainstate_torch import LongTermState

from .models import Counting, Leak, Net, X, close, entering, nn, running

HABITS = {}
habit = entering(HABITS)


def exported(model, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.export.export(model, args or (X,), **options)


@habit("export")
def export_strict():
    close(exported(net := Net(), strict=True).module()(2 * X), net(2 * X))


@habit("export")
def export_not_strict():
    net = Net()
    program = exported(net, strict=False)
    close(program.module()(2 * X), net(2 * X))
    assert list(program.state_dict) == list(net.state_dict())


@habit("export")
def export_dynamic_shapes():
    net = Net()
    for shapes in ({"x": {0: torch.export.Dim("batch")}}, ({0: torch.export.Dim.AUTO},)):
        more = torch.cat([X, X, X])
        close(exported(net, dynamic_shapes=shapes).module()(more), net(more))


@habit("export")
def export_with_units():
    close(exported(leak := Leak(), strict=False).module()(2 * X), leak(2 * X))


class Summing(Net):
    """A buffer that the result depends on."""

    def __init__(self):
        super().__init__()
        self.sum = LongTermState(torch.zeros(3, 2))

    def update(self, x):
        self.sum.value = self.sum.value + super().update(x)
        return self.sum.value * 1


@habit("export")
def export_with_a_buffer_that_is_written():
    net, twin = Summing(), Summing()
    twin.load_state_dict(net.state_dict())
    module = exported(net).module()
    for _ in range(3):
        close(module(X), twin(X))


class Stepping(nn.Module):
    """Takes and returns the state of a cell."""

    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(4, 2)
        nn.init_all_states(self.cell, 3)

    def update(self, x, h):
        self.cell.h.value = h
        return self.cell(x)


@habit("export")
def export_of_a_step_with_the_state_of_a_run():
    net, h = Stepping(), torch.full((3, 2), 0.5)
    for strict in (True, False):
        close(exported(net, X, h, strict=strict).module()(2 * X, -h), net(2 * X, -h))
        assert type(net.cell.h.value + 0) is torch.Tensor
    with pytest.raises((NotImplementedError, torch._dynamo.exc.Unsupported), match="State of one run"):
        exported(Counting(), strict=False)


@habit("export", by_hand=True)
def ahead_of_time_inductor():
    net = Net()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = torch._inductor.aoti_compile_and_package(exported(net, strict=False))
    close(torch._inductor.aoti_load_package(path)(X), net(X))


test_habit = running(HABITS)
