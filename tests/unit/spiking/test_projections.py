"""Projections: what arrives, what is shared, and that neurons step exactly with it."""

import copy

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import spiking as s

W = torch.tensor([[0.5, 2.0], [1.0, 0.0]], dtype=torch.float64)
SPIKES = torch.tensor([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64)


@pytest.fixture(autouse=True)
def _step():
    with brainstate.environ.context(dt=0.1 * u.ms, precision=64):
        yield


def connection(scale=1.0):
    return brainstate.nn.Linear(2, 2, scale * W * u.mS, None)


def projected(out, post=None, described=True, **kwargs):
    post = s.LIF(2, V_th=100.0 * u.mV) if post is None else post
    syn = s.Expon.desc(2, tau=5.0 * u.ms) if described else s.Expon(2, tau=5.0 * u.ms)
    return s.AlignPostProj(comm=connection(), syn=syn, out=out, post=post, **kwargs)


def trajectory(projection, current=1.0):
    brainstate.nn.init_all_states(projection)

    def step(spikes):
        projection(spikes)
        projection.post(current * u.mA)
        return projection.post.V.value.to_decimal(u.mV), projection.syn.g.value.to_decimal(u.mS)

    return brainstate.transform.for_loop(step, SPIKES)


def reference(current, slope):
    """V and g step by step; `current(g)` in mA at V = 0, `slope(g)` its derivative by V."""
    dt, tau = torch.tensor(0.1, dtype=torch.float64), 5.0
    V = g = torch.zeros(2, dtype=torch.float64)
    found = []
    for spikes in SPIKES:
        g = g * torch.exp(-dt / 5.0) + spikes @ W
        rate = (1 - slope(g)) / tau
        V = V * torch.exp(-rate * dt) + (1.0 + current(g)) / tau / rate * (1 - torch.exp(-rate * dt))
        found.append((V, g))
    return [torch.stack(each) for each in zip(*found, strict=True)]


@pytest.mark.parametrize("described", [True, False])
def test_align_post_with_a_current_is_exact(described):
    out = s.CUBA.desc(scale=3.0 * u.volt) if described else s.CUBA(scale=3.0 * u.volt)
    expected = reference(lambda g: 3.0 * g, lambda g: 0 * g)
    for found, wanted in zip(trajectory(projected(out, described=described)), expected, strict=True):
        torch.testing.assert_close(found, wanted)


def test_align_post_with_a_conductance_is_exact():
    out = s.COBA.desc(E=40.0 * u.mV)
    expected = reference(lambda g: g * 1e-3 * 40.0, lambda g: -g * 1e-3)  # mS mV = µA; ohm mS = 1e-3
    for found, wanted in zip(trajectory(projected(out)), expected, strict=True):
        torch.testing.assert_close(found, wanted)


def test_align_post_with_an_output_of_ones_own_steps_by_its_derivative():
    class Same(s.COBA):
        is_linear = False

    first, second = (trajectory(projected(kind.desc(E=40.0 * u.mV))) for kind in (Same, s.COBA))
    for found, wanted in zip(first, second, strict=True):
        torch.testing.assert_close(found, wanted)


def test_projections_described_alike_share_a_synapse():
    post = s.LIF(2)
    first, second = (projected(s.COBA.desc(E=0.0 * u.mV), post) for _ in range(2))
    other = projected(s.COBA.desc(E=-80.0 * u.mV), post)
    labelled = projected(s.COBA.desc(E=0.0 * u.mV), post, label="a")
    assert first.syn is second.syn
    assert len({first.syn, other.syn, labelled.syn}) == 3
    brainstate.nn.init_all_states(post)
    for each in (first, second):
        each(SPIKES[0])
    post(0.0 * u.mA)
    torch.testing.assert_close(first.syn.g.value.to_decimal(u.mS), 2 * SPIKES[0] @ W)


def test_delta_proj_moves_the_potential_at_once():
    post = brainstate.nn.init_all_states(s.LIF(2, V_th=100.0 * u.mV))
    projection = s.DeltaProj(comm=brainstate.nn.Linear(2, 2, W * u.mV, None), post=post)
    projection(SPIKES[2])
    post(0.0 * u.mA)
    torch.testing.assert_close(post.V.value.to_decimal(u.mV), SPIKES[2] @ W)


def test_projection_takes_modules_in_front():
    post = brainstate.nn.init_all_states(s.LIF(2, V_th=100.0 * u.mV))
    comm = brainstate.nn.Linear(2, 2, W * u.mV, None)
    projection = s.DeltaProj(lambda: SPIKES[2], lambda x: 2 * x, comm=comm, post=post)
    projection()
    post(0.0 * u.mA)
    torch.testing.assert_close(post.V.value.to_decimal(u.mV), 2 * SPIKES[2] @ W)


def test_projection_gradient_reaches_the_weights():
    projection = projected(s.CUBA.desc())
    states = projection.states(brainstate.ParamState)

    def loss():
        return trajectory(projection)[0].sum()

    found = brainstate.transform.grad(loss, states)()
    (weight,) = found.values()
    assert (u.get_mantissa(weight["weight"]) > 0).any()


def test_projection_twice_before_the_target_raises_and_clear_inputs_helps():
    projection = projected(s.CUBA.desc())
    brainstate.nn.init_all_states(projection)
    projection(SPIKES[0])
    with pytest.raises(ValueError, match=r"`key` must be new .* a second time.*call `clear_inputs\(\)`"):
        projection(SPIKES[0])
    projection.syn.clear_inputs()
    projection(SPIKES[0])


def test_projection_survives_copies():
    projection = projected(s.COBA.desc(E=40.0 * u.mV))
    expected = trajectory(projection)
    for copied in (
        copy.deepcopy(projection),
        brainstate.graph.treefy_merge(*brainstate.graph.treefy_split(projection)),
    ):
        assert copied.syn is not projection.syn
        for found, wanted in zip(trajectory(copied), expected, strict=True):
            assert torch.equal(found, wanted)
    assert not any("." in str(part) for path in projection.states() for part in path)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"comm": 3}, "`comm` must be functions or modules. Got int"),
        ({"post": brainstate.nn.Dynamics(2)}, "`post` must be a `spiking.Dynamics`. Got Dynamics"),
        ({"out": s.CUBA()}, "`syn` and `out` must be an AlignPost and a SynOut, or descriptions of both"),
        (
            {"syn": s.Alpha.desc(2)},
            "`syn` and `out` must describe an AlignPost and a SynOut. Got .* of Alpha",
        ),
    ],
    ids=str,
)
def test_align_post_proj_refuses(change, text):
    given = {"comm": connection(), "syn": s.Expon.desc(2), "out": s.CUBA.desc(), "post": s.LIF(2)} | change
    with pytest.raises(TypeError, match=text):
        s.AlignPostProj(**given)


