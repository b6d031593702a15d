"""HH: the neuron of Hodgkin and Huxley."""

from collections.abc import Callable
from typing import Any

import torch

from .._state import HiddenState
from ..nn.init import Uniform, param
from ..typing import Size
from ..units import math as um
from ..units import mS, ms, mV, uA, uF
from .membrane import decay, membrane_step
from .neuron import Neuron
from .surrogate import ReluGrad

__all__ = ["HH"]

Init = Callable[..., Any] | Any


class HH(Neuron):
    """Neurons of Hodgkin and Huxley, with a spike where the potential comes to `V_th` from below.

    ``C dV/dt = gNa m³ h (ENa - V) + gK n⁴ (EK - V) + gL (EL - V) + I``, and ``dx/dt = alpha_x (1 - x) - beta_x x`` for
    ``x = m, h, n``. One step moves the potential with the gates of the step before, and the gates with the potential of
    the step before; each exactly, as if the others stood still.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the population.
    ENa, EK, EL
        The potentials at which no current flows: of sodium, potassium, and the leak.
    gNa, gK, gL
        Their conductances when all channels are open.
    V_th
        The potential of a spike.
    C
        The capacitance of the membrane.
    V_initializer
        The potential at the start.
    m_initializer, h_initializer, n_initializer
        The gates at the start; None: where they rest at that potential.
    spk_fun, spk_reset, name
        As for :class:`Neuron`. A spike resets nothing.

    Attributes
    ----------
    V, m, h, n
        Potential and gates, HiddenStates.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt`.

    Notes
    -----
    Source: brainpy.state.HH (brainpy 2.8.2).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.HH(1, gL=0.3 * u.mS, V_initializer=-65. * u.mV))
    >>> def step(i):
    ...     return neuron(20. * u.uA)
    >>> with brainstate.environ.context(dt=0.01 * u.ms):
    ...     brainstate.transform.for_loop(step, u.math.arange(1000)).sum()
    tensor(1.)
    """

    V: HiddenState[Any]
    m: HiddenState[Any]
    h: HiddenState[Any]
    n: HiddenState[Any]

    def __init__(
        self,
        in_size: Size,
        ENa: Any = 50.0 * mV,
        gNa: Any = 120.0 * mS,
        EK: Any = -77.0 * mV,
        gK: Any = 36.0 * mS,
        EL: Any = -54.387 * mV,
        gL: Any = 0.03 * mS,
        V_th: Any = 20.0 * mV,
        C: Any = 1.0 * uF,
        V_initializer: Init = Uniform(-70.0, -60.0, unit=mV),  # noqa: B008
        m_initializer: Init | None = None,
        h_initializer: Init | None = None,
        n_initializer: Init | None = None,
        spk_fun: Callable[..., Any] = ReluGrad(),  # noqa: B008
        spk_reset: str = "soft",
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, spk_fun=spk_fun, spk_reset=spk_reset, name=name)
        self.ENa, self.EK, self.EL = (param(E, self.varshape) for E in (ENa, EK, EL))
        self.gNa, self.gK, self.gL = (param(g, self.varshape) for g in (gNa, gK, gL))
        self.V_th, self.C = param(V_th, self.varshape), param(C, self.varshape)
        self.V_initializer = V_initializer
        self.m_initializer, self.h_initializer, self.n_initializer = m_initializer, h_initializer, n_initializer

    def m_alpha(self, V: Any) -> Any:
        """The rate at which m opens."""
        return 1.0 / um.exprel(-(V / mV + 40.0) / 10.0) / ms

    def m_beta(self, V: Any) -> Any:
        """The rate at which m closes."""
        return 4.0 * torch.exp(-(V / mV + 65.0) / 18.0) / ms

    def h_alpha(self, V: Any) -> Any:
        """The rate at which h opens."""
        return 0.07 * torch.exp(-(V / mV + 65.0) / 20.0) / ms

    def h_beta(self, V: Any) -> Any:
        """The rate at which h closes."""
        return 1.0 / (1.0 + torch.exp(-(V / mV + 35.0) / 10.0)) / ms

    def n_alpha(self, V: Any) -> Any:
        """The rate at which n opens."""
        return 0.1 / um.exprel(-(V / mV + 55.0) / 10.0) / ms

    def n_beta(self, V: Any) -> Any:
        """The rate at which n closes."""
        return 0.125 * torch.exp(-(V / mV + 65.0) / 80.0) / ms

    def m_inf(self, V: Any) -> Any:
        """Where m rests."""
        return _rest(self.m_alpha(V), self.m_beta(V))

    def h_inf(self, V: Any) -> Any:
        """Where h rests."""
        return _rest(self.h_alpha(V), self.h_beta(V))

    def n_inf(self, V: Any) -> Any:
        """Where n rests."""
        return _rest(self.n_alpha(V), self.n_beta(V))

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make potential and gates, ``[*N]``, or ``[batch_size, *N]``."""
        start = self._start(batch_size)
        self.V, self.m, self.h, self.n = (HiddenState(start[name]) for name in "Vmhn")

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set them to where they started."""
        for name, value in self._start(batch_size).items():
            getattr(self, name).value = value

    def _start(self, batch_size: int | None) -> dict[str, Any]:
        lanes = self.varshape if batch_size is None else (batch_size, *self.varshape)
        V = param(self.V_initializer, self.varshape, batch_size)
        V = V + um.zeros(lanes) * mV
        given = {"m": self.m_initializer, "h": self.h_initializer, "n": self.n_initializer}
        gates = {
            name: getattr(self, f"{name}_inf")(V) if init is None else param(init, self.varshape, batch_size)
            for name, init in given.items()
        }
        return {"V": V, **gates}

    def get_spike(self, V: Any = None) -> Any:
        """The step function of how far a potential, by default the present one, is above `V_th`."""
        V = self.V.value if V is None else V
        return self.spk_fun((V - self.V_th) / self.V_th)

    def update(self, x: Any = 0.0 * uA) -> Any:
        """One step with the current ``[*N]``; returns the spikes ``[*N]``."""
        before, m, h, n = self.V.value, self.m.value, self.h.value, self.n.value
        gNa, gK = self.gNa * (m * m * m * h), self.gK * n**4
        g = gNa + gK + self.gL
        rest = (gNa * self.ENa + gK * self.EK + self.gL * self.EL) / g
        V = membrane_step(self, before, x, tau=self.C / g, R=1.0 / g, rest=rest)
        V = self.sum_delta_inputs(V)
        self.m.value = _moved(m, self.m_alpha(before), self.m_beta(before))
        self.h.value = _moved(h, self.h_alpha(before), self.h_beta(before))
        self.n.value = _moved(n, self.n_alpha(before), self.n_beta(before))
        self.V.value = V
        return self.get_spike(V) * (1.0 - self.get_spike(before))


def _rest(alpha: Any, beta: Any) -> Any:
    return alpha / (alpha + beta)


def _moved(gate: Any, alpha: Any, beta: Any) -> Any:
    total = alpha + beta
    rest = alpha / total
    return rest + (gate - rest) * decay(1.0 / total)
