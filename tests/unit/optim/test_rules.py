"""Every optimizer against torch.optim, step by step."""

import inspect

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import ParamState, optim

T = torch.optim
#: Ours, and torch's with the same numbers.
PAIRS = {
    "SGD": (lambda: optim.SGD(0.1), lambda p: T.SGD(p, 0.1)),
    "SGD decay": (lambda: optim.SGD(0.1, weight_decay=0.2), lambda p: T.SGD(p, 0.1, weight_decay=0.2)),
    "SGD momentum": (lambda: optim.SGD(0.1, 0.7), lambda p: T.SGD(p, 0.1, 0.7)),
    "SGD nesterov": (
        lambda: optim.SGD(0.1, 0.7, 0.1, True),
        lambda p: T.SGD(p, 0.1, 0.7, weight_decay=0.1, nesterov=True),
    ),
    "Momentum": (lambda: optim.Momentum(0.1), lambda p: T.SGD(p, 0.1, 0.9)),
    "MomentumNesterov": (lambda: optim.MomentumNesterov(0.1), lambda p: T.SGD(p, 0.1, 0.9, nesterov=True)),
    "Adam": (lambda: optim.Adam(), lambda p: T.Adam(p)),
    "Adam numbers": (
        lambda: optim.Adam(0.1, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.1),
        lambda p: T.Adam(p, 0.1, (0.8, 0.95), 1e-3, 0.1),
    ),
    "Adam amsgrad": (
        lambda: optim.Adam(0.1, (0.5, 0.6), amsgrad=True),
        lambda p: T.Adam(p, 0.1, (0.5, 0.6), amsgrad=True),
    ),
    "AdamW": (lambda: optim.AdamW(0.1, weight_decay=0.3), lambda p: T.AdamW(p, 0.1, weight_decay=0.3)),
    "AdamW default": (lambda: optim.AdamW(), lambda p: T.AdamW(p)),
    "Adamax": (lambda: optim.Adamax(0.1, weight_decay=0.1), lambda p: T.Adamax(p, 0.1, weight_decay=0.1)),
    "Adamax default": (lambda: optim.Adamax(), lambda p: T.Adamax(p)),
    "Nadam": (lambda: optim.Nadam(0.1, weight_decay=0.1), lambda p: T.NAdam(p, 0.1, weight_decay=0.1)),
    "Nadam default": (lambda: optim.Nadam(), lambda p: T.NAdam(p)),
    "RAdam": (lambda: optim.RAdam(0.1, weight_decay=0.1), lambda p: T.RAdam(p, 0.1, weight_decay=0.1)),
    "RAdam default": (lambda: optim.RAdam(), lambda p: T.RAdam(p)),
    "RMSprop": (lambda: optim.RMSprop(), lambda p: T.RMSprop(p)),
    "RMSprop momentum": (
        lambda: optim.RMSprop(0.1, 0.8, 1e-3, 0.1, 0.5),
        lambda p: T.RMSprop(p, 0.1, 0.8, 1e-3, 0.1, 0.5),
    ),
    "RMSprop centered": (lambda: optim.RMSprop(0.1, centered=True), lambda p: T.RMSprop(p, 0.1, centered=True)),
    "Adagrad": (lambda: optim.Adagrad(), lambda p: T.Adagrad(p)),
    "Adagrad numbers": (
        lambda: optim.Adagrad(0.1, 0.2, 0.1, 0.5, 1e-3),
        lambda p: T.Adagrad(p, 0.1, 0.2, 0.1, 0.5, 1e-3),
    ),
    "Adadelta": (lambda: optim.Adadelta(weight_decay=0.1), lambda p: T.Adadelta(p, weight_decay=0.1)),
    "Rprop": (lambda: optim.Rprop(0.1, step_sizes=(0.01, 0.2)), lambda p: T.Rprop(p, 0.1, step_sizes=(0.01, 0.2))),
}
SHAPES = {"a": (3, 2), "b": (), "c": (4,)}


def values(dtype, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {key: torch.randn(shape, generator=generator, dtype=dtype) for key, shape in SHAPES.items()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64], ids=str)
@pytest.mark.parametrize("ours, theirs", PAIRS.values(), ids=PAIRS.keys())
def test_every_step_is_torchs(ours, theirs, dtype):
    states = {key: ParamState(x) for key, x in values(dtype).items()}
    parameters = {key: torch.nn.Parameter(x.clone()) for key, x in values(dtype).items()}
    optimizer, reference = ours().register_trainable_weights(states), theirs(list(parameters.values()))
    for step in range(8):
        grads = values(dtype, seed=step + 1)
        for key, parameter in parameters.items():
            parameter.grad = grads[key].clone()
        reference.step()
        # JAX's convention for complex gradients is the conjugate of torch's.
        optimizer.update({key: grad.conj() for key, grad in grads.items()})
        for key in SHAPES:
            assert states[key].value.dtype is dtype
            torch.testing.assert_close(
                states[key].value.as_subclass(torch.Tensor),
                parameters[key].detach(),
                # torch keeps a product of NAdam in single width.
                rtol=1e-13 if dtype is torch.float64 and type(optimizer) is not optim.Nadam else 1e-6,
                atol=1e-14 if dtype is torch.float64 else 1e-6,
            )
    assert int(optimizer.step_count.value) == 8


