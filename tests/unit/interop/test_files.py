"""Checkpoints: what is saved on one side loads on the other; files that are damaged or made up are refused."""

import json
import struct

import brainstate
import brainunit
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch.interop import from_brainstate, load, save


def model(unit=u.mV):
    return {
        "w": bst.ParamState({"a": torch.arange(3.0), "b": torch.tensor([1, 2])}),
        "v": bst.HiddenState(torch.ones(2) * unit),
        "n": bst.State(3),
        "half": bst.State(torch.ones(2, dtype=torch.bfloat16)),
    }


def values(states):
    return {name: str(state.value) for name, state in states.items()}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.safetensors"
    save(path, model())
    return path


def test_everything_comes_back(file):
    other = model()
    for state in other.values():
        state.value = torch.utils._pytree.tree_map(lambda x: x * 0, state.value)
    load(file, other)
    assert values(other) == values(model())
    assert set(load_file(file)) == {"w.a", "w.b", "v", "half"}


def test_units_are_converted(file):
    other = model(u.volt)
    load(file, other)
    assert other["v"].value.unit == u.volt
    torch.testing.assert_close(other["v"].value.mantissa, torch.tensor([0.001, 0.001]))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"v": lambda: bst.State(torch.ones(2) * u.ms)}, "v must have the dimension of ms"),
        ({"v": lambda: bst.State(torch.ones(2))}, "v must have a unit on both sides"),
        ({"v": lambda: bst.State(torch.ones(3) * u.mV)}, r"v must have shape \(3,\). Got \(2,\)"),
        ({"half": lambda: bst.State(torch.ones(2, dtype=torch.int32))}, "half must be torch.int32"),
        ({"more": lambda: bst.State(1.0)}, r"Got none for \['more'\]"),
        ({"n": None}, r"in addition \['n'\]"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(file, change, text):
    other = {name: state for name, state in model().items() if change.get(name, 1) is not None}
    other |= {name: make() for name, make in change.items() if make is not None}
    other["w"].value = {"a": torch.zeros(3), "b": torch.tensor([0, 0])}
    before = values(other)
    with pytest.raises(ValueError, match=text):
        load(file, other)
    assert values(other) == before


def test_not_strict_takes_what_both_have(file):
    other = {"v": bst.State(torch.zeros(2) * u.mV), "more": bst.State(1.0)}
    load(file, other, strict=False)
    assert other["v"].value.mantissa.tolist() == [1.0, 1.0]
    assert other["more"].value == 1.0


def test_both_frameworks_read_each_others_files(tmp_path):
    theirs = brainstate.nn.Sequential(brainstate.nn.Linear(3, 4), brainstate.nn.Linear(4, 2))
    theirs.layers[0].weight.value = {k: v + 1 for k, v in theirs.layers[0].weight.value.items()}
    ours = bst.nn.Sequential(bst.nn.Linear(3, 4), bst.nn.Linear(4, 2))
    save(tmp_path / "a", theirs)
    load(tmp_path / "a", ours)
    x = np.linspace(-1, 1, 3, dtype="float32")
    np.testing.assert_allclose(ours(torch.from_numpy(x)).detach(), theirs(x), rtol=1e-6, atol=1e-6)
    save(tmp_path / "b", from_brainstate(theirs))
    theirs.layers[0].weight.value = {k: v * 0 for k, v in theirs.layers[0].weight.value.items()}
    load(tmp_path / "b", theirs)
    np.testing.assert_allclose(ours(torch.from_numpy(x)).detach(), theirs(x), rtol=1e-6, atol=1e-6)


def test_units_of_brainstate_are_converted_too(tmp_path):
    save(tmp_path / "a", {"v": bst.State(torch.ones(2) * u.volt)})
    state = brainstate.State(jnp.zeros(2) * brainunit.mV)
    load(tmp_path / "a", {"v": state})
    assert state.value.unit == brainunit.mV
    assert state.value.mantissa.tolist() == [1000.0, 1000.0]


def rewritten(file, change):
    tensors = load_file(file)
    size = struct.unpack("<Q", file.read_bytes()[:8])[0]
    manifest = json.loads(json.loads(file.read_bytes()[8 : 8 + size])["__metadata__"]["brainstate_torch"])
    change(tensors, manifest)
    save_file(tensors, file, {"brainstate_torch": json.dumps(manifest)})


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: f.write_bytes(f.read_bytes()[:-3]),
        lambda f: f.write_bytes(b""),
        lambda f: f.write_bytes(struct.pack("<Q", 1 << 40) + b"{}"),
        lambda f: f.write_bytes(b"\x80\x04" + f.read_bytes()),
        lambda f: save_file({"v": torch.ones(2)}, f),
        lambda f: save_file({"v": torch.ones(2)}, f, {"brainstate_torch": "[" * 100_000}),
        lambda f: rewritten(f, lambda t, m: m.update(version=99)),
        lambda f: rewritten(f, lambda t, m: m.update(leaves=3)),
        lambda f: rewritten(f, lambda t, m: m["leaves"]["v"].update(unit={"exec('1')": 1})),
        lambda f: rewritten(f, lambda t, m: m["leaves"]["v"].update(unit=["volt"])),
        lambda f: rewritten(f, lambda t, m: m["leaves"]["n"].update(number={"a": 1})),
        lambda f: rewritten(f, lambda t, m: t.pop("v")),
        lambda f: rewritten(f, lambda t, m: t.update(extra=torch.ones(1))),
    ],
)
def test_damaged_and_hostile_files_are_refused(file, damage):
    damage(file)
    other = model()
    before = values(other)
    with pytest.raises(ValueError):
        load(file, other)
    assert values(other) == before


def test_a_file_is_replaced_as_a_whole(file, monkeypatch):
    import os

    content = file.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save(file, {"v": bst.State(torch.zeros(1000))})
    assert file.read_bytes() == content
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_cannot_be_saved_is_named(tmp_path):
    with pytest.raises(TypeError, match="s.k must be a tensor or a number"):
        save(tmp_path / "a", {"s": bst.State({"k": "text"})})
    with pytest.raises(TypeError, match="Got int for 'x'"):
        save(tmp_path / "a", {"x": 3})
    with pytest.raises(TypeError, match="Got int"):
        save(tmp_path / "a", 3)
    with pytest.raises(ValueError, match=r"Got a.b twice"):
        save(tmp_path / "a", {"a": bst.State({"b": 1.0}), "a.b": bst.State(1.0)})
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing", model())
