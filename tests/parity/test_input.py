"""Stimuli of braintools.input: the same numbers in the same steps, alone and combined."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import brainstate_torch
from brainstate_torch import units as torch_units

brainstate = pytest.importorskip("brainstate")
brainunit = pytest.importorskip("brainunit")
braintools_input = pytest.importorskip("braintools.input")

THEIRS = SimpleNamespace(I=braintools_input, u=brainunit, bs=brainstate, square=lambda x: x**2)
OURS = SimpleNamespace(I=brainstate_torch.input, u=torch_units, bs=brainstate_torch, square=lambda x: x**2)

#: Functions of (I, u): stimuli of each kind, in odd windows and units.
STIMULI = {
    "section": lambda I, u: I.section([0.0, 3.0, -1.0] * u.pA, [1.0, 0.3, 0.75] * u.ms),
    "section of arrays": lambda I, u: I.section([np.zeros(2) * u.pA, np.ones((3, 1)) * u.nA], [0.5, 1.0] * u.ms),
    "section and its length": lambda I, u: I.section([1, 2], [0.3, 0.6] * u.ms, return_length=True),
    "constant": lambda I, u: I.constant([(0.0 * u.pA, 0.001 * u.second), (2.0 * u.nA, 0.7 * u.ms)]),
    "step": lambda I, u: I.step([1.0, 0.5, 2.0] * u.nA, [1.0, 0.0, 2.3] * u.ms, 3.0 * u.ms),
    "step without a duration": lambda I, u: I.step([1.0, 0.5], [1.0 * u.ms, 0.7 * u.ms]),
    "ramp": lambda I, u: I.ramp(1.0 * u.nA, -500.0 * u.pA, 2.0 * u.ms),
    "ramp in a window": lambda I, u: I.ramp(0, 1, 3.0 * u.ms, 0.3 * u.ms, 2.05 * u.ms),
    "spike": lambda I, u: I.spike([0.5, 1.0, 2.9] * u.ms, 0.3 * u.ms, 2.0 * u.nA, 3.0 * u.ms),
    "spikes that overlap": lambda I, u: I.spike(
        [0.5 * u.ms, 0.7 * u.ms], [0.5 * u.ms, 0.1 * u.ms], [1.0, 3.0] * u.pA, 2.0 * u.ms
    ),
    "gaussian pulse": lambda I, u: I.gaussian_pulse(2.0 * u.nA, 1.0 * u.ms, 300.0 * u.us, 2.0 * u.ms),
    "gaussian pulses": lambda I, u: I.gaussian_pulse(2.0, 1.0 * u.ms, 0.3 * u.ms, 2.0 * u.ms, n=3),
    "decay": lambda I, u: I.exponential_decay(2.0 * u.nA, 0.5 * u.ms, 2.0 * u.ms, t_start=0.5 * u.ms),
    "decay in a window": lambda I, u: I.exponential_decay(2.0, 0.5 * u.ms, 2.0 * u.ms, 0.5 * u.ms, 1.5 * u.ms),
    "double exponential": lambda I, u: I.double_exponential(1.0 * u.nS, 0.3 * u.ms, 1.0 * u.ms, 3.0 * u.ms),
    "double exponential, slow rise": lambda I, u: I.double_exponential(
        1.0, 1.0 * u.ms, 0.3 * u.ms, 3.0 * u.ms, t_start=0.5 * u.ms
    ),
    "burst": lambda I, u: I.burst(2.0 * u.nA, 1.0 * u.kHz, 0.75 * u.ms, 0.5 * u.ms, 5, 3.0 * u.ms),
    "sinusoidal": lambda I, u: I.sinusoidal(2.0 * u.nA, 0.7 * u.kHz, 3.0 * u.ms),
    "sinusoidal in a window": lambda I, u: I.sinusoidal(
        2.0, 700.0 * u.Hz, 3.0 * u.ms, 0.5 * u.ms, 2.0 * u.ms, bias=True
    ),
    "square": lambda I, u: I.square(2.0 * u.nA, 500.0 * u.Hz, 5.0 * u.ms, 0.5 * u.ms, duty_cycle=0.3),
    "triangular": lambda I, u: I.triangular(2.0 * u.nA, 500.0 * u.Hz, 3.0 * u.ms, 0.5 * u.ms, bias=True),
    "sawtooth": lambda I, u: I.sawtooth(2.0 * u.nA, 300.0 * u.Hz, 5.0 * u.ms, t_end=4.0 * u.ms),
    "chirp": lambda I, u: I.chirp(2.0 * u.nA, 100.0 * u.Hz, 1.0 * u.kHz, 5.0 * u.ms, 0.5 * u.ms, bias=True),
    "chirp, logarithmic": lambda I, u: I.chirp(2.0, 0.1 * u.kHz, 900.0 * u.Hz, 5.0 * u.ms, method="logarithmic"),
    "noisy sinusoidal": lambda I, u: I.noisy_sinusoidal(
        2.0 * u.nA, 300.0 * u.Hz, 100.0 * u.pA, 2.0 * u.ms, t_start=0.5 * u.ms, seed=3
    ),
    "wiener process": lambda I, u: I.wiener_process(2.0 * u.ms, 0.3 * u.nA, t_start=1.0 * u.ms, seed=3),
    "wiener processes": lambda I, u: I.wiener_process(2.0 * u.ms, n=3, t_end=1.0 * u.ms, seed=3),
    "ou process": lambda I, u: I.ou_process(
        1.0 * u.nA, 300.0 * u.pA, 2.0 * u.ms, 20.0 * u.ms, t_start=1.0 * u.ms, seed=3
    ),
    "ou processes": lambda I, u: I.ou_process(-0.5, 0.2, 0.15 * u.ms, 10.0 * u.ms, n=2, seed=4),
    "poisson": lambda I, u: I.poisson(2.0 * u.kHz, 5.0 * u.ms, 0.5 * u.nA, t_start=1.0 * u.ms, seed=3),
    "poisson columns": lambda I, u: I.poisson(900.0 * u.Hz, 2.0 * u.ms, n=3, seed=3),
}
#: The same as objects.
OBJECTS = {
    "Section": lambda I, u: I.Section([0.0, 3.0] * u.pA, [1.0, 0.3] * u.ms),
    "Constant": lambda I, u: I.Constant([(0.0 * u.pA, 1.0 * u.ms), (2.0 * u.nA, 0.7 * u.ms)]),
    "Step": lambda I, u: I.Step([1.0, 0.5], [1.0 * u.ms, 0.0 * u.ms], 2.0 * u.ms),
    "Ramp": lambda I, u: I.Ramp(0.0, 1.0, 2.0 * u.ms, 0.5 * u.ms),
    "Spike": lambda I, u: I.Spike([0.5, 2.5] * u.ms, 3.0 * u.ms),
    "Spike of sizes": lambda I, u: I.Spike([0.5, 1.5] * u.ms, 3.0 * u.ms, 0.4 * u.ms, [1.0, 2.0] * u.nA),
    "GaussianPulse": lambda I, u: I.GaussianPulse(2.0, 1.0 * u.ms, 0.3 * u.ms, 2.0 * u.ms),
    "ExponentialDecay": lambda I, u: I.ExponentialDecay(2.0 * u.nA, 0.5 * u.ms, 2.0 * u.ms, 0.5 * u.ms),
    "DoubleExponential": lambda I, u: I.DoubleExponential(1.0, 0.3 * u.ms, 1.0 * u.ms, 2.0 * u.ms),
    "Burst": lambda I, u: I.Burst(2, 1.5, 0.7 * u.kHz, 1.0 * u.ms, 0.5 * u.ms, 3.0 * u.ms),
    "Sinusoidal": lambda I, u: I.Sinusoidal(2.0, 700.0 * u.Hz, 3.0 * u.ms, 0.5 * u.ms),
    "Square": lambda I, u: I.Square(2.0, 500.0 * u.Hz, 3.0 * u.ms, 0.3, True),
    "Triangular": lambda I, u: I.Triangular(2.0, 500.0 * u.Hz, 3.0 * u.ms),
    "Sawtooth": lambda I, u: I.Sawtooth(2.0, 300.0 * u.Hz, 3.0 * u.ms),
    "Chirp": lambda I, u: I.Chirp(2.0, 100.0 * u.Hz, 900.0 * u.Hz, 3.0 * u.ms),
    "NoisySinusoidal": lambda I, u: I.NoisySinusoidal(2.0, 300.0 * u.Hz, 0.1, 2.0 * u.ms, seed=3),
    "WienerProcess": lambda I, u: I.WienerProcess(2.0 * u.ms, 1, None, 1.0 * u.ms, 0.3, 5),
    "OUProcess": lambda I, u: I.OUProcess(1.0, 0.3, 2.0 * u.ms, 2.0 * u.ms, seed=3),
    "Poisson": lambda I, u: I.Poisson(2.0 * u.kHz, 2.0 * u.ms, 2, amplitude=0.5, seed=3),
    "numbers": lambda I, u: 2.0 - I.Ramp(0.5, 1.0, 1.0 * u.ms) * 3.0 + 1.0 / I.Ramp(0.0, 1.0, 1.0 * u.ms) / 4.0,
    "sum of two lengths": lambda I, u: I.Ramp(0.5, 1.0, 1.0 * u.ms) - I.Sinusoidal(1.0, 300.0 * u.Hz, 2.0 * u.ms),
    "quotient": lambda I, u: I.Ramp(0.5, 1.0, 1.0 * u.ms) / I.Step([0.0, 2.0], [0.0, 0.5] * u.ms, 1.0 * u.ms),
    "overlay and sequence": lambda I, u: (
        (I.Ramp(0.0, 1.0, 1.0 * u.ms) | I.Ramp(1.0, 0.0, 1.0 * u.ms)) & I.ConstantValue(2.0, 0.5 * u.ms)
    ),
    "minimum": lambda I, u: I.Composite(I.Ramp(0.0, 1.0, 1.0 * u.ms), I.Ramp(1.0, 0.0, 1.0 * u.ms), "min"),
    "later": lambda I, u: I.Ramp(1.0 * u.nA, 2.0 * u.nA, 1.0 * u.ms).shift(0.35 * u.ms),
    "earlier": lambda I, u: I.Ramp(1.0 * u.nA, 2.0 * u.nA, 1.0 * u.ms).shift(-0.35 * u.ms),
    "clipped": lambda I, u: (-I.Ramp(1.0 * u.nA, 2.0 * u.nA, 1.0 * u.ms)).clip(-1700.0 * u.pA, -1.2 * u.nA),
    "repeated": lambda I, u: I.Ramp(1.0, 2.0, 0.5 * u.ms).scale(2.0).repeat(3),
    "transformed": lambda I, u: I.Ramp(1.0 * u.nA, 2.0 * u.nA, 0.5 * u.ms).apply(lambda x: x**2),
}


def numbers(f, value):
    """The stimulus in base units, and its dimension as exponents."""
    if isinstance(value, tuple):
        return [numbers(f, each) for each in value]
    unit = f.u.get_unit(value)
    scale = float((1.0 * unit).to_decimal(f.u.UNITLESS)) if f.u.is_dimensionless(value) else 1.0
    return np.asarray(f.u.get_mantissa(value), "float64") * scale, str(unit).replace("^", " ** ").replace("^", " ** ")


def agree(ours, theirs):
    if isinstance(ours, list):
        assert len(ours) == len(theirs)
        for pair in zip(ours, theirs, strict=True):
            agree(*pair)
        return
    assert ours[1] == theirs[1]
    assert ours[0].shape == theirs[0].shape
    np.testing.assert_allclose(ours[0], theirs[0], rtol=2e-6, atol=1e-6)


@pytest.mark.filterwarnings("ignore:divide by zero encountered")
@pytest.mark.parametrize("name", [*STIMULI, *OBJECTS])
@pytest.mark.parametrize("dt", [0.1, 0.25])
def test_stimuli_are_those_of_braintools(name, dt):
    seen = []
    for f in (OURS, THEIRS):
        with f.bs.environ.context(dt=dt * f.u.ms):
            made = (STIMULI.get(name) or OBJECTS[name])(f.I, f.u)
            seen.append(numbers(f, made() if name in OBJECTS else made))
    agree(*seen)


@pytest.mark.parametrize("length", [0.3, 0.7, 1.1, 2.9, 3.0, 4.35])
@pytest.mark.parametrize("dt", [0.1, 0.05, 0.3])
def test_the_number_of_steps_is_that_of_braintools(length, dt):
    seen = []
    for f in (OURS, THEIRS):
        with f.bs.environ.context(dt=dt * f.u.ms):
            made = [
                f.I.ramp(0.0, 1.0, length * f.u.ms),
                f.I.step([1.0], [0.0 * f.u.ms], length * f.u.ms),
                f.I.exponential_decay(1.0, 1.0 * f.u.ms, length * f.u.ms, t_start=0.2 * f.u.ms),
            ]
            seen.append([numbers(f, x) for x in made] + [[f.I.Ramp(0.0, 1.0, length * f.u.ms).n_steps]])
    assert seen[0].pop() == seen[1].pop()
    agree(*seen)


def test_a_smooth_stimulus_is_that_of_the_formula():
    # braintools raises for it: its array of zeros is filled from quantities.
    u = torch_units
    with brainstate_torch.environ.context(dt=0.1 * u.ms):
        steps = brainstate_torch.input.Step([1.0, 2.0, -1.0] * u.nA, [0.0, 3.0, 9.0] * u.ms, 20.0 * u.ms)
        got, values = steps.smooth(2.0 * u.ms)(), (steps() / u.nA).double()
    wanted = [values[0]]
    for value in values[1:]:
        wanted.append(0.05 * value + 0.95 * wanted[-1])
    torch.testing.assert_close(got / u.nA, torch.stack(wanted).float())
