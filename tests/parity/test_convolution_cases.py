"""nn: convolutions, transposed and with standardized kernels. Outputs, gradients, sizes, States, error kinds."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

SPACE = {1: (7,), 2: (6, 5), 3: (4, 3, 5)}


def numbers(*shape, shift=0.0):
    """Small integers, so that sums are exact in 32 bits, without a pattern that a wrong axis would keep."""
    return np.rint(np.sin(np.arange(np.prod(shape, dtype=int)) * 1.7 + shift) * 2.4 + 0.3).reshape(shape)


def made(f, name, axes, channels=2, out=3, space=None, bias=True, first=False, **kwargs):
    """A layer with the same parameters in both libraries."""
    size = space or SPACE[axes]
    size = (channels, *size) if first else (*size, channels)
    b_init = (lambda shape: f.array(numbers(*shape, shift=5.0))) if bias else None
    if "w_mask" in kwargs:
        kwargs["w_mask"] = lambda shape: f.array(numbers(*shape, shift=1.0) > 0, "float32")
    return getattr(f.bs.nn, f"{name}{axes}d")(
        size,
        out,
        w_init=lambda shape: f.array(numbers(*shape)),
        b_init=b_init,
        channel_first=first,
        **{"kernel_size": 3, **kwargs},
    )


def learned(f, layer, batch=(2,)):
    """Sizes, output, and gradients of a function of it by the parameters and by the input."""
    x = f.array(numbers(*batch, *layer.in_size, shift=2.0))
    states = layer.states(f.bs.ParamState)
    gradient = f.grad(lambda x: (layer(x) ** 2).sum(), states, argnums=0, return_value=True)
    (learnt, by_input), value = gradient(x)
    # What is standardized is not exact: beside a hundred, elements that nearly cancel differ by little.
    far = 100 if "ScaledWS" in type(layer).__name__ else 0
    learnt = {path: {key: far + part for key, part in parts.items()} for path, parts in learnt.items()}
    return layer.in_size, layer.out_size, far + layer(x), value, learnt, far + by_input, dict(layer.states().to_dict())


# Negative padding is not compared: on the CPU, XLA reads memory that it has not written (also in the gradient, where a
# transposed convolution is padded by more than its kernel).
_ALL = {
    "plain": {},
    "without bias": {"bias": False},
    "stride 2": {"stride": 2},
    "VALID": {"padding": "VALID"},
    "VALID, stride 2": {"padding": "VALID", "stride": 2},
    "even kernel": {"kernel_size": 2},
    "kernel 4, stride 3": {"kernel_size": 4, "stride": 3},
    "kernel 1, stride 2": {"kernel_size": 1, "stride": 2},
    "padding of a number": {"padding": 2},
    "padding of one pair": {"padding": [(2, 1)]},
    "dilation": {"rhs_dilation": 2, "kernel_size": 2},
    "dilation and stride": {"rhs_dilation": 2, "kernel_size": 2, "stride": 2},
    "groups": {"groups": 2, "channels": 4, "out": 6},
    "each channel alone": {"groups": 3, "channels": 3, "out": 3},
    "mask": {"w_mask": True},
    "channels first": {"first": True, "stride": 2},
    "no batch": {"batch": ()},
}
_SOME = {
    "plain": {},
    "stride 2, even kernel": {"stride": 2, "kernel_size": 2},
    "padding of one pair": {"padding": [(2, 1)]},
    "dilation, stride, groups": {
        "rhs_dilation": 2,
        "stride": 2,
        "kernel_size": 2,
        "groups": 2,
        "channels": 4,
        "out": 2,
    },
    "channels first, no batch": {"first": True, "batch": ()},
}
_LHS = {
    "elements apart": {"lhs_dilation": 2, "padding": 1},
    "elements apart, stride": {"lhs_dilation": 3, "padding": [(2, 1)], "stride": 2},
}
_EACH = {
    "a number for each axis": {"kernel_size": (3, 2), "stride": (1, 2), "padding": (0, 1), "rhs_dilation": (2, 1)},
    "a pair for each axis": {"kernel_size": (2, 3), "padding": [(0, 2), (1, 0)]},
    "numbers in a list of one": {"kernel_size": [3], "stride": [2]},
}
_TABLE = {
    ("Conv", 2): _ALL | _LHS | _EACH,
    ("ConvTranspose", 2): _ALL | _EACH,
    ("ScaledWSConv", 2): _SOME | {"without gain": {"ws_gain": False}, "eps": {"eps": 10.0}, "mask": {"w_mask": True}},
    ("Conv", 1): _SOME | _LHS | {"two ends": {"padding": (2, 0)}},
    ("Conv", 3): _SOME | _LHS,
    ("ConvTranspose", 1): _SOME
    | {"stride above kernel": {"kernel_size": 2, "stride": 3}, "VALID": {"padding": "VALID"}},
    ("ConvTranspose", 3): _SOME,
    ("ScaledWSConv", 1): _SOME,
    ("ScaledWSConv", 3): {"plain": {}},
}
for (_name, _axes), _settings in _TABLE.items():
    for _label, _kwargs in _settings.items():

        def _body(f, name=_name, axes=_axes, kwargs=_kwargs):
            kwargs = dict(kwargs)
            return learned(f, made(f, name, axes, bias=kwargs.pop("bias", True), **_layer(kwargs)), _batch(kwargs))

        case(f"{_name}{_axes}d: {_label}")(_body)


def _layer(kwargs):
    return {key: value for key, value in kwargs.items() if key != "batch"}


def _batch(kwargs):
    return kwargs.get("batch", (2,))


@case("out_size of many")
def _(f):
    found = []
    for name in ("Conv", "ConvTranspose"):
        for size in (5, 6, 7):
            for kernel in (1, 2, 3, 4):
                for stride in (1, 2, 3, 5):
                    for padding in ("SAME", "VALID", 1):
                        layer = made(f, name, 1, space=(size,), kernel_size=kernel, stride=stride, padding=padding)
                        found.append(layer.out_size)
    return found


@case("fan of a default weight, and what a layer knows of itself")
def _(f):
    conv, back = f.bs.nn.Conv2d((8, 8, 4), 6, 3, groups=2), f.bs.nn.ConvTranspose2d((8, 8, 4), 6, 3, groups=2)
    known = [
        (layer.kernel_size, layer.stride, layer.rhs_dilation, layer.padding, layer.groups, layer.kernel_shape)
        for layer in (conv, back)
    ]
    more = conv.lhs_dilation, back.padding_mode, conv.in_channels, conv.out_channels, conv.num_spatial_dims
    return known, more, list(conv.weight.value), conv.name


@case("a bias of a vector, of a number, and of the whole output")
def _(f):
    x = f.array(numbers(2, 6, 5, 2))
    biases = (numbers(3), np.array(0.5), numbers(6, 5, 3))
    kernel = f.array(numbers(3, 3, 2, 3))
    return [f.bs.nn.Conv2d((6, 5, 2), 3, 3, w_init=kernel, b_init=f.array(bias))(x) for bias in biases]


_REFUSED = {
    "in_size": ("ValueError", lambda f: f.bs.nn.Conv2d((8, 3), 4, 3)),
    "in_size of a transposed one": ("ValueError", lambda f: f.bs.nn.ConvTranspose2d((8, 3), 4, 3)),
    "groups and output": ("ValueError", lambda f: f.bs.nn.Conv2d((8, 8, 4), 5, 3, groups=2)),
    "groups and input": ("ValueError", lambda f: f.bs.nn.ConvTranspose2d((8, 8, 6), 8, 3, groups=4)),
    "name of a padding": ("ValueError", lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, 3, padding="FULL")),
    "empty padding": ("ValueError", lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, 3, padding=[])),
    "padding of a float": ("ValueError", lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, 3, padding=1.5)),
    "padding of floats": ("ValueError", lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, 3, padding=(1.5, 2.0))),
    "padding of three": ("ValueError", lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, 3, padding=(1, 2, 3))),
    "pairs of three": ("ValueError", lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, 3, padding=[(1, 2, 3)])),
    "kernel of three": ("TypeError", lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, (3, 3, 3))),
    "kernel of a float": ("TypeError", lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, 2.5)),
    "SAME with elements apart": ("ValueError", lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, 3, lhs_dilation=2)),
    "VALID with elements apart": (
        "ValueError",
        lambda f: f.bs.nn.Conv2d((8, 8, 3), 4, 3, lhs_dilation=2, padding="VALID"),
    ),
    "size of the input": ("ValueError", lambda f: f.bs.nn.Conv1d((8, 3), 4, 3)(f.array(np.ones((2, 7, 3))))),
    "axes of the input": ("ValueError", lambda f: f.bs.nn.Conv1d((8, 3), 4, 3)(f.array(np.ones((2, 2, 8, 3))))),
    "integers": ("TypeError", lambda f: f.bs.nn.Conv1d((8, 3), 4, 3)(f.array(np.ones((8, 3)), "int32"))),
    "half precision": ("TypeError", lambda f: f.bs.nn.Conv1d((8, 3), 4, 3)(f.array(np.ones((8, 3)), "float16"))),
    "no weight": ("ValueError", lambda f: f.bs.nn.Conv1d((8, 3), 4, 3, w_init=None)),
    "shape of a weight": ("ValueError", lambda f: f.bs.nn.Conv1d((8, 3), 4, 3, w_init=f.array(numbers(2, 3, 4)))),
}
for _label, (_error, _call) in _REFUSED.items():
    case(f"refused: {_label}", raises=_error)(_call)

differs(
    "a kernel that does not fit",
    "an empty output helps nobody; torch refuses it, too",
    ours="ValueError",
    theirs=(0, 3),
)(
    lambda f: (
        f.error(lambda: f.bs.nn.Conv1d((4, 1), 3, 5, padding="VALID"))
        if f.is_ours()
        else f.bs.nn.Conv1d((4, 1), 3, 5, padding="VALID").out_size
    )
)
differs("groups of zero", "it is the argument that is wrong", ours="ValueError", theirs="ZeroDivisionError")(
    lambda f: f.error(lambda: f.bs.nn.Conv1d((4, 1), 3, 2, groups=0))
)


@cases.parametrised()
def test_convolutions_agree(case, engine):
    case.check(engine)
