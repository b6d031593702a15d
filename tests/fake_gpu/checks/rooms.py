"""Stimuli, initialisers, events, measures, pictures and other frameworks, with tensors on the device."""

import contextlib
import io

import numpy as np
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import event, init, input, interop, metric, nn, random, spiking, visualize
from brainstate_torch import transform as T

from .registry import BACKEND, check, filled, quiet, same

# ---- Stimuli: one parameter is a tensor, everything else follows it.

STIMULI = {
    "section": lambda x: input.section([x * u.pA, 2.0 * u.pA], [0.2 * u.ms, 0.3 * u.ms]),
    "spike": lambda x: input.spike([0.2 * u.ms, 0.5 * u.ms], 0.2 * u.ms, [x, x**2], 1.0 * u.ms),
    "gaussian pulse": lambda x: input.gaussian_pulse(x, x * u.ms, x * u.ms, 1.0 * u.ms),
    "exponential decay": lambda x: input.exponential_decay(x, x * u.ms, 1.0 * u.ms, t_start=0.3 * u.ms),
    "burst": lambda x: input.burst(x, x * u.kHz, 0.3 * u.ms, 0.2 * u.ms, 3, 1.0 * u.ms),
    "sinusoidal": lambda x: input.sinusoidal(x, x * u.kHz, 1.0 * u.ms),
    "square": lambda x: input.square(x, 1.0 * u.kHz, 1.0 * u.ms),
    "chirp": lambda x: input.chirp(x, x * u.kHz, 2.0 * u.kHz, 1.0 * u.ms),
    "OU process with a seed": lambda x: input.ou_process(x, x, x * u.ms, 4.0 * u.ms, n=2, seed=1),
    "Wiener process with a seed": lambda x: input.wiener_process(1.0 * u.ms, x, seed=1),
    "sums and sequences": lambda x: ((2.0 - input.Ramp(x, 2.0, 1.0 * u.ms)) | input.Ramp(0.1, 1.0, 2.0 * u.ms))(),
    "smoothed": lambda x: input.Ramp(x, 2.0 * x, 1.0 * u.ms).smooth(x * u.ms)(),
}
for _name, _make in STIMULI.items():

    @same(f"input: {_name}, and its gradient")
    def _(d, make=_make):
        with bst.environ.context(dt=0.1 * u.ms):
            x = torch.tensor(0.83, device=d)
            return make(x), T.grad(lambda x: (u.get_mantissa(make(x)) ** 2).sum())(x)


@same("input: on the default device where all parameters are numbers")
def _(d):
    with bst.environ.context(dt=0.1 * u.ms), torch.device(d):
        return [make(0.83) for make in STIMULI.values()]


@quiet("no wait: a stimulus inside jit")
def _(d):
    bst.environ.set(dt=0.1 * u.ms)
    run = T.jit(lambda x: input.sinusoidal(x, 1.0 * u.kHz, 1.0 * u.ms) * x, backend=BACKEND)
    x = torch.tensor(0.83, device=d)
    return lambda: run(x)


# ---- Initialisers with a parameter on the device.

INITIALISERS = {
    "Constant": lambda x: init.Constant(x * u.mV),
    "Uniform": lambda x: init.Uniform(-x, x),
    "Normal": lambda x: init.Normal(x, x**2),
    "LogNormal": lambda x: init.LogNormal(x, x / 2),
    "Gamma": lambda x: init.Gamma(2.0, x),
    "TruncatedNormal": lambda x: init.TruncatedNormal(x, x, -x, 2 * x),
    "Weibull": lambda x: init.Weibull(2.0, x),
    "Conditional": lambda x: init.Conditional(lambda i: i > 1, init.Constant(x), init.Normal(x, x)),
    "VarianceScaling": lambda x: init.VarianceScaling(x, "fan_avg", "truncated_normal"),
}
for _name, _make in INITIALISERS.items():

    @check(f"init.{_name}: a parameter on the device")
    def _(make=_make):
        values = u.get_mantissa(make(torch.tensor(0.8, device="cuda"))((50, 4)))
        assert values.device.type == "cuda" and values.isfinite().all()

    @check(f"init.{_name}: on the default device")
    def _(make=_make):
        with torch.device("cuda"):
            assert u.get_mantissa(make(0.8)((3, 4))).device.type == "cuda"


