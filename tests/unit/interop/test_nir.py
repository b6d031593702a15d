"""NIR: numbers in SI units once, and spikes and potentials that other simulators see, too."""

import numpy as np
import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import interop
from brainstate_torch.interop import from_nir, to_nir

nir = pytest.importorskip("nir")
pytestmark = pytest.mark.filterwarnings("ignore:nirtorch")

DT = 0.1 * u.ms
NN, SP = bst.nn, bst.spiking
INIT = NN.init


def with_units():
    """Weights in mA, potentials in mV with a rest that is not zero, time constants of each neuron."""
    torch.manual_seed(0)
    return NN.Sequential(
        NN.Linear(3, 4, w_init=torch.rand(3, 4) * 12 * u.mA, b_init=torch.rand(4) * 3000 * u.uA),
        SP.LIF(
            4,
            R=2.0 * u.ohm,
            tau=torch.tensor([10.0, 15.0, 20.0, 30.0]) * u.ms,
            V_th=-50.0 * u.mV,
            V_reset=-68.0 * u.mV,
            V_rest=-65.0 * u.mV,
            V_initializer=INIT.Constant(-65.0 * u.mV),
            spk_reset="hard",
        ),
        NN.Linear(4, 2, b_init=None),
        interop.LeakyIntegrator(2, tau=5.0 * u.ms),
    )


def plain(**options):
    """What snnTorch and Norse take: no rest, one threshold."""
    torch.manual_seed(1)
    options = {"tau": 20.0 * u.ms, "V_th": 0.5, "V_reset": 0.0, "V_rest": 0.0, "R": 1.5, "spk_reset": "hard"} | options
    linear = NN.Linear(3, 4, w_init=torch.rand(3, 4), b_init=torch.rand(4))
    return NN.Sequential(linear, SP.LIF(4, V_initializer=INIT.Constant(0.0), **options))


INPUTS = (torch.rand((400, 3), generator=torch.Generator().manual_seed(5)) > 0.3).float()


def run(model, xs=INPUTS, dt=DT):
    NN.init_all_states(model)
    with bst.environ.context(dt=dt):
        return bst.transform.for_loop(model, xs)


def test_numbers_are_in_si_units_once():
    model = with_units()
    graph = to_nir(model)
    assert list(graph.nodes) == ["input", "affine", "lif", "linear", "li", "output"]
    lif = graph.nodes["lif"]
    np.testing.assert_allclose(lif.tau, [0.010, 0.015, 0.020, 0.030], rtol=1e-6)
    np.testing.assert_allclose(lif.v_threshold, [-0.050] * 4, rtol=1e-6)
    np.testing.assert_allclose(lif.v_leak, [-0.065] * 4, rtol=1e-6)
    np.testing.assert_allclose(lif.v_reset, [-0.068] * 4, rtol=1e-6)
    np.testing.assert_allclose(lif.r, [2.0] * 4)
    weight = model.layers[0].weight.value
    np.testing.assert_allclose(graph.nodes["affine"].weight, weight["weight"].to_decimal(u.A).T, rtol=1e-6)
    np.testing.assert_allclose(graph.nodes["affine"].bias, weight["bias"].to_decimal(u.A), rtol=1e-6)
    np.testing.assert_allclose(graph.nodes["li"].tau, [0.005] * 2, rtol=1e-6)


@pytest.mark.parametrize("units", [True, False])
def test_a_model_comes_back_from_a_file(units, tmp_path):
    model = with_units()
    nir.write(tmp_path / "a.nir", to_nir(model))
    back = from_nir(tmp_path / "a.nir", units=units)
    wanted, found = run(model), run(back)
    assert bst.units.get_unit(found) == (u.mV if units else u.UNITLESS)
    numbers = found.to_decimal(u.volt) if units else found
    torch.testing.assert_close(numbers, wanted.detach(), rtol=1e-4, atol=1e-6)
    assert wanted.abs().max() > 0.01
    if units:
        assert back.layers[0].weight.value["weight"].unit == u.mA
        assert back.layers[1].V_th.unit == u.mV
    again = to_nir(back)
    for name, node in to_nir(model).nodes.items():
        if name not in ("input", "output"):
            for field, value in vars(node).items():
                if isinstance(value, np.ndarray):
                    np.testing.assert_allclose(getattr(again.nodes[name], field), value, rtol=1e-5, err_msg=field)


