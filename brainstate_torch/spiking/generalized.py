"""Neurons of more than one linear equation: generalised integrate-and-fire, and those that hold their synapse."""

from typing import Any

from ..nn.init import Constant
from ..units import mA, ms, mV, ohm, siemens
from ..units import math as um
from .membrane import decay, linear_step, moved_potential
from .model import Model, modelled

__all__ = ["CobaLIF", "CubaLIF", "Gif", "GifRef"]


class _Generalized(Model):
    _hidden = ("V", "I1", "I2", "V_th")

    def get_spike(self, V: Any = None, V_th: Any = None) -> Any:
        """The spikes at a potential and a threshold, by default the present ones."""
        V = self.V.value if V is None else V
        V_th = self.V_th.value if V_th is None else V_th
        return self.spk_fun((V - V_th) / (V_th - self.V_reset))

    def _after_spikes(self, states: dict[str, Any]) -> dict[str, Any]:
        V, V_th = states["V"], states["V_th"]
        spikes = self.get_spike(V, V_th)
        I1, I2 = states["I1"], states["I2"]
        return {
            "V": self._reset(V, spikes, V_th, self.V_reset),
            "I1": I1 + spikes * (self.R1 * I1 + self.A1 - I1),
            "I2": I2 + spikes * (self.R2 * I2 + self.A2 - I2),
            "V_th": V_th + spikes * (um.maximum(self.V_th_reset, V_th) - V_th),
        }

    def _moved(self, states: dict[str, Any], x: Any) -> dict[str, Any]:
        V, V_th, I1, I2 = (states[name] for name in ("V", "V_th", "I1", "I2"))
        moved = {
            "I1": linear_step(I1, -self.k1 * I1, self.k1),
            "I2": linear_step(I2, -self.k2 * I2, self.k2),
            "V_th": linear_step(V_th, self.a * (V - self.V_rest) - self.b * (V_th - self.V_th_inf), self.b),
        }
        # As in brainpy: without a refractory time the potential sees the currents after their step.
        inner = I1 + I2 if self._rests else moved["I1"] + moved["I2"]
        V = moved_potential(self, V, x + inner, lambda v: self.V_rest - v, lambda v: -1.0, self.R, self.tau)
        return {"V": V, **moved}

    def _spikes(self, before: dict[str, Any], after: dict[str, Any]) -> Any:
        return self.get_spike(after["V"], after["V_th"])


_FIRST = {"R": 20.0 * ohm, "tau": 20.0 * ms}
_REST = {
    "V_rest": -70.0 * mV, "V_reset": -70.0 * mV, "V_th_inf": -50.0 * mV, "V_th_reset": -60.0 * mV,
    "V_th_initializer": Constant(-50.0 * mV), "a": 0.0 / ms, "b": 0.01 / ms, "k1": 0.2 / ms, "k2": 0.02 / ms,
    "R1": 0.0, "R2": 1.0, "A1": 0.0 * mA, "A2": 0.0 * mA, "V_initializer": Constant(-70.0 * mV),
    "I1_initializer": Constant(0.0 * mA), "I2_initializer": Constant(0.0 * mA),
}  # fmt: skip


@modelled(**_FIRST, **_REST)
class Gif(_Generalized):
    """Generalised integrate-and-fire neurons: two inner currents, and a threshold that moves.

    ``tau dV/dt = V_rest - V + R (I + I1 + I2)``, ``dI1/dt = -k1 I1``, ``dI2/dt = -k2 I2``, and
    ``dV_th/dt = a (V - V_rest) - b (V_th - V_th_inf)``. A spike sets ``I1`` to ``R1 I1 + A1``, ``I2`` likewise, and the
    threshold to `V_th_reset` or more.

    Parameters
    ----------
    V_th_inf, V_th_reset
        Where the threshold rests, and the least after a spike.
    V_th_initializer
        The threshold at the start.
    a, b
        How much the potential drives the threshold, and how fast it returns.
    k1, k2
        How fast the inner currents decay.
    R1, R2, A1, A2
        What a spike multiplies the inner currents by, and what it adds.
    I1_initializer, I2_initializer
        The inner currents at the start.

    Notes
    -----
    Source: brainpy.state.Gif (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.Gif(1))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     neuron(10. * u.mA), neuron.V.value
    (tensor([0.]), tensor([-60.2...]) mV)
    """


