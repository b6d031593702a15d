"""Checkpoints, as PyTorch users have it."""

import io
import warnings

import pytest
import torch

import brainstate_torch.units as u

from .models import Leak, Net, X, close, entering, running, trained

HABITS = {}
habit = entering(HABITS)


def stored(tree, **options):
    file = io.BytesIO()
    torch.save(tree, file)
    file.seek(0)
    return torch.load(file, **options)


@habit("saving")
def safetensors_of_a_model(folder):
    safetensors = pytest.importorskip("safetensors.torch")
    net, other = Net(), Net()
    safetensors.save_file(net.state_dict(), folder / "x")
    other.load_state_dict(safetensors.load_file(folder / "x"))
    close(other(X), net(X))


@habit("saving")
def safetensors_with_units(folder):
    safetensors = pytest.importorskip("safetensors.torch")
    leak = Leak()
    safetensors.save_file(leak.state_dict(), folder / "x")
    leak.load_state_dict(safetensors.load_file(folder / "x"))
    assert leak.g.value.unit == u.mS


@habit("saving")
def safetensors_save_model(folder):
    safetensors = pytest.importorskip("safetensors.torch")
    safetensors.save_model(leak := Leak(), str(folder / "x"))
    safetensors.load_model(leak, str(folder / "x"))


@habit("saving")
def weights_only_with_units():
    leak, other = Leak(), Leak()
    other.g.value = 0 * other.g.value
    other.load_state_dict(stored(leak.state_dict(), weights_only=True))
    close(other(X), leak(X))


@habit("saving")
def a_quantity_with_weights_only():
    assert (stored(X * u.mV, weights_only=True) == X * u.mV).all()


def distributed_checkpoint(model, other, folder):
    from torch.distributed import checkpoint

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checkpoint.save(model.state_dict(), checkpoint_id=folder)
        found = other.state_dict()
        checkpoint.load(found, checkpoint_id=folder)
    other.load_state_dict(found)
    close(other(X), model(X))


@habit("saving")
def distributed_checkpoint_of_a_model(folder):
    distributed_checkpoint(Net(), Net(), folder)


@habit("saving")
def distributed_checkpoint_with_units(folder):
    leak = Leak()
    leak.g.value = 3 * leak.g.value
    distributed_checkpoint(leak, Leak(), folder)


@habit("saving")
def distributed_state_of_a_model():
    from torch.distributed.checkpoint.state_dict import get_model_state_dict, set_model_state_dict

    net, other = Net(), Net()
    set_model_state_dict(other, get_model_state_dict(net))
    close(other(X), net(X))


@habit("saving")
def distributed_state_of_an_optimizer():
    from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict

    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), 0.05)
    trained(net, optimizer, steps=5)
    saved = get_optimizer_state_dict(net, optimizer)
    assert set(saved["state"]) == {k for k, _ in net.named_parameters()}
    other = torch.optim.Adam(net.parameters(), 0.05)
    set_optimizer_state_dict(net, other, saved)
    assert all(s["step"] == 5 for s in other.state_dict()["state"].values())


test_habit = running(HABITS)
