"""The stimuli of this package as objects: one class for each function, made from one table."""

import functools
import inspect
import operator
from collections.abc import Callable, Mapping
from typing import Any

from ..units import ms
from . import basic, pulses, stochastic, waveforms
from .composed import Input

__all__ = [
    "Burst", "Chirp", "Constant", "DoubleExponential", "ExponentialDecay", "GaussianPulse", "NoisySinusoidal",
    "OUProcess", "Poisson", "Ramp", "Sawtooth", "Section", "Sinusoidal", "Spike", "Square", "Step", "Triangular",
    "WienerProcess",
]  # fmt: skip


def _sum(times: Any) -> Any:
    return functools.reduce(operator.add, list(times))


def _made(
    name: str,
    function: Callable[..., Any],
    example: str,
    *,
    order: str = "",
    defaults: Mapping[str, Any] | None = None,
    length: Callable[[dict[str, Any]], Any] = lambda given: given["duration"],
    result: Callable[[Any], Any] = lambda made: made,
) -> type[Input]:
    """The class whose objects keep the arguments of a function, and call it when the stimulus is needed.

    Parameters
    ----------
    order
        The parameters in the order of the class, where it has another one or fewer.
    defaults
        Defaults that the function does not have.
    length
        The duration, from the arguments.
    result
        What of the function's result is the stimulus.
    """
    known = {p.name: p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in inspect.signature(function).parameters.values()}
    words = order.split() or list(known)
    parameters = [known[w].replace(default=(defaults or {}).get(w, known[w].default)) for w in words]
    signature = inspect.Signature(parameters)

    def __init__(self: Input, *args: Any, **kwargs: Any) -> None:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}: {error}. It takes {', '.join(words)}.") from None
        bound.apply_defaults()
        Input.__init__(self, length(bound.arguments))
        vars(self).update(bound.arguments)
        self.duration = length(bound.arguments)

    def generate(self: Input) -> Any:
        given = {word: getattr(self, word) for word in words}
        return result(function(**given))

    generate.__doc__ = f"The result of :func:`~brainstate_torch.input.{function.__name__}`."
    head = inspect.cleandoc(function.__doc__ or "")
    described = head.partition("Parameters\n----------\n")[2].partition("\n\n")[0]
    entries = dict(entry.split("\n", 1) for entry in _entries(described))
    doc = (
        f"{head.partition('.' + chr(10))[0]}, as an object; see :func:`~brainstate_torch.input.{function.__name__}`."
        "\n\n"
        "Parameters\n----------\n"
        + "\n".join(f"{word}\n{entries[word]}" for word in words)
        + f"\n\nNotes\n-----\nSource: braintools.input.{name} (0.3.0).\n\nExamples\n--------\n"
        ">>> import brainstate_torch as brainstate, brainstate_torch.units as u\n"
        f">>> with brainstate.environ.context(dt=1. * u.ms):\n...     {example}"
    )
    namespace = {"__init__": __init__, "generate": generate, "__doc__": doc, "__module__": __name__,
                 "__signature__": signature}  # fmt: skip
    return type(name, (Input,), namespace)


def _entries(text: str) -> list[str]:
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith(" "):
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def _example(call: str, shown: str) -> str:
    return f"brainstate.input.{call}()\n{shown}"


