"""nn: activations and their slopes, layers of equal weights, what a module says of itself."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

# Kinks included: where a slope is a matter of convention, it is JAX's.
POINTS = [-7.0, -3.0, -1.0, -0.5, 0.0, 0.3, 0.5, 1.0, 3.0, 6.0, 9.0]
NAMES = """
    relu relu6 leaky_relu prelu softplus squareplus sparse_plus silu swish hard_silu hard_swish mish elu celu selu gelu
    sigmoid log_sigmoid soft_sign hard_sigmoid sparse_sigmoid hard_tanh hard_shrink soft_shrink tanh_shrink
"""


def _slopes(f, function, points=POINTS):
    x = f.array(points)
    return f.bs.transform.vector_grad(function, return_value=True)(x)


for _name in NAMES.split():
    case(f"{_name} and its slope")(lambda f, name=_name: _slopes(f, getattr(f.bs.nn, name)))

_Y = [[5.5, 1.3, -4.2, 0.9], [0.1, 0.2, 0.3, 80.0]]
_MASK = [[True, False, True, True], [True, True, False, True]]
for _name in ("softmax", "log_softmax", "softmin", "standardize"):
    for _axis in (-1, 0):
        case(f"{_name} along axis {_axis}")(
            lambda f, name=_name, axis=_axis: getattr(f.bs.nn, name)(f.array(_Y), axis=axis)
        )
for _name in ("softmax", "log_softmax", "standardize"):
    case(f"{_name} with a mask")(
        lambda f, name=_name: getattr(f.bs.nn, name)(f.array(_Y), where=f.from_numpy(np.array(_MASK)))
    )
cases.table(
    "activations",
    glu=lambda f: f.bs.nn.glu(f.array(_Y)),
    tanh=lambda f: _slopes(f, f.bs.nn.tanh, POINTS[1:-2]),
    one_hot=lambda f: f.bs.nn.one_hot(f.array([0, 2, 5]), 4, dtype=f.array(1.0).dtype),
    logsumexp=lambda f: f.bs.nn.logsumexp(f.array(_Y), axis=1),
    logsumexp_with_sign=lambda f: f.bs.nn.logsumexp(f.array(_Y), b=f.array([1.0, -2.0, 3.0, -4.0]), return_sign=True),
    gelu_exact=lambda f: f.bs.nn.GELU()(f.array(POINTS[2:-3])),
    elu_alpha=lambda f: f.bs.nn.ELU(2.0)(f.array(POINTS)),
    celu_alpha=lambda f: _slopes(f, f.bs.nn.CELU(2.0)),
    hardtanh=lambda f: f.bs.nn.Hardtanh(-2.0, 0.5)(f.array(POINTS)),
    threshold=lambda f: f.bs.nn.Threshold(0.3, 7.0)(f.array(POINTS)),
    threshold_with_unit=lambda f: f.bs.nn.Threshold(1.0 * f.u.mV, 0.0 * f.u.mV)(f.q(POINTS, "mV")),
    hard_tanh_with_unit=lambda f: f.bs.nn.hard_tanh(f.q(POINTS, "mV"), -1.0 * f.u.mV, 1.0 * f.u.mV),
    relu_with_unit=lambda f: f.bs.nn.relu(f.q(POINTS, "mV")),
    hard_tanh_of_mixed_units=lambda f: f.error(lambda: f.bs.nn.hard_tanh(f.q(POINTS, "mV"))),
)


@case("PReLU learns its slope")
def _(f):
    layer = f.bs.nn.PReLU(2)
    x = f.array([[-1.0, 2.0], [-3.0, -4.0]])
    return f.grad(lambda: (layer(x) ** 2).sum(), layer.states(f.bs.ParamState), return_value=True)()


# Layers

W = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
B = np.array([0.1, 0.2, 0.3])
X = np.array([[1.0, 2.0], [-3.0, 0.5]])


def _learned(f, layer, x):
    """Output, and gradients of its square by the parameters and by the input."""
    states = layer.states(f.bs.ParamState)
    return f.grad(lambda x: (layer(x) ** 2).sum(), states, argnums=0, return_value=True)(x)


_LAYERS = {
    "Linear": lambda f: f.bs.nn.Linear(2, 3, f.array(W), f.array(B)),
    "Linear without bias": lambda f: f.bs.nn.Linear(2, 3, f.array(W), None),
    "Linear with a mask": lambda f: f.bs.nn.Linear(2, 3, f.array(W), f.array(B), w_mask=f.array(W > 0, "float32")),
    "SignedWLinear": lambda f: f.bs.nn.SignedWLinear(2, 3, f.array(W), f.array([1.0, -1.0, 1.0])),
    "SignedWLinear without signs": lambda f: f.bs.nn.SignedWLinear(2, 3, f.array(W)),
    "ScaledWSLinear": lambda f: f.bs.nn.ScaledWSLinear(3, 2, f.array(W.T), f.array(B[:2])),
    "ScaledWSLinear without gain": lambda f: f.bs.nn.ScaledWSLinear(3, 2, f.array(W.T), None, ws_gain=False),
    "AllToAll": lambda f: f.bs.nn.AllToAll(2, 3, f.array(W), f.array(B)),
    "AllToAll without self": lambda f: f.bs.nn.AllToAll(2, 3, f.array(W), include_self=False),
    "AllToAll of a number": lambda f: f.bs.nn.AllToAll(2, 3, f.array(2.0)),
    "AllToAll of a number without self": lambda f: f.bs.nn.AllToAll(2, 3, f.array(2.0), include_self=False),
    "OneToOne": lambda f: f.bs.nn.OneToOne(2, f.array([2.0, 3.0]), f.array([0.5, 1.0])),
    "LoRA": lambda f: f.bs.nn.LoRA(2, 1, 3, kernel_init=lambda shape: f.array(np.full(shape, 0.5))),
    "Sequential": lambda f: f.bs.nn.Sequential(
        f.bs.nn.Linear(2, 3, f.array(W), f.array(B)), f.bs.nn.ReLU(), f.bs.nn.Linear(3, 2, f.array(W.T), None)
    ),
    "Flatten and Linear": lambda f: f.bs.nn.Sequential(
        f.bs.nn.Flatten(in_size=(2, 1)), f.bs.nn.Linear(2, 3, f.array(W), f.array(B))
    ),
}
for _name, _make in _LAYERS.items():
    _x = X.reshape(2, 2, 1) if "Flatten" in _name else W + 1 if "Scaled" in _name else X
    case(f"{_name}: output and gradients")(lambda f, make=_make, x=_x: _learned(f, make(f), f.array(x)))
    case(f"{_name}: States and sizes")(
        lambda f, make=_make: (make(f).in_size, make(f).out_size, dict(make(f).states().to_dict()))
    )


@case("Linear without inputs, and without outputs")
def _(f):
    with np.errstate(all="ignore"):  # brainstate divides by zero, and draws no number with the result
        return f.bs.nn.Linear(0, 3)(f.array(np.zeros((2, 0)))), f.bs.nn.Linear(3, 0)(f.array(np.zeros((2, 3))))


@case("Linear with units")
def _(f):
    layer = f.bs.nn.Linear(2, 3, f.q(W, "mS"), f.q(B, "uA"))
    return layer(f.q(X, "mV"))


differs("Linear of unequal axes", "no assert for a user's mistake", ours="ValueError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.bs.nn.Linear((5, 2), (4, 3)))
)

cases.table(
    "modules",
    walk=lambda f: list(_net(f).states()),
    walk_of_parameters=lambda f: list(_net(f).states(f.bs.ParamState, allowed_hierarchy=(1, 1))),
    nodes=lambda f: list(_net(f).nodes()),
    slices=lambda f: [list(_net(f)[part].states()) for part in (slice(0, 2), slice(1, 3))],
    describing=lambda f: f.bs.nn.Sequential(_net(f), f.bs.nn.Linear.desc(out_size=7)).out_size,
    missing_update=lambda f: f.error(lambda: f.bs.nn.Module()(1.0)),
    rshift=lambda f: f.array(POINTS) >> f.bs.nn.ReLU(),
    flatten=lambda f: [
        f.bs.nn.Flatten(*axes)(f.array(np.arange(24.0).reshape(2, 3, 4))).shape for axes in ((), (1,), (0, 1), (-2, -1))
    ],
    unflatten=lambda f: f.bs.nn.Unflatten(-1, (2, 2), in_size=(3, 4)).out_size,
    gains=lambda f: [f.bs.nn.init.calculate_init_gain(x) for x in ("relu", "tanh", "selu", "leaky_relu", "conv2d")],
    weight_standardization=lambda f: f.bs.nn.weight_standardization(f.array(W), out_axis=0),
    init_param=lambda f: f.bs.nn.init.param(f.array([1.0, 2.0]), (3, 2), batch_size=2),
    identity=lambda f: f.bs.nn.init.Identity(2.0)((2, 3)),
    constant=lambda f: f.bs.nn.init.Constant(2.0)((2, 3)),
)


def _net(f):
    nn = f.bs.nn
    return nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 4)), nn.PReLU())


for _norm in (2.0, 1, "inf", "-inf", None):
    case(f"clip_grad_norm of order {_norm}")(
        lambda f, norm=_norm: f.bs.nn.clip_grad_norm({"w": f.array(W), "b": [f.array(B)]}, 1.0, norm, True)
    )


@case("assign_state_values")
def _(f):
    layer = f.bs.nn.Sequential(f.bs.nn.Linear(2, 3), f.bs.nn.Linear(3, 1))
    given = {"layers.0.weight": {"weight": f.array(W), "bias": f.array(B)}, "x": f.array(1.0)}
    return f.bs.nn.assign_state_values(layer, given), layer[0].weight


@case("call_order comes after the others, by level")
def _(f):
    log = []

    def kind(name, level=None):
        def init_state(self):
            log.append(name)

        method = init_state if level is None else f.bs.nn.call_order(level)(init_state)
        return type(name, (f.bs.nn.Module,), {"init_state": method})()

    net = f.bs.nn.Module()
    net.a, net.b, net.c, net.d = kind("A", 2), kind("B"), kind("C", 1), kind("D")
    f.bs.nn.init_all_states(net)
    return log


@case("Dropout in evaluation")
def _(f):
    layer = f.bs.nn.Dropout(0.5)
    with f.bs.environ.context(fit=False):
        return layer(f.array(X))


@cases.parametrised()
def test_nn_agrees(case):
    case.check()
