"""Layers of nn, metrics, transforms of parameters, regularizers."""

import torch

import brainstate_torch as bst
from brainstate_torch import nn, random
from brainstate_torch import transform as T

from .draws import default_device
from .registry import check, filled, same, tensors_of

X1, X2, X3, X = (2, 8, 3), (2, 8, 8, 3), (2, 6, 6, 6, 3), (4, 6)
LAYERS = {
    "Linear": (lambda: nn.Linear(6, 5), X),
    "ScaledWSLinear": (lambda: nn.ScaledWSLinear(6, 5), X),
    "SignedWLinear": (lambda: nn.SignedWLinear(6, 5), X),
    "AllToAll": (lambda: nn.AllToAll(6, 5), X),
    "OneToOne": (lambda: nn.OneToOne(6), X),
    "LoRA": (lambda: nn.LoRA(6, 2, 5), X),
    "SparseLinear": (lambda: nn.SparseLinear(torch.eye(6).to_sparse_csr()), X),
    "EventLinear": (lambda: nn.EventLinear(6, 5, nn.init.Normal()), X),
    "FixedNumConn": (lambda: nn.FixedNumConn(6, 5, 3, nn.init.Normal(), seed=1), X),
    "FixedNumConn, some inputs": (lambda: nn.FixedNumConn(6, 5, 3, nn.init.Normal(), afferent_ratio=0.5, seed=1), X),
    "EventFixedProb": (lambda: nn.EventFixedProb(6, 5, 0.5, nn.init.Normal(), seed=1), X),
    "Conv1d": (lambda: nn.Conv1d((8, 3), 4, 3), X1),
    "Conv2d": (lambda: nn.Conv2d((8, 8, 3), 4, 3), X2),
    "Conv3d": (lambda: nn.Conv3d((6, 6, 6, 3), 2, 3), X3),
    "ScaledWSConv2d": (lambda: nn.ScaledWSConv2d((8, 8, 3), 4, 3), X2),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d((8, 8, 3), 4, 3), X2),
    "BatchNorm0d": (lambda: nn.BatchNorm0d((6,)), X),
    "BatchNorm2d": (lambda: nn.BatchNorm2d((8, 8, 3)), X2),
    "LayerNorm": (lambda: nn.LayerNorm((6,)), X),
    "RMSNorm": (lambda: nn.RMSNorm((6,)), X),
    "GroupNorm": (lambda: nn.GroupNorm((6,), num_groups=2), X),
    "MaxPool2d": (lambda: nn.MaxPool2d(2, stride=2, channel_axis=-1), X2),
    "AvgPool2d": (lambda: nn.AvgPool2d(2, stride=2, channel_axis=-1), X2),
    "LPPool2d": (lambda: nn.LPPool2d(2, 2, stride=2, channel_axis=-1), X2),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(3), X2),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d(3), X2),
    "ConstantPad2d": (lambda: nn.ConstantPad2d(1, 0.5), X2),
    "ReflectionPad2d": (lambda: nn.ReflectionPad2d(1), X2),
    "CircularPad2d": (lambda: nn.CircularPad2d(1), X2),
    "ReplicationPad2d": (lambda: nn.ReplicationPad2d(1), X2),
    "PReLU": (lambda: nn.PReLU(), X),
    "Flatten": (lambda: nn.Flatten(start_axis=1), X2),
    "Sequential": (lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)), X),
}
for _name in ("ELU", "GELU", "Hardswish", "LeakyReLU", "LogSoftmax", "Mish", "Softplus", "Softmax", "Tanh", "SiLU"):
    LAYERS[_name] = (getattr(nn, _name), X)

for _name, (_make, _shape) in LAYERS.items():

    @same(f"nn.{_name}: made on the CPU and moved, forward and backward")
    def _(d, make=_make, shape=_shape):
        layer = make().to(d)
        states = layer.states(bst.ParamState)
        with bst.environ.context(fit=True):
            loss = lambda x: torch.sin(layer(x)).sum()
            if not states:
                return layer(filled(shape, d)), T.grad(loss)(filled(shape, d))
            grads, by_x = T.grad(loss, states, argnums=0)(filled(shape, d))
            return layer(filled(shape, d)), dict(grads), by_x

    @check(f"nn.{_name}: made on the device by default")
    def _(make=_make, shape=_shape):
        with default_device("cuda"):
            layer = make()
        wrong = [key for key, s in layer.states().items() for t in tensors_of(s) if t.device.type != "cuda"]
        wrong += [key for key, b in layer.named_buffers() if b.device.type != "cuda"]
        assert not wrong, f"on the CPU: {wrong}"
        with bst.environ.context(fit=True):
            layer(filled(shape, "cuda"))


