"""A Module that is called as any torch module: the ordinary training loop."""

import functools
import gc
import threading

import pytest
import torch
from torch.nn.functional import cross_entropy

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import HiddenState, LongTermState, ParamState, ShortTermState, State, StateTraceStack, taped
from brainstate_torch import transform as T
from brainstate_torch._state.context import CONTEXT

nn = brainstate.nn
F64 = torch.float64


class Scale(nn.Module):
    """``factor * x``, which it also adds to a State."""

    def __init__(self):
        super().__init__()
        self.factor = ParamState(torch.tensor(2.0, dtype=F64))
        self.total = ShortTermState(torch.tensor(0.0, dtype=F64))
        self.fail = False

    def update(self, x):
        self.total.value = self.total.value + self.factor.value * x
        if self.fail:
            raise KeyError("after the write")
        return self.total.value * self.factor.value


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(8, 16), nn.Linear(16, 3)

    def update(self, x):
        return self.l2(torch.tanh(self.l1(x)))


@pytest.fixture
def scale():
    return Scale()


def number(x):
    return torch.tensor(float(x), dtype=F64)


def test_a_model_of_both_kinds_of_layers_trains_as_its_torch_twin():
    brainstate.random.seed(0)
    torch.manual_seed(0)
    ours = torch.nn.Sequential(torch.nn.Linear(5, 8), Net())
    twin = torch.nn.Sequential(
        torch.nn.Linear(5, 8), torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    )
    twin[0].load_state_dict(ours[0].state_dict())
    with torch.no_grad():
        for theirs, layer in ((twin[1][0], ours[1].l1), (twin[1][2], ours[1].l2)):
            theirs.weight.copy_(layer.weight.value["weight"].T)
            theirs.bias.copy_(layer.weight.value["bias"])
    x, y = torch.randn(20, 5), torch.randint(0, 3, (20,))
    losses = []
    for model in (ours, twin):
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        losses.append([])
        for _ in range(15):
            optimizer.zero_grad()
            loss = cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            losses[-1].append(loss.item())
    assert losses[0][-1] < 0.9 * losses[0][0]
    torch.testing.assert_close(losses[0], losses[1])


def test_what_a_call_writes_has_its_graph_inside_and_leaves_it_at_the_end(scale):
    out = scale(number(3))
    out.backward()
    (p,) = scale.factor.parameters()
    assert p.grad == 2 * 2 * 3  # of w * (w * x)
    assert scale.total.value == 6 and not scale.total.value.requires_grad
    p.grad = None
    scale(number(3)).backward()  # w * (6 + w * x)
    assert p.grad == 6 + 12
    assert scale.total._parameters is None


@pytest.mark.slow
def test_a_million_calls_keep_no_graph(scale):
    def nodes():
        gc.collect()
        return sum(1 for x in gc.get_objects() if issubclass(type(x), torch.Tensor))

    scale(number(1))
    before = nodes()
    for _ in range(50):
        scale(number(1))
    assert nodes() <= before  # what other tests have left may go meanwhile
    assert scale.total.value.grad_fn is None


def test_taped_keeps_the_graph_across_calls(scale):
    with taped():
        scale(number(3))
        scale(number(3)).backward()  # w * (2 w x)
    assert scale.factor.parameters()[0].grad == 4 * 2 * 3


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_without_autograd_the_result_is_a_constant(scale, off):
    with off():
        out = scale(number(3))
    assert not out.requires_grad and scale.total.value == 6
    assert scale.factor._parameters is None


def test_inside_a_transform_nothing_changes(scale):
    slope = T.grad(scale, scale.states(ParamState))(number(3))
    assert slope["factor",] == 12 and not slope["factor",].requires_grad
    assert not T.vmap(scale, in_states=(), out_states={0: scale.states(ShortTermState)})(torch.ones(3)).requires_grad
    assert scale.factor._parameters is None


