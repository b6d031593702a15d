"""Learners: the door, States, memory."""

import gc

import pytest
import torch

import brainstate_torch as bst

from .models import Diagonal, I, N, Of, draw, loss, online

nn, on = bst.nn, bst.online


def cell():
    return nn.ValinaRNNCell(I, N)


@pytest.fixture
def learner():
    return on.compile(cell(), "D_RTRL", torch.ones(2, I), batch_size=2)


def test_a_learner_that_is_not_compiled_says_how():
    with pytest.raises(on.CompilationError, match=r"must be compiled before it is used\. Got one that is not"):
        on.D_RTRL(cell())(torch.ones(I))


def test_a_model_without_states_is_told_to_make_them():
    with pytest.raises(AttributeError, match="init_all_states"):
        on.D_RTRL(cell()).compile_graph(torch.ones(I))


def test_states_made_in_a_call_are_refused():
    class Lazy(nn.Module):
        def update(self, x):
            self.h = bst.HiddenState(x)
            self.h.value = self.h.value * 2
            return self.h.value

    with pytest.raises(on.CompilationError, match=r"Got a call that makes 1 of them\. Make them in `init_state`"):
        on.D_RTRL(Lazy()).compile_graph(torch.ones(I))


def test_a_model_must_be_a_module():
    with pytest.raises(TypeError, match="`model` must be a brainstate_torch.nn.Module. Got a function"):
        on.D_RTRL(lambda x: x)


def test_only_single_steps_are_differentiated():
    with pytest.raises(on.NotSupportedError, match="`vjp_method` must be 'single-step'. Got 'multi-step'"):
        on.D_RTRL(cell(), vjp_method="multi-step")


def test_other_shapes_are_refused_and_change_nothing(learner):
    before = learner.model4compile.h.value
    with pytest.raises(on.CompilationError, match=r"Got float32\[3, 3\]; it was compiled for float32\[2, 3\]"):
        learner(torch.ones(3, I))
    assert learner.model4compile.h.value is before and learner.running_index.value == 0


def test_states_of_other_shapes_are_refused(learner):
    nn.reset_all_states(learner.model4compile, batch_size=5)
    with pytest.raises(on.CompilationError, match=r"Got the value of a HiddenState made at .*, now float32\[5, 4\]"):
        learner(torch.ones(2, I))


def test_new_states_are_told_from_those_that_were_compiled(learner):
    nn.init_all_states(learner.model4compile, batch_size=2)
    with pytest.raises(on.CompilationError, match=r"Got another value of `h` .* reset States by `nn.reset_all_states`"):
        learner(torch.ones(2, I))


def test_a_setting_that_chooses_code_is_part_of_what_was_compiled():
    model = Of(lambda m, x: m.drop(m.p(x.double())), p=nn.Linear(I, N), drop=nn.Dropout(0.5))
    with bst.environ.context(precision=64):
        model = Of(lambda m, x: m.drop(m.p(x)), p=nn.Linear(I, N), drop=nn.Dropout(0.5))
        with bst.environ.context(fit=True):
            learner = on.compile(model, "D_RTRL", draw(I))
        with pytest.raises(on.CompilationError, match="Got another value of .*fit"):
            learner(draw(I))


def test_a_number_of_environ_is_read_at_each_call():
    class Clock(Of):
        def update(self, x):
            self.h.value = 0.5 * self.h.value + self.p.value * x * bst.environ.get("t")
            return self.h.value

    with bst.environ.context(t=0.0):
        learner = on.compile(Clock(None, p=bst.ParamState(torch.ones(N).double())), "D_RTRL", draw(N))
    with bst.environ.context(t=3.0):
        torch.testing.assert_close(learner(draw(N)), 3 * draw(N))


