"""Normalisation: outputs, gradients and running statistics on equal numbers."""

import numpy as np

from .frameworks import Cases
from .wide import array, wide_cases

cases = Cases()
differs = cases.differs
case = wide_cases(cases)

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(1.0, 2.0, (5, 3, 4, 6))
SEQUENCES = RNG.normal(-1.0, 0.5, (4, 3, 6))
VECTORS = RNG.normal(0.0, 3.0, (7, 6))
VOLUMES = RNG.normal(0.5, 1.0, (2, 2, 3, 2, 6))
SCALE = RNG.normal(1.0, 0.3, 6)
BIAS = RNG.normal(0.0, 1.0, 6)
MASK = RNG.random(SEQUENCES.shape) > 0.3
#: What an output is multiplied by before it is summed: the mean square of a normalised output has no gradient.
PROBE = {shape: RNG.normal(size=shape) for shape in (IMAGES.shape, SEQUENCES.shape, VECTORS.shape, VOLUMES.shape)}


def _learned(f, layer, x, **kwargs):
    """Output, and gradients of a weighted sum of its squares by the parameters and by the input."""
    probe, x = array(f, PROBE[x.shape]), array(f, x)

    def loss(x):
        y = layer(x, **kwargs)
        return (probe * y * y).sum(), y

    states = layer.states(f.bs.ParamState)
    if not states:
        return f.grad(loss, argnums=0, has_aux=True)(x)
    return f.grad(loss, states, argnums=0, has_aux=True)(x)


def _states(layer):
    return layer.in_size, layer.out_size, dict(layer.states().to_dict())


_INITS = lambda f: {"scale_init": array(f, SCALE), "bias_init": array(f, BIAS)}

_LAYERS = {
    "LayerNorm": (lambda f: f.bs.nn.LayerNorm(6, **_INITS(f)), SEQUENCES),
    "LayerNorm of two axes": (lambda f: f.bs.nn.LayerNorm((4, 6), (-2, -1), **_INITS(f)), IMAGES),
    "LayerNorm of an inner axis": (lambda f: f.bs.nn.LayerNorm((4, 6), -2, **_INITS(f)), IMAGES),
    "LayerNorm of axes from the front": (lambda f: f.bs.nn.LayerNorm((3, 6), (1, 2), **_INITS(f)), SEQUENCES),
    "LayerNorm with more features": (lambda f: f.bs.nn.LayerNorm((3, 6), -1, (-2, -1)), SEQUENCES),
    "LayerNorm without bias": (lambda f: f.bs.nn.LayerNorm(6, use_bias=False, epsilon=0.1), SEQUENCES),
    "LayerNorm without scale": (lambda f: f.bs.nn.LayerNorm(6, use_scale=False), SEQUENCES),
    "LayerNorm without both": (lambda f: f.bs.nn.LayerNorm(6, use_scale=False, use_bias=False), SEQUENCES),
    "LayerNorm slow": (lambda f: f.bs.nn.LayerNorm(6, use_fast_variance=False), SEQUENCES),
    "RMSNorm": (lambda f: f.bs.nn.RMSNorm(6, scale_init=array(f, SCALE)), SEQUENCES),
    "RMSNorm of two axes": (lambda f: f.bs.nn.RMSNorm((4, 6), reduction_axes=(-2, -1), epsilon=0.1), IMAGES),
    "RMSNorm without scale": (lambda f: f.bs.nn.RMSNorm(6, use_scale=False), SEQUENCES),
    "GroupNorm of vectors": (lambda f: f.bs.nn.GroupNorm(6, num_groups=2, **_INITS(f)), VECTORS),
    "GroupNorm of sequences": (lambda f: f.bs.nn.GroupNorm(6, num_groups=3, **_INITS(f)), SEQUENCES),
    "GroupNorm of images": (lambda f: f.bs.nn.GroupNorm(6, num_groups=2, **_INITS(f)), IMAGES),
    "GroupNorm by size": (lambda f: f.bs.nn.GroupNorm(6, num_groups=None, group_size=2), IMAGES),
    "GroupNorm of one group": (lambda f: f.bs.nn.GroupNorm(6, num_groups=1, use_bias=False), IMAGES),
    "GroupNorm with axes": (lambda f: f.bs.nn.GroupNorm(6, num_groups=2, reduction_axes=(1, 2, -1)), IMAGES),
    "GroupNorm without both": (
        lambda f: f.bs.nn.GroupNorm(6, num_groups=2, use_scale=False, use_bias=False),
        VECTORS,
    ),
}
for _name, (_make, _x) in _LAYERS.items():
    case(f"{_name}: output and gradients")(lambda f, make=_make, x=_x: _learned(f, make(f), x))
    case(f"{_name}: States and sizes")(lambda f, make=_make: _states(make(f)))

