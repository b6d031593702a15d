"""`forward` shows the signature of `update`, whoever of the bases defines which."""

import inspect

import torch

from brainstate_torch import nn


class Scaled(nn.Module):
    def update(self, x, scale=2.0, *, shift: float = 0.0):
        """Scale."""
        return x * scale + shift


class Kept(nn.Module):
    def forward(self, x):
        return x + 1


def names(module):
    return list(inspect.signature(module.forward).parameters)


def test_forward_names_what_update_takes():
    assert names(Scaled()) == ["x", "scale", "shift"]
    assert Scaled().forward(3.0, shift=1.0) == 7.0
    assert names(nn.Linear(2, 2)) == ["x"]


def test_a_subclass_with_another_update_shows_its_own():
    class Other(Scaled):
        def update(self, y):
            return y

    assert names(Other()) == ["y"]
    assert names(Scaled()) == ["x", "scale", "shift"]


def test_a_forward_of_the_user_stays():
    class Both(Scaled, Kept):
        pass

    assert Kept()(1) == 2
    assert names(Both()) == ["x"] and Both()(1) == 2  # as without signatures: Kept's is the first that is written out


def test_hooks_of_a_later_base_run():
    class Hooked(Scaled, nn.Dynamics):
        pass

    seen = []
    hooked = Hooked(1)
    hooked.add_before_update("log", nn.receive_update_input(lambda x: seen.append(x)))
    assert hooked(torch.ones(1)) == 2
    assert len(seen) == 1 and names(hooked) == ["x", "scale", "shift"]
