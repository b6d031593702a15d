"""What a user of PyTorch's utilities does with a module of this package."""

import copy
import operator
import warnings

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import LongTermState, ParamState
from brainstate_torch import transform as T

nn = brainstate.nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 2)

    def update(self, x):
        return self.b(torch.relu(self.a(x)))


X = torch.linspace(-1, 1, 12).reshape(3, 4)


def test_parameters_and_buffers_are_found_by_name():
    net = Net()
    net.count = LongTermState(torch.zeros(2))
    named = dict(net.named_parameters())
    assert all(net.get_parameter(name) is parameter for name, parameter in named.items())
    assert net.get_buffer("count") is net.count.parameters()[0]
    assert net.a.weight.weight is named["a.weight.weight"]
    with pytest.raises(AttributeError, match="`target` must be the name of a parameter in Net. Got 'a.weight'"):
        net.get_parameter("a.weight")
    with pytest.raises(AttributeError, match="`target` must be the name of a buffer in Net. Got 'b'"):
        net.get_buffer("b")
    with pytest.raises(AttributeError, match="'ParamState' object has no attribute 'other'"):
        _ = net.a.weight.other


def test_a_leaf_with_a_unit_is_found_by_name():
    module = nn.Module()
    module.w = ParamState({"g": torch.ones(2) * u.mS, "n": 3})
    assert module.w.g is module.get_parameter("w.g")
    assert copy.deepcopy(module).w.g is not module.w.g


def test_distributed_checkpoints_take_units_along():
    from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict

    model = nn.Linear(2, 2, w_init=nn.init.Constant(3.0 * u.nA), b_init=None)
    optimizer = torch.optim.Adam(model.parameters())
    found, moments = get_state_dict(model, optimizer)
    assert "_units" in found and set(found) == set(model.state_dict())
    other = nn.Linear(2, 2, w_init=nn.init.Constant(1.0 * u.pA), b_init=None)
    set_state_dict(other, torch.optim.Adam(other.parameters()), model_state_dict=found, optim_state_dict=moments)
    assert other.weight.value["weight"][0, 0] == 3 * u.nA and other.weight.value["weight"].unit == u.pA
    with pytest.raises(AttributeError, match="_units"):
        _ = nn.Linear(2, 2)._units


def test_distributed_checkpoints_take_the_state_of_a_model():
    from torch.distributed.checkpoint.state_dict import get_model_state_dict, set_model_state_dict

    net, other = Net(), Net()
    saved = get_model_state_dict(net)
    assert list(saved) == list(net.state_dict())
    set_model_state_dict(other, saved)
    assert torch.equal(other(X), net(X))


def test_a_buffer_that_is_assigned_a_tensor_stays_a_buffer():
    module = nn.Module()
    module.register_buffer("n", torch.zeros(()))
    module.register_buffer("m", torch.zeros(()), persistent=False)
    module.n, module.m = module.n + 1, module.m + 2
    assert dict(module.named_buffers()).keys() == {"n", "m"}
    assert module.state_dict() == {"n": torch.tensor(1.0)} and module.m == 2
    module.n = None
    assert dict(module.named_buffers()).keys() == {"m"}


@pytest.mark.parametrize("name", ["modules", "state_dict", "parameters", "train", "forward"])
def test_an_attribute_that_hides_a_method_is_refused(name):
    with pytest.raises(AttributeError, match=f"`{name}` of Module must stay a method, which torch calls. Got list"):
        setattr(nn.Module(), name, [1])
    module = nn.Module()
    setattr(module, name, lambda: 3)
    assert getattr(module, name)() == 3


