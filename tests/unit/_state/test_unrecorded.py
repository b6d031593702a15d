"""Tests of values of ParamStates that are read where nothing records them."""

import copy
import io
import pickle
import weakref

import numpy as np
import pytest
import torch
from torch.nn.functional import l1_loss

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import BrainStateError, HiddenState, LongTermState, ParamState, nn
from brainstate_torch import transform as T

X = torch.tensor([1.0, 2.0])


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = ParamState(X.clone(), name="w")
        self.d = ParamState({"in": X.clone()})
        self.q = ParamState(X * u.mV)

    def update(self, x):
        return x * self.w.value


@pytest.fixture
def net():
    return Scale()


def into(zeros, value):
    zeros[0] = value
    return zeros


def added_in_place(value, out):
    copy_ = value.clone()
    copy_ += out
    return copy_.sum()


LOSSES = {
    "added": lambda net, out: out.sum() + (net.w.value**2).sum(),
    "on the left": lambda net, out: (net.w.value**2).sum() + out.sum(),
    "of a leaf of a dict": lambda net, out: out.sum() + net.d.value["in"].abs().sum(),
    "with units": lambda net, out: (out * net.q.value).sum() / u.mV,
    "by a function": lambda net, out: l1_loss(out, net.w.value),
    "in a list": lambda net, out: torch.stack([out.sum(), net.w.value.sum()]).sum(),
    "of an item": lambda net, out: out.sum() * net.w.value[0],
    "of a view": lambda net, out: out @ net.w.value.view(2, 1).T[0],
    "of one of several results": lambda net, out: out.sum() * net.w.value.max(0).values,
    "written into another": lambda net, out: (into(torch.zeros(2), net.w.value.sum()) * out).sum(),
    "written to": lambda net, out: added_in_place(net.w.value, out),
    "written to an item": lambda net, out: into(net.w.value.clone(), out.sum()).sum(),
    "alone": lambda net, out: (net.w.value * X).sum(),
    "by keyword": lambda net, out: torch.sub(input=out, other=net.w.value).sum(),
}


@pytest.mark.parametrize("case", LOSSES)
def test_a_backward_pass_through_it_is_refused(net, case):
    loss = LOSSES[case](net, net(X))
    with pytest.raises(BrainStateError, match=r"a gradient of .* a constant. .*state.value.detach") as error:
        loss.backward()
    assert "made at" in error.value.__notes__[0]


def test_gradients_that_are_asked_for_by_name_are_refused_too(net):
    with pytest.raises(BrainStateError, match="a gradient of `w`"):
        torch.autograd.grad((net.w.value**2).sum(), net.w.parameters())
    with pytest.raises(BrainStateError, match="a gradient of `w`"):
        torch.autograd.grad(net(X).sum(), net.w.value)


def test_what_needs_no_gradient_of_it_is_computed(net):
    x = X.clone().requires_grad_()
    (slope,) = torch.autograd.grad((net(x) * net.w.value).sum(), x)
    assert torch.equal(slope, X**2)
    (net(X) * net.w.value.detach()).sum().backward()
    assert torch.equal(net.w.parameters()[0].grad, X**2)
    with torch.no_grad():
        factor = net.w.value * 2
    (net(X) * factor).sum().backward()
    assert torch.equal(net.w.parameters()[0].grad, 3 * X**2)
    assert torch.equal((net(X) > net.w.value).sum(), torch.tensor(1))


@pytest.mark.parametrize("kind", [HiddenState, LongTermState])
def test_other_states_are_constants(net, kind):
    (net(X) * kind(X).value).sum().backward()
    assert torch.equal(net.w.parameters()[0].grad, X**2)


def test_the_ways_that_the_error_names_give_the_gradient(net):
    with bst.taped():
        (net.w.value**2).sum().backward()
    (net.w.parameters()[0] ** 2).sum().backward()
    (net.get_parameter("w") ** 2).sum().backward()
    assert torch.equal(net.w.parameters()[0].grad, 6 * X)
    assert torch.equal(T.grad(lambda: (net.w.value**2).sum(), net.w)(), 2 * X)


