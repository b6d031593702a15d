"""Neurons, receptors, inputs and couplings of brainpy.state: formulas, gradients, maps, programs, errors."""

import inspect

import numpy as np
import pytest
import torch

import brainstate_torch as B
from brainstate_torch import spiking as s
from brainstate_torch import units as u
from brainstate_torch.spiking.model import Model

T = torch.tensor
MODELS = [kind for kind in vars(s).values() if inspect.isclass(kind) and issubclass(kind, Model)]


@pytest.fixture(autouse=True)
def _clock():
    with B.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms):
        yield


def _drive(model):
    """A current that makes it spike soon."""
    height = {s.FitzHughNagumo: 2.0, s.HindmarshRose: 5.0}.get(type(model))
    if height is not None:
        return height
    if "Izhikevich" in type(model).__name__:
        return 60.0 * u.mV / u.ms
    return 400.0 * u.uA if type(model) in (s.MorrisLecar, s.WangBuzsakiHH) else 200.0 * u.mA


def _run(model, x, steps=4):
    def step(i):
        with B.environ.context(t=i * 0.1 * u.ms):
            return model(x)

    return B.transform.for_loop(step, u.math.arange(steps))


def test_there_are_all_models():
    assert len(MODELS) == 17


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_models_have_gradients_lanes_and_programs(kind):
    start = T([0.1, 0.3, 0.2])

    def total(scale):
        model = kind(3, name="cells", V_initializer=-65.0 * u.mV) if kind is s.MorrisLecar else kind(3, name="cells")
        B.nn.init_all_states(model)
        unit = u.get_unit(model.V.value)
        model.V.value = model.V.value + start * unit
        spikes = _run(model, _drive(model) * scale, 3)
        return (model.V.value / unit * T([1.0, 2.0, 3.0])).sum() + spikes.sum()

    slope = B.transform.grad(total)(T(0.9))
    assert torch.isfinite(slope)
    assert slope != 0
    both = B.transform.vmap(total)(T([0.9, 0.5]))
    torch.testing.assert_close(both, torch.stack([total(T(0.9)), total(T(0.5))]), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(B.transform.jit(total, backend="replay")(T(0.9)), total(T(0.9)))


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_models_reset_and_batch(kind):
    model = B.nn.init_all_states(kind(2))
    first = {key: state.value for key, state in model.states().items()}
    _run(model, _drive(model))
    B.nn.reset_all_states(model)
    random_start = kind is s.MorrisLecar
    assert random_start or all(bool((state.value == first[key]).all()) for key, state in model.states().items())
    B.nn.init_all_states(model, batch_size=3)
    assert model(_drive(model)).shape == (3, 2)


@pytest.mark.parametrize("kind", [kind for kind in MODELS if "tau_ref" in kind._table], ids=lambda kind: kind.__name__)
def test_resting_neurons_stay_for_whole_steps(kind):
    model = B.nn.init_all_states(kind(1, tau_ref=0.3 * u.ms, ref_var=True))
    seen, spikes = [], []
    for i in range(60):
        with B.environ.context(t=i * 0.1 * u.ms):
            spikes.append(model(_drive(model)).item())
        seen.append(model.refractory.value.item())
    first = spikes.index(1.0)
    assert seen[first : first + 3] == [True, True, True]
    assert not any(seen[:first])


def test_currents_that_are_not_linear_take_the_general_way():
    class Squared(s.SynOut):
        def update(self, conductance, potential=None):
            return conductance * (potential / u.mV) ** 2

    def moved(make):
        post = s.ExpIF(1)
        projection = s.CurrentProj(comm=lambda g: g, out=make(), post=post)
        B.nn.init_all_states(post)
        projection(T([2.0]) * u.mA if isinstance(make(), Squared) else T([2.0]) * u.siemens)
        post()
        assert post.current_inputs == {}
        return post.V.value / u.mV

    def want(current, slope):
        force = -torch.exp(T(0.0)) * 0 + 3.48 * torch.exp(T((-65 + 59.9) / 3.48))
        rate = torch.exp(T((-65 + 59.9) / 3.48)) - 1 + slope
        z = 0.01 * rate
        return -65.0 + 0.01 * (torch.expm1(z) / z) * (force + current)

    torch.testing.assert_close(moved(Squared), want(2.0 * 65.0**2, -2 * 2.0 * 65.0).reshape(1), rtol=1e-5, atol=1e-5)
    coba = moved(lambda: s.COBA(0.0 * u.mV))
    torch.testing.assert_close(coba, want(2.0 * 65.0, -2.0).reshape(1), rtol=1e-5, atol=1e-5)


def test_projections_in_front_and_behind_are_the_plain_ones():
    weights = T([[0.3, 0.7], [1.0, -0.4]])

    def run(make):
        post = s.LIF(2, V_th=5.0 * u.mV)
        projection = make(post)
        B.nn.init_all_states(projection)
        seen = []
        for x in T([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]):
            projection(x)
            seen.append(post() * 0 + post.V.value / u.mV)
        return torch.stack(seen)

    comm = lambda: B.nn.Linear(2, 2, weights * u.mS, None)
    out = s.CUBA.desc(1.0 * u.volt)
    plain = run(lambda post: s.AlignPostProj(comm=comm(), syn=s.Expon.desc(2), out=out, post=post))
    other = run(lambda post: s.align_post_projection(comm=comm(), syn=s.Expon.desc(2), out=out, post=post))
    torch.testing.assert_close(other, plain)
    front = run(
        lambda post: s.align_pre_projection(
            lambda x: x * u.mS,
            syn=s.Expon(2),
            comm=B.nn.Linear(2, 2, weights, None),
            out=s.CUBA(1.0 * u.volt),
            post=post,
        )
    )
    # Synapses are linear: before or after the connections makes no difference.
    torch.testing.assert_close(front, plain)
    with_stp = run(
        lambda post: s.align_post_projection(comm=comm(), syn=s.Expon.desc(2), out=out, post=post, stp=s.STD(2))
    )
    assert not torch.equal(with_stp, plain)


def test_spikes_at_given_times():
    rng = np.random.default_rng(0)
    indices, steps, weights = rng.integers(0, 4, 30), rng.integers(0, 10, 30), rng.random(30).astype("float32")
    spikes = s.SpikeTime(4, indices, (steps * 0.1).astype("float32") * u.ms, T(weights) * u.nA)
    wanted = np.zeros((10, 4), "float32")
    np.add.at(wanted, (steps, indices), weights)

    def step(i):
        with B.environ.context(i=i):
            return spikes() / u.nA

    for program in (step, B.transform.jit(step, backend="replay")):
        got = torch.stack([program(T(i)) for i in range(10)])
        np.testing.assert_allclose(got, wanted, rtol=1e-6)
    np.testing.assert_allclose(B.transform.for_loop(step, torch.arange(10)), wanted, rtol=1e-6)
    np.testing.assert_allclose(B.transform.vmap(step)(torch.arange(10)), wanted, rtol=1e-6)
    assert (spikes(-1) == 0 * u.nA).all()
    assert (spikes(10) == 0 * u.nA).all()
    np.testing.assert_allclose(spikes(time=0.3 * u.ms) / u.nA, wanted[3], rtol=1e-6)
    with B.environ.context(t=0.4 * u.ms):
        np.testing.assert_allclose(spikes() / u.nA, wanted[4], rtol=1e-6)
    assert s.SpikeTime(2, [], []).update(0).tolist() == [0.0, 0.0]
    floor = s.SpikeTime(2, [0], [0.19] * u.ms, time_as_step="floor")
    assert floor(1).tolist() == [1.0, 0.0]


def test_rates_of_poisson_spikes_and_inputs():
    B.random.seed(0)
    spikes = s.PoissonSpike(20_000, 1000.0 * u.Hz)()
    assert abs(spikes.float().mean() - (1 - np.exp(-0.1))) < 0.01
    for rate, number in ((100.0, 20), (5000.0, 100)):
        V = B.HiddenState(torch.zeros(20_000) * u.mV)
        s.poisson_input(rate * u.Hz, number, 0.5 * u.mV, V)
        p = 1 - np.exp(-rate * 1e-4)
        counts = V.value / (0.5 * u.mV)
        assert abs(counts.mean() - number * p) < 0.02 * number * p + 0.01
        assert abs(counts.var() - number * p * (1 - p)) < 0.05 * number * p + 0.01


def test_gradients_reach_the_weights_of_gap_junctions():
    neurons = s.LIF(3, V_initializer=T([0.0, 0.3, 0.6]) * u.mV)
    junction = s.SymmetryGapJunction(neurons, "V", lambda a, b: (T([0, 1]), T([1, 2])), 1.0 * u.siemens)
    B.nn.init_all_states(neurons)
    assert junction.weight.value.shape == ()

    def loss():
        junction()
        neurons()
        return (neurons.V.value / u.mV)[0]

    # The first neuron loses 0.3 mV * g to its neighbour: one step of tau = 5 ms.
    part = 1 - np.exp(-0.02)
    slope = B.transform.grad(loss, junction.weight)()
    torch.testing.assert_close(slope / u.siemens, T(float(0.3 * part)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: s.ExpIF(2, V=3.0), TypeError, "ExpIF: got an unexpected keyword argument 'V'. It takes in_size, R"),
        (lambda: s.SpikeTime((2, 2), [0], [1.0]), ValueError, "`in_size` must be one number"),
        (lambda: s.SpikeTime(2, [0], [1.0, 2.0]), ValueError, "`indices` and `times` must be as many. Got 1 and 2"),
        (lambda: s.SpikeTime(2, [2], [1.0]), ValueError, "`indices` must name one of 2 neurons"),
        (lambda: s.SpikeTime(2, [1], [1.0], [1.0, 2.0]), ValueError, "`weights` must be one, or as many"),
        (lambda: s.SpikeTime(2, [1], [1.0], time_as_step="x"), ValueError, "`time_as_step` must be"),
        (lambda: s.SectionInput(2, [1.0], [1.0, 2.0]), ValueError, "`values` and `durations` must be as many"),
        (lambda: s.StepInput(2, [1.0], [1.0, 2.0]), ValueError, "`amplitudes` and `step_times` must be as many"),
        (
            lambda: s.poisson_input(1.0 * u.Hz, 3, 1.0, torch.zeros(2)),
            TypeError,
            "`target` must be a State. Got",
        ),
        (lambda: s.CurrentProj(comm=lambda x: x, out=3, post=s.LIF(1)), TypeError, "`out` must be a SynOut. Got int"),
        (lambda: s.SymmetryGapJunction(3, "V", None, 1.0), TypeError, "`pre` must be a `spiking.Dynamics`. Got int"),
        (
            lambda: s.SymmetryGapJunction(s.LIF(2), "V", lambda a, b: ([0], [0, 1]), 1.0),
            ValueError,
            "`conn` must give as many neurons of both sides",
        ),
        (
            lambda: s.SymmetryGapJunction(s.LIF(2), "W", lambda a, b: ([0], [1]), 1.0)(),
            ValueError,
            "`pre_state` must name a state of LIF. Got 'W'",
        ),
        (
            lambda: s.align_post_projection(
                lambda: (1, 2), comm=lambda x: x, syn=s.Expon.desc(2), out=s.CUBA.desc(), post=s.LIF(2)
            )(),
            ValueError,
            "the spike generator must give one array of spikes. Got 2",
        ),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
