"""The base of all convolutions: checks, the move of the channel axis to torch's position and back, the bias."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F

from ..._state import ParamState, State
from ...units import get_mantissa
from .. import init
from ..connection.linear import Init, made
from ..module.module import Module
from ..module.operand import operand
from ..module.sizes import channels_moved
from ..window import Padding, as_padding, each

__all__ = ["Convolution", "convolved"]

_CONV = {2: F.conv2d, 3: F.conv3d}
_CONV_TRANSPOSE = {2: F.conv_transpose2d, 3: F.conv_transpose3d}


class Convolution(Module):
    """A layer that slides a kernel over `num_spatial_dims` axes."""

    num_spatial_dims: ClassVar[int]
    weight: State[Any]

    def __init__(
        self,
        in_size: Sequence[int],
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: Padding = "SAME",
        rhs_dilation: int | Sequence[int] = 1,
        groups: int = 1,
        channel_first: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        axes = self.num_spatial_dims
        self.in_size = in_size
        if len(self.in_size) != axes + 1:
            *space, channels = (*(28,) * axes, self.in_size[-1])
            shape = (channels, *space) if channel_first else (*space, channels)
            raise ValueError(
                f"`in_size` must have {axes} {'axis' if axes == 1 else 'axes'} of space and one of channels. "
                f"Got {self.in_size}. Give the shape of one input, for example {shape}."
            )
        self.channel_first = channel_first
        self.in_channels: int = self.in_size[0 if channel_first else -1]
        self.out_channels = out_channels
        self.kernel_size = each(kernel_size, axes, "kernel_size")
        self.stride = each(stride, axes, "stride")
        self.padding = as_padding(padding, axes)
        self.rhs_dilation = each(rhs_dilation, axes, "rhs_dilation")
        self.groups = groups
        if groups < 1 or self.in_channels % groups or out_channels % groups:
            raise ValueError(
                f"`groups` must divide in_channels and out_channels. Got {groups} for {self.in_channels} and "
                f"{out_channels}."
            )

    @property
    def _space(self) -> tuple[int, ...]:
        size: tuple[int, ...] = self.in_size
        return size[1:] if self.channel_first else size[:-1]

    def _make(
        self,
        kernel_shape: tuple[int, ...],
        w_init: Init,
        b_init: Init | None,
        w_mask: Init | None,
        param_type: type[State[Any]] = ParamState,
        gain: bool = False,
    ) -> None:
        """The mask, and the State of the learned parameters."""
        self.kernel_shape = kernel_shape
        self.w_mask = init.param(w_mask, kernel_shape)
        ones = (1,) * self.num_spatial_dims
        # Shapes of a bias per channel, which torch's convolution can add.
        self._bias_shapes: tuple[tuple[int, ...], ...] = (
            ((1, self.out_channels, *ones),)
            if self.channel_first
            else ((*ones, self.out_channels), (self.out_channels,))
        )
        params = {"weight": made(w_init, kernel_shape)}
        if b_init is not None:
            params["bias"] = made(b_init, self._bias_shapes[0])
        if gain:
            weight = get_mantissa(params["weight"])
            params["gain"] = torch.ones((*ones, 1, self.out_channels), dtype=weight.dtype, device=weight.device)
        self.weight = param_type(params)

    def _set_out_size(self, space: Sequence[int]) -> None:
        if min(space) < 1:
            raise ValueError(
                f"`kernel_size` must fit into the input with its padding. Got {self.kernel_size} with rhs_dilation "
                f"{self.rhs_dilation} for an input of {self._space}."
            )
        self.out_size = (self.out_channels, *space) if self.channel_first else (*space, self.out_channels)

    def _kernel(self, params: dict[str, Any]) -> Any:
        """``[*kernel_shape]``, as it is applied."""
        return params["weight"] if self.w_mask is None else params["weight"] * self.w_mask

    def _convolve(self, x: Any, kernel: Any, bias: Any) -> Any:
        """``[*N, in, *space]`` to ``[*N, out, *space]``; a subclass defines it."""
        raise NotImplementedError

    def update(self, x: Any) -> Any:
        """``[*in_size]`` to ``[*out_size]``, or ``[N, *in_size]`` to ``[N, *out_size]``.

        Raises
        ------
        ValueError
            The input has another size.
        TypeError
            Its dtype is not that of the weight.
        """
        params = self.weight.value
        x = operand(x, *params.values())
        axes = self.num_spatial_dims
        if not axes < x.ndim <= axes + 2 or x.shape[-axes - 1 :] != self._in_size:
            raise ValueError(
                f"`x` must have the size {self.in_size}, and perhaps a batch axis in front. Got {tuple(x.shape)}."
                + channels_moved(x.shape, self.in_size, ", or make the layer with `channel_first=True`")
            )
        kernel, bias = self._kernel(params), params.get("bias")
        if x.dtype == torch.bool:
            x = x.to(kernel.dtype)
        if x.dtype != kernel.dtype and not torch.is_autocast_enabled(x.device.type):
            raise TypeError(f"`x` must have the dtype of the weight, {kernel.dtype}. Got {x.dtype}. Convert it.")
        fused = bias is not None and bias.shape in self._bias_shapes
        if not self.channel_first:
            x = x.movedim(-1, -axes - 1)
        y = self._convolve(x, kernel, bias.reshape(-1) if fused else None)
        if not self.channel_first:
            y = y.movedim(-axes - 1, -1)
        return y if fused or bias is None else y + bias


def convolved(
    x: Any,
    kernel: Any,
    bias: Any,
    *,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    transposed: bool = False,
) -> Any:
    """One of torch's convolutions, over as many axes as there are strides."""
    one = len(stride) == 1
    if one:
        # Over two axes torch has kernels for the channels-last memory format; over one it would copy.
        x, kernel = x.unsqueeze(-2), kernel.unsqueeze(-2)
        stride, padding, dilation = (1, *stride), (0, *padding), (1, *dilation)
    function: Any = (_CONV_TRANSPOSE if transposed else _CONV)[len(stride)]
    y = function(x, kernel, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return y.squeeze(-2) if one else y
