"""Neurons with ion channels, and their reduced forms: no reset, a spike where the potential crosses the threshold."""

from typing import Any

import torch

from ..nn.init import Constant, Uniform
from ..units import math as um
from ..units import mS, ms, mV, uA, uF
from .membrane import linear_step
from .model import Crossing, modelled

__all__ = ["FitzHughNagumo", "HindmarshRose", "MorrisLecar", "WangBuzsakiHH"]


class _Channels(Crossing):
    """A membrane with conductances: linear in the potential while the gates stand still.

    As in brainpy, the inputs see the potential before the step.
    """

    _no_input = 0.0 * uA

    def _membrane(self, V: Any, x: Any, *channels: tuple[Any, Any]) -> Any:
        """The potential after a step, for pairs of a conductance and the potential where it carries no current."""
        flow = self.sum_current_inputs(x, V)
        total: Any = None
        for g, E in channels:
            flow = flow - g * (V - E)
            total = g if total is None else total + g
        return self.sum_delta_inputs(linear_step(V, flow / self.C, total / self.C))


@modelled(
    V_Ca=130.0 * mV, g_Ca=4.4 * mS, V_K=-84.0 * mV, g_K=8.0 * mS, V_leak=-60.0 * mV, g_leak=2.0 * mS, C=20.0 * uF,
    V1=-1.2 * mV, V2=18.0 * mV, V3=2.0 * mV, V4=30.0 * mV, phi=0.04 / ms, V_th=10.0 * mV,
    V_initializer=Uniform(-70.0, -60.0, unit=mV), W_initializer=Constant(0.02),
)  # fmt: skip
class MorrisLecar(_Channels):
    """Neurons of Morris and Lecar: calcium at once, potassium with a gate `W`, and a leak.

    Parameters
    ----------
    V_Ca, V_K, V_leak
        The potentials at which no current flows.
    g_Ca, g_K, g_leak
        The conductances when all channels are open.
    V1, V2
        Where half of the calcium channels are open, and how steep that is.
    V3, V4
        Where half of the potassium channels are open, and how steep that is.
    phi
        The rate of the potassium gate.
    W_initializer
        The gate at the start.

    Notes
    -----
    Source: brainpy.state.MorrisLecar (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.MorrisLecar(1))
    >>> def step(i):
    ...     return neuron(100. * u.uA)
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     brainstate.transform.for_loop(step, u.math.arange(1000)).sum()
    tensor(1.)
    """

    _hidden = ("V", "W")

    def _moved(self, states: dict[str, Any], x: Any) -> dict[str, Any]:
        V, W = states["V"], states["W"]
        opened = 0.5 * (1.0 + torch.tanh(um.asarray((V - self.V1) / self.V2)))
        rest = 0.5 * (1.0 + torch.tanh(um.asarray((V - self.V3) / self.V4)))
        rate = self.phi * torch.cosh(um.asarray((V - self.V3) / (2.0 * self.V4)))
        channels = (self.g_Ca * opened, self.V_Ca), (self.g_K * W, self.V_K), (self.g_leak, self.V_leak)
        return {"V": self._membrane(V, x, *channels), "W": linear_step(W, rate * (rest - W), rate)}


@modelled(
    ENa=55.0 * mV, gNa=35.0 * mS, EK=-90.0 * mV, gK=9.0 * mS, EL=-65.0 * mV, gL=0.1 * mS, V_th=20.0 * mV, phi=5.0,
    C=1.0 * uF, V_initializer=Constant(-65.0 * mV), h_initializer=Constant(0.6), n_initializer=Constant(0.32),
)  # fmt: skip
class WangBuzsakiHH(_Channels):
    """Wang and Buzsaki's fast-spiking interneurons: Hodgkin and Huxley's equations, with sodium's `m` at rest.

    Parameters
    ----------
    ENa, EK, EL
        The potentials at which no current flows.
    gNa, gK, gL
        The conductances when all channels are open.
    phi
        How much faster the gates are than Hodgkin's and Huxley's.
    h_initializer, n_initializer
        The gates at the start.

    Notes
    -----
    Source: brainpy.state.WangBuzsakiHH (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.WangBuzsakiHH(1))
    >>> def step(i):
    ...     return neuron(2. * u.uA)
    >>> with brainstate.environ.context(dt=0.01 * u.ms):
    ...     brainstate.transform.for_loop(step, u.math.arange(1000)).sum()
    tensor(1.)
    """

    _hidden = ("V", "h", "n")

    def m_inf(self, V: Any) -> Any:
        """Where m rests."""
        alpha = 1.0 / um.exprel(-0.1 * (V / mV + 35.0))
        return alpha / (alpha + 4.0 * torch.exp(um.asarray(-(V / mV + 60.0) / 18.0)))

    def h_alpha(self, V: Any) -> Any:
        """The rate at which h opens."""
        return 0.07 * torch.exp(um.asarray(-(V / mV + 58.0) / 20.0)) / ms

    def h_beta(self, V: Any) -> Any:
        """The rate at which h closes."""
        return 1.0 / (torch.exp(um.asarray(-0.1 * (V / mV + 28.0))) + 1.0) / ms

    def h_inf(self, V: Any) -> Any:
        """Where h rests."""
        return self.h_alpha(V) / (self.h_alpha(V) + self.h_beta(V))

    def n_alpha(self, V: Any) -> Any:
        """The rate at which n opens."""
        return 0.1 / um.exprel(-0.1 * (V / mV + 34.0)) / ms

    def n_beta(self, V: Any) -> Any:
        """The rate at which n closes."""
        return 0.125 * torch.exp(um.asarray(-(V / mV + 44.0) / 80.0)) / ms

    def n_inf(self, V: Any) -> Any:
        """Where n rests."""
        return self.n_alpha(V) / (self.n_alpha(V) + self.n_beta(V))

    def _moved(self, states: dict[str, Any], x: Any) -> dict[str, Any]:
        V, h, n = states["V"], states["h"], states["n"]
        channels = (self.gNa * self.m_inf(V) ** 3 * h, self.ENa), (self.gK * n**4, self.EK), (self.gL, self.EL)
        moved = {"V": self._membrane(V, x, *channels)}
        for name, gate in (("h", h), ("n", n)):
            alpha, beta = (self.phi * getattr(self, f"{name}_{side}")(V) for side in ("alpha", "beta"))
            moved[name] = linear_step(gate, alpha * (1.0 - gate) - beta * gate, alpha + beta)
        return moved


