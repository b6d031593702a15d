"""Arrays of numpy, lists and numbers in the company of tensors on the device, while the default device is the CPU."""

import functools

import numpy as np
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import event, init, nn, online, optim, random, spiking
from brainstate_torch import transform as T

from .layers import LAYERS
from .registry import check, filled, same, tensors_of

for _name, (_make, _shape) in LAYERS.items():
    if _make().states() or dict(_make().named_buffers()):

        @same(f"nn.{_name}: an array of numpy goes where the layer is")
        def _(d, make=_make, shape=_shape):
            with bst.environ.context(fit=True):
                return make().to(d)(filled(shape, "cpu").numpy())


@same("nn: lists and numbers as indices, arrays as masks, hidden states and input of cells")
def _(d):
    table, norm, cell = nn.Embedding(5, 3).to(d), nn.LayerNorm((6,)).to(d), nn.GRUCell(3, 4).to(d)
    nn.init_all_states(cell, 2)
    x, mask = filled((4, 6), d), np.arange(6) > 2
    return [
        table([1, 4]),
        table(2),
        norm(x, mask=mask),
        cell(filled((2, 3), "cpu").numpy()),
        nn.softmax(x, where=mask),
        nn.logsumexp(x, where=mask, b=np.ones(6, "float32")),
        nn.standardize(x, where=mask),
    ]


TRANSFORMS = {
    "SigmoidT": lambda d: nn.SigmoidT(filled(3, d), 5.0),
    "ScaledSigmoidT": lambda d: nn.ScaledSigmoidT(filled(3, d), 5.0),
    "TanhT": lambda d: nn.TanhT(filled(3, d), 5.0),
    "SoftsignT": lambda d: nn.SoftsignT(filled(3, d), 5.0),
    "ClipT": lambda d: nn.ClipT(filled(3, d), 5.0),
    "SoftplusT": lambda d: nn.SoftplusT(filled(3, d)),
    "LogT": lambda d: nn.LogT(filled(3, d)),
    "ReluT": lambda d: nn.ReluT(filled(3, d)),
    "AffineT": lambda d: nn.AffineT(filled(3, d), filled(3, d, 1)),
    "MaskedT": lambda d: nn.MaskedT(torch.tensor([True, False, True], device=d), nn.SoftplusT(0.0)),
}


@same("nn param transforms: arrays of numpy meet their bounds")
def _(d):
    x, y = np.array([0.1, 0.2, 0.3], "float32"), np.array([3.0, 3.5, 4.0], "float32")
    return {name: (make(d)(x), make(d).inverse(y)) for name, make in TRANSFORMS.items()}


REGULARIZATIONS = [name for name in nn.__all__ if name.endswith("Reg") and name != "ChainedReg"]


@check("nn regularization: draws lie where it was moved, or where its hyperparameters are made")
def _():
    wrong = []
    for name in REGULARIZATIONS:
        kind = functools.partial(nn.GaussianReg, 0.0, 1.0) if name == "GaussianReg" else getattr(nn, name)
        with torch.device("cuda"):
            made = kind(fit_hyper=True)
        value = nn.Param(torch.ones(3, 3), reg=kind()).to("cuda")
        value.reset_to_prior()
        found = [kind().to("cuda").sample_init((3, 3)), made.sample_init((3, 3))]
        found += [x for state in value.states().values() for x in tensors_of(state)]
        wrong += [name] * any(x.device.type != "cuda" for x in found)
    assert not wrong, f"on the CPU: {wrong}"


@same("nn metrics: predictions of numpy and labels on the device, and the reverse")
def _(d):
    found = []
    for mixed in (True, False):
        one, other = np.array([0, 1, 1]), torch.tensor([0, 2, 1], device=d)
        metric = nn.ConfusionMatrix(3)
        metric.update(predictions=one if mixed else other, labels=other if mixed else one)
        accuracy = nn.AccuracyMetric()
        logits = filled((3, 3), d)
        accuracy.update(logits=logits if mixed else logits.cpu().numpy(), labels=one if mixed else other)
        found += [metric.compute(), accuracy.compute()]
    return found


@same("nn.clip_grad_norm: gradients of numpy among those on the device")
def _(d):
    return nn.clip_grad_norm({"a": np.array([3.0]), "b": filled(2, d), "c": filled(2, d) * u.mV}, 0.5)["a"]


@same("States: arrays of numpy on both sides of a value, and in a group")
def _(d):
    s, array = bst.ParamState(filled(3, d)), filled(3, "cpu", 1).numpy()
    group = bst.HiddenGroupState(filled((3, 2), d))
    group.set_value({0: array})
    return (
        array - s.value,
        array / s.value,
        array < s.value,
        s.value >= array,
        s.value == array,
        s.value != array,
        group,
    )


