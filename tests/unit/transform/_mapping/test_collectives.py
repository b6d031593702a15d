"""psum, pmean, axis_index: over the lanes of one vmap, nested ones, and under derivatives."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.transform import axis_index, grad, hessian, jvp, pmean, psum, vmap, vmap2, vmap_new_states

X = torch.arange(6.0, dtype=torch.float64).reshape(3, 2)


def test_psum_is_the_sum_over_lanes_of_a_tree():
    out = vmap2(lambda x: psum({"a": x, "b": x[0] * u.mV, "c": 2, "d": torch.tensor(1)}, "i"), axis_name="i")(X)
    assert torch.equal(out["a"], X.sum(0).expand(3, 2))
    assert torch.equal(out["b"].to_decimal(u.mV), X[:, 0].sum().expand(3))
    assert out["c"].tolist() == [6, 6, 6] and out["d"].tolist() == [3, 3, 3]


def test_pmean_and_index():
    assert torch.equal(vmap(lambda x: x - pmean(x, "i"), axis_name="i")(X), X - X.mean(0))
    assert vmap(lambda x: axis_index("i"), axis_name="i")(X).tolist() == [0, 1, 2]


def test_a_reduced_value_can_go_to_a_shared_state():
    s = brainstate.State(torch.tensor(0.0))

    def write(x):
        s.value = psum(x.sum(), "i")

    vmap(write, axis_name="i")(X)
    assert torch.equal(s.value, X.sum())


@pytest.mark.parametrize(("name", "axis"), [("outer", 0), ("inner", 1)])
def test_psum_over_one_of_two_axes(name, axis):
    f = vmap(vmap(lambda x: psum(x, name) + 0 * x, axis_name="inner"), axis_name="outer")
    assert torch.equal(f(X), X.sum(axis, keepdim=True).expand(3, 2))


def test_psum_of_what_is_the_same_in_each_lane():
    f = vmap(vmap(lambda x: psum(x, "inner"), in_axes=None, axis_size=4, axis_name="inner"))
    assert torch.equal(f(X), 4 * X[:, None].expand(3, 4, 2))


def _f(x):
    return (psum(x**3, "i") * x).sum()


def _reference(xs, i):
    return ((xs**3).sum(0) * xs[i]).sum()


def test_psum_derivatives_inside_sum_the_cotangents_over_lanes():
    # Each lane's own derivative; the one through the sum counts what all lanes ask for.
    expected = X**3 * 0 + (X**3).sum(0) + 3 * X**2 * X.sum(0)
    torch.testing.assert_close(vmap(grad(_f), axis_name="i")(X), expected)


def test_psum_derivative_around_is_that_of_the_sum():
    whole = grad(lambda x: vmap(_f, axis_name="i")(x).sum())(X)
    torch.testing.assert_close(whole, grad(lambda x: sum(_reference(x, i) for i in range(3)))(X))


def test_psum_second_and_forward_derivatives():
    around = hessian(lambda x: vmap(_f, axis_name="i")(x).sum())(X)
    torch.testing.assert_close(around, hessian(lambda x: sum(_reference(x, i) for i in range(3)))(X))
    tangent = torch.ones_like(X)
    _, forward = jvp(lambda x: vmap(_f, axis_name="i")(x), (X,), (tangent,))
    _, expected = jvp(lambda x: torch.stack([_reference(x, i) for i in range(3)]), (X,), (tangent,))
    torch.testing.assert_close(forward, expected)


def test_psum_forward_derivative_inside():
    push = vmap(lambda x: jvp(lambda y: psum(y**2, "i"), (x,), (torch.ones_like(x),))[1], axis_name="i")
    torch.testing.assert_close(push(X), (2 * X).sum(0).expand(3, 2))


def test_names_are_known_while_the_function_runs():
    f = lambda x: psum(x, "i")
    vmap_new_states(f, axis_name="i")(X)
    with pytest.raises(NameError, match="Got 'i', where there is none. Pass `axis_name='i'`"):
        f(X)
    with pytest.raises(NameError, match="Got 'i', where there is 'j'"):
        vmap(f, axis_name="j")(X)
    with pytest.raises(NameError, match="where there is none"):
        pmean(X, "j")
    with pytest.raises(NameError, match="where there is none"):
        axis_index("j")
