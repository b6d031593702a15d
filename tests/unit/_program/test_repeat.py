"""brainstate_torch._program.repeat: a loop with a condition as one operation."""

import pytest
import torch

from brainstate_torch._host.functorch import grad_and_value, jvp, vmap
from brainstate_torch._program.operation import Body, compiling
from brainstate_torch._program.recording import Like
from brainstate_torch._program.repeat import Repeat

F64 = torch.float64
SCALAR = Like(torch.Size([]), F64, torch.device("cpu"))
V, W = torch.tensor(1.5, dtype=F64), torch.tensor(2.0, dtype=F64)


def small(v, w):
    return [v < 10]


@pytest.fixture
def repeat():
    with compiling("replay"):
        return Repeat(Body(small, [SCALAR] * 2), Body(lambda v, w: [v * w], [SCALAR] * 2), 1)


def python(v, w):
    while v < 10:
        v = v * w
    return v


@pytest.mark.parametrize("start", [1.5, 5.0, 20.0])
def test_it_goes_on_while_the_condition_holds(repeat, start):
    v = torch.tensor(start, dtype=F64)
    (found,) = repeat.apply([v, W])
    assert torch.equal(found, python(v, W))
    assert found.data_ptr() != v.data_ptr()


@pytest.mark.slow
def test_forward_derivatives_are_those_of_the_steps_taken(repeat):
    ours = lambda v, w: repeat.apply([v, w])[0]
    # Three steps: 1.5 · w³.
    assert torch.allclose(jvp(lambda w: ours(V, w), (W,), (torch.ones_like(W),))[1], 4.5 * W**2)
    assert torch.allclose(jvp(lambda v: ours(v, W), (V,), (torch.ones_like(V),))[1], W**3)
    slope = lambda w: jvp(lambda w: ours(V, w), (w,), (torch.ones_like(w),))[1]
    assert torch.allclose(jvp(slope, (W,), (torch.ones_like(W),))[1], 9 * W)


@pytest.mark.slow
def test_lanes_stop_one_by_one(repeat):
    starts = torch.tensor([1.0, 20.0, 6.0], dtype=F64)
    found = vmap(lambda v: repeat.apply([v, W])[0])(starts)
    assert torch.equal(found, torch.stack([python(v, W) for v in starts]))
    factors = torch.tensor([2.0, 3.0, 4.0], dtype=F64)
    found = vmap(lambda w: repeat.apply([V, w])[0])(factors)
    assert torch.equal(found, torch.stack([python(V, w) for w in factors]))


def test_a_backward_derivative_is_refused(repeat):
    with pytest.raises(ValueError, match="must not be differentiated backward: .* Use `bounded_while_loop` or `scan`"):
        grad_and_value(lambda v: repeat.apply([v, W])[0])(V)
    assert grad_and_value(lambda v: repeat.apply([V, W])[0] * v)(V)[0] == 12.0


def test_its_value_beside_a_tangent_is_refused_backward_too(repeat):
    def slope(v):
        return jvp(lambda w: repeat.apply([v, w])[0], (W,), (torch.ones_like(W),))[1]

    with pytest.raises(ValueError, match="must not be differentiated backward"):
        grad_and_value(slope)(V)
