"""brainstate_torch.random._torch_stream: torch's own draws in a compiled function move torch's generator."""

import pytest
import torch
import torch.nn.functional as F

from brainstate_torch import transform as T

X = torch.linspace(0.1, 0.9, 6).reshape(2, 3)


def _written(x):
    noise = torch.zeros(3, 2).t()
    same = noise.uniform_(1.0, 2.0)
    return noise * x, same


DRAWS = {
    "one result": lambda x: x + torch.rand(2, 3),
    "like an argument": lambda x: x * torch.rand_like(x, dtype=torch.float64),
    "several results": lambda x: F.dropout(x, 0.5),
    "by parameters": lambda x: torch.normal(x, 2 * x),
    "integers": lambda x: torch.randint(5, 9, (4,)) + x[0, 0],
    "in place": _written,
    "into `out`": lambda x: torch.bernoulli(x, out=torch.empty(2, 3)),
    "two in turn": lambda x: (torch.rand(3), torch.rand(3) * x),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_a_program_draws_what_torch_draws(draw):
    program = T.jit(draw, backend="replay")
    torch.manual_seed(3)
    expected = [draw(X), draw(X), torch.rand(2)]
    torch.manual_seed(3)
    torch.testing.assert_close([program(X), program(X), torch.rand(2)], expected, rtol=0, atol=0)


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_each_step_of_a_compiled_loop_draws_anew(draw):
    program = T.jit(lambda x: T.for_loop(draw, x), backend="replay")
    torch.manual_seed(3)
    expected = [draw(x) for x in (X, 0.5 * X)]
    torch.manual_seed(3)
    found = program(torch.stack([X, 0.5 * X]))
    for column, rows in zip(_leaves(found), zip(*map(_leaves, expected), strict=True), strict=True):
        torch.testing.assert_close(column, torch.stack(rows), rtol=0, atol=0)


def _leaves(x):
    return x if isinstance(x, tuple) else (x,)


def test_what_draws_nothing_leaves_the_generator():
    program = T.jit(lambda x: F.dropout(x, 0.5, training=False) + F.rrelu(x, training=False), backend="replay")
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    torch.testing.assert_close(program(X), X + F.rrelu(X, training=False))
    assert torch.equal(torch.rand(2), expected)


def _forked(x):
    with torch.random.fork_rng(devices=[]):
        return x + torch.rand(3)


SEEDS = {
    "manual_seed": lambda x: (torch.manual_seed(42), x + torch.rand(3))[1],
    "seed": lambda x: (torch.seed(), x + torch.rand(3))[1],
    "set_rng_state": lambda x: (torch.set_rng_state(torch.get_rng_state()), x)[1],
    "fork_rng": _forked,
    "in a loop": lambda x: T.for_loop(lambda a: (torch.manual_seed(1), a + torch.rand(()))[1], x),
}


@pytest.mark.parametrize("fun", SEEDS.values(), ids=SEEDS)
def test_a_seed_in_a_program_is_refused(fun):
    # It would act once, when the function is recorded.
    generator, state = torch.random.default_generator, torch.get_rng_state()
    with pytest.raises(NotImplementedError, match="must not seed torch's generator"):
        T.jit(fun, backend="replay")(torch.ones(3))
    assert torch.random.default_generator is generator and torch.equal(torch.get_rng_state(), state)


def test_a_generator_of_torch_is_refused():
    program = T.jit(lambda x: x + torch.rand(3, generator=torch.Generator()), backend="replay")
    with pytest.raises(NotImplementedError, match="must draw from torch's default generator or a RandomState. Got a"):
        program(X)
