"""The comparison of two tables of the benchmarks, with tables that are made up."""

import json
from pathlib import Path

import pytest

from benchmarks import check


def table(*rows, bars=(), device="cpu", quick=False, threads=1):
    """A table of rows (workload, case, contestant, seconds per round[, bytes])."""
    found = []
    for workload, case, contestant, samples, *memory in rows:
        named = {"workload": workload, "case": case, "contestant": contestant, "samples": samples, "threads": threads}
        found.append(named | {"note": "", "first_call": 1.0, "memory": memory[0] if memory else 0})
    return {"about": {"device": device, "quick": quick, "threads": [threads]}, "rows": found, "bars": list(bars)}


def run(tmp_path, before, now, *options):
    for name, content in (("before", before), ("now", now)):
        (tmp_path / name).write_text(json.dumps(content))
    return check.main(["--table", str(tmp_path / "before"), "--run", str(tmp_path / "now"), *options])


HAND = ("W1", "default", "hand", [1.0, 2.0, 4.0])


@pytest.mark.parametrize("seconds, status", [([1.0, 2.0, 4.0], 0), ([1.09, 2.18, 4.36], 0), ([1.2, 2.4, 4.8], 1)])
def test_a_fall_of_more_than_a_tenth_fails(tmp_path, seconds, status, capsys):
    before, now = (
        table(HAND, ("W1", "default", "ours", [1.0, 2.0, 4.0])),
        table(HAND, ("W1", "default", "ours", seconds)),
    )
    assert run(tmp_path, before, now) == status
    printed = capsys.readouterr().out
    assert ("fell: W1 default: time, ours / hand: 1.00 -> 1.20 (+20%)" in printed) == bool(status)
    assert run(tmp_path, before, now, "--informative") == 0
    assert run(tmp_path, before, now, "--limit", "0.5") == 0


def test_a_machine_that_is_slower_for_all_is_no_fall(tmp_path, capsys):
    slow = table(("W1", "default", "hand", [3.0, 6.0, 12.0]), ("W1", "default", "ours", [3.3, 6.6, 13.2]))
    assert run(tmp_path, table(HAND, ("W1", "default", "ours", [1.1, 2.2, 4.4])), slow) == 0
    assert "1 ratios compared, 0 fell" in capsys.readouterr().out


def test_every_rival_counts_and_none_is_judged():
    rivals = [HAND, ("W1", "default", "brainstate jit", [0.5, 1.0, 2.0])]
    before = table(*rivals, ("W1", "default", "ours, jit", [0.5, 1.0, 2.0]))
    now = table(HAND, ("W1", "default", "brainstate jit", [0.4, 0.8, 1.6]), ("W1", "default", "ours, jit", [0.5, 1, 2]))
    worst, same = check.changes(before, now)
    assert worst.key == ("W1", "default", 1, "ours, jit", "brainstate jit", "time") and worst.by == pytest.approx(0.25)
    assert same.key[4] == "hand" and same.by == 0


def test_memory_above_a_mebibyte_and_slopes():
    big, small = 10 * 2**20, 2**10
    bar = {"workload": "W8", "case": None, "contestant": "ours", "reference": "hand", "measure": "slope", "value": 1.2}
    rows = [(*HAND, big), ("W2", "gradient", "hand", [1.0], small), ("W2", "gradient", "ours", [1.0], small)]
    before = table(*rows, ("W1", "default", "ours", [1.0, 2.0, 4.0], big), bars=[bar])
    now = table(*rows, ("W1", "default", "ours", [1.0, 2.0, 4.0], 2 * big), bars=[bar | {"value": 1.5}])
    found = {(change.key[0], change.key[5]): change.by for change in check.changes(before, now)}
    assert found == {
        ("W1", "memory"): 1.0,
        ("W8", "slope"): pytest.approx(0.25),
        ("W1", "time"): 0.0,
        ("W2", "time"): 0.0,
    }


def test_of_a_quick_run_what_has_the_full_size_is_compared():
    rows = [
        (workload, case, name, [1.0])
        for workload, case in (("W1", "default"), ("W10", "forward"))
        for name in ("hand", "ours")
    ]
    (change,) = check.changes(table(*rows), table(*rows, quick=True))
    assert change.key[0] == "W1"


def test_rows_that_one_table_lacks_are_left_out(tmp_path):
    before = table(HAND, ("W1", "default", "ours", [1.0, 2.0, 4.0]), ("W1", "default", "norse", []))
    now = table(HAND, ("W1", "default", "ours", [1.0, 2.0, 4.0]), ("W3", "gradient", "ours", [1.0]))
    assert [change.key[:2] for change in check.changes(before, now)] == [("W1", "default")]


@pytest.mark.parametrize(
    "other, message",
    [({"device": "cuda"}, "of one device. Got cpu and cuda"), ({"threads": 2}, r"Got W1 with 1 .* and W1 with 2")],
)
def test_tables_that_cannot_be_compared(tmp_path, other, message, capsys):
    rows = HAND, ("W1", "default", "ours", [1.0, 2.0, 4.0])
    with pytest.raises(ValueError, match=message):
        check.changes(table(*rows), table(*rows, **other))
    assert run(tmp_path, table(*rows), table(*rows, **other)) == 1
    assert run(tmp_path, table(*rows), table(*rows, **other), "--informative") == 0


def test_the_committed_table_agrees_with_itself():
    committed = Path(check.HERE) / "results.json"
    assert check.main(["--table", str(committed), "--run", str(committed)]) == 0
    found = check.compared(json.loads(committed.read_text()))
    assert found["W8", "", 1, "ours", "hand", "slope"] > 0 and len(found) > 30
