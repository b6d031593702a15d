"""COBA and CUBA networks of brainstate's documents, spike for spike: Threefry seeds, and no number copied."""

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
braintools_init = pytest.importorskip("braintools.init")
config = pytest.importorskip("brainevent.config")

pytestmark = pytest.mark.filterwarnings("ignore:brainevent:DeprecationWarning")


@pytest.fixture(autouse=True, scope="module")
def _backend_without_numba():
    config.set_backend("cpu", "jax_raw")
    yield
    config.clear_backends()


OURS = SimpleNamespace(
    s=brainstate_torch.spiking, u=torch_units, bs=brainstate_torch, init=brainstate_torch.init, arange=torch.arange
)
THEIRS = SimpleNamespace(s=brainpy_state, u=brainunit, bs=brainstate, init=braintools_init, arange=jax.numpy.arange)
EXC, INH, STEPS = 160, 40, 1000


def _network(f, kind, tau_ref):
    """Excitatory and inhibitory neurons, connected at random with probability 0.1."""
    s, u, nn, n = f.s, f.u, f.bs.nn, EXC + INH
    # Each with its weights and potentials: currents in mA through 1 ohm are mV.
    coba = {"E": (0.03 * u.siemens, s.COBA.desc(E=0.0 * u.mV)), "I": (0.3 * u.siemens, s.COBA.desc(E=-80.0 * u.mV))}
    cuba = {"E": (1.0 * u.mS, s.CUBA.desc(scale=u.volt)), "I": (-6.0 * u.mS, s.CUBA.desc(scale=u.volt))}
    neurons = s.LIFRef(
        n, V_rest=-49.0 * u.mV if kind == "CUBA" else -60.0 * u.mV, V_th=-50.0 * u.mV, V_reset=-60.0 * u.mV,
        tau=20.0 * u.ms, tau_ref=tau_ref * u.ms, V_initializer=f.init.Normal(-55.0 * u.mV, 2.0 * u.mV),
    )  # fmt: skip
    projections = {}
    for name, (weight, out) in (coba if kind == "COBA" else cuba).items():
        size, tau = (EXC, 5.0 * u.ms) if name == "E" else (INH, 10.0 * u.ms)
        projections[name] = s.AlignPostProj(
            comm=nn.EventFixedProb(size, n, 0.1, weight, seed=len(projections)),
            syn=s.Expon.desc(n, tau=tau), out=out, post=neurons,
        )  # fmt: skip
    return neurons, projections


def _spikes(f, kind, tau_ref):
    f.bs.random.seed(7)
    with f.bs.environ.context(dt=0.1 * f.u.ms):
        neurons, projections = _network(f, kind, tau_ref)
        f.bs.nn.init_all_states(neurons)

        def step(i):
            with f.bs.environ.context(i=i, t=i * 0.1 * f.u.ms):
                spikes = neurons.get_spike() != 0.0
                projections["E"](spikes[:EXC])
                projections["I"](spikes[EXC:])
                neurons(20.0 * f.u.mA if kind == "COBA" else 2.0 * f.u.mA)
                return neurons.get_spike(), neurons.V.value / f.u.mV

        spikes, V = f.bs.transform.for_loop(step, f.arange(STEPS))
    return np.asarray(spikes), np.asarray(V)


# Rounding errors of the times decide whether brainpy's neurons rest for 50 steps or for 51.
@pytest.mark.parametrize(("tau_ref", "durations"), [(5.05, "steps"), (5.0, "times")])
@pytest.mark.parametrize("kind", ["COBA", "CUBA"])
def test_a_balanced_network_fires_spike_for_spike(kind, tau_ref, durations):
    with brainstate_torch.environ.context(random_impl="threefry2x32", durations=durations):
        (mine, V), (other, V_other) = (_spikes(f, kind, tau_ref) for f in (OURS, THEIRS))
    assert mine.sum() > 300
    np.testing.assert_array_equal(mine, other)
    np.testing.assert_allclose(V, V_other, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("options", [{}, {"afferent_ratio": 0.5}, {"allow_multi_conn": False}], ids=str)
def test_random_connections_are_those_of_the_original_where_draws_are(options):
    found = []
    with brainstate_torch.environ.context(random_impl="threefry2x32"):
        for library in (brainstate_torch, brainstate):
            library.random.seed(3)
            layer = library.nn.FixedNumConn(8, 10, 0.3, 1.0, **options)
            more = np.asarray(library.random.rand(2))
            found.append((np.asarray(layer.indices if library is brainstate_torch else layer.conn.indices), more))
    np.testing.assert_array_equal(found[0][0].ravel(), found[1][0].ravel())
    np.testing.assert_array_equal(found[0][1], found[1][1])
    brainstate_torch.random.seed(0)
