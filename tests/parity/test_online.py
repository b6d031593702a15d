"""Online gradients beside braintrace's, for the same weights and inputs."""

import numpy as np
import pytest
import torch

import brainstate_torch as bst

braintrace = pytest.importorskip("braintrace")
brainstate = pytest.importorskip("brainstate")
jax = pytest.importorskip("jax")

I, N, B, T = 3, 4, 2, 6
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _double():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    with brainstate.environ.context(precision=64), bst.environ.context(precision=64):
        yield
    jax.config.update("jax_enable_x64", before)


def gradients(cell, algorithm, **options):
    """The weights' gradients there and here, by path."""
    draws = np.random.RandomState(0)
    xs = draws.randn(T, B, I)
    there = getattr(braintrace.nn, cell)(I, N, activation="tanh")
    here = getattr(bst.nn, cell)(I, N, activation="tanh")
    weights, ours = there.states(brainstate.ParamState), here.states(bst.ParamState)
    assert set(weights) == set(ours)
    for path, state in weights.items():
        value = {name: 0.5 * draws.randn(*x.shape) for name, x in state.value.items()}
        state.value = {name: jax.numpy.asarray(x) for name, x in value.items()}
        ours[path].value = {name: torch.tensor(x) for name, x in value.items()}
    learner = braintrace.compile(there, algorithm, xs[0], batch_size=B, **options)
    theirs = learner.etrace_grad(xs, step_fn=lambda x: (learner(x) ** 2).sum(), reduction="sum")
    mine = bst.online.compile(here, algorithm, torch.tensor(xs[0]), batch_size=B, **options)
    found = mine.etrace_grad(torch.tensor(xs), step_fn=lambda x: (mine(x) ** 2).sum(), reduction="sum")
    return theirs, found


CASES = [
    ("d_rtrl", {}),
    ("es_d_rtrl", {"decay_or_rank": 0.9}),
    ("es_d_rtrl", {"decay_or_rank": (0.9, 0.7)}),
    ("es_d_rtrl", {"decay_or_rank": 5}),
    ("eprop", {"kappa_filter_decay": 0.4}),
]


@pytest.mark.parametrize(("algorithm", "options"), CASES)
@pytest.mark.parametrize(
    ("cell", "weight"), [("ValinaRNNCell", ("W", "weight")), ("MGUCell", ("Wh", "weight"))], ids=["vanilla", "MGU"]
)
def test_gradients_are_braintraces(cell, weight, algorithm, options):
    theirs, found = gradients(cell, algorithm, **options)
    for name, x in found[weight].items():
        np.testing.assert_allclose(x.numpy(), np.asarray(theirs[weight][name]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cell", ["MiniGRU", "MiniLSTM", "MinimalRNNCell"])
def test_cells_of_braintrace_give_its_values_and_weights(cell):
    draws = np.random.RandomState(1)
    xs = draws.randn(3, B, I)
    there, here = getattr(braintrace.nn, cell)(I, N), getattr(bst.online, cell)(I, N)
    weights, ours = there.states(brainstate.ParamState), here.states(bst.ParamState)
    assert set(weights) == set(ours)
    for path, state in weights.items():
        value = {name: draws.randn(*x.shape) for name, x in state.value.items()}
        state.value = {name: jax.numpy.asarray(x) for name, x in value.items()}
        ours[path].value = {name: torch.tensor(x) for name, x in value.items()}
    there.init_state(B)
    here.init_state(B)
    theirs = [np.asarray(there(x)) for x in xs]
    np.testing.assert_allclose(np.stack([here(torch.tensor(x)).detach() for x in xs]), theirs, rtol=1e-12)
    np.testing.assert_allclose(here.h.value.detach(), np.asarray(there.h.value), rtol=1e-12)
