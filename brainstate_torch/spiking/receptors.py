"""Synapses of a transmitter that is there for some time after a spike, and receptors that it opens."""

from collections.abc import Callable
from typing import Any

from .. import environ
from .._state import HiddenState, ShortTermState
from ..nn.init import Constant, param
from ..typing import Size
from ..units import get_unit, mM, mS, ms
from ..units import math as um
from .durations import is_within
from .membrane import linear_step
from .synapses import Synapse

__all__ = ["AMPA", "BioNMDA", "GABAa"]

Init = Callable[..., Any] | Any


class _Receptor(Synapse):
    """Base of the kinds: the time of the last spike, and the concentration of transmitter."""

    g: HiddenState[Any]
    spike_arrival_time: ShortTermState[Any]

    def __init__(self, in_size: Size, name: str | None, T: Any, T_dur: Any, **initializers: Init) -> None:
        super().__init__(in_size, name=name)
        self.T, self.T_duration = param(T, self.varshape), param(T_dur, self.varshape)
        self._initializers = initializers

    def _start(self, batch_size: int | None) -> dict[str, Any]:
        return {name: param(value, self.varshape, batch_size) for name, value in self._initializers.items()}

    def _never(self, batch_size: int | None) -> Any:
        return param(Constant(-1e7 * ms), self.varshape, batch_size)

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the states, ``[*N]``, or ``[batch_size, *N]``."""
        for name, value in self._start(batch_size).items():
            setattr(self, name, HiddenState(value))
        self.spike_arrival_time = ShortTermState(self._never(batch_size))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set them to where they started."""
        for name, value in self._start(batch_size).items():
            getattr(self, name).value = value
        self.spike_arrival_time.value = self._never(batch_size)

    def _transmitter(self, pre_spike: Any) -> Any:
        """The concentration after the spikes of this step."""
        t = environ.get("t", desc="The time of the step.")
        arrived = um.asarray(pre_spike).bool()
        last = self.spike_arrival_time.value = um.where(arrived, t, self.spike_arrival_time.value)
        return is_within(t - last, self.T_duration) * self.T


def _opened(x: Any, opening: Any, closing: Any) -> Any:
    """A step of the open part of receptors: ``dx/dt = opening (1 - x) - closing x``."""
    return linear_step(x, opening * (1.0 * get_unit(x) - x) - closing * x, opening + closing)


class AMPA(_Receptor):
    """Receptors that transmitter opens: ``dg/dt = alpha T (1 - g) - beta g``, with `T` for some time after a spike.

    A step needs ``environ``'s time `t`.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    name
        A name, for display.
    alpha, beta
        The rates of opening, per concentration, and of closing.
    T, T_dur
        The concentration of transmitter, and for how long it is there, rounded up to whole steps.
    g_initializer
        The open part at the start, as a conductance.

    Attributes
    ----------
    g
        The conductance, a HiddenState.
    spike_arrival_time
        When the last spike came, a ShortTermState.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt` or `t`.

    Notes
    -----
    Source: brainpy.state.AMPA (brainpy_state 0.1.0). Differs: `T_dur` counts whole steps, so that a rounding error of
    the time adds none, unless ``environ.set(durations='times')``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> synapse = brainstate.nn.init_all_states(brainstate.spiking.AMPA(2))
    >>> with brainstate.environ.context(dt=0.5 * u.ms, t=0. * u.ms):
    ...     synapse(torch.tensor([1., 0.]))
    tensor([0.20..., 0.0000]) mS
    """

    def __init__(
        self,
        in_size: Size,
        name: str | None = None,
        alpha: Any = 0.98 / ms / mM,
        beta: Any = 0.18 / ms,
        T: Any = 0.5 * mM,
        T_dur: Any = 0.5 * ms,
        g_initializer: Init = Constant(0.0 * mS),  # noqa: B008
    ) -> None:
        super().__init__(in_size, name, T, T_dur, g=g_initializer)
        self.alpha, self.beta = param(alpha, self.varshape), param(beta, self.varshape)

    def update(self, pre_spike: Any) -> Any:
        """One step with the spikes ``[*N]``; returns the conductance ``[*N]``."""
        transmitter = self._transmitter(pre_spike)
        self.g.value = _opened(self.g.value, self.alpha * transmitter, self.beta)
        return self.g.value


