"""brainstate_torch.random._draw_operation: a draw as one operation."""

import pytest
import torch

from brainstate_torch._host.functorch import grad_and_value, jvp, vmap
from brainstate_torch._program.operation import operations_in
from brainstate_torch._program.recording import record
from brainstate_torch.random._draw_operation import Draw
from brainstate_torch.random._generators import seeded

CPU = torch.device("cpu")


def sampler(generator, scale):
    return torch.rand(3, generator=generator) * scale


@pytest.fixture
def draw():
    return Draw(CPU, sampler)


def expected(count, scale=1.0):
    """What torch draws from a seed, several times in a row."""
    generator = torch.Generator().manual_seed(7)
    return [torch.rand(3, generator=generator) * scale for _ in range(count)]


def test_it_draws_what_torch_draws_and_hands_the_state_on(draw):
    state, scale = seeded(7), torch.tensor(2.0)
    for row in expected(3, 2.0):
        drawn, state = draw.apply([state, scale])
        assert torch.equal(drawn, row)


def test_the_same_state_draws_the_same_again(draw):
    state, scale = seeded(7), torch.tensor(1.0)
    assert torch.equal(draw.apply([state, scale])[0], draw.apply([state, scale])[0])
    assert torch.equal(state, seeded(7))


def test_recorded_it_is_one_node_that_draws_at_each_run(draw):
    module = record(lambda state, scale: draw.apply([state, scale]), [seeded(7), torch.tensor(1.0)]).graph
    assert operations_in(module) == [draw]
    state = seeded(7)
    for row in expected(2):
        drawn, state = module(state, torch.tensor(1.0))
        assert torch.equal(drawn, row)


def test_a_draw_has_no_derivative(draw):
    def fun(scale):
        return (draw.apply([seeded(7), scale])[0] * scale).sum()

    scale = torch.tensor(2.0)
    (row,) = expected(1, 2.0)
    assert torch.equal(grad_and_value(fun)(scale)[0], row.sum())
    assert torch.allclose(jvp(fun, (scale,), (torch.ones(()),))[1], row.sum())


@pytest.mark.parametrize(("randomness", "distinct"), [("different", 12), ("same", 3)])
def test_lanes_draw_as_the_map_says(draw, randomness, distinct):
    rows = vmap(lambda x: draw.apply([seeded(7), torch.tensor(1.0)])[0] + 0 * x, randomness=randomness)(torch.zeros(4))
    assert rows.shape == (4, 3)
    assert rows.unique().numel() == distinct


def test_lanes_may_have_parameters_of_their_own(draw):
    rows = vmap(lambda scale: draw.apply([seeded(7), scale])[0], randomness="same")(torch.tensor([1.0, 2.0]))
    assert torch.equal(rows[1], 2 * rows[0])


def test_a_stream_for_each_lane_is_refused(draw):
    states = torch.stack([seeded(1), seeded(2)])
    with pytest.raises(NotImplementedError, match="must be the same in all lanes.*Use the generator 'threefry2x32'"):
        vmap(lambda state: draw.apply([state, torch.tensor(1.0)])[0], randomness="different")(states)


def test_its_results_differ_in_lanes_as_the_map_says(draw):
    assert draw.spread([False, False], "different") == [True, False]
    assert draw.spread([False, False], "same") == [False, False]
    assert draw.spread([False, True], "same") == [True, False]
