"""Laws of derivatives that torch gets wrong: those of `transform` are central differences, in every order of modes."""

import pytest
import torch
import torch.nn.functional as F

import brainstate_torch as brainstate
from brainstate_torch import transform as T

pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")
F64 = torch.float64
_GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(3, 3, dtype=F64, generator=_GENERATOR) + 2 * torch.eye(3, dtype=F64)
W = torch.randn(3, 3, dtype=F64, generator=_GENERATOR)
RHS = torch.randn(3, 2, dtype=F64, generator=_GENERATOR)
ZEROS = torch.tensor([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [1.5, -1.0, 0.5]], dtype=F64)


def _norm(layer):
    return lambda x: (layer(x.reshape(3, 3)).sin() * W).sum()


def _running(x):
    mean, variance = torch.zeros(3, dtype=F64), torch.ones(3, dtype=F64)
    return (F.batch_norm(x, mean, variance, training=True) * W).sum()


FUNCTIONS = {
    "layer_norm": _norm(lambda x: F.layer_norm(x, (3,), W[0], W[1])),
    "layer_norm of no weight": _norm(lambda x: F.layer_norm(x, (3, 3))),
    "batch_norm": _norm(lambda x: F.batch_norm(x, None, None, W[0], W[1], training=True)),
    "batch_norm that remembers": _running,
    "batch_norm by running statistics": _norm(lambda x: F.batch_norm(x, W[0], W[1].abs(), W[2], W[0])),
    "instance_norm": lambda x: (F.instance_norm(x[None], weight=W[0], bias=W[1]).sin() * W).sum(),
    "group_norm": lambda x: (F.group_norm(x[..., None], 1, W[0], W[1]).sin() * W[..., None]).sum(),
    "det": torch.linalg.det,
    "x.det": lambda x: x.det().sin(),
    "slogdet": lambda x: torch.linalg.slogdet(x)[1].sin(),
    "logdet": lambda x: torch.logdet(x @ x.mT),
    "solve": lambda x: (torch.linalg.solve(x, RHS).sin() * W[:, :2]).sum(),
    "solve for a vector": lambda x: (torch.linalg.solve(x, x[0]) * W[0]).sum(),
    "solve from the right": lambda x: (torch.linalg.solve(x, RHS.mT.contiguous(), left=False) ** 2).sum(),
    "solve_ex": lambda x: (torch.linalg.solve_ex(x, RHS)[0] ** 2).sum(),
    "inv": lambda x: (torch.linalg.inv(x) * W).sum(),
    "tensorsolve": lambda x: (torch.linalg.tensorsolve(x, x[0]) * W[0]).sum(),
    "householder_product": lambda x: (torch.linalg.householder_product(x.tril(-1), x.sum(0).sin()) * W).sum(),
    "cholesky_inverse": lambda x: (torch.cholesky_inverse(x.tril()) * W).sum(),
    "cholesky_inverse of an upper one": lambda x: (torch.cholesky_inverse(x.triu(), upper=True) * W).sum(),
}
_SOME = torch.tensor([[False, False, False], [True, False, True], [True, True, True]])
_OTHERS = torch.tensor([[False, True, False], [True, True, False], [True, True, True]])


def _log_of_sums(x):
    both = torch.masked.logaddexp(x, x * 0.5, input_mask=_SOME, other_mask=_OTHERS)
    return (both[_SOME | _OTHERS] ** 2).sum()


FUNCTIONS |= {
    "logaddexp of masked entries": _log_of_sums,
    "safe_softmax of an empty row": lambda x: (torch._safe_softmax(x.where(_SOME, -torch.inf), -1).sin() * W).sum(),
}
#: Products with factors that are zero.
PRODUCTS = {
    "cumprod": lambda x: (x.cumprod(1) * W).sum(),
    "cumprod of rows": lambda x: (torch.cumprod(x, 0) ** 2 * W).sum(),
    "prod": lambda x: (x.prod(1) * W[0]).sum(),
    "prod of all": lambda x: torch.prod(x + 0.5 * (x == 3)) + x.prod(0, keepdim=True).sum(),
}
CASES = [(name, f, X) for name, f in FUNCTIONS.items()] + [(name, f, ZEROS) for name, f in PRODUCTS.items()]
IDS = [name for name, _, _ in CASES]
SECOND = {
    "hessian": T.hessian,
    "reverse of reverse": lambda f: T.jacrev(T.jacrev(f)),
    "reverse of forward": lambda f: T.jacrev(T.jacfwd(f)),
    "forward of forward": lambda f: T.jacfwd(T.jacfwd(f)),
    "gradient of forward": lambda f: (
        lambda x: torch.stack(
            [
                T.grad(lambda y, row=row: T.jvp(f, (y,), (row,))[1])(x)
                for row in torch.eye(9, dtype=F64).reshape(9, 3, 3)
            ]
        ).reshape(3, 3, 3, 3)
    ),
}


