"""brainstate_torch.transform._core.running: what a call that fails after its function has run leaves behind."""

import pytest
import torch

from brainstate_torch import State, TraceContextError
from brainstate_torch import transform as T


def _no_scalar(x):
    return 2 * x


def _raising_backward(x):
    y = x * 1

    def raising(gradient):
        raise KeyError("backward")

    y.register_hook(raising)
    return y.sum()


@pytest.mark.parametrize("engine", ["func", "auto"])
@pytest.mark.parametrize(("finish", "error"), [(_no_scalar, TypeError), (_raising_backward, KeyError)])
def test_no_state_made_in_a_derivative_that_fails_keeps_a_wrapper(engine, finish, error):
    made, outer = [], State(torch.zeros(2))

    def function(x):
        made.append(State(2 * x))
        outer.value = x
        return finish(x)

    with pytest.raises(error):
        T.grad(function, engine=engine)(torch.ones(2))
    assert outer.value.tolist() == [0.0, 0.0] and not outer.value.requires_grad
    with pytest.raises(TraceContextError, match="Got one made inside a transform that raised"):
        made[0].value  # noqa: B018
    made[0].value = torch.ones(2)
    assert made[0].value.tolist() == [1.0, 1.0]
