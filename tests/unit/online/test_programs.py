"""Gradients of online learning: those of backpropagation through time, where both are exact."""

import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u

from .models import Chain, Diagonal, I, N, Of, Spiking, T, assert_same, bptt, draw, loss, online

nn = bst.nn


@pytest.fixture(autouse=True)
def _double():
    with bst.environ.context(precision=64, dt=1.0 * u.ms), bst.random.seed_context(1):
        yield


def inputs(batch, *shape):
    return draw(T, *([] if batch is None else [batch]), *(shape or (I,)))


def _connection():
    return nn.FixedNumConn(I, N, 2, nn.init.Normal(scale=1.0), seed=0)


def _gated(m, x):
    z, c = m.p(x).chunk(2, -1)
    return torch.sigmoid(z) * (c - m.h.value)


MODELS = {
    "two states, a weight used twice": lambda: (Diagonal(), (I,)),
    "synapses and spikes": lambda: (Spiking(), (I,)),
    "adaptive neurons": lambda: (Spiking(neuron=bst.spiking.ALIF), (I,)),
    "a gate": lambda: (Of(_gated, p=nn.Linear(I, 2 * N)), (I,)),
    "a sparse connection": lambda: (Of(lambda m, x: m.p(x), p=_connection()), (I,)),
    "events": lambda: (Of(lambda m, x: m.p(x), p=nn.EventLinear(I, N, nn.init.Normal(scale=1.0))), (I,)),
    "a weight through a function": lambda: (
        Of(lambda m, x: x @ torch.exp(m.p.value * torch.ones(N)), p=bst.ParamState(draw(I, N))),
        (I,),
    ),
    "the weight on the left": lambda: (
        Of(lambda m, x: (m.p.value @ x.mT).mT, p=bst.ParamState(draw(N, I))),
        (I,),
    ),
    "groups": lambda: (
        Of(lambda m, x: bst.online.grouped_matmul(x, m.p.value), (2, N), p=bst.ParamState(draw(2, I, N))),
        (2, I),
    ),
    "two factors": lambda: (
        Of(
            lambda m, x: bst.online.lora_matmul(x, m.p.value, m.q.value, alpha=0.5),
            p=bst.ParamState(draw(I, 1)),
            q=bst.ParamState(draw(1, N)),
        ),
        (I,),
    ),
    "a sum of weighted inputs": lambda: (
        Of(lambda m, x: (x.unsqueeze(-1) * m.p.value).sum(-2), p=bst.ParamState(draw(I, N))),
        (I,),
    ),
}


@pytest.mark.parametrize(
    ("name", "batch"), [(name, 2) for name in MODELS] + [("two states, a weight used twice", None), ("events", None)]
)
def test_of_states_that_depend_on_themselves_by_elements_the_gradient_is_that_through_time(name, batch):
    model, shape = MODELS[name]()
    xs = inputs(batch, *shape)
    learner = bst.online.compile(model, "D_RTRL", xs[0], batch_size=batch)
    weights = learner.param_states
    assert_same(online(learner, xs), bptt(model, xs, weights, batch))


def test_a_loss_of_the_state_before_the_step_has_its_gradient():
    class Late(Of):
        def update(self, x):
            before = self.h.value
            super().update(x)
            return torch.cos(before) * self.h.value

    model, xs = Late(lambda m, x: m.p(x), p=nn.Linear(I, N)), inputs(None)
    learner = bst.online.compile(model, "D_RTRL", xs[0])
    assert_same(online(learner, xs), bptt(model, xs, learner.param_states))


def test_rows_of_a_table_have_traces():
    model = Of(lambda m, x: m.table(x), table=nn.Embedding(5, N))
    xs = torch.tensor([[0, 1], [4, 1], [0, 0]])
    learner = bst.online.compile(model, "D_RTRL", xs[0], batch_size=2)
    assert_same(online(learner, xs), bptt(model, xs, learner.param_states, 2))


CELLS = {
    "GRU": lambda: nn.GRUCell(I, N),
    "LSTM": lambda: nn.LSTMCell(I, N),
    "URLSTM": lambda: nn.URLSTMCell(I, N),
    "MGU": lambda: nn.MGUCell(I, N),
    "two layers": lambda: Chain(nn.ValinaRNNCell(I, N), nn.ValinaRNNCell(N, N)),
    "spiking": lambda: Spiking(recurrent=True),
    "convolution": lambda: Of(lambda m, x: m.c(x), (6, 3), c=nn.Conv1d((6, 2), 3, 3)),
}


@pytest.mark.parametrize("algorithm", ["D_RTRL", "pp_prop"])
@pytest.mark.parametrize("name", CELLS)
def test_the_gradient_of_one_step_is_exact(name, algorithm):
    batch = 2
    if name == "convolution" and algorithm == "D_RTRL":
        pytest.skip("a full trace of a convolution is refused")
    model = Chain(CELLS[name](), nn.Linear(3 if name == "convolution" else 2 if name == "spiking" else N, 2))
    x = inputs(batch, *((6, 2) if name == "convolution" else ()))[:1]
    options = {} if algorithm == "D_RTRL" else {"decay_or_rank": 0.9}
    learner = bst.online.compile(model, algorithm, x[0], batch_size=batch, **options)
    assert_same(online(learner, x), bptt(model, x, learner.param_states, batch))


