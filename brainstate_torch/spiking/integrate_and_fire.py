"""Integrate-and-fire neurons."""

from collections.abc import Callable
from typing import Any

import torch

from .. import environ
from .._state import HiddenState, ShortTermState
from ..nn.init import Constant, param
from ..typing import Size
from ..units import UnitMismatchError, get_unit, is_quantity, mA, ms, mV, ohm
from .durations import is_within
from .membrane import decay, membrane_step
from .neuron import Neuron
from .surrogate import ReluGrad

__all__ = ["ALIF", "IF", "LIF", "LIFRef"]

Init = Callable[..., Any] | Any


def _unit_named(value: Any) -> str:
    return f"one in {get_unit(value)}" if is_quantity(value) else "a plain number"


class _IntegrateAndFire(Neuron):
    """A potential with a threshold."""

    V: HiddenState[Any]

    def __init__(
        self, in_size: Size, R: Any, tau: Any, V_th: Any, V_reset: Any, V_rest: Any, V_initializer: Init, **kwargs: Any
    ) -> None:
        super().__init__(in_size, **kwargs)
        self.R, self.tau = param(R, self.varshape), param(tau, self.varshape)
        self.V_th, self.V_reset = param(V_th, self.varshape), param(V_reset, self.varshape)
        self.V_rest, self.V_initializer = param(V_rest, self.varshape), V_initializer
        self._check_potential("V_reset", self.V_reset)
        self._check_potential("V_rest", self.V_rest)

    def _check_potential(self, name: str, value: Any) -> None:
        try:
            _ = value - self.V_th
        except UnitMismatchError:
            raise UnitMismatchError(
                f"`{name}` of {type(self).__name__} must have the dimension of `V_th`, {_unit_named(self.V_th)}. Got "
                f"{_unit_named(value)}. Give all of `V_th`, `V_reset`, `V_rest` and `V_initializer` a unit, or none.",
                get_unit(value),
                get_unit(self.V_th),
            ) from None

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the potential, ``[*N]``, or ``[batch_size, *N]``."""
        V = param(self.V_initializer, self.varshape, batch_size)
        self._check_potential("V_initializer", V)
        self.V = HiddenState(V)

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set the potential to where it started."""
        self.V.value = param(self.V_initializer, self.varshape, batch_size)

    def get_spike(self, V: Any = None) -> Any:
        """The spikes at a potential, by default the present one."""
        V = self.V.value if V is None else V
        return self.spk_fun((V - self.V_th) / (self.V_th - self.V_reset))

    def _rested(self) -> Any:
        """The potential after the spikes of the last step."""
        V = self.V.value
        return self._reset(V, self.get_spike(V), self.V_th, self.V_reset)

    def _stepped(self, V: Any, x: Any) -> Any:
        V = membrane_step(self, V, x, tau=self.tau, R=self.R, rest=self.V_rest)
        return self.sum_delta_inputs(V)


class LIF(_IntegrateAndFire):
    """Leaky integrate-and-fire neurons: ``tau dV/dt = V_rest - V + R I``, and a spike where ``V >= V_th``.

    A step resets the neurons that spiked in the last one, moves the potential, and returns the spikes.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the population.
    R
        The resistance of the membrane.
    tau
        Its time constant.
    V_th, V_reset, V_rest
        The potentials of the threshold, after a spike, and at rest.
    V_initializer
        The potential at the start.
    spk_fun, spk_reset, name
        As for :class:`Neuron`.

    Attributes
    ----------
    V
        The potential, a HiddenState.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt`.

    Notes
    -----
    Source: brainpy.state.LIF (brainpy 2.8.2).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.LIF(1, tau=10. * u.ms))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     neuron(5. * u.mA), neuron.V.value, neuron(10. * u.mA)
    (tensor([0.]), tensor([0.4758]) mV, tensor([1.]))
    """

    def __init__(
        self,
        in_size: Size,
        R: Any = 1.0 * ohm,
        tau: Any = 5.0 * ms,
        V_th: Any = 1.0 * mV,
        V_reset: Any = 0.0 * mV,
        V_rest: Any = 0.0 * mV,
        V_initializer: Init = Constant(0.0 * mV),  # noqa: B008
        spk_fun: Callable[..., Any] = ReluGrad(),  # noqa: B008
        spk_reset: str = "soft",
        name: str | None = None,
    ) -> None:
        super().__init__(
            in_size, R, tau, V_th, V_reset, V_rest, V_initializer, spk_fun=spk_fun, spk_reset=spk_reset, name=name
        )

    def update(self, x: Any = 0.0 * mA) -> Any:
        """One step with the current ``[*N]``; returns the spikes ``[*N]``."""
        V = self.V.value = self._stepped(self._rested(), x)
        return self.get_spike(V)


