"""Integrate-and-fire neurons whose membrane is not linear: exponential and quadratic ones."""

from typing import Any

import torch

from ..nn.init import Constant
from ..units import mA, ms, mV, ohm, siemens
from ..units import math as um
from .membrane import linear_step, moved_potential
from .model import Model, modelled

__all__ = ["AdExIF", "AdExIFRef", "AdQuaIF", "AdQuaIFRef", "ExpIF", "ExpIFRef", "QuaIF"]


class _Nonlinear(Model):
    """``tau dV/dt = F(V) + R (I - w)``, and ``tau_w dw/dt = a (V - V_rest) - w`` where there is an adaptation `w`."""

    R: Any
    tau: Any
    V_rest: Any

    def _force(self, V: Any) -> Any:
        """F, a potential."""
        raise NotImplementedError

    def _slope(self, V: Any) -> Any:
        """The derivative of F, a number."""
        raise NotImplementedError

    def _moved(self, states: dict[str, Any], x: Any) -> dict[str, Any]:
        w = states.get("w")
        x = x if w is None else x - w
        V = moved_potential(self, states["V"], x, self._force, self._slope, self.R, self.tau)
        if w is None:
            return {"V": V}
        return {"V": V, "w": linear_step(w, (self.a * (V - self.V_rest) - w) / self.tau_w, 1.0 / self.tau_w)}


class _Exponential(_Nonlinear):
    V_T: Any
    delta_T: Any

    def _exponent(self, V: Any) -> Any:
        return um.asarray((V - self.V_T) / self.delta_T)

    def _force(self, V: Any) -> Any:
        # The exponent is limited: a step that overshoots the threshold must stay finite.
        return self.V_rest - V + self.delta_T * torch.exp(torch.clamp(self._exponent(V), max=20.0))

    def _slope(self, V: Any) -> Any:
        exponent = self._exponent(V)
        return torch.where(exponent < 20.0, torch.exp(torch.clamp(exponent, max=20.0)), 0.0) - 1.0


class _Quadratic(_Nonlinear):
    c: Any
    V_c: Any

    def _force(self, V: Any) -> Any:
        return self.c * (V - self.V_rest) * (V - self.V_c)

    def _slope(self, V: Any) -> Any:
        return um.asarray(self.c * (2.0 * V - self.V_rest - self.V_c))


_MEMBRANE = {"R": 1.0 * ohm, "tau": 10.0 * ms}
_START = {"V_initializer": Constant(-65.0 * mV)}
_ADAPTED = {**_START, "w_initializer": Constant(0.0 * mA)}
_REF = {"tau_ref": 1.7 * ms}
_EXP = {"V_reset": -68.0 * mV, "V_rest": -65.0 * mV, "V_T": -59.9 * mV, "delta_T": 3.48 * mV}
_QUA = {"V_th": -30.0 * mV, "V_reset": -68.0 * mV, "V_rest": -65.0 * mV, "V_c": -50.0 * mV, "c": 0.07 / mV}


@modelled(**_MEMBRANE, V_th=-30.0 * mV, **_EXP, **_START)
class ExpIF(_Exponential):
    """Exponential integrate-and-fire neurons: ``tau dV/dt = V_rest - V + delta_T exp((V - V_T) / delta_T) + R I``.

    Notes
    -----
    Source: brainpy.state.ExpIF (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.ExpIF(1))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     neuron(20. * u.mA), neuron.V.value
    (tensor([0.]), tensor([-62.9976]) mV)
    """


@modelled(**_MEMBRANE, **_REF, V_th=-30.0 * mV, **_EXP, **_START, ref_var=False)
class ExpIFRef(_Exponential):
    """:class:`ExpIF` neurons that stay where they are for some time after a spike.

    Notes
    -----
    Source: brainpy.state.ExpIFRef (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.ExpIFRef(1))
    >>> with brainstate.environ.context(dt=1. * u.ms, t=0. * u.ms):
    ...     neuron(20. * u.mA)
    tensor([0.])
    """


@modelled(**_MEMBRANE, tau_w=30.0 * ms, V_th=-55.0 * mV, **_EXP, a=1.0 * siemens, b=1.0 * mA, **_ADAPTED)
class AdExIF(_Exponential):
    """:class:`ExpIF` neurons with an adaptation: ``tau_w dw/dt = a (V - V_rest) - w``, which a spike raises by `b`.

    Parameters
    ----------
    a
        How much the potential drives the adaptation.
    b
        By how much a spike raises it.

    Notes
    -----
    Source: brainpy.state.AdExIF (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.AdExIF(1))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     _ = neuron(20. * u.mA)
    >>> neuron.w.value
    tensor([0.0656]) mA
    """

    _hidden = ("V", "w")


@modelled(
    **_MEMBRANE,
    tau_w=30.0 * ms,
    **_REF,
    V_th=-55.0 * mV,
    **_EXP,
    a=1.0 * siemens,
    b=1.0 * mA,
    **_ADAPTED,
    ref_var=False,
)
class AdExIFRef(_Exponential):
    """:class:`AdExIF` neurons that stay where they are for some time after a spike.

    Parameters
    ----------
    a
        How much the potential drives the adaptation.
    b
        By how much a spike raises it.

    Notes
    -----
    Source: brainpy.state.AdExIFRef (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.AdExIFRef(1, ref_var=True))
    >>> with brainstate.environ.context(dt=1. * u.ms, t=0. * u.ms):
    ...     neuron(20. * u.mA), neuron.refractory.value
    (tensor([0.]), tensor([False]))
    """

    _hidden = ("V", "w")


@modelled(**_MEMBRANE, **_QUA, **_START)
class QuaIF(_Quadratic):
    """Quadratic integrate-and-fire neurons: ``tau dV/dt = c (V - V_rest) (V - V_c) + R I``.

    Parameters
    ----------
    c
        The curvature.

    Notes
    -----
    Source: brainpy.state.QuaIF (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.QuaIF(1))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     neuron(20. * u.mA), neuron.V.value
    (tensor([0.]), tensor([-63.1...]) mV)
    """


@modelled(**_MEMBRANE, tau_w=10.0 * ms, **_QUA, a=1.0 * siemens, b=0.1 * mA, **_ADAPTED)
class AdQuaIF(_Quadratic):
    """:class:`QuaIF` neurons with an adaptation: ``tau_w dw/dt = a (V - V_rest) - w``, which a spike raises by `b`.

    Parameters
    ----------
    c
        The curvature.
    a
        How much the potential drives the adaptation.
    b
        By how much a spike raises it.

    Notes
    -----
    Source: brainpy.state.AdQuaIF (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.AdQuaIF(1))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     neuron(20. * u.mA)
    tensor([0.])
    """

    _hidden = ("V", "w")


@modelled(**_MEMBRANE, tau_w=10.0 * ms, **_REF, **_QUA, a=1.0 * siemens, b=0.1 * mA, **_ADAPTED, ref_var=False)
class AdQuaIFRef(_Quadratic):
    """:class:`AdQuaIF` neurons that stay where they are for some time after a spike.

    Parameters
    ----------
    c
        The curvature.
    a
        How much the potential drives the adaptation.
    b
        By how much a spike raises it.

    Notes
    -----
    Source: brainpy.state.AdQuaIFRef (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.AdQuaIFRef(1))
    >>> with brainstate.environ.context(dt=1. * u.ms, t=0. * u.ms):
    ...     neuron(20. * u.mA)
    tensor([0.])
    """

    _hidden = ("V", "w")