@modelled(**_FIRST, tau_ref=1.7 * ms, **_REST, ref_var=False)
class GifRef(_Generalized):
    """:class:`Gif` neurons that stay where they are for some time after a spike.

    Parameters
    ----------
    V_th_inf, V_th_reset, V_th_initializer, a, b, k1, k2, R1, R2, A1, A2, I1_initializer, I2_initializer
        As for :class:`Gif`.

    Notes
    -----
    Source: brainpy.state.GifRef (brainpy_state 0.1.0). As there, the potential sees the inner currents before their
    step, and in :class:`Gif` after it.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.GifRef(1))
    >>> with brainstate.environ.context(dt=1. * u.ms, t=0. * u.ms):
    ...     neuron(10. * u.mA)
    tensor([0.])
    """


class _WithSynapse(Model):
    """A leaky neuron and one synapse, which delta inputs reach."""

    _hidden = ("V", "g")

    def _moved(self, states: dict[str, Any], x: Any) -> dict[str, Any]:
        g = self.sum_delta_inputs(states["g"] * decay(self.tau_syn))
        closed = self.R * self._slope(g) - 1.0

        def force(v: Any) -> Any:
            return self.V_rest - v + self.R * self._synaptic(g, v)

        V = moved_potential(self, states["V"], x, force, lambda v: closed, self.R, self.tau)
        return {"V": V, "g": g}

    def _synaptic(self, g: Any, v: Any) -> Any:
        """The current of the synapse."""
        raise NotImplementedError

    def _slope(self, g: Any) -> Any:
        """Its derivative by the potential."""
        raise NotImplementedError


_LEAKY = {"R": 1.0 * ohm, "tau": 5.0 * ms, "tau_syn": 5.0 * ms}
_LEVELS = {"V_th": 1.0 * mV, "V_reset": 0.0 * mV, "V_rest": 0.0 * mV, "V_initializer": Constant(0.0 * mV)}


@modelled(**_LEAKY, **_LEVELS, g_initializer=Constant(0.0 * mA))
class CubaLIF(_WithSynapse):
    """:class:`LIF` neurons with a synaptic current that decays: what projections give as jumps goes into it.

    ``tau dV/dt = V_rest - V + R (g + I)``, and ``tau_syn dg/dt = -g``.

    Notes
    -----
    Source: brainpy.state.CubaLIF (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.CubaLIF(1))
    >>> neuron.add_delta_input('spike', 2. * u.mA)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     neuron(), neuron.g.value
    (tensor([0.]), tensor([2.]) mA)
    """

    def _synaptic(self, g: Any, v: Any) -> Any:
        return g

    def _slope(self, g: Any) -> Any:
        return 0.0 / self.R


@modelled(**_LEAKY, E=0.0 * mV, **_LEVELS, g_initializer=Constant(0.0 * siemens))
class CobaLIF(_WithSynapse):
    """:class:`LIF` neurons with a synaptic conductance that decays: what projections give as jumps goes into it.

    ``tau dV/dt = V_rest - V + R (g (E - V) + I)``, and ``tau_syn dg/dt = -g``.

    Parameters
    ----------
    E
        The potential at which no synaptic current flows.

    Notes
    -----
    Source: brainpy.state.CobaLIF (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.CobaLIF(1, E=5. * u.mV))
    >>> neuron.add_delta_input('spike', 2. * u.siemens)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     neuron(), neuron.V.value
    (tensor([1.]), tensor([1.50...]) mV)
    """

    def _synaptic(self, g: Any, v: Any) -> Any:
        return g * (self.E - v)

    def _slope(self, g: Any) -> Any:
        return -g
