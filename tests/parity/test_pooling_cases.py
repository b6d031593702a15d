"""nn: pooling, padding, embedding. Outputs, gradients, sizes, error kinds."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


def numbers(*shape, shift=0.0):
    """Integers and halves, so that sums are exact, without a pattern that a wrong axis would keep."""
    return np.rint(np.sin(np.arange(np.prod(shape, dtype=int)) * 1.7 + shift) * 9.3 + 0.3).reshape(shape) / 2


def mapped(f, layer, *shape, least=0.0):
    """Sizes, output, and the gradient of its square by the input."""
    x = f.array(numbers(*shape) + least)
    gradient = f.grad(lambda x: (layer(x) ** 2).sum(), argnums=0)
    return layer.in_size, layer.out_size, layer(x), gradient(x)


# Padding

PADS = {1: [2, (1, 2), (0, 9)], 2: [1, (1, 0), (2, 1, 0, 7)], 3: [1, (0, 1, 2), (1, 0, 0, 2, 1, 1)]}
for _kind in ("Reflection", "Replication", "Circular", "Zero", "Constant"):
    for _axes, _pads in PADS.items():
        _name, _shape = f"{_kind}Pad{_axes}d", (4, 3, 5)[:_axes]

        def _body(f, name=_name, pads=_pads, shape=_shape):
            extra = {"value": 1.5} if "Constant" in name else {}
            layers = [getattr(f.bs.nn, name)(pad, in_size=(*shape, 2), **extra) for pad in pads]
            return [mapped(f, layer, *batch, *shape, 2) for layer, batch in zip(layers, [(2,), (), (3,)], strict=True)]

        case(_name)(_body)

cases.table(
    "padding",
    of_integers=lambda f: [
        getattr(f.bs.nn, f"{kind}Pad1d")(1)(f.array([[1], [2], [3]]))
        for kind in ("Reflection", "Replication", "Circular", "Zero", "Constant")
    ],
    integers_with_a_fraction=lambda f: f.bs.nn.ConstantPad1d(1, 2.7)(f.array([[1], [2]])),
    of_one_element=lambda f: f.bs.nn.ReflectionPad1d(3)(f.array([[5.0]])),
    with_a_batch_in_the_size=lambda f: f.bs.nn.ZeroPad1d((1, 2), in_size=(3, 4, 2)).out_size,
)
for _label, _error, _call in [
    ("length", "ValueError", lambda f: f.bs.nn.ZeroPad2d((1, 2, 3))),
    ("fraction", "TypeError", lambda f: f.bs.nn.ReflectionPad1d(1.5)),
    ("negative", "ValueError", lambda f: f.bs.nn.ZeroPad1d(-1)(f.array([[1.0]]))),
    ("axes of the input", "ValueError", lambda f: f.bs.nn.CircularPad1d(1)(f.array([1.0]))),
    ("axes of the size", "ValueError", lambda f: f.bs.nn.ConstantPad2d(1, in_size=(3, 4))),
]:
    case(f"padding refused: {_label}", raises=_error)(_call)


# Sliding windows

WINDOWS = {
    "plain": {"kernel_size": 2},
    "stride 1": {"kernel_size": 2, "stride": 1},
    "overlapping": {"kernel_size": 3, "stride": 2},
    "SAME": {"kernel_size": 3, "stride": 2, "padding": "SAME"},
    "SAME, even": {"kernel_size": 2, "stride": 1, "padding": "SAME"},
    "padding of a number": {"kernel_size": 3, "stride": 2, "padding": 1},
    "padding of a pair": {"kernel_size": 2, "stride": 2, "padding": [(0, 1)]},
    "padding above the window": {"kernel_size": 2, "stride": 2, "padding": 3},
    "channels first": {"kernel_size": 2, "channel_axis": -4},
    "no channels": {"kernel_size": 2, "channel_axis": None},
    "channels in between": {"kernel_size": 2, "channel_axis": 2},
    "size": {"kernel_size": 2, "in_size": (4, 5, 3)},
}
SHAPES = {1: (2, 5, 3), 2: (2, 4, 5, 3), 3: (2, 4, 3, 5, 2)}
FEW = ("plain", "SAME", "padding of a pair")
for _kind in ("MaxPool", "AvgPool", "LPPool"):
    for _axes, _shape in SHAPES.items():
        for _label, _kwargs in WINDOWS.items():
            if _axes != 2 and _label not in FEW:
                continue

            def _body(f, name=f"{_kind}{_axes}d", kwargs=_kwargs, shape=_shape):
                layer = getattr(f.bs.nn, name)(*([2.0] if "LP" in name else []), **kwargs)
                # Means of thirds are not exact, so they must not cancel.
                return mapped(f, layer, *shape, least=6.0 if "Avg" in name else 0.0)

            case(f"{_kind}{_axes}d: {_label}")(_body)


cases.table(
    "pooling",
    numbers_for_each_axis=lambda f: [
        mapped(f, getattr(f.bs.nn, kind)(kernel_size=(2, 3), stride=(1, 2), padding=(1, 0), **extra), 5, 6, 2)
        for kind, extra in (("MaxPool2d", {}), ("AvgPool2d", {}), ("LPPool2d", {"norm_type": 3}))
    ],
    more_batches=lambda f: [
        mapped(f, layer, 2, 3, 5, 4, 2) for layer in (f.bs.nn.MaxPool2d(2), f.bs.nn.AvgPool2d(2), f.bs.nn.MaxPool1d(2))
    ],
    no_batch=lambda f: [mapped(f, layer, 5, 4) for layer in (f.bs.nn.MaxPool1d(2), f.bs.nn.AvgPool1d(2, None))],
    only_space=lambda f: mapped(f, f.bs.nn.MaxPool2d(2, channel_axis=None), 5, 4),
    of_integers=lambda f: [
        layer(f.array([[1], [2], [5], [-7]]))
        for layer in (
            f.bs.nn.MaxPool1d(2),
            f.bs.nn.MaxPool1d(2, padding="SAME"),
            f.bs.nn.AvgPool1d(2),
            f.bs.nn.LPPool1d(1, 2),
            f.bs.nn.AdaptiveAvgPool1d(3),
            f.bs.nn.AdaptiveMaxPool1d(3),
        )
    ],
    equal_elements=lambda f: [
        f.grad(lambda x: (layer(x) * f.array([[1.0], [3.0]])).sum(), argnums=0)(f.array([[1.0], [1.0], [2.0], [2.0]]))
        for layer in (f.bs.nn.MaxPool1d(2), f.bs.nn.AdaptiveMaxPool1d(2))
    ],
    powers_of_nothing=lambda f: mapped_of(f, f.bs.nn.LPPool1d(2, 2), [[0.0], [0.0], [3.0], [-4.0]]),
    a_large_power=lambda f: mapped_of(f, f.bs.nn.LPPool1d(20, 2), [[1.0], [1.5], [0.5], [-2.0]]),
    sizes=lambda f: [
        layer.out_size
        for layer in (
            f.bs.nn.MaxPool2d(2, in_size=(28, 28, 3)),
            f.bs.nn.AvgPool2d(3, 2, padding="SAME", in_size=(28, 27, 3)),
            f.bs.nn.MaxPool2d(2, channel_axis=1, in_size=(3, 8, 6)),
            f.bs.nn.LPPool1d(2, 2, in_size=(9, 2)),
            f.bs.nn.AdaptiveAvgPool2d((2, None), in_size=(7, 5, 3)),
            f.bs.nn.AdaptiveMaxPool1d(2, channel_axis=-2, in_size=(3, 7)),
        )
    ],
)


def mapped_of(f, layer, x):
    """Output, and the gradient of its sum by the input."""
    return layer(f.array(x)), f.grad(lambda x: layer(x).sum(), argnums=0)(f.array(x))


# Indices and unpooling

for _label, _kwargs in WINDOWS.items():
    case(f"indices: {_label}")(
        lambda f, kwargs=_kwargs: f.bs.nn.MaxPool2d(**kwargs | {"in_size": None}, return_indices=True)(
            f.array(numbers(2, 4, 5, 3))
        )
    )


def _there_and_back(f, axes, shape, output_size=None, **kwargs):
    y, indices = getattr(f.bs.nn, f"MaxPool{axes}d")(2, return_indices=True, **kwargs)(f.array(numbers(*shape)))
    back = getattr(f.bs.nn, f"MaxUnpool{axes}d")(2, **kwargs)
    gradient = f.grad(lambda y: (back(y, indices, output_size) ** 2).sum(), argnums=0)
    return back(y, indices, output_size), gradient(y)


cases.table(
    "unpooling",
    one_axis=lambda f: _there_and_back(f, 1, (2, 4, 3)),
    two_axes=lambda f: _there_and_back(f, 2, (2, 4, 6, 3)),
    three_axes=lambda f: _there_and_back(f, 3, (2, 4, 2, 6, 3)),
    channels_first=lambda f: _there_and_back(f, 2, (2, 3, 4, 6), channel_axis=1),
    no_channels=lambda f: _there_and_back(f, 2, (2, 4, 6), channel_axis=None),
    larger=lambda f: _there_and_back(f, 2, (2, 4, 6, 3), output_size=(7, 9)),
    larger_by_a_number=lambda f: _there_and_back(f, 2, (2, 4, 4, 3), output_size=8),
    larger_in_all=lambda f: _there_and_back(f, 1, (2, 4, 1), output_size=(2, 6, 1)),
    smaller=lambda f: _there_and_back(f, 1, (2, 6, 1), output_size=3),
    one_element_more=lambda f: _there_and_back(f, 1, (1, 5, 2), output_size=5),
)


@differs(
    "unpooling to the odd size that was pooled",
    "brainstate counts places as if four elements had been pooled, so the second batch goes astray",
    ours=np.array([[0, 1, 0, 3, 0], [0, 6, 0, 8, 0]], "float32"),
    theirs=np.array([[0, 1, 0, 3, 0], [0, 0, 6, 8, 0]], "float32"),
)
def _(f):
    y, indices = f.bs.nn.MaxPool1d(2, return_indices=True)(f.array(np.arange(10.0).reshape(2, 5, 1)))
    return f.bs.nn.MaxUnpool1d(2)(y, indices, output_size=5).reshape(2, 5)


# To a size

for _kind in ("AdaptiveAvgPool", "AdaptiveMaxPool"):
    for _target in (1, 2, 3, 4, 5):
        case(f"{_kind}1d to {_target}")(
            lambda f, kind=_kind, target=_target: mapped(f, getattr(f.bs.nn, f"{kind}1d")(target), 2, 5, 3)
        )
    case(f"{_kind}2d")(
        lambda f, kind=_kind: [
            mapped(f, getattr(f.bs.nn, f"{kind}2d")(target, channel_axis=axis), 2, 4, 5, 3)
            for target, axis in ((2, -1), ((3, None), -1), ((2, 2), 1), ((4, 3), 0), (2, None))
        ]
    )
    case(f"{_kind}3d")(lambda f, kind=_kind: mapped(f, getattr(f.bs.nn, f"{kind}3d")((2, 3, 4)), 4, 5, 6, 2))

_X = np.ones((4, 1))
for _label, _error, _call in [
    ("kernel of a float", "TypeError", lambda f: f.bs.nn.MaxPool2d(2.5)),
    ("kernel of a range", "TypeError", lambda f: f.bs.nn.AvgPool2d(range(2))),
    ("kernel of floats", "TypeError", lambda f: f.bs.nn.LPPool2d(2, (2.0, 2))),
    ("kernel of three", "ValueError", lambda f: f.bs.nn.MaxPool2d((2, 2, 2))),
    ("stride of a float", "TypeError", lambda f: f.bs.nn.MaxUnpool2d(2, stride=2.5)),
    ("stride of three", "ValueError", lambda f: f.bs.nn.MaxUnpool2d(2, stride=(2, 2, 2))),
    ("name of a padding", "ValueError", lambda f: f.bs.nn.MaxPool2d(2, padding="FULL")),
    ("padding of three", "ValueError", lambda f: f.bs.nn.AvgPool2d(2, padding=[1, 2, 3])),
    ("padding of pairs", "ValueError", lambda f: f.bs.nn.LPPool2d(2, 2, padding=[(1, 2), 3])),
    ("padding of a float", "ValueError", lambda f: f.bs.nn.MaxPool2d(2, padding=2.5)),
    ("padding of an unpooling", "TypeError", lambda f: f.bs.nn.MaxUnpool2d(2, padding=2.5)),
    ("paddings of an unpooling", "ValueError", lambda f: f.bs.nn.MaxUnpool2d(2, padding=(1, 2, 3))),
    ("channel axis", "TypeError", lambda f: f.bs.nn.MaxPool2d(2, channel_axis=1.5)),
    ("channel axis of the input", "ValueError", lambda f: f.bs.nn.MaxPool1d(2, channel_axis=5)(f.array(_X))),
    ("axes of the input", "ValueError", lambda f: f.bs.nn.AvgPool2d(2)(f.array(_X))),
    ("axes of an unpooling", "ValueError", lambda f: f.bs.nn.MaxUnpool2d(2)(f.array(_X), f.array(_X, "int32"))),
    ("power", "ValueError", lambda f: f.bs.nn.LPPool1d(0, 2)),
    ("infinite power", "ValueError", lambda f: f.bs.nn.LPPool1d(float("inf"), 2)),
    ("target of a string", "TypeError", lambda f: f.bs.nn.AdaptiveAvgPool1d("ab")),
    ("target of zero", "ValueError", lambda f: f.bs.nn.AdaptiveAvgPool1d(0)),
    ("targets of floats", "TypeError", lambda f: f.bs.nn.AdaptiveAvgPool2d((2, 2.5))),
    ("target of a float", "ValueError", lambda f: f.bs.nn.AdaptiveAvgPool1d(2.5)),
    ("large target", "ValueError", lambda f: f.bs.nn.AdaptiveMaxPool1d(5)(f.array(_X))),
]:
    case(f"pooling refused: {_label}", raises=_error)(_call)

differs(
    "a window that does not fit",
    "an empty output helps nobody; torch refuses it, too",
    ours="ValueError",
    theirs=(0, 1),
)(
    lambda f: (
        f.error(lambda: f.bs.nn.MaxPool1d(5)(f.array(_X)))
        if f.is_ours()
        else tuple(f.bs.nn.MaxPool1d(5)(f.array(_X)).shape)
    )
)


# Embedding

TABLE = np.array([[0.0, 0.0, 0.0], [3.0, 4.0, 0.0], [0.5, 0.5, 0.5], [1.0, -2.0, 2.0]])
PLACES = [[1, 3, 1], [0, 1, 2]]
for _label, _kwargs in {
    "plain": {},
    "padding": {"padding_idx": 1},
    "counted": {"scale_grad_by_freq": True},
    "counted, padding": {"scale_grad_by_freq": True, "padding_idx": 0},
    "frozen": {"freeze": True},
    "norm": {"max_norm": 1.0},
    "norm of order one": {"max_norm": 2.0, "norm_type": 1.0},
    "largest element": {"max_norm": 0.75, "norm_type": np.inf},
}.items():

    def _body(f, kwargs=_kwargs):
        layer = f.bs.nn.Embedding(4, 3, embedding_init=f.array(TABLE), **kwargs)
        places, weights = f.array(PLACES), f.array(numbers(2, 3, 3))
        start = layer.weight.value
        gradient = f.grad(lambda: (layer(places) * weights).sum(), layer.weight, return_value=True)()
        untouched = layer.weight.value
        return start, gradient, untouched, layer(places), layer.weight.value

    case(f"embedding: {_label}")(_body)

cases.table(
    "embedding",
    sizes=lambda f: [
        (layer.embedding_size, layer.out_size, layer.in_size, layer.weight.value.shape, layer.padding_idx)
        for layer in (f.bs.nn.Embedding(4, 3), f.bs.nn.Embedding(2, (2, 3), padding_idx=1))
    ],
    larger_rows=lambda f: f.bs.nn.Embedding.from_pretrained(f.array(TABLE.reshape(2, 2, 3)))(f.array([1, 0, 1])),
    pretrained_keeps_the_padding=lambda f: f.bs.nn.Embedding.from_pretrained(f.array(TABLE), padding_idx=1).weight,
    pretrained_is_frozen=lambda f: f.bs.nn.Embedding.from_pretrained(f.array(TABLE)).freeze,
    nothing=lambda f: f.bs.nn.Embedding(4, 3)(f.array(np.zeros(0, "int32"))),
    one=lambda f: f.bs.nn.Embedding.from_pretrained(f.array(TABLE), max_norm=1.0)(f.array(1)),
)
for _label, _error, _call in [
    ("rows", "ValueError", lambda f: f.bs.nn.Embedding(-1, 3)),
    ("empty size", "ValueError", lambda f: f.bs.nn.Embedding(4, ())),
    ("negative size", "ValueError", lambda f: f.bs.nn.Embedding(4, -2)),
    ("padding", "ValueError", lambda f: f.bs.nn.Embedding(4, 3, padding_idx=4)),
    ("negative padding", "ValueError", lambda f: f.bs.nn.Embedding(4, 3, padding_idx=-1)),
    ("norm", "ValueError", lambda f: f.bs.nn.Embedding(4, 3, max_norm=0.0)),
    ("pretrained vector", "ValueError", lambda f: f.bs.nn.Embedding.from_pretrained(f.array([1.0, 2.0]))),
    ("indices", "TypeError", lambda f: f.bs.nn.Embedding(4, 3)(f.array([1.0]))),
    ("truth values", "TypeError", lambda f: f.bs.nn.Embedding(4, 3)(f.from_numpy(np.array([True])))),
]:
    case(f"embedding refused: {_label}", raises=_error)(_call)


@case("embedding: norm and padding")
def _(f):
    # Without a gradient, in which brainstate fails here.
    layer = f.bs.nn.Embedding(4, 3, embedding_init=f.array(TABLE), max_norm=2.0, padding_idx=3)
    layer.weight.value = f.array(TABLE)
    return layer(f.array(PLACES)), layer.weight.value


@differs(
    "embedding of rows that are not there",
    "an index from the end is most often a mistake, one beyond it always; JAX answers with some row",
    ours="IndexError",
    theirs=np.array([[1.0, -2.0, 2.0], [1.0, -2.0, 2.0]], "float32"),
)
def _(f):
    layer = f.bs.nn.Embedding.from_pretrained(f.array(TABLE))
    return f.error(lambda: layer(f.array([-1, 9]))) if f.is_ours() else layer(f.array([-1, 9]))


@cases.parametrised()
def test_pooling_agrees(case, engine):
    case.check(engine)