Section = _made(
    "Section", basic.section, _example("Section([1., 2.], [1., 2.] * u.ms)", "tensor([1., 2., 2.])"),
    order="values durations", length=lambda given: _sum(given["durations"]),
)  # fmt: skip
Constant = _made(
    "Constant", basic.constant, _example("Constant([(1., 1. * u.ms), (2., 2. * u.ms)])", "tensor([1., 2., 2.])"),
    length=lambda given: _sum([pair[1] for pair in given["I_and_duration"]]), result=operator.itemgetter(0),
)  # fmt: skip
Step = _made(
    "Step", basic.step, _example("Step([1., 2.], [0., 2.] * u.ms, 3. * u.ms)", "tensor([1., 1., 2.])"),
    length=lambda given: _sum(given["step_times"]) if given["duration"] is None else given["duration"],
)  # fmt: skip
Ramp = _made("Ramp", basic.ramp, _example("Ramp(0., 2., 3. * u.ms)", "tensor([0., 1., 2.])"))
Spike = _made(
    "Spike", pulses.spike, _example("Spike([1.] * u.ms, 3. * u.ms)", "tensor([0., 1., 0.])"),
    order="sp_times duration sp_lens sp_sizes", defaults={"sp_lens": 1.0 * ms, "sp_sizes": 1.0},
)  # fmt: skip
GaussianPulse = _made(
    "GaussianPulse", pulses.gaussian_pulse,
    _example("GaussianPulse(1., 1. * u.ms, 1. * u.ms, 3. * u.ms)", "tensor([0.6065, 1.0000, 0.6065])"),
    order="amplitude center sigma duration",
)  # fmt: skip
ExponentialDecay = _made(
    "ExponentialDecay", pulses.exponential_decay,
    _example("ExponentialDecay(1., 1. * u.ms, 2. * u.ms)", "tensor([1.0000, 0.3679])"),
)  # fmt: skip
DoubleExponential = _made(
    "DoubleExponential", pulses.double_exponential,
    _example("DoubleExponential(1., 1. * u.ms, 2. * u.ms, 2. * u.ms)", "tensor([0.0000, 0.9546])"),
)  # fmt: skip
Burst = _made(
    "Burst", pulses.burst,
    _example("Burst(2, 1., 250. * u.Hz, 2. * u.ms, 1. * u.ms, 5. * u.ms)", "tensor([0., 1., 0., 0., 1.])"),
    order="n_bursts burst_amp burst_freq burst_duration inter_burst_interval duration",
)  # fmt: skip
Sinusoidal = _made(
    "Sinusoidal", waveforms.sinusoidal, _example("Sinusoidal(2., 250. * u.Hz, 2. * u.ms)", "tensor([0., 2.])")
)
Square = _made(
    "Square", waveforms.square, _example("Square(1., 500. * u.Hz, 2. * u.ms)", "tensor([ 1., -1.])"),
    order="amplitude frequency duration duty_cycle bias t_start t_end",
)  # fmt: skip
Triangular = _made(
    "Triangular", waveforms.triangular, _example("Triangular(1., 125. * u.Hz, 2. * u.ms)", "tensor([0.0000, 0.5000])")
)
Sawtooth = _made(
    "Sawtooth", waveforms.sawtooth, _example("Sawtooth(1., 250. * u.Hz, 2. * u.ms)", "tensor([-1.0000, -0.5000])")
)
Chirp = _made(
    "Chirp", waveforms.chirp,
    _example("Chirp(1., 0. * u.Hz, 250. * u.Hz, 2. * u.ms)", "tensor([0.0000, 0.3827])"),
)  # fmt: skip
NoisySinusoidal = _made(
    "NoisySinusoidal", waveforms.noisy_sinusoidal,
    _example("NoisySinusoidal(1., 250. * u.Hz, 0.1, 2. * u.ms, seed=0)", "tensor([0.1764, 1.0400])"),
)  # fmt: skip
WienerProcess = _made(
    "WienerProcess", stochastic.wiener_process,
    _example("WienerProcess(2. * u.ms, seed=0)", "tensor([1.7641, 0.4002])"),
    order="duration n t_start t_end sigma seed",
)  # fmt: skip
OUProcess = _made(
    "OUProcess", stochastic.ou_process, _example("OUProcess(1., 0., 1. * u.ms, 2. * u.ms)", "tensor([1., 1.])")
)
Poisson = _made(
    "Poisson", stochastic.poisson, _example("Poisson(600. * u.Hz, 4. * u.ms, seed=0)", "tensor([1., 0., 0., 1.])"),
    order="rate duration n t_start t_end amplitude seed",
)  # fmt: skip