def test_lion_steps_along_the_sign_of_a_mean():
    w = ParamState(torch.tensor([1.0, -1.0], dtype=torch.float64))
    optimizer = optim.Lion(0.5, (0.5, 0.75), weight_decay=0.25).register_trainable_weights(w)
    optimizer.update(torch.tensor([4.0, -8.0], dtype=torch.float64))
    # mean 0: sign of the gradient; x - 0.5 * (sign + 0.25 x)
    assert w.value.tolist() == [0.375, -0.375]
    # mean is now 1 and -2
    optimizer.update(torch.tensor([-2.0, 1.0], dtype=torch.float64))
    assert w.value.tolist() == [0.375 - 0.5 * (-1 + 0.09375), -0.375 - 0.5 * (-1 - 0.09375)]


@pytest.mark.parametrize("make", [lambda: optim.Adam(0.1), lambda: optim.RAdam(0.1), lambda: optim.Nadam(0.1)])
def test_low_precision_keeps_its_dtype(make):
    w = ParamState({"w": torch.ones(3, dtype=torch.bfloat16), "s": torch.tensor(1.0, dtype=torch.float16)})
    make().register_trainable_weights(w).update({"w": torch.ones(3), "s": torch.tensor(1.0)})
    assert (w.value["w"].dtype, w.value["s"].dtype) == (torch.bfloat16, torch.float16)
    assert bool((w.value["w"] < 1).all()) and bool(w.value["s"] < 1)


@pytest.mark.parametrize("ours", [pair[0] for pair in PAIRS.values()], ids=PAIRS.keys())
def test_the_derivative_through_an_update_is_finite(ours):
    start = torch.tensor([1.0, 2.0], dtype=torch.float64)
    w = ParamState(start)
    optimizer = ours().register_trainable_weights(w)

    def after(scale):
        optimizer.update(scale * torch.tensor([1.0, -3.0], dtype=torch.float64))
        return w.value.sum()

    slope = brainstate.transform.grad(after)(torch.tensor(1.0, dtype=torch.float64))
    assert bool(slope.isfinite())


def test_the_derivative_through_sgd_is_minus_the_rate():
    w = ParamState(torch.tensor([1.0]))
    optimizer = optim.SGD(0.25).register_trainable_weights(w)

    def after(grad):
        optimizer.update(grad)
        return w.value.sum()

    assert brainstate.transform.grad(after)(torch.tensor([3.0])).tolist() == [-0.25]


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: optim.SGD(momentum=1.0), r"`momentum` must lie in \[0, 1\). Got 1.0"),
        (lambda: optim.Adam(beta2=-0.1), r"`betas` must lie in \[0, 1\). Got -0.1"),
        (lambda: optim.Adam(eps=-1.0), r"`eps` must be zero or positive. Got -1.0"),
        (lambda: optim.Nadam(momentum_decay=-1.0), r"`momentum_decay` must be zero or positive"),
        (lambda: optim.RMSprop(alpha=2.0), r"`alpha` must lie in"),
        (lambda: optim.Adagrad(lr_decay=-1.0), r"`lr_decay` must be zero or positive"),
        (lambda: optim.Adadelta(rho=1.0), r"`rho` must lie in"),
        (lambda: optim.Rprop(etas=(1.5, 2.0)), r"`etas` must be a factor below 1"),
        (lambda: optim.Rprop(step_sizes=(2.0, 1.0)), r"`step_sizes` must be a least"),
        (lambda: optim.Lion(betas=(1.0, 0.5)), r"`betas` must lie in"),
        (lambda: optim.SGD(weight_decay=-0.1), r"`weight_decay` must be zero or positive. Got -0.1"),
        (lambda: optim.SGD(grad_clip_norm=0.0), r"`grad_clip_norm` must be positive. Got 0.0"),
        (lambda: optim.SGD(grad_clip_value=-1), r"`grad_clip_value` must be positive. Got -1"),
        (lambda: optim.SGD(-0.1), r"`lr` must be zero or positive. Got -0.1"),
    ],
)
def test_numbers_out_of_range_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()


#: Numbers that may be anything, or have rules of their own.
FREE = {"lr", "clip_threshold", "beta1", "etas", "step_sizes", "memory_size", "sync_period"}
OPTIMIZERS = [x for x in vars(optim).values() if isinstance(x, type) and issubclass(x, optim.Optimizer)]
HYPERPARAMETERS = [
    (kind, name)
    for kind in OPTIMIZERS
    if kind not in (optim.Optimizer, optim.Fromage)
    for name, parameter in inspect.signature(kind).parameters.items()
    if name not in FREE and (name.startswith("grad_clip") or isinstance(parameter.default, float | tuple))
]


@pytest.mark.parametrize(("kind", "name"), HYPERPARAMETERS, ids=lambda x: getattr(x, "__name__", x))
def test_every_number_of_every_optimizer_has_a_range(kind, name):
    first = [optim.SGD(0.1)] if kind is optim.Lookahead else []
    pair = isinstance(inspect.signature(kind).parameters[name].default, tuple)
    with pytest.raises(ValueError, match=rf"`{name}` must (be|lie)"):
        kind(*first, **{name: (-0.5, 0.5) if pair else -0.5})


def test_hyperparameters_must_be_numbers():
    with pytest.raises(TypeError, match=r"`weight_decay` must be a number. Got str"):
        optim.SGD(weight_decay="a")
    with pytest.raises(TypeError, match=r"`lr` must be a number, a quantity of one, or an LRScheduler. Got str"):
        optim.SGD("a")


def test_a_rule_must_be_defined():
    w = ParamState(torch.ones(1))
    with pytest.raises(NotImplementedError, match=r"Optimizer must define `rule`"):
        optim.Optimizer().register_trainable_weights(w).update(torch.ones(1))