def test_projection_refuses_modules_that_cannot_be_called():
    with pytest.raises(TypeError, match="`modules` must be functions or modules. Got int"):
        s.DeltaProj(3, comm=connection(), post=s.LIF(2))


# Delays


@pytest.mark.parametrize(
    ("delay", "indices", "lags"),
    [
        (0.2, None, [2, 2, 2]),
        (0.0, None, [0, 0, 0]),
        (0.25, None, [2.5, 2.5, 2.5]),
        ([0.1, 0.25, 0.4], None, [1, 2.5, 4]),
        ([0.1, 0.2, 0.05, 0.4], [0, 2, 2, 1], [1, 2, 0.5, 4]),
    ],
)
def test_an_input_delay_gives_what_was_put_in_so_long_ago(delay, indices, lags):
    line = s.InputDelay(3, torch.tensor(delay) * u.ms, indices)
    xs = torch.rand(8, 2, 3, dtype=torch.float64)
    with brainstate.environ.context(dt=0.1 * u.ms):
        brainstate.nn.init_all_states(line, 2)
        found = brainstate.transform.jit(lambda xs: brainstate.transform.for_loop(line, xs), backend="replay")(xs)
        brainstate.nn.init_all_states(line)
        alone = brainstate.transform.for_loop(line, xs[:, 0])
    past = torch.cat([torch.zeros(5, 2, 3, dtype=torch.float64), xs])
    for k, lag in enumerate(lags):
        neuron = k if indices is None else indices[k]
        low, part = int(lag), lag % 1
        wanted = (1 - part) * past[5 - low : 13 - low, :, neuron] + part * past[4 - low : 12 - low, :, neuron]
        torch.testing.assert_close(found[..., k], wanted)
        torch.testing.assert_close(alone[..., k], wanted[:, 0])


def test_a_projection_with_a_delay_is_that_of_brainpy():
    theirs, theirs_nn = pytest.importorskip("brainpy").state, pytest.importorskip("brainstate")
    units = pytest.importorskip("brainunit")
    spikes = (np.random.default_rng(0).random((20, 3)) < 0.3).astype(np.float32)
    weight = np.float32([[1.0, 2.0], [0.5, -1.0], [3.0, 0.1]])
    found = []
    for of, nn, unit, array in (
        (theirs, theirs_nn, units, np.asarray),
        (s, brainstate, u, torch.as_tensor),
    ):
        post = of.LIF(2, tau=20.0 * unit.ms)
        projection = of.AlignPostProj(
            comm=nn.nn.Linear(3, 2, array(weight) * unit.mS, b_init=None),
            syn=of.Expon.desc(2, tau=5.0 * unit.ms),
            out=of.CUBA.desc(scale=unit.volt),
            post=post,
            delay=array([0.1, 0.4, 0.25]) * unit.ms,
        )
        with nn.environ.context(dt=0.1 * unit.ms, precision=32):
            nn.nn.init_all_states(projection)
            volts = []
            for x in spikes:
                projection(array(x))
                post()
                volts.append(np.asarray(post.V.value.to_decimal(unit.mV)))
        found.append(np.stack(volts))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)
    assert np.abs(found[0]).max() > 0.1


@pytest.mark.parametrize(
    ("delay", "error", "text"),
    [
        (torch.ones(2) * u.ms, ValueError, r"`delay` must have the shape \(\) or \(3,\). Got \(2,\)"),
        (-1.0 * u.ms, ValueError, "`delay` must not be negative"),
    ],
)
def test_wrong_delays_are_refused(delay, error, text):
    with pytest.raises(error, match=text), brainstate.environ.context(dt=0.1 * u.ms):
        brainstate.nn.init_all_states(s.InputDelay(3, delay))


def test_a_delay_needs_the_size_of_the_source():
    with pytest.raises(TypeError, match="`comm` must have an `in_size` where `delay` is given. Got function"):
        s.CurrentProj(comm=lambda x: x, out=s.CUBA(), post=s.LIF(2), delay=1.0 * u.ms)
