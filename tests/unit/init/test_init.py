"""Initialisers: derivatives, maps, compiled functions, layers, deprecated units."""

import numpy as np
import pytest
import torch

import brainstate_torch as B
from brainstate_torch import init
from brainstate_torch import units as u

T = torch.tensor

SMOOTH = {
    "constant": lambda x: init.Constant(x * u.mV),
    "uniform": lambda x: init.Uniform(-x, x),
    "normal": lambda x: init.Normal(x, x**2),
    "log normal": lambda x: init.LogNormal(x, x / 2),
    "exponential": lambda x: init.Exponential(x),
    "gamma": lambda x: init.Gamma(2.0, x),
    "truncated": lambda x: init.TruncatedNormal(x, x, -x, 2 * x),
    "beta": lambda x: init.Beta(2.0, 3.0, -x, x),
    "weibull": lambda x: init.Weibull(2.0, x),
    "mixture": lambda x: init.Mixture([init.Normal(x, 1.0), init.Constant(x)]),
    "conditional": lambda x: init.Conditional(lambda i: i > 1, init.Constant(x), init.Normal(x, x)),
    "scaling": lambda x: init.VarianceScaling(x, "fan_avg", "truncated_normal"),
    "distance": lambda x: (
        init.Normal(0.0, 1.0) * x | (lambda w: w * init.GaussianProfile(x)(torch.ones(2, 2, dtype=torch.float64)))
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_are_those_of_differences_and_programs_give_the_same(name):
    def total(x):
        with B.random.seed_context(3):
            values = u.get_mantissa(SMOOTH[name](x)((2, 2)))
        return (values * T([[1.0, 2.0], [3.0, 4.0]], dtype=values.dtype)).sum()

    with B.environ.context(precision=64):
        x, eps = T(0.8, dtype=torch.float64), 1e-6
        torch.testing.assert_close(
            B.transform.grad(total)(x), (total(x + eps) - total(x - eps)) / (2 * eps), rtol=1e-5, atol=1e-6
        )


def test_mixtures_compile_and_map():
    mixture = init.Mixture(
        [init.Constant(1.0), init.Normal(5.0, 0.1), init.Constant(3.0 * u.UNITLESS)], [0.2, 0.5, 0.3]
    )
    draw = B.transform.jit(lambda: mixture((1000,)), backend="replay")
    B.random.seed(1)
    drawn = draw()
    assert not torch.equal(drawn, draw())
    for low, high, part in ((0.9, 1.1, 0.2), (2.9, 3.1, 0.3), (4.0, 6.0, 0.5)):
        assert abs(((drawn > low) & (drawn < high)).float().mean() - part) < 0.06
    lanes = B.transform.vmap(lambda x: x * mixture((50,)))(torch.ones(2))
    assert not torch.equal(*lanes)


def test_layers_and_neurons_take_them():
    layer = B.nn.Linear(3, 2, w_init=init.KaimingNormal(unit=u.mS), b_init=init.ZeroInit(u.mA))
    assert u.get_unit(layer.weight.value["weight"]) == u.mS
    neuron = B.spiking.LIF(4, V_th=init.Uniform(-50.0 * u.mV, -45.0 * u.mV))
    assert neuron.V_th.shape == (4,)


def test_a_stream_of_the_caller_is_drawn_from():
    rng = B.random.RandomState(4)
    first = init.Normal(0.0, 1.0)((3,), rng=rng)
    assert torch.equal(B.random.RandomState(4).normal(0.0, 1.0, (3,)), first)
    assert init.Normal(0.0, 1.0)((3,), dtype=torch.float64).dtype == torch.float64


def test_positions_of_one_place_have_a_derivative():
    profile = init.GaussianProfile(1.0)

    def total(x):
        return init.DistanceModulated(init.Constant(1.0), profile)((2, 2), pre_positions=x, post_positions=x).sum()

    assert torch.isfinite(B.transform.grad(total)(T([[0.0, 1.0], [2.0, 0.5]]))).all()


@pytest.mark.parametrize("kind", [lambda **k: init.Normal(1.0, 2.0, **k), lambda **k: init.Orthogonal(**k)])
def test_the_argument_unit_warns(kind):
    with pytest.warns(DeprecationWarning, match="`unit` is deprecated"):
        values = kind(unit=u.mV)((2, 2))
    assert u.get_unit(values) == u.mV


def test_a_unit_twice_is_refused():
    with pytest.warns(DeprecationWarning), pytest.raises(ValueError, match="`unit` must not be given beside values"):
        init.Constant(1.0 * u.mV, unit=u.mV)


def test_text_shows_what_they_are_made_of():
    assert repr(init.Constant(1.0) + 2.0) == f"({init.Constant(1.0)} + 2.0)"
    assert "sigma=1.0 um" in repr(init.GaussianProfile(1.0 * u.um))
    assert repr(init.LinearProfile(1.0) * 2.0).endswith("* 2.0)")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: init.Conditional(lambda i: i[:1] > 0, None, None)((3,)),
            ValueError,
            "`condition_fn` must give",
        ),
        (lambda: init.DistanceProfile()([1.0]), NotImplementedError, "must define `probability`"),
        (lambda: init.LinearProfile(1.0) + "x", TypeError, "an operand must be a DistanceProfile, .* Got a str"),
        (lambda: init.Mixture([1.0], [0.2, 0.8]), ValueError, "`weights` must have one for each of 1 distributions"),
        (lambda: init.Constant(1.0) | 3.0, TypeError, "must be a function of the values. Got a float"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
def test_a_generator_of_numpy_draws_its_numbers(make):
    def numpys(name, *args):
        return torch.tensor(getattr(make(3), name)(*args), dtype=torch.float32)

    assert torch.equal(init.Normal(1.0, 2.0)((4,), rng=make(3)), numpys("normal", 1.0, 2.0, 4))
    assert torch.equal(init.Uniform(1.0, 2.0)((4,), rng=make(3)), numpys("uniform", 1.0, 2.0, 4))
    drawn = init.KaimingNormal()((4, 3), rng=make(3))
    torch.testing.assert_close(drawn, numpys("normal", 0.0, 0.5**0.5, (4, 3)), rtol=1e-6, atol=0)
    chosen = init.Mixture([init.Constant(1.0), init.Constant(2.0)])((6,), rng=make(3))
    assert chosen.tolist() == [1.0 + k for k in make(3).choice(2, size=6, p=[0.5, 0.5])]
    for each in (init.LogNormal(1.0, 2.0), init.Gamma(2.0, 1.0), init.TruncatedNormal(0.0, 1.0),
                 init.Beta(2.0, 3.0, 0.0, 1.0), init.Weibull(2.0, 1.0), init.Exponential(1.0),
                 init.Orthogonal()):  # fmt: skip
        assert each((3, 3), rng=make(3)).dtype == torch.float32
