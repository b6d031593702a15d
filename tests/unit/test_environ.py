"""brainstate_torch.environ."""

import threading
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from brainstate_torch import environ


@pytest.fixture
def env():
    return environ.EnvironmentState()


@pytest.fixture(autouse=True)
def _settings_restored():
    before = environ.all()
    yield
    assert environ.all() == before, "a test left a setting behind"
    assert not environ.list_registered_behaviors()


def test_get_prefers_the_innermost_context_to_the_stored_value(env):
    environ.set(dt=1.0, env=env)
    with environ.context(dt=2.0, env=env):
        with environ.context(dt=3.0, env=env):
            assert environ.get("dt", env=env) == 3.0
        assert environ.get("dt", env=env) == 2.0
    assert environ.get("dt", env=env) == environ.get_dt(env=env) == 1.0


def test_set_inside_a_context_takes_effect_after_it(env):
    with environ.context(gain=1, env=env):
        environ.set(gain=2, env=env)
        assert environ.get("gain", env=env) == 1
    assert environ.get("gain", env=env) == 2


def test_get_of_a_missing_key_raises_with_the_description_and_the_cure(env):
    match = r"`fit` was not found in the environment. Description: train or test. Use environ.set\(fit=...\)"
    with pytest.raises(KeyError, match=match):
        environ.get("fit", desc="train or test", env=env)
    with pytest.raises(KeyError, match="`dt` was not found"):
        environ.get_dt(env=env)
    assert environ.get("fit", None, env=env) is None


def test_get_returns_a_stored_none_rather_than_the_default(env):
    environ.set(area=None, env=env)
    assert environ.get("area", 1, env=env) is None


def test_all_merges_contexts_over_stored_values_into_a_new_dict(env):
    environ.set(a=1, b=2, env=env)
    with environ.context(b=3, c=4, env=env) as settings:
        assert settings == environ.all(env=env) == {"precision": 32, "a": 1, "b": 3, "c": 4}
    environ.all(env=env)["a"] = 5
    assert environ.get("a", env=env) == 1


def test_pop_removes_and_returns_the_stored_value(env):
    environ.set(area="V1", env=env)
    assert environ.pop("area", env=env) == "V1"
    assert environ.pop("area", None, env=env) is None
    with pytest.raises(KeyError, match=r"`area` was not found among the stored settings. Pass a `default`"):
        environ.pop("area", env=env)


def test_pop_refuses_a_key_that_contexts_give(env):
    with environ.context(a=1, env=env), environ.context(a=2, env=env):
        with pytest.raises(ValueError, match=r"Cannot pop 'a' while it is active in a context. Got 2 context\(s\)"):
            environ.pop("a", env=env)
        assert environ.get("a", env=env) == 2


def test_context_is_undone_when_its_block_raises():
    with pytest.raises(ZeroDivisionError), environ.context(dt=0.5, precision=64):
        assert environ.dftype() is torch.float64
        1 / 0  # noqa: B018
    assert environ.get("dt", None) is None
    assert environ.dftype() is torch.float32


@pytest.mark.parametrize("key", ["platform", "host_device_count"])
def test_context_refuses_what_belongs_to_the_program(key):
    with (
        pytest.raises(ValueError, match=f"`{key}` must hold everywhere: a context cannot set it"),
        environ.context(**{key: 1}),
    ):
        pass


def test_context_decorates_a_function():
    @environ.context(dt=0.25)
    def step():
        return environ.get_dt()

    assert step() == step() == 0.25


@pytest.mark.parametrize(
    "dt",
    [
        0.1,
        1,
        np.float32(0.1),
        np.zeros(()),
        torch.tensor(0.1),
        SimpleNamespace(mantissa=0.1),
        SimpleNamespace(mantissa=torch.tensor(0.1)),
    ],
)
def test_set_accepts_any_scalar_dt(env, dt):
    environ.set(dt=dt, env=env)
    assert environ.get_dt(env=env) is dt


@pytest.mark.parametrize(
    ("dt", "seen"),
    [
        ([0.1], "list"),
        ("0.1", "str"),
        (torch.ones(2), r"Tensor of shape \[2\]"),
        (SimpleNamespace(mantissa=np.ones(2), shape=(2,)), r"SimpleNamespace of shape \[2\]"),
    ],
)
def test_set_refuses_a_dt_that_is_no_scalar_and_stores_nothing(env, dt, seen):
    with pytest.raises(TypeError, match=f"`dt` must be a scalar. Got {seen}. Pass one"):
        environ.set(dt=dt, a=1, env=env)
    assert environ.all(env=env) == {"precision": 32}


