"""Izhikevich's neurons."""

from typing import Any

from ..nn.init import Constant
from ..units import math as um
from ..units import ms, mV
from .membrane import linear_step, moved_potential
from .model import Model, modelled

__all__ = ["Izhikevich", "IzhikevichRef"]


class _Izhikevich(Model):
    _hidden = ("V", "u")
    _no_input = 0.0 * mV / ms

    def get_spike(self, V: Any = None) -> Any:
        """The step function of how far a potential, by default the present one, is above `V_th`."""
        V = self.V.value if V is None else V
        return self.spk_fun((V - self.V_th) / self.V_th)

    def _after_spikes(self, states: dict[str, Any]) -> dict[str, Any]:
        spikes = self.get_spike(states["V"])
        return {"V": um.where(spikes > 0.0, self.c, states["V"]), "u": states["u"] + self.d * spikes}

    def _moved(self, states: dict[str, Any], x: Any) -> dict[str, Any]:
        u = states["u"]

        def force(v: Any) -> Any:
            return 0.04 / ms / mV * v * v + 5.0 / ms * v + 140.0 * mV / ms - u

        def slope(v: Any) -> Any:
            return 0.08 / ms / mV * v + 5.0 / ms

        V = moved_potential(self, states["V"], x, force, slope)
        return {"V": V, "u": linear_step(u, self.a * (self.b * V - u), self.a)}


_FIRST = {"a": 0.02 / ms, "b": 0.2 / ms, "c": -65.0 * mV, "d": 8.0 * mV / ms, "V_th": 30.0 * mV}
_START = {"V_initializer": Constant(-65.0 * mV), "u_initializer": Constant(0.0 * mV / ms)}


@modelled(**_FIRST, **_START, spk_reset="hard")
class Izhikevich(_Izhikevich):
    """Izhikevich's neurons: ``dV/dt = 0.04 V² + 5 V + 140 - u + I`` in mV and ms, and ``du/dt = a (b V - u)``.

    A spike sets the potential to `c`, and adds `d` to `u`. The input is a slope, in mV / ms.

    Parameters
    ----------
    a, b
        How fast `u` follows, and how much the potential drives it.
    c, d
        The potential after a spike, and what a spike adds to `u`.
    u_initializer
        The recovery at the start.

    Notes
    -----
    Source: brainpy.state.Izhikevich (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.Izhikevich(1))
    >>> def step(i):
    ...     return neuron(10. * u.mV / u.ms)
    >>> with brainstate.environ.context(dt=0.5 * u.ms):
    ...     brainstate.transform.for_loop(step, u.math.arange(100)).sum()
    tensor(1.)
    """


@modelled(**_FIRST, tau_ref=0.0 * ms, **_START, spk_reset="hard", ref_var=False)
class IzhikevichRef(_Izhikevich):
    """:class:`Izhikevich` neurons that stay where they are for some time after a spike.

    Parameters
    ----------
    a, b
        How fast `u` follows, and how much the potential drives it.
    c, d
        The potential after a spike, and what a spike adds to `u`.
    u_initializer
        The recovery at the start.

    Notes
    -----
    Source: brainpy.state.IzhikevichRef (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.IzhikevichRef(1, tau_ref=2. * u.ms))
    >>> with brainstate.environ.context(dt=0.5 * u.ms, t=0. * u.ms):
    ...     neuron(10. * u.mV / u.ms)
    tensor([0.])
    """
