"""brainstate_torch.transform._derivative.forward: fwd_grad."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, State, random
from brainstate_torch import transform as T

X = torch.tensor([1.0, -2.0])


def square(x):
    return (x**2).sum()


def test_an_estimate_is_the_direction_times_the_slope_along_it():
    (direction,) = [random.RandomState(3).randn(2)]
    found = T.fwd_grad(square, key=3)(X)
    torch.testing.assert_close(found, direction * (2 * X @ direction))
    clipped = T.fwd_grad(square, key=3, drct_der_clip=0.5)(X)
    torch.testing.assert_close(clipped, direction * (2 * X @ direction).clamp(-0.5, 0.5))


def test_many_directions_come_close_to_the_gradient():
    w, n = ParamState(torch.tensor(2.0)), State(0)

    def loss(x):
        n.value += 1
        return w.value * square(x), "aux"

    estimate = T.fwd_grad(loss, w, argnums=0, has_aux=True, return_value=True, tangent_size=20000, key=0)
    (of_w, of_x), value, aux = estimate(X)
    torch.testing.assert_close((of_w, of_x), (torch.tensor(5.0), 4 * X), rtol=0.1, atol=0.1)
    assert (value, aux, n.value) == (10.0, "aux", 1)


def test_directions_come_from_the_default_source_which_a_failure_takes_back():
    random.seed(1)
    first = T.fwd_grad(square)(X)
    assert not torch.equal(T.fwd_grad(square)(X), first)
    random.seed(1)
    with pytest.raises(KeyError):
        T.fwd_grad(lambda x: {}["missing"])(X)
    assert torch.equal(T.fwd_grad(square)(X), first)


@pytest.mark.parametrize(
    ("fun", "x", "error", "text"),
    [
        (lambda x: x, X, ValueError, r"scalar-output functions only\. Got shape \(2,\)"),
        (lambda x: (x, x), X, TypeError, "fwd_grad is defined for a scalar result. Got a tuple"),
        (lambda x: x.sum() * u.mV, X, TypeError, "a scalar result without unit. Got one in mV"),
        (square, torch.tensor([1]), TypeError, "must have a real or complex dtype"),
    ],
)
def test_inputs_and_results_are_checked(fun, x, error, text):
    with pytest.raises(error, match=text):
        T.fwd_grad(fun)(x)


@pytest.mark.parametrize("size", [0, -1, 2.0])
def test_tangent_size_must_be_positive(size):
    with pytest.raises(ValueError, match=rf"`tangent_size` must be a positive int or None\. Got {size}"):
        T.fwd_grad(square, tangent_size=size)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_estimate_is_the_mean_over_its_directions(count):
    x = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    found = T.fwd_grad(lambda x: (x**2).sum(), tangent_size=count, key=5)(x)
    directions = random.RandomState(5).randn(count, 3).to(torch.float64)
    each = [v * (2 * x * v).sum() for v in directions]
    assert torch.allclose(found, torch.stack(each).mean(0))


@pytest.mark.parametrize("seed", range(4))
def test_one_direction_gives_its_slope_along_it_whatever_the_sign(seed):
    x = torch.tensor([1.0, -2.0, 3.0])
    v = random.RandomState(seed).randn(3)
    found = T.fwd_grad(lambda x: (x**2).sum(), key=seed)(x)
    assert torch.allclose(found, v * (2 * x * v).sum())
