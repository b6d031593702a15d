"""Synapses: conductances that jump with what arrives and decay."""

from collections.abc import Callable
from typing import Any

from .. import environ
from .._state import HiddenState
from ..nn.init import Constant, param
from ..typing import Size
from ..units import math as um
from ..units import mS, ms
from .align_post import AlignPost
from .dynamics import Dynamics
from .membrane import decay, relaxation

__all__ = ["STD", "STP", "Alpha", "DualExpon", "Expon", "Synapse"]

Init = Callable[..., Any] | Any


class Synapse(Dynamics):
    """Base of synapses.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.Synapse (brainpy 2.8.2).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> isinstance(brainstate.spiking.Expon(2), brainstate.spiking.Synapse)
    True
    """


class Expon(Synapse, AlignPost):
    """A conductance that decays exponentially: ``dg/dt = -g / tau``.

    A step lets it decay and adds what has arrived.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    name
        A name, for display.
    tau
        The time constant.
    g_initializer
        The conductance at the start.

    Attributes
    ----------
    g
        The conductance, a HiddenState.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt`.

    Notes
    -----
    Source: brainpy.state.Expon (brainpy 2.8.2).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> synapse = brainstate.nn.init_all_states(brainstate.spiking.Expon(2, tau=1. * u.ms))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     synapse(torch.tensor([1., 2.]) * u.mS), synapse()
    (tensor([1., 2.]) mS, tensor([0.3679, 0.7358]) mS)
    """

    g: HiddenState[Any]

    def __init__(
        self,
        in_size: Size,
        name: str | None = None,
        tau: Any = 8.0 * ms,
        g_initializer: Init = Constant(0.0 * mS),  # noqa: B008
    ) -> None:
        super().__init__(in_size, name=name)
        self.tau, self.g_initializer = param(tau, self.varshape), g_initializer

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the conductance, ``[*N]``, or ``[batch_size, *N]``."""
        self.g = HiddenState(param(self.g_initializer, self.varshape, batch_size))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set it to where it started."""
        self.g.value = param(self.g_initializer, self.varshape, batch_size)

    def conductance(self) -> Any:
        """The present conductance, ``[*N]``."""
        return self.g.value

    def update(self, x: Any = None) -> Any:
        """One step, in which `x` arrives, ``[*N]``; returns the conductance ``[*N]``."""
        g = self.sum_delta_inputs(self.g.value * decay(self.tau))
        self.g.value = g if x is None else g + x
        return self.g.value


class DualExpon(Synapse, AlignPost):
    """A conductance that rises and decays exponentially: ``a (g_decay - g_rise)``.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    name
        A name, for display.
    tau_decay, tau_rise
        The time constants. If they differ by less than 1 %, they are moved to that distance around their mean; the
        shape is then that of :class:`Alpha` to within 1e-5.
    amplitude
        The factor `a`, or, with `normalize`, the peak that one unit of input leads to.
    normalize
        Say the peak instead of the factor.
    g_initializer
        Both parts at the start.

    Attributes
    ----------
    g_rise, g_decay
        The parts, HiddenStates.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt`.

    Notes
    -----
    Source: brainpy.state.DualExpon (brainpy 2.8.2).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> synapse = brainstate.nn.init_all_states(brainstate.spiking.DualExpon(1, normalize=False))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     synapse(1. * u.mS), synapse()
    (tensor([0.]) mS, tensor([0.5370]) mS)
    """

    g_rise: HiddenState[Any]
    g_decay: HiddenState[Any]

    def __init__(
        self,
        in_size: Size,
        name: str | None = None,
        tau_decay: Any = 10.0 * ms,
        tau_rise: Any = 1.0 * ms,
        amplitude: Any = 1.0,
        normalize: bool = True,
        g_initializer: Init = Constant(0.0 * mS),  # noqa: B008
    ) -> None:
        super().__init__(in_size, name=name)
        taus = param(tau_decay, self.varshape), param(tau_rise, self.varshape)
        self.tau_decay, self.tau_rise = _moved_apart(*taus)
        self.g_initializer = g_initializer
        apart = self.tau_decay - self.tau_rise
        scale = 1.0 / _peak(self.tau_decay, self.tau_rise) if normalize else _number((taus[0] - taus[1]) / apart)
        self.a = param(amplitude, self.varshape) * scale

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make both parts, ``[*N]``, or ``[batch_size, *N]``."""
        self.g_rise, self.g_decay = (
            HiddenState(param(self.g_initializer, self.varshape, batch_size)) for _ in range(2)
        )

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set them to where they started."""
        for part in (self.g_rise, self.g_decay):
            part.value = param(self.g_initializer, self.varshape, batch_size)

    def conductance(self) -> Any:
        """The present conductance, ``[*N]``."""
        return self.a * (self.g_decay.value - self.g_rise.value)

    def update(self, x: Any = None) -> Any:
        """One step, in which `x` arrives, ``[*N]``; returns the conductance ``[*N]``."""
        arrived = self.sum_delta_inputs(0.0 * self.g_rise.value)
        arrived = arrived if x is None else arrived + x
        self.g_rise.value = self.g_rise.value * decay(self.tau_rise) + arrived
        self.g_decay.value = self.g_decay.value * decay(self.tau_decay) + arrived
        return self.conductance()