def test_a_module_that_a_utility_exchanges_takes_the_place():
    net = nn.Sequential(nn.Identity(), torch.nn.Linear(4, 2))
    net._modules["layers.1"] = torch.nn.Linear(4, 3)
    assert net(X).shape == (3, 3) and net[1].out_features == 3
    net._modules["head"] = torch.nn.ReLU()
    assert isinstance(net.head, torch.nn.ReLU)
    del net._modules["head"]
    assert not hasattr(net, "head")
    with pytest.raises(KeyError, match="head"):
        del net._modules["head"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_torch_layers_inside_are_quantized():
    net = nn.Sequential(nn.Identity(), torch.nn.Linear(4, 2))
    quantized = torch.ao.quantization.quantize_dynamic(net, {torch.nn.Linear})
    assert type(quantized[1]) is not torch.nn.Linear and type(net[1]) is torch.nn.Linear
    torch.testing.assert_close(quantized(X), net(X), atol=0.05, rtol=0.05)


def test_memory_is_shared_in_place():
    net = Net()
    net.seen = LongTermState(torch.zeros(2))
    before = list(net.parameters())
    assert net.share_memory() is net
    assert all(x.is_shared() for x in (*net.parameters(), *net.buffers()))
    assert all(p.is_shared() for p in net.a.weight.parameters())
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: nn.Linear(4, 2),
        lambda: nn.ScaledWSLinear(4, 2),
        lambda: nn.AllToAll(4, 2, w_init=torch.ones(4, 2), b_init=torch.ones(2)),
    ],
)
def test_autocast_gives_the_dtype_of_the_product(layer):
    made = layer()
    with torch.autocast(torch.get_default_device().type, torch.bfloat16):
        assert made(X).dtype == torch.nn.Linear(4, 2)(X).dtype == torch.bfloat16
        made(X).float().sum().backward()
    assert made(X).dtype == torch.float32
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in made.parameters())


def test_a_model_is_made_on_the_meta_device_and_filled_later():
    net = Net()
    key = brainstate.random.get_key()
    with torch.device("meta"):
        other = Net()
    assert torch.equal(brainstate.random.get_key(), key)
    assert all(p.is_meta for p in other.parameters())
    other.to_empty(device="cpu").load_state_dict(net.state_dict())
    assert torch.equal(other(X), net(X))
    assert net.to("meta")(X.to("meta")).is_meta


def test_the_whole_graph_of_a_model_is_compiled_and_trained():
    net = Net()
    compiled = torch.compile(net, fullgraph=True, backend="aot_eager")
    for _ in range(2):
        wanted = net(X)
        out = compiled(X)
        torch.testing.assert_close(out, wanted)
        out.sum().backward()
        assert all(p.grad is not None for p in net.parameters())
        with torch.no_grad():
            for p in net.parameters():
                p.sub_(p.grad)


@pytest.mark.filterwarnings("ignore:While compiling, we found certain side effects")
def test_a_model_is_exported():
    net = Net()
    program = torch.export.export(net, (X,), strict=True)
    torch.testing.assert_close(program.module()(X), net(X))
    assert list(program.state_dict) == list(net.state_dict())


def test_a_torch_module_may_come_first_in_a_sequential():
    net = nn.Sequential(torch.nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    net(X).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert len(T.grad(lambda: net(X).sum(), net.states(ParamState))()) == 3


def test_schedulers_groups_and_clipping_of_torch_work():
    net = Net()
    optimizer = torch.optim.AdamW([{"params": net.a.parameters(), "lr": 1e-2}, {"params": net.b.parameters()}], lr=1e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=5)
    scaler = torch.amp.GradScaler("cpu", enabled=True)
    first = None
    for _ in range(4):
        optimizer.zero_grad(set_to_none=True)
        loss = net(X).square().mean()
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        first = loss.item() if first is None else first
    assert net(X).square().mean() < first


def test_gradients_accumulate_and_averaged_models_follow():
    net = Net()
    average = torch.optim.swa_utils.AveragedModel(net)
    net(X).sum().backward()
    once = [p.grad.clone() for p in net.parameters()]
    net(X).sum().backward()
    torch.testing.assert_close([p.grad for p in net.parameters()], [2 * g for g in once])
    average.update_parameters(net)
    torch.testing.assert_close(average(X), net(X))


def test_recomputation_of_torch_works_around_a_module():
    net, plain = Net(), Net()
    plain.load_state_dict(net.state_dict())
    torch.utils.checkpoint.checkpoint(net, X, use_reentrant=False).sum().backward()
    plain(X).sum().backward()
    torch.testing.assert_close([p.grad for p in net.parameters()], [p.grad for p in plain.parameters()])


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: nn.Linear(4, 2), (3, 4)),
        (lambda: nn.AllToAll(4, 2, w_init=torch.ones(4, 2)), (3, 4)),
        (lambda: nn.Conv1d((5, 4), 2, 3), (3, 5, 4)),
    ],
)
def test_boolean_spikes_are_numbers(layer, shape):
    made = layer()
    spikes = torch.rand(shape, generator=torch.Generator().manual_seed(0)) > 0.5
    torch.testing.assert_close(made(spikes), made(spikes.float()))


