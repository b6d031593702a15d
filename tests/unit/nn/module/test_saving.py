import io
import json

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import HiddenState, LongTermState, ParamState
from brainstate_torch.nn import Module, Sequential


class Neuron(Module):
    def __init__(self, v, steps=3, tau=10.0 * u.ms):
        super().__init__()
        self.v = ParamState(v)
        self.seen = LongTermState({"steps": steps, "tau": tau, "label": "a", "none": None})
        self.spike = HiddenState(torch.zeros(2))

    def update(self, x):
        return x


def make(unit=u.mV, value=1.0):
    model = Module()
    model.neurons = [Neuron(torch.full((2,), value) * unit)]
    return model


def test_state_dict_holds_numbers_and_the_text_of_units():
    state = make().state_dict()
    assert all(isinstance(value, torch.Tensor) for value in state.values())
    assert state["neurons.0.seen.steps"].equal(torch.tensor(3))
    assert state["neurons.0.seen.tau"].equal(torch.tensor(10.0, dtype=torch.float64))
    assert json.loads(bytes(state["neurons.0._units"].tolist())) == {"seen.tau": "ms", "v": "mV"}
    assert sum(value.numel() for value in state.values()) == 2 + 1 + 1 + len('{"v": "mV", "seen.tau": "ms"}')
    assert type(state["neurons.0.v"]) is torch.Tensor and not state["neurons.0.v"].requires_grad
    assert make().state_dict(keep_vars=True)["neurons.0.v"].requires_grad


def test_state_dict_shows_the_storage_of_the_model():
    model = make()
    model.state_dict()["neurons.0.v"].fill_(5.0)
    assert model.neurons[0].v.value.to_decimal(u.mV).tolist() == [5.0, 5.0]


def test_state_dict_goes_through_a_file_of_weights_only():
    buffer = io.BytesIO()
    torch.save(make(value=4.0).state_dict(), buffer)
    buffer.seek(0)
    model = make()
    model.load_state_dict(torch.load(buffer, weights_only=True))
    assert model.neurons[0].v.value.to_decimal(u.mV).tolist() == [4.0, 4.0]


def test_a_checkpoint_of_version_0_1_is_loaded():
    model = make(u.volt)
    model.load_state_dict(
        {
            "neurons.0.v": torch.full((2,), 5.0),
            "neurons.0.seen.steps": 7,
            "neurons.0.seen.tau": 20.0,
            "neurons.0._units": {"seen.tau": "ms", "v": "mV"},
        }
    )
    torch.testing.assert_close(model.neurons[0].v.value.mantissa, torch.full((2,), 0.005))
    assert model.neurons[0].seen.value["steps"] == 7 and model.neurons[0].seen.value["tau"] == 20.0 * u.ms


def test_numbers_come_back_exactly_and_with_their_type():
    class Numbers(Module):
        def __init__(self, *values):
            super().__init__()
            self.kept = LongTermState(list(values))

    saved = Numbers(0.1, 2**40 + 1, True, 1 + 2e-17j).state_dict()
    assert all(isinstance(value, torch.Tensor) for value in saved.values())
    model = Numbers(0.0, 0, False, 0j)
    model.load_state_dict(saved)
    assert model.kept.value == [0.1, 2**40 + 1, True, 1 + 2e-17j]
    assert [type(x) for x in model.kept.value] == [float, int, bool, complex]


def test_a_value_is_converted_to_the_unit_of_its_state():
    model = make(u.volt)
    model.load_state_dict(make(u.mV, 2000.0).state_dict())
    assert model.neurons[0].v.value.unit == u.volt
    assert model.neurons[0].v.value.mantissa.tolist() == [2.0, 2.0]


def test_a_quantity_in_the_dict_is_converted():
    model = make(u.mV)
    state = model.state_dict()
    state["neurons.0.v"] = torch.ones(2) * u.volt
    model.load_state_dict(state)
    assert model.neurons[0].v.value.mantissa.tolist() == [1000.0, 1000.0]