DTYPES = {
    8: (torch.float8_e5m2, torch.int8, torch.uint8, torch.complex64),
    16: (torch.float16, torch.int16, torch.uint16, torch.complex64),
    "bf16": (torch.bfloat16, torch.int16, torch.uint16, torch.complex64),
    32: (torch.float32, torch.int32, torch.uint32, torch.complex64),
    64: (torch.float64, torch.int64, torch.uint64, torch.complex128),
}


@pytest.mark.parametrize("precision", environ.SUPPORTED_PRECISIONS)
@pytest.mark.parametrize("spelled", [lambda p: p, str])
def test_precision_drives_every_default_dtype(env, precision, spelled):
    environ.set(precision=spelled(precision), env=env)
    found = tuple(f(env=env) for f in (environ.dftype, environ.ditype, environ.dutype, environ.dctype))
    assert found == DTYPES[precision]
    assert environ.get("precision", env=env) == precision
    assert environ.get_precision(env=env) == (16 if precision == "bf16" else precision)


def test_precision_leaves_the_default_dtype_of_torch_alone():
    with environ.context(precision=64):
        assert torch.get_default_dtype() is torch.ones(1).dtype is torch.float32


@pytest.mark.parametrize("precision", [128, "half", -1, 3.14, torch.float32])
def test_precision_refuses_other_values(env, precision):
    for change in (
        lambda: environ.set(precision=precision, env=env),
        lambda: environ.set_precision(precision, env=env),
        lambda: environ.context(precision=precision, env=env).__enter__(),
    ):
        with pytest.raises(ValueError, match=r"`precision` must be one of 8, 16, 32, 64, 'bf16'. Got "):
            change()
    assert environ.all(env=env) == {"precision": 32}


def test_precision_is_the_default_one_after_pop(env):
    environ.set_precision(64, env=env)
    assert environ.pop("precision", env=env) == 64
    assert environ.get_precision(env=env) == environ.DEFAULT_PRECISION == 32
    assert environ.dftype(env=env) is torch.float32


@pytest.mark.parametrize(
    ("precision", "value", "dtype"),
    [
        (64, 1e-12, torch.float64),
        (32, 1e-5, torch.float32),
        (16, 1e-2, torch.float16),
        (8, 1e-2, torch.float16),
    ],
)
def test_tolerance_follows_the_precision(env, precision, value, dtype):
    environ.set(precision=precision, env=env)
    torch.testing.assert_close(environ.tolerance(env=env), torch.tensor(value, dtype=dtype), rtol=0, atol=0)


def test_settings_and_behaviors_of_a_thread_are_its_own():
    seen = {}

    def work():
        seen["start"] = environ.all()
        environ.set(dt=9.0, precision=16)
        environ.register_default_behavior("dt", print)
        seen["end"] = environ.all()

    with environ.context(dt=0.1, precision=64):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert environ.get_dt() == 0.1
        assert environ.dftype() is torch.float64
    assert seen == {"start": {"precision": 32}, "end": {"precision": 16, "dt": 9.0}}


def test_behavior_hears_every_change_but_pop(env):
    heard = []
    environ.set(gain=0, env=env)
    environ.register_default_behavior("gain", heard.append, env=env)
    environ.set(gain=1, other=5, env=env)
    with environ.context(gain=2, env=env):
        assert heard == [1, 2]
    assert heard == [1, 2, 1]
    environ.pop("gain", env=env)
    with environ.context(gain=3, env=env):
        pass
    assert heard == [1, 2, 1, 3]


def test_behavior_hears_precision_and_platform():
    heard = []
    for key in ("precision", "platform", "host_device_count"):
        environ.register_default_behavior(key, heard.append)
    try:
        environ.set(platform="cpu", host_device_count=1)
        environ.set_precision("32")
    finally:
        for key in ("precision", "platform", "host_device_count"):
            environ.unregister_default_behavior(key)
    assert heard == ["cpu", 1, 32]


def test_behavior_that_raises_becomes_a_warning_and_the_setting_holds(env):
    environ.register_default_behavior("gain", lambda value: 1 / value, env=env)
    with pytest.warns(RuntimeWarning, match="Callback for 'gain' raised an exception: ZeroDivisionError"):
        environ.set(gain=0, env=env)
    with pytest.warns(RuntimeWarning, match="'gain'"), environ.context(gain=0, env=env):
        assert environ.get("gain", env=env) == 0
    assert environ.get("gain", env=env) == 0


