import copy
import io
import pickle
import re

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import HiddenState, LongTermState, ParamState, State, _tree
from brainstate_torch.nn import Linear, Module, ReLU, init_all_states


class Cell(Module):
    def __init__(self, value=1.0):
        super().__init__()
        self.w = ParamState({"a": torch.full((2,), value), "b": [torch.tensor(value)]})
        self.mean = LongTermState(torch.zeros(2))
        self.h = HiddenState(torch.zeros(2))

    def update(self, x):
        self.h.value = self.h.value + x * self.w.value["a"] + self.w.value["b"][0]
        return self.h.value


class Net(Module):
    def __init__(self):
        super().__init__(name="net")
        self.layers = [Cell(1.0), {"x": Cell(2.0)}, (Cell(3.0), "text")]
        self.plain = torch.nn.Linear(2, 1)
        self.scale = ParamState(torch.tensor(2.0))
        self.register_parameter("counts", torch.nn.Parameter(torch.ones(1)))


CELLS = [("layers", 0), ("layers", 1, "x"), ("layers", 2, 0)]
STATES = [(*path, name) for path in CELLS for name in ("h", "mean", "w")]
WEIGHTS = [".".join(map(str, path)) + leaf for path in CELLS for leaf in (".w.a", ".w.b.0")]
PLAIN = [("plain", "bias"), ("plain", "weight")]
OWN = ["counts", "scale"]
FOREIGN = ["plain.weight", "plain.bias"]


def test_states_are_found_by_path_in_containers():
    assert list(Net().states()) == [*STATES, *PLAIN, ("scale",)]
    assert list(Net().states(ParamState, allowed_hierarchy=(0, 0))) == [("scale",)]


def test_nodes_are_the_modules_of_the_package():
    assert [path for path, _ in Net().nodes().items()] == [*CELLS, ()]


def test_named_parameters_are_the_paths_with_dots():
    names = [name for name, _ in Net().named_parameters()]
    assert sorted(names) == sorted([*OWN, *WEIGHTS, *FOREIGN])
    assert [name for name, _ in Net().named_parameters(recurse=False)] == OWN
    assert [name for name, _ in Net().named_parameters(prefix="m", recurse=False)] == ["m.counts", "m.scale"]


def test_buffers_are_the_long_term_states():
    assert [name for name, _ in Net().named_buffers()] == [".".join(map(str, path)) + ".mean" for path in CELLS]


def test_modules_and_children_are_torchs():
    net = Net()
    assert next(net.modules()) is net
    assert [name for name, _ in net.named_modules()] == ["", "layers.0", "layers.1.x", "layers.2.0", "plain"]
    assert [name for name, _ in net.named_children()] == ["layers.0", "layers.1.x", "layers.2.0", "plain"]
    assert net not in list(net.modules(include_self=False))
    assert net.get_submodule("layers.1.x") is net.layers[1]["x"]
    assert net.get_submodule("") is net
    with pytest.raises(AttributeError, match=r"`target` must be the name of a module in Net"):
        net.get_submodule("layers.7")


def test_an_outer_torch_module_sees_the_same():
    net = Net()
    outer = torch.nn.Sequential(net)
    assert dict(outer.named_parameters()).keys() == {f"0.{name}" for name, _ in net.named_parameters()}
    assert list(outer.state_dict()) == [f"0.{key}" for key in net.state_dict()]
    other = torch.nn.Sequential(Net())
    other[0].scale.value = torch.tensor(7.0)
    outer.load_state_dict(other.state_dict())
    assert net.scale.value == 7.0


def test_parameters_keep_their_identity_through_write_move_and_load():
    net = Net()
    before = dict(net.named_parameters())
    net.scale.value = torch.tensor(5.0)
    net.to(torch.float64).load_state_dict(Net().state_dict())
    assert all(parameter is before[name] for name, parameter in net.named_parameters())
    assert net.scale.value == 2.0 and net.scale.value.dtype == torch.float64


def test_an_optimizer_moves_the_values_that_update_reads():
    cell = Cell()
    optimizer = torch.optim.SGD(cell.parameters(), lr=0.5)
    with brainstate.taped():
        cell(torch.tensor([1.0, 2.0])).sum().backward()
    optimizer.step()
    assert cell.w.value["a"].tolist() == [0.5, 0.0] and cell.w.value["b"][0] == 0.0
    optimizer.zero_grad()
    assert all(parameter.grad is None for parameter in cell.parameters())


@pytest.mark.parametrize("move", [lambda m: m.to(torch.float64), lambda m: m.double(), lambda m: m.half().double()])
def test_a_move_reaches_every_state_and_the_gradients(move):
    net = Net()
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    net.n = ParamState(torch.tensor(3, dtype=torch.int32))
    moved = move(net)
    assert moved is net
    values = [leaf for state in net.states().values() for leaf in _tree.leaves(state.value)]
    assert {v.dtype for v in values} == {torch.float64, torch.int32}
    assert {p.grad.dtype for p in net.parameters() if p.grad is not None} == {torch.float64}
    assert not any(state._been_writen for state in net.states().values())