# ---- Events and sparse matrices.

_DENSE = np.where(np.random.default_rng(0).random((6, 5)) < 0.5, np.random.default_rng(1).normal(size=(6, 5)), 0)
_FIXED = np.random.default_rng(2).integers(0, 5, (6, 3))
MATRICES = {
    "Dense": lambda d: event.Dense(filled((6, 5), d)),
    "COO": lambda d: event.COO.fromdense(torch.tensor(_DENSE, device=d).float()),
    "CSR": lambda d: event.CSR.fromdense(torch.tensor(_DENSE, device=d).float()),
    "CSC": lambda d: event.CSC.fromdense(torch.tensor(_DENSE, device=d).float()),
    "FixedNumPerPre": lambda d: event.FixedNumPerPre(filled((6, 3), d), torch.tensor(_FIXED, device=d), shape=(6, 5)),
    "FixedNumPerPost": lambda d: (
        event.FixedNumPerPost(filled((6, 3), d), torch.tensor(_FIXED, device=d), shape=(5, 6)).T
    ),
}
for _name, _make in MATRICES.items():

    @same(f"event.{_name}: products with events and numbers, from both sides, and gradients")
    def _(d, make=_make):
        matrix = make(d)
        rows, columns = filled(6, d, 3) > 0, filled(5, d, 4) > 0
        numbers = filled((2, 6), d, 5)

        def loss(data):
            other = matrix.with_data(data)
            return (numbers @ other).square().sum() + (event.BinaryArray(rows) @ other).sum()

        products = [event.BinaryArray(rows) @ matrix, matrix @ event.BinaryArray(columns), numbers @ matrix]
        return products, matrix @ filled(5, d, 6), matrix.todense(), T.grad(loss)(matrix.data)

    @quiet(f"no wait: event.{_name} times events")
    def _(d, make=_make):
        matrix, rows, columns = make(d), filled(6, d, 3) > 0, filled(5, d, 4) > 0
        return lambda: (event.BinaryArray(rows) @ matrix, matrix @ event.BinaryArray(columns))


@same("event: plasticity, with numbers of numpy beside")
def _(d):
    matrix, spikes = MATRICES["CSR"](d), filled(6, d, 3) > 0
    trace = filled(5, d, 4)
    return [
        matrix.update_on_pre(spikes, trace, -1.0, 1.0).data,
        matrix.update_on_post(filled(6, d, 5), trace > 0).data,
        MATRICES["Dense"](d).update_on_pre(spikes, trace).data,
    ]


@same("event: a matrix of numpy arrays, moved by the default device")
def _(d):
    with torch.device(d):
        return event.BinaryArray(np.ones(6, bool)) @ event.CSR.fromdense(_DENSE)


@same("event: rows, other forms and units")
def _(d):
    matrix = MATRICES["CSR"](d) * (1.0 * u.mS)
    return [matrix.slice_rows(torch.tensor([2, 0], device=d)).todense(), matrix.tocoo().data, matrix.tocsc().data]


# ---- Losses and measures.

_LOGITS, _LABELS = (4, 5), [0, 3, 1, 2]
LOSSES = {
    "softmax_cross_entropy_with_integer_labels": lambda x, y: metric.softmax_cross_entropy_with_integer_labels(x, y),
    "softmax_cross_entropy": lambda x, y: metric.softmax_cross_entropy(x, torch.softmax(x * 2, -1)),
    "sigmoid_focal_loss": lambda x, y: metric.sigmoid_focal_loss(x, (x > 0.3).float()),
    "multiclass_hinge_loss": lambda x, y: metric.multiclass_hinge_loss(x, y),
    "huber_loss": lambda x, y: metric.huber_loss(x, x * 0.5, delta=0.3),
    "cosine_similarity": lambda x, y: metric.cosine_similarity(x, x**2),
    "ctc_loss": lambda x, y: metric.ctc_loss(
        x.expand(2, 4, 5), torch.zeros_like(x[:2, :4]), y.reshape(2, 2) % 4 + 1, torch.zeros_like(x[:2, :2])
    ),
}
for _name, _loss in LOSSES.items():

    @same(f"metric.{_name}, and its gradient")
    def _(d, loss=_loss):
        y = torch.tensor(_LABELS, device=d)
        return loss(filled(_LOGITS, d), y), T.grad(lambda x: loss(x, y).sum())(filled(_LOGITS, d))


