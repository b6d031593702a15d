"""Online learning beside backpropagation through time: ``python -m benchmarks.online [steps ...]``.

The gradient of a recurrent network of 256 units for 8 sequences, each way in a process of its own: CPU time of a step,
the shortest of three runs of the whole sequence, and how much memory the process needs beyond what it had before.
"""

import resource
import subprocess
import sys
import time
from typing import Any

import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u

INPUTS, UNITS, OUTPUTS, SAMPLES = 64, 256, 10, 8
WAYS = ("BPTT", "D_RTRL", "pp_prop")
nn = brainstate.nn


class GRU(nn.Module):
    """Gated units and a readout."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.out = nn.GRUCell(INPUTS, UNITS), nn.Linear(UNITS, OUTPUTS)

    def update(self, x: torch.Tensor) -> Any:
        """One step."""
        return self.out(self.cell(x))


class LIF(nn.Module):
    """Recurrent spiking neurons with synapses, and a readout."""

    def __init__(self) -> None:
        super().__init__()
        self.inp, self.rec, self.out = nn.Linear(INPUTS, UNITS), nn.Linear(UNITS, UNITS), nn.Linear(UNITS, OUTPUTS)
        self.neurons = brainstate.spiking.LIF(UNITS, tau=20 * u.ms)
        self.synapses = brainstate.spiking.Expon(UNITS, tau=10 * u.ms, g_initializer=nn.init.Constant(0.0 * u.mA))

    def update(self, x: torch.Tensor) -> Any:
        """One step."""
        current = self.synapses((self.inp(x) + self.rec(self.neurons.get_spike())) * u.mA)
        return self.out(self.neurons(current))


MODELS = {"GRU": GRU, "LIF": LIF}


def measured(model: str, way: str, steps: int) -> tuple[float, float]:
    """Microseconds of a step, and MiB."""
    torch.set_num_threads(1)
    brainstate.random.seed(0)
    brainstate.environ.set(dt=1.0 * u.ms)
    net, xs = MODELS[model](), torch.randn(steps, SAMPLES, INPUTS)
    jit = brainstate.transform.jit(name=way)

    def loss(y: torch.Tensor) -> torch.Tensor:
        return (y**2).mean()

    if way == "BPTT":
        nn.init_all_states(net, batch_size=SAMPLES)
        weights = net.states(brainstate.ParamState)

        def through_time() -> torch.Tensor:
            return brainstate.transform.for_loop(lambda x: loss(net(x)), xs).mean()

        gradient = jit(brainstate.transform.grad(through_time, weights))
    else:
        options = {"decay_or_rank": 0.9} if way == "pp_prop" else {}
        learner = brainstate.online.compile(net, way, xs[0], batch_size=SAMPLES, **options)
        gradient = jit(lambda: learner.etrace_grad(xs, step_fn=lambda x: loss(learner(x))))
    gradient.compile()
    before, best = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, float("inf")
    for _ in range(3):
        start = time.process_time()
        gradient()
        best = min(best, time.process_time() - start)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return best / steps * 1e6, grown / 1024


def main() -> None:
    """Print a line for each model, way and number of steps."""
    if sys.argv[1:2] == ["--one"]:
        print(*measured(sys.argv[2], sys.argv[3], int(sys.argv[4])))
        return
    for model in MODELS:
        for steps in map(int, sys.argv[1:] or ("1000",)):
            for way in WAYS:
                command = [sys.executable, "-m", "benchmarks.online", "--one", model, way, str(steps)]
                time_of_step, memory = map(float, subprocess.check_output(command, text=True).split()[-2:])
                print(f"{model} {way:8} {steps:6} steps: {time_of_step:7.0f} us a step, {memory:6.1f} MiB")


if __name__ == "__main__":
    main()
