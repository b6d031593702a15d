"""brainstate_torch.transform._watch.nonfinite and _debug: where the first NaN came from."""

import pytest
import torch

from brainstate_torch import ParamState, State, random
from brainstate_torch import transform as T

BAD = torch.tensor([-1.0, 4.0])


def root(x):
    return torch.sqrt(x).sum()  # the line that the message names


@pytest.mark.parametrize(
    ("transform", "phase"),
    [
        (T.grad, "grad"),
        (T.vector_grad, "vector_grad"),
        (T.jacrev, "jacrev"),
        (T.jacfwd, "jacfwd"),
        (T.hessian, "hessian"),
    ],
)
def test_the_message_names_phase_operation_line_and_counts(transform, phase):
    state = State(0)

    def loss(x):
        state.value += 1
        return root(x)

    with pytest.raises(RuntimeError) as caught:
        transform(loss, debug_nan=True)(BAD)
    text = str(caught.value)
    assert f"NaN/Inf detected [{phase}]" in text
    assert "`sqrt` in the forward pass (NaN)" in text
    assert f'File "{__file__}", line' in text
    assert "in root: return torch.sqrt(x).sum()" in text
    assert "NaNs=" in text
    assert state.value == 0


def test_a_nan_of_the_backward_pass_is_traced_to_its_forward_line(engine):
    def loss(x):
        return torch.where(x > 0, torch.sqrt(x), 0.0).sum()  # finite, with an infinite slope at 0 times zero

    with pytest.raises(RuntimeError, match="in the backward pass") as caught:
        T.grad(loss, debug_nan=True, engine=engine)(torch.tensor([0.0, 4.0]))
    assert __file__ in str(caught.value)
    assert "output[0]       : shape=(2,) dtype=float32 NaNs=1 Infs=0, finite values from 0.25 to 0.25" in str(
        caught.value
    )


def test_an_infinity_is_reported(engine):
    with pytest.raises(RuntimeError, match=r"NaNs=0 Infs=1"):
        T.grad(torch.sqrt, debug_nan=True, engine=engine)(torch.tensor(0.0))


def test_a_nan_loss_with_finite_gradients_passes(engine):
    gradient = T.grad(lambda x: x + torch.tensor(float("nan")), debug_nan=True, return_value=True, engine=engine)
    found, value = gradient(torch.tensor(1.0))
    assert found == 1.0
    assert value.isnan()


def test_inputs_that_hold_a_nan_are_suspected():
    with pytest.raises(RuntimeError, match="unknown; the inputs may have held it already"):
        T.grad(lambda x: (x * x).sum(), debug_nan=True)(torch.tensor([float("nan")]))


def test_without_debug_nan_a_nan_is_returned(engine):
    w = ParamState(BAD)
    assert T.grad(lambda: root(w.value), w, engine=engine)().isnan().tolist() == [True, False]


def test_complex_and_integer_results_are_looked_at():
    z = torch.tensor([1 + 1j])
    with pytest.raises(RuntimeError, match=r"dtype=complex64 NaNs=1"):
        T.debug_nan(lambda z: (z / 0 * 0, torch.tensor([1])), z)
    T.debug_nan(lambda z: (z, 5, "text", None), z)


def test_debug_nan_looks_at_results_alone_and_changes_nothing():
    state = State(0)

    def noisy(x):
        state.value += 1
        torch.rand(1)
        return torch.where(x > 0, x.log(), 0.0)

    torch.manual_seed(0)
    T.debug_nan(noisy, BAD)
    assert state.value == 0
    first = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(1), first)
    with pytest.raises(RuntimeError, match=r"NaN/Inf detected \[prior\].*\n.*`log`"):
        T.debug_nan(torch.log, BAD, phase="prior")
    with pytest.raises(RuntimeError, match="NaN/Inf detected in the output"):
        torch.func.vmap(lambda x: (T.debug_nan(torch.log, x), x)[1])(BAD)


@pytest.mark.parametrize("predicate", [True, torch.tensor([False, True])])
def test_debug_nan_if_looks_where_the_predicate_holds_anywhere(predicate):
    T.debug_nan_if(False, torch.log, BAD)
    T.debug_nan_if(torch.tensor([False, False]), torch.log, BAD)
    with pytest.raises(RuntimeError, match=r"\[x\]"):
        T.debug_nan_if(predicate, torch.log, BAD, phase="x")


def test_breakpoint_if_stops_where_the_predicate_holds_anywhere(monkeypatch):
    stops = []
    monkeypatch.setattr("sys.breakpointhook", lambda **kwargs: stops.append(kwargs))
    assert T.breakpoint_if(False, token=5) == 5
    assert stops == []
    assert T.breakpoint_if(torch.tensor([False, True]), token=5, header="h") == 5
    assert stops == [{"header": "h"}]
    T.jit(lambda x: T.breakpoint_if(x > 1) or x, backend="replay")(torch.tensor(2.0))
    assert stops == [{"header": "h"}, {}]


PROGRAMS = {
    "grad": T.grad(lambda x: torch.sqrt(x).sum(), debug_nan=True),
    "map of grad": T.vmap(T.grad(torch.sqrt, debug_nan=True)),
    "debug_nan": lambda x: T.debug_nan(lambda y: 1 / y, x, phase="inverse"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_looks_for_nan_in_every_run(name):
    program = T.jit(PROGRAMS[name], backend="replay")
    program(torch.ones(2))
    with pytest.raises(RuntimeError, match="call the function outside of `jit` to learn which operation"):
        program(torch.tensor([1.0, 0.0]))
    program(torch.ones(2))


@pytest.mark.parametrize("seed", range(6))
def test_the_second_run_draws_what_the_first_drew(seed):
    stream, first = random.RandomState(seed), random.RandomState(seed).uniform()

    def loss(x):
        return torch.log(stream.uniform() - first - 0.01) * x

    with pytest.raises(RuntimeError, match="First made by   : `log` in the forward pass"):
        T.grad(loss, debug_nan=True)(torch.tensor(1.0))
