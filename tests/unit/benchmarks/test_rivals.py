"""The rivals of the benchmarks compute what the hand-written code computes."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import contest, workloads
from benchmarks.worker import FRAMEWORKS, Setting, _Bench

COMPILED = [
    (name, case)
    for name in workloads.NAMES
    for case in workloads.load(name).CASES
    if hasattr(workloads.load(name), "compiled") and name != "W4"  # W3 for longer
]


def differences(workload, case, framework):
    setting = Setting("cpu", 1, True)
    expected = next(iter(_Bench("hand", setting).results(workload, case, True).values()))
    found = _Bench(framework, setting).results(workload, case, True)
    assert found
    return {name: contest._difference(expected, result, contest.TOLERANCE) for name, result in found.items()}


@pytest.mark.parametrize("workload, case", COMPILED)
def test_what_torch_compiles_is_the_hand_written_code(workload, case, monkeypatch):
    # The compiler is torch's; what it is given is ours.
    monkeypatch.setattr(torch, "compile", lambda fun: fun)
    assert set(differences(workload, case, "compiled").values()) == {""}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("framework", ["snntorch", "spikingjelly", "norse"])
def test_libraries_of_spiking_networks_give_the_gradient_of_hand(framework):
    if importlib.util.find_spec(FRAMEWORKS[framework]) is None:
        pytest.skip(f"{framework} is not installed")
    found = differences("W3", "gradient", framework)
    # snntorch's spikes are in single precision whatever comes in.
    assert found[framework] == "" or framework == "snntorch"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_brian2_gives_the_spikes_of_hand():
    if not (Path(sys.prefix) / "brian2").exists():
        pytest.skip("Brian2's environment is not there")
    assert differences("W12", "simulation", "brian2") == {"Brian2, C++": ""}