def test_numpy_may_stand_on_the_left_of_a_value():
    s, array = brainstate.State(torch.tensor([[1.0, 2.0], [3.0, 4.0]])), np.array([[2.0, 0.0], [0.0, 2.0]])
    plain = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    for op in (operator.add, operator.sub, operator.mul, operator.pow, operator.matmul):
        found = op(array, s.value)
        assert type(found) is torch.Tensor
        torch.testing.assert_close(found, op(plain, s.value))
    torch.testing.assert_close(array / s.value, plain / s.value)
    torch.testing.assert_close(np.float64(2.0) * s.value, 2 * s.value)


def test_numpy_gradients_are_clipped():
    clipped = nn.clip_grad_norm({"a": np.array([3.0]), "b": torch.tensor([4.0])}, 1.0)
    torch.testing.assert_close(clipped, {"a": torch.tensor([0.6]), "b": torch.tensor([0.8])}, atol=1e-5, rtol=0)


def test_a_parameter_as_attribute_is_told_of_once():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.p = torch.nn.Parameter(torch.ones(2))

        def update(self):
            return self.p.sum()

    with pytest.warns(UserWarning, match=r"`p` of Own is a torch Parameter.*`self.p = ParamState\(tensor\)`") as told:
        own = Own()
    assert len(told) == 1 and told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Own().p = torch.nn.Parameter(torch.zeros(2))
        other = nn.Module()
        other.register_parameter("p", torch.nn.Parameter(torch.ones(2)))
    own().backward()
    assert list(own.state_dict()) == ["p"] and own.p.grad.tolist() == [1.0, 1.0]


def test_a_state_in_a_plain_torch_module_is_refused_with_the_cure():
    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = ParamState(torch.ones(2))

    text = (
        "a State must not be an attribute of a plain torch.nn.Module, .* Got ParamState `w` of Plain. Derive Plain from"
    )
    with pytest.raises(TypeError, match=text):
        brainstate.graph.states(Plain())
    with pytest.raises(TypeError, match=text):
        nn.Sequential(nn.Identity(), Plain()).states()


@pytest.mark.filterwarnings("error")
def test_numpy_takes_values_without_a_warning_and_without_widening_them():
    s = brainstate.State(torch.tensor([1.0, 2.0]))
    s.value += np.ones(2)
    assert s.value.dtype == torch.float32 and s.value.tolist() == [2.0, 3.0]
    close = torch.testing.assert_close
    close(np.exp(s.value), torch.exp(s.value))
    assert np.array(s.value).dtype == np.float32 and np.asarray(s.value, dtype=np.float64).dtype == np.float64
    array = np.array(s.value, copy=True)
    array[0] = 9.0
    assert s.value[0] == 2.0


def test_at_of_jax_is_told_of():
    with pytest.raises(AttributeError, match=r"has no attribute `at`. Change a copy: `v = state.value.clone\(\)`"):
        brainstate.State(torch.ones(2)).value.at[0].set(3.0)
    assert not hasattr(brainstate.State(torch.ones(2)).value, "at")


@pytest.mark.slow
def test_arrays_of_jax_are_operands_of_quantities_and_named_at_the_door_of_transforms():
    jnp = pytest.importorskip("jax.numpy")
    q = torch.tensor([1.0, 2.0]) * u.mV
    assert (q * jnp.array([2.0, 3.0]) == torch.tensor([2.0, 6.0]) * u.mV).all()
    assert (jnp.array([2.0, 3.0]) * q == torch.tensor([2.0, 6.0]) * u.mV).all()
    with pytest.raises(u.UnitMismatchError, match="Got mV and a plain number"):
        q + jnp.ones(2)
    for transformed in (T.jit(lambda x: x, backend="replay"), T.grad(lambda x: x.sum())):
        with pytest.raises(TypeError, match=r"Got an ArrayImpl.* Convert it: `torch.from_dlpack\(x\)`"):
            transformed(jnp.ones(2))


@pytest.mark.slow
def test_each_class_of_models_has_its_own_share_of_the_programs_of_torch_compile():
    def made(width):
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(4, width)

            def update(self, x):
                return width * self.layer(x)

        return Model()

    torch.compiler.reset()
    for width in range(1, 11):
        model = made(width)
        torch.testing.assert_close(torch.compile(model, fullgraph=True, backend="eager")(X), model(X))


def test_a_call_that_a_base_class_defines_is_inherited():
    class Base(nn.Module):
        def __call__(self, x):
            return "own"

    class Derived(Base):
        def update(self, x):
            return x

    assert Derived()(1) == "own"
