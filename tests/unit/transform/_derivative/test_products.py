"""brainstate_torch.transform._derivative.products: vjp and jvp."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T

X, Y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])


@pytest.fixture
def w():
    return ParamState(torch.tensor([5.0, 6.0]))


def test_vjp_commits_at_once_and_the_pullback_is_pure(w):
    n = State(0)

    def fun(x):
        n.value += 1
        return w.value * x, {"aux": n.value}

    y, pull, aux = T.vjp(fun, X, grad_states=w, has_aux=True)
    assert torch.equal(y, torch.tensor([5.0, 12.0]))
    assert (n.value, aux) == (1, {"aux": 1})
    for scale in (1.0, 2.0):
        of_w, of_x = pull(torch.tensor([scale, 0.0]))
        assert torch.equal(of_w, torch.tensor([scale, 0.0]))
        assert torch.equal(of_x, torch.tensor([5 * scale, 0.0]))
    w.value = torch.zeros(2)
    assert torch.equal(pull(torch.ones(2))[1], torch.tensor([5.0, 6.0]))
    assert n.value == 1


@pytest.mark.parametrize(
    ("argnums", "form"),
    [
        (0, lambda x, y: x),
        (-1, lambda x, y: y),
        ((1,), lambda x, y: (y,)),
        ((-1, 0), lambda x, y: (y, x)),
        ([0, 1], lambda x, y: (x, y)),
    ],
)
def test_vjp_differentiates_the_arguments_named(argnums, form):
    _, pull = T.vjp(lambda x, y: x * y, X, Y, argnums=argnums)
    found, expected = pull(torch.ones(2)), form(Y, X)
    torch.testing.assert_close(found, expected)
    assert type(found) is type(expected)


@pytest.mark.parametrize(("args", "argnums"), [((X,), None), ((), 0)])
def test_vjp_of_states_alone(w, args, argnums):
    _, pull = T.vjp(lambda *_: w.value * 2, *args, grad_states={"w": w}, argnums=argnums)
    assert torch.equal(pull(X)["w"], 2 * X)


def test_pullback_takes_trees_in_the_units_of_the_result(w):
    q = torch.tensor(2.0) * u.mV
    out, pull = T.vjp(lambda q: {"sq": q**2, "n": 3.0}, q)
    assert out["sq"].to_decimal(u.mV**2) == 4.0
    found = pull({"sq": torch.tensor(1.0) * u.mV**2, "n": 0.0})
    assert found.to_decimal(u.mV) == 4.0


def test_vjp_of_integers_is_the_empty_gradient():
    _, pull = T.vjp(lambda x, n: x * n, X, torch.tensor(3), argnums=(0, 1))
    of_x, of_n = pull(torch.ones(2))
    assert torch.equal(of_x, torch.full((2,), 3.0))
    assert (of_n.dtype.itemsize, of_n.shape) == (0, ())


def test_vjp_of_complex_numbers_is_the_plain_transpose():
    z = torch.tensor(1 + 2j)
    _, pull = T.vjp(lambda z: z**2, z)
    assert pull(torch.tensor(1 + 0j)) == 2 * z
    _, pull = T.vjp(lambda z: z.abs() ** 2, z)
    assert pull(torch.tensor(1.0)).item() == pytest.approx(2 - 4j)


@pytest.mark.parametrize(
    ("primals", "keywords", "text"),
    [
        ((), {}, "vjp has nothing to differentiate. Got no arguments and no `grad_states`"),
        ((X,), {"argnums": None}, "vjp has nothing to differentiate"),
        ((X, Y), {"argnums": 2}, r"`argnums` is out of range: it must name arguments of 2\. Got 2"),
        ((X, Y), {"argnums": -3}, r"`argnums` is out of range.* Got -3"),
        ((X, Y), {"argnums": (0, 1.0)}, r"Got 1\.0"),
        ((X, Y), {"argnums": (1, -1)}, r"must not contain duplicate arguments\. Got \(1, -1\) for 2 arguments"),
    ],
)
def test_vjp_checks_what_it_differentiates(primals, keywords, text):
    with pytest.raises(ValueError, match=text):
        T.vjp(lambda *args: X, *primals, **keywords)


def test_vjp_names_a_state_that_is_not_used(w):
    with pytest.raises(ValueError, match="every State of `grad_states` must be used"):
        T.vjp(lambda x: x, X, grad_states=w)


@pytest.mark.parametrize("result", [torch.tensor([1, 2]), "text", (X, True)])
def test_vjp_needs_real_or_complex_results(result):
    with pytest.raises(TypeError, match=r"vjp is defined for results of real or complex dtype. Got"):
        T.vjp(lambda x: result, X)


@pytest.mark.parametrize(
    ("cotangent", "text"),
    [
        ([torch.ones(2)], r"the cotangent must have the structure .*'y': .*\. Got \[\*\]"),
        ({"y": torch.ones(2) * u.mV, "q": X * u.mV}, r"the cotangent must have the unit 1\. Got mV\. Multiply"),
        ({"y": torch.ones(2), "q": X}, r"the cotangent must have the unit mV\. Got"),
        ({"y": torch.ones(3), "q": X * u.mV}, r"the cotangent must have the shape \(2,\)\. Got \(3,\)"),
        ({"y": "text", "q": X * u.mV}, "the cotangent must be made of tensors. Got a str"),
    ],
)
def test_pullback_checks_its_cotangent(cotangent, text):
    _, pull = T.vjp(lambda x: {"y": x, "q": x * u.mV}, X)
    with pytest.raises(ValueError, match=text):
        pull(cotangent)


def test_jvp_pushes_through_states_and_commits(w):
    n = State(torch.zeros(2))

    def fun(x, d):
        n.value = w.value * x * d["y"]
        return n.value, "aux"

    y, tangent, aux = T.jvp(fun, (X, {"y": Y}), [torch.ones(2), {"y": torch.zeros(2)}], has_aux=True)
    assert torch.equal(y, torch.tensor([15.0, 48.0]))
    assert torch.equal(tangent, torch.tensor([15.0, 24.0]))
    assert aux == "aux"
    assert torch.equal(n.value, y)


def test_jvp_keeps_structures_and_units():
    q = torch.tensor(2.0) * u.mV
    out, tangent = T.jvp(lambda q: [q**2, (q / u.mV, 5)], (q,), (torch.tensor(1.0) * u.mV,))
    assert (out[0].to_decimal(u.mV**2), out[1][1]) == (4.0, 5)
    assert tangent[0].to_decimal(u.mV**2) == 4.0
    assert (tangent[1][0], tangent[1][1]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("primals", "tangents", "error", "text"),
    [
        (X, (X,), TypeError, "`primals` must be a tuple or list of arguments. Got a Tensor"),
        ((X,), X, TypeError, "`tangents` must be a tuple or list of arguments. Got a Tensor"),
        ((), (), TypeError, "`primals` must hold at least one argument"),
        ((X,), (X, X), TypeError, r"`tangents` must have the structure of `primals`, \[\*\]\. Got \[\*, \*\]"),
        (({"a": X},), ({"b": X},), TypeError, "must have the structure of `primals`"),
        ((X * u.mV,), (X,), TypeError, "the tangent of argument 0 must have the unit mV. Got"),
        ((X,), (torch.ones(3),), ValueError, r"the tangent of argument 0 must have the shape \(2,\)\. Got \(3,\)"),
        ((X,), (X.double(),), TypeError, r"the tangent of argument 0 must have the dtype float32\. Got float64"),
        (
            (X, torch.tensor(1)),
            (X, torch.tensor(1)),
            TypeError,
            r"jvp needs real or complex primals\. Got int64 in argument 1",
        ),
    ],
)
def test_jvp_checks_primals_and_tangents(primals, tangents, error, text):
    with pytest.raises(error, match=text):
        T.jvp(lambda *args: args[0], primals, tangents)


@pytest.mark.parametrize("call", [lambda f: T.vjp(f, X, has_aux=True), lambda f: T.jvp(f, (X,), (X,), has_aux=True)])
def test_has_aux_needs_a_pair(call):
    with pytest.raises(TypeError, match=r"must return a pair \(loss, aux\)"):
        call(lambda x: x)
