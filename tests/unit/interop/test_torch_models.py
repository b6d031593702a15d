"""Layers of torch.nn as ours and back: equal results for equal inputs, and errors where a layer has no counterpart."""

import pytest
import torch
from torch import nn as tnn

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import interop
from brainstate_torch.interop import from_torch_nn, to_torch_nn

NN = bst.nn


def moved(layer):
    """A layer with values that are not the ones it begins with."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, x in [*layer.named_parameters(), *layer.named_buffers()]:
            if x.is_floating_point():
                noise = torch.randn(x.shape, generator=generator)
                x.copy_(x + (noise.abs() if "var" in name else noise) * 0.3)
    return layer.eval()


LAYERS = {
    "linear": (lambda: tnn.Linear(3, 4), (2, 5, 3)),
    "linear without bias": (lambda: tnn.Linear(3, 4, bias=False), (2, 3)),
    "conv1d": (lambda: tnn.Conv1d(2, 4, 3, stride=2, padding=1), (3, 2, 9)),
    "conv2d": (lambda: tnn.Conv2d(4, 6, (3, 2), padding=(2, 0), dilation=2, groups=2, bias=False), (3, 4, 8, 9)),
    "conv2d same": (lambda: tnn.Conv2d(2, 3, 4, padding="same"), (3, 2, 8, 9)),
    "conv2d valid": (lambda: tnn.Conv2d(2, 3, 3, padding="valid", stride=(2, 3)), (3, 2, 8, 9)),
    "conv3d": (lambda: tnn.Conv3d(2, 3, 2), (3, 2, 4, 5, 6)),
    "batch norm": (lambda: tnn.BatchNorm1d(3, eps=1e-2, momentum=0.2), (5, 3)),
    "batch norm 1d": (lambda: tnn.BatchNorm1d(3), (5, 3, 4)),
    "batch norm 2d": (lambda: tnn.BatchNorm2d(3, affine=False), (5, 3, 4, 2)),
    "layer norm": (lambda: tnn.LayerNorm((4, 3)), (5, 4, 3)),
    "layer norm without bias": (lambda: tnn.LayerNorm(3, bias=False, eps=0.1), (5, 4, 3)),
    "layer norm without anything": (lambda: tnn.LayerNorm(3, elementwise_affine=False), (5, 4, 3)),
    "rms norm": (lambda: tnn.RMSNorm(3), (5, 4, 3)),
    "group norm": (lambda: tnn.GroupNorm(2, 4), (5, 4, 3, 2)),
    "group norm of features": (lambda: tnn.GroupNorm(2, 4, affine=False), (5, 4)),
    "max pool": (lambda: tnn.MaxPool2d(3, 2, padding=1), (2, 3, 8, 9)),
    "max pool 1d": (lambda: tnn.MaxPool1d(2), (2, 3, 8)),
    "mean pool": (lambda: tnn.AvgPool2d(2, count_include_pad=False, padding=1), (2, 3, 8, 9)),
    "adaptive": (lambda: tnn.AdaptiveAvgPool2d((2, 3)), (2, 3, 8, 9)),
    "adaptive max": (lambda: tnn.AdaptiveMaxPool1d(3), (2, 3, 9)),
    "flatten": (lambda: tnn.Flatten(), (2, 3, 4, 5)),
    "flatten some": (lambda: tnn.Flatten(1, 2), (2, 3, 4, 5)),
    "prelu": (lambda: tnn.PReLU(), (2, 3)),
    "gelu": (lambda: tnn.GELU("tanh"), (2, 3)),
    "softmax": (lambda: tnn.Softmax(1), (2, 3, 4)),
    "network": (
        lambda: tnn.Sequential(
            tnn.Conv2d(2, 4, 3, padding=1),
            tnn.BatchNorm2d(4),
            tnn.ReLU(),
            tnn.Sequential(tnn.MaxPool2d(2), tnn.Dropout2d(0.3), tnn.GroupNorm(2, 4)),
            tnn.Flatten(),
            tnn.Dropout(0.4),
            tnn.Linear(4 * 3 * 2, 5),
            tnn.BatchNorm1d(5),
            tnn.LogSoftmax(-1),
        ),
        (3, 2, 6, 5),
    ),
}


@pytest.mark.filterwarnings("ignore:Using padding")
@pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS)
def test_a_layer_gives_the_same_here_and_back(make, shape):
    theirs = moved(make())
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    ours = from_torch_nn(theirs, sample_input=shape[1:])
    assert isinstance(ours, NN.Module)
    torch.testing.assert_close(ours(x), theirs(x))
    back = to_torch_nn(ours)
    assert type(back) is type(theirs)
    torch.testing.assert_close(back(x), theirs(x))
    kept = {key: value.shape for key, value in theirs.state_dict().items()}
    assert {key: value.shape for key, value in back.state_dict().items()} == kept


ACTIVATIONS = {
    **dict.fromkeys(("ReLU", "ReLU6", "Tanh", "Sigmoid", "LogSigmoid", "Softsign", "Hardsigmoid", "Identity"), ()),
    **dict.fromkeys(("Tanhshrink", "SiLU", "Hardswish", "Mish", "SELU", "GELU", "Softplus"), ()),
    "ELU": (0.7,), "CELU": (0.7,), "Hardshrink": (0.2,), "Softshrink": (0.2,), "LeakyReLU": (0.3,),
    "Hardtanh": (-0.3, 0.6), "Threshold": (0.1, 2.0), "GLU": (0,), "Softmin": (0,),
}  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), ACTIVATIONS.items(), ids=ACTIVATIONS)
def test_activations(name, arguments):
    theirs, x = getattr(tnn, name)(*arguments).eval(), torch.linspace(-3, 3, 14)
    ours = from_torch_nn(theirs)
    with bst.environ.context(fit=False):
        torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(to_torch_nn(ours)(x), theirs(x))


@pytest.mark.parametrize("kind", [tnn.Dropout, tnn.Dropout1d, tnn.AlphaDropout], ids=lambda kind: kind.__name__)
def test_the_share_that_is_dropped(kind):
    ours = from_torch_nn(kind(0.3))
    assert ours.prob == pytest.approx(0.7)
    assert to_torch_nn(ours).p == pytest.approx(0.3)
    assert not from_torch_nn(kind(0.3).eval()).training


def test_embedding():
    theirs, x = moved(tnn.Embedding(5, 3, padding_idx=1)), torch.tensor([[0, 1], [4, 2]])
    ours = from_torch_nn(theirs)
    torch.testing.assert_close(ours(x), theirs(x))
    back = to_torch_nn(ours)
    torch.testing.assert_close(back(x), theirs(x))
    back(x).sum().backward()
    assert back.weight.grad[1].tolist() == [0.0] * 3
    assert not to_torch_nn(from_torch_nn(tnn.Embedding.from_pretrained(torch.ones(2, 3)))).weight.requires_grad


SEQUENCES = {
    "lstm": lambda: tnn.LSTM(3, 4, num_layers=2),
    "lstm with dropout": lambda: tnn.LSTM(3, 4, num_layers=3, dropout=0.5),
    "lstm without bias": lambda: tnn.LSTM(3, 4, bias=False),
    "gru": lambda: tnn.GRU(3, 4, num_layers=2),
    "gru without bias": lambda: tnn.GRU(3, 4, bias=False),
    "rnn": lambda: tnn.RNN(3, 4, nonlinearity="relu"),
    "rnn without bias": lambda: tnn.RNN(3, 4, bias=False),
}


@pytest.mark.parametrize("make", SEQUENCES.values(), ids=SEQUENCES)
def test_recurrent_layers_step_by_step(make):
    theirs = moved(make())
    x = torch.randn((5, 2, 3), generator=torch.Generator().manual_seed(0))
    wanted = theirs(x)[0]
    ours = from_torch_nn(theirs)
    NN.init_all_states(ours, batch_size=2)
    torch.testing.assert_close(bst.transform.for_loop(ours, x), wanted)
    back = to_torch_nn(ours)
    assert type(back) is type(theirs)
    assert (back.num_layers, back.dropout) == (theirs.num_layers, theirs.dropout)
    torch.testing.assert_close(back(x)[0], wanted)


@pytest.mark.parametrize("make", [lambda: tnn.LSTMCell(3, 4), lambda: tnn.GRUCell(3, 4), lambda: tnn.RNNCell(3, 4)])
def test_cells(make):
    theirs, x = moved(make()), torch.ones(2, 3)
    wanted = theirs(x)
    ours = NN.init_all_states(from_torch_nn(theirs), batch_size=2)
    torch.testing.assert_close(ours(x), wanted[0] if isinstance(wanted, tuple) else wanted)
    back = to_torch_nn(ours)
    torch.testing.assert_close(back(x), wanted)
    assert type(back) is type(theirs)


ATTENTION = {
    "plain": {},
    "batch first": {"batch_first": True},
    "no bias": {"bias": False},
    "other sizes": {"kdim": 5, "vdim": 3},
}


@pytest.mark.parametrize("options", ATTENTION.values(), ids=ATTENTION)
def test_attention(options):
    theirs = moved(tnn.MultiheadAttention(4, 2, **options))
    batch_first = options.get("batch_first", False)
    make = lambda length, size: torch.randn((2, length, size) if batch_first else (length, 2, size))
    q, k, v = make(3, 4), make(6, options.get("kdim", 4)), make(6, options.get("vdim", 4))
    masks = [None, torch.ones(3, 6, dtype=torch.bool).triu(2), torch.randn(3, 6)]
    ours = from_torch_nn(theirs)
    back = to_torch_nn(ours)
    for mask in masks:
        wanted = theirs(q, k, v, attn_mask=mask)[0]
        torch.testing.assert_close(ours(q, k, v, attn_mask=mask), wanted)
        torch.testing.assert_close(back(q, k, v, attn_mask=mask)[0], wanted)
    if not options.get("kdim"):
        alone = q[0] if batch_first else q[:, 0]
        torch.testing.assert_close(ours(alone), theirs(alone, alone, alone)[0])


def test_layers_with_the_channels_last_go_out_and_come_back():
    ours = NN.Sequential(
        NN.Conv2d((6, 5, 2), 4, 3, b_init=NN.init.Normal(1.0)),
        NN.BatchNorm2d((6, 5, 4)),
        NN.MaxPool2d(2, in_size=(6, 5, 4)),
        NN.GroupNorm((3, 2, 4), num_groups=2),
    ).eval()
    x = torch.randn((3, 6, 5, 2), generator=torch.Generator().manual_seed(0))
    theirs = to_torch_nn(ours)
    torch.testing.assert_close(theirs(x), ours(x))
    torch.testing.assert_close(from_torch_nn(theirs, sample_input=(6, 5, 2))(x), ours(x))


def test_gradients_agree():
    theirs = tnn.Sequential(tnn.Linear(3, 4), tnn.Tanh(), tnn.Linear(4, 1))
    ours, x = from_torch_nn(theirs), torch.linspace(-1, 1, 6).reshape(2, 3)
    theirs(x).square().sum().backward()
    grads = bst.transform.grad(lambda: ours(x).square().sum(), ours.states(bst.ParamState))()
    for i, path in ((0, ("layers", 0, "weight")), (2, ("layers", 2, "weight"))):
        torch.testing.assert_close(grads[path]["weight"], theirs[i].weight.grad.T)
        torch.testing.assert_close(grads[path]["bias"], theirs[i].bias.grad)


def test_dtype_device_frozen_and_own_memory():
    theirs = tnn.Linear(3, 4).double().requires_grad_(False)
    ours = from_torch_nn(theirs)
    assert ours.weight.value["weight"].dtype is torch.float64
    assert not any(x.requires_grad for x in ours.parameters())
    back = to_torch_nn(ours)
    assert back.weight.dtype is torch.float64
    assert not back.weight.requires_grad
    with torch.no_grad():
        back.weight.zero_()
    assert theirs.weight.abs().min() > 0
    assert ours.weight.value["weight"].abs().min() > 0


class Own(tnn.Linear):
    def forward(self, x):
        return super().forward(x) * 2


class Residual(tnn.Module):
    def __init__(self):
        super().__init__()
        self.inner = tnn.Linear(2, 2)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Own(2, 2), "UnmappedLayerError", "Own, which has a `forward` of its own"),
        (lambda: tnn.Sequential(Residual()), "UnsupportedStructureError", "Residual"),
        (lambda: tnn.Bilinear(2, 2, 2), "UnmappedLayerError", "Bilinear"),
        (lambda: tnn.Sequential(), "UnsupportedStructureError", "empty"),
        (lambda: tnn.Conv2d(2, 2, 3), "MissingShapeError", "`sample_input` must be given for Conv2d"),
        (lambda: tnn.LSTM(2, 3, bidirectional=True), "UnsupportedLayerError", "LSTM must have one direction"),
        (lambda: tnn.LSTM(2, 3, proj_size=1), "UnsupportedLayerError", "proj_size"),
        (lambda: tnn.Softplus(beta=2), "UnsupportedLayerError", "Softplus must have beta=1 to go over. Got 2"),
        (lambda: tnn.AvgPool2d(2, padding=1), "UnsupportedLayerError", "count_include_pad"),
        (lambda: tnn.BatchNorm1d(2, momentum=None), "UnsupportedLayerError", "momentum"),
        (lambda: tnn.AdaptiveAvgPool1d(3), "UnsupportedLayerError", "multiples of the output"),
        (lambda: tnn.MultiheadAttention(4, 2, add_bias_kv=True), "UnsupportedLayerError", "added keys"),
    ],
)
def test_what_of_torch_has_no_counterpart(make, error, text):
    with pytest.raises(getattr(interop, error), match=text):
        from_torch_nn(make())


def test_a_sample_of_another_size_is_refused():
    with pytest.raises(interop.ConversionError, match="weight"):
        from_torch_nn(tnn.Conv2d(2, 2, 3), sample_input=(3, 5, 5))


class Twice(NN.Linear):
    def update(self, x):
        return super().update(x) * 2


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: NN.GRUCell(2, 3), "UnsupportedLayerError", "ResetAfterGRUCell"),
        (lambda: NN.LSTMCell(2, 3, activation="relu"), "UnsupportedLayerError", "activation tanh"),
        (lambda: NN.Linear(2, 3, w_init=torch.ones(2, 3) * u.mV, b_init=None), "UnsupportedLayerError", "no unit"),
        (lambda: NN.Linear(2, 3, w_mask=torch.ones(2, 3)), "UnsupportedLayerError", "w_mask"),
        (lambda: NN.Sequential(NN.Linear(2, 3), NN.LSTMCell(3, 4)), "UnsupportedStructureError", "Linear, LSTMCell"),
        (lambda: NN.AdaptiveAvgPool1d(3, in_size=(8, 2)), "UnsupportedLayerError", "multiples of the output"),
        (lambda: NN.MGUCell(2, 3), "UnmappedLayerError|UnsupportedStructureError", "MGUCell"),
        (lambda: Twice(2, 2), "UnmappedLayerError", "`update` of its own"),
        (lambda: NN.Conv2d((7, 7, 2), 2, 4, stride=2), "UnsupportedLayerError", "same padding on both sides"),
    ],
)
def test_what_of_ours_has_no_counterpart(make, error, text):
    with pytest.raises(tuple(getattr(interop, name) for name in error.split("|")), match=text):
        to_torch_nn(make())


def test_a_layer_of_the_user():
    class Scale(tnn.Module):
        def forward(self, x):
            return x * 3

    class Ours(NN.Module):
        def update(self, x):
            return x * 3

    mapping = interop.LayerMapping(Ours, "torch", Scale, lambda *_: Ours(), lambda *_: Scale())
    interop.register_layer_mapping(mapping)
    ours = from_torch_nn(tnn.Sequential(Scale(), tnn.ReLU()))
    assert type(ours.layers[0]) is Ours
    assert type(to_torch_nn(ours)[0]) is Scale
    assert {"Ours", "Linear", "LSTMCell", "ResetAfterGRUCell"} <= set(interop.supported_layers("torch")["torch"])


def test_one_layer_twice_stays_one():
    layer = tnn.Linear(2, 2)
    ours = from_torch_nn(tnn.Sequential(layer, tnn.ReLU(), layer))
    assert ours.layers[0] is ours.layers[2]
    back = to_torch_nn(ours)
    assert back[0] is back[2]