def test_behavior_is_replaced_only_on_request(env):
    environ.register_default_behavior("gain", print, env=env)
    with pytest.raises(ValueError, match=r"`key` must have no behavior yet. Got 'gain', which is already registered"):
        environ.register_default_behavior("gain", repr, env=env)
    environ.register_default_behavior("gain", repr, replace_if_exist=True, env=env)
    assert env.functions == {"gain": repr}
    assert environ.list_registered_behaviors(env=env) == ["gain"]
    assert environ.unregister_default_behavior("gain", env=env)
    assert not environ.unregister_default_behavior("gain", env=env)


def test_behavior_must_be_callable_and_its_key_a_str(env):
    with pytest.raises(TypeError, match=r"`key` must be a str. Got int"):
        environ.register_default_behavior(3, print, env=env)
    with pytest.raises(TypeError, match=r"`behavior` must be callable with the new value. Got int"):
        environ.register_default_behavior("gain", 3, env=env)


def test_reset_restores_the_defaults_and_warns(env):
    environ.set(precision=64, gain=1, env=env)
    environ.register_default_behavior("gain", print, env=env)
    with environ.context(gain=2, env=env), pytest.warns(UserWarning, match="reset to its defaults"):
        environ.reset(env=env)
    assert environ.all(env=env) == {"precision": 32}
    assert environ.list_registered_behaviors(env=env) == []


def test_reset_reaches_the_default_store_of_this_thread_only():
    reset_done = threading.Event()
    ready = threading.Event()
    seen = []

    def work():
        environ.set(gain=1)
        ready.set()
        reset_done.wait(10)
        seen.append(environ.get("gain", None))

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(10)
    environ.set(gain=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        environ.reset()
    reset_done.set()
    thread.join()
    assert (environ.get("gain", None), seen) == (None, [1])


def test_platform_is_the_default_device_of_torch():
    assert environ.get("platform") == environ.get_platform() == "cpu"
    with torch.device("meta"):
        assert environ.get_platform() == "gpu"


def test_platform_refuses_other_names_and_tpu():
    with pytest.raises(ValueError, match=r"`platform` must be 'cpu', 'gpu' or 'tpu'. Got 'cuda'"):
        environ.set_platform("cuda")
    with pytest.raises(NotImplementedError, match=r"Got 'tpu'. Use 'gpu' or 'cpu'"):
        environ.set(platform="tpu")


def test_platform_gpu_raises_where_torch_finds_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match=r"Got 'gpu', and torch finds no CUDA device. Install .* or use 'cpu'"):
        environ.set_platform("gpu")
    assert environ.get_platform() == "cpu"


def test_platform_sets_the_default_device_of_torch_and_cpu_takes_it_away(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "set_default_device", asked.append)
    environ.set_platform("gpu")
    environ.set_platform("cpu")
    assert asked == ["cuda", None]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_platform_gpu_places_new_tensors_until_cpu_is_set():
    environ.set(platform="gpu")
    try:
        assert torch.ones(1).device.type == "cuda"
        assert environ.get_platform() == "gpu"
    finally:
        environ.set(platform="cpu")
    assert torch.ones(1).device.type == "cpu"


def test_host_device_count_is_one():
    environ.set_host_device_count(1)
    assert environ.get("host_device_count") == environ.get_host_device_count() == 1
    with pytest.raises(NotImplementedError, match=r"`n` must be 1: .* Got 4. Use torch.set_num_threads"):
        environ.set(host_device_count=4)


@pytest.mark.parametrize("n", [0, -1, 1.5])
def test_host_device_count_refuses_what_is_no_positive_int(n):
    with pytest.raises(ValueError, match=f"`n` must be a positive int. Got {n}"):
        environ.set_host_device_count(n)


def test_locks_are_reentrant(env):
    with env.locks["dt"]:
        assert env.locks["dt"].acquire(blocking=False)
        env.locks["dt"].release()


@pytest.mark.parametrize(("name", "meant"), [("dT", "dt"), ("DT", "dt"), ("fitt", "fit"), ("precison", "precision")])
def test_a_setting_whose_name_is_nearly_that_of_another_is_told_of(name, meant):
    with pytest.warns(UserWarning, match=rf"`{name}` is stored .* Did you mean `{meant}`\?") as told:
        environ.set(**{name: 0.1}, env=(mine := environ.EnvironmentState()))
    assert told[0].filename == __file__ and environ.get(name, env=mine) == 0.1
    with pytest.warns(UserWarning, match=f"`{meant}`") as told, environ.context(**{name: 0.1}):
        pass
    assert told[0].filename == __file__


def test_settings_of_a_users_own_are_free():
    with environ.context(area="V1", T=300.0, I=2, temperature=3.0):
        assert environ.get("area") == "V1"