def test_a_move_leaves_short_term_states_without_parameters():
    cell = Cell().to(torch.float64)
    assert cell.h._parameters is None and cell.h.value.dtype == torch.float64


def test_train_and_eval_reach_every_module():
    net = Net()
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())
    with pytest.raises(TypeError, match=r"`mode` must be a bool. Got str"):
        net.train("yes")


def test_a_module_that_overrides_train_has_the_last_word_about_its_parts():
    class Frozen(Module):
        def __init__(self):
            super().__init__()
            self.inner = Cell()

        def train(self, mode=True):
            return super().train(False)

    net = Net()
    net.frozen = Frozen()
    net.train()
    assert net.training and not net.frozen.training and not net.frozen.inner.training


def test_apply_calls_children_before_parents():
    net, seen = Net(), []
    net.apply(seen.append)
    assert seen[-1] is net and set(map(id, seen)) == {id(module) for module in net.modules()}


def test_zero_grad_and_requires_grad_work_on_the_parameters():
    cell = Cell().requires_grad_(False)
    assert not any(parameter.requires_grad for parameter in cell.parameters())


def test_copies_share_nothing():
    net = Net()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert type(twin) is Net and list(twin.states()) == list(net.states())
        twin.layers[0].w.value = {"a": torch.zeros(2), "b": [torch.tensor(0.0)]}
        assert net.layers[0].w.value["a"].tolist() == [1.0, 1.0]
        assert not {id(p) for p in twin.parameters()} & {id(p) for p in net.parameters()}


def test_clone_and_split_keep_the_mode():
    net = Net().eval()
    for twin in (brainstate.graph.clone(net), brainstate.graph.treefy_merge(*brainstate.graph.treefy_split(net))):
        assert not twin.training and not twin.layers[0].training and twin.name == "net"
        assert list(twin.state_dict()) == list(net.state_dict())
    assert brainstate.graph.clone(Cell()).training


def test_a_node_is_cleared_with_its_mode():
    cell = Cell().eval()
    cell._graph_clear()
    assert cell.training and not cell._graph_items()


def test_call_runs_update_and_hooks():
    cell, seen = Cell(), []
    cell.register_forward_hook(lambda module, args, output: seen.append(output))
    output = cell(torch.ones(2))
    assert seen[0] is output and output.tolist() == [2.0, 2.0]
    assert (torch.ones(2) >> Cell()).tolist() == [2.0, 2.0]
    assert ((torch.ones(2) * u.mV) >> ReLU()).to_decimal(u.mV).tolist() == [1.0, 1.0]


def test_a_module_without_update_says_so():
    with pytest.raises(NotImplementedError, match=r"Module must define `update`"):
        Module()(1.0)


def test_a_module_without_init_says_so():
    class Forgetful(Module):
        def __init__(self):
            self.w = ParamState(torch.ones(1))

        def update(self):
            return 1

    for use in (lambda m: m(), lambda m: m.in_size, lambda m: m.name, lambda m: m.training):
        with pytest.raises(AttributeError, match=r"`Forgetful.__init__` must call `super\(\).__init__\(\)`"):
            use(Forgetful())
    with pytest.raises(AttributeError, match="'Cell' object has no attribute 'nothing'"):
        Cell().nothing  # noqa: B018


def test_a_missing_state_names_what_makes_it():
    class Neuron(Module):
        def init_state(self):
            self.v = State(torch.zeros(2))

        def update(self):
            return self.v.value

    neuron = Neuron()
    with pytest.raises(AttributeError, match=r"'Neuron' object has no attribute 'v'. If .* call `.*init_all_states"):
        neuron()
    init_all_states(neuron)
    assert torch.equal(neuron(), torch.zeros(2))


@pytest.mark.parametrize("size, expected", [(3, (3,)), ([2, 3], (2, 3)), (torch.Size([4]), (4,))])
def test_sizes_are_tuples(size, expected):
    module = Module()
    assert module.in_size is None and module.out_size is None
    module.in_size = module.out_size = size
    assert module.in_size == module.out_size == expected


@pytest.mark.parametrize("name", ["in_size", "out_size"])
def test_a_size_of_another_kind_is_refused(name):
    with pytest.raises(TypeError, match=f"`{name}` must be an integer or a tuple of integers. Got str"):
        setattr(Module(), name, "3")


@pytest.mark.parametrize("name", ["in_size", "out_size"])
@pytest.mark.parametrize("size", [-1, [3, -2], np.int64(-4)])
def test_a_negative_size_is_refused(name, size):
    module = Module()
    with pytest.raises(ValueError, match=f"`{name}` must not be negative. Got {re.escape(str(size))}"):
        setattr(module, name, size)
    assert getattr(module, name) is None


