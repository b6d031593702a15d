"""pmap2 and shard_map: on two processes the results are those of one; collectives; refusals."""

import subprocess
import sys
import time

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch.transform import PartitionSpec as P
from brainstate_torch.transform import grad, pmap2, pmap2_new_states, psum, shard_map, vmap2

from . import two_processes
from .two_processes import SAME, X, model_and_weights


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each of two processes got from each scenario."""
    folder = tmp_path_factory.mktemp("ranks")
    start = [sys.executable, two_processes.__file__]
    started = [subprocess.Popen([*start, str(rank), str(folder)]) for rank in range(2)]
    end = time.monotonic() + 120
    try:
        # Once one process fails, the other would wait for it.
        while any(process.poll() is None for process in started) and not any(process.poll() for process in started):
            assert time.monotonic() < end, "two processes must finish in two minutes"
            time.sleep(0.05)
    finally:
        codes = [process.poll() for process in started]
        for process in started:
            process.kill()
            process.wait()
    assert codes == [0, 0]
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(2)]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SAME, ids=lambda s: s.__name__)
def test_two_processes_give_what_one_gives(both, scenario):
    alone = scenario()
    for found in both:
        torch.testing.assert_close(found[scenario.__name__], alone, rtol=1e-5, atol=1e-5)


def test_averaged_gradient_is_that_of_the_whole_batch(both):
    model, weights = model_and_weights()
    x, y = X.flatten(0, 1), X.flatten(0, 1).sum(-1, keepdim=True)
    whole = grad(lambda: ((model(x) - y) ** 2).mean(), weights)()
    for found in both:
        torch.testing.assert_close(found["averaged_gradient"], whole)


def test_torch_draws_differ_by_lane_repeat_and_leave_all_processes_at_one_place(both):
    for found in both:
        first, again, after, end, third = found["torch_draws"]
        assert len({tuple(row) for row in first.tolist()}) == 4
        assert torch.equal(first, again) and torch.equal(after, end) and not torch.equal(first, third)
    torch.testing.assert_close(both[0]["torch_draws"], both[1]["torch_draws"], rtol=0, atol=0)


def test_shard_map_over_a_mesh_of_two_axes(both):
    for found in both:
        by_columns, by_rows = found["two_axes"]
        assert torch.equal(by_columns, torch.tensor([0.0, 0, 1, 1]).expand(2, 4))
        assert torch.equal(by_rows, torch.tensor([0.0, 0, 1, 1]))


@pytest.mark.parametrize(
    ("case", "kind", "text"),
    [
        (0, "ValueError", "2 processes can share equally. Got 3"),
        (1, "ValueError", "2 processes can share equally. Got 3"),
        (2, "ValueError", "`state_out_specs` must share what differs"),
        (3, "kept", ""),
        (4, "NotImplementedError", "must be taken inside"),
        (5, "ValueError", "size of the process group, 2"),
        (6, "ValueError", "`out_specs` must share what differs"),
    ],
)
def test_refusals_on_two_processes(both, case, kind, text):
    for found in both:
        assert found["refusals"][case][0] == kind
        assert text in found["refusals"][case][1]


# One process.

ONE = {"x": 1}


def test_pmap2_alone_is_vmap2():
    assert torch.equal(pmap2(lambda x: x.sum())(X), vmap2(lambda x: x.sum())(X))
    assert torch.equal(pmap2(axis_name="i")(lambda x: psum(x, "i"))(X), X.sum(0).expand(4, 3, 2))


def test_pmap2_takes_static_arguments_and_devices():
    f = pmap2(lambda x, n: x * n if n else x, static_broadcasted_argnums=1, devices=["cpu"] * 4, donate_argnums=(0,))
    assert torch.equal(f(X, 3), 3 * X)


@pytest.mark.parametrize(("option", "value"), [("backend", "gpu"), ("global_arg_shapes", ((2,),))])
def test_pmap2_refuses_options_without_a_counterpart(option, value):
    with pytest.raises(NotImplementedError, match=f"`{option}` of pmap2 must be left out"):
        pmap2(lambda x: x, **{option: value})


def test_pmap2_new_states_has_one_lane_for_each_process_by_default():
    class Cell(brainstate.nn.Module):
        def init_state(self):
            self.v = brainstate.State(torch.zeros(2))

    cell = Cell()
    pmap2_new_states(cell, {})
    assert cell.v.value.shape == (1, 2)


def test_shard_map_single_spec_for_all_states_and_arguments():
    s = brainstate.State(torch.zeros(4))
    rng = brainstate.random.RandomState(0)

    def step(x, y):
        s.value = s.value + x + rng.rand()
        return y

    f = shard_map(step, ONE, P("x"), P("x"), state_in_specs=P("x"), state_out_specs=P("x"))
    assert torch.equal(f(torch.ones(4), torch.zeros(2)), torch.zeros(2))
    assert (s.value > 1).all()


def test_shard_map_raising_leaves_states_as_they_were():
    s = brainstate.State(torch.zeros(2))
    before = s.value

    def step(x):
        s.value = s.value + x
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        shard_map(step, ONE, P("x"), P("x"))(torch.ones(2))
    assert s.value is before


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: shard_map(3, ONE, P("x"), P("x")), TypeError, "`fun` must be callable"),
        (lambda: shard_map(lambda x: x, "cpu", P("x"), P("x")), TypeError, "`mesh` must be a DeviceMesh"),
        (lambda: shard_map(lambda x: x, {"x": 2}, P("x"), P("x")), ValueError, "size of the process group, 1"),
        (lambda: shard_map(lambda x: x, ONE, "x", P("x")), TypeError, "`in_specs` must be made of PartitionSpecs"),
        (lambda: shard_map(lambda x: x, ONE, P("x"), 0), TypeError, "`out_specs` must be made of PartitionSpecs"),
        (lambda: shard_map(lambda x: x, ONE, P(), P(), state_in_specs="x"), TypeError, "`state_in_specs` must be made"),
        (lambda: shard_map(lambda x: x, ONE, (P(), P()), P())(X), ValueError, "Got 2 for 1"),
        (lambda: shard_map(lambda x: x, ONE, P("y"), P())(X), ValueError, r"axes of the mesh, \['x'\]. Got 'y'"),
        (lambda: shard_map(lambda x: x, ONE, P(*"xxxx"), P())(X), ValueError, "for one with 3 axes"),
    ],
)
def test_shard_map_error(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_partition_spec_reads_like_a_tuple():
    assert P("x", None) == ("x", None) and repr(P("x", ("y", "z"))) == "PartitionSpec('x', ('y', 'z'))"
