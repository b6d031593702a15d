"""Peak memory, measured in processes of their own: what a long gradient keeps, and what a checkpoint gives back."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the kernel's counters")

_PROGRAM = """
import sys
import torch
import brainstate_torch as brainstate

torch.set_num_threads(1)
kind, engine = sys.argv[1:]
w = brainstate.ParamState(torch.full((1000, 500), 0.5))

def block(h, w):
    for _ in range(10):
        h = torch.tanh(h * w)
    return h

def long(w):
    h = w
    for _ in range(20):
        h = block(h, w)
    return h.sum()

def stateful():
    step = lambda h: block(h, w.value)
    if kind == "checkpoint":
        step = brainstate.transform.checkpoint(step)
    h = w.value
    for _ in range(20):
        h = step(h)
    return h.sum()

def mib(field):
    status = open("/proc/self/status").read()
    return int(status.split(field + ":")[1].split()[0]) / 1024

# The peak that getrusage knows is inherited from the process that started this one.
open("/proc/self/clear_refs", "w").write("5")
before = mib("VmRSS")
if kind == "hand":
    leaf = w.value.detach().requires_grad_()
    torch.autograd.grad(long(leaf), leaf)
else:
    brainstate.transform.grad(stateful, w, engine=engine)()
print(mib("VmHWM") - before)
"""


@pytest.fixture(scope="module")
def peak():
    """Growth of the resident memory, in MiB, of a gradient of that kind; a tensor has 1.9 MiB, a block 20 of them."""
    known = {}

    def measure(kind, engine="auto"):
        if (kind, engine) not in known:
            command = [sys.executable, "-c", _PROGRAM, kind, engine]
            # Every tensor apart, or the holes between those that are kept would count.
            environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            known[kind, engine] = float(done.stdout)
        return known[kind, engine]

    return measure


@pytest.mark.slow
def test_long_gradient_keeps_no_more_than_by_hand(peak):
    assert peak("plain") <= 1.1 * peak("hand")


@pytest.mark.slow
def test_checkpoint_keeps_a_fraction(peak):
    assert peak("checkpoint") < 0.5 * peak("plain")