def test_of_a_recurrent_network_what_the_neurons_tell_each_other_is_left_out():
    """With recurrent weights of zero nothing is, but for their own gradient."""
    model, xs = nn.ValinaRNNCell(I, N, activation="tanh"), inputs(2)
    weights = model.states(bst.ParamState)
    exact = model.W.weight.value
    model.W.weight.value = {**exact, "weight": torch.cat([exact["weight"][:I], torch.zeros(N, N, dtype=torch.float64)])}
    learner = bst.online.compile(model, "D_RTRL", xs[0], batch_size=2)
    assert_same(online(learner, xs), bptt(model, xs, weights, 2))
    model.W.weight.value = {**exact, "weight": draw(I + N, N)}
    learner = bst.online.compile(model, "D_RTRL", xs[0], batch_size=2)
    found, through_time = online(learner, xs), bptt(model, xs, weights, 2)
    assert not torch.allclose(found["W", "weight"]["bias"], through_time["W", "weight"]["bias"])


def test_traces_are_those_of_the_formula():
    w = torch.tensor([[0.5, -1.0]], dtype=torch.float64)
    model = Of(lambda m, x: x @ m.p.value, (2,), p=bst.ParamState(w))
    learner = bst.online.compile(model, "D_RTRL", torch.ones(1, dtype=torch.float64))
    trace = 0.0
    for x in (1.0, 2.0, -1.0):
        learner(torch.tensor([x], dtype=torch.float64))
        trace = 0.9 * trace + x
        (found,) = learner.get_etrace_of(model.p).values()
        torch.testing.assert_close(found[0].flatten(), torch.full((2,), trace, dtype=torch.float64))


def test_factored_traces_are_those_of_the_formula():
    a = 0.5
    model = Of(lambda m, x: x @ m.p.value, (2,), p=bst.ParamState(torch.ones(1, 2, dtype=torch.float64)))
    learner = bst.online.compile(model, "pp_prop", torch.ones(1, dtype=torch.float64), decay_or_rank=a)
    gradient = bst.transform.grad(lambda x: learner(x).sum(), model.p)
    inner = outer = h = 0.0
    for t, x in enumerate((1.0, 2.0, -1.0)):
        found = gradient(torch.tensor([x], dtype=torch.float64))
        inner, outer, h = a * inner + x, a * 0.9 * outer + (1 - a), 0.9 * h + x
        expected = torch.full((1, 2), inner * outer / (1 - a ** (t + 1)), dtype=torch.float64)
        torch.testing.assert_close(found, expected * torch.cos(torch.tensor(h)))


def test_smoothed_traces_are_those_of_the_formula():
    kappa = 0.3
    model = Of(lambda m, x: x @ m.p.value, (2,), p=bst.ParamState(torch.ones(1, 2, dtype=torch.float64)))
    learner = bst.online.compile(model, "EProp", torch.ones(1, dtype=torch.float64), kappa_filter_decay=kappa)
    gradient = bst.transform.grad(lambda x: learner(x).sum(), model.p)
    trace = smooth = h = 0.0
    for x in (1.0, 2.0, -1.0):
        found = gradient(torch.tensor([x], dtype=torch.float64))
        trace, h = 0.9 * trace + x, 0.9 * h + x
        smooth = kappa * smooth + trace
        expected = torch.full((1, 2), smooth, dtype=torch.float64) * torch.cos(torch.tensor(h))
        torch.testing.assert_close(found, expected)


def test_dropout_draws_once_for_the_traces_and_the_result():
    model = Of(lambda m, x: m.drop(m.p(x)), p=nn.Linear(I, N), drop=nn.Dropout(0.5))
    xs = inputs(3)
    with bst.environ.context(fit=True):
        learner = bst.online.compile(model, "D_RTRL", xs[0], batch_size=3)
        with bst.random.seed_context(5):
            found = online(learner, xs)
        with bst.random.seed_context(5):
            expected = bptt(model, xs, learner.param_states, 3)
    assert_same(found, expected)


def test_units_of_weights_and_states_are_those_of_the_gradient():
    model = Of(lambda m, x: x @ m.p.value, (2,), p=bst.ParamState(draw(I, 2) * u.mV))
    model.init_state = lambda batch_size=None: setattr(model, "h", bst.HiddenState(torch.zeros(2).double() * u.mV))
    model.update = lambda x: setattr(model.h, "value", 0.9 * model.h.value + x @ model.p.value) or model.h.value / u.V
    xs = inputs(None)
    learner = bst.online.compile(model, "D_RTRL", xs[0])
    found, expected = online(learner, xs), bptt(model, xs, learner.param_states)
    assert u.get_unit(found["p",]) == u.get_unit(expected["p",])
    assert_same(found, expected)


def test_compiled_it_gives_the_same():
    model, xs = Diagonal(), inputs(2)
    learner = bst.online.compile(model, "D_RTRL", xs[0], batch_size=2)
    found = bst.transform.jit(lambda xs: online(learner, xs), backend="replay")(xs)
    assert_same(found, bptt(model, xs, learner.param_states, 2))


def test_the_graph_of_one_step_reaches_parameters_and_no_other_step():
    model, xs = Diagonal(), inputs(2)
    learner = bst.online.compile(model, "D_RTRL", xs[0], batch_size=2)
    for x in xs:
        loss(learner(x)).backward()
    assert not model.h.value.requires_grad
    (found,) = [p.grad for name, p in model.named_parameters() if name == "a"]
    torch.testing.assert_close(found, bptt(model, xs, learner.param_states, 2)["a",])