class GABAa(AMPA):
    """:class:`AMPA` with the rates of inhibitory receptors.

    Parameters
    ----------
    in_size, name, alpha, beta, T, T_dur, g_initializer
        As for :class:`AMPA`.

    Notes
    -----
    Source: brainpy.state.GABAa (brainpy_state 0.1.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> synapse = brainstate.nn.init_all_states(brainstate.spiking.GABAa(2))
    >>> with brainstate.environ.context(dt=0.5 * u.ms, t=0. * u.ms):
    ...     synapse(torch.tensor([1., 0.]))
    tensor([0.22..., 0.0000]) mS
    """

    def __init__(
        self,
        in_size: Size,
        name: str | None = None,
        alpha: Any = 0.53 / ms / mM,
        beta: Any = 0.18 / ms,
        T: Any = 1.0 * mM,
        T_dur: Any = 1.0 * ms,
        g_initializer: Init = Constant(0.0 * mS),  # noqa: B008
    ) -> None:
        super().__init__(in_size, name, alpha, beta, T, T_dur, g_initializer)


class BioNMDA(_Receptor):
    """Receptors that open in two steps: ``dx/dt = alpha2 T (1 - x) - beta2 x``, ``dg/dt = alpha1 x (1 - g) - beta1 g``.

    A step needs ``environ``'s time `t`.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    name
        A name, for display.
    alpha1, beta1
        The rates of the second step.
    alpha2, beta2
        The rates of the first step; `alpha2` per concentration.
    T, T_dur
        The concentration of transmitter, and for how long it is there, rounded up to whole steps.
    g_initializer, x_initializer
        The open part at the start, as a conductance, and the part after the first step.

    Attributes
    ----------
    g, x
        Conductance and first step, HiddenStates.
    spike_arrival_time
        When the last spike came, a ShortTermState.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt` or `t`.

    Notes
    -----
    Source: brainpy.state.BioNMDA (brainpy_state 0.1.0). Differs: `T_dur` counts whole steps, as in :class:`AMPA`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> synapse = brainstate.nn.init_all_states(brainstate.spiking.BioNMDA(2))
    >>> with brainstate.environ.context(dt=0.5 * u.ms, t=0. * u.ms):
    ...     synapse(torch.tensor([1., 0.]))
    tensor([0.29..., 0.0000]) mS
    """

    x: HiddenState[Any]

    def __init__(
        self,
        in_size: Size,
        name: str | None = None,
        alpha1: Any = 2.0 / ms,
        beta1: Any = 0.01 / ms,
        alpha2: Any = 1.0 / ms / mM,
        beta2: Any = 0.5 / ms,
        T: Any = 1.0 * mM,
        T_dur: Any = 0.5 * ms,
        g_initializer: Init = Constant(0.0 * mS),  # noqa: B008
        x_initializer: Init = Constant(0.0),  # noqa: B008
    ) -> None:
        super().__init__(in_size, name, T, T_dur, g=g_initializer, x=x_initializer)
        self.alpha1, self.beta1 = param(alpha1, self.varshape), param(beta1, self.varshape)
        self.alpha2, self.beta2 = param(alpha2, self.varshape), param(beta2, self.varshape)

    def update(self, pre_spike: Any) -> Any:
        """One step with the spikes ``[*N]``; returns the conductance ``[*N]``."""
        transmitter = self._transmitter(pre_spike)
        x = self.x.value = _opened(self.x.value, self.alpha2 * transmitter, self.beta2)
        self.g.value = _opened(self.g.value, self.alpha1 * x, self.beta1)
        return self.g.value