def spikes_of(step, steps=INPUTS):
    with torch.no_grad():
        return torch.stack([step(x[None])[0] for x in steps])


def test_norse_sees_the_same_spikes():
    norse = pytest.importorskip("norse.torch")
    graph = to_nir(plain(R=1.0))
    module, state = norse.from_nir(graph, dt=1e-4), None

    def step(x):
        nonlocal state
        y, state = module(x, state)
        return y

    there, here = spikes_of(step).sum(0), run(plain(R=1.0)).detach().sum(0)
    assert here.min() > 3
    assert (there - here).abs().max() <= 1


def test_snntorch_sees_the_same_spikes(capsys):
    pytest.importorskip("nirtorch")
    importer = pytest.importorskip("snntorch.import_nir")
    model = plain()
    module = importer.import_from_nir(to_nir(model))
    there, here = spikes_of(lambda x: module(x)[0]).sum(0), run(model).detach().sum(0)
    assert here.min() > 3
    assert (there - here).abs().max() <= 1
    capsys.readouterr()


def test_neurons_with_synapses_agree_with_norse():
    norse = pytest.importorskip("norse.torch")
    one = np.ones(4, "float32")
    weight = np.random.default_rng(0).uniform(0.2, 1, (4, 3)).astype("float32")
    node = nir.CubaLIF(one * 0.005, one * 0.02, one, one * 0, one * 0.3, w_in=one * 1.5)
    graph = nir.NIRGraph.from_list(nir.Affine(weight, one * 0.1), node)
    module, state = norse.from_nir(graph, dt=1e-4), None

    def step(x):
        nonlocal state
        y, state = module(x, state)
        return y

    model = from_nir(graph)
    here = run(model).detach().sum(0)
    assert here.min() > 3
    assert (spikes_of(step).sum(0) - here).abs().max() <= 1
    again = to_nir(model).nodes["cubalif"]
    for field in ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"):
        np.testing.assert_allclose(getattr(again, field), getattr(node, field), rtol=1e-6)
    torch.testing.assert_close(run(from_nir(graph, units=True)), run(model))


def test_a_synapse_of_ours_is_a_leaky_integrator():
    model = NN.Sequential(NN.Linear(3, 2, w_init=torch.ones(3, 2), b_init=None), SP.Expon(2, tau=10.0 * u.ms))
    model.layers[1].g_initializer = INIT.Constant(0.0)
    with bst.environ.context(dt=DT):
        graph = to_nir(model)
    np.testing.assert_allclose(graph.nodes["li"].r, [100.0] * 2, rtol=1e-6)
    torch.testing.assert_close(run(from_nir(graph)), run(model).detach(), rtol=0.01, atol=0.01)


def recurrent():
    one, rng = np.ones(4, "float32"), np.random.default_rng(0)
    nodes = {
        "input": nir.Input(np.array([3])),
        "w": nir.Affine(rng.uniform(0, 1, (4, 3)).astype("float32"), one * 0.2),
        "lif": nir.LIF(one * 0.02, one * 2, one * 0, one * 0.5),
        "back": nir.Linear(rng.uniform(-3, 1, (4, 4)).astype("float32")),
        "output": nir.Output(np.array([4])),
    }
    edges = [("input", "w"), ("w", "lif"), ("lif", "back"), ("back", "lif"), ("lif", "output")]
    return nir.NIRGraph(nodes, edges)


