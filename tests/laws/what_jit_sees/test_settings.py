"""Settings of environ: numbers are inputs, the rest is compared."""

import threading

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import environ
from brainstate_torch import transform as T

from .replayed import X, programs, replayed


def test_numbers_of_environ_are_inputs():
    compiled = replayed(lambda x: x * environ.get("i") + environ.get("t") / u.ms)
    for i in range(20):
        with environ.context(i=i, t=0.5 * i * u.ms):
            assert torch.equal(compiled(X), X * i + 0.5 * i)
    assert programs(compiled) == 1


@pytest.mark.parametrize(
    "value", [3, 2.5, np.float32(2.5), torch.tensor(2.5), torch.tensor([1.0, 4.0]), np.arange(2.0)]
)
def test_a_setting_of_each_kind_of_number_is_an_input(value):
    compiled = replayed(lambda x: x * environ.get("gain"))
    for factor in (1, 2, 3):
        with environ.context(gain=value * factor):
            expected = X * torch.as_tensor(value).float() * factor
            assert torch.equal(compiled(X), expected)
    assert programs(compiled) == 1


def test_settings_in_derivatives_loops_and_branches_are_inputs():
    def step(x):
        slope = T.grad(lambda x: (x**2).sum() * environ.get("t"))(x)
        total = T.for_loop(lambda k: k * environ.get("i"), torch.arange(3.0)).sum()
        return slope + T.cond(total > 3, lambda: total * environ.get("i"), lambda: -total)

    compiled = replayed(step)
    for i in (1, 2, 0, 3):
        with environ.context(i=i, t=0.5 * i):
            expected = X * i + (3.0 * i * i if 3 * i > 3 else -3.0 * i)
            assert torch.equal(compiled(X), expected)
    assert programs(compiled) == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda x, i: sum((x for _ in range(i)), torch.zeros(2)),
        lambda x, i: x * i if i == 0 else x * 2 * i - x * i,
        lambda x, i: x * [0, 1, 2][i],
        lambda x, i: x * {0: 0, 1: 1, 2: 2}[i],
        lambda x, i: x * float(f"{i:d}"),
    ],
    ids=["range", "if", "list", "dict", "format"],
)
def test_a_number_that_python_needs_is_a_part_of_the_key(use):
    compiled = replayed(lambda x: use(x, environ.get("i")) + environ.get("t"))
    for t, i in enumerate((0, 1, 2, 0, 1, 2)):
        with environ.context(i=i, t=float(t)):
            assert torch.equal(compiled(X), X * i + t)
    assert programs(compiled) == 3


def test_the_time_step_is_an_input_from_its_second_value_on():
    compiled = replayed(lambda x: x * environ.get("dt"))
    for dt in (0.5, 0.25, 2.0, 0.5, 4.0):
        with environ.context(dt=dt):
            assert torch.equal(compiled(X), X * dt)
    assert programs(compiled) == 2


def test_settings_that_are_no_numbers_are_compared():
    compiled = replayed(lambda x: x if environ.get("mode", "plain") == "plain" else -x)
    for mode, sign in (("plain", 1), ("other", -1), ("plain", 1)):
        with environ.context(mode=mode):
            assert torch.equal(compiled(X), sign * X)
    assert torch.equal(compiled(X), X)


def test_a_setting_that_the_function_sets_itself_is_no_dependency():
    def step(x):
        with environ.context(i=3, mode="inner", t=x.sum()):
            return x * environ.get("i") * environ.get("t") * len(environ.get("mode"))

    compiled = replayed(step)
    for i in range(5):
        with environ.context(i=i, mode="m" * i):
            assert torch.equal(compiled(X), X * 3 * 3 * 5)
    assert programs(compiled) == 1


def test_settings_read_all_at_once_are_seen():
    def step(x):
        with environ.context(j=1) as settings:
            return x * settings["gain"] * environ.all()["other"]

    compiled = replayed(step)
    for gain in (1.0, 2.0):
        with environ.context(gain=gain, other=gain):
            assert torch.equal(compiled(X), X * gain**2)


def test_a_number_with_a_graph_keeps_it():
    compiled = replayed(lambda x: x * environ.get("gain"))
    gain = torch.tensor(2.0, requires_grad=True)
    for _ in range(2):
        gain.grad = None
        with environ.context(gain=gain):
            compiled(X).sum().backward()
        assert gain.grad == 3.0


def test_another_thread_has_its_own_settings_and_modes():
    found = []
    compiled = replayed(lambda x: x * environ.get("gain", 1.0) if torch.is_grad_enabled() else -x)

    def other():
        found.append(compiled(X))
        with torch.no_grad():
            found.append(compiled(X))

    with environ.context(gain=3.0):
        assert torch.equal(compiled(X), 3 * X)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert torch.equal(compiled(X), 3 * X)
    assert [x.tolist() for x in found] == [X.tolist(), (-X).tolist()]