def _differences(fun, x, step=1e-5):
    rows = torch.eye(x.numel(), dtype=F64).reshape(-1, *x.shape)
    found = torch.stack([(fun(x + step * row) - fun(x - step * row)) / (2 * step) for row in rows])
    return found.reshape(*x.shape, *found.shape[1:])


@pytest.mark.parametrize(("name", "fun", "x"), CASES, ids=IDS)
def test_first_derivatives_are_differences(name, fun, x):
    truth = _differences(fun, x)
    stacked = torch.stack([x, x + 0.1])
    for derived in (T.grad(fun), T.jacfwd(fun), T.jacrev(fun)):
        torch.testing.assert_close(derived(x), truth, rtol=1e-6, atol=1e-7)
    if name == "batch_norm that remembers":
        return  # torch maps no write to what is not mapped
    for mapped in (T.vmap(T.grad(fun)), T.vmap(T.jacfwd(fun)), T.grad(lambda xs: T.vmap(fun)(xs).sum())):
        torch.testing.assert_close(mapped(stacked)[0], truth, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("order", SECOND)
@pytest.mark.parametrize(("name", "fun", "x"), CASES, ids=IDS)
def test_second_derivatives_are_differences(name, fun, x, order):
    truth = _differences(T.grad(fun), x)
    torch.testing.assert_close(SECOND[order](fun)(x), truth, rtol=1e-5, atol=1e-6)


def _weight_norm(x):
    return (torch._weight_norm(x, x[:, :1].square(), 0) * W).sum()


#: Those that torch gets wrong at third order in some order of modes.
THIRD = {
    "layer_norm": FUNCTIONS["layer_norm"],
    "native_layer_norm": lambda x: (torch.native_layer_norm(x, (3,), None, None, 1e-5)[0] * W).sum(),
    "batch_norm": FUNCTIONS["batch_norm"],
    "native_batch_norm": lambda x: (torch.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)[0] * W).sum(),
    "instance_norm": FUNCTIONS["instance_norm"],
    "det": FUNCTIONS["det"],
    "logcumsumexp": lambda x: (x.logcumsumexp(1) * W).sum(),
    "weight_norm": _weight_norm,
    "prod": PRODUCTS["prod"],
    "cumprod": PRODUCTS["cumprod"],
}


def _forward(f):
    return lambda t: T.jvp(f, (t,), (torch.ones_like(t),))[1]


@pytest.mark.parametrize("name", THIRD)
def test_third_derivatives_are_differences(name):
    x = ZEROS if name in PRODUCTS else X
    along = lambda t: THIRD[name](x + t * W)
    second = T.grad(T.grad(along))
    at, step = torch.tensor(0.0, dtype=F64), 1e-5
    truth = (second(at + step) - second(at - step)) / (2 * step)
    orders = {
        "reverse": T.grad(T.grad(T.grad(along))),
        "forward": _forward(_forward(_forward(along))),
        "mixed": T.grad(_forward(T.grad(along))),
        "forward of reverse": _forward(T.grad(T.grad(along))),
    }
    if name == "weight_norm":
        del orders["mixed"]  # torch raises: it writes in place in the rule of a norm
    for derived in orders.values():
        torch.testing.assert_close(derived(at), truth, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["layer_norm", "det", "solve", "cumprod", "prod"])
def test_compiled_second_derivatives_are_differences(name):
    (fun, x) = next((f, x) for other, f, x in CASES if other == name)
    found = T.jit(T.jacfwd(T.jacfwd(fun)), backend="replay")(x)
    torch.testing.assert_close(found, _differences(T.grad(fun), x), rtol=1e-5, atol=1e-6)


