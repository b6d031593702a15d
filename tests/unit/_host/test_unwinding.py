"""brainstate_torch._host.unwinding: what is raised where torch's bookkeeping broke."""

import pytest

from brainstate_torch._host.unwinding import unwinding


class Alarm(Exception):
    pass


ASSERTION = "!dynamicLayerStack.empty() INTERNAL ASSERT FAILED"


@unwinding
def broken(cause):
    try:
        if cause is not None:
            raise cause
    finally:
        raise RuntimeError(ASSERTION)


@pytest.mark.parametrize("cause", [Alarm(), KeyboardInterrupt(), TimeoutError()])
def test_the_exception_of_a_signal_is_raised_and_not_the_assertion_that_follows(cause):
    with pytest.raises(type(cause)) as seen:
        broken(cause)
    assert seen.value is cause


def test_an_assertion_of_torch_s_own_stays_whatever_the_caller_handles():
    with pytest.raises(RuntimeError, match="INTERNAL ASSERT"):
        broken(None)
    try:
        raise Alarm
    except Alarm:
        with pytest.raises(RuntimeError, match="INTERNAL ASSERT"):
            broken(None)


def test_other_errors_go_through():
    with pytest.raises(ZeroDivisionError):
        unwinding(lambda: 1 / 0)()
