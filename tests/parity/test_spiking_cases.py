"""Connections of events, and networks with a neuron of one's own: the same connections, outputs and gradients."""

import numpy as np
import pytest

from .frameworks import Cases

REASON = "no assert for a user's mistake"
config = pytest.importorskip("brainevent.config")
cases = Cases()
case, differs = cases.case, cases.differs


@pytest.fixture(autouse=True, scope="module")
def _backend_without_numba():
    config.set_backend("cpu", "jax_raw")
    yield
    config.clear_backends()


# brainstate uses names that brainevent is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:brainevent:DeprecationWarning")


N, M, K = 6, 5, 3
SPIKES = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
VALUES = np.array([1.0, 0.0, 2.0, 0.5, -1.0, 3.0])
WEIGHTS = np.arange(1.0, N * K + 1).reshape(N, K) / 10
PICKED = np.array([0.3, -1.0, 0.5, 0.2, 2.0])


def _connected(f, kind, weight, **kwargs):
    value = f.array(weight) if not isinstance(weight, float) else weight
    return getattr(f.bs.nn, kind)(N, M, K, value, seed=1, **kwargs)


def _gradients(f, layer, x):
    states = layer.states(f.bs.ParamState)
    return f.grad(lambda x: (layer(x) * f.array(PICKED)).sum(), states, argnums=0, return_value=True)(f.array(x))


for _kind in ("FixedNumConn", "EventFixedNumConn"):
    for _name, _weight in {"one weight": 1.5, "weights": WEIGHTS}.items():
        for _what, _x in {"spikes": SPIKES, "values": VALUES, "a batch": np.stack([SPIKES, VALUES])}.items():
            case(f"{_kind} with {_name}: {_what}")(
                lambda f, kind=_kind, weight=_weight, x=_x: _connected(f, kind, weight)(f.array(x))
            )
        case(f"{_kind} with {_name}: booleans")(
            lambda f, kind=_kind, weight=_weight: _connected(f, kind, weight)(f.from_numpy(SPIKES > 0))
        )
        for _what, _x in {"spikes": SPIKES, "values": VALUES}.items():
            case(f"{_kind} with {_name}: gradients at {_what}")(
                lambda f, kind=_kind, weight=_weight, x=_x: _gradients(f, _connected(f, kind, weight), x)
            )
    case(f"{_kind} of some inputs")(lambda f, kind=_kind: _connected(f, kind, 2.0, afferent_ratio=0.5)(f.array(VALUES)))
    case(f"{_kind} with units")(
        lambda f, kind=_kind: getattr(f.bs.nn, kind)(N, M, K, 1.5 * f.u.mS, seed=1)(f.q(VALUES, "mV"))
    )
    case(f"{_kind} without connections")(
        lambda f, kind=_kind: getattr(f.bs.nn, kind)(N, M, 0, 1.5 * f.u.mS)(f.array(VALUES))
    )

cases.table(
    "connections",
    targets=lambda f: f.bs.nn.FixedNumConn(N, M, 0.6, 1.0, seed=7).conn.indices,
    number=lambda f: [f.bs.nn.FixedNumConn(N, M, n, 1.0, seed=7).conn_num for n in (2, 0.5, 1.0, 0.19)],
    selected=lambda f: f.bs.nn.FixedNumConn(40, M, 2, 1.0, afferent_ratio=0.3, seed=7).pre_selected,
    weights_of_some=lambda f: (
        f.bs.nn.FixedNumConn(40, M, 2, f.bs.nn.init.Constant(2.0), afferent_ratio=0.3, seed=7).weight
    ),
    weight_of_none=lambda f: type(f.bs.nn.FixedNumConn(N, M, 0, 1.0).weight).__name__,
    number_in_an_array=lambda f: _connected(f, "FixedNumConn", np.array([2.0])).weight,
    to_pre=lambda f: f.error(lambda: _connected(f, "FixedNumConn", 1.0, efferent_target="pre")),
    too_many=lambda f: f.error(lambda: f.bs.nn.FixedNumConn(N, M, 6, 1.0, allow_multi_conn=False)),
    no_weight=lambda f: f.error(lambda: f.bs.nn.FixedNumConn(N, M, K, None)),
    wrong_weights=lambda f: f.error(lambda: _connected(f, "FixedNumConn", np.ones(3))),
)
for _name, _change in {
    "ratio": {"afferent_ratio": 1.5},
    "target": {"efferent_target": "x"},
}.items():
    differs(f"connections: wrong {_name}", REASON, ours="ValueError", theirs="AssertionError")(
        lambda f, change=_change: f.error(lambda: _connected(f, "FixedNumConn", 1.0, **change))
    )
