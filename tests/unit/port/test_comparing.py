"""Comparing an original on JAX with its port on torch."""

import sys

import numpy as np
import pytest

from brainstate_torch.port import comparing
from brainstate_torch.port.__main__ import main
from brainstate_torch.port.comparing import Comparison, Difference, _compare_events, compare, numbers_in
from brainstate_torch.port.recorder import _states

PROGRAM = """
import jax.numpy as jnp
import numpy as np
import brainstate
w = brainstate.ParamState(brainstate.random.rand(3))
print('sum', w.value.sum(), w.value.max(axis=0))
np.save('w.npy', np.asarray(w.value))
"""


def events(*found):
    result = Comparison()
    _compare_events(*found, result, 1e-4, 1e-6)
    return result


def array(*numbers, unit=""):
    return np.array(numbers), unit


def test_numbers_of_a_line_are_those_of_the_program():
    line = "loss2 = 1.5e-3, tensor([-1., nan], dtype=torch.float32) Array(inf, dtype=float32) x[3] cuda:0"
    assert [str(x) for x, _ in numbers_in(line)] == ["0.0015", "-1.0", "nan", "inf", "3.0", "0.0"]


@pytest.mark.parametrize(
    "line",
    [
        '  File "model_2.py", line 41, in <module>',
        "<Manager object at 0x7fca34bd6890>",
        "{'w': ShapedArray(float32[2,3]), 'b': int32[3]}",
        "V ** 2 / ohm ** 2, A^2, mV^-0.5",
    ],
)
def test_places_and_kinds_of_arrays_are_no_numbers(line):
    assert numbers_in(line) == []


def test_objects_that_answer_for_any_name_have_no_states():
    class Record(dict):
        def __getattr__(self, name):
            return self[name]

    assert list(_states({"record": Record(a=1)})) == []


def test_fewer_decimals_agree_with_what_rounds_to_them():
    assert events([("print", "line 1", "0.012134")], [("print", "line 1", "0.0121")]).same
    assert not events([("print", "line 1", "0.012134")], [("print", "line 1", "0.0123")]).same
    assert not events([("print", "line 1", "3")], [("print", "line 1", "3.4")]).same


def test_settings_of_objects_that_show_themselves_are_no_numbers():
    first = ["net: Conv(", "  kernel=(3, 3),", "  at=Key(", "    7", "  )", ")", "loss 1.5", "Step(", "2"]
    second = ["net: Conv(", "  pads=((1, 1), (1, 1))", ")", "loss 1.5", "Step(", "2"]
    assert events(*([("print", "", line) for line in lines] for lines in (first, second))).compared == {"print": 2}
    assert not events(*([("print", "", line) for line in lines] for lines in (first, [*second[:-1], "3"]))).same


@pytest.mark.parametrize(
    ("first", "second", "label"),
    [
        ([("print", "line 1", "a 1"), ("print", "line 2", "b 2")], [("print", "line 1", "a 1 b 3")], "line 2"),
        ([("print", "line 1", "1")], [], "line 1"),
        ([("save", "save(x) 0", array(1, 2))], [("save", "save(x) 0", array(1, 3))], "save(x) 0[1]"),
        ([("state", "net.w", array(1.0))], [("state", "net.w", array(1.0, 2.0))], "net.w"),
        ([("state", "net.w", array(1.0))], [], "net.w"),
        ([("state", "net.w", array(1.0, unit="mV"))], [("state", "net.w", array(1.0, unit="V"))], "net.w"),
        ([("figure", "line 0", array(1.0, np.nan))], [("figure", "line 0", array(np.nan, np.nan))], "line 0[0]"),
    ],
)
def test_the_first_difference_is_shown_where_it_is(first, second, label):
    (difference,) = events(first, second).differences
    assert difference.label == label
    assert events(first, first).same


def test_the_programs_of_a_folder_are_judged_and_counted(tmp_path, monkeypatch, capsys):
    figure, line = Difference("figure", "axes 0", "1", "2"), Difference("print", "line 1", " a 1", "a 2")
    outcomes = {
        "a.py": Comparison(),
        "b.py": Comparison([figure]),
        "c.py": Comparison([line]),
        "d.py": Comparison(failures={"port": "Traceback\nKeyError: 1\n"}),
        "e.py": Comparison(failures={"original": "no data", "port": ""}),
    }
    for name in [*outcomes, "data.txt"]:
        (tmp_path / name).touch()
    monkeypatch.setattr(comparing, "compare", lambda script, **options: outcomes[script.name])
    assert main(["compare", str(tmp_path)]) == 2
    assert capsys.readouterr().out.splitlines() == [
        "a.py: the same numbers",
        "b.py: prints the same numbers; figure differs at axes 0: '1', port '2'",
        "c.py: print differs at line 1: 'a 1', port 'a 2'",
        "d.py: fails: KeyError: 1",
        "e.py: not judged, the original fails: no data",
        "4 of 5 programs run on JAX; of these 3 run on torch, 2 print the same numbers",
    ]


@pytest.mark.slow
def test_both_run_in_processes_of_their_own(tmp_path, capsys):
    pytest.importorskip("brainstate")
    script = tmp_path / "model.py"
    script.write_text(PROGRAM)
    assert main(["compare", "--no-compile", str(script)]) == 0
    out = capsys.readouterr().out
    assert "print: 2 numbers compared\nsave: 3 numbers compared\nstate: 3 numbers compared\n" in out
    assert "the same numbers" in out
    assert list(tmp_path.iterdir()) == [script]


def test_a_run_that_fails_is_told_of(tmp_path):
    script = tmp_path / "model.py"
    script.write_text("raise ValueError('mine')\n")
    found = compare(script, python=sys.executable, timeout=1e-3)
    assert set(found.failures) == {"original", "port"}
    assert "more than 0.001 s" in str(found)
    assert not found.same