@same("units.math: lists, arrays and numbers beside tensors")
def _(d):
    x, q, array = filled(6, d), filled(6, d) * u.mV, np.arange(6, dtype="float32")
    m = u.math
    return [
        m.put(x, [5, 0], [7.0, 8.0]),
        m.put(x, [9], [7.0], mode="drop"),
        m.take(x, [1, 2]),
        m.take_along_axis(x, [0, 1], 0),
        m.place(q, [True, False] * 3, 9.0 * u.mV),
        m.r_[q, 1.0 * u.volt],
        m.c_[x, array],
        m.where([True, False] * 3, x, array),
        m.select([x > 1, array > 2], [x, array], 0.5),
        m.searchsorted(m.sort(x), [0.1, 0.2]),
        m.isin(x, [0.1]),
        m.interp([0.1, 0.5], m.sort(x), array),
        m.dot(x, array),
        m.outer(array, q),
        m.einsum("i,i", array, x),
        m.concatenate([x, array]),
        m.stack([array, x]),
        m.append(x, [1.0]),
        m.insert(x, [1], [2.0]),
        m.average(x, weights=array),
        m.clip(x, array * 0.1, None),
        m.digitize(x, [0.0, 1.0]),
        m.bincount(torch.tensor([0, 2, 2], device=d), weights=[1.0, 2.0, 3.0]),
        m.polyval([1.0, 2.0], x),
        m.convolve(x, [1.0, 1.0]),
        m.compress([True, False, True], x),
        m.choose(torch.tensor([0, 1, 0], device=d), [[1.0, 2.0, 3.0], x[:3]]),
        m.ravel_multi_index((torch.tensor([1, 0], device=d), [2, 3]), (2, 4)),
        m.gradient(x, array),
        m.trapezoid(x, array),
        m.histogram(x, bins=np.array([0.0, 0.5, 1.0]))[0],
    ]


@check("units: assert_quantity compares with numbers, lists and arrays")
def _():
    q = torch.ones(2, device="cuda") * u.mV
    for wanted in (1.0, [1.0, 1.0], np.ones(2)):
        u.assert_quantity(q, wanted, u.mV)


@same("event: matrices with lists for places, rows and spikes")
def _(d):
    places = ([0, 1, 1], [0, 2, 3])
    made = [
        event.CSR((filled(3, d), *places), shape=(2, 2)),
        event.CSC((filled(3, d), *places), shape=(2, 2)),
        event.COO((filled(3, d), [0, 1, 1], [0, 1, 0]), shape=(2, 2)),
        event.FixedNumPerPre(filled((2, 2), d), [[0, 1], [1, 0]], shape=(2, 2)),
        event.CSR(([1.0, 2.0, 3.0], torch.tensor(places[0], device=d), places[1]), shape=(2, 2)),
    ]
    matrix, weight = made[0], filled(3, d)
    return [
        *[x.todense() for x in made],
        *[np.ones(2, "float32") @ x for x in made],
        *[x @ [1.0, 2.0] for x in made],
        matrix.slice_rows([1, 0]).todense(),
        event.csr_slice_rows(weight, *places, [1], shape=(2, 2)),
        (matrix * np.array([[1.0, 2.0], [3.0, 4.0]], "float32")).data,
        matrix.update_on_pre([True, False], [1.0, 2.0], w_max=0.5).data,
        event.update_csr_on_binary_pre(weight, *places, [True, False], np.ones(2), shape=(2, 2)),
        event.update_dense_on_binary_pre(filled((2, 3), d), [True, False], [1.0, 2.0, 3.0]),
        event.BinaryArray(torch.tensor([True, False], device=d)) @ np.ones((2, 3), "float32"),
    ]


# ---- Models whose device is not the default one.


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.out = nn.ValinaRNNCell(3, 4), nn.Linear(4, 2)

    def update(self, x):
        return self.out(self.cell(x))


for _name in ("D_RTRL", "pp_prop", "EProp"):

    @same(f"online.{_name}: a model on the device, its gradient of a sequence")
    def _(d, name=_name):
        model, xs = Recurrent().to(d), filled((5, 3), d)
        nn.init_all_states(model)
        options = {} if name == "D_RTRL" else {"decay_or_rank": 0.9} if name == "pp_prop" else {}
        learner = online.compile(model, name, xs[0], **options)
        mask = [1.0, 1.0, 0.0, 1.0, 1.0]
        grads, value = learner.etrace_grad(
            xs, step_fn=lambda x: (learner(x) ** 2).sum(), mask=mask, loss_output="masked", return_value=True
        )
        assert learner.running_index.value.device == xs.device
        return grads, value