class Alpha(Synapse):
    """A conductance with the shape ``t / tau exp(-t / tau)``: ``dg/dt = (h - g) / tau`` and ``dh/dt = -h / tau``.

    Parameters
    ----------
    in_size, name, tau
        As for :class:`Expon`.
    g_initializer
        `g` and `h` at the start.

    Attributes
    ----------
    g, h
        The conductance, and what it follows, HiddenStates.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt`.

    Notes
    -----
    Source: brainpy.state.Alpha (brainpy 2.8.2). As there, g follows the h of the step before.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> synapse = brainstate.nn.init_all_states(brainstate.spiking.Alpha(1, tau=10. * u.ms))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     synapse(1. * u.mS), synapse()
    (tensor([0.]) mS, tensor([0.0952]) mS)
    """

    g: HiddenState[Any]
    h: HiddenState[Any]

    def __init__(
        self,
        in_size: Size,
        name: str | None = None,
        tau: Any = 8.0 * ms,
        g_initializer: Init = Constant(0.0 * mS),  # noqa: B008
    ) -> None:
        super().__init__(in_size, name=name)
        self.tau, self.g_initializer = param(tau, self.varshape), g_initializer

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make both, ``[*N]``, or ``[batch_size, *N]``."""
        self.g, self.h = (HiddenState(param(self.g_initializer, self.varshape, batch_size)) for _ in range(2))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set them to where they started."""
        for each in (self.g, self.h):
            each.value = param(self.g_initializer, self.varshape, batch_size)

    def update(self, x: Any = None) -> Any:
        """One step, in which `x` arrives, ``[*N]``; returns the conductance ``[*N]``."""
        g, h = self.g.value, self.h.value
        arrived = self.sum_delta_inputs(h * decay(self.tau))
        self.g.value = g + (h - g) * relaxation(self.tau)
        self.h.value = arrived if x is None else arrived + x
        return self.g.value