def test_several_variables_in_one_state_are_refused():
    class Group(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = bst.ParamState(torch.ones(N, 2))
            self.h = bst.HiddenGroupState(torch.zeros(N, 2))

        def update(self, x):
            self.h.value = self.h.value * self.w.value
            return self.h.value

    with pytest.raises(on.NotSupportedError, match="one variable. Got a HiddenGroupState with 2"):
        on.compile(Group(), "D_RTRL", torch.ones(1))


def test_a_function_with_a_derivative_of_its_own_is_refused():
    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return (x > 0).to(x.dtype)

        @staticmethod
        def backward(ctx, g):
            return g

    model = Of(lambda m, x: Step.apply(x * m.p.value), p=bst.ParamState(draw(N)))
    with pytest.raises(on.NotSupportedError, match=r"Got `.*Step`, an autograd.Function.*surrogate.Surrogate"):
        on.compile(model, "D_RTRL", draw(N))


def test_reset_forgets_the_past_of_the_traces_alone(learner):
    x = torch.ones(2, I)
    first = learner(x)
    before = learner.model4compile.h.value
    learner.reset_state()
    assert learner.running_index.value == 0
    assert all((t == 0).all() for trace in learner.traces.values() for t in trace.value)
    torch.testing.assert_close(learner.model4compile.h.value, before)
    assert first.shape == (2, N)


def test_traces_of_a_weight_are_found_by_state_and_by_path(learner):
    weight = learner.model4compile.W.weight
    by_state, by_path = learner.get_etrace_of(weight), learner.get_etrace_of(("W", "weight"))
    assert [x.shape for trace in by_state.values() for x in trace] == [(2, N, 1, I + N), (2, N, 1)]
    assert list(by_state) == list(by_path)


def test_a_weight_without_a_trace_is_named():
    with bst.environ.context(precision=64):
        learner = on.compile(Diagonal(), "D_RTRL", draw(I))
    with pytest.raises(ValueError, match=r"Got \('out', 'weight'\). Weights that have one: \('a',\), \('inp'"):
        learner.get_etrace_of(("out", "weight"))


def test_the_kinds_of_states_of_the_model_are_told_apart(learner):
    assert set(learner.param_states) == {("W", "weight")}
    assert set(learner.hidden_states) == {("h",)}
    assert set(learner.other_states) == set()


def _tensors():
    gc.collect()
    return sum(issubclass(type(x), torch.Tensor) for x in gc.get_objects())


@pytest.mark.parametrize(("algorithm", "options"), [("D_RTRL", {}), ("pp_prop", {"decay_or_rank": 0.9})])
def test_memory_does_not_grow_with_the_number_of_steps(algorithm, options):
    learner = on.compile(cell(), algorithm, torch.ones(2, I), batch_size=2, **options)
    gradient = bst.transform.grad(lambda x: loss(learner(x)), learner.param_states)

    def run(steps):
        for _ in range(steps):
            gradient(torch.ones(2, I))
        return _tensors(), sum(x.numel() for trace in learner.traces.values() for x in trace.value)

    tensors, traces = run(5)
    more_tensors, same_traces = run(300)
    assert same_traces == traces
    # Other threads, such as a compiler's, make and drop some; a leak would be one a step.
    assert more_tensors < tensors + 295


def test_memory_of_factored_traces_grows_with_neurons_and_not_with_weights():
    def numbers(size, algorithm, **options):
        learner = on.compile(nn.ValinaRNNCell(I, size), algorithm, torch.ones(I), **options)
        return sum(x.numel() for trace in learner.traces.values() for x in trace.value)

    assert [numbers(n, "D_RTRL") for n in (4, 8)] == [4 * 7 + 4, 8 * 11 + 8]
    assert [numbers(n, "pp_prop", decay_or_rank=0.9) for n in (4, 8)] == [4 + 7 + 4, 8 + 11 + 8]


def test_a_reset_between_sequences_repeats_the_gradient():
    with bst.environ.context(precision=64):
        model = Diagonal()
        xs = draw(5, I)
        learner = on.compile(model, "D_RTRL", xs[0])
        first = online(learner, xs)
        nn.reset_all_states(learner)
        second = online(learner, xs)
    torch.testing.assert_close(first["a",], second["a",])
