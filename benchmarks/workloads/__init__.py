"""The workloads, one file each.

A file defines

- ``TITLE``, and ``CASES``: the names of its variants; ``QUICK_CASES`` where a quick look takes others;
- ``BARS``: the ratios that must hold;
- ``inputs(case, quick)``: a dict of numpy arrays, the same for every framework;
- one builder for each framework: ``hand`` (PyTorch without us), ``compiled`` (the same under ``torch.compile``: all of
  it, or the step of a long loop, which torch would unroll), ``ours``, ``theirs`` (brainstate). A builder takes
  the case and the inputs as arrays of the framework, and returns a dict of contestants: functions without arguments
  that compute the same numbers.

Builders import their framework themselves, since a worker must hold no other one.
"""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

NAMES = {
    "W1": "linear_gradient",
    "W2": "mlp",
    "W3": "spiking_network",
    "W4": "long_spiking_network",
    "W5": "gru",
    "W6": "hodgkin_huxley",
    "W7": "hessian",
    "W8": "many_states",
    "W9": "unit_operations",
    "W10": "leaky_neurons",
    "W11": "sample_gradients",
    "W12": "ei_network",
}


def plain(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: what stands where ``torch.compile`` does otherwise."""
    return fun


class Bar(NamedTuple):
    """A ratio of two contestants that must not exceed a limit; `case` None stands for every case.

    `measure` is 'time', 'memory', or 'slope': of the line through the times of cases whose names are sizes.
    """

    contestant: str
    reference: str
    limit: float
    case: str | None = None
    measure: str = "time"


def load(name: str) -> ModuleType:
    """The module of a workload."""
    return importlib.import_module(f"{__name__}.{NAMES[name]}")
