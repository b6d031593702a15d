"""Models of brainpy.state: every state and spike of each, step by step, in one compiled loop of each library."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import brainstate_torch
from brainstate_torch import units as torch_units

jax = pytest.importorskip("jax")
brainstate = pytest.importorskip("brainstate")
brainunit = pytest.importorskip("brainunit")
brainpy_state = pytest.importorskip("brainpy_state")
surrogate = pytest.importorskip("braintools.surrogate")

# brainstate uses names that brainevent is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:brainevent:DeprecationWarning")

THEIRS = SimpleNamespace(s=brainpy_state, u=brainunit, bs=brainstate, array=lambda x: jax.numpy.asarray(np.asarray(x)))
OURS = SimpleNamespace(
    s=brainstate_torch.spiking, u=torch_units, bs=brainstate_torch, array=lambda x: torch.tensor(np.asarray(x))
)
STEPS = 120
SIZE = 3
RAMP = np.array([0.4, 1.0, 1.6], "float32")
SPIKES = (np.random.default_rng(0).random((STEPS, SIZE)) < 0.1).astype("float32")


def _v(f, scale=1.0, start=-65.0):
    return f.array(start + scale * RAMP) * f.u.mV


def _neuron(kind, drive, unit, jumps=0.0, **parameters):
    """A neuron, what each step gives it, and the jumps of its delta inputs."""

    def make(f):
        model = getattr(f.s, kind)(SIZE, **{name: value(f) for name, value in parameters.items()})

        def step(i):
            if jumps:
                unit_of_jump = {"CubaLIF": f.u.mA, "CobaLIF": f.u.siemens, "Izhikevich": f.u.mV}.get(kind, f.u.mV)
                model.add_delta_input("spikes", f.array(SPIKES)[i] * jumps * unit_of_jump)
            return model(f.array(drive * RAMP) * unit(f))

        return model, step

    return make


def _mA(f):
    return f.u.mA


def _uA(f):
    return f.u.uA


def _one(f):
    return f.u.UNITLESS


def _slope(f):
    return f.u.mV / f.u.ms


HARD = {"spk_reset": lambda f: "hard"}
REF = {"tau_ref": lambda f: 1.62 * f.u.ms, "ref_var": lambda f: True}
NEURONS = {
    "ExpIF": _neuron("ExpIF", 30.0, _mA, jumps=1.0),
    "ExpIF, hard": _neuron("ExpIF", 60.0, _mA, **HARD, tau=lambda f: 5.0 * f.u.ms),
    "ExpIFRef": _neuron("ExpIFRef", 60.0, _mA, **REF),
    "AdExIF": _neuron("AdExIF", 60.0, _mA, jumps=0.5),
    "AdExIFRef": _neuron("AdExIFRef", 60.0, _mA, **REF, **HARD),
    "QuaIF": _neuron("QuaIF", 60.0, _mA, jumps=1.0),
    "AdQuaIF": _neuron("AdQuaIF", 90.0, _mA),
    "AdQuaIFRef": _neuron("AdQuaIFRef", 90.0, _mA, **REF),
    "Gif": _neuron("Gif", 2.0, _mA, a=lambda f: 0.005 / f.u.ms, A1=lambda f: 1.0 * f.u.mA, A2=lambda f: -0.6 * f.u.mA),
    "GifRef": _neuron("GifRef", 2.0, _mA, **REF, A1=lambda f: 1.0 * f.u.mA),
    "Izhikevich": _neuron("Izhikevich", 20.0, _slope, jumps=2.0),
    "IzhikevichRef": _neuron("IzhikevichRef", 20.0, _slope, **REF),
    "CubaLIF": _neuron("CubaLIF", 0.5, _mA, jumps=2.0),
    "CobaLIF": _neuron("CobaLIF", 0.5, _mA, jumps=1.0, E=lambda f: 5.0 * f.u.mV),
    "MorrisLecar": _neuron("MorrisLecar", 120.0, _uA, V_initializer=lambda f: _v(f), jumps=1.0),
    "WangBuzsakiHH": _neuron("WangBuzsakiHH", 4.0, _uA, V_initializer=lambda f: _v(f)),
    "FitzHughNagumo": _neuron("FitzHughNagumo", 0.6, _one),
    "HindmarshRose": _neuron("HindmarshRose", 3.0, _one),
}


def _synapse(kind, **parameters):
    def make(f):
        model = getattr(f.s, kind)(SIZE, **{name: value(f) for name, value in parameters.items()})
        return model, lambda i: model(f.array(SPIKES)[i])

    return make


# Durations between two steps: brainpy compares times, which rounding errors decide at a whole step.
SYNAPSES = {
    "AMPA": _synapse("AMPA", T_dur=lambda f: 0.53 * f.u.ms),
    "GABAa": _synapse("GABAa", T_dur=lambda f: 1.04 * f.u.ms),
    "BioNMDA": _synapse("BioNMDA", T_dur=lambda f: 0.53 * f.u.ms),
    "LeakyRateReadout": lambda f: _readout(f),
}


def _readout(f):
    model = f.s.LeakyRateReadout(SIZE, 2, tau=2.0 * f.u.ms, w_init=f.array(np.outer(RAMP, np.float32([1.0, -1.0]))))
    return model, lambda i: model(f.array(SPIKES)[i])


def _input(kind, *arguments):
    def make(f):
        model = getattr(f.s, kind)(SIZE, *[value(f) for value in arguments])
        return model, lambda i: model()

    return make


INPUTS = {
    "SectionInput": _input("SectionInput", lambda f: [1.0, 3.0] * f.u.nA, lambda f: [2.52, 4.03] * f.u.ms),
    "ConstantInput": _input("ConstantInput", lambda f: 2.0 * f.u.nA, lambda f: 3.05 * f.u.ms),
    "StepInput": _input("StepInput", lambda f: [1.0, 3.0] * f.u.nA, lambda f: [7.55, 2.55] * f.u.ms),
    "RampInput": _input(
        "RampInput", lambda f: 1.0 * f.u.nA, lambda f: 3000.0 * f.u.pA, lambda f: 7.05 * f.u.ms, lambda f: 1.05 * f.u.ms
    ),
    "SinusoidalInput": _input(
        "SinusoidalInput", lambda f: 1.0 * f.u.nA, lambda f: 0.2 * f.u.kHz, lambda f: 8.05 * f.u.ms,
        lambda f: 500.0 * f.u.pA,
    ),
    "WienerProcessInput": _input("WienerProcessInput", lambda f: 2.0 * f.u.nA, lambda f: 9.05 * f.u.ms),
    "OUProcessInput": _input(
        "OUProcessInput", lambda f: 1.0 * f.u.nA, lambda f: 200.0 * f.u.pA, lambda f: 3.0 * f.u.ms,
        lambda f: 9.05 * f.u.ms,
    ),
    "PoissonSpike": _input("PoissonSpike", lambda f: f.array(500.0 * RAMP) * f.u.Hz),
    "PoissonEncoder": lambda f: _encoder(f),
    "PoissonInput": lambda f: _poisson(f, None, 100.0, 20),
    "PoissonInput of some": lambda f: _poisson(f, [0, 2], 5000.0, 30),
    "poisson_input, refractory": lambda f: _poisson(f, None, 2000.0, 40, f.array(np.array([True, False, False]))),
}  # fmt: skip


def _encoder(f):
    model = f.s.PoissonEncoder(SIZE, float)
    return model, lambda i: model(f.array(800.0 * RAMP) * f.u.Hz)


def _poisson(f, indices, rate, number, refractory=None):
    neuron = f.s.LIF(SIZE, V_th=1e3 * f.u.mV)
    places = None if indices is None else f.array(indices)
    arguments = (rate * f.u.Hz, number, 0.1 * f.u.mV)
    spikes = f.s.PoissonInput(neuron.prefetch("V"), places, number, rate * f.u.Hz, 0.1 * f.u.mV)

    def step(i):
        if refractory is None:
            spikes()
        else:
            f.s.poisson_input(*arguments, neuron.V, refractory=refractory)
        return neuron()

    return neuron, step


def _network(*, kind):
    """Two populations and a projection between them."""
    weights = np.outer(RAMP, [1.0, 2.0]).astype("float32")

    def make(f):
        s, u = f.s, f.u
        pre = s.LIF(SIZE, V_th=1.0 * u.mV)
        post = s.LIF(2, V_th=20.0 * u.mV, V_initializer=f.array(np.array([3.0, 5.0], "float32")) * u.mV)
        comm = f.bs.nn.Linear(SIZE, 2, f.array(weights), None)
        comm_mS = f.bs.nn.Linear(SIZE, 2, f.array(weights) * u.mS, None)
        if kind == "CurrentProj":
            projection = s.CurrentProj(comm=comm_mS, out=s.COBA(E=60.0 * u.volt), post=post)
        elif kind == "MgBlock":
            out = s.MgBlock(E=60.0 * u.volt, alpha=0.062 / u.mV, V_offset=0.0 * u.mV)
            projection = s.CurrentProj(comm=comm, out=out, post=post)
        elif kind == "SymmetryGapJunction":
            ids = lambda a, b: (f.array([0, 1, 1, 2]), f.array([1, 0, 1, 1]))
            projection = s.SymmetryGapJunction((pre, post), "V", ids, 0.1 * u.siemens)
        else:
            ids = lambda a, b: (f.array([0, 1]), f.array([1, 0]))
            weight = f.array(np.array([[0.2, 0.1], [0.3, 0.4]], "float32")) * u.siemens
            projection = s.AsymmetryGapJunction(pre, "V", post, "V", ids, weight)
        syn = s.Alpha(SIZE, tau=3.0 * u.ms)
        model = SimpleNamespace(parts=[pre, post, projection, syn])

        def step(i):
            if "Gap" in kind:
                projection()
            spikes = pre(f.array(3.0 * RAMP) * u.mA)
            if "Gap" not in kind:
                projection(syn(spikes * u.mS) if kind == "MgBlock" else spikes)
            return spikes, post(), pre.V.value, post.V.value

        return model, step

    return make


# align_pre_projection of brainpy fails with every synapse, and the other with Linear: its spikes are no arrays.
KINDS = ["CurrentProj", "MgBlock", "SymmetryGapJunction", "Asymmetry Gap"]
NETWORKS = {f"network: {kind}": _network(kind=kind) for kind in KINDS}
CASES = {**NEURONS, **SYNAPSES, **NETWORKS, **INPUTS}


def _states(f, model):
    """The values of the hidden states, by name."""
    return {
        name: value.value
        for name, value in sorted(vars(model).items())
        if isinstance(value, f.bs.State) and not isinstance(value, f.bs.ParamState) and name != "last_spike_time"
    }


def _run(f, cases):
    """What all models give in all steps: one loop, and so one compilation."""
    f.bs.random.seed(3)
    with f.bs.environ.context(dt=0.1 * f.u.ms):
        made = {name: make(f) for name, make in cases.items()}
        for model, _ in made.values():
            for part in getattr(model, "parts", [model]):
                f.bs.nn.init_all_states(part)

        def step(i):
            with f.bs.environ.context(i=i, t=i * 0.1 * f.u.ms):
                seen = {}
                for name, (model, one) in made.items():
                    given = one(i)
                    seen[name] = (given, {} if hasattr(model, "parts") else _states(f, model))
                return seen

        steps = f.bs.transform.for_loop(step, f.array(np.arange(STEPS, dtype="int32")))
    return {name: [_numbers(f, leaf) for leaf in _leaves(seen)] for name, seen in steps.items()}


def _leaves(x):
    if isinstance(x, dict):
        return [leaf for key in sorted(x) for leaf in _leaves(x[key])]
    return [leaf for item in x for leaf in _leaves(item)] if isinstance(x, (tuple, list)) else [x]


def _numbers(f, x):
    # As plain numbers, in what both call the unit.
    return np.asarray(f.u.get_mantissa(x), "float64"), str(f.u.get_unit(x)).replace("^", " ** ")


@pytest.fixture(scope="module")
def seen():
    with brainstate_torch.random.seed_context(0), brainstate_torch.environ.context(random_impl="threefry2x32"):
        return _run(OURS, CASES), _run(THEIRS, CASES)


def _agree(pair, name):
    ours, theirs = (each[name] for each in pair)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine[0].shape == other[0].shape
        # In single precision the upstroke of a spike takes an error of 1e-7 to 1e-3.
        np.testing.assert_allclose(mine[0], other[0], rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("name", CASES)
def test_states_and_spikes_are_those_of_brainpy(seen, name):
    _agree(seen, name)
    if name in NEURONS:
        spikes = seen[0][name][0][0]
        assert 0 < spikes.sum() < spikes.size, "no spike, or nothing else: the case shows nothing"
    if name in INPUTS:
        assert np.ptp(seen[0][name][0][0]) > 0 or "neuron" in name or "Poisson" in name or "poisson" in name


WHOLE = {"tau_ref": lambda f: 1.6 * f.u.ms}
OF_WHOLE_STEPS = {
    "LIFRef": _neuron("LIFRef", 6.0, _mA, **WHOLE),
    "ExpIFRef": _neuron("ExpIFRef", 60.0, _mA, **WHOLE),
    "AdExIFRef": _neuron("AdExIFRef", 60.0, _mA, **WHOLE, **HARD),
    "AdQuaIFRef": _neuron("AdQuaIFRef", 90.0, _mA, **WHOLE),
    "GifRef": _neuron("GifRef", 2.0, _mA, **WHOLE, A1=lambda f: 1.0 * f.u.mA),
    "IzhikevichRef": _neuron("IzhikevichRef", 20.0, _slope, **WHOLE),
    "AMPA": _synapse("AMPA", T_dur=lambda f: 1.1 * f.u.ms),
    "GABAa": _synapse("GABAa", T_dur=lambda f: 1.1 * f.u.ms),
    "BioNMDA": _synapse("BioNMDA", T_dur=lambda f: 1.1 * f.u.ms),
}


@pytest.fixture(scope="module")
def of_whole_steps():
    with brainstate_torch.environ.context(durations="times"):
        compared = _run(OURS, OF_WHOLE_STEPS)
    return compared, _run(THEIRS, OF_WHOLE_STEPS), _run(OURS, OF_WHOLE_STEPS)


@pytest.mark.parametrize("name", OF_WHOLE_STEPS)
def test_durations_of_whole_steps_are_brainpys_where_times_are_compared(of_whole_steps, name):
    compared, theirs, counted = of_whole_steps
    _agree((compared, theirs), name)
    with pytest.raises(AssertionError):
        _agree((counted, theirs), name)


SURROGATES = {
    "Sigmoid": ["alpha"], "SoftSign": ["alpha"], "Arctan": ["alpha"], "NonzeroSignLog": ["alpha"], "ERF": ["alpha"],
    "PiecewiseExp": ["alpha"], "PiecewiseQuadratic": ["alpha"], "QPseudoSpike": ["alpha"], "InvSquareGrad": ["alpha"],
    "SlayerGrad": ["alpha"], "ReluGrad": ["alpha", "width"], "GaussianGrad": ["sigma", "alpha"],
    "LeakyRelu": ["alpha", "beta"], "PiecewiseLeakyRelu": ["c", "w"], "LogTailedRelu": ["alpha"],
    "MultiGaussianGrad": ["h", "s", "sigma", "scale"], "S2NN": ["alpha", "beta"],
}  # fmt: skip


@pytest.mark.parametrize("name", SURROGATES)
def test_a_surrogate_has_braintools_derivatives_by_its_parameters(name):
    import braintools
    import jax

    import brainstate_torch

    x = np.array([-1.75, -0.25, 0.25, 0.75, 2.5], np.float32)
    ct = np.array([1.0, 2.0, -1.0, 0.5, 3.0], np.float32)
    for word in SURROGATES[name]:

        def theirs(value, word=word):
            return (getattr(braintools.surrogate, name)(**{word: value})(x) * ct).sum()

        def ours(value, word=word):
            spike = getattr(brainstate_torch.spiking.surrogate, name)(**{word: value})
            return (spike(torch.tensor(x)) * torch.tensor(ct)).sum()

        expected = jax.grad(theirs)(0.6)
        for gradient in (brainstate_torch.transform.grad(ours), brainstate_torch.transform.jacfwd(ours)):
            np.testing.assert_allclose(gradient(torch.tensor(0.6)).item(), expected, rtol=2e-5, atol=1e-6)


def test_squarewave_surrogate_has_braintools_curve():
    import braintools

    import brainstate_torch

    x = np.linspace(-5, 5, 21, dtype=np.float32)
    theirs = braintools.surrogate.SquarewaveFourierSeries(3, 6.0)
    ours = brainstate_torch.spiking.surrogate.SquarewaveFourierSeries(3, 6.0)
    for word in ("surrogate_fun", "surrogate_grad"):
        found = getattr(ours, word)(torch.tensor(x))
        np.testing.assert_allclose(found, getattr(theirs, word)(x), rtol=1e-5, atol=1e-5)
