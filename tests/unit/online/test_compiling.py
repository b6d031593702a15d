"""compile: names, doors, batches."""

import pytest
import torch

import brainstate_torch as bst

from .models import Diagonal, I, N, assert_same, bptt, draw, online

nn, on = bst.nn, bst.online


def cell():
    return nn.ValinaRNNCell(I, N)


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("d_rtrl", on.D_RTRL, {}),
        ("D_RTRL", on.D_RTRL, {}),
        (on.D_RTRL, on.D_RTRL, {}),
        ("ES_D_RTRL", on.pp_prop, {"decay_or_rank": 3}),
        ("e_prop", on.EProp, {}),
        ("ostl_feedforward", on.OSTLFeedforward, {}),
    ],
)
def test_algorithms_have_names(name, kind, options):
    assert type(on.compile(cell(), name, torch.ones(I), **options)) is kind


def test_what_is_given_is_checked():
    with pytest.raises(ValueError, match="`algorithm` must be one of 'd_rtrl', .*. Got 'bptt'"):
        on.compile(cell(), "bptt", torch.ones(I))
    with pytest.raises(TypeError, match="`algorithm` must be a name or a subclass"):
        on.compile(cell(), 3, torch.ones(I))
    with pytest.raises(ValueError, match="`example_inputs` must hold"):
        on.compile(cell(), "d_rtrl")
    with pytest.raises(ValueError, match="`batch_size` must be given where `vmap` is"):
        on.compile(cell(), "d_rtrl", torch.ones(2, I), vmap=True)
    with pytest.raises(ValueError, match=r"leading axis of `batch_size` = 3. Got \[2, 3\]"):
        on.compile(cell(), "d_rtrl", torch.ones(2, I), batch_size=3, vmap=True)
    with pytest.raises(TypeError, match="decay_or_rank"):
        on.compile(cell(), "pp_prop", torch.ones(I))


@pytest.mark.parametrize("value", [1.0, -0.1, 0, "0.9", True, (0.1, 0.2, 0.3)])
def test_a_decay_is_checked(value):
    with pytest.raises(ValueError, match="decay_or_rank"):
        on.pp_prop(cell(), value)


def test_a_rank_is_a_decay():
    learner = on.pp_prop(cell(), (3, 0.25))
    assert (learner.decay_x, learner.decay_f) == (0.5, 0.25)


def test_smoothing_and_feedback_are_checked():
    with pytest.raises(ValueError, match=r"`kappa_filter_decay` must be a number in \[0, 1\). Got 1.5"):
        on.EProp(cell(), kappa_filter_decay=1.5)
    with pytest.raises(ValueError, match="`feedback` must be 'symmetric' or 'random'. Got 'none'"):
        on.EProp(cell(), feedback="none")
    with pytest.raises(on.NotSupportedError, match="random"):
        on.EProp(cell(), feedback="random", random_feedback_key=0)


def test_a_model_with_nothing_to_learn_online_is_refused_with_the_reason():
    with pytest.raises(on.CompilationError, match="Got weight: it reaches no hidden state in this step"):
        on.compile(nn.Linear(I, N), "d_rtrl", torch.ones(I))


def test_a_seed_gives_the_same_states_and_leaves_the_generator_alone():
    def first(seed):
        model = nn.ValinaRNNCell(I, N, state_init=nn.init.Normal())
        on.compile(model, "d_rtrl", torch.ones(I), seed=seed)
        return model.h.value

    with bst.random.seed_context(0):
        a, next_a = first(1), bst.random.rand()
    with bst.random.seed_context(0):
        b, next_b = first(1), bst.random.rand()
    torch.testing.assert_close(a, b)
    torch.testing.assert_close(next_a, next_b)


def test_the_report_tells_what_is_learnt_and_what_is_not(capsys):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.out = nn.GRUCell(I, N), nn.Linear(N, 2)

        def update(self, x):
            return self.out(self.cell(x))

    learner = on.compile(Net(), "d_rtrl", torch.ones(I), verbose=1)
    text = capsys.readouterr().out
    assert text == str(learner.report) + "\n" == learner.show_graph(verbose=False, return_msg=True) + "\n"
    assert learner.report.hidden_groups == [(0, [("cell", "h")])]
    assert [path for path, _ in learner.report.etrace_weights] == [("cell", "Wrz", "weight"), ("cell", "Wh", "weight")]
    assert learner.report.excluded_weights == [(("out", "weight"), "it reaches no hidden state in this step")]
    assert learner.report.cut == {"mm": 2}


def test_mapped_over_a_batch_it_gives_the_same():
    with bst.environ.context(precision=64):
        model, xs = Diagonal(), draw(5, 3, I)
        learner = on.compile(model, "d_rtrl", xs[0], batch_size=3, vmap=True)
        assert learner(xs[0]).shape == (3, 2)
        learner = on.compile(model, "d_rtrl", xs[0], batch_size=3, vmap=True)
        found = online(learner, xs)
        assert_same(found, bptt(model, xs, learner.param_states, 3))


def test_a_param_that_is_not_temporal_is_differentiated_within_the_step():
    class Net(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.w = kind({"weight": draw(I, N)}, on.MatMulOp())
            self.v = on.ElemWiseParam(draw(N))

        def init_state(self, batch_size=None):
            self.h = bst.HiddenState(torch.zeros(N, dtype=torch.float64))

        def update(self, x):
            self.h.value = 0.5 * self.h.value + self.w.execute(x) * self.v.execute()
            return self.h.value

    x, found = draw(I), {}
    for kind in (on.ETraceParam, on.NonTempParam):
        model = Net(kind)
        learner = on.compile(model, "d_rtrl", x)
        gradient = bst.transform.grad(lambda x, learner=learner: learner(x).sum(), model.w)
        found[kind] = [gradient(x)["weight"] for _ in range(2)]
    once = torch.outer(x, draw(N))
    torch.testing.assert_close(found[on.ETraceParam], [once, 1.5 * once])
    torch.testing.assert_close(found[on.NonTempParam], [once, once])
    assert learner.report.excluded_weights == [(("w",), "it is a NonTempParam")]