def test_a_graph_with_a_loop():
    graph = recurrent()
    model = from_nir(graph)
    assert isinstance(model, interop.Connected)
    found = run(model)
    lif = from_nir(nir.NIRGraph.from_list(graph.nodes["lif"])).layers[0]
    NN.init_all_states(lif)
    spikes, total = torch.zeros(4), []
    w, b = torch.from_numpy(graph.nodes["w"].weight), torch.from_numpy(graph.nodes["w"].bias)
    with bst.environ.context(dt=DT):
        for x in INPUTS:
            spikes = lif(w @ x + b + torch.from_numpy(graph.nodes["back"].weight) @ spikes)
            total.append(spikes)
    torch.testing.assert_close(found.detach(), torch.stack(total))
    assert found.sum() > 10
    torch.testing.assert_close(run(from_nir(to_nir(model))), found)
    NN.init_all_states(model, batch_size=2)
    with bst.environ.context(dt=DT):
        assert model(torch.ones(2, 3)).shape == (2, 4)


def test_convolutions():
    start = {"w_init": INIT.Normal(1.0), "b_init": INIT.Normal(1.0)}
    model = NN.Sequential(
        NN.Conv2d((2, 8, 6), 4, 3, padding=1, stride=2, channel_first=True, **start),
        SP.LIF((4, 4, 3), V_th=1.0, V_reset=0.0, V_rest=0.0, V_initializer=INIT.Constant(0.0), R=1.0, spk_reset="hard"),
        NN.Flatten(in_size=(4, 4, 3)),
        NN.Linear(48, 2),
    )
    graph = to_nir(model)
    assert graph.nodes["conv2d"].weight.shape == (4, 2, 3, 3)
    xs = torch.rand((30, 2, 8, 6), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(run(from_nir(graph), xs, 1.0 * u.ms), run(model, xs, 1.0 * u.ms).detach())


def test_a_layer_of_the_user():
    class Threshold(NN.Module):
        in_size = out_size = (2,)

        def update(self, x):
            return (x > 0.5).float()

    here = lambda node, context: Threshold()
    there = lambda layer, context: nir.Threshold(np.full(2, 0.5, "float32"))
    interop.register_layer_mapping(interop.LayerMapping(Threshold, "nir", nir.Threshold, here, there))
    model = NN.Sequential(NN.Linear(3, 2), Threshold())
    assert type(from_nir(to_nir(model)).layers[1]) is Threshold
    assert {"LIF", "Linear", "Threshold"} <= set(interop.supported_layers("nir")["nir"])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: plain(spk_reset="soft"), "UnsupportedLayerError", "spk_reset='hard' to go over. Got 'soft'"),
        (lambda: plain(tau=20.0), "ConversionError", "must have a unit of time"),
        (lambda: NN.Sequential(NN.Linear(3, 2), SP.ALIF(2)), "UnmappedLayerError", "ALIF"),
        (lambda: NN.Sequential(NN.Conv1d((8, 2), 2, 3)), "UnsupportedLayerError", "channel_first=True"),
    ],
)
def test_what_nir_cannot_say(make, error, text):
    with pytest.raises(getattr(interop, error), match=text):
        to_nir(make())


def test_the_reset_can_be_ignored_when_asked_for():
    graph = to_nir(plain(spk_reset="soft"), ignore_reset=True)
    assert from_nir(graph, spk_reset="soft").layers[1].spk_reset == "soft"


def test_nodes_and_graphs_that_are_not_known():
    one = np.ones(2, "float32")
    with pytest.raises(interop.UnmappedLayerError, match="NIR's I"):
        from_nir(nir.NIRGraph.from_list(nir.I(one)))
    with pytest.raises(TypeError, match="`graph` must be a NIRGraph"):
        from_nir(3)
    with pytest.raises(interop.UnsupportedStructureError, match="loop have a neuron"):
        interop.Connected({"a": NN.ReLU(), "b": NN.ReLU()}, [("input", "a"), ("a", "b"), ("b", "a"), ("b", "output")])
