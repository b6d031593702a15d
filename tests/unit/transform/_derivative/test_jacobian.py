"""brainstate_torch.transform._derivative.jacobian: jacrev, jacfwd and hessian."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T

F64 = torch.float64
X, W = torch.tensor([1.0, 2.0], dtype=F64), torch.tensor([[1.0, 0.5], [2.0, 1.0], [0.0, 3.0]], dtype=F64)
close = torch.testing.assert_close
both = pytest.mark.parametrize("jac", [T.jacrev, T.jacfwd])


def test_jacobian_is_another_name_of_jacrev():
    assert T.jacobian is T.jacrev


@both
@pytest.mark.parametrize("chunk_size", [None, 1, 4, 100])
def test_blocks_have_the_shape_of_the_result_and_of_the_input(jac, chunk_size):
    def fun(d):
        return {"y": d["w"] @ d["x"], "s": (d["x"] ** 2).sum()}

    found = jac(fun, chunk_size=chunk_size)({"w": W, "x": X})
    close(found["y"]["x"], W)
    close(found["y"]["w"], torch.einsum("ik,j->ikj", torch.eye(3, dtype=F64), X))
    close(found["s"]["x"], 2 * X)
    close(found["s"]["w"], torch.zeros(3, 2, dtype=F64))


@both
def test_the_jacobian_equals_the_host_transforms(jac):
    def fun(x):
        return torch.sin(W @ x) * x.sum()

    host = torch.func.jacrev if jac is T.jacrev else torch.func.jacfwd
    close(jac(fun)(X), host(fun)(X))
    close(T.hessian(lambda x: fun(x).sum())(X), torch.func.hessian(lambda x: fun(x).sum())(X))


@both
def test_states_of_dicts_and_results_of_trees_work_together(jac):
    layer = ParamState({"weight": W, "bias": torch.zeros(3, dtype=F64)})

    def fun(x):
        y = layer.value["weight"] @ x + layer.value["bias"]
        return y, [y.sum()]

    (of_y, of_x), [(sum_y, sum_x)] = jac(fun, layer, argnums=0)(X)
    assert (of_y["weight"].shape, of_y["bias"].shape, of_x.shape) == ((3, 3, 2), (3, 3), (3, 2))
    close(of_y["bias"], torch.eye(3, dtype=F64))
    close((sum_y["bias"], sum_x), (torch.ones(3, dtype=F64), W.sum(0)))


@both
@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_empty_inputs_and_results_have_empty_blocks(jac, shape):
    empty = torch.zeros(shape, dtype=F64)
    assert jac(lambda x: W @ X + x.sum())(empty).shape == (3, *shape)
    assert jac(lambda x: empty * x.sum())(X).shape == (*shape, 2)


@pytest.mark.parametrize(
    "slope",
    [
        pytest.param(lambda f, x: T.jacfwd(f)(x), id="jacfwd"),
        pytest.param(lambda f, x: T.jvp(f, (x,), (x,))[1], id="jvp"),
        pytest.param(lambda f, x: T.fwd_grad(f)(x), id="fwd_grad"),
        pytest.param(lambda f, x: T.hessian(f)(x), id="hessian"),
    ],
)
def test_a_derivative_along_tangents_has_the_dtype_of_the_result(slope):
    assert slope(lambda x: x * x * 0.5, torch.tensor(3.0)).dtype == torch.float32


def test_jacrev_gives_integers_the_empty_gradient():
    found = T.jacrev(lambda d: W @ d["x"] * d["n"], allow_int=True)({"x": X, "n": torch.tensor([1, 1, 2])})
    close(found["x"], W * torch.tensor([[1], [1], [2]]))
    assert type(found["n"]) is np.ndarray
    assert (found["n"].shape, found["n"].dtype.itemsize) == ((3, 3), 0)


def test_jacfwd_of_an_integer_result_is_zero():
    assert torch.equal(T.jacfwd(lambda x: x.to(torch.int64))(X), torch.zeros(2, 2, dtype=torch.int64))


Z = torch.tensor([1 + 2j, 3j])


@both
def test_holomorphic_jacobians(jac):
    close(jac(lambda z: z**2, holomorphic=True)(Z), torch.diag(2 * Z))


@pytest.mark.parametrize("transform", [T.jacrev, T.jacfwd, T.hessian])
def test_integer_inputs_are_refused(transform):
    with pytest.raises(TypeError, match=r"must have a real or complex dtype\. Got int64 in argument 0"):
        transform(lambda x: x)(torch.tensor([1]))


@pytest.mark.parametrize(
    ("transform", "fun", "x", "keywords", "text"),
    [
        (T.jacrev, lambda z: z, Z, {}, r"jacrev needs real results\. Got dtype complex64"),
        (T.jacrev, lambda z: z.abs(), Z, {"holomorphic": True}, "jacrev needs complex results with `holomorphic=True`"),
        (
            T.jacrev,
            lambda x: x.int(),
            X,
            {},
            r"jacrev is defined for results of real or complex dtype\. Got dtype int32",
        ),
        (T.jacrev, lambda x: "text", X, {}, "jacrev is defined for results of real or complex dtype. Got a str"),
        (T.jacrev, lambda x: x, X, {"holomorphic": True}, "with `holomorphic=True` every input must be complex"),
        (T.jacfwd, lambda z: z, Z, {}, r"jacfwd needs real inputs\. Got dtype complex64 in argument 0"),
        (T.jacfwd, lambda z: z.abs(), Z, {"holomorphic": True}, "with `holomorphic=True` the result must be complex"),
        (T.hessian, lambda z: z.sum(), Z, {}, r"hessian needs real results\. Got dtype complex64"),
        (T.hessian, lambda x: x.int(), X, {}, "hessian is defined for results of real or complex dtype"),
    ],
)
def test_dtypes_are_checked(transform, fun, x, keywords, text):
    state = State(0)
    with pytest.raises(TypeError, match=text):
        transform(lambda x: (setattr(state, "value", 1), fun(x))[1], **keywords)(x)
    assert state.value == 0


@pytest.mark.parametrize("chunk_size", [0, -1, 1.5, "2"])
@pytest.mark.parametrize("transform", [T.jacrev, T.jacfwd, T.hessian])
def test_chunk_size_must_be_positive(transform, chunk_size):
    with pytest.raises(ValueError, match=rf"`chunk_size` must be a positive int or None\. Got {chunk_size!r}"):
        transform(len, chunk_size=chunk_size)


@both
def test_each_block_has_its_own_unit(jac):
    v, i = torch.tensor([3.0, 4.0]) * u.mV, torch.tensor(2.0) * u.mA

    def fun(v, i):
        return {"power": (v * i).sum(), "ratio": v / v[0]}

    found = jac(fun, argnums=(0, 1), unit_aware=True)(v, i)
    assert found["power"][0].to_decimal(u.mA).tolist() == [2.0, 2.0]
    assert found["power"][1].to_decimal(u.mV) == 7.0
    close(found["ratio"][0].to_decimal(u.mV**-1), torch.tensor([[0.0, 0.0], [-4 / 9, 1 / 3]]))
    plain = jac(fun, argnums=(0, 1))(v, i)
    assert type(plain["power"][0]) is torch.Tensor


def test_hessian_blocks_stand_in_the_container_twice():
    a, b = ParamState(torch.tensor(2.0)), ParamState({"x": torch.tensor([3.0, 4.0])})

    def fun(c):
        return a.value**2 * b.value["x"].sum() * c

    found = T.hessian(fun, {"b": b, "a": a}, argnums=(0,))(torch.tensor(1.0))
    (states, args) = found
    assert list(states) == ["a", "b"]
    by_a = states["a"]
    assert by_a[0]["a"] == 14.0
    assert by_a[0]["b"]["x"].tolist() == [4.0, 4.0]
    assert by_a[1] == (28.0,)
    assert states["b"]["x"][0]["b"]["x"].shape == (2, 2)
    assert args[0][1] == (0.0,)


def test_hessian_of_several_results_has_their_axes_first():
    found = T.hessian(lambda x: (x**3, x.prod()))(X)
    close(found[0], torch.einsum("i,ij,ik->ijk", 6 * X, torch.eye(2, dtype=F64), torch.eye(2, dtype=F64)))
    close(found[1], torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=F64))


def test_hessian_blocks_have_the_unit_of_the_result_by_both_inputs():
    v, length = State(3.0 * u.mV), State(2.0 * u.cm)
    found = T.hessian(lambda: v.value**2 * length.value, [v, length], unit_aware=True)()
    assert found[0][0].to_decimal(u.cm) == 4.0
    assert found[0][1].to_decimal(u.mV) == found[1][0].to_decimal(u.mV) == 6.0
    assert u.get_unit(found[1][1]) == u.mV**2 / u.cm


def test_writes_count_once_whatever_the_number_of_chunks():
    for transform in (T.jacfwd, T.hessian):
        counter, made = State(0), []

        def fun(x, counter=counter, made=made):
            counter.value += 1
            made.append(State(x * 2))
            return (x**2).sum() * made[-1].value.sum()

        transform(fun, chunk_size=1)(X)
        assert counter.value == 1
        close(made[-1].value, 2 * X)
