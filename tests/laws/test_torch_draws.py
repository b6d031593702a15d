"""Laws of torch's own draws in compiled programs: the numbers of the plain function, forward, backward and mapped."""

import pytest
import torch
import torch.nn.functional as F

from brainstate_torch import State
from brainstate_torch import transform as T

F64 = torch.float64
X = torch.linspace(0.2, 1.0, 4, dtype=F64)


def _in_place(x):
    noise = torch.empty_like(x)
    return x * noise.normal_(0.5, 2.0)


def _standard_gamma(x):
    return torch.distributions.Gamma(x.abs() + 1, torch.ones_like(x), validate_args=False).rsample()


def _attention(x):
    q = torch.stack([x, x * 2]).reshape(1, 2, 4)
    return F.scaled_dot_product_attention(q, q, q, dropout_p=0.5)[0, 0]


DRAWS = {
    "rand": lambda x: x * torch.rand(4, dtype=F64),
    "rand_like": lambda x: x * torch.rand_like(x),
    "randint": lambda x: x * torch.randint(0, 9, (4,)),
    "randperm": lambda x: x[torch.randperm(4)] * X,
    "normal of tensors": lambda x: x * torch.normal(torch.zeros(4, dtype=F64), X),
    "normal_": _in_place,
    "bernoulli": lambda x: x * torch.bernoulli(torch.full((4,), 0.5, dtype=F64)),
    "multinomial": lambda x: x * torch.multinomial(X, 4, replacement=True),
    "poisson": lambda x: x * torch.poisson(3 * X),
    "dropout": lambda x: F.dropout(x, 0.5),
    "alpha_dropout": lambda x: F.alpha_dropout(x, 0.5, training=True),
    "rrelu": lambda x: F.rrelu(x - 0.5, training=True),
    "gumbel_softmax": lambda x: F.gumbel_softmax(x),
    "rsample": _standard_gamma,
    "attention": _attention,
}


def _branch(draw, x):
    return T.cond(x.sum() > 0, lambda x: draw(torch.sin(x)), lambda x: x, x).sum()


def _scan(draw, x, loop=T.scan, **options):
    carry, ys = loop(lambda c, a: (torch.tanh(draw(c)) + a, draw(c) * a), x, X, **options)
    return (carry * ys.sum(0)).sum()


def _of_states(draw, x):
    total = State(x)

    def step(a):
        total.value = torch.sin(draw(total.value)) + a
        return total.value.sum()

    return (T.for_loop(step, X) * X).sum()


def _lanes(draw, x):
    each = torch.func.vmap(
        lambda a: T.scan(lambda c, b: (torch.sin(draw(c)) + a, draw(c) * b), x, X)[1], randomness="different"
    )
    return each(X).sum()


def _nested(draw, x):
    def step(c, a):
        c = T.scan(lambda d, b: (torch.sin(draw(d)) * a, None), c, X[:2])[0]
        return T.switch((3 * a).long(), [torch.sin, draw, lambda c: draw(draw(c)), draw], c), None

    return T.scan(step, x, X)[0].sum()


PROGRAMS = {
    "plain": lambda draw, x: (draw(x) * draw(torch.cos(x))).sum(),
    "branch": _branch,
    "scan": _scan,
    "checkpointed": lambda draw, x: _scan(draw, x, T.checkpointed_scan, base=2),
    "bounded": lambda draw, x: T.bounded_while_loop(
        lambda c: c.sum() < 5, lambda c: c + draw(c).abs() + 0.1, x, max_steps=8
    ).sum(),
    "States": _of_states,
    "lanes": _lanes,
    "nested": _nested,
    "a block that is computed again": lambda draw, x: (T.checkpoint(lambda x: torch.sin(draw(x)))(x) * draw(x)).sum(),
}
DERIVED = {
    "value": lambda f: f,
    "grad": lambda f: T.grad(f, return_value=True),
    "jacfwd": T.jacfwd,
    "hessian": T.hessian,
    "grad of grad": lambda f: T.grad(lambda x: T.grad(f)(x).square().sum()),
}
#: Each kind of draw in one program, and one kind of draw in each.
PAIRS = [("scan", kind) for kind in DRAWS] + [(name, "dropout") for name in PROGRAMS if name != "scan"]