def test_in_transforms_it_is_a_constant_as_any_other(net):
    factor = net.w.value * 2
    assert torch.equal(T.grad(lambda: (net.w.value * factor).sum(), net.w)(), 2 * X)
    assert torch.equal(T.grad(lambda x: (x * x).sum())(factor), 4 * X)
    assert torch.equal(T.vmap(lambda x: x * factor[0])(factor), 4 * X)
    assert torch.equal(T.for_loop(lambda x: x * factor[0], factor), 4 * X)
    assert torch.equal(torch.func.grad(lambda x: (x * factor).sum())(factor), 2 * X)
    assert torch.equal(T.jit(lambda x: x * factor, backend="replay")(factor), 4 * X**2)
    compiled = torch.compile(lambda x: x * factor * net.w.value, backend="eager", fullgraph=True)
    assert torch.equal(compiled(factor), 4 * X**3)


def test_it_has_no_graph_and_is_a_tensor_in_all_else(net):
    double = net.w.value * 2
    assert not double.requires_grad and double.grad_fn is None and isinstance(double, torch.Tensor)
    assert repr(double) == repr(2 * X) and f"{double[0]:.2f}" == "2.00" and double.tolist() == [2.0, 4.0]
    assert isinstance(double.numpy(), np.ndarray) and np.asarray(double).sum() == 6
    file = io.BytesIO()
    torch.save({"double": double}, file)
    file.seek(0)
    for other in (
        copy.deepcopy(double),
        pickle.loads(pickle.dumps(double)),
        torch.load(file, weights_only=True)["double"],
        torch.nn.Parameter(double),
        torch.nn.Parameter(net.w.value * 2),
        double.detach(),
        double.clone(),
    ):
        assert torch.equal(other, 2 * X)
    double[0] = 7.0
    double += 1
    assert double.tolist() == [8.0, 5.0] and net.w.value.tolist() == [1.0, 2.0]


def test_a_leaf_that_is_made_of_it_has_a_gradient(net):
    leaf = (net.w.value * 2).requires_grad_()
    (leaf**2).sum().backward()
    assert torch.equal(leaf.grad, 4 * X)
    parameter = torch.nn.Parameter(net.w.value)
    (parameter**2).sum().backward()
    assert torch.equal(parameter.grad, 2 * X)


def test_a_state_takes_it_as_any_tensor(net):
    net.w.value = net.w.value * 2
    net.d.value = {"in": net.w.value + 1}
    net.q.value = net.q.value * 2
    assert torch.equal(net.w.value, 2 * X) and torch.equal(net.d.value["in"], 2 * X + 1)
    kept = ParamState(net.w.value)
    net.w.value += 1
    assert torch.equal(kept.value, 2 * X)
    net.d.value["in"] = net.w.value
    assert torch.equal(net.d.value["in"], 2 * X + 1)


def test_the_value_itself_is_not_written_in_place(net):
    for write in (lambda v: v.add_(1), lambda v: v.__setitem__(0, 1.0), lambda v: v.view(2, 1).zero_()):
        with pytest.raises(TypeError, match="must not be written in place"):
            write(net.w.value)
    value = net.w.value
    value += 1
    assert torch.equal(net.w.value, X)


def test_functions_of_numpy_take_it(net):
    for value in (net.w.value, net.w.value * 1, HiddenState(X).value):
        assert np.sum(value) == 3 and np.mean(value) == 1.5 and np.max(value, axis=0) == 2
        assert np.concatenate([value, value]).tolist() == [1.0, 2.0, 1.0, 2.0]


def test_what_is_edited_in_a_dict_that_was_handed_out_is_seen_in_the_call():
    layer = nn.Linear(2, 2)
    for _ in range(2):  # without Parameters, and with them
        layer.weight.value["bias"] = X
        assert torch.equal(layer(torch.zeros(2)), X)
        layer.weight.value["bias"] = 2 * X
        assert torch.equal(layer(torch.zeros(2)), 2 * X)
        list(layer.parameters())


def test_a_read_gives_the_same_object_until_the_value_changes(net):
    value = net.w.value
    assert net.w.value is value
    torch.testing.assert_close(value, value * 1)
    torch.testing.assert_close(HiddenState(X).value, value * 1)
    net.w.value = X
    assert net.w.value is not value
    net.w.value.requires_grad_()
    assert not net.w.value.requires_grad


def test_a_state_is_freed_at_once(net):
    for name in ("w", "d"):
        state = weakref.ref(getattr(net, name))
        kept = (getattr(net, name).value, getattr(net, name).value)
        delattr(net, name)
        assert state() is None
        leaf = kept[0] if name == "w" else kept[0]["in"]
        with pytest.raises(BrainStateError, match="a gradient of a State"):
            (leaf * X).sum().backward()
