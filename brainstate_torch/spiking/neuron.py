"""Neuron: the base of spiking neurons."""

from collections.abc import Callable
from typing import Any

from ..typing import Size
from .dynamics import Dynamics
from .surrogate import InvSquareGrad

__all__ = ["Neuron"]


class Neuron(Dynamics):
    """Base of spiking neurons. A subclass defines ``init_state``, ``update`` and :meth:`get_spike`.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the population.
    spk_fun
        What makes spikes of how far a potential is above the threshold, with a surrogate derivative.
    spk_reset
        What a spike does to the potential. ``'soft'``: subtract ``V_th - V_reset``. ``'hard'``: set it to `V_reset`.
    name
        A name, for display.

    Raises
    ------
    ValueError
        `spk_reset` is neither.
    TypeError
        `spk_fun` cannot be called.

    Notes
    -----
    Source: brainpy.state.Neuron (brainpy 2.8.2).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Perfect(brainstate.spiking.Neuron):
    ...     def init_state(self):
    ...         self.V = brainstate.HiddenState(torch.zeros(self.varshape))
    ...     def get_spike(self):
    ...         return self.spk_fun(self.V.value - 1.)
    ...     def update(self, x):
    ...         self.V.value = self.V.value - self.get_spike() + x
    ...         return self.get_spike()
    >>> neuron = brainstate.nn.init_all_states(Perfect(1))
    >>> torch.cat([neuron(torch.tensor(0.5)) for _ in range(4)])
    tensor([0., 1., 0., 1.])
    """

    def __init__(
        self,
        in_size: Size,
        spk_fun: Callable[..., Any] = InvSquareGrad(),  # noqa: B008
        spk_reset: str = "soft",
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, name=name)
        if spk_reset not in ("soft", "hard"):
            raise ValueError(f"`spk_reset` must be 'soft' or 'hard'. Got {spk_reset!r}.")
        if not callable(spk_fun):
            raise TypeError(f"`spk_fun` must be a function. Got {type(spk_fun).__name__}. Take one from `surrogate`.")
        self.spk_fun, self.spk_reset = spk_fun, spk_reset

    def get_spike(self, *args: Any, **kwargs: Any) -> Any:
        """The spikes of the present state, ``[*N]``: 1 or 0.

        Parameters
        ----------
        *args, **kwargs
            What the subclass takes: the state, by default the present one.

        Returns
        -------
        Tensor
            The spikes, ``[*N]``.

        Raises
        ------
        NotImplementedError
            The subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `get_spike`. Got a neuron without a threshold.")

    def _reset(self, V: Any, spike: Any, V_th: Any, V_reset: Any) -> Any:
        """The potential after the spikes."""
        height = V_th if self.spk_reset == "soft" else V.detach()
        return V - (height - V_reset) * spike