def _seeded(fun, x):
    torch.manual_seed(3)
    return fun(x)


def _close(found, expected):
    for x, y in zip(*map(_flat, (found, expected)), strict=True):
        torch.testing.assert_close(x, y, rtol=1e-9, atol=1e-12)


def _flat(x):
    return [*x] if isinstance(x, tuple) else [x]


#: Every derivative for some, the gradient for the rest.
CASES = [(*pair, "grad") for pair in PAIRS] + [
    (program, kind, name)
    for program, kind in PAIRS
    for name in DERIVED
    if name != "grad" and kind in ("dropout", "rand_like", "normal_")
]


@pytest.mark.parametrize(("program", "kind", "name"), CASES, ids=map("-".join, CASES))
def test_a_program_draws_what_the_plain_function_draws(program, kind, name):
    fun = DERIVED[name](lambda x: PROGRAMS[program](DRAWS[kind], x))
    _close(_seeded(T.jit(fun, backend="replay"), X), _seeded(fun, X))


@pytest.mark.parametrize("program", ["plain", "branch", "scan", "checkpointed", "lanes"])
def test_machine_code_draws_what_the_plain_function_draws(program):
    fun = T.grad(lambda x: PROGRAMS[program](DRAWS["dropout"], x), return_value=True)
    _close(_seeded(T.jit(fun), X), _seeded(fun, X))


def test_each_run_draws_anew_and_the_generator_moves_as_without_a_program():
    fun = T.jit(lambda x: T.for_loop(lambda a: a + torch.rand(()), x), backend="replay")
    torch.manual_seed(0)
    first, second, after = fun(X), fun(X), torch.rand(3)
    torch.manual_seed(0)
    assert torch.equal(first - X, torch.stack([torch.rand(()) for _ in X]) + X - X)
    assert not torch.equal(first, second)
    [torch.rand(()) for _ in X]
    assert torch.equal(after, torch.rand(3))


def test_a_program_that_raises_leaves_the_generator_where_it_was():
    def fun(x):
        y = torch.rand(3)
        T.jit_error_if(x.sum() > 0, "no")
        return y

    before = torch.get_rng_state()
    with pytest.raises(Exception, match="no"):
        T.jit(fun, backend="replay")(X)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_branch_that_is_not_taken_draws_nothing():
    fun = T.jit(lambda x: T.cond(x.sum() < 0, lambda: torch.rand(3), lambda: torch.zeros(3)), backend="replay")
    before = torch.get_rng_state()
    fun(X)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_while_loop_draws_what_the_plain_one_draws():
    fun = lambda x: T.while_loop(lambda c: c.sum() < 5, lambda c: c + torch.rand(4), x)
    _close(_seeded(T.jit(fun, backend="replay"), X), _seeded(fun, X))


@pytest.mark.parametrize("randomness", ["same", "different"])
def test_lanes_draw_as_the_map_says(randomness):
    mapped = torch.func.vmap(
        lambda a: T.for_loop(lambda b: a * b + torch.rand((), dtype=F64), X), randomness=randomness
    )
    found = _seeded(T.jit(mapped, backend="replay"), X)
    _close(found, _seeded(mapped, X))
    noise = found - X[:, None] * X
    assert torch.allclose(noise[0], noise[1]) == (randomness == "same")


def test_a_map_that_forbids_draws_says_so():
    mapped = torch.func.vmap(lambda a: T.for_loop(lambda b: a * b + torch.rand((), dtype=F64), X), randomness="error")
    with pytest.raises(RuntimeError, match="randomness"):
        T.jit(mapped, backend="replay")(X)


def test_columns_of_a_jacobian_share_their_draws():
    fun = T.jacfwd(lambda x: F.dropout(x, 0.5) * torch.rand(4), chunk_size=1)
    _close(_seeded(T.jit(fun, backend="replay"), X), _seeded(fun, X))


def test_a_generator_of_ones_own_is_refused():
    generator = torch.Generator()
    with pytest.raises(NotImplementedError, match="default generator or a RandomState"):
        T.jit(lambda x: x + torch.rand(4, generator=generator), backend="replay")(X)
