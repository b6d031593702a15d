"""Stimuli: derivatives, maps, compiled functions, what is kept, and errors."""

import pickle

import pytest
import torch

import brainstate_torch as B
from brainstate_torch import input
from brainstate_torch import units as u
from brainstate_torch.input.clock import recurrence

T = torch.tensor


@pytest.fixture(autouse=True)
def _steps():
    with B.environ.context(dt=0.1 * u.ms):
        yield


#: Stimuli of one positive number, which they are smooth in.
SMOOTH = {
    "section": lambda x: input.section([x * u.pA, 2.0 * u.pA], [0.2 * u.ms, 0.3 * u.ms]),
    "ramp": lambda x: input.ramp(x, 2.0 * x, 1.0 * u.ms),
    "spike": lambda x: input.spike([0.2 * u.ms, 0.5 * u.ms], 0.2 * u.ms, [x, x**2], 1.0 * u.ms),
    "gaussian": lambda x: input.gaussian_pulse(x, x * u.ms, x * u.ms, 1.0 * u.ms),
    "decay": lambda x: input.exponential_decay(x, x * u.ms, 1.0 * u.ms, t_start=0.3 * u.ms),
    "double exponential": lambda x: input.double_exponential(x, 0.3 * u.ms, x * u.ms, 1.0 * u.ms),
    "double exponential, slow rise": lambda x: input.double_exponential(x, x * u.ms, 0.3 * u.ms, 1.0 * u.ms),
    "burst": lambda x: input.burst(x, x * u.kHz, 0.3 * u.ms, 0.2 * u.ms, 3, 1.0 * u.ms),
    "sinusoidal": lambda x: input.sinusoidal(x, x * u.kHz, 1.0 * u.ms, t_end=0.7 * u.ms),
    "square": lambda x: input.square(x, 1.0 * u.kHz, 1.0 * u.ms),
    "triangular": lambda x: input.triangular(x, x * u.kHz, 0.3 * u.ms),
    "sawtooth": lambda x: input.sawtooth(x, x * u.kHz, 1.0 * u.ms),
    "chirp": lambda x: input.chirp(x, x * u.kHz, 2.0 * u.kHz, 1.0 * u.ms),
    "logarithmic chirp": lambda x: input.chirp(x, x * u.kHz, 2.0 * u.kHz, 1.0 * u.ms, method="logarithmic"),
    "ou process": lambda x: input.ou_process(x, x, x * u.ms, 4.0 * u.ms, n=2, seed=1),
    "wiener process": lambda x: input.wiener_process(1.0 * u.ms, x, seed=1),
    "smooth": lambda x: input.Ramp(x, 2.0 * x, 1.0 * u.ms).smooth(x * u.ms)(),
    "quotient": lambda x: (input.Ramp(x, 2.0, 1.0 * u.ms) / input.Ramp(0.0, x, 1.0 * u.ms))(),
    "composed": lambda x: ((2.0 - input.Ramp(x, 2.0, 1.0 * u.ms)).clip(0.2) | input.Ramp(0.1, x, 2.0 * u.ms))(),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_are_those_of_differences_and_maps_and_programs_give_the_same(name):
    def total(x):
        made = u.get_mantissa(SMOOTH[name](x))
        return (made * torch.arange(1.0, made.numel() + 1, dtype=made.dtype).reshape(made.shape)).sum()

    x, eps = T(0.83, dtype=torch.float64), 1e-6
    with B.environ.context(precision=64):
        slope = B.transform.grad(total)(x)
        torch.testing.assert_close(slope, (total(x + eps) - total(x - eps)) / (2 * eps), rtol=1e-6, atol=1e-7)
        xs = torch.stack([x, x / 2])
        torch.testing.assert_close(B.transform.vmap(total)(xs), torch.stack([total(y) for y in xs]))
        torch.testing.assert_close(B.transform.jit(total, backend="replay")(x), total(x))


def test_a_recurrence_is_the_loop():
    added = torch.randn(150, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for decay in (0.9, 0.0, -0.5, 1.01):
        wanted, y = [], torch.zeros(2, dtype=torch.float64)
        for row in added:
            y = decay * y + row
            wanted.append(y)
        torch.testing.assert_close(recurrence(decay, added), torch.stack(wanted))
    assert recurrence(0.5, added[:0]).shape == (0, 2)


def test_without_a_seed_the_package_s_stream_is_drawn_from():
    def draw(make):
        B.random.seed(5)
        return make()

    for make in (
        lambda: input.poisson(2.0 * u.kHz, 5.0 * u.ms),
        lambda: input.wiener_process(5.0 * u.ms),
        lambda: input.ou_process(0.0, 1.0, 2.0 * u.ms, 5.0 * u.ms),
        lambda: input.noisy_sinusoidal(1.0, 1.0 * u.kHz, 1.0, 5.0 * u.ms),
    ):
        first = draw(make)
        assert torch.equal(first, draw(make))
        assert not torch.equal(first, make())


def test_statistics_of_drawn_stimuli():
    B.random.seed(0)
    spikes = input.poisson(500.0 * u.Hz, 400.0 * u.ms, n=20)
    assert abs(spikes.mean() - 0.05) < 0.002
    noise = input.ou_process(1.0, 1.0, 1.0 * u.ms, 1000.0 * u.ms, n=10)
    assert abs(noise.mean() - 1.0) < 0.03
    # The stationary variance of x += -x a + s sqrt(dt) n, with a = 0.1: s**2 dt / (1 - (1 - a)**2).
    assert abs(noise[100:].var() - 0.1 / (1 - 0.81)) < 0.03


def test_an_object_keeps_its_stimulus_for_one_step_and_precision():
    B.random.seed(1)
    noise = input.Poisson(2.0 * u.kHz, 5.0 * u.ms)
    first = noise()
    assert noise() is first
    assert not torch.equal(noise(recompute=True), first)
    with B.environ.context(dt=0.5 * u.ms):
        assert noise.shape == (10,)
    with B.environ.context(precision=64):
        assert noise().dtype == torch.float64
    assert noise.n_steps == 50
    assert (noise.rate / u.kHz, noise.n, noise.seed) == (2.0, 1, None)


def test_what_a_transform_traces_is_not_kept():
    ramps = []

    def loss(x):
        ramps.append(input.Ramp(x, 2.0, 1.0 * u.ms))
        return ramps[-1]().sum()

    B.transform.grad(loss)(T(1.0))
    B.transform.vmap(loss)(torch.ones(2))
    B.transform.jit(loss, backend="replay")(T(1.0))
    assert [ramp._kept for ramp in ramps] == [None] * len(ramps)


def test_shapes_other_than_lines():
    ramp = input.Section([torch.zeros(2), torch.ones(2)], [0.1, 0.1] * u.ms)
    assert ramp.repeat(2)().tolist() == [[0, 0], [1, 1], [0, 0], [1, 1]]
    assert (ramp + input.Section([torch.ones(2)], [0.3] * u.ms))().tolist() == [[1, 1], [2, 2], [1, 1]]
    assert ramp.shift(5.0 * u.ms)().tolist() == [[0, 0], [0, 0]]
    assert ramp.shift(-0.1 * u.ms)().tolist() == [[1, 1], [0, 0]]
    assert input.spike([], 1.0 * u.ms, 1.0, 0.2 * u.ms).tolist() == [0, 0]
    assert input.ramp(0.0, 1.0, 0.2 * u.ms, 0.1 * u.ms, 0.1 * u.ms).tolist() == [0, 0]


def test_objects_are_pickled():
    ramp = pickle.loads(pickle.dumps(input.Ramp(0.0, 1.0, 1.0 * u.ms) * 2.0))
    assert torch.equal(ramp(), input.ramp(0.0, 2.0, 1.0 * u.ms))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: input.section([1.0], [1.0, 2.0] * u.ms), ValueError, "`values` and `durations` must have the same"),
        (lambda: input.ramp(0.0, 1.0, 1.0), u.UnitMismatchError, "`duration` must be a time in a unit like that of"),
        (lambda: input.ramp(0.0, 1.0, -1.0 * u.ms), ValueError, "`duration` must not be negative. Got -1.0 ms"),
        (lambda: input.ramp(0.0, 1.0, torch.ones(2) * u.ms), ValueError, r"`duration` must be one time. Got shape \[2"),
        (lambda: input.ramp(0.0, 1.0 * u.nA, 1.0 * u.ms), u.UnitMismatchError, "nA"),
        (lambda: input.ramp(0.0, 1.0, 1.0 * u.ms, 0.5 * u.ms, 0.2 * u.ms), ValueError, "must lie within `duration`"),
        (lambda: input.sinusoidal(1.0, 5.0, 1.0 * u.ms), u.UnitMismatchError, "`frequency` must be a frequency"),
        (lambda: input.sinusoidal(1.0, 5.0 * u.Hz, 1.0 * u.ms, 2.0 * u.ms), ValueError, "must lie within `duration`"),
        (lambda: input.exponential_decay(1.0, 1.0 * u.ms, 1.0 * u.ms, 2.0 * u.ms), ValueError, "`t_start` must lie"),
        (lambda: input.square(1.0, 5.0 * u.Hz, 1.0 * u.ms, duty_cycle=2.0), ValueError, "`duty_cycle` must be between"),
        (lambda: input.chirp(1.0, 1.0 * u.Hz, 2.0 * u.Hz, 1.0 * u.ms, method="x"), ValueError, "`method` must be"),
        (
            lambda: input.chirp(1.0, 0.0 * u.Hz, 2.0 * u.Hz, 1.0 * u.ms, method="logarithmic"),
            ValueError,
            "a logarithmic `method` must have positive frequencies",
        ),
        (lambda: input.spike(1.0 * u.ms, 1.0 * u.ms, 1.0, 2.0 * u.ms), ValueError, "`sp_times` must be a list"),
        (lambda: input.spike([-1.0] * u.ms, 1.0 * u.ms, 1.0, 2.0 * u.ms), ValueError, "`sp_times` must not be neg"),
        (lambda: input.spike([1.0] * u.ms, [1.0, 2.0], 1.0, 2.0 * u.ms), ValueError, "`sp_lens` must have one value"),
        (lambda: input.Ramp(0.0, 1.0, 1.0 * u.ms) & 2.0, TypeError, "the operand of & must be another Input. Got a fl"),
        (lambda: input.Ramp(0.0, 1.0, 1.0 * u.ms) | 2.0, TypeError, "the operand of | must be another Input"),
        (lambda: input.Composite(None, None, "?"), ValueError, "`operator` must be one of"),
        (lambda: input.Input(1.0 * u.ms)(), NotImplementedError, "Input must define `generate`"),
        (lambda: input.Ramp(0.0), TypeError, "Ramp: missing a required argument: 'c_end'. It takes c_start, c_end"),
        (
            lambda: B.transform.vmap(lambda x: input.ramp(0.0, 1.0, x * u.ms))(torch.ones(2)),
            B.ConcretizationError,
            "`duration` must be known when a stimulus is made",
        ),
    ],
)  # fmt: skip
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_without_a_unit_of_time_waves_say_what_they_need():
    with B.environ.context(dt=0.1):
        assert input.ramp(0.0, 1.0, 1.0).shape == (10,)
        with pytest.raises(u.UnitMismatchError, match=r"`frequency` must be a frequency, and `dt` in `environ` a time"):
            input.sinusoidal(1.0, 5.0 * u.Hz, 1.0)