def test_the_name_is_a_text_that_stays():
    assert Module("a").name == "a"
    with pytest.raises(TypeError, match=r"`name` must be a str. Got int"):
        Module(3)
    with pytest.raises(AttributeError):
        Module().name = "b"


def test_init_all_states_returns_what_was_made():
    class Late(Module):
        def init_state(self, batch_size):
            self.h = HiddenState(torch.zeros(batch_size))

    module = Module()
    module.parts = [Late(), Late()]
    caught = module.init_all_states(3, state_tag="new")
    assert [state.value.shape for state in caught] == [(3,), (3,)]
    assert list(module.states("new")) == [("parts", 0, "h"), ("parts", 1, "h")]


def test_shared_states_have_one_parameter():
    module = Module()
    module.a, module.b = Linear(2, 2), Linear(2, 2)
    module.b.weight = module.a.weight
    assert [name for name, _ in module.named_parameters()] == ["a.weight.weight", "a.weight.bias"]
    assert len(module.state_dict()) == 4


def test_states_below_plain_nodes_belong_to_the_module():
    class Note(brainstate.graph.Node):
        def __init__(self, back):
            self.back, self.w = back, ParamState(torch.ones(1))

    module = Module()
    module.note = Note(module)
    assert list(module.states()) == [("note", "w")]
    assert list(module.state_dict()) == ["note.w"]


def test_a_random_state_is_a_state_but_not_a_weight():
    module = Module()
    module.rng = brainstate.random.RandomState(0)
    assert list(module.states()) == [("rng",)] and not module.state_dict() and not list(module.buffers())


def test_cycles_are_walked_once_and_refused_where_torch_recurses():
    a, b = Cell(), Cell()
    a.peer, b.peer = b, a
    assert len(list(a.parameters())) == 4 and len(list(a.modules())) == 2
    assert not a.eval().peer.training and a.to(torch.float64).peer.h.value.dtype == torch.float64
    for call in (a.state_dict, lambda: a.load_state_dict({})):
        with pytest.raises(ValueError, match=r"must not contain itself.*graph_invisible_attrs"):
            call()

    class Child(Cell):
        graph_invisible_attrs = ("peer",)

    a.peer = Child()
    a.peer.peer = a
    assert a.load_state_dict(a.state_dict()).missing_keys == []


def test_plain_parameters_and_buffers_are_torchs():
    module = Module()
    module.register_parameter("p", torch.nn.Parameter(torch.ones(1)))
    module.register_buffer("b", torch.zeros(1))
    module.register_buffer("t", torch.zeros(1), persistent=False)
    module.register_buffer("none", None)
    module.add_module("m", torch.nn.Linear(1, 1, bias=False))
    assert list(module.states()) == [("m", "weight")]
    assert [name for name, _ in module.named_parameters()] == ["p", "m.weight"]
    assert [name for name, _ in module.named_buffers()] == ["b", "t"]
    assert list(module.state_dict()) == ["b", "p", "m.weight"]
    p = module.p
    module.to(torch.float64).load_state_dict(
        {"b": torch.ones(1), "p": torch.tensor([3.0]), "m.weight": torch.ones(1, 1)}
    )
    assert module.p is p and p.item() == 3.0 and module.b.dtype == torch.float64


def test_the_views_are_read_only():
    with pytest.raises(TypeError):
        Cell()._parameters["w"] = None


def test_repr_shows_names_without_underscore():
    assert repr(Net()).startswith("Net(\n  name=net")


def test_state_trees_are_nested():
    tree = Net().state_trees(ParamState)
    assert set(tree) == {"layers", "plain", "scale"} and tree["scale"].value == 2.0


def test_a_module_can_be_saved_whole():
    buffer = io.BytesIO()
    torch.save(Cell(4.0), buffer)
    buffer.seek(0)
    assert torch.load(buffer, weights_only=False).w.value["b"][0] == 4.0


def test_gradients_of_the_states_and_of_backward_agree():
    cell = Cell()
    x = torch.tensor([1.0, 2.0])
    grads = brainstate.transform.grad(lambda: (cell(x) ** 2).sum(), cell.states(ParamState))()
    cell = Cell()
    with brainstate.taped():
        (cell(x) ** 2).sum().backward()
    found = dict(cell.named_parameters())
    assert torch.equal(grads[("w",)]["a"], found["w.a"].grad)
    assert torch.equal(grads[("w",)]["b"][0], found["w.b.0"].grad)


def test_ddp_takes_a_module(tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/init", rank=0, world_size=1)
    try:
        cell = Cell()
        ddp = torch.nn.parallel.DistributedDataParallel(cell)
        with brainstate.taped():
            ddp(torch.ones(2)).sum().backward()
        assert [parameter.grad.tolist() for parameter in cell.parameters()] == [[1.0, 1.0], 2.0]
    finally:
        torch.distributed.destroy_process_group()
