"""EventLinear: a matrix product with events."""

from typing import Any

import torch

from ..._host.functorch import is_differentiated
from ..._state import ParamState, State
from ...typing import Size
from ...units import UNITLESS
from ...units import math as um
from ...units._doors import attach, detach
from ..module.operand import operand
from .event_product import event_product
from .linear import Init, _Matrix, made

__all__ = ["EventLinear"]


class EventLinear(_Matrix):
    """``x @ weight`` of events: an input above zero counts 1, another 0.

    Derivatives with respect to the input are those of the plain product. On a CPU, a single vector without a derivative
    takes time in proportion to its events.

    Parameters
    ----------
    in_size, out_size
        The sizes without batch axes; they agree in all but the last axis.
    weight
        One weight for all pairs, or a matrix ``[in, out]``: a number, an array, an initialiser or a function of the
        shape.
    float_as_event
        If False, only bool inputs are events, and numbers are used as they are.
    block_size
        Makes no difference.
    name
        A name, for display.
    param_type
        The kind of State that holds the weight.

    Raises
    ------
    ValueError
        The weight is neither one number nor a matrix, or the input has another length than `in_size`.

    Notes
    -----
    Source: brainstate.nn.EventLinear (0.5.4). Differs: there, a negative number is an event if there is one weight for
    all; the derivative by the weight takes a number for what it is; and a batch gives ``[*N]`` with one weight.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.EventLinear(2, 3, torch.tensor([[1., 2., 3.], [10., 20., 30.]]))
    >>> layer(torch.tensor([True, True])), layer(torch.tensor([0., 7.]))
    (tensor([11., 22., 33.], grad_fn=<...>), tensor([10., 20., 30.], grad_fn=<...>))
    """

    def __init__(
        self,
        in_size: Size,
        out_size: Size,
        weight: Init,
        float_as_event: bool = True,
        block_size: int = 64,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(in_size, out_size, name)
        self.float_as_event, self.block_size = float_as_event, block_size
        shape = (self.in_size[-1], self.out_size[-1])
        matrix = made(weight, shape)
        if um.size(matrix) != 1 and tuple(matrix.shape) != shape:
            raise ValueError(f"`weight` must be one number or have the shape {shape}. Got shape {tuple(matrix.shape)}.")
        self.weight = param_type(matrix)

    def update(self, spk: Any) -> Any:
        """``[*N, in]`` to ``[*N, out]``."""
        spikes, spike_unit = detach(operand(spk, self.weight.value))
        if spikes.shape[-1:] != self.in_size[-1:]:
            raise ValueError(
                f"`spk` must have {self.in_size[-1]} elements in its last axis, as `in_size` has. "
                f"Got shape {tuple(spikes.shape)}."
            )
        weight, unit = detach(self.weight.value)
        strength = _strength(spikes, self.float_as_event)
        alone = strength.dtype is torch.bool and strength.ndim == 1 and weight.is_floating_point()
        if weight.numel() > 1 and alone and not is_differentiated(spikes, weight):
            y = event_product(strength, weight)
        elif weight.numel() > 1:
            y = strength.to(weight.dtype) @ weight
        else:
            total = strength.to(weight.dtype).sum(-1, keepdim=True)
            y = (total * weight.reshape(())).expand(*spikes.shape[:-1], self.out_size[-1])
        y = attach(y, unit)
        return y if spike_unit is UNITLESS else y * spike_unit


def _strength(spikes: torch.Tensor, float_as_event: bool) -> torch.Tensor:
    """The factor of each input, whose derivative by the input is 1."""
    if not float_as_event or spikes.dtype is torch.bool:
        return spikes
    events = spikes > 0
    if not spikes.is_floating_point() or not is_differentiated(spikes):
        return events
    return events.to(spikes.dtype) + (spikes - spikes.detach())
