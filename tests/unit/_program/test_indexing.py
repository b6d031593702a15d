"""brainstate_torch._program.indexing: functions that look at numbers, while a graph is recorded."""

import pytest
import torch
from torch.nn import functional

from brainstate_torch import ConcretizationError
from brainstate_torch import transform as T

XS = torch.arange(24.0).reshape(4, 3, 2)
CLASSES = torch.tensor([0, 2, 1])
WEIGHTS = torch.tensor([[0.1, 0.5, -0.3], [1.0, -1.0, 0.2], [0.0, 0.3, 0.9]])


def replayed(fun):
    return T.jit(fun, backend="replay")


@pytest.mark.parametrize(
    "use",
    [
        lambda x, k: x[k],
        lambda x, k: x[k - 4],
        lambda x, k: x[:, k - 1],
        lambda x, k: x[k, k - 1],
        lambda x, k: x[..., k - 1],
        lambda x, k: x[None, k, 1:],
        lambda x, k: x[1:, ..., k - 1],
        lambda x, k: x[[0, 1], k],
        lambda x, k: x[k, :, torch.tensor([0, 1, 0])],
        lambda x, k: x[k][k][k - 1],
        lambda x, k: x[k.to(torch.int32)] * k,
        lambda x, k: x[torch.tensor([2, 3])],
    ],
)
def test_a_tensor_of_one_integer_is_an_index(use):
    compiled = replayed(use)
    for k in (torch.tensor(1), torch.tensor(2)):
        expected = use(XS, k)
        assert torch.equal(compiled(XS, k), expected)
        assert torch.equal(replayed(lambda x, k: T.for_loop(lambda k: use(x, k), k[None]))(XS, k)[0], expected)
        slope = T.grad(lambda x: (use(x, k) ** 2).sum())(XS)
        assert torch.equal(replayed(lambda x, k: T.grad(lambda x: (use(x, k) ** 2).sum())(x))(XS, k), slope)


def test_the_derivative_of_an_indexed_tensor_under_vmap_is_that_of_each_lane():
    def slopes(x, k):
        return T.vmap(T.grad(lambda x: (x[k] ** 2).sum()))(x)

    expected = torch.zeros_like(XS)
    expected[:, 1] = 2 * XS[:, 1]
    assert torch.equal(replayed(slopes)(XS, torch.tensor(1)), expected)


def cross_entropy(weights, classes):
    return -(functional.one_hot(classes, 3) * torch.log_softmax(weights, -1)).sum()


@pytest.mark.parametrize("derivative", [T.grad, T.hessian, T.jacfwd], ids=["grad", "hessian", "jacfwd"])
@pytest.mark.parametrize("captured", [False, True])
def test_cross_entropy_by_hand_has_its_derivatives(derivative, captured):
    expected = derivative(lambda w: cross_entropy(w, CLASSES))(WEIGHTS)
    if captured:
        found = replayed(derivative(lambda w: cross_entropy(w, CLASSES)))(WEIGHTS)
    else:
        found = replayed(lambda w, c: derivative(lambda w: cross_entropy(w, c))(w))(WEIGHTS, CLASSES)
    assert torch.allclose(found, expected)


def test_cross_entropy_by_hand_in_loops_and_maps():
    expected = T.grad(lambda w: cross_entropy(w, CLASSES))(WEIGHTS)
    assert torch.allclose(replayed(T.vmap(T.grad(cross_entropy)))(WEIGHTS, CLASSES), expected)

    def by_loop(w, c):
        return T.grad(lambda w: T.for_loop(cross_entropy, w, c).sum())(w)

    assert torch.allclose(replayed(by_loop)(WEIGHTS, CLASSES), expected)


def test_one_hot_has_the_dtype_and_classes_of_torch():
    assert torch.equal(replayed(lambda i: functional.one_hot(i, 5))(CLASSES), functional.one_hot(CLASSES, 5))
    assert replayed(lambda i: functional.one_hot(i, num_classes=5))(CLASSES).dtype == torch.int64


