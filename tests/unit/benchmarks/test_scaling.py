"""The curves of cost over size: the fit with rows that are made up, and every way to grow at a small size."""

import importlib.util

import pytest

import brainstate_torch as brainstate
from benchmarks import scales, scaling
from benchmarks.contest import Effort, Row
from benchmarks.worker import Setting, _Bench


class Here:
    """A worker in this process."""

    threads = 1

    def __init__(self, framework):
        self.framework = framework
        self.bench = _Bench(framework, Setting("cpu", 1, True))

    def ask(self, question, *args):
        return getattr(self.bench, question)(*args)


def rows(times, memory=None, making=1.0, contestant="ours, jit"):
    found = [Row("steps", str(size), contestant, "", seconds + making, [seconds]) for size, seconds in times]
    for row, size in zip(found, memory or [], strict=False):
        row.memory = size
    return found


def test_a_line_has_its_slope():
    found = rows([(size, 3e-6 * size**1.5) for size in (10, 100, 1000)])
    assert scaling.slope(found, "time") == pytest.approx(1.5)
    assert scaling.slope(found, "making") == pytest.approx(0.0, abs=1e-9)


def test_what_turns_up_at_the_end_is_seen():
    flat = [(10, 1.0), (100, 1.0), (1000, 1.0), (10_000, 10.0)]
    assert scaling.slope(rows(flat), "time") == pytest.approx(1.0)


def test_memory_that_does_not_grow_yet_is_left_out():
    small = rows([(10, 1.0), (100, 1.0), (1000, 1.0), (10_000, 1.0)], memory=[0, 4096, 2**21, 2**21 * 10])
    assert scaling.slope(small, "memory") == pytest.approx(1.0)
    assert scaling.slope(rows([(10, 1.0)]), "time") is None


def test_what_is_too_steep_is_named():
    steep = rows([(size, 1e-3 * size**2) for size in (10, 100)])
    assert scaling.too_steep("steps", steep) == ["steps: time of ours, jit grows with a slope of 2.00, at most 1.1"]
    rival = rows([(size, 1e-3 * size**2) for size in (10, 100)], contestant="hand")
    assert scaling.too_steep("steps", rival) == []


@pytest.mark.parametrize("scale", scales.NAMES)
def test_every_way_to_grow_runs_and_gives_the_numbers_of_hand(scale):
    module = scales.load(scale)
    with brainstate.environ.context(jit_backend="replay"):
        workers = [Here("hand"), Here("ours")]
        found = scaling.measure(scale, module.QUICK_CASES, workers, (), Effort(2, batch=1e-4, limit=1.0))
    assert [row.note for row in found if row.note] == []
    assert {row.case for row in found} == set(module.QUICK_CASES) and all(row.time for row in found)
    about = {"cpu": "a", "cores": 1, "device": "cpu", "threads": [1], "load": 0.0, "python": "3", "versions": {}}
    text = scaling.as_markdown(about, found)
    assert f"## {scale}" in text and "| hand |" in text
    assert set(module.MOST) <= set(scaling.MEASURES)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(importlib.util.find_spec("brainstate") is None, reason="brainstate is not installed")
def test_brainstate_runs_the_same_networks():
    module = scales.load("coba")
    found = scaling.measure("coba", module.QUICK_CASES[:1], [Here("hand"), Here("theirs")], (), Effort(1, 1e-4, 1.0))
    assert [row.note for row in found if row.note] == [] and found[-1].contestant == "brainstate jit"
