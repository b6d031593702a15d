"""What all cells share: hidden states, shapes, activations, transforms."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import HiddenState, ParamState, nn
from brainstate_torch.transform import for_loop, grad, vmap

CELLS = [nn.ValinaRNNCell, nn.GRUCell, nn.MGUCell, nn.LSTMCell, nn.URLSTMCell]
cells = pytest.mark.parametrize("kind", CELLS)
XS = torch.randn(6, 2, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def seeded():
    with brainstate.random.seed_context(0):
        yield


def ready(kind, batch_size=2, **kwargs):
    cell = kind(3, 4, **kwargs)
    cell.init_state(batch_size)
    return cell


def hidden(cell):
    return [getattr(cell, name) for name in cell.hidden]


@cells
def test_states_and_sizes(kind):
    cell = ready(kind, name="cell")
    assert isinstance(cell, nn.RNNCell) and cell.name == "cell"
    assert (cell.num_in, cell.num_out, cell.in_size, cell.out_size) == (3, 4, (3,), (4,))
    assert all(type(state) is HiddenState and not state.value.any() for state in hidden(cell))
    assert {tuple(state.value.shape) for state in hidden(cell)} == {(2, 4)}
    assert set(cell.states(HiddenState)) == {(name,) for name in cell.hidden}
    cell.init_state()
    assert {tuple(state.value.shape) for state in hidden(cell)} == {(4,)}


@cells
@pytest.mark.parametrize(
    "initial", [0.5, torch.tensor(0.5), torch.tensor([0.5]), torch.full((4,), 0.5), nn.init.Constant(0.5)]
)
def test_the_initial_state_fills_the_batch(kind, initial):
    for batch_size, shape in ((None, (4,)), (2, (2, 4))):
        cell = ready(kind, batch_size, state_init=initial)
        assert all(torch.equal(state.value, torch.full(shape, 0.5)) for state in hidden(cell))


@cells
def test_reset_keeps_the_states_and_may_change_the_batch(kind):
    cell = ready(kind, state_init=nn.init.Constant(0.5))
    before = hidden(cell)
    cell(XS[0])
    cell.reset_state(5)
    assert all(a is b for a, b in zip(before, hidden(cell), strict=True))
    assert all(torch.equal(state.value, torch.full((5, 4), 0.5)) for state in before)
    nn.reset_all_states(cell, 2)
    assert cell(XS[0]).shape == (2, 4)


@cells
def test_a_loop_is_the_steps_one_after_another(kind):
    looped = ready(kind)
    stepped = brainstate.graph.clone(looped)
    ys = for_loop(looped, XS)
    assert torch.equal(ys, torch.stack([stepped(x) for x in XS]))
    assert all(torch.equal(a.value, b.value) for a, b in zip(hidden(looped), hidden(stepped), strict=True))
    assert torch.equal(ys[-1], looped.h.value)


@cells
def test_gradients_are_those_of_finite_differences(kind, engine):
    with brainstate.environ.context(precision=64):
        cell = ready(kind, activation="tanh")
    cell.double()
    xs = XS[:3].double()

    def loss(xs):
        nn.init_all_states(cell, batch_size=2)
        for state in hidden(cell):
            state.value = state.value.double()
        return (for_loop(cell, xs) ** 2).sum()

    states = cell.states(ParamState)
    grads, by_xs = grad(loss, states, argnums=0, engine=engine)(xs)
    for path, key in [(path, key) for path, g in grads.items() if isinstance(g, dict) for key in g]:
        value = states[path].value
        delta = torch.zeros(value[key].shape, dtype=torch.float64)
        delta[..., 1] = 1e-6
        ends = []
        for sign in (1, -1):
            states[path].value = {**value, key: value[key] + sign * delta}
            ends.append(loss(xs))
        states[path].value = value
        assert torch.allclose(grads[path][key][..., 1].sum(), (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-9)
    delta = torch.zeros_like(xs)
    delta[0, 0, 0] = 1e-6
    assert torch.allclose(by_xs[0, 0, 0], (loss(xs + delta) - loss(xs - delta)) / 2e-6, rtol=1e-5)


@cells
def test_a_gradient_commits_the_hidden_states_without_a_tape(kind):
    cell = ready(kind)
    grad(lambda x: cell(x).sum())(XS[0])
    assert all(state.value.any() and state.value.grad_fn is None for state in hidden(cell))


@cells
def test_lanes_of_vmap_are_examples_of_a_batch(kind):
    cell = ready(kind, None)
    batched = brainstate.graph.clone(cell)
    batched.init_state(2)
    ys = vmap(lambda x: cell(x), out_states=dict(enumerate(hidden(cell))))(XS[0])
    assert torch.allclose(ys, batched(XS[0]), atol=1e-6)


@cells
def test_inputs_that_do_not_fit_are_refused_and_change_nothing(kind):
    cell = ready(kind)
    before = [state.value for state in hidden(cell)]
    for x in (XS[0, 0], XS[0, :1], XS[0, :, :2], torch.zeros(2, 4), torch.zeros(())):
        with pytest.raises(ValueError, match=r"`x` must have the shape \(2, 3\): the batch axes of the hidden state"):
            cell(x)
    assert all(state.value is value for state, value in zip(hidden(cell), before, strict=True))


@cells
def test_a_cell_without_states_says_what_to_do(kind):
    with pytest.raises(
        AttributeError, match=r"must have its hidden states. Got a cell without `[hc]`. Call `init_state"
    ):
        kind(3, 4)(XS[0])
    with pytest.raises(AttributeError, match="must have its hidden states"):
        kind(3, 4).reset_state()
    assert not hasattr(kind(3, 4), "h")
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = kind(3, 4).nothing


@cells
def test_activations_by_name_and_by_function(kind):
    named = ready(kind, activation="soft_sign")
    given = brainstate.graph.clone(named)
    given.activation = torch.nn.functional.softsign
    assert torch.allclose(named(XS[0]), given(XS[0]))
    for name in ("foo", "ReLU", "Any", "init"):
        with pytest.raises(AttributeError, match=f"`activation` must be the name of a function .* Got '{name}'"):
            kind(3, 4, activation=name)
    with pytest.raises(TypeError, match="`activation` must be a function or its name. Got int"):
        kind(3, 4, activation=3)


def test_arrays_are_taken_as_input():
    cell = ready(nn.GRUCell)
    y = cell(XS[0].numpy())
    cell.reset_state(2)
    assert torch.equal(cell(XS[0]), y)


def test_cells_are_layers_of_a_sequence():
    net = nn.Sequential(nn.GRUCell(3, 4), nn.LSTMCell(4, 5), nn.Linear(5, 1))
    nn.init_all_states(net, batch_size=2)
    assert for_loop(net, XS).shape == (6, 2, 1)


@cells
def test_loops_and_their_gradients_are_traced_on_shapes_alone(kind):
    cell = ready(kind)
    loss = lambda xs: for_loop(cell, xs).sum()
    traced = brainstate.transform.eval_shape(grad(loss, cell.states(ParamState), argnums=0), XS)
    assert tuple(traced[1].shape) == (6, 2, 3)
    assert not any(state.value.any() for state in hidden(cell))
