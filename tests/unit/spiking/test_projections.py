"""Projections: what arrives, what is shared, and that neurons step exactly with it."""

import copy

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
