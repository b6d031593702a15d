"""The parameters that stimuli share, described once."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from .._arrays import placed

__all__ = ["described"]

F = TypeVar("F", bound=Callable[..., Any])

_TEXTS = {
    "duration": "How long the stimulus is, in the unit of `dt`; it has as many steps as cover this time.",
    "t_start": "When it begins; None for the first step. It is zero before.",
    "t_end": "When it ends; None for the end of `duration`. It is zero from then on.",
    "amplitude": "The amplitude, with or without a unit; gradients go through it.",
    "frequency": "The frequency, in a unit such as Hz.",
    "bias": "Whether to add the amplitude, so that the stimulus is not negative.",
    "n": "How many independent columns to make.",
    "seed": "Draw numpy's numbers for this seed, which are those of braintools; None: draw from "
    ":mod:`brainstate_torch.random`.",
    "sigma": "The standard deviation, in the unit of the stimulus.",
    "tau": "The time constant.",
}


def described(function: F) -> F:
    """A stimulus on the device of its parameters, and its docstring with what stimuli share."""
    head, _, tail = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
    own: dict[str, str] = {}
    notes = ""
    if tail.startswith("Parameters"):
        own_lines, _, tail = tail.partition("\n\n")
        name = ""
        for line in own_lines.splitlines()[2:]:
            if line.startswith(" "):
                own[name] = f"{own.get(name, '')} {line.strip()}".strip()
            else:
                name = line.strip()
    lines = [head, "", "Parameters", "----------"]
    for name in inspect.signature(function).parameters:
        lines += [name, f"    {own.get(name) or _TEXTS[name]}"]
    if not tail.startswith("Returns"):
        notes = (
            "Returns\n-------\nTensor or Quantity\n    The stimulus, ``[steps]``, in the precision of `environ`.\n\n"
        )
    source = f"Notes\n-----\nSource: braintools.input.{function.__name__} (0.3.0).{_DIFFERS.get(function.__name__, '')}"
    function.__doc__ = "\n".join(lines) + "\n\n" + notes + tail.replace("Examples\n", f"{source}\n\nExamples\n", 1)
    return placed(function)


_RANDOM = " Differs: without `seed` the numbers are this package's, not those of numpy's global generator."
_DIFFERS = dict.fromkeys(("noisy_sinusoidal", "wiener_process", "ou_process", "poisson"), _RANDOM)
