"""brainstate_torch.transform._compile.setting_inputs: the numbers in environ as inputs of a program."""

import pytest

import brainstate_torch as brainstate
from brainstate_torch.transform._compile.setting_inputs import FirstSteps, SettingInputs, recorded_with_inputs


def test_the_time_step_is_fixed_until_it_has_another_value():
    steps = FirstSteps()
    found = []
    for dt in (0.1, 0.1, 0.2, 0.1):
        with brainstate.environ.context(dt=dt):
            found.append(steps.fixed())
    assert found == [{"dt"}, {"dt"}, set(), set()]


class Recorder:
    """Stands for a recording that reads settings, and needs the numbers of some."""

    def __init__(self, read, needed):
        self.read, self.needed, self.tried = read, needed, []

    def __call__(self, settings):
        assert isinstance(settings, SettingInputs)
        inputs = [name for name in self.read if name not in settings._fixed]
        settings.given = dict.fromkeys(inputs)
        self.tried.append(inputs)
        if self.needed & set(inputs):
            raise TypeError(f"needs {sorted(self.needed & set(inputs))}")
        return inputs


@pytest.mark.parametrize(
    ("needed", "inputs", "fixed"),
    [
        (set(), ["i", "t"], set()),
        ({"i"}, ["t"], {"i"}),
        ({"t"}, ["i"], {"t"}),
        ({"i", "t"}, [], {"i", "t"}),
    ],
)
def test_only_the_settings_that_python_needs_are_fixed(needed, inputs, fixed):
    found = set()
    recorder = Recorder(["i", "t"], needed)
    assert recorded_with_inputs(recorder, found, FirstSteps()) == inputs
    assert found == fixed
    tried = len(recorder.tried)
    assert recorded_with_inputs(recorder, found, FirstSteps()) == inputs
    assert len(recorder.tried) == tried + 1


def test_an_error_of_the_function_is_its_own():
    def broken(settings):
        settings.given = dict.fromkeys(name for name in ("i", "t") if name not in settings._fixed)
        raise KeyError("mine")

    found = set()
    with pytest.raises(KeyError, match="mine"):
        recorded_with_inputs(broken, found, FirstSteps())
    assert found == set()
