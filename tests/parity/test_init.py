"""Initialisers of braintools.init: the same numbers from the same seeds, units, profiles."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import brainstate_torch
from brainstate_torch import units as torch_units

brainstate = pytest.importorskip("brainstate")
brainunit = pytest.importorskip("brainunit")
braintools_init = pytest.importorskip("braintools.init")

THEIRS = SimpleNamespace(I=braintools_init, u=brainunit, bs=brainstate, array=np.asarray)
OURS = SimpleNamespace(I=brainstate_torch.init, u=torch_units, bs=brainstate_torch, array=torch.tensor)
DISTANCES = np.array([[0.0, 0.4, 1.0], [1.7, 2.5, 40.0]], "float32")

INITIALISERS = {
    "Constant": lambda I, u: I.Constant(2.0 * u.mV),
    "ZeroInit": lambda I, u: I.ZeroInit(u.mV),
    "Uniform": lambda I, u: I.Uniform(-1.0 * u.mV, 0.002 * u.volt),
    "Normal": lambda I, u: I.Normal(-1.0 * u.mV, 0.0002 * u.volt),
    "LogNormal": lambda I, u: I.LogNormal(2.0 * u.mV, 0.0005 * u.volt),
    "Gamma": lambda I, u: I.Gamma(2.5, 2.0 * u.mV),
    "Exponential": lambda I, u: I.Exponential(2.0 * u.mV),
    "TruncatedNormal": lambda I, u: I.TruncatedNormal(1.0 * u.mV, 2.0 * u.mV, 0.0005 * u.volt, 3.0 * u.mV),
    "TruncatedNormal above": lambda I, u: I.TruncatedNormal(0.0, 2.0, high=0.5),
    "TruncatedNormal without bounds": lambda I, u: I.TruncatedNormal(0.5, 0.1),
    "Beta": lambda I, u: I.Beta(2.0, 3.0, -1.0 * u.mV, 2.0 * u.mV),
    "Weibull": lambda I, u: I.Weibull(1.5, 2.0 * u.mV),
    "Mixture": lambda I, u: I.Mixture([I.Normal(0.0, 1.0), I.Uniform(5.0, 6.0), I.Constant(9.0)], [0.5, 0.3, 0.2]),
    "Mixture of units": lambda I, u: I.Mixture([I.Constant(2.0 * u.mV), I.Normal(3.0 * u.volt, 1.0 * u.mV)]),
    "Conditional": lambda I, u: I.Conditional(lambda i: i % 3 == 0, I.Normal(0.0, 1.0), I.Uniform(5.0, 6.0)),
    "Scaled": lambda I, u: I.Scaled(I.Normal(0.0, 1.0), 3.0 * u.mS),
    "Clipped": lambda I, u: I.Clipped(I.Normal(0.0 * u.mV, 1.0 * u.mV), -0.0005 * u.volt, 0.5 * u.mV),
    "arithmetic": lambda I, u: (2.0 * I.Normal(0.0, 1.0) - 1.0) / I.Constant(4.0) + I.Uniform(0.0, 1.0),
    "methods": lambda I, u: I.Normal(0.0, 1.0).add(1.0).multiply(2.0).clip(0.0).apply(lambda x: x * 3.0),
    "pipe": lambda I, u: I.Normal(0.0, 1.0) | (lambda x: x**2),
    "Compose": lambda I, u: I.Compose(I.Normal(0.0, 1.0), lambda x: x * 2.0, lambda x: x + 1.0),
    "Orthogonal, wide": lambda I, u: I.Orthogonal(2.0),
    "Identity": lambda I, u: I.Identity(2.0, u.mS),
    **{
        f"VarianceScaling {mode} {kind}": lambda I, u, mode=mode, kind=kind: I.VarianceScaling(2.0 * u.mS, mode, kind)
        for mode, kind in [("fan_in", "uniform"), ("fan_out", "normal"), ("fan_avg", "truncated_normal")]
    },
    "KaimingUniform": lambda I, u: I.KaimingUniform(unit=u.mS),
    "KaimingNormal": lambda I, u: I.KaimingNormal(nonlinearity="leaky_relu", negative_slope=0.2),
    "XavierUniform": lambda I, u: I.XavierUniform(),
    "XavierNormal": lambda I, u: I.XavierNormal(2.0),
    "LecunUniform": lambda I, u: I.LecunUniform(unit=u.mS),
    "LecunNormal": lambda I, u: I.LecunNormal(),
}
#: With the shape that it is asked for.
SHAPED = {
    "Orthogonal, tall": (lambda I, u: I.Orthogonal(), (2, 3, 2)),
    "DeltaOrthogonal": (lambda I, u: I.DeltaOrthogonal(1.5), (3, 2, 3, 2)),
    "Identity of a vector": (lambda I, u: I.Identity(), 3),
    "Identity of three axes": (lambda I, u: I.Identity(2.0), (2, 3, 2)),
    "XavierNormal of a kernel": (lambda I, u: I.XavierNormal(), (3, 2, 3, 2)),
    "LecunUniform of a vector": (lambda I, u: I.LecunUniform(), (5,)),
    "Normal of one size": (lambda I, u: I.Normal(0.0, 1.0), 4),
}
PROFILES = {
    "gaussian": lambda I, u: I.GaussianProfile(1.0 * u.um, 2000.0 * u.nmeter),
    "exponential": lambda I, u: I.ExponentialProfile(1.5 * u.um, 2.0 * u.um),
    "power law": lambda I, u: I.PowerLawProfile(1.5, max_distance=10.0 * u.um),
    "power law from a distance": lambda I, u: I.PowerLawProfile(2.0, 500.0 * u.nmeter),
    "linear": lambda I, u: I.LinearProfile(2.0 * u.um),
    "step": lambda I, u: I.StepProfile(1000.0 * u.nmeter, 0.9, 0.1),
    "sigmoid": lambda I, u: I.SigmoidProfile(1.0 * u.um, 2.0, 2.0 * u.um),
    "DoG": lambda I, u: I.DoGProfile(1.0 * u.um, 2000.0 * u.nmeter, 1.0, 0.4, 2.0 * u.um),
    "logistic": lambda I, u: I.LogisticProfile(2.0, 1.0 * u.um, 2.0 * u.um),
    "bimodal": lambda I, u: I.BimodalProfile(1.0 * u.um, 0.5 * u.um, center2=2.0 * u.um, amplitude2=0.7),
    "mexican hat": lambda I, u: I.MexicanHatProfile(2.0 * u.um, 1.5),
    "arithmetic": lambda I, u: 0.5 * I.GaussianProfile(1.0 * u.um) + I.LinearProfile(2.0 * u.um) / 4.0 - 0.1,
    "clip": lambda I, u: I.GaussianProfile(1.0 * u.um).clip(0.2, 0.9),
    "pipe and apply": lambda I, u: (I.LinearProfile(2.0 * u.um) | (lambda x: x**2)).apply(lambda x: x + 1.0),
}


def numbers(f, value):
    mantissa, unit = f.u.split_mantissa_unit(value)
    return np.asarray(mantissa, "float64"), str(unit)


def agree(run, rtol=2e-5, atol=2e-6):
    seen = []
    for f in (OURS, THEIRS):
        f.bs.random.seed(7)
        seen.append(numbers(f, run(f)))
    assert seen[0][1] == seen[1][1]
    assert seen[0][0].shape == seen[1][0].shape
    np.testing.assert_allclose(seen[0][0], seen[1][0], rtol=rtol, atol=atol)


@pytest.fixture(autouse=True)
def _same_draws():
    with brainstate_torch.environ.context(random_impl="threefry2x32"):
        yield


@pytest.mark.parametrize("name", [*INITIALISERS, *SHAPED])
def test_initialisers_draw_the_numbers_of_braintools(name):
    make, shape = SHAPED.get(name) or (INITIALISERS[name], (2, 3))
    agree(lambda f: make(f.I, f.u)(shape))


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_those_of_braintools(name):
    agree(lambda f: PROFILES[name](f.I, f.u)(DISTANCES * f.u.um))
    agree(lambda f: PROFILES[name](f.I, f.u).probability(DISTANCES * f.u.um))


def test_distances_of_positions_scale_weights():
    def weights(f, **positions):
        return f.I.DistanceModulated(f.I.Normal(1.0, 0.1), f.I.GaussianProfile(1.0 * f.u.um))((3, 2), **positions)

    rng = np.random.default_rng(0)
    pre, post = rng.normal(size=(3, 2)).astype("float32"), rng.normal(size=(2, 2)).astype("float32")
    agree(lambda f: weights(f, pre_positions=pre * f.u.um, post_positions=1e3 * post * f.u.nmeter))
    agree(lambda f: weights(f, pre_positions=pre[:, 0] * f.u.um, post_positions=post[:, 0] * f.u.um))


@pytest.mark.parametrize(
    "case",
    [
        lambda f: f.I.param(f.I.Normal(0.0 * f.u.mV, 1.0 * f.u.mV), (2, 3), 4),
        lambda f: f.I.param(np.ones(3, "float32") * f.u.mV, (2, 3), 4),
        lambda f: f.I.param(0.5, 3),
        lambda f: f.I.param(f.bs.ParamState(f.array([1.0, 2.0])), (2,), 3).value,
        lambda f: f.I.param(f.bs.nn.Param(f.array([1.0, 2.0])), (2,)).value(),
        lambda f: f.I.param(lambda shape, scale: f.I.Constant(scale)(shape), (2,), scale=3.0),
    ],
)
def test_param_gives_what_braintools_gives(case):
    agree(case)


@pytest.mark.parametrize(
    "case",
    [
        lambda f: f.I.param(None, (2,), allow_none=False),
        lambda f: f.I.param([1.0, 2.0], (2,)),
        lambda f: f.I.param(np.ones(3), (2,)),
        lambda f: f.I.Uniform(1.0, 1.0),
        lambda f: f.I.Normal(0.0, -1.0),
        lambda f: f.I.LogNormal(0.0, 1.0),
        lambda f: f.I.Gamma(2.0 * f.u.mV, 1.0),
        lambda f: f.I.Beta(-1.0, 1.0, 0.0, 1.0),
        lambda f: f.I.TruncatedNormal(0.0, 1.0, 2.0, 1.0),
        lambda f: f.I.Mixture([]),
        lambda f: f.I.Mixture([f.I.Constant(1.0)], [0.5]),
        lambda f: f.I.Compose(),
        lambda f: (f.I.Constant(1.0) | f.I.Constant(2.0))((2,)),
        lambda f: (f.I.Constant(1.0) + "x")((2,)),
        lambda f: f.I.VarianceScaling(mode="fan"),
        lambda f: f.I.KaimingNormal(nonlinearity="tanh"),
        lambda f: f.I.Orthogonal()((3,)),
        lambda f: f.I.DeltaOrthogonal()((3, 3)),
        lambda f: f.I.GaussianProfile(-1.0 * f.u.um),
        lambda f: (f.I.LinearProfile(1.0) | f.I.LinearProfile(1.0))(np.ones(2)),
        lambda f: f.I.DistanceModulated(f.I.Constant(1.0), f.I.LinearProfile(1.0))((2,)),
        lambda f: f.I.Constant(None),
    ],
)
def test_both_refuse_the_same(case):
    kinds = []
    for f in (OURS, THEIRS):
        with pytest.raises((TypeError, ValueError)) as found:
            case(f)
        kinds.append(TypeError if isinstance(found.value, TypeError) else ValueError)
    assert kinds[0] is kinds[1]