@pytest.mark.parametrize("index", [lambda x: x > 5, lambda x: x[:, 0, 0] > 5, lambda x: x[:, :, 0] > 5])
def test_one_number_is_written_by_a_mask_with_its_derivative(index):
    def fun(x, v):
        def loss(x, v):
            y = x * 2
            y[index(x)] = v
            return (y * XS).sum()

        return T.grad(loss, argnums=(0, 1), return_value=True)(x, v)

    wanted, found = fun(XS, torch.tensor(3.0)), replayed(fun)(XS, torch.tensor(3.0))
    assert torch.equal(found[1], wanted[1])
    for x, y in zip(found[0], wanted[0], strict=True):
        torch.testing.assert_close(x, y)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_loss_of_a_gaussian_is_recorded(full, reduction):
    x, y = torch.randn(4, 3), torch.randn(4, 3)
    for var in (torch.rand(4, 3), torch.rand(4), torch.rand(4, 1), torch.zeros(4, 3)):

        def fun(x, var):
            loss = lambda x, v: functional.gaussian_nll_loss(x, y, v, full, 1e-3, reduction)
            return loss(x, var), *T.grad(lambda *a: loss(*a).sum(), argnums=(0, 1))(x, var)

        for found, wanted in zip(replayed(fun)(x, var), fun(x, var), strict=True):
            torch.testing.assert_close(found, wanted)
    with pytest.raises(ValueError, match="`var`"):
        replayed(lambda v: functional.gaussian_nll_loss(x, y, v))(torch.rand(4, 2))


def test_distributions_of_torch_are_recorded():
    d = torch.distributions
    x = torch.randn(4, 3)
    uses = [
        lambda x: d.Normal(x, 1.0).log_prob(torch.ones(3)),
        lambda x: d.Categorical(logits=x).entropy(),
        lambda x: d.MultivariateNormal(x, torch.eye(3), validate_args=False).log_prob(torch.zeros(3)),
        lambda x: d.kl_divergence(d.Normal(x, 1.0), d.Normal(0.0, x.abs() + 1)),
        lambda x: d.Bernoulli(logits=x).log_prob(torch.ones(3)),
        lambda x: d.Independent(d.Laplace(x, 1.0), 1).log_prob(x * 2),
    ]
    for use in uses:
        fun = lambda x, use=use: (use(x), T.grad(lambda x: use(x).sum())(x), T.for_loop(use, x))
        for found, wanted in zip(replayed(fun)(x), fun(x), strict=True):
            torch.testing.assert_close(found, wanted)

    def draw(x):
        return d.Normal(x, 1.0).rsample(), d.Categorical(logits=x).sample()

    torch.manual_seed(0)
    wanted = draw(x)
    torch.manual_seed(0)
    for found, each in zip(replayed(draw)(x), wanted, strict=True):
        assert torch.equal(found, each)


ROWS = torch.tensor([[0.5, -1.0, 2.0], [-0.3, 0.1, 1.2], [-2.0, 0.4, 0.7], [1.1, -0.6, 0.2]])
ONE, ROW = torch.tensor(2.0), torch.tensor([3.0, -1.0, 0.5])
TIMES, SHARES = torch.tensor([1, 2, 3]), torch.tensor([0.2, 0.5, 0.3])


def _set_rows(x, v):
    found = x.clone()
    found[x.sum(-1) > 0] = v
    return found