MEASURES = {
    "firing_rate": lambda s: metric.firing_rate(s, 4.0 * u.ms, 1.0 * u.ms),
    "cross_correlation": lambda s: metric.cross_correlation(s, 4.0 * u.ms, 1.0 * u.ms),
    "voltage_fluctuation": lambda s: metric.voltage_fluctuation(s),
    "matrix_correlation": lambda s: metric.matrix_correlation(s[:4], s[4:8]),
    "weighted_correlation": lambda s: metric.weighted_correlation(s[:, 0], s[:, 1], s[:, 2].abs() + 1),
    "functional_connectivity": lambda s: metric.functional_connectivity(s),
    "correlation_index": lambda s: torch.as_tensor(metric.correlation_index(s, 4.0 * u.ms, 1.0 * u.ms)).to(s.device),
    "phase_locking_value": lambda s: metric.phase_locking_value(s, 20.0 * u.Hz, 1.0 * u.ms),
}
for _name, _measure in MEASURES.items():

    @same(f"metric.{_name}")
    def _(d, measure=_measure):
        return measure((filled((40, 4), d) > 0.5).float())


# ---- Pictures and other frameworks take tensors from the device.


@check("visualize: a raster and lines of tensors on the device")
def _():
    import matplotlib.pyplot as plt

    spikes = filled((20, 4), "cuda") > 1
    _, grid = visualize.get_figure(1, 1)
    assert grid is not None
    visualize.line_plot(torch.arange(20.0, device="cuda") * u.ms, filled((20, 2), "cuda") * u.mV)
    visualize.raster_plot(torch.arange(20.0, device="cuda") * u.ms, spikes)
    file = io.BytesIO()
    plt.savefig(file)
    assert file.tell() > 1000


@same("interop: layers of torch.nn become ours where they are, and back")
def _(d):
    torch.manual_seed(3)
    plain = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2)).to(d)
    ours = interop.from_torch_nn(plain)
    back = interop.to_torch_nn(ours)
    x = filled((3, 6), d)
    torch.testing.assert_close(ours(x), plain(x))
    return ours(x), back(x)


@same("interop: a model saved on one device is loaded on the other")
def _(d):
    other, file = "cuda" if d == "cpu" else "cpu", io.BytesIO()
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).to(other)
    torch.save(net.state_dict(), file)
    file.seek(0)
    loaded = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).to(d)
    loaded.load_state_dict(torch.load(file, map_location=d, weights_only=True))
    return loaded(filled((2, 3), d))


@same("interop: functions of a JAX that lacks the device go by the CPU, with derivative, map and jit, and in its width")
def _(d):
    import jax
    import jax.numpy as jnp

    fun, x = interop.from_jax(lambda x: jnp.sin(x) * 2), filled((3, 2), d)
    gradient = T.grad(lambda x: fun(x).sum())
    with jax.enable_x64(True):  # of this thread, which is not that of the backward pass
        wide = filled(3, d, dtype=np.float64).requires_grad_()
        interop.from_jax(lambda x: x**2)(wide).sum().backward()
    return fun(x), gradient(x), T.vmap(gradient)(x), T.jit(gradient, backend="replay")(x), wide.grad


@check("interop: a model on the device is a function of arrays of JAX, with its derivative")
def _():
    import jax
    import jax.numpy as jnp

    net = nn.Linear(3, 2)
    wanted = net.weight.value["weight"].sum(1)
    fun = interop.to_jax(net.to("cuda"))
    assert fun(jnp.ones((1, 3))).shape == (1, 2)
    np.testing.assert_allclose(jax.grad(lambda x: fun(x).sum())(jnp.ones((1, 3)))[0], wanted, rtol=1e-6)


