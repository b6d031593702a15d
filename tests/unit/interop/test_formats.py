"""Checkpoints of JAX's packages: braintools' msgpack, npz and orbax, written there and here."""

import brainstate
import brainunit
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch.interop import load, save

msgpack = pytest.importorskip("msgpack")
braintools = pytest.importorskip("braintools")
orbax = pytest.importorskip("orbax.checkpoint")

N = brainstate.nn
FILES = ("msgpack", "npz", "orbax", "safetensors")


def theirs(seed=0):
    with brainstate.random.seed_context(seed):
        model = N.Sequential(N.Linear(3, 4), N.LSTMCell(4, 2))
    N.init_all_states(model)
    return model


def ours():
    model = bst.nn.Sequential(bst.nn.Linear(3, 4), bst.nn.LSTMCell(4, 2))
    return bst.nn.init_all_states(model)


def mixed(unit=u.mV, zero=1):
    return {
        "w": bst.ParamState({"a": torch.arange(3.0) * zero, "b": torch.tensor([1, 2]) * zero}),
        "v": bst.HiddenState(torch.tensor([1.5, -2.0]) * zero * unit),
        "n": bst.State(3 * zero),
        "half": bst.State(torch.tensor([1.5, 2.0], dtype=torch.bfloat16) * zero),
        "spike": bst.State(torch.tensor([True, False]) if zero else torch.tensor([False, False])),
    }


def values(states):
    return {name: str(state.value) for name, state in states.items()}


def arrays(model):
    """What a user of JAX hands to numpy or orbax."""
    return {".".join(map(str, path)): state.value for path, state in model.states().items()}


def saved_there(format, path, model):
    if format == "msgpack":
        braintools.file.msgpack_save(str(path), model.states(), verbose=False)
    elif format == "orbax":
        with orbax.StandardCheckpointer() as writer:
            writer.save(path, arrays(model))
    else:
        flat = {f"{name}.{key}": x for name, tree in arrays(model).items() if isinstance(tree, dict) for key, x in tree.items()}  # fmt: skip  # noqa: E501
        np.savez(path, **flat, **{name: x for name, x in arrays(model).items() if not isinstance(x, dict)})


@pytest.mark.parametrize("format", ["msgpack", "npz", "orbax"])
def test_what_jax_saved_predicts_the_same_here(format, tmp_path):
    path, there, here = tmp_path / f"a.{format}", theirs(), ours()
    saved_there(format, path, there)
    load(path, here)
    x = np.linspace(-1, 1, 3, dtype="float32")
    for _ in range(2):
        np.testing.assert_allclose(here(torch.from_numpy(x)).detach(), there(x), rtol=1e-6, atol=1e-6)


def test_what_is_saved_here_braintools_reads(tmp_path):
    here, there = ours(), theirs(1)
    save(tmp_path / "a.msgpack", here)
    braintools.file.msgpack_load(str(tmp_path / "a.msgpack"), there.states(), verbose=False)
    x = np.linspace(-1, 1, 3, dtype="float32")
    np.testing.assert_allclose(here(torch.from_numpy(x)).detach(), there(x), rtol=1e-6, atol=1e-6)
    save(tmp_path / "b.msgpack", {"v": bst.State(torch.ones(2) * u.mV), "r": bst.State(torch.ones(1) * u.ms * u.nS)})
    target = {"v": brainstate.State(jnp.zeros(2) * brainunit.mV), "r": brainstate.State(jnp.zeros(1) * brainunit.ms * brainunit.nS)}  # fmt: skip  # noqa: E501
    braintools.file.msgpack_load(str(tmp_path / "b.msgpack"), target, verbose=False)
    assert target["v"].value.mantissa.tolist() == [1.0, 1.0]


def test_what_is_saved_here_orbax_and_numpy_read(tmp_path):
    save(tmp_path / "a.npz", mixed())
    with np.load(tmp_path / "a.npz") as file:
        assert file["w.a"].tolist() == [0.0, 1.0, 2.0]
    save(tmp_path / "a", mixed(), format="orbax")
    with orbax.StandardCheckpointer() as reader:
        tree = reader.restore(tmp_path / "a")
    assert tree["w"]["a"].tolist() == [0.0, 1.0, 2.0]
    assert tree["half"].dtype == jnp.bfloat16


@pytest.mark.parametrize("format", FILES)
def test_everything_comes_back(format, tmp_path):
    path, other = tmp_path / "a", mixed(zero=0)
    save(path, mixed(), format=format)
    load(path, other)
    assert values(other) == values(mixed())


@pytest.mark.parametrize("format", FILES)
def test_units_are_converted_and_other_dimensions_refused(format, tmp_path):
    path = tmp_path / "a"
    save(path, {"v": bst.State(torch.tensor([1.5, -2.0]) * u.mV)}, format=format)
    state = bst.State(torch.zeros(2) * u.volt)
    load(path, {"v": state})
    assert state.value.unit == u.volt
    torch.testing.assert_close(state.value.mantissa, torch.tensor([0.0015, -0.002]))
    with pytest.raises(ValueError, match="v must have the dimension of ms"):
        load(path, {"v": bst.State(torch.zeros(2) * u.ms)})
    with pytest.raises(ValueError, match="v must have a unit on both sides"):
        load(path, {"v": bst.State(torch.zeros(2))})