PUT = {
    "index_put by a mask": (lambda x, v: torch.index_put(x, (x > 0,), v), ONE),
    "index_put_ by a mask": (lambda x, v: (x * 1).index_put_((x > 0,), v), ONE),
    "index_put of rows by a mask": (lambda x, v: x.index_put((x.sum(-1) > 0,), v), ROW),
    "index_put of rows by a mask, by one": (lambda x, v: x.index_put((x.sum(-1) > 0,), v[:1]), ROW),
    "index_put by indices": (lambda x, v: x.index_put((torch.tensor([0, 0]),), v, accumulate=True), ROW),
    "rows set by a mask": (_set_rows, ROW),
    "index_fill": (lambda x, v: torch.index_fill(x, 0, torch.tensor([2, 0]), v), ONE),
    "index_fill_": (lambda x, v: (x * 1).index_fill_(-1, torch.tensor([1]), v), ONE),
    "index_fill by a number": (lambda x, v: v * x.index_fill(0, torch.tensor([1]), 7.0), ONE),
}
OF_WEIGHTS = {
    "cov": torch.cov,
    "x.cov": lambda x: x.cov(correction=0),
    "cov of one variable": lambda x: torch.cov(x[0]),
    "cov by times": lambda x: torch.cov(x, fweights=TIMES),
    "cov by shares": lambda x: torch.cov(x, aweights=SHARES),
    "cov by both": lambda x: torch.cov(x, fweights=TIMES, aweights=SHARES),
    "cov by both, uncorrected": lambda x: torch.cov(x, fweights=TIMES, aweights=SHARES, correction=0),
    "cov of one observation": lambda x: torch.cov(x[:, :1]),
    "cov of whole numbers": lambda x: torch.cov((4 * x).long()),
    "cov of complex numbers": lambda x: torch.cov(torch.complex(x, x.flip(0))).abs(),
    "corrcoef": torch.corrcoef,
    "x.corrcoef of one variable": lambda x: x[0].corrcoef(),
    "corrcoef of complex numbers": lambda x: torch.corrcoef(torch.complex(x, x.flip(0))).abs(),
}


@pytest.mark.filterwarnings("ignore:cov\\(\\):UserWarning")
@pytest.mark.parametrize(
    ("fun", "given"),
    [*[(fun, (ROWS, v)) for fun, v in PUT.values()], *[(fun, (ROWS,)) for fun in OF_WEIGHTS.values()]],
    ids=[*PUT, *OF_WEIGHTS],
)
def test_what_torch_checks_by_numbers_has_values_and_derivatives_in_a_graph(fun, given):
    def loss(*given):
        found = fun(*given)
        return (found * torch.arange(1.0, found.numel() + 1).reshape(found.shape)).sum()

    torch.testing.assert_close(replayed(fun)(*given), fun(*given), equal_nan=True)
    slopes = lambda *given: T.grad(loss, argnums=tuple(range(len(given))))(*given)
    torch.testing.assert_close(replayed(slopes)(*given), slopes(*given), equal_nan=True)


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(IndexError, match="a mask must have the shape"):
        replayed(lambda x: x.index_put((x[:, :2] > 0,), ONE))(ROWS)


def _covariance(x):
    return x.mT @ x + torch.eye(3)


@pytest.mark.parametrize(
    ("fun", "cure"),
    [
        # Stated, since torch stops checking when it loads its compiler.
        (
            lambda x: torch.distributions.MultivariateNormal(x[0], _covariance(x), validate_args=True).log_prob(x),
            "`validate_args=False`",
        ),
        (lambda x: torch.linalg.lstsq(x, x[:, :1]).solution, r"`units\.math\.linalg\.lstsq`"),
        (lambda x: T.grad(lambda x: ROW.scatter_reduce(0, TIMES - 1, x, "prod").sum())(x[0]), "add logarithms"),
        (lambda x: torch.tensor_split(x, torch.tensor([1])), "must not need a number"),
    ],
)
def test_what_a_graph_cannot_hold_is_refused_with_a_cure(fun, cure):
    with pytest.raises(ConcretizationError, match=cure):
        replayed(fun)(ROWS)


def test_the_cure_for_a_distribution_works():
    def slopes(x):
        of = lambda x: torch.distributions.MultivariateNormal(x[0], _covariance(x), validate_args=False).log_prob(x)
        return of(x), T.grad(lambda x: of(x).sum())(x)

    torch.testing.assert_close(replayed(slopes)(ROWS), slopes(ROWS))