for _name in ("GRUCell", "MGUCell", "LSTMCell", "URLSTMCell", "ValinaRNNCell"):

    @same(f"nn.{_name}: states of a batch, in a loop, with its gradient")
    def _(d, name=_name):
        cell = getattr(nn, name)(3, 4).to(d)
        nn.init_all_states(cell, 2)
        cell.to(d)
        return dict(T.grad(lambda xs: T.for_loop(cell, xs).sum(), cell.states(bst.ParamState))(filled((5, 2, 3), d)))

    @check(f"nn.{_name}: states of a moved cell are made on its device")
    def _(name=_name):
        cell = getattr(nn, name)(3, 4).to("cuda")
        nn.init_all_states(cell, 2)
        wrong = [key for key, s in cell.states().items() for t in tensors_of(s) if t.device.type != "cuda"]
        assert not wrong, f"on the CPU: {wrong}"


for _name in ("Dropout", "Dropout2d", "AlphaDropout", "FeatureAlphaDropout", "DropoutFixed"):

    @check(f"nn.{_name} on the device")
    def _(name=_name):
        layer = (nn.DropoutFixed((6,), 0.5) if name == "DropoutFixed" else getattr(nn, name)(0.5)).to("cuda")
        shape = (4, 6) if name != "Dropout2d" else (2, 8, 8, 3)
        if name == "DropoutFixed":
            layer.init_state(4)
            layer.to("cuda")
        with bst.environ.context(fit=True):
            for impl in ("torch", "threefry2x32"):
                random.DEFAULT.seed(0, impl=impl)
                assert layer(filled(shape, "cuda")).device.type == "cuda"
                T.grad(lambda x: layer(x).sum())(filled(shape, "cuda"))


@same("nn layers: masks and signs of weights move with the module")
def _(d):
    x = filled((2, 4), d)
    layers = nn.Linear(4, 3, w_mask=torch.ones(4, 3)), nn.SignedWLinear(4, 3, w_sign=torch.ones(4, 3))
    return [layer.to(d)(x) for layer in layers]


@same("nn.Embedding, with its gradient")
def _(d):
    layer = nn.Embedding(5, 3).to(d)
    return dict(
        T.grad(lambda i: torch.sin(layer(i)).sum(), layer.states(bst.ParamState))(torch.tensor([1, 4], device=d))
    )


@same("nn.clip_grad_norm")
def _(d):
    return nn.clip_grad_norm({"a": filled(3, d), "b": filled((2, 2), d)}, 0.5, return_norm=True)


for _name in ("Accuracy", "Average", "Welford", "ConfusionMatrix", "F1Score", "Precision", "Recall"):

    @same(f"nn metrics: {_name}, of numbers on the device")
    def _(d, name=_name):
        if name in ("Average", "Welford"):
            metric = getattr(nn, f"{name}Metric")("values")
            metric.update(values=filled(5, d))
        elif name == "Accuracy":
            metric = nn.AccuracyMetric()
            metric.update(logits=filled((5, 3), d), labels=torch.tensor([0, 1, 2, 1, 0], device=d))
        else:
            metric = nn.ConfusionMatrix(3) if name == "ConfusionMatrix" else getattr(nn, f"{name}Metric")(num_classes=3)
            metric.update(predictions=torch.tensor([0, 1, 1], device=d), labels=torch.tensor([0, 2, 1], device=d))
        found = metric.compute()
        return (
            list(found.values())
            if isinstance(found, dict)
            else found
            if isinstance(found, torch.Tensor)
            else vars(found)
        )


for _name in (
    "SigmoidT",
    "SoftplusT",
    "ClipT",
    "OrderedT",
    "SimplexT",
    "UnitVectorT",
    "AffineT",
    "PowerT",
    "ScaledSigmoidT",
):

    @same(f"nn param transforms: {_name}")
    def _(d, name=_name):
        arguments = {
            "SigmoidT": (0.0, 1.0),
            "SoftplusT": (0.0,),
            "ClipT": (-1.0, 1.0),
            "AffineT": (2.0, 1.0),
            "PowerT": (2.0,),
            "ScaledSigmoidT": (0.0, 1.0),
        }.get(name, ())
        t = getattr(nn, name)(*arguments)
        x = filled(4, d).abs() + 0.1
        return t.forward(x), t.inverse(t.forward(x))


for _name in (
    "L1Reg",
    "L2Reg",
    "ElasticNetReg",
    "HuberReg",
    "OrthogonalReg",
    "SpectralNormReg",
    "TotalVariationReg",
    "GroupLassoReg",
    "EntropyReg",
    "HorseshoeReg",
    "StudentTReg",
    "MaxNormReg",
):

    @same(f"nn regularization: {_name}, with its gradient")
    def _(d, name=_name):
        reg = getattr(nn, name)().to(d)
        return T.grad(lambda x: reg.loss(x).sum())(filled((4, 4), d))


@same("nn.Param with a transform and a prior")
def _(d):
    p = nn.Param(filled(3, "cpu").abs(), t=nn.SoftplusT(0.0), reg=nn.L2Reg()).to(d)
    return p.value(), p.reg_loss()
