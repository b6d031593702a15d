import math
import pickle

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ParamState
from brainstate_torch.nn import init

SHAPE = (200, 300)
UNIFORM_1 = math.sqrt(1 / 12)


@pytest.mark.parametrize(
    "make, mean, std",
    [
        (lambda **k: init.Normal(1.0, 2.0, **k), 1.0, 2.0),
        (lambda **k: init.TruncatedNormal(0.0, 1.0, lower=-2.0, upper=2.0, **k), 0.0, 0.8796),
        (lambda **k: init.Gamma(4.0, scale=0.5, **k), 2.0, 1.0),
        (lambda **k: init.Exponential(2.0, **k), 2.0, 2.0),
        (lambda **k: init.Uniform(2.0, 3.0, **k), 2.5, UNIFORM_1),
        (lambda **k: init.VarianceScaling(2.0, "fan_out", "normal", **k), 0.0, math.sqrt(2 / 300)),
        (init.KaimingUniform, 0.0, math.sqrt(2 / 200)),
        (init.KaimingNormal, 0.0, math.sqrt(2 / 200)),
        (init.XavierUniform, 0.0, math.sqrt(1 / 250)),
        (init.XavierNormal, 0.0, math.sqrt(1 / 250)),
        (init.LecunUniform, 0.0, math.sqrt(1 / 200)),
        (init.LecunNormal, 0.0, math.sqrt(1 / 200)),
    ],
)
def test_draws_have_the_mean_and_deviation_of_their_distribution(make, mean, std):
    values = make(seed=0)(SHAPE)
    assert values.shape == SHAPE and values.dtype == torch.float32
    assert float(values.mean()) == pytest.approx(mean, abs=5 * std / math.sqrt(values.numel()))
    assert float(values.std()) == pytest.approx(std, rel=0.02)
    assert torch.equal(values, make(seed=0)(SHAPE))
    assert torch.equal(make(unit=u.mV, seed=0)(SHAPE).to_decimal(u.mV), values)
    assert (
        make()(3 if mean else (3, 3), dtype=torch.float64, rng=brainstate.random.RandomState(1)).dtype == torch.float64
    )


def test_precision_sets_the_dtype():
    with brainstate.environ.context(precision=64):
        assert init.KaimingNormal()((2, 2)).dtype == init.ZeroInit()(2).dtype == torch.float64


def test_the_window_of_a_kernel_counts_as_inputs():
    values = init.VarianceScaling(1.0, "fan_in", "uniform", seed=0)((5, 5, 4, 300))
    assert float(values.std()) == pytest.approx(math.sqrt(1 / 100), rel=0.02)


@pytest.mark.parametrize("shape, axis", [((3, 5), -1), ((5, 3), -1), ((5, 3), 0), ((2, 3, 4), -1)])
def test_orthogonal_matrices_keep_lengths(shape, axis):
    q = init.Orthogonal(2.0, axis, seed=0)(shape).movedim(axis, 0).flatten(1).double()
    product = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    assert torch.allclose(product, 4 * torch.eye(len(product), dtype=torch.float64), atol=1e-5)


@pytest.mark.parametrize("window", [(3,), (3, 4), (3, 4, 5)])
def test_delta_orthogonal_is_one_matrix_in_the_middle(window):
    kernel = init.DeltaOrthogonal(seed=0)((*window, 2, 3))
    middle = kernel[tuple((size - 1) // 2 for size in window)]
    assert torch.allclose(middle @ middle.T, torch.eye(2), atol=1e-5)
    assert float((kernel**2).sum()) == pytest.approx(2.0, rel=1e-5)


@pytest.mark.parametrize("distribution", ["truncated_normal", "normal", "uniform"])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (5, 0, 3)])
def test_weights_without_elements_need_no_fan(shape, distribution):
    assert init.VarianceScaling(1.0, "fan_in", distribution)(shape).shape == shape


