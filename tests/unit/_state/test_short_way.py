"""State.value takes a short way in one transform. It does what the long way does, which a second trace enforces."""

import contextlib
import warnings

import pytest
import torch

from brainstate_torch import ParamState, State, StateTraceStack
from brainstate_torch import transform as T


def read_twice(s):
    return s.value + s.value


def write_then_read(s):
    s.value = s.value * 2
    return s.value


def write_only_then_read(s):
    s.value = torch.full((), 5.0)
    return s.value + 1


def read_write_read(s):
    before = s.value
    s.value = before + 1
    return before * s.value


BODIES = [read_twice, write_then_read, write_only_then_read, read_write_read]
TRANSFORMS = {
    "grad": lambda body, s, w: T.grad(lambda: body(s) * w.value, w),
    "for_loop": lambda body, s, w: lambda: T.for_loop(lambda x: body(s) * x, torch.ones(3)),
    "vmap2": lambda body, s, w: lambda: T.vmap2(lambda x: body(s) * x, in_axes=0)(torch.ones(3)),
    "cond": lambda body, s, w: lambda: T.cond(True, lambda: body(s), lambda: body(s)),
    "jit": lambda body, s, w: T.jit(lambda: body(s), backend="replay"),
    "jvp": lambda body, s, w: lambda: T.jvp(lambda x: body(s) * x, (torch.ones(()),), (torch.ones(()),)),
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_short_way_does_what_the_long_way_does(name, body):
    seen = []
    for around in (contextlib.nullcontext, StateTraceStack):
        s, w = State(torch.tensor(2.0)), ParamState(torch.tensor(3.0))
        with warnings.catch_warnings(record=True) as caught, around():
            warnings.simplefilter("always")
            call = TRANSFORMS[name](body, s, w)
            result = call()
            result = (result, call())
        seen.append(
            (result, s.value, sorted({str(one.message) for one in caught if "torch.jit" not in str(one.message)}))
        )
    torch.testing.assert_close(seen[0][:2], seen[1][:2], rtol=0, atol=0)
    assert seen[0][2] == seen[1][2]


def test_a_state_that_is_written_and_then_read_in_a_map_is_no_read_of_what_it_held():
    s = State(torch.tensor(2.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = T.vmap2(lambda x: write_only_then_read(s) * x)(torch.ones(3))
    assert torch.equal(found, torch.full((3,), 6.0)) and s.value == 5.0