STIMULI = {
    "SpikeTime": lambda: spiking.SpikeTime(4, [0, 2], [0.1, 0.2] * u.ms, 2.0 * u.nA),
    "PoissonSpike": lambda: spiking.PoissonSpike(4, 100.0 * u.Hz),
    "WienerProcessInput": lambda: spiking.WienerProcessInput(4, 2.0 * u.nA, 10.0 * u.ms),
    "OUProcessInput": lambda: spiking.OUProcessInput(4, 1.0 * u.nA, 2.0 * u.nA, 10.0 * u.ms, 10.0 * u.ms),
    "StepInput": lambda: spiking.StepInput(4, [1.0, 2.0] * u.nA, [0.0, 0.1] * u.ms),
    "SinusoidalInput": lambda: spiking.SinusoidalInput(4, 1.0 * u.nA, 10.0 * u.Hz, 10.0 * u.ms),
    "ConstantInput": lambda: spiking.ConstantInput(4, 1.0 * u.nA, 1.0 * u.ms),
}
for _name, _make in STIMULI.items():

    @check(f"spiking.{_name}: moved, what it makes is there")
    def _(name=_name, make=_make):
        with bst.environ.context(dt=0.1 * u.ms, t=0.1 * u.ms, i=1):
            source = make().to("cuda")
            nn.init_all_states(source)
            found = u.get_mantissa(source())
        assert found.device.type == "cuda", found.device


@check("spiking: Poisson encoders and inputs draw where the rates and the neurons are")
def _():
    with bst.environ.context(dt=0.1 * u.ms):
        rates = torch.full((4,), 100.0, device="cuda") * u.Hz
        assert spiking.PoissonEncoder(4)(rates).device.type == "cuda"
        for rate in (100.0 * u.Hz, rates):
            V = bst.HiddenState(torch.zeros(4, device="cuda") * u.mV)
            spiking.poisson_input(rate, 20, 0.5 * u.mV, V)
            assert V.value.device.type == "cuda"
        V = bst.HiddenState(torch.zeros(4, device="cuda") * u.mV)
        spiking.poisson_input(100.0 * u.Hz, 20, 0.5 * u.mV, V, indices=[0, 2])


@same("spiking.LIF: constants that are made on the device say where its states are")
def _(d):
    with bst.environ.context(dt=0.1 * u.ms):
        neurons = spiking.LIF(4, tau=torch.full((4,), 5.0, device=d) * u.ms)
        nn.init_all_states(neurons, 2)
        return neurons(filled((2, 4), d) * u.mA)


@same("init: positions and distances on the device")
def _(d):
    weights = init.DistanceModulated(init.Constant(2.0), init.GaussianProfile(1.0 * u.um))
    places = filled((3, 2), d) * u.um
    return weights((3, 3), pre_positions=places, post_positions=places), weights((2,), distances=filled(2, d) * u.um)


@same("vmap: numbers and arrays that are returned lie beside the lanes")
def _(d):
    return T.vmap(lambda x: (True, 3, np.array([0.5]), x))(filled((3, 2), d))


@check("random.binomial: what is no number of trials ends, where nothing is checked")
def _():
    for impl in ("torch", "threefry2x32"):
        trials = torch.tensor([5.0, float("nan"), float("inf"), -1.0], device="cuda")
        assert random.RandomState(0, impl=impl).binomial(trials, 0.5).shape == (4,)


@same("optim: rules besides the usual ones, of a model that moves after the optimizer is made")
def _(d):
    found = []
    for name in ("AdaBelief", "Adafactor", "Fromage", "Lamb", "Lars", "Novograd", "SM3", "Yogi"):
        layer = nn.Linear(3, 2)
        optimizer = getattr(optim, name)(lr=0.1)
        optimizer.register_trainable_weights(layer.states(bst.ParamState))
        layer.to(d)
        grad = T.grad(lambda x, layer=layer: (layer(x) ** 2).sum(), layer.states(bst.ParamState))
        for i in range(2):
            optimizer.update(grad(filled((4, 3), d, i)))
        found.append(dict(layer.states()))
    return found


@check("eval_shape: shapes in the place of tensors lie where the model is")
def _():
    net = nn.Linear(3, 2).to("cuda")
    assert T.eval_shape(net, T.ShapeDtypeStruct((5, 3), torch.float32)).shape == (5, 2)
    assert T.eval_shape(T.grad(lambda x: net(x).sum()), T.ShapeDtypeStruct((5, 3), torch.float32)).shape == (5, 3)


@same("a transform of a transform: an array of numpy goes where the model of the inner function is")
def _(d):
    w, array = bst.ParamState(filled(3, d)), np.ones(3, np.float32)
    inner = T.grad(lambda x: (w.value * x**2).sum())
    return T.vmap(inner)(np.ones((2, 3), np.float32)), T.jit(inner, backend="replay")(array), T.vjp(inner, array)[0]
