"""nn's transforms of parameters: forward, inverse, slopes, volume, units, errors."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

X = [[-3.0, -1.0, -0.2, 0.0], [0.3, 1.0, 2.0, 7.0]]

# Name, transform, values in its range. Where a slope is a matter of convention, it is JAX's.
PLAIN = {
    "IdentityT": (lambda nn, f: nn.IdentityT(), X),
    "SigmoidT": (lambda nn, f: nn.SigmoidT(-1.0, 3.0), [[-0.9, 0.0, 1.0, 2.9]]),
    "SigmoidT of arrays": (
        lambda nn, f: nn.SigmoidT(f.array([0.0, 1, 2, 3]), f.array([2.0, 3, 4, 5])),
        [[1, 2, 3, 4.5]],
    ),
    "ScaledSigmoidT": (lambda nn, f: nn.ScaledSigmoidT(-1.0, 3.0, beta=2.5), [[-0.9, 0.0, 1.0, 2.9]]),
    "TanhT": (lambda nn, f: nn.TanhT(-1.0, 3.0), [[-0.9, 0.0, 1.0, 2.9]]),
    "SoftsignT": (lambda nn, f: nn.SoftsignT(-1.0, 3.0), [[-0.9, 0.0, 1.0, 2.9]]),
    "ClipT": (lambda nn, f: nn.ClipT(-1.0, 2.0), X),
    "SoftplusT": (lambda nn, f: nn.SoftplusT(0.5), [[0.6, 1.0, 5.0, 60.0]]),
    "NegSoftplusT": (lambda nn, f: nn.NegSoftplusT(0.5), [[0.4, -1.0, -5.0, -60.0]]),
    "PositiveT": (lambda nn, f: nn.PositiveT(), [[0.1, 1.0, 5.0, 60.0]]),
    "NegativeT": (lambda nn, f: nn.NegativeT(), [[-0.1, -1.0, -5.0, -60.0]]),
    "ReluT": (lambda nn, f: nn.ReluT(0.5), X),
    "AffineT": (lambda nn, f: nn.AffineT(-2.0, 0.5), X),
    "PowerT": (lambda nn, f: nn.PowerT(0.5), [[0.5, 0.0, 3.0, -1.0]]),
    "PowerT of zero": (lambda nn, f: nn.PowerT(0.0), X),
    "OrderedT": (lambda nn, f: nn.OrderedT(), [[-3.0, -2.0, 0.5, 0.6], [1.0, 2.0, 3.0, 40.0]]),
    "SimplexT": (lambda nn, f: nn.SimplexT(), [[0.1, 0.2, 0.3, 0.4], [0.6, 0.2, 0.15, 0.05]]),
    "UnitVectorT": (lambda nn, f: nn.UnitVectorT(), X),
    "ChainT": (lambda nn, f: nn.ChainT(nn.PositiveT(), nn.AffineT(2.0, 1.0)), [[1.1, 2.0, 3.0, 9.0]]),
    "MaskedT": (
        lambda nn, f: nn.MaskedT(f.from_numpy(np.array([True, False, True, False])), nn.PositiveT()),
        [[0.5, -1.0, 2.0, -3.0]],
    ),
}
HAVE_VOLUME = ["IdentityT", "SigmoidT", "SoftplusT", "PositiveT", "AffineT", "ChainT"]
POSITIVE_X = [[0.1, 0.5, 1.0, 4.0]]


def _slopes(f, function, x):
    """Values, and slopes with weights that tell the elements apart."""
    x = f.array(x)
    weights = f.array(np.linspace(0.5, 2.0, 4))

    def weighted(x):
        y = function(x)
        return (y * weights[: y.shape[-1]]).sum()

    # Not `transform.grad`, under which brainstate cannot trace its PowerT.
    return f.base_grad(weighted)(x), function(x)


def _volumes(f, t, x):
    volume = lambda x: t.log_abs_det_jacobian(x, None)
    return f.grad(lambda x: volume(x).sum())(f.array(x)), volume(f.array(x)), volume(f.array(x[0][1]))


for _name, (_make, _values) in PLAIN.items():
    _x = POSITIVE_X if "Power" in _name else X
    if _name == "SimplexT":
        _x = [row[:3] for row in X]
    case(f"{_name}: forward and its slopes")(lambda f, make=_make, x=_x: _slopes(f, make(f.bs.nn, f).forward, x))
    if _name != "SimplexT":  # brainstate's own clip leaves its weights no room: compared below
        case(f"{_name}: inverse and its slopes")(
            lambda f, make=_make, y=_values: _slopes(f, make(f.bs.nn, f).inverse, y)
        )
    if _name in HAVE_VOLUME:
        case(f"{_name}: volume and its slopes")(lambda f, make=_make, x=_x: _volumes(f, make(f.bs.nn, f), x))
    elif _name not in ("SigmoidT of arrays", "NegSoftplusT"):
        case(f"{_name}: there is no volume", raises="NotImplementedError")(
            lambda f, make=_make, x=_x: make(f.bs.nn, f).log_abs_det_jacobian(f.array(x), None)
        )

cases.table(
    "plain",
    simplex_inverse=lambda f: f.bs.nn.SimplexT().inverse(f.array([[0.1, 0.2, 0.3, 0.4], [0.6, 0.2, 0.15, 0.05]])),
    sigmoid_far_away=lambda f: f.bs.nn.SigmoidT(0.0, 1.0)(f.array([-19.0, -30.0, 30.0])),
    positive_far_away=lambda f: _slopes(f, f.bs.nn.PositiveT(), [[19.0, 20.0, 21.0, 99.0]]),
    softplus_far_away=lambda f: f.bs.nn.SoftplusT(0.0)(f.array([-30.0, 19.0, 21.0, 99.0])),
    clip_at_its_bounds=lambda f: _slopes(f, f.bs.nn.ClipT(0.0, 1.0), [[0.0, 1.0, 0.5, 2.0]]),
    outside_of_the_range=lambda f: [
        f.bs.nn.SoftplusT(0.0).inverse(f.array([-1.0])),
        f.bs.nn.SigmoidT(0.0, 1.0).inverse(f.array([2.0])),
        f.bs.nn.SoftplusT(0.0).inverse(f.array([0.0])),
    ],
    affine_of_arrays=lambda f: f.bs.nn.AffineT(f.array([2.0, -1.0]), 1.0).log_abs_det_jacobian(f.array(X)[:, :2], None),
    representations=lambda f: [
        repr(t)
        for t in (
            *(f.bs.nn.IdentityT(), f.bs.nn.SigmoidT(0.0, 2.0), f.bs.nn.SoftplusT(1.0), f.bs.nn.NegSoftplusT(1.0)),
            *(f.bs.nn.ExpT(1.0), f.bs.nn.LogT(1.0), f.bs.nn.TanhT(0.0, 1.0), f.bs.nn.SoftsignT(0.0, 1.0)),
            *(f.bs.nn.AffineT(2.0, 1.0), f.bs.nn.ClipT(0.0, 1.0), f.bs.nn.PositiveT(), f.bs.nn.NegativeT()),
            *(f.bs.nn.ScaledSigmoidT(0.0, 1.0), f.bs.nn.PowerT(), f.bs.nn.OrderedT(), f.bs.nn.SimplexT()),
            f.bs.nn.ChainT(f.bs.nn.PositiveT(), f.bs.nn.MaskedT(f.array([1.0]), f.bs.nn.UnitVectorT())),
        )
    ],
)

# Units: name, transform, unit of the values.
UNITS = {
    "SigmoidT": lambda f: f.bs.nn.SigmoidT(1.0 * f.u.mV, 5.0 * f.u.mV),
    "ScaledSigmoidT": lambda f: f.bs.nn.ScaledSigmoidT(1.0 * f.u.mV, 5.0 * f.u.mV),
    "TanhT": lambda f: f.bs.nn.TanhT(1.0 * f.u.mV, 5.0 * f.u.mV),
    "SoftsignT": lambda f: f.bs.nn.SoftsignT(1.0 * f.u.mV, 5.0 * f.u.mV),
    "SoftplusT": lambda f: f.bs.nn.SoftplusT(1.0 * f.u.mV),
    "NegSoftplusT": lambda f: f.bs.nn.NegSoftplusT(5.0 * f.u.mV),
    "ExpT": lambda f: f.bs.nn.ExpT(1.0 * f.u.mV),
    "LogT": lambda f: f.bs.nn.LogT(1.0 * f.u.mV),
    "AffineT": lambda f: f.bs.nn.AffineT(2.0 * f.u.mV, 1.0 * f.u.mV),
}


def _slopes_with_units(f, t):
    forward = f.grad(lambda x: t.forward(x).sum(), unit_aware=True)(f.array(X))
    return forward, f.grad(lambda y: t.inverse(y).sum(), unit_aware=True)(f.q([1.5, 2.0, 4.5], "mV"))


for _name, _make in UNITS.items():
    case(f"{_name} with units: there and back")(
        lambda f, make=_make: (make(f).forward(f.array(X)), make(f).inverse(f.q([1.5, 2.0, 4.5], "mV")))
    )
    case(f"{_name} with units: slopes")(lambda f, make=_make: _slopes_with_units(f, make(f)))
    case(f"{_name} with units: values without", raises="UnitMismatchError")(
        lambda f, make=_make: make(f).inverse(f.array([2.0]))
    )
    if _name in ("SigmoidT", "SoftplusT", "ExpT", "LogT", "AffineT"):
        case(f"{_name} with units: volume")(lambda f, make=_make: make(f).log_abs_det_jacobian(f.array(X), None))

cases.table(
    "units",
    identity=lambda f: f.bs.nn.IdentityT().inverse(f.q([1.0], "mV")),
    clip=lambda f: f.bs.nn.ClipT(1.0 * f.u.mV, 2.0 * f.u.mV)(f.q([0.0, 1.5, 3.0], "mV")),
    relu=lambda f: f.bs.nn.ReluT(1.0 * f.u.mV)(f.q([-1.0, 1.5], "mV")),
    relu_back=lambda f: f.bs.nn.ReluT(1.0 * f.u.mV).inverse(f.q([0.5, 1.5], "mV")),
    softplus_in_another_unit=lambda f: f.bs.nn.SoftplusT(1.0 * f.u.mV).inverse(f.q([0.003], "volt")),
    sigmoid_in_another_unit=lambda f: f.bs.nn.SigmoidT(0.0 * f.u.mV, 1.0 * f.u.volt).inverse(f.q([3.0], "mV")),
)


for _name in ("ExpT", "LogT"):
    differs(
        f"{_name} without units is plain",
        "a result without unit is no quantity",
        ours=[np.array([1.5, 3.2182817], "float32"), False],
        theirs=[np.array([1.5, 3.2182817], "float32"), True],
    )(lambda f, name=_name: _plain_part(f, getattr(f.bs.nn, name)(0.5)(f.array([0.0, 1.0]))))


def _plain_part(f, x):
    return [f.u.get_mantissa(x), isinstance(x, f.u.Quantity) and not f.is_ours()]


differs(
    "NegSoftplusT: volume",
    "it is the volume of this transform, not of SoftplusT",
    ours=np.array([-1.3132616], "float32"),
    theirs=np.array([-0.31326166], "float32"),
)(lambda f: f.bs.nn.NegSoftplusT(0.0).log_abs_det_jacobian(f.array([[1.0]]), None))

differs("NegativeT of a quantity", "no unit is dropped", ours="error", theirs="a plain number")(
    lambda f: _outcome(lambda: f.bs.nn.NegativeT().inverse(f.q([-1.0], "mV")))
)
differs("AffineT with one zero among others", "it has no inverse", ours="error", theirs="a plain number")(
    lambda f: _outcome(lambda: f.bs.nn.AffineT(f.array([1.0, 0.0]), 0.0))
)


def _outcome(call):
    try:
        call()
    except Exception:
        return "error"
    return "a plain number"


case("AffineT of zero", raises="ValueError")(lambda f: f.bs.nn.AffineT(0.0, 1.0))
for _beta in (0.0, -1.0, float("inf"), float("nan")):
    case(f"ScaledSigmoidT with beta {_beta}", raises="ValueError")(
        lambda f, beta=_beta: f.bs.nn.ScaledSigmoidT(0.0, 1.0, beta)
    )


@cases.parametrised()
def test_param_transforms_agree(case):
    case.check()