for _name in ("LayerNorm", "RMSNorm", "GroupNorm of sequences"):
    case(f"{_name} with a mask")(
        lambda f, make=_LAYERS[_name][0]: _learned(f, make(f), SEQUENCES, mask=f.from_numpy(MASK))
    )
case("LayerNorm of one example")(lambda f: f.bs.nn.LayerNorm((3, 6))(array(f, SEQUENCES[0])))
case("LayerNorm of integers")(lambda f: f.bs.nn.LayerNorm(5)(array(f, np.arange(5))))


# BatchNorm


def _inits(f):
    return {"scale_initializer": array(f, SCALE), "bias_initializer": array(f, BIAS)}


_BATCHES = {
    "0d": (lambda f, **kw: f.bs.nn.BatchNorm0d(6, **_inits(f), **kw), VECTORS),
    "1d": (lambda f, **kw: f.bs.nn.BatchNorm1d((3, 6), **_inits(f), **kw), SEQUENCES),
    "2d": (lambda f, **kw: f.bs.nn.BatchNorm2d((3, 4, 6), **_inits(f), **kw), IMAGES),
    "3d": (lambda f, **kw: f.bs.nn.BatchNorm3d((2, 3, 2, 6), **_inits(f), **kw), VOLUMES),
}
for _name, (_make, _x) in _BATCHES.items():

    @case(f"BatchNorm{_name}: a step, then evaluation, with gradients")
    def _(f, make=_make, x=_x):
        layer = make(f, momentum=0.7)
        with f.bs.environ.context(fit=True):
            fitted = _learned(f, layer, x)
        with f.bs.environ.context(fit=False):
            evaluated = _learned(f, layer, x)
        return fitted, evaluated, layer.running_mean, layer.running_var

    case(f"BatchNorm{_name}: States and sizes")(lambda f, make=_make: _states(make(f)))


@case("BatchNorm: the statistics after five steps of training")
def _(f):
    layer = f.bs.nn.BatchNorm2d((3, 4, 6), momentum=0.9, epsilon=1e-3)
    states = layer.states(f.bs.ParamState)
    gradient = f.grad(lambda x: (array(f, PROBE[IMAGES.shape]) * layer(x)).sum(), states, return_value=True)
    losses = []
    with f.bs.environ.context(fit=True):
        for step in range(5):
            grads, loss = gradient(array(f, IMAGES * (1 + step) - step))
            losses.append(loss)
            for path, state in states.items():
                state.value = f.tree_map(lambda w, g: w - 0.1 * g, state.value, grads[path])
    return losses, layer.running_mean, layer.running_var, layer.weight


@case("BatchNorm: statistics written in a loop")
def _(f):
    layer = f.bs.nn.BatchNorm0d(6, momentum=0.5)
    with f.bs.environ.context(fit=True):
        ys = f.bs.transform.for_loop(layer, array(f, np.stack([VECTORS, 2 * VECTORS, VECTORS - 1])))
    return ys, layer.running_mean, layer.running_var


@case("BatchNorm: gradient through a statistic read after it is written")
def _(f):
    layer = f.bs.nn.BatchNorm0d(6, momentum=0.5)

    def loss(x):
        with f.bs.environ.context(fit=True):
            layer(x)
        return (array(f, SCALE) * layer.running_mean.value + array(f, BIAS) * layer.running_var.value).sum()

    return f.grad(loss)(array(f, VECTORS)), layer.running_mean


@case("BatchNorm: fitted twice in one gradient")
def _(f):
    layer = f.bs.nn.BatchNorm0d(6, momentum=0.5)
    with f.bs.environ.context(fit=True):
        grads = f.grad(lambda x: (array(f, PROBE[VECTORS.shape]) * layer(layer(x) ** 3)).sum())(array(f, VECTORS))
    return grads, layer.running_mean, layer.running_var


def _evaluated(f, make, x):
    layer = make(f)
    with f.bs.environ.context(fit=True):
        y = layer(array(f, x))
    with f.bs.environ.context(fit=False):
        z = layer(array(f, x[0]))
    return y, z, layer.running_mean, layer.running_var