@pytest.mark.parametrize(
    "change, text",
    [
        (
            lambda s: s.update({"neurons.0._units": {"seen.tau": "ms", "v": "nA"}}),
            r"neurons.0.v.*dimension of mV. Got nA",
        ),
        (lambda s: s.update({"neurons.0._units": {"seen.tau": "ms"}}), r"neurons.0.v.*dimension of mV. Got 1"),
        (
            lambda s: s.update({"neurons.0.v": torch.zeros(3)}),
            r'"neurons.0.v": a value must have shape \(2,\). Got \(3,\)',
        ),
        (lambda s: s.update({"neurons.0.v": "text"}), r"neurons.0.v.*must be a (number|tensor)"),
        (lambda s: s.update({"neurons.0.seen.steps": [1]}), r"neurons.0.seen.steps.*must have shape \(\). Got \(1,\)"),
        (lambda s: s.pop("neurons.0.v"), r'Missing key\(s\) in state_dict: "neurons.0.v"'),
        (lambda s: s.pop("neurons.0._units"), r'Missing key\(s\) in state_dict: "neurons.0._units"'),
        (lambda s: s.update({"neurons.0.w": torch.zeros(1)}), r'Unexpected key\(s\) in state_dict: "neurons.0.w"'),
        (lambda s: s.update({"w": torch.zeros(1)}), r'Unexpected key\(s\) in state_dict: "w"'),
        (lambda s: s.update({"neurons.1.v": torch.zeros(1)}), r'Unexpected key\(s\) in state_dict: "neurons.1.v"'),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change, text):
    model, state = make(), make(value=9.0).state_dict()
    change(state)
    with pytest.raises(RuntimeError, match=text):
        model.load_state_dict(state)


def test_a_plain_state_refuses_a_value_with_unit():
    model = make(1)
    with pytest.raises(RuntimeError, match=r"neurons.0.v.*dimension of 1. Got mV"):
        model.load_state_dict(make(u.mV).state_dict())


def test_without_strict_what_fits_is_loaded():
    model = make()
    result = model.load_state_dict({"neurons.0.v": torch.full((2,), 7.0), "other": torch.ones(1)}, strict=False)
    assert result.unexpected_keys == ["other"] and "neurons.0._units" in result.missing_keys
    assert model.neurons[0].v.value.mantissa.tolist() == [7.0, 7.0]


def test_load_copies_keeps_dtype_and_runs_hooks():
    model, seen = make().double(), []
    model.neurons[0].v.register_hook("write_after", lambda context: seen.append(context.value))
    state = make(value=2.0).state_dict()
    model.load_state_dict(state)
    state["neurons.0.v"].fill_(0.0)
    assert model.neurons[0].v.value.mantissa.tolist() == [2.0, 2.0]
    assert model.neurons[0].v.value.mantissa.dtype == torch.float64 and len(seen) == 1


def test_load_with_assign_takes_the_dtype():
    model = make()
    before = list(model.parameters())
    model.load_state_dict(make().double().state_dict(), assign=True)
    assert model.neurons[0].v.value.mantissa.dtype == torch.float64
    assert all(a is b for a, b in zip(before, model.parameters(), strict=True))


def test_numbers_and_numpy_arrays_are_taken():
    model = make()
    state = make().state_dict()
    state.update({"neurons.0.v": np.array([3.0, 4.0]), "neurons.0.seen.steps": torch.tensor(8)})
    model.load_state_dict(state)
    assert model.neurons[0].v.value.mantissa.tolist() == [3.0, 4.0]
    assert model.neurons[0].seen.value["steps"] == 8 and type(model.neurons[0].seen.value["steps"]) is int


def test_extra_state_and_pre_hooks_of_torch_work():
    class Counting(Module):
        def get_extra_state(self):
            return {"n": 4}

        def set_extra_state(self, state):
            self.n = state["n"]

    model = Module()
    model.inner = Counting()
    seen = []
    model.inner.register_load_state_dict_pre_hook(lambda *args: seen.append(args[2]))
    model.load_state_dict(model.state_dict())
    assert model.inner.n == 4 and seen == ["inner."]


def test_a_sequential_of_linears_is_saved_by_layer():
    net = Sequential(brainstate.nn.Linear(2, 3), brainstate.nn.ReLU(), brainstate.nn.Linear(3, 1, b_init=None))
    assert {key: tuple(value.shape) for key, value in net.state_dict().items()} == {
        "layers.0.weight.weight": (2, 3),
        "layers.0.weight.bias": (3,),
        "layers.2.weight.weight": (3, 1),
    }


def test_a_checkpoint_without_units_is_refused_with_the_way_to_load_it():
    class Cell(Module):
        def __init__(self):
            super().__init__()
            self.v = ParamState(torch.ones(2) * u.mV)

    cell = Cell()
    with pytest.raises(RuntimeError, match=r"(?s)_units.*saved without units. `strict=False` takes them as numbers"):
        cell.load_state_dict({"v": torch.zeros(2)})
    assert cell.v.value.mantissa.tolist() == [1.0, 1.0]
    cell.load_state_dict({"v": torch.zeros(2)}, strict=False)
    assert cell.v.value.mantissa.tolist() == [0.0, 0.0] and cell.v.value.unit is u.mV


@pytest.mark.parametrize(
    ("held", "saved"),
    [
        (torch.zeros(2), torch.tensor([1.0, 2.0 + 1.0j])),
        (torch.zeros(2, dtype=torch.int64), torch.tensor([1.0, 2.5])),
        (torch.zeros(2, dtype=torch.bool), torch.tensor([1, 2])),
        (torch.zeros(2, dtype=torch.int32), torch.tensor([1.0, float("nan")])),
        (0, torch.tensor(2.5)),
    ],
    ids=["imaginary", "fraction", "two as bool", "nan", "fraction for a number"],
)
def test_numbers_that_a_state_cannot_hold_are_refused(held, saved):
    module = Module()
    module.a, module.b = ParamState(torch.zeros(1)), brainstate.State(held)
    with pytest.raises(RuntimeError, match='"b": a value must'):
        module.load_state_dict({"a": torch.ones(1), "b": saved})
    assert module.a.value == 0
    torch.testing.assert_close(module.b.value, held)


def test_numbers_of_another_dtype_that_a_state_can_hold_are_loaded():
    module = Module()
    module.a, module.b = brainstate.State(torch.zeros(2)), brainstate.State(torch.zeros(2, dtype=torch.int64))
    module.load_state_dict({"a": torch.tensor([1 + 0j, 2]), "b": torch.tensor([1.0, 2.0])})
    torch.testing.assert_close(module.a.value, torch.tensor([1.0, 2.0]))
    torch.testing.assert_close(module.b.value, torch.tensor([1, 2]))
