"""The currents of synapses: from conductance to membrane current."""

from typing import Any, ClassVar

from ..nn import Module
from ..units import math as um
from ..units import volt
from .align_post import AlignPost

__all__ = ["COBA", "CUBA", "MgBlock", "PassingCurrent", "SynOut", "SynapticCurrent"]


class SynOut(Module):
    """Base of what turns the conductance of a synapse into a current.

    A subclass defines :meth:`update`. One that is linear in the potential says so with ``is_linear = True`` and defines
    :meth:`slope`; then neurons step exactly.

    Parameters
    ----------
    name
        A name, for display.

    Raises
    ------
    NotImplementedError
        The subclass does not.

    Notes
    -----
    Source: brainpy.state.SynOut (brainpy 2.8.2). Differs: the projections of this package give the conductance to
    :meth:`update`; those of a program may bind it.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Squared(brainstate.spiking.SynOut):
    ...     def update(self, conductance, potential):
    ...         return conductance ** 2
    >>> Squared().update(torch.tensor([1., 3.]), torch.zeros(2))
    tensor([1., 9.])
    """

    #: Whether the current is linear in the potential.
    is_linear: ClassVar[bool] = False

    def update(self, conductance: Any, potential: Any = None) -> Any:
        """The current, ``[*N]``.

        Parameters
        ----------
        conductance
            The conductance, ``[*N]``.
        potential
            The potential, ``[*N]``.

        Returns
        -------
        Tensor or Quantity
            The current, ``[*N]``.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `update`. Got nothing to compute a current with.")

    def slope(self, conductance: Any) -> Any:
        """The derivative of the current by the potential; None where that is zero.

        Parameters
        ----------
        conductance
            The conductance, ``[*N]``.

        Returns
        -------
        Tensor, Quantity or None
            The derivative, ``[*N]``.
        """
        return None

    #: The conductance of this step, where a program binds it.
    bound: Any = None

    def bind_cond(self, conductance: Any) -> None:
        """Keep the conductance of this step: the current is then a function of the potential alone.

        Parameters
        ----------
        conductance
            The conductance, ``[*N]``.
        """
        object.__setattr__(self, "bound", conductance)

    def unbind_cond(self) -> None:
        """Forget the conductance."""
        self.bind_cond(None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.bound is not None and len(args) + len(kwargs) < 2:
            args = (self.bound, *args)
        return super().__call__(*args, **kwargs)


class SynapticCurrent(Module):
    """The current of a synapse as a function of the potential, which neurons sum up."""

    def __init__(self, syn: AlignPost, out: SynOut, description: str = "") -> None:
        super().__init__()
        self.syn, self.out, self.description = syn, out, description

    def update(self, potential: Any) -> Any:
        return self.out.update(self.syn.conductance(), potential)

    def slope(self) -> Any:
        """As :meth:`SynOut.slope`."""
        return self.out.slope(self.syn.conductance())


class PassingCurrent:
    """The current of a conductance that a projection has computed for one step."""

    def __init__(self, conductance: Any, out: SynOut) -> None:
        self.conductance, self.out = conductance, out

    def __call__(self, potential: Any = None) -> Any:
        return self.out.update(self.conductance, potential)

    def slope(self) -> Any:
        """As :meth:`SynOut.slope`."""
        return self.out.slope(self.conductance)


class CUBA(SynOut):
    """A current that does not depend on the potential: ``g * scale``.

    Parameters
    ----------
    scale
        What the conductance is multiplied by; the default makes amperes of siemens.

    Notes
    -----
    Source: brainpy.state.CUBA (brainpy 2.8.2).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.spiking.CUBA(scale=2. * u.mV).update(3. * u.mS).to(u.uA)
    6.0 uA
    """

    is_linear = True

    def __init__(self, scale: Any = volt) -> None:
        super().__init__()
        self.scale = scale

    def update(self, conductance: Any, potential: Any = None) -> Any:
        """The current, ``[*N]``."""
        return conductance * self.scale


class COBA(SynOut):
    """The current through a conductance: ``g * (E - V)``.

    Parameters
    ----------
    E
        The potential at which no current flows.

    Notes
    -----
    Source: brainpy.state.COBA (brainpy 2.8.2).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.spiking.COBA(E=0. * u.mV).update(3. * u.mS, -60. * u.mV).to(u.uA)
    180.0 uA
    """

    is_linear = True

    def __init__(self, E: Any) -> None:
        super().__init__()
        self.E = E

    def update(self, conductance: Any, potential: Any = None) -> Any:
        """The current, ``[*N]``, at a potential ``[*N]``."""
        return conductance * (self.E - potential)

    def slope(self, conductance: Any) -> Any:
        """``-g``."""
        return -conductance


class MgBlock(SynOut):
    """The current through a channel that magnesium blocks at low potentials, as NMDA's.

    ``g (E - V) / (1 + cc_Mg / beta exp(alpha (V_offset - V)))``.

    Parameters
    ----------
    E
        The potential at which no current flows.
    cc_Mg
        The concentration of magnesium.
    alpha
        How fast the block ends as the potential rises.
    beta
        The concentration that blocks half of the channels at `V_offset`.
    V_offset
        A shift of the potential.

    Notes
    -----
    Source: brainpy.state.MgBlock (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> block = brainstate.spiking.MgBlock(E=0. * u.mV, alpha=0.062 / u.mV, V_offset=0. * u.mV)
    >>> block.update(3. * u.mS, -60. * u.mV).to(u.uA)
    12.1046 uA
    """

    def __init__(
        self, E: Any = 0.0, cc_Mg: Any = 1.2, alpha: Any = 0.062, beta: Any = 3.57, V_offset: Any = 0.0
    ) -> None:
        super().__init__()
        self.E, self.cc_Mg, self.alpha, self.beta, self.V_offset = E, cc_Mg, alpha, beta, V_offset

    def update(self, conductance: Any, potential: Any = None) -> Any:
        """The current, ``[*N]``, at a potential ``[*N]``."""
        block = self.cc_Mg / self.beta * um.exp(self.alpha * (self.V_offset - potential))
        return conductance * (self.E - potential) / (1 + block)
