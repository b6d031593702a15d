import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch.nn.delay.delay_steps import as_steps, check_same_step, ratio, whole_multiple


@pytest.mark.parametrize(
    ("time", "expected"),
    [(0, 0), (0.0, 0), (0.05, 1), (0.1, 1), (0.3, 3), (0.7, 7), (1.1, 11), (2, 20), (np.float32(1.1), 11), (1.01, 11)],
)
def test_a_delay_is_rounded_up_without_a_step_for_rounding_errors(time, expected):
    assert as_steps(time, 0.1) == expected


def test_delays_with_units():
    assert as_steps(1.1 * u.ms, 0.1 * u.ms) == 11
    assert as_steps(0.002 * u.second, 0.1 * u.ms) == 20


def test_several_delays_are_an_integer_tensor():
    steps = as_steps(torch.tensor([[0.0, 0.15], [1.1, 2.0]]), 0.1)
    assert steps.dtype == torch.int32
    assert steps.tolist() == [[0, 2], [11, 20]]
    assert as_steps(torch.tensor([0.2, 1.1], dtype=torch.float64) * u.ms, 0.1 * u.ms).tolist() == [2, 11]


@pytest.mark.parametrize("time", [-0.1, float("inf"), float("nan"), torch.tensor([0.1, -0.1])])
def test_a_delay_that_is_no_finite_time_is_refused(time):
    with pytest.raises(ValueError, match="a delay must be a finite time, zero or more"):
        as_steps(time, 0.1)


@pytest.mark.parametrize(("time", "step"), [(0.3, 0.1 * u.ms), (0.3 * u.ms, 0.1), (0.3 * u.mV, 0.1 * u.ms)])
def test_another_dimension_is_refused(time, step):
    with pytest.raises(u.UnitMismatchError, match="`time` must have the dimension of the time step"):
        ratio(time, step, "time")


def test_whole_multiples():
    assert whole_multiple(0.3, 0.1) == 3
    assert whole_multiple(0.25, 0.1) == 2
    assert whole_multiple(0.5 * u.ms, 0.1 * u.ms) == 5
    with pytest.raises(ValueError, match=r"`update_every` must be >= dt \(0.1\). Got 0.05"):
        whole_multiple(0.05, 0.1)


@pytest.mark.parametrize("dt", [0.1, 0.01, 0.025, 1 / 3])
@pytest.mark.parametrize("make", [float, np.float32, lambda x: torch.tensor(x, dtype=torch.float32)])
def test_every_multiple_of_the_step_is_that_many_steps(dt, make):
    for k in [*range(1, 300), 1000, 12345]:
        assert int(as_steps(make(k * dt), dt)) == k
        assert int(as_steps(make((k + 0.02) * dt), dt)) == k + 1
        assert whole_multiple(make(k * dt), dt) == k
        assert whole_multiple(make((k + 0.9) * dt), dt) == k


def test_a_time_step_is_the_same_in_any_unit_and_another_one_is_refused():
    check_same_step(100.0 * u.us, 0.1 * u.ms)
    check_same_step(np.float32(0.1), 0.1)
    text = r"with the time step that it was made with, dt = 0\.1 ms, .*Got dt = 0\.2 ms\. Set `dt` before"
    with pytest.raises(ValueError, match=text):
        check_same_step(0.2 * u.ms, 0.1 * u.ms)
    with pytest.raises(ValueError, match="with the time step"):
        check_same_step(0.1, 0.1 * u.ms)
