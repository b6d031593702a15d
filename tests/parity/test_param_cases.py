"""nn.Param and Const: value, storage, gradients, units, cache, errors; the members of Module that deal with them."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

V = [1.0, 2.0, 0.5]


def _param(f, **kwargs):
    return f.bs.nn.Param(f.array(V), t=f.bs.nn.SoftplusT(0.25), **kwargs)


def _slopes(f, param):
    """The gradient of a weighted sum of squares, and the paths."""
    weights = f.array([1.0, 2.0, 3.0])
    return f.grad(lambda: (weights * param.value() ** 2).sum(), param.states(f.bs.ParamState), return_value=True)()


cases.table(
    "param",
    storage=lambda f: (_param(f).val, _param(f).value()),
    slopes=lambda f: _slopes(f, _param(f)),
    slopes_and_precompute=lambda f: _slopes(f, _param(f, precompute=lambda v: 2.0 * v)),
    slopes_on_a_simplex=lambda f: _slopes(f, f.bs.nn.Param(f.array([0.2, 0.3, 0.5]), t=f.bs.nn.SimplexT())),
    paths=lambda f: list(_param(f, reg=f.bs.nn.GaussianReg(0.0, 1.0, fit_hyper=True)).states()),
    paths_of_a_constant=lambda f: list(f.bs.nn.Const(f.array(V)).states()),
    constant=lambda f: (f.bs.nn.Const(f.array(V)).val, f.bs.nn.Const(2).value()),
    constant_with_transform=lambda f: f.bs.nn.Const(f.array(V), t=f.bs.nn.ExpT(0.0 * 1.0)).val,
    numbers=lambda f: (f.bs.nn.Param(2).value(), f.bs.nn.Param([1, 2]).val, f.bs.nn.Param(np.arange(3)).value()),
    wide_numbers=lambda f: f.bs.nn.Param(np.array([1.0, 2.0])).value(),
    units=lambda f: (
        f.bs.nn.Param(2.0 * f.u.mV).val,
        f.bs.nn.Param(f.q(V, "mV"), t=f.bs.nn.SoftplusT(0.0 * f.u.mV)).val,
    ),
    slopes_with_units=lambda f: _slopes_with_units(f),
    set_value=lambda f: _after(f, lambda p: p.set_value(f.array([3.0, 4.0, 5.0]))),
    clip=lambda f: _after(f, lambda p: p.clip(0.75, 1.5)),
    clip_below=lambda f: _after(f, lambda p: p.clip(min_val=0.75)),
    clip_above=lambda f: _after(f, lambda p: p.clip(max_val=0.75)),
    reg_loss=lambda f: _param(f, reg=f.bs.nn.L2Reg(0.5)).reg_loss(),
    reg_loss_without=lambda f: (_param(f).reg_loss(), _param(f, reg=f.bs.nn.L2Reg(), fit=False).reg_loss()),
    reg_loss_and_precompute=lambda f: _param(f, reg=f.bs.nn.L1Reg(), precompute=lambda v: 2 * v).reg_loss(),
    slopes_of_reg_loss=lambda f: _slopes_of_reg_loss(f),
    reset_to_prior=lambda f: _after(
        f, lambda p: p.reset_to_prior(), reg=f.bs.nn.GaussianReg(f.array([1.0, 2.0, 3.0]), 1.0)
    ),
    cache=lambda f: _cache_events(f),
)


def _after(f, change, **kwargs):
    param = _param(f, **kwargs)
    change(param)
    return param.val, param.value()


def _slopes_with_units(f):
    param = f.bs.nn.Param(f.q(V, "mV"), t=f.bs.nn.SoftplusT(0.0 * f.u.volt))
    return f.grad(lambda: (param.value() ** 2).sum(), param.states(), unit_aware=True, return_value=True)()


def _slopes_of_reg_loss(f):
    param = _param(f, reg=f.bs.nn.GaussianReg(0.5, 0.7, fit_hyper=True))
    return f.grad(lambda: param.value().sum() + param.reg_loss(), param.states(), return_value=True)()


def _cache_events(f):
    param = _param(f)
    seen = [param.cache_stats]
    param.value()
    seen.append(param.cache_stats)
    seen.append(param.cache())
    seen.append(param.cache_stats)
    param.val.value = param.val.value + 1.0
    seen.append(param.cache_stats)
    seen.append(param.value())
    param.cache()
    param.set_value(f.array(V))
    seen.append(param.cache_stats)
    param.cache()
    param.clear_cache()
    return [*seen, param.cache_stats]


# init

cases.table(
    "init",
    none=lambda f: f.bs.nn.Param.init(None),
    the_param_itself=lambda f: _is_same(f),
    a_number=lambda f: type(f.bs.nn.Param.init(2.0, (3,))),
    an_array=lambda f: f.bs.nn.Param.init(f.array(V), 3).value(),
    a_broadcast=lambda f: f.bs.nn.Param.init(f.array(V), (2, 3)).value(),
    a_function=lambda f: f.bs.nn.Param.init(f.bs.nn.init.Constant(2.0), (2, 3)).value(),
    a_function_with_arguments=lambda f: f.bs.nn.Param.init(
        lambda size, k: np.full(size, k, "float32"), 3, k=2.0
    ).value(),
)


def _is_same(f):
    param = _param(f)
    return f.bs.nn.Param.init(param, 3) is param


for _name, _error, _call in (
    ("no transform", "TypeError", lambda f: f.bs.nn.Param(1.0, t=3)),
    ("no regularisation", "ValueError", lambda f: f.bs.nn.Param(1.0, reg=3)),
    ("a Const that is fit", "ValueError", lambda f: f.bs.nn.Const(1.0, fit=True)),
    ("init of None", "ValueError", lambda f: f.bs.nn.Param.init(None, allow_none=False)),
    ("init of a string", "TypeError", lambda f: f.bs.nn.Param.init("x")),
    ("init of a list", "TypeError", lambda f: f.bs.nn.Param.init([1.0, 2.0])),
    ("init of another shape", "ValueError", lambda f: f.bs.nn.Param.init(f.array(V), (2,))),
    ("init with a size that is none", "ValueError", lambda f: f.bs.nn.Param.init(f.array(V), 2.5)),
):
    case(f"error: {_name}", raises=_error)(_call)

_NO_ASSERT = "no assert for a user's mistake"
differs("error: precompute", _NO_ASSERT, ours="TypeError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.bs.nn.Param(1.0, precompute=3))
)
differs("error: init of a function without size", _NO_ASSERT, ours="ValueError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.bs.nn.Param.init(f.bs.nn.init.Constant(2.0)))
)
differs("reset_to_prior keeps the shape", "a parameter keeps its shape", ours=[3], theirs=[])(
    lambda f: list(f.u.math.shape(_after(f, lambda p: p.reset_to_prior(), reg=f.bs.nn.UniformReg(1.0, 0.0, 2.0))[1]))
)
differs(
    "clip does not apply precompute to what is stored",
    "clipping what is between the bounds must not change it",
    ours=np.array(V, "float32"),
    theirs=2 * np.array(V, "float32"),
)(lambda f: _after_precompute(f))


def _after_precompute(f):
    param = f.bs.nn.Param(f.array(V), precompute=lambda v: 2.0 * v)
    param.clip(0.0, 9.0)
    return param.val.value


@differs("a cached value and a gradient", "the cache is no constant", ours=np.float32(2.0), theirs="ValueError")
def _(f):
    param = f.bs.nn.Param(3.0, t=f.bs.nn.AffineT(2.0, 0.0))
    param.cache()
    gradient = f.grad(lambda: param.value(), param.val)
    return gradient() if f.is_ours() else f.error(gradient)


# Members of Module


def _net(f):
    net = f.bs.nn.Module()
    net.a = _param(f, reg=f.bs.nn.L2Reg(0.5))
    net.inner = f.bs.nn.Module()
    net.inner.b = f.bs.nn.Param(f.array(2.0), reg=f.bs.nn.L1Reg(1.0))
    net.inner.c = f.bs.nn.Const(f.array(1.0), reg=f.bs.nn.L1Reg(1.0))
    net.layers = [f.bs.nn.Linear(2, 3)]
    return net


def _during(f, net, **kwargs):
    with net.param_precompute(**kwargs):
        return [param.cache_stats["valid"] for param in (net.a, net.inner.b, net.inner.c)]


cases.table(
    "module",
    named_param_modules=lambda f: [name for name, _ in _net(f).named_param_modules()],
    named_param_modules_near=lambda f: [name for name, _ in _net(f).named_param_modules(allowed_hierarchy=(1, 1))],
    param_modules=lambda f: [type(param) for param in _net(f).param_modules()],
    param_modules_of_a_param=lambda f: [name for name, _ in _param(f).named_param_modules()],
    reg_loss=lambda f: (_net(f).reg_loss(), f.bs.nn.Linear(2, 3).reg_loss()),
    slopes_of_reg_loss=lambda f: _net_slopes(f, _net(f)),
    param_precompute=lambda f: [_during(f, _net(f)), _during(f, _net(f), allowed_hierarchy=(1, 1))],
    after_param_precompute=lambda f: _after_precomputing(f),
    states=lambda f: list(_net(f).states()),
)


def _net_slopes(f, net):
    return f.grad(net.reg_loss, {"a": net.a.val, "b": net.inner.b.val}, return_value=True)()


def _after_precomputing(f):
    net = _net(f)
    _during(f, net)
    return [param.cache_stats["valid"] for param in net.param_modules()]


@case("param_precompute inside a gradient")
def _(f):
    net = _net(f)

    def loss():
        with net.param_precompute():
            return (net.a.value() ** 2).sum() + net.a.value().sum() * net.inner.b.value()

    return f.grad(loss, {"a": net.a.val, "b": net.inner.b.val}, return_value=True)()


@differs(
    "named_parameters(recurse=False)", "the module's own are meant", ours=["val"], theirs=["reg.mean", "reg.precision"]
)
def _(f):
    param = _param(f, reg=f.bs.nn.GaussianReg(0.0, 1.0, fit_hyper=True))
    return [name for name, _ in param.named_parameters(recurse=False)]


# HiData


def _data(f, **kwargs):
    return f.bs.nn.HiData(name="cell", v=f.array(V), gate=f.bs.nn.HiData(m=f.array(0.5), none=None), **kwargs)


def _doubled(leaf):
    return leaf if leaf is None else 2 * leaf  # None is a leaf to torch


cases.table(
    "HiData",
    dictionary=lambda f: _data(f).to_dict(),
    round_trip=lambda f: f.bs.nn.HiData.from_dict(_data(f).to_dict()).gate.m,
    sizes=lambda f: (_data(f).state_size, len(_data(f)), list(_data(f).keys()), "v" in _data(f)),
    text=lambda f: repr(_data(f, long="x" * 99)),
    text_of_nothing=lambda f: repr(f.bs.nn.HiData()),
    replaced=lambda f: _data(f).replace(v=1.0, w=2.0).to_dict(),
    added=lambda f: _data(f).add({"w": 1.0}, f.bs.nn.HiData(x=2.0), v=3.0).to_dict(),
    popped=lambda f: list(_data(f).pop("v").keys()),
    mapped=lambda f: f.tree_map(_doubled, _data(f)).to_dict(),
    mapped_name=lambda f: f.tree_map(_doubled, _data(f)).name,
)
case("HiData: pop of another name", raises="KeyError")(lambda f: _data(f).pop("x"))
case("HiData: dtype of nothing", raises="ValueError")(lambda f: f.bs.nn.HiData(a="x").dtype)
differs("HiData: add of a number", _NO_ASSERT, ours="TypeError", theirs="AssertionError")(
    lambda f: f.error(lambda: _data(f).add(3))
)


@cases.parametrised()
def test_params_agree(case):
    case.check()
