"""What the unit tests share."""

import pytest

from brainstate_torch._state.context import CONTEXT


@pytest.fixture(params=["func", "tape"])
def engine(request):
    """Both engines, for gradients that are outermost; those inside another transform have no choice."""
    return request.param


@pytest.fixture
def on_tape(request):
    """For what holds on the tape alone."""
    if request.config.getoption("--engine") == "func":
        pytest.skip("every gradient runs on torch.func")


@pytest.fixture(autouse=True)
def _nothing_left_active():
    """No test leaves a trace, a frame, a catcher or a check behind."""
    yield
    left = {key: list(value) if isinstance(value, list) else value for key, value in vars(CONTEXT).items()}
    vars(CONTEXT).update(traces=[], frames=[], catchers=[], tree_check=[None], backward=False)
    assert left == {"traces": [], "frames": [], "catchers": [], "tree_check": [None], "backward": False}
