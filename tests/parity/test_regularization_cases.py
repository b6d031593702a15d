"""nn's regularisations: losses, slopes by value and hyperparameters, starts, units, errors."""

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

X = [[-1.5, -0.4, 0.3], [0.9, 2.0, 0.6]]
BETWEEN = [[0.1, 0.4, 0.3], [0.9, 0.2, 0.6]]

# Arguments by name, beside `weight` and `fit_hyper`.
KINDS = {
    "L1Reg": {},
    "L2Reg": {},
    "ElasticNetReg": {"l1_weight": 0.5, "l2_weight": 2.0, "alpha": 0.3},
    "HuberReg": {"delta": 0.8},
    "GroupLassoReg": {"group_size": 4},
    "TotalVariationReg": {"order": 2},
    "MaxNormReg": {"max_value": 0.7},
    "EntropyReg": {"maximize": False},
    "OrthogonalReg": {},
    "SpectralNormReg": {"max_value": 0.7},
    "GaussianReg": {"mean": 0.5, "std": 0.7},
    "StudentTReg": {"df": 4.0, "scale": 1.5},
    "CauchyReg": {"scale": 1.5},
    "UniformReg": {"lower": -0.5, "upper": 0.8},
    "LogNormalReg": {"mu": 0.2, "sigma": 1.3},
    "ExponentialReg": {"rate": 1.5},
    "GammaReg": {"alpha": 2.5, "beta": 1.5},
    "BetaReg": {"a": 2.5, "b": 1.5},
    "HorseshoeReg": {"tau": 0.7},
    "InverseGammaReg": {"alpha": 2.5, "beta": 1.5},
    "LogUniformReg": {"lower": 0.2, "upper": 1.5},
    "SpikeAndSlabReg": {"spike_scale": 0.1, "slab_scale": 1.5, "pi": 0.3},
    "DirichletReg": {"alpha": 2.5},
}
POSITIVE = ("LogNormalReg", "GammaReg", "BetaReg", "InverseGammaReg", "LogUniformReg")


def _made(f, name, **kwargs):
    weight = {} if name == "ElasticNetReg" else {"weight": 0.5}
    return getattr(f.bs.nn, name)(**{**KINDS[name], **weight, **kwargs})


def _slopes(f, reg, x):
    """The loss, and its slopes by hyperparameters and value."""
    states = reg.states(f.bs.ParamState)
    if states:
        return f.grad(reg.loss, states, argnums=0, return_value=True)(f.array(x)), dict(states.to_dict())
    return f.grad(reg.loss, return_value=True)(f.array(x))


def _plain_slopes(f, reg, x):
    """For a loss that `transform.grad` of brainstate cannot trace."""
    return f.base_grad(reg.loss)(f.array(x)), reg.loss(f.array(x))


for _name in KINDS:
    _x = BETWEEN if _name in POSITIVE else X
    case(f"{_name}: loss and slopes")(lambda f, name=_name, x=_x: _slopes(f, _made(f, name), x))
    case(f"{_name}: slopes by hyperparameters")(
        lambda f, name=_name, x=_x: _slopes(f, _made(f, name, fit_hyper=True), x)
    )
    case(f"{_name}: the value to start from")(
        lambda f, name=_name: (_made(f, name).reset_value(), _made(f, name, fit_hyper=True).reset_value())
    )
    case(f"{_name}: the same draws")(lambda f, name=_name: _draws(f, _made(f, name)))
    case(f"{_name}: default arguments")(
        lambda f, name=_name, x=_x: (
            f.bs.nn.GaussianReg(0.0, 1.0) if "Gauss" in name else getattr(f.bs.nn, name)()
        ).loss(f.array(x))
    )


def _draws(f, reg):
    return reg.sample_init((3, 2)).shape, reg.sample_init(4).shape, reg.sample_init([2, 3, 2]).shape


