"""brainstate_torch._program.backend: machine code, and what happens without a compiler."""

import pytest
import torch

from brainstate_torch import transform as T
from brainstate_torch._program.backend import compiled, steps_per_piece
from brainstate_torch._program.recording import record
from brainstate_torch.random._continuous import uniform

X = torch.tensor([1.0, 2.0])


def graph(fun, *like):
    return record(fun, like).graph


@pytest.mark.parametrize("backend", ["inductor", "replay"])
def test_a_program_does_what_its_graph_does(backend):
    def fun(x, place):
        y = torch.zeros(2)
        y[0] = x[1]
        place.copy_(x + y)
        return [torch.sin(x) * y]

    program, place = compiled(graph(fun, X, X), [X, X], backend), torch.empty(2)
    found = program([X, place])[0]
    assert torch.allclose(found, torch.sin(X) * torch.tensor([2.0, 0.0]))
    assert torch.equal(place, torch.tensor([3.0, 2.0]))


@pytest.mark.slow
@pytest.mark.parametrize("wrapped", [False, True])
def test_without_a_compiler_a_program_replays_and_says_so(monkeypatch, wrapped):
    from torch._inductor import exc

    from brainstate_torch._host import inductor

    def none(*args, **kwargs):
        try:
            raise exc.InvalidCxxCompiler
        except exc.InvalidCxxCompiler:
            if not wrapped:
                raise
            raise RuntimeError("as Inductor does") from None

    monkeypatch.setattr(inductor, "compile_fx_inner", none)
    with pytest.warns(
        RuntimeWarning, match="no compiler was found, .*Got InvalidCxxCompiler.* Install g\\+\\+, .*or pass"
    ):
        found = T.jit(lambda x: 2 * x)(X)
    assert torch.equal(found, 2 * X)


@pytest.mark.slow
def test_values_that_are_used_twice_are_not_written_down_again_and_again(monkeypatch):
    """A draw from a Threefry key is 20 rounds that each use the words of the round before twice or more."""
    from torch._inductor import config
    from torch._inductor.codegen import common

    lines, generate = [], common.CSE.generate

    def counted(*args, **kwargs):
        lines.append(1)
        return generate(*args, **kwargs)

    monkeypatch.setattr(common.CSE, "generate", counted)
    key = torch.tensor([0, 7], dtype=torch.uint32)
    draw = graph(lambda key: [uniform(key, (5,), torch.float32, 0.0, 1.0)], key)
    with config.patch(force_disable_caches=True):
        found = compiled(draw, [key], "inductor")([key])[0]
    assert torch.equal(found, uniform(key, (5,), torch.float32, 0.0, 1.0))
    assert 0 < len(lines) < 10 * len(draw.graph.nodes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fun", "size", "parallel"),
    [
        (lambda x: x * 2 + 1, 20_000, False),
        (lambda x: x * 2 + 1, 200_000, True),
        (lambda x: torch.tanh(x * 2) * torch.exp(x), 20_000, True),
        (lambda x: torch.tanh(x * 2) * torch.exp(x), 3_000, False),
    ],
)
def test_a_kernel_has_a_second_thread_where_it_has_enough_to_do(fun, size, parallel):
    from torch._inductor import config
    from torch._inductor.utils import run_and_get_cpp_code

    x = torch.linspace(-1, 1, size)
    module = graph(lambda x: [fun(x)], x)
    torch.set_num_threads(2)
    try:
        with config.patch(force_disable_caches=True):
            found, source = run_and_get_cpp_code(lambda: compiled(module, [x], "inductor")([x])[0])
    finally:
        torch.set_num_threads(1)
    assert ("#pragma omp parallel" in source) == parallel
    torch.testing.assert_close(found, fun(x))


def test_an_error_of_the_compiler_is_not_hidden(monkeypatch):
    from brainstate_torch._host import inductor

    def fails(*args, **kwargs):
        raise RuntimeError("no registers")

    monkeypatch.setattr(inductor, "compile_fx_inner", fails)
    with pytest.raises(RuntimeError, match="no registers"):
        T.jit(lambda x: 3 * x)(X)


@pytest.mark.slow
def test_large_steps_make_small_pieces():
    def many(n):
        def fun(x):
            for _ in range(n):
                x = torch.sin(x)
            return [x]

        return steps_per_piece(graph(fun, X))

    assert many(1) == 20
    assert many(1) > many(40) > many(100)
    assert many(1000) == 1


def test_steps_with_products_make_small_pieces():
    """A product of matrices parts the code before it from that behind it."""
    step = lambda x: [torch.tanh(torch.tanh(x @ x) @ x)]
    assert steps_per_piece(graph(lambda x: [torch.tanh(torch.tanh(x * x) * x)], torch.eye(2))) == 20
    assert 1 < steps_per_piece(graph(step, torch.eye(2))) < 10
    assert steps_per_piece(graph(step, torch.eye(100))) == 1
