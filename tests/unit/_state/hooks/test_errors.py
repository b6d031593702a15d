import pytest

from brainstate_torch._state.hooks import (
    HookCancellationError,
    HookError,
    HookExecutionError,
    HookRegistrationError,
    HookWarning,
)


@pytest.mark.parametrize("kind", [HookExecutionError, HookRegistrationError, HookCancellationError])
def test_hook_errors_share_a_base(kind):
    assert issubclass(kind, HookError)


def test_hook_warning_is_a_user_warning():
    assert issubclass(HookWarning, UserWarning)