def test_constants():
    assert init.ZeroInit(u.mV)((2,)).to_decimal(u.mV).tolist() == [0.0, 0.0]
    assert init.Constant(3.0 * u.mV)(2).to_decimal(u.mV).tolist() == [3.0, 3.0]
    assert init.Constant([1.0, 2.0])((2, 2)).tolist() == [[1.0, 2.0]] * 2
    assert init.Identity(2.0, u.mV)((2, 3)).to_decimal(u.mV).tolist() == [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    assert init.Identity()(2).tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: init.VarianceScaling(1.0, "in", "normal"), ValueError, r"`mode` must be one of .* Got 'in'"),
        (lambda: init.VarianceScaling(1.0, "fan_in", "n"), ValueError, r"`distribution` must be one of .* Got 'n'"),
        (lambda: init.TruncatedNormal(scale=-1.0), ValueError, r"`scale` must be positive. Got -1.0"),
        (lambda: init.Identity()((2, 2, 2)), ValueError, "`shape` of Identity must have at most 2 axes"),
        (lambda: init.DeltaOrthogonal()((2, 2)), ValueError, "must have 3, 4 or 5 axes"),
        (lambda: init.DeltaOrthogonal()((1, 3, 2)), ValueError, "`fan_in` must be less or equal than `fan_out`"),
        (lambda: init.Normal()("3"), ValueError, "`shape` must be an integer or a tuple of integers"),
        (lambda: init.Initializer()(3), NotImplementedError, "Initializer must define `__call__`"),
        (lambda: init.calculate_init_gain("step"), ValueError, r"Unsupported nonlinearity: .* Got 'step'"),
        (lambda: init.calculate_init_gain("leaky_relu", True), ValueError, r"`param` must be a number. Got True"),
        (lambda: init.param(None, 2, allow_none=False), ValueError, r"`parameter` must be a number, .* Got None"),
        (lambda: init.param("text", 2), ValueError, "an unknown parameter type"),
        (lambda: init.param(1.0, 2, allow_scalar=False), ValueError, r"must have the shape \(2,\).* Got a number"),
        (lambda: init.param(torch.ones(3), 2), ValueError, r"must match \(2,\): it does not match. Got \(3,\)"),
        (lambda: init.param(torch.ones(3, 2), 2, 4), ValueError, r"the batch size of `parameter` must be 4.* Got 3"),
    ],
)
def test_wrong_arguments_are_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_gains():
    gains = {"conv2d": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75, "leaky_relu": math.sqrt(2 / 1.0001)}
    assert {name: init.calculate_init_gain(name) for name in gains} == pytest.approx(gains)


def test_param_takes_functions_arrays_numbers_and_states():
    assert init.param(None, 2) is None and init.param(3.0 * u.mV, 2) == 3.0 * u.mV
    assert init.param(init.ZeroInit(), (2, 3), batch_size=4).shape == (4, 2, 3)
    array = np.ones((1, 3))
    assert init.param(array, (2, 3)) is array
    assert init.param(torch.ones(3), (2, 3), batch_size=4).shape == (4, 1, 3)
    assert init.param(torch.ones(4, 2, 3), (2, 3), batch_size=4).shape == (4, 2, 3)
    state = init.param(ParamState(torch.ones(3) * u.mV), 3, batch_size=2)
    assert type(state) is ParamState and state.value.shape == (2, 3) and state.value.unit == u.mV


def test_initialisers_are_shown_and_pickled():
    assert repr(init.Uniform(1.0, 2.0)).startswith("Uniform(")
    twin = pickle.loads(pickle.dumps(init.KaimingNormal(seed=3)))
    assert torch.equal(twin((4, 4)), init.KaimingNormal(seed=3)((4, 4)))


@pytest.mark.parametrize("kind", [init.KaimingNormal, init.XavierUniform, init.LecunNormal])
def test_a_scale_with_a_unit_names_the_argument_for_it(kind):
    with pytest.raises(u.UnitMismatchError, match=r"`scale` must be a plain number.* Got one in mV.*`unit=`"):
        kind(scale=0.1 * u.mV)
    assert kind(scale=0.1, unit=u.mV)((2, 3)).unit == u.mV
