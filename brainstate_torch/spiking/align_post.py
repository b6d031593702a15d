"""AlignPost: one synapse variable per target neuron."""

from typing import Any

__all__ = ["AlignPost"]


class AlignPost:
    """Mark of synapses that are linear in what arrives, so that one for each target neuron does for all of its inputs.

    A subclass also defines ``conductance``.

    Notes
    -----
    Source: brainpy.state's mixin AlignPost (brainpy 2.8.2).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> isinstance(brainstate.spiking.Expon(2), brainstate.spiking.AlignPost)
    True
    """

    def conductance(self) -> Any:
        """The present conductance, ``[*N]``."""
        raise NotImplementedError(f"{type(self).__name__} must define `conductance`. Got a synapse without.")