def test_running_statistics_are_those_of_torch():
    def statistics(x):
        mean, variance = torch.zeros(3, dtype=F64), torch.ones(3, dtype=F64)
        F.batch_norm(x, mean, variance, training=True, momentum=0.3)
        return torch.stack([mean, variance])

    found = T.jvp(lambda y: T.jvp(statistics, (y,), (W,))[0], (X,), (W,))[0]
    torch.testing.assert_close(found, statistics(X))


def test_a_lane_of_select_scatter_has_its_own_derivative():
    fun = lambda x: (x[0].select_scatter(x[1].sum(), 0, 1) ** 2).sum()
    xs = torch.stack([X, X + 1])
    torch.testing.assert_close(T.grad(lambda xs: T.vmap(fun)(xs).sum())(xs), torch.stack([T.grad(fun)(x) for x in xs]))


def test_a_product_by_index_is_refused_forward():
    index = torch.tensor([0, 0, 1])
    fun = lambda x: torch.zeros(2, dtype=F64).scatter_reduce(0, index, x, "prod", include_self=False).sum()
    with pytest.raises(NotImplementedError, match="must not be differentiated forward"):
        T.jacfwd(fun)(X[0])
    torch.testing.assert_close(T.grad(fun)(X[0]), _differences(fun, X[0]), rtol=1e-6, atol=1e-7)


def test_weights_of_a_loss_are_refused_forward_where_they_move():
    target = torch.tensor([0, 2, 1])
    with pytest.raises(NotImplementedError, match="`weight` of a classification loss"):
        T.jacfwd(lambda w: F.cross_entropy(X, target, w))(W[0].abs())
    fun = lambda x: F.cross_entropy(x, target, W[0].abs())
    torch.testing.assert_close(T.jacfwd(fun)(X), _differences(fun, X), rtol=1e-6, atol=1e-7)


#: What torch itself gets wrong. Where a test fails, torch is mended, and its rule may leave `_host/sound_rules.py`.
STILL_WRONG = {
    "layer_norm": lambda: (FUNCTIONS["layer_norm"], X),
    "batch_norm": lambda: (FUNCTIONS["batch_norm"], X),
    "instance_norm": lambda: (FUNCTIONS["instance_norm"], X),
    "det": lambda: (FUNCTIONS["x.det"], X),
    "slogdet": lambda: (FUNCTIONS["slogdet"], X),
    "solve": lambda: (FUNCTIONS["solve"], X),
    "householder_product": lambda: (FUNCTIONS["householder_product"], X),
    "cumprod": lambda: (PRODUCTS["cumprod"], ZEROS),
}


def test_second_derivatives_of_a_normalised_weight_are_differences():
    layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 3, dtype=F64))
    brainstate.graph.states(layer)
    for fun, x in ((_weight_norm, X), (lambda x: (layer(x).sin() * W).sum(), X)):
        truth = _differences(lambda x: _differences(fun, x, 1e-4), x, 1e-4)
        for order in (lambda f: T.jacrev(T.grad(f)), lambda f: T.jacrev(T.jacrev(f))):
            torch.testing.assert_close(order(fun)(x), truth, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["layer_norm", "native_batch_norm", "instance_norm", "logcumsumexp", "weight_norm"])
def test_torch_is_still_wrong_at_third_order(name):
    along = lambda t: THIRD[name](X + t * W)
    grad = torch.func.grad
    at, step = torch.tensor(0.0, dtype=F64), 1e-5
    truth = (grad(grad(along))(at + step) - grad(grad(along))(at - step)) / (2 * step)
    assert not torch.allclose(grad(grad(grad(along)))(at), truth, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", STILL_WRONG)
def test_torch_is_still_wrong(name):
    fun, x = STILL_WRONG[name]()
    found = torch.func.jacfwd(torch.func.jacfwd(fun))(x)
    assert not torch.allclose(found, _differences(T.grad(fun), x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize(
    "norm",
    [
        lambda x: torch.native_layer_norm(x, (3,), None, None, 1e-5),
        lambda x: torch.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5),
    ],
    ids=["layer_norm", "batch_norm"],
)
@pytest.mark.parametrize("derived", [T.grad, T.jacfwd, T.hessian, lambda f: T.jacfwd(T.jacfwd(f))])
def test_the_statistics_that_a_norm_returns_are_constants_as_in_torch(norm, place, derived):
    assert not derived(lambda x: (norm(x)[place] ** 3).sum())(X).any()
