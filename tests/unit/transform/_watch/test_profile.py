"""transform.profile: the trace, and that it changes no number."""

import gzip
import json
import sys
from pathlib import Path

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import transform as T

HERE = Path(__file__).name


class Network:
    def __init__(self):
        self.h = brainstate.HiddenState(torch.zeros(3), name="h")
        self.w = brainstate.ParamState(torch.full((3,), 0.5))

    def step(self, x):
        self.h.value = self.inner(x)
        return self.h.value

    @T.named_call
    def inner(self, x):
        return torch.tanh(self.h.value * self.w.value + x)

    def run(self, xs):
        y = T.for_loop(self.step, xs).sum()
        return T.cond(y > 0, lambda: y * 2, lambda: y)


def measured(file=None, **options):
    """A profile of two calls of a compiled function, of one of its parts, and what they gave."""
    model = Network()
    run = T.jit(model.run, backend="replay")
    with T.profile(file, **options) as found:
        results = [run(torch.ones(4, 3)), run(torch.ones(4, 3)), model.step(torch.ones(3))]
    return found, results, run


def test_names_of_programs_pieces_states_and_functions():
    found, results, _ = measured()
    names = found.names()
    assert {"record Network.run", "compile Network.run", "program Network.run", "loop_of_4", "1 steps"} <= set(names)
    assert "choice" in names and "inner" in names
    line = Network.step.__code__.co_firstlineno
    assert f"{HERE}:{line} Network.step" in names
    assert f"write h: {HERE}:{line + 1}" in names and f"read h: {HERE}:{line + 2}" in names
    assert any(name.startswith(f"read ParamState of {HERE}:") for name in names)
    assert "program Network.run" in found.table(rows=100) and "program Network.run" in repr(found)
    model = Network()
    plain = T.jit(model.run, backend="replay")
    expected = [plain(torch.ones(4, 3)), plain(torch.ones(4, 3)), model.step(torch.ones(3))]
    assert all(torch.equal(x, y) for x, y in zip(results, expected, strict=True))


def test_the_program_that_was_recorded_holds_no_labels():
    _, _, run = measured()
    text = T.fn_to_python_code(run.origin_fun, torch.ones(4, 3))
    assert "profiler" not in text
    (cost,) = run.cost()
    (plain,) = T.jit(Network().run, backend="replay").compile(torch.ones(4, 3)).cost()
    assert cost.operations == plain.operations


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_the_file_is_a_chrome_trace_whose_pieces_lie_in_their_programs(tmp_path, name):
    measured(tmp_path / name)
    with (gzip.open if name.endswith("gz") else open)(tmp_path / name, "rt") as file:
        events = [event for event in json.load(file)["traceEvents"] if event.get("ph") == "X"]

    def spans(label):
        return [(event["ts"], event["ts"] + event["dur"]) for event in events if event["name"] == label]

    programs, loops, pieces = spans("program Network.run"), spans("loop_of_4"), spans("1 steps")
    assert len(programs) == 2 and len(loops) == 2 and len(pieces) == 8
    for inner, outer in ((loops, programs), (pieces, loops)):
        assert all(any(a <= c and d <= b for a, b in outer) for c, d in inner)


def test_what_is_switched_off_is_not_there():
    names = measured(states=False, lines=False)[0].names()
    assert "program Network.run" in names
    assert not [name for name in names if HERE in name or name.startswith(("read ", "write "))]


def test_each_call_of_a_decorated_function(tmp_path):
    whole = T.profile(tmp_path / "trace.json", memory=True)

    @whole
    def train(x):
        return x.sin()

    assert torch.equal(train(torch.ones(2)), torch.ones(2).sin())
    assert "aten::sin" in whole.names() and (tmp_path / "trace.json").exists()
    (tmp_path / "trace.json").unlink()
    train(torch.ones(2))
    assert (tmp_path / "trace.json").exists()


def test_an_exception_passes_and_leaves_nothing_behind(tmp_path):
    def outer(*_):
        pass

    sys.setprofile(outer)
    try:
        with pytest.raises(ZeroDivisionError), T.profile(tmp_path / "trace.json") as found:
            Network().step(torch.ones(3))
            1 / 0  # noqa: B018
        assert sys.getprofile() is outer
    finally:
        sys.setprofile(None)
    assert "inner" in found.names() and (tmp_path / "trace.json").exists()
    with brainstate.StateTraceStack() as trace:
        Network().step(torch.ones(3))
    assert len(trace.states) == 0  # made inside


def test_gradients_and_maps_under_a_profile():
    w = brainstate.ParamState(torch.tensor(2.0), name="w")

    def loss(x):
        return (w.value * x) ** 2

    each = T.vmap(T.grad(loss, w))
    with T.profile() as found:
        eager, compiled = each(torch.arange(3.0)), T.jit(each, backend="replay")(torch.arange(3.0))
    assert torch.equal(eager, torch.tensor([0.0, 4.0, 16.0])) and torch.equal(compiled, eager)
    assert any(name.startswith("read w") for name in found.names())


def test_labels_are_made_while_a_profiler_is_on(monkeypatch):
    model = Network()
    run = T.jit(model.run, backend="replay")
    monkeypatch.setattr(torch.profiler, "record_function", None)
    run(torch.ones(4, 3))
    model.step(torch.ones(3))


def test_what_cannot_be():
    with pytest.raises(TypeError, match=r"`file` must be a path, or None. Got a function. Write `@profile\(\)`"):
        T.profile(lambda x: x)
    with pytest.raises(TypeError, match="Got an int. Name a file."):
        T.profile(3)
    found = T.profile()
    with pytest.raises(RuntimeError, match="Got none yet"):
        found.names()
    assert repr(found) == "profile(no results yet)"
    with found, pytest.raises(RuntimeError, match="must end before it begins again"), found:
        pass
    assert found.names() is not None