differs("connections: wrong length", REASON, ours="ValueError", theirs="AssertionError")(
    lambda f: f.error(lambda: _connected(f, "FixedNumConn", 1.0)(f.array(np.ones(4))))
)

MATRIX = np.arange(1.0, N * M + 1).reshape(N, M) / 10
for _event in (True, False):
    for _name, _weight in {"one weight": 1.5, "matrix": MATRIX}.items():
        _x = SPIKES if _event else VALUES

        def _layer(f, event=_event, weight=_weight):
            value = f.array(weight) if not isinstance(weight, float) else weight
            return f.bs.nn.EventLinear(N, M, value, float_as_event=event)

        case(f"EventLinear with {_name}, events {_event}")(lambda f, make=_layer, x=_x: make(f)(f.array(x)))
        case(f"EventLinear with {_name}, events {_event}: booleans")(
            lambda f, make=_layer: make(f)(f.from_numpy(SPIKES > 0))
        )
        case(f"EventLinear with {_name}, events {_event}: gradients")(
            lambda f, make=_layer, x=_x: _gradients(f, make(f), x)
        )


SPARSE = np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 3.0]])
for _kind in ("CSR", "CSC", "COO"):

    def _sparse(f, kind=_kind, **kwargs):
        return f.bs.nn.SparseLinear(getattr(f.u.sparse, kind).fromdense(f.array(SPARSE)), **kwargs)

    case(f"SparseLinear of {_kind}: States and sizes")(
        lambda f, make=_sparse: (make(f).out_size, make(f, in_size=2).in_size, make(f).weight)
    )
    case(f"SparseLinear of {_kind}: output")(lambda f, make=_sparse: make(f)(f.array([[1.0, 2.0], [-3.0, 0.5]])))


@case("SparseLinear: gradient by the input")
def _(f):
    layer = f.bs.nn.SparseLinear(f.u.sparse.CSR.fromdense(f.array(SPARSE)), f.array(PICKED[:3]))
    return f.grad(lambda x: (layer(x) ** 2).sum(), argnums=0, return_value=True)(f.array([1.0, 2.0]))


@differs(
    "SparseLinear: gradient by the weight",
    "their gradient of a product with one vector belongs to other places",
    ours=[0.0, 17.2, 26.0],
    theirs=[17.2, 0.0, 0.0],
)
def _(f):
    layer = f.bs.nn.SparseLinear(f.u.sparse.CSR.fromdense(f.array(SPARSE)), f.array(PICKED[:3]))
    states = layer.states(f.bs.ParamState)
    found = f.grad(lambda: (layer(f.array([1.0, 2.0])) ** 2).sum(), states)()
    return [round(float(x), 4) for x in found[("weight",)]["weight"]]


differs("SparseLinear of a dense matrix", REASON, ours="TypeError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.bs.nn.SparseLinear(f.array(SPARSE)))
)


# A network with a neuron of one's own


def _network(f, steps=60):
    """Spikes, potentials and conductances of leaky neurons that excite each other."""
    bs, u = f.bs, f.u
    connections = bs.nn.EventFixedProb(8, 8, 3, 2.0 * u.mS, seed=3)
    v, g = bs.HiddenState(f.q(np.linspace(-60, -51, 8), "mV")), bs.HiddenState(f.q(np.zeros(8), "mS"))
    drive = f.q(np.linspace(8, 20, 8), "mA")

    def step(i):
        spikes = v.value > -50.0 * u.mV
        rested = f.np.where(spikes, -60.0 * u.mV, v.value)
        current = drive + g.value * u.volt

        def slope(v):
            return (-60.0 * u.mV - v + 1.0 * u.ohm * current) / (20.0 * u.ms)

        v.value = bs.nn.exp_euler_step(slope, rested)
        g.value = bs.nn.exp_euler_step(lambda g: -g / (5.0 * u.ms), g.value) + connections(spikes)
        return spikes, v.value, g.value

    with bs.environ.context(dt=0.5 * u.ms):
        return bs.transform.for_loop(step, f.array(np.arange(steps)))


case("network of leaky neurons: spikes, potentials, conductances")(_network)


@case("network of leaky neurons: gradient by the weights")
def _(f):
    bs = f.bs
    layer = bs.nn.FixedNumConn(8, 8, 3, f.array(np.linspace(-1, 1, 24).reshape(8, 3)), seed=3)
    v = bs.HiddenState(f.array(np.zeros(8)))

    def loss():
        v.value = f.array(np.linspace(0, 1, 8))

        def step(i):
            v.value = 0.9 * v.value + 0.1 * layer(f.np.tanh(v.value))
            return (v.value**2).sum()

        return bs.transform.for_loop(step, f.array(np.arange(10))).sum()

    return f.grad(loss, layer.states(bs.ParamState), return_value=True)()


@cases.parametrised()
def test_spiking_agrees(case):
    case.check()
