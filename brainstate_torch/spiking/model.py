"""The base of neurons that are defined by parameters, states and one step."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import torch

from .. import environ
from .._state import HiddenState, ShortTermState
from ..nn.init import Constant, param
from ..units import mA, ms
from ..units import math as um
from .durations import is_within
from .neuron import Neuron
from .surrogate import ReluGrad

__all__ = ["Model", "modelled"]

K = TypeVar("K", bound=type["Model"])

#: The parameters that models share, described once.
_TEXTS = {
    "in_size": "The shape ``[*N]`` of the population.",
    "R": "The resistance of the membrane.",
    "tau": "The time constant of the membrane.",
    "tau_w": "The time constant of the adaptation.",
    "tau_ref": "How long a neuron stays after a spike, rounded up to whole steps.",
    "tau_syn": "The time constant of the synapse.",
    "V_th": "The potential of a spike.",
    "V_reset": "The potential after a spike.",
    "V_rest": "The potential at rest.",
    "V_T": "The potential where the exponential current sets in.",
    "V_c": "The critical potential, above which the neuron fires by itself.",
    "delta_T": "The sharpness of a spike.",
    "C": "The capacitance of the membrane.",
    "V_initializer": "The potential at the start.",
    "w_initializer": "The adaptation at the start.",
    "g_initializer": "The conductance or current of the synapse at the start.",
    "spk_fun": "As for :class:`Neuron`.",
    "spk_reset": "As for :class:`Neuron`.",
    "ref_var": "Whether to keep the State `refractory`: which neurons stay in this step or have spiked in it.",
    "name": "A name, for display.",
}
_LAST = {"spk_fun": ReluGrad(), "spk_reset": "soft", "name": None}


class Model(Neuron):
    """A neuron with parameters and states from a table. A subclass defines :meth:`_moved`."""

    #: Parameters and their defaults, in order.
    _table: ClassVar[dict[str, Any]] = {}
    #: The hidden states, each of which starts from the parameter of its name with ``_initializer``.
    _hidden: ClassVar[tuple[str, ...]] = ("V",)
    #: The input of a step without one.
    _no_input: ClassVar[Any] = 0.0 * mA
    V: HiddenState[Any]
    last_spike_time: ShortTermState[Any]
    V_th: Any
    V_reset: Any

    def __init__(self, in_size: Any, *args: Any, **kwargs: Any) -> None:
        try:
            given = inspect.signature(type(self)).bind(in_size, *args, **kwargs)
        except TypeError as error:
            words = ", ".join(self._table)
            raise TypeError(f"{type(self).__name__}: {error}. It takes in_size, {words}.") from None
        given.apply_defaults()
        values = given.arguments
        super().__init__(in_size, values["spk_fun"], values["spk_reset"], values["name"])
        for name in self._table:
            if name in _LAST:
                continue
            plain = name.endswith("_initializer") or name == "ref_var"
            setattr(self, name, values[name] if plain else param(values[name], self.varshape))

    @property
    def _rests(self) -> bool:
        """Whether neurons stay where they are after a spike."""
        return "tau_ref" in self._table

    def _start(self, batch_size: int | None) -> dict[str, Any]:
        return {name: param(getattr(self, f"{name}_initializer"), self.varshape, batch_size) for name in self._hidden}

    def _times(self, batch_size: int | None) -> dict[str, Any]:
        if not self._rests:
            return {}
        never = {"last_spike_time": param(Constant(-1e7 * ms), self.varshape, batch_size)}
        if getattr(self, "ref_var", False):
            never["refractory"] = torch.zeros(self.varshape if batch_size is None else (batch_size, *self.varshape)) > 0
        return never

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the states, ``[*N]``, or ``[batch_size, *N]``."""
        for name, value in self._start(batch_size).items():
            setattr(self, name, HiddenState(value))
        for name, value in self._times(batch_size).items():
            setattr(self, name, ShortTermState(value) if name == "last_spike_time" else HiddenState(value))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set them to where they started."""
        for name, value in {**self._start(batch_size), **self._times(batch_size)}.items():
            getattr(self, name).value = value

    def get_spike(self, V: Any = None) -> Any:
        """The spikes at a potential, by default the present one."""
        V = self.V.value if V is None else V
        return self.spk_fun((V - self.V_th) / (self.V_th - self.V_reset))

    def update(self, x: Any = None) -> Any:
        """One step with the input ``[*N]``; returns the spikes ``[*N]``."""
        states = {name: getattr(self, name).value for name in self._hidden}
        rested = self._after_spikes(states)
        moved = self._moved(rested, self._no_input if x is None else x)
        rests: Any = None
        if self._rests:
            t = environ.get("t", desc="The time of the step.")
            last = self.last_spike_time.value
            rests = is_within(t - last, self.tau_ref)
            moved = {name: um.where(rests, rested[name], value) for name, value in moved.items()}
        for name, value in moved.items():
            getattr(self, name).value = value
        spikes = self._spikes(states, moved)
        if self._rests:
            spiked = spikes.detach() > 0
            self.last_spike_time.value = um.where(spiked, t, last)
            if self.ref_var:
                self.refractory.value = rests | spiked
        return spikes

    def _after_spikes(self, states: dict[str, Any]) -> dict[str, Any]:
        """The states after the spikes of the step before."""
        spikes = self.get_spike(states["V"])
        rested = {**states, "V": self._reset(states["V"], spikes, self.V_th, self.V_reset)}
        if "w" in states:
            rested["w"] = states["w"] + self.b * spikes
        return rested

    def _moved(self, states: dict[str, Any], x: Any) -> dict[str, Any]:
        """The states after one step."""
        raise NotImplementedError

    def _spikes(self, before: dict[str, Any], after: dict[str, Any]) -> Any:
        return self.get_spike(after["V"])


class Crossing(Model):
    """A neuron without reset, which spikes where its potential comes to `V_th` from below."""

    def get_spike(self, V: Any = None) -> Any:
        """The step function of how far a potential, by default the present one, is above `V_th`."""
        V = self.V.value if V is None else V
        return self.spk_fun((V - self.V_th) / self.V_th)

    def _after_spikes(self, states: dict[str, Any]) -> dict[str, Any]:
        return states

    def _spikes(self, before: dict[str, Any], after: dict[str, Any]) -> Any:
        return self.get_spike(after["V"]) * (1.0 - self.get_spike(before["V"]))


def modelled(**parameters: Any) -> Callable[[K], K]:
    """Give a model its parameters with their defaults, and its docstring their descriptions."""

    def made(kind: K) -> K:
        given = {**parameters, **{name: value for name, value in _LAST.items() if name not in parameters}}
        # As in brainpy, `ref_var` comes before the name.
        if "ref_var" in given:
            given = {
                name: given[name] for name in [*(n for n in given if n not in ("ref_var", "name")), "ref_var", "name"]
            }
        kind._table = given
        place = inspect.Parameter.POSITIONAL_OR_KEYWORD
        listed = [inspect.Parameter("in_size", place)]
        listed += [inspect.Parameter(name, place, default=value) for name, value in given.items()]
        kind.__signature__ = inspect.Signature(listed)  # type: ignore[attr-defined]
        kind.__doc__ = _described(inspect.cleandoc(kind.__doc__ or ""), ["in_size", *given], kind._hidden)
        return kind

    return made


def _described(doc: str, names: list[str], states: tuple[str, ...]) -> str:
    """A docstring with all parameters, those of the docstring first, and the attributes."""
    head, _, rest = doc.partition("\n\nParameters\n----------\n")
    own, _, tail = rest.partition("\n\n")
    if not rest:
        head, _, tail = doc.partition("\n\nNotes\n")
        tail = f"Notes\n{tail}"
    entries: dict[str, str] = {}
    for line in own.splitlines():
        if line.startswith(" "):
            key = list(entries)[-1]
            entries[key] += f"\n{line}"
        else:
            entries[line] = ""
    described = {word.strip() for key in entries for word in key.split(",")}
    lines = [f"{name}\n    {_TEXTS[name]}" for name in names if name not in described and name in _TEXTS]
    first = [line for line in lines if line.startswith("in_size")]
    table = [*first, *(f"{key}{text}" for key, text in entries.items()), *(x for x in lines if x not in first)]
    kept = ", ".join(states)
    attributes = f"Attributes\n----------\n{kept}\n    The states, HiddenStates ``[*N]``."
    raises = (
        "Raises\n------\nKeyError\n    A step is made and ``environ`` has no `dt`, or no `t` where `tau_ref` needs it."
    )
    return "\n\n".join([head, "Parameters\n----------\n" + "\n".join(table), attributes, raises, tail])