class IF(LIF):
    """:class:`LIF` neurons that rest at zero and are reset to zero, or by `V_th`.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the population.
    R
        The resistance of the membrane.
    tau
        Its time constant.
    V_th
        The potential of the threshold.
    V_initializer
        The potential at the start.
    spk_fun, spk_reset, name
        As for :class:`Neuron`.

    Notes
    -----
    Source: brainpy.state.IF (brainpy 2.8.2). As there, the potential leaks.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.IF(1, tau=10. * u.ms))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     neuron(5. * u.mA), neuron.V.value
    (tensor([0.]), tensor([0.4758]) mV)
    """

    def __init__(
        self,
        in_size: Size,
        R: Any = 1.0 * ohm,
        tau: Any = 5.0 * ms,
        V_th: Any = 1.0 * mV,
        V_initializer: Init = Constant(0.0 * mV),  # noqa: B008
        spk_fun: Callable[..., Any] = ReluGrad(),  # noqa: B008
        spk_reset: str = "soft",
        name: str | None = None,
    ) -> None:
        super().__init__(
            in_size,
            R,
            tau,
            V_th,
            V_th * 0.0,
            V_th * 0.0,
            V_initializer,
            spk_fun=spk_fun,
            spk_reset=spk_reset,
            name=name,
        )


class LIFRef(_IntegrateAndFire):
    """:class:`LIF` neurons that stay where they are for some time after a spike.

    A step needs ``environ``'s time `t` too.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the population.
    R
        The resistance of the membrane.
    tau
        Its time constant.
    tau_ref
        How long a neuron stays, rounded up to whole steps.
    V_th, V_reset, V_rest
        The potentials of the threshold, after a spike, and at rest.
    V_initializer
        The potential at the start.
    spk_fun, spk_reset, name
        As for :class:`Neuron`.

    Attributes
    ----------
    V
        The potential, a HiddenState.
    last_spike_time
        When each neuron spiked last, a ShortTermState.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt` or `t`.

    Notes
    -----
    Source: brainpy.state.LIFRef (brainpy 2.8.2). Differs: `tau_ref` counts whole steps. brainpy compares times, so that
    5 ms are 50 or 51 steps of 0.1 ms, as rounding errors decide; here so after ``environ.set(durations='times')``.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.LIFRef(1, tau_ref=2. * u.ms))
    >>> def step(t):
    ...     with brainstate.environ.context(t=t):
    ...         return neuron(8. * u.mA)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.transform.for_loop(step, u.math.arange(5.) * u.ms).flatten()
    tensor([1., 0., 1., 0., 1.])
    """

    last_spike_time: ShortTermState[Any]

    def __init__(
        self,
        in_size: Size,
        R: Any = 1.0 * ohm,
        tau: Any = 5.0 * ms,
        tau_ref: Any = 5.0 * ms,
        V_th: Any = 1.0 * mV,
        V_reset: Any = 0.0 * mV,
        V_rest: Any = 0.0 * mV,
        V_initializer: Init = Constant(0.0 * mV),  # noqa: B008
        spk_fun: Callable[..., Any] = ReluGrad(),  # noqa: B008
        spk_reset: str = "soft",
        name: str | None = None,
    ) -> None:
        super().__init__(
            in_size, R, tau, V_th, V_reset, V_rest, V_initializer, spk_fun=spk_fun, spk_reset=spk_reset, name=name
        )
        self.tau_ref = param(tau_ref, self.varshape)

    def _never(self, batch_size: int | None) -> Any:
        return param(Constant(-1e7 * ms), self.varshape, batch_size)

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the potential and the time of the last spike, ``[*N]``, or ``[batch_size, *N]``."""
        super().init_state(batch_size)
        self.last_spike_time = ShortTermState(self._never(batch_size))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set both to where they started."""
        super().reset_state(batch_size)
        self.last_spike_time.value = self._never(batch_size)

    def update(self, x: Any = 0.0 * mA) -> Any:
        """One step with the current ``[*N]``; returns the spikes ``[*N]``."""
        t = environ.get("t", desc="The time of the step.")
        rested, last = self._rested(), self.last_spike_time.value
        V = torch.where(is_within(t - last, self.tau_ref), rested, self._stepped(rested, x))
        spike = self.get_spike(V)
        self.V.value = V
        self.last_spike_time.value = torch.where(spike.detach() > 0, t, last)
        return spike