def test_an_exception_leaves_every_state_as_it_was(scale):
    scale.fail = True
    before = scale.total.value
    with pytest.raises(KeyError):
        scale(number(3))
    assert scale.total.value is before
    scale.fail = False
    assert scale(number(3)) == 12


def test_a_state_made_in_a_call_that_raises_can_be_used():
    class Lazy(nn.Module):
        def update(self, x):
            if not hasattr(self, "w"):
                self.w = ParamState(torch.ones(2))
                self.h = HiddenState(self.w.value * 2)
            if x is None:
                raise KeyError
            return (self.h.value * self.w.value * x).sum()

    lazy = Lazy()
    with pytest.raises(KeyError):
        lazy(None)
    assert torch.equal(lazy.h.value, torch.full((2,), 2.0)) and not lazy.h.value.requires_grad
    lazy(1.0).backward()
    assert torch.equal(lazy.w.parameters()[0].grad, torch.full((2,), 2.0))


def test_a_call_within_a_call_is_part_of_it(scale):
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = scale

        def update(self, x):
            self.inner(x)
            return self.inner(x)

    Outer()(number(3)).backward()
    assert scale.factor.parameters()[0].grad == 4 * 2 * 3


def test_a_module_within_a_torch_module_within_ours_is_part_of_the_call(scale):
    outer = nn.Sequential(nn.Identity(), torch.nn.Sequential(scale, scale))
    outer(number(3)).backward()  # w * (w x + w * (w * w x)) with total added twice
    w = number(2).requires_grad_()
    first = w * 3
    (w * (first + w * (w * first))).backward()
    assert scale.factor.parameters()[0].grad == w.grad


def test_a_partial_and_a_bound_method_of_a_call_carry_the_graph(scale):
    for call in (functools.partial(scale, number(3)), functools.partial(scale.__call__, number(3))):
        assert call().requires_grad