@same("interop: models of nir and brainstate are made on the default device")
def _(d):
    import brainstate
    import nir

    graph = nir.NIRGraph.from_list(nir.Affine(np.ones((2, 3), "float32"), np.ones(2, "float32")))
    with torch.device(d):
        made = interop.from_nir(graph), interop.from_brainstate(brainstate.nn.Linear(3, 4))
        x = torch.ones(2, 3)
        return made[0](x), made[1](x) * 0


# ---- Contexts of devices, settings, and threads.


@same("numbers of numpy beside tensors in losses, stimuli and layers")
def _(d):
    x, array = filled((4, 5), d), np.random.default_rng(5).normal(size=(4, 5)).astype("float32")
    return metric.l2_loss(x, array), metric.squared_error(x * u.mV, x * u.mV * 2), metric.huber_loss(x, array)


@same("torch.device: spiking neurons, synapses and delays are made there, and step there")
def _(d):
    with torch.device(d), bst.environ.context(dt=0.1 * u.ms):
        made = [
            spiking.LIF(4, tau=10 * u.ms),
            spiking.Expon(4, tau=5 * u.ms),
            nn.Delay(torch.zeros(4), time=1.0 * u.ms, delay_method="concat"),
        ]
        for module in made:
            nn.init_all_states(module)
        made[2].update(filled(4, d))
        return made[0](filled(4, d) * u.mA), made[1](filled(4, d) * u.mS), made[2].retrieve_at_step(0)


@check("settings are seen by backward passes in other threads")
def _():
    seen = []

    class Looks(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, g):
            seen.append((bst.environ.get("dt"), bst.environ.get_precision()))
            return g

    with bst.environ.context(dt=0.5 * u.ms, precision=64):
        T.grad(lambda x: Looks.apply(x).sum())(filled(3, "cuda"))
        T.vjp(lambda x: Looks.apply(x), filled(3, "cuda"))[1](filled(3, "cuda"))
    assert len(seen) == 2 and all(u.math.allclose(dt, 0.5 * u.ms) and bits == 64 for dt, bits in seen), seen


@check("autocast inside of a loop that is compiled, and around it, are programs of their own")
def _():
    layer = nn.Linear(6, 6).to("cuda")
    step = T.jit(lambda xs: T.for_loop(layer, xs), backend=BACKEND)
    xs = filled((3, 2, 6), "cuda")
    assert step(xs).dtype is torch.float32
    with torch.autocast("cuda", torch.bfloat16):
        assert step(xs).dtype is torch.bfloat16
    assert step(xs).dtype is torch.float32


@check("two devices: a model on each, in one gradient")
def _():
    one, other = nn.Linear(3, 4).to("cuda:0"), nn.Linear(4, 2).to("cuda:1")
    weights = {"one": one.states(bst.ParamState), "other": other.states(bst.ParamState)}
    grads = T.grad(lambda x: (other(one(x).to("cuda:1")) ** 2).sum(), weights)(filled((2, 3), "cuda:0"))
    for name, device in (("one", 0), ("other", 1)):
        assert all(x.device.index == device for g in grads[name].values() for x in g.values())


@same("events: a network with sparse connections under jit, gradient and vmap")
def _(d):
    with bst.environ.context(dt=0.1 * u.ms):
        layer = nn.EventFixedProb(8, 5, 0.5, 0.3, seed=1, allow_multi_conn=False).to(d)
        states = layer.states(bst.ParamState)
        run = lambda x: layer(x > 0).square().sum()
        x = filled((3, 8), d)
        gradient = T.grad(run, states)
        return list(gradient(x).values()), list(T.jit(gradient, backend=BACKEND)(x).values()), T.vmap(run)(x)


@contextlib.contextmanager
def _default(device):
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device("cpu")


@check("set_default_device: stimuli, initialisers, events and draws with numpy's seeds")
def _():
    with _default("cuda"), bst.environ.context(dt=0.1 * u.ms):
        made = [
            u.get_mantissa(input.wiener_process(1.0 * u.ms, 2.0 * u.nA, seed=0)),
            init.Normal(0.0, 1.0)((2, 3)),
            event.BinaryArray([True, False]) @ event.CSR(([3.0, 4.0], [1, 0], [0, 1, 2]), shape=(2, 2)),
            random.RandomState(3).normal(size=(2,)),
        ]
    assert all(x.device.type == "cuda" for x in made), [x.device for x in made]