@modelled(
    a=0.7, b=0.8, tau=1.0 * ms, tau_w=12.5 * ms, V_th=1.0, V_initializer=Constant(-1.2), w_initializer=Constant(-0.62)
)
class FitzHughNagumo(Crossing):
    """FitzHugh's and Nagumo's neurons: ``tau dV/dt = V - V³/3 - w + I``, and ``tau_w dw/dt = V + a - b w``.

    Parameters
    ----------
    a, b
        The shift and the slope of the recovery.
    tau
        The time constant of the potential.
    tau_w
        The time constant of the recovery.
    w_initializer
        The recovery at the start.

    Notes
    -----
    Source: brainpy.state.FitzHughNagumo (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.FitzHughNagumo(1))
    >>> def step(i):
    ...     return neuron(0.5)
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     brainstate.transform.for_loop(step, u.math.arange(1000)).sum()
    tensor(3.)
    """

    _hidden = ("V", "w")
    _no_input = 0.0

    def _moved(self, states: dict[str, Any], x: Any) -> dict[str, Any]:
        V, w = states["V"], states["w"]
        flow = self.sum_current_inputs(x, V)
        moved = linear_step(V, (V - V**3 / 3.0 - w + flow) / self.tau, (V**2 - 1.0) / self.tau)
        w = linear_step(w, (V + self.a - self.b * w) / self.tau_w, self.b / self.tau_w)
        return {"V": self.sum_delta_inputs(moved), "w": w}


@modelled(
    a=1.0, b=3.0, c=1.0, d=5.0, r=0.006, s=4.0, V_r=-1.6, tau=1.0 * ms, V_th=1.0, V_initializer=Constant(-1.6),
    y_initializer=Constant(-10.0), z_initializer=Constant(0.0),
)  # fmt: skip
class HindmarshRose(Crossing):
    """Hindmarsh's and Rose's bursting neurons, of three equations.

    ``tau dV/dt = y - a V³ + b V² - z + I``, ``tau dy/dt = c - d V² - y``, ``tau dz/dt = r (s (V - V_r) - z)``.

    Parameters
    ----------
    a, b, c, d
        The coefficients of the fast equations.
    r, s, V_r
        The rate of the slow equation, its drive, and the potential where it rests.
    tau
        The unit of time.
    y_initializer, z_initializer
        The fast and the slow current at the start.

    Notes
    -----
    Source: brainpy.state.HindmarshRose (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.HindmarshRose(1))
    >>> def step(i):
    ...     return neuron(3.)
    >>> with brainstate.environ.context(dt=0.05 * u.ms):
    ...     brainstate.transform.for_loop(step, u.math.arange(1000)).sum()
    tensor(10.)
    """

    _hidden = ("V", "y", "z")
    _no_input = 0.0

    def _moved(self, states: dict[str, Any], x: Any) -> dict[str, Any]:
        V, y, z = states["V"], states["y"], states["z"]
        flow = self.sum_current_inputs(x, V)
        drift = y - self.a * V**3 + self.b * V**2 - z + flow
        moved = linear_step(V, drift / self.tau, (3.0 * self.a * V**2 - 2.0 * self.b * V) / self.tau)
        return {
            "V": self.sum_delta_inputs(moved),
            "y": linear_step(y, (self.c - self.d * V**2 - y) / self.tau, 1.0 / self.tau),
            "z": linear_step(z, self.r * (self.s * (V - self.V_r) - z) / self.tau, self.r / self.tau),
        }