cases.table(
    "losses",
    entropy=lambda f: _slopes(f, f.bs.nn.EntropyReg(), X),
    total_variation=lambda f: _slopes(f, f.bs.nn.TotalVariationReg(), X),
    below_zero=lambda f: [
        _slopes(f, _made(f, name), X) for name in ("ExponentialReg", "LogNormalReg", "GammaReg", "LogUniformReg")
    ],
    orthogonal_vector=lambda f: _plain_slopes(f, f.bs.nn.OrthogonalReg(), [1.0, 0.5, -0.5, 2.0]),
    orthogonal_column=lambda f: _plain_slopes(f, f.bs.nn.OrthogonalReg(), [1.0, 0.5, -0.5]),
    orthogonal_number=lambda f: _slopes(f, f.bs.nn.OrthogonalReg(), -0.5),
    orthogonal_tensor=lambda f: _slopes(f, f.bs.nn.OrthogonalReg(), [X, X]),
    spectral_vector=lambda f: _slopes(f, f.bs.nn.SpectralNormReg(), [1.0, 0.5, -0.5]),
    spectral_number=lambda f: _slopes(f, f.bs.nn.SpectralNormReg(), -2.0),
    spectral_tensor=lambda f: _slopes(f, f.bs.nn.SpectralNormReg(), [X, X]),
    gaussian_of_arrays=lambda f: _slopes(
        f, f.bs.nn.GaussianReg(f.array([0.0, 1.0, 2.0]), f.array([1.0, 0.5, 2.0]), fit_hyper=True), X
    ),
    group_lasso_at_zero=lambda f: _slopes(f, f.bs.nn.GroupLassoReg(group_size=2), [0.0, 0.0, 1.0]),
    chained=lambda f: _slopes(
        f, f.bs.nn.ChainedReg(f.bs.nn.L2Reg(), f.bs.nn.GaussianReg(0.0, 1.0, fit_hyper=True), weight=0.5), X
    ),
    chained_paths=lambda f: list(
        f.bs.nn.ChainedReg(f.bs.nn.L2Reg(), f.bs.nn.GaussianReg(0.0, 1.0, fit_hyper=True)).states()
    ),
    chained_start=lambda f: f.bs.nn.ChainedReg(f.bs.nn.GaussianReg(2.0, 1.0), f.bs.nn.L2Reg()).reset_value(),
    chained_of_nothing=lambda f: (f.bs.nn.ChainedReg().loss(f.array(X)), f.bs.nn.ChainedReg().reset_value()),
    chained_draws=lambda f: f.bs.nn.ChainedReg(f.bs.nn.EntropyReg()).sample_init((2, 3)),
)


def _q(f):
    return f.q([1.0, -2.0, 3.0], "mV")


cases.table(
    "units",
    l1=lambda f: f.bs.nn.L1Reg(0.5).loss(_q(f)),
    l2=lambda f: f.bs.nn.L2Reg(0.5).loss(_q(f)),
    l2_with_weight_in_units=lambda f: f.bs.nn.L2Reg(0.5 / f.u.mV**2).loss(_q(f)),
    group_lasso=lambda f: f.bs.nn.GroupLassoReg(group_size=2).loss(_q(f)),
    total_variation=lambda f: f.bs.nn.TotalVariationReg().loss(_q(f)),
    uniform=lambda f: f.bs.nn.UniformReg(lower=-1.0 * f.u.mV, upper=1.0 * f.u.mV).loss(_q(f)),
)
for _name in KINDS:
    if _name not in ("L1Reg", "L2Reg", "GroupLassoReg", "TotalVariationReg", "ExponentialReg"):
        case(f"{_name} of a quantity is refused")(
            lambda f, name=_name: bool(f.error(lambda: _made(f, name).loss(_q(f))))
        )


for _arguments, _error in (({"group_size": 2.0}, "TypeError"), ({"group_size": 0}, "ValueError")):
    case(f"GroupLassoReg with {_arguments}", raises=_error)(lambda f, kw=_arguments: f.bs.nn.GroupLassoReg(**kw))
case("TotalVariationReg of order 3", raises="ValueError")(lambda f: f.bs.nn.TotalVariationReg(order=3))
for _call in ("loss", "sample_init"):
    case(f"Regularization has no {_call}", raises="NotImplementedError")(
        lambda f, name=_call: getattr(f.bs.nn.Regularization(), name)(3)
    )
case("Regularization has no reset_value", raises="NotImplementedError")(
    lambda f: f.bs.nn.Regularization().reset_value()
)

for _name in ("L1Reg", "TotalVariationReg"):
    differs(f"{_name}: the slope at zero", "zero is where the loss is lowest", ours=0.0, theirs=1.0)(
        lambda f, name=_name: float(f.grad(getattr(f.bs.nn, name)().loss)(f.array([0.0, 0.0]))[-1])
    )
differs("OrthogonalReg: draws of a wide matrix", "the shape is what was asked for", ours=[2, 3], theirs=[2, 2])(
    lambda f: list(f.bs.nn.OrthogonalReg().sample_init((2, 3)).shape)
)


@cases.parametrised()
def test_regularizations_agree(case):
    case.check()