class ALIF(_IntegrateAndFire):
    """:class:`LIF` neurons whose threshold rises with each spike: ``V_th + beta a``, and ``tau_a da/dt = -a``.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the population.
    R
        The resistance of the membrane.
    tau
        Its time constant.
    tau_a
        The time constant of the adaptation.
    V_th, V_reset, V_rest
        The potentials of the threshold, after a spike, and at rest.
    beta
        How far a spike moves the threshold.
    spk_fun, spk_reset, name
        As for :class:`Neuron`.
    V_initializer, a_initializer
        Potential and adaptation at the start.

    Attributes
    ----------
    V, a
        Potential and adaptation, HiddenStates.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt`.

    Notes
    -----
    Source: brainpy.state.ALIF (brainpy 2.8.2).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.ALIF(1, beta=3. * u.mV))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     spikes = [neuron(8. * u.mA).item() for _ in range(4)]
    >>> spikes, neuron.a.value
    ([1.0, 0.0, 0.0, 0.0], tensor([0.9704]))
    """

    a: HiddenState[Any]

    def __init__(
        self,
        in_size: Size,
        R: Any = 1.0 * ohm,
        tau: Any = 5.0 * ms,
        tau_a: Any = 100.0 * ms,
        V_th: Any = 1.0 * mV,
        V_reset: Any = 0.0 * mV,
        V_rest: Any = 0.0 * mV,
        beta: Any = 0.1 * mV,
        spk_fun: Callable[..., Any] = ReluGrad(),  # noqa: B008
        spk_reset: str = "soft",
        V_initializer: Init = Constant(0.0 * mV),  # noqa: B008
        a_initializer: Init = Constant(0.0),  # noqa: B008
        name: str | None = None,
    ) -> None:
        super().__init__(
            in_size, R, tau, V_th, V_reset, V_rest, V_initializer, spk_fun=spk_fun, spk_reset=spk_reset, name=name
        )
        self.tau_a, self.beta = param(tau_a, self.varshape), param(beta, self.varshape)
        self.a_initializer = a_initializer

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make potential and adaptation, ``[*N]``, or ``[batch_size, *N]``."""
        super().init_state(batch_size)
        self.a = HiddenState(param(self.a_initializer, self.varshape, batch_size))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set both to where they started."""
        super().reset_state(batch_size)
        self.a.value = param(self.a_initializer, self.varshape, batch_size)

    def get_spike(self, V: Any = None, a: Any = None) -> Any:
        """The spikes at a potential and an adaptation, by default the present ones."""
        V = self.V.value if V is None else V
        a = self.a.value if a is None else a
        return self.spk_fun((V - self.V_th - self.beta * a) / self.V_th)

    def update(self, x: Any = 0.0 * mA) -> Any:
        """One step with the current ``[*N]``; returns the spikes ``[*N]``."""
        V, a = self.V.value, self.a.value
        spike = self.get_spike(V, a)
        a = self.a.value = decay(self.tau_a) * (a + spike)
        V = self.V.value = self._stepped(self._reset(V, spike, self.V_th, self.V_reset), x)
        return self.get_spike(V, a)