class STP(Synapse):
    """Short-term plasticity: a spike releases ``u x``, facilitates `u` and depletes `x`.

    Between spikes, ``du/dt = -u / tau_f`` and ``dx/dt = (1 - x) / tau_d``; with one, u grows by ``U (1 - u)``, then x
    falls by ``u x``.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the neurons that spike.
    name
        A name, for display.
    U
        How much a spike facilitates.
    tau_f, tau_d
        The time constants of facilitation and depression.

    Attributes
    ----------
    u, x
        What a spike uses of the resources, and the resources, HiddenStates.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt`.

    Notes
    -----
    Source: brainpy.state.STP (brainpy 2.8.2).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> synapse = brainstate.nn.init_all_states(brainstate.spiking.STP(2, U=0.5, tau_f=1e6 * u.ms))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     synapse(torch.tensor([1., 0.])), synapse.x.value
    (tensor([0.7500, 0.0000]), tensor([0.2500, 1.0000]))
    """

    u: HiddenState[Any]
    x: HiddenState[Any]

    def __init__(
        self,
        in_size: Size,
        name: str | None = None,
        U: Any = 0.15,
        tau_f: Any = 1500.0 * ms,
        tau_d: Any = 200.0 * ms,
    ) -> None:
        super().__init__(in_size, name=name)
        self.U, self.tau_f, self.tau_d = (param(value, self.varshape) for value in (U, tau_f, tau_d))

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make both, ``[*N]``, or ``[batch_size, *N]``."""
        self.u, self.x = (HiddenState(value) for value in self._start(batch_size))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set them to where they started."""
        self.u.value, self.x.value = self._start(batch_size)

    def _start(self, batch_size: int | None) -> tuple[Any, Any]:
        full = _full(self.varshape, batch_size)
        return full * self.U, full

    def update(self, pre_spike: Any) -> Any:
        """One step with the spikes ``[*N]``; returns what they release, ``[*N]``."""
        u = self.u.value * decay(self.tau_f)
        u = u + self.U * (1.0 - u) * pre_spike
        x = 1.0 - (1.0 - self.x.value) * decay(self.tau_d)
        released = u * x * pre_spike
        self.u.value, self.x.value = u, x - released
        return released


class STD(Synapse):
    """Short-term depression: a spike releases the resources `x` and uses up ``U x``; ``dx/dt = (1 - x) / tau``.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the neurons that spike.
    name
        A name, for display.
    tau
        The time constant of recovery.
    U
        The part that a spike uses up.

    Attributes
    ----------
    x
        The resources, a HiddenState.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt`.

    Notes
    -----
    Source: brainpy.state.STD (brainpy 2.8.2).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> synapse = brainstate.nn.init_all_states(brainstate.spiking.STD(2, U=0.5))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     synapse(torch.tensor([1., 0.])), synapse.x.value
    (tensor([1., 0.]), tensor([0.5000, 1.0000]))
    """

    x: HiddenState[Any]

    def __init__(self, in_size: Size, name: str | None = None, tau: Any = 200.0 * ms, U: Any = 0.07) -> None:
        super().__init__(in_size, name=name)
        self.tau, self.U = param(tau, self.varshape), param(U, self.varshape)

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the resources, ``[*N]``, or ``[batch_size, *N]``."""
        self.x = HiddenState(_full(self.varshape, batch_size))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set them to where they started."""
        self.x.value = _full(self.varshape, batch_size)

    def update(self, pre_spike: Any) -> Any:
        """One step with the spikes ``[*N]``; returns what they release, ``[*N]``."""
        x = 1.0 - (1.0 - self.x.value) * decay(self.tau)
        released = x * pre_spike
        self.x.value = x - self.U * released
        return released


def _full(shape: tuple[int, ...], batch_size: int | None) -> Any:
    return um.ones(shape if batch_size is None else (batch_size, *shape), dtype=environ.dftype())


def _peak(tau_decay: Any, tau_rise: Any) -> Any:
    """The maximum over time of ``exp(-t / tau_decay) - exp(-t / tau_rise)``."""
    ratio = _number(tau_rise / tau_decay)
    return ratio ** (ratio / (1 - ratio)) - ratio ** (1 / (1 - ratio))


def _moved_apart(tau_decay: Any, tau_rise: Any) -> tuple[Any, Any]:
    """The time constants, at least 1 % apart: the difference of nearly equal exponentials has no digits left."""
    mean, gap = 0.5 * (tau_decay + tau_rise), tau_decay - tau_rise
    least = 0.01 * mean
    near = um.abs(gap) < least
    half = um.where(gap < 0.0 * gap, -0.5 * least, 0.5 * least)
    return um.where(near, mean + half, tau_decay), um.where(near, mean - half, tau_rise)


def _number(x: Any) -> Any:
    return um.asarray(x.to_decimal() if hasattr(x, "to_decimal") else x)