def test_units_of_braintools(tmp_path):
    path, state = tmp_path / "a", bst.State(torch.zeros(2) * u.V)
    there = {"v": brainstate.State(jnp.array([1.5, -2.0]) * brainunit.mV)}
    braintools.file.msgpack_save(str(path), there, verbose=False)
    load(path, {"v": state})
    torch.testing.assert_close(state.value.mantissa, torch.tensor([0.0015, -0.002]))


@pytest.mark.parametrize("format", ["npz", "orbax"])
def test_numbers_without_a_unit_need_to_be_asked_for(format, tmp_path):
    path, state = tmp_path / "a.npz", bst.State(torch.zeros(2) * u.mV)
    if format == "npz":
        np.savez(path, v=np.ones(2, "float32"))
    else:
        with orbax.StandardCheckpointer() as writer:
            writer.save(path, {"v": jnp.ones(2) * brainunit.mV})
    with pytest.raises(ValueError, match="Pass assume_units=True"):
        load(path, {"v": state})
    assert state.value.mantissa.tolist() == [0.0, 0.0]
    load(path, {"v": state}, assume_units=True)
    assert state.value.mantissa.tolist() == [1.0, 1.0]
    assert state.value.unit == u.mV


def test_paths_that_orbax_has_as_texts(tmp_path):
    there, here = N.Sequential(N.Linear(3, 4), N.Tanh()), bst.nn.Sequential(bst.nn.Linear(3, 4), bst.nn.Tanh())
    with orbax.StandardCheckpointer() as writer:
        writer.save(tmp_path / "a", {str(path): state.value for path, state in there.states().items()})
    load(tmp_path / "a", here)
    np.testing.assert_array_equal(
        here.layers[0].weight.value["weight"].detach(), there.layers[0].weight.value["weight"]
    )


def test_arrays_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("braintools.file._msg_checkpoint.MAX_CHUNK_SIZE", 8)
    there, state = brainstate.State(jnp.arange(12.0).reshape(3, 4)), bst.State(torch.zeros(3, 4))
    braintools.file.msgpack_save(str(tmp_path / "a"), {"x": there}, verbose=False)
    load(tmp_path / "a", {"x": state})
    np.testing.assert_array_equal(state.value, there.value)


def test_several_models_in_one_file(tmp_path):
    there = {"net": theirs(), "key": brainstate.random.RandomState(3)}
    words = brainstate.State(jax.random.key_data(there["key"].value))
    braintools.file.msgpack_save(str(tmp_path / "a"), {"net": there["net"].states(), "key": words}, verbose=False)
    here = {"net": ours(), "key": bst.random.RandomState(0, impl="threefry2x32")}
    load(tmp_path / "a", here)
    np.testing.assert_allclose(here["key"].rand(3), there["key"].rand(3), rtol=1e-6)
    for format in FILES:
        save(tmp_path / format, here, format=format)
        here["key"].rand(1)
        load(tmp_path / format, there)
        load(tmp_path / format, here)
        np.testing.assert_allclose(here["key"].rand(3), there["key"].rand(3), rtol=1e-6)


@pytest.mark.parametrize("format", FILES)
def test_what_does_not_fit_is_refused_and_nothing_changes(format, tmp_path):
    path = tmp_path / "a"
    save(path, mixed(), format=format)
    for change in ({"w": bst.State({"a": torch.zeros(2), "b": torch.zeros(2)})}, {"more": bst.State(1.0)}):
        other = mixed(zero=0) | change
        before = values(other)
        with pytest.raises(ValueError, match=r"w.a must have shape \(2,\)|Got none for \['more'\]"):
            load(path, other)
        assert values(other) == before


HOSTILE = {
    "truncated msgpack": lambda: msgpack.packb({"a": {"b": 1}})[:-1],
    "unknown kind": lambda: msgpack.packb({"a": msgpack.ExtType(9, b"x")}),
    "objects": lambda: msgpack.packb({"a": msgpack.ExtType(1, msgpack.packb(((1,), "O", b"12345678")))}),
    "short array": lambda: msgpack.packb({"a": msgpack.ExtType(1, msgpack.packb(((9,), "float32", b"1234")))}),
    "bad unit": lambda: msgpack.packb({"a": {"mantissa": 1, "scale": 1, "base": 10.0, "dim": [1], "factor": 1.0}}),
    "a list": lambda: b"\x81\xa1a\x93\x01",
    "text": lambda: msgpack.packb({"a": "x" * 10}),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_damaged_and_hostile_msgpack_is_refused(make, tmp_path):
    path, state = tmp_path / "a", bst.State(torch.zeros(2))
    path.write_bytes(make())
    with pytest.raises(ValueError, match="`path` must be a checkpoint"):
        load(path, {"a": state})
    assert state.value.tolist() == [0.0, 0.0]


class Run:
    def __reduce__(self):
        return print, ("executed",)


def test_pickles_in_npz_are_refused(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", a=np.array([Run()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load(tmp_path / "a.npz", {"a": bst.State(torch.zeros(1))})
    assert capsys.readouterr().out == ""


def test_a_folder_that_is_none_of_orbax(tmp_path):
    with pytest.raises(ValueError, match="read as orbax"):
        load(tmp_path, {"a": bst.State(1.0)})
    with pytest.raises(ValueError, match="`format` must be one of"):
        save(tmp_path / "x", {"a": bst.State(1.0)}, format="pickle")
