"""brainstate_torch.transform._derivative.lost: numbers that leave torch are no gradient of zero."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ConcretizationError, ParamState, State
from brainstate_torch.transform import grad, vector_grad

LEAVES = {
    "item()": lambda x: x.sum().item(),
    "tolist()": lambda x: torch.as_tensor(sum(x.tolist())),
    "numpy()": lambda x: torch.as_tensor(x.detach().numpy()).sum(),
    "float()": lambda x: float(x.sum()),
    "int()": lambda x: int(x.sum()) * 1.0,
    "numpy.asarray": lambda x: torch.as_tensor(np.asarray(x.detach())).sum(),
}


@pytest.fixture
def w():
    return ParamState(torch.ones(2))


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")  # torch's own
@pytest.mark.usefixtures("on_tape")
@pytest.mark.parametrize("how", list(LEAVES))
def test_numbers_that_leave_torch_are_refused(w, how):
    said = how.replace("numpy.asarray", "numpy()")  # which a State's value is asked for
    text = f"must depend on its inputs through tensors. Got a result without a graph, after `{said}`".replace(
        "(", r"\("
    )
    with pytest.raises(ConcretizationError, match=text.replace(")", r"\)")) as error:
        grad(lambda: LEAVES[how](w.value), w)()
    assert "test_lost.py" in str(error.value)
    with pytest.raises(ConcretizationError, match="must depend on its inputs"):
        grad(lambda x: LEAVES[how](x))(torch.ones(2))


@pytest.mark.usefixtures("on_tape")
def test_a_refused_function_changes_no_state(w):
    n = State(torch.zeros(()))

    def loss():
        n.value += 1
        return w.value.sum().item()

    with pytest.raises(ConcretizationError):
        grad(loss, w)()
    assert n.value == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.zeros(()),
        lambda x: (x > 0).float().sum(),
        lambda x: x.detach().sum(),
        lambda x: torch.sign(x.detach()).sum(),
        lambda x: 3.0,
        lambda x: torch.ones(2).sum() if x.sum() > 0 else torch.zeros(()),
    ],
)
def test_a_gradient_that_is_zero_stays_so(w, function):
    assert torch.equal(grad(function)(torch.ones(2)), torch.zeros(2))
    assert torch.equal(grad(lambda: function(w.value), w)(), torch.zeros(2))


def test_what_such_a_function_writes_and_draws_counts_once(w):
    n = State(torch.zeros(()))
    brainstate.random.seed(0)
    wanted = torch.stack([brainstate.random.rand(1), brainstate.random.rand(1)])

    def loss():
        n.value += 1
        draws.append(brainstate.random.rand(1).clone())
        return (w.value > 0).float().sum()

    brainstate.random.seed(0)
    for i in range(2):
        draws = []
        grad(loss, w)()
        assert n.value == i + 1 and all(d == wanted[i] for d in draws)


def test_numbers_may_leave_where_the_result_keeps_its_graph(w):
    seen = []

    def loss():
        seen.append(w.value.sum().item())
        return (w.value**2).sum()

    assert torch.equal(grad(loss, w)(), torch.full((2,), 2.0)) and seen == [2.0]


@pytest.mark.usefixtures("on_tape")
def test_several_results_and_units_are_looked_at_too():
    v = ParamState(torch.ones(2) * u.mV)
    with pytest.raises(ConcretizationError, match=r"after `item\(\)`"):
        vector_grad(lambda: torch.tensor(v.value.to_decimal(u.mV).sum().item()).reshape(1), v)()