def test_threads_have_calls_of_their_own(scale):
    entered, leave, grads = threading.Event(), threading.Event(), []

    class Waiting(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = scale

        def update(self, x):
            entered.set()
            leave.wait(10)
            return self.inner(x)

    thread = threading.Thread(target=lambda: grads.append(Waiting()(number(3)).requires_grad))
    thread.start()
    entered.wait(10)
    assert not CONTEXT.frames
    leave.set()
    thread.join()
    assert grads == [True]


def test_data_parallel_trains():
    model = torch.nn.DataParallel(Net())
    model(torch.ones(2, 8)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_hooks_run_within_the_call(scale):
    seen = []
    scale.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
    scale.register_forward_hook(lambda module, args, out: seen.append(out.requires_grad) or out + module.factor.value)
    scale.register_full_backward_hook(lambda module, grad_in, grad_out: seen.append(grad_out[0]))
    scale(number(3).requires_grad_()).backward()
    assert seen[0] is True and seen[1] == 1
    assert scale.factor.parameters()[0].grad == 2 * 2 * 6 + 1


def test_quantities_carry_the_graph():
    class Leak(nn.Module):
        def __init__(self):
            super().__init__()
            self.g = ParamState(torch.tensor(2.0) * u.mS)

        def update(self, v):
            return self.g.value * v

    leak = Leak()
    leak(3.0 * u.mV).to_decimal(u.uA).backward()
    assert leak.g.parameters()[0].grad == 3


def test_frozen_and_integer_parameters_stay_constant():
    lin = nn.Linear(3, 2)
    lin.requires_grad_(False)
    assert not lin(torch.ones(3)).requires_grad
    counted = nn.Module()
    counted.n = ParamState(torch.tensor(3))
    counted.update = lambda: counted.n.value * 2
    assert counted() == 6


def test_a_loop_inside_the_call_is_differentiated():
    cell = nn.GRUCell(3, 4)
    cell.init_state(2)

    class Unrolled(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = cell

        def update(self, xs):
            return T.for_loop(self.cell, xs)

    xs = torch.randn(5, 2, 3)
    Unrolled()(xs).sum().backward()
    got = {k: p.grad for k, p in cell.named_parameters()}
    cell.reset_state(2)
    wanted = T.grad(lambda: T.for_loop(cell, xs).sum(), cell.states(ParamState))()
    wanted = {f"{'.'.join(path)}.{k}": x for path, value in wanted.items() for k, x in value.items()}
    torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize("length", [40])
def test_a_checkpointed_loop_inside_the_call_is_differentiated_after_it(length):
    class Powers(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = ParamState(torch.tensor(1.01, dtype=F64))
            self.h = ShortTermState(torch.tensor(1.0, dtype=F64))

        def update(self):
            def step(_):
                self.h.value = self.h.value * self.w.value

            T.checkpointed_for_loop(step, torch.arange(length), base=4)
            return self.h.value

    powers = Powers()
    powers().backward()
    torch.testing.assert_close(powers.w.parameters()[0].grad, number(length * 1.01 ** (length - 1)))


def test_jit_inside_the_call_is_differentiated(scale):
    class Compiled(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = scale
            self.step = T.jit(lambda x: self.inner(x), backend="replay")

        def update(self, x):
            return self.step(x)

    Compiled()(number(3)).backward()
    assert scale.factor.parameters()[0].grad == 12


def test_batch_norm_in_training_keeps_its_running_statistics():
    norm, theirs = nn.BatchNorm0d(3), torch.nn.BatchNorm1d(3)
    x = torch.randn(16, 3)
    with brainstate.environ.context(fit=True):
        ours = torch.nn.Sequential(torch.nn.Linear(3, 3), norm)
        torch.nn.Sequential(ours[0], theirs)(x).pow(3).sum().backward()
        wanted = ours[0].weight.grad.clone()
        ours[0].weight.grad = None
        ours(x).pow(3).sum().backward()
    torch.testing.assert_close(ours[0].weight.grad, wanted, rtol=1e-4, atol=1e-4)
    assert not torch.equal(norm.running_mean.value, torch.zeros(3))
    assert all(not s.value.requires_grad for s in norm.states(LongTermState).values() if torch.is_tensor(s.value))


def test_an_outer_trace_sees_reads_and_writes(scale):
    with StateTraceStack() as trace:
        scale(number(3))
    assert trace.get_read_states() == (scale.factor,) and trace.get_write_states() == (scale.total,)


def test_a_list_that_is_edited_in_a_call_that_raises_stays(scale):
    log = State([1.0])
    module = nn.Module()

    def update():
        log.value.append(2.0)
        raise KeyError

    module.update = update
    with pytest.raises(KeyError):
        module()
    assert log.value == [1.0]


def test_the_cost_of_the_parameters_can_be_part_of_the_loss():
    class Costly(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Param(torch.tensor([1.0, 2.0]), reg=nn.L2Reg(0.5))

        def update(self, x):
            return (self.w.value() * x).sum()

    costly = Costly()
    (costly(1.0) + costly.reg_loss()).backward()
    slope = T.grad(lambda: costly(1.0) + costly.reg_loss(), costly.states(ParamState))()
    torch.testing.assert_close(costly.w.val.parameters()[0].grad, slope["w", "val"])
    assert not torch.equal(slope["w", "val"], torch.ones(2))
    assert costly.w.reg_loss().requires_grad


def test_a_second_look_up_of_a_bounded_table_in_the_same_call_has_a_gradient():
    words = nn.Embedding(4, 2, max_norm=0.5, embedding_init=torch.ones(4, 2))
    module = nn.Module()
    module.words = words
    module.update = lambda: words(torch.tensor([0])).sum() + words(torch.tensor([1, 1])).sum()
    module().backward()
    (p,) = words.weight.parameters()
    assert torch.equal(p.grad, torch.tensor([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0], [0.0, 0.0]]))
    torch.testing.assert_close(words.weight.value.norm(dim=-1), torch.tensor([0.5, 0.5, 2**0.5, 2**0.5]))