cases.table(
    "BatchNorm",
    one_example=lambda f: _evaluated(f, _BATCHES["1d"][0], SEQUENCES),
    not_affine=lambda f: _evaluated(f, lambda f: f.bs.nn.BatchNorm0d(6, affine=False), VECTORS),
    all_axes_are_features=lambda f: _evaluated(f, lambda f: f.bs.nn.BatchNorm1d((3, 6), (0, 1)), SEQUENCES),
    slow_variance=lambda f: _evaluated(f, lambda f: f.bs.nn.BatchNorm0d(6, use_fast_variance=False), VECTORS),
    kinds_of_state=lambda f: [
        type(s).__name__
        for s in f.bs.nn.BatchNorm0d(6, param_type=_kind(f), mean_type=f.bs.LongTermState).states().values()
    ],
    one_example_fitted=lambda f: _fitted(f, f.bs.nn.BatchNorm0d(6), VECTORS[0]),
    mask=lambda f: _fitted(f, f.bs.nn.BatchNorm1d((3, 6)), SEQUENCES, f.from_numpy(MASK)),
    half=lambda f: _fitted(f, f.bs.nn.BatchNorm0d(6, dtype="float16"), VECTORS)[0].dtype.__str__()[-7:],
)


def _kind(f):
    return type("Kind", (type(f.bs.nn.BatchNorm0d(6).weight),), {})


def _fitted(f, layer, x, *mask):
    with f.bs.environ.context(fit=True):
        return layer(array(f, x), *mask), layer.running_mean.value, layer.running_var.value


# Errors

case("BatchNorm of another size", raises="ValueError")(lambda f: _fitted(f, f.bs.nn.BatchNorm1d((4, 6)), SEQUENCES))
case("BatchNorm of more axes", raises="ValueError")(lambda f: _fitted(f, f.bs.nn.BatchNorm0d(6), SEQUENCES))
case("BatchNorm of an axis that is not there", raises="ValueError")(lambda f: f.bs.nn.BatchNorm0d(6, 1))
case("LayerNorm over an axis that is not there", raises="ValueError")(
    lambda f: f.bs.nn.LayerNorm(6, 3)(array(f, SEQUENCES))
)
case("LayerNorm with features that are not there", raises="ValueError")(lambda f: f.bs.nn.LayerNorm(6, -1, -2))
case("LayerNorm with a mask that does not fit", raises="ValueError")(
    lambda f: f.bs.nn.LayerNorm(6)(array(f, SEQUENCES), mask=f.from_numpy(MASK[:2]))
)
case("LayerNorm of a unit", raises="TypeError")(lambda f: f.bs.nn.LayerNorm(6)(f.q(SEQUENCES, "mV")))
case("GroupNorm by number and size", raises="ValueError")(lambda f: f.bs.nn.GroupNorm(6, num_groups=2, group_size=3))
case("GroupNorm by neither", raises="ValueError")(lambda f: f.bs.nn.GroupNorm(6, num_groups=None))
case("GroupNorm of too many groups", raises="ValueError")(lambda f: f.bs.nn.GroupNorm(6))
case("GroupNorm of a size that does not divide", raises="ValueError")(
    lambda f: f.bs.nn.GroupNorm(6, num_groups=None, group_size=4)
)
differs("BatchNorm affine and untracked", "no assert for a user's mistake", ours="ValueError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.bs.nn.BatchNorm0d(6, track_running_stats=False))
)
differs(
    "BatchNorm untracked",
    "a layer that normalises does so, as brainstate's documentation says",
    ours=True,
    theirs=False,
)(lambda f: abs(float(_untracked(f).mean())) < 1e-5)
differs("BatchNorm with features in front", "the statistics keep their shape", ours=(3, 1), theirs=(3, 3))(
    lambda f: tuple(_fitted(f, f.bs.nn.BatchNorm1d((3, 6), 0), SEQUENCES)[1].shape)
)
differs("GroupNorm of one example", "there is nothing ambiguous in it", ours=(6,), theirs="ValueError")(
    lambda f: _shape_or_error(f, lambda: f.bs.nn.GroupNorm(6, num_groups=2)(array(f, VECTORS[0])))
)
differs("LayerNorm with a plain ParamState", "any State can hold a scale", ours=(4, 3, 6), theirs="AttributeError")(
    lambda f: _shape_or_error(f, lambda: f.bs.nn.LayerNorm(6, param_type=f.bs.ParamState)(array(f, SEQUENCES)))
)


def _untracked(f):
    layer = f.bs.nn.BatchNorm1d((3, 6), track_running_stats=False, affine=False)
    with f.bs.environ.context(fit=False):
        return layer(array(f, SEQUENCES))


def _shape_or_error(f, call):
    try:
        return tuple(call().shape)
    except (ValueError, AttributeError) as error:
        return type(error).__name__


@cases.parametrised()
def test_normalization_agrees(case, engine):
    case.check(engine)
