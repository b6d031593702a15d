"""Convolutions, and those whose kernel is standardized."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch.nn.functional as F

from ..._state import ParamState, State
from .. import init
from ..connection.linear import Init
from ..connection.weight_standardization import weight_standardization
from ..window import Padding, Pairs, each, same_padding, span
from .base import Convolution, convolved

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ScaledWSConv1d", "ScaledWSConv2d", "ScaledWSConv3d"]


def _stuffed(x: Any, factors: Sequence[int]) -> Any:
    """The last axes with zeros between neighbours, so that these are `factors` elements apart."""
    for axis, factor in zip(range(-len(factors), 0), factors, strict=True):
        if factor > 1:
            wide = F.pad(x.movedim(axis, -1).unsqueeze(-1), (0, factor - 1)).flatten(-2)
            x = wide.narrow(-1, 0, span(x.shape[axis], factor)).movedim(-1, axis)
    return x


class _Dense(Convolution):
    """A convolution that is not transposed."""

    lhs_dilation: tuple[int, ...]
    _pads: Pairs

    def _set_geometry(self, lhs_dilation: int | Sequence[int]) -> None:
        self.lhs_dilation = each(lhs_dilation, self.num_spatial_dims, "lhs_dilation")
        if isinstance(self.padding, str) and max(self.lhs_dilation) > 1:
            raise ValueError(
                f"`padding` must be numbers where `lhs_dilation` is not 1. Got {self.padding!r}. Give the numbers, "
                f"or use ConvTranspose{self.num_spatial_dims}d."
            )
        windows = [span(*sizes) for sizes in zip(self.kernel_size, self.rhs_dilation, strict=True)]
        if self.padding == "SAME":
            self._pads = tuple(map(same_padding, self._space, windows, self.stride))
        else:
            self._pads = self.padding if isinstance(self.padding, tuple) else ((0, 0),) * len(windows)
        stuffed = [span(*sizes) for sizes in zip(self._space, self.lhs_dilation, strict=True)]
        sizes = zip(stuffed, self._pads, windows, self.stride, strict=True)
        self._set_out_size([(size + sum(pads) - window) // stride + 1 for size, pads, window, stride in sizes])

    @property
    def _kernel_shape(self) -> tuple[int, ...]:
        return (*self.kernel_size, self.in_channels // self.groups, self.out_channels)

    def _convolve(self, x: Any, kernel: Any, bias: Any) -> Any:
        axes = self.num_spatial_dims
        x = _stuffed(x, self.lhs_dilation)
        if all(before == after >= 0 for before, after in self._pads):
            padding = tuple(before for before, _ in self._pads)
        else:
            padding = (0,) * axes
            x = F.pad(x, tuple(chain.from_iterable(reversed(self._pads))))
        return convolved(
            x,
            kernel.permute(axes + 1, axes, *range(axes)),
            bias,
            stride=self.stride,
            padding=padding,
            dilation=self.rhs_dilation,
            groups=self.groups,
        )


class _Conv(_Dense):
    def __init__(
        self,
        in_size: Sequence[int],
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: Padding = "SAME",
        lhs_dilation: int | Sequence[int] = 1,
        rhs_dilation: int | Sequence[int] = 1,
        groups: int = 1,
        w_init: Init = init.XavierNormal(),  # noqa: B008
        b_init: Init | None = None,
        w_mask: Init | None = None,
        channel_first: bool = False,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(in_size, out_channels, kernel_size, stride, padding, rhs_dilation, groups, channel_first, name)
        self._set_geometry(lhs_dilation)
        self._make(self._kernel_shape, w_init, b_init, w_mask, param_type)


class _ScaledWSConv(_Dense):
    def __init__(
        self,
        in_size: Sequence[int],
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: Padding = "SAME",
        lhs_dilation: int | Sequence[int] = 1,
        rhs_dilation: int | Sequence[int] = 1,
        groups: int = 1,
        ws_gain: bool = True,
        eps: float = 1e-4,
        w_init: Init = init.XavierNormal(),  # noqa: B008
        b_init: Init | None = None,
        w_mask: Init | None = None,
        channel_first: bool = False,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(in_size, out_channels, kernel_size, stride, padding, rhs_dilation, groups, channel_first, name)
        self.eps = eps
        self._set_geometry(lhs_dilation)
        self._make(self._kernel_shape, w_init, b_init, w_mask, param_type, gain=ws_gain)

    def _kernel(self, params: dict[str, Any]) -> Any:
        kernel = weight_standardization(params["weight"], self.eps, params.get("gain"))
        return kernel if self.w_mask is None else kernel * self.w_mask


class Conv1d(_Conv):
    """A convolution over one axis of space: ``[*N, L, in]`` to ``[*N, L', out]``.

    Parameters
    ----------
    in_size, out_channels, kernel_size, stride, padding, lhs_dilation, rhs_dilation, groups
        As for :class:`Conv2d`, with one axis of space. Two ints as `padding` are what goes before and after.
    w_init, b_init, w_mask, channel_first, name, param_type
        As for :class:`Conv2d`.

    Notes
    -----
    Source: brainstate.nn.Conv1d (0.5.4). Differs: as :class:`Conv2d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.Conv1d((4, 1), 1, 3, w_init=torch.ones(3, 1, 1))
    >>> layer(torch.tensor([[1.], [2.], [3.], [4.]])).ravel()
    tensor([3., 6., 9., 7.], grad_fn=<...>)
    """

    num_spatial_dims = 1


class Conv2d(_Conv):
    """A convolution over two axes of space: ``[*N, H, W, in]`` to ``[*N, H', W', out]``, with at most one batch axis.

    As in all libraries for networks, the kernel is not flipped.

    Parameters
    ----------
    in_size
        The size of the input without a batch axis, channels last: ``(H, W, in)``.
    out_channels
        The number of channels of the output.
    kernel_size, stride
        One integer for all axes of space, or one for each.
    padding
        'SAME': zeros around the input so that the output has ``ceil(size / stride)`` elements along each axis;
        'VALID': none; an integer for both ends of all axes; one for both ends of each axis; a pair (before, after) for
        all axes, in a list; or a pair for each axis. Below zero, the input is cut.
    lhs_dilation
        How far apart the elements of the input are put, with zeros between them. `padding` must then be numbers.
    rhs_dilation
        How far apart the elements of the kernel are.
    groups
        In how many groups the channels of input and output are divided, each with a convolution of its own.
    w_init
        The kernel, ``[kh, kw, in / groups, out]``: an initialiser, a function of the shape, or an array.
    b_init
        The bias, ``[1, 1, out]``, given in the same ways; None for no bias.
    w_mask
        A mask by which the kernel is multiplied in each call, given in the same ways.
    channel_first
        Channels stand before the axes of space: ``in_size = (in, H, W)``, and the bias is ``[1, out, 1, 1]``.
    name
        A name, for display.
    param_type
        The kind of State that holds ``{'weight': ..., 'bias': ...}``.

    Attributes
    ----------
    weight
        That State.
    out_size
        The size of the output without a batch axis.

    Raises
    ------
    ValueError
        `in_size` has another number of axes, `groups` does not divide the channels, `padding` is none of the above or a
        name beside `lhs_dilation`, or the kernel is larger than the padded input.
    TypeError
        `kernel_size`, `stride` or a dilation is neither an integer nor one for each axis.

    Notes
    -----
    Source: brainstate.nn.Conv2d (0.5.4). Differs: a kernel larger than the padded input is refused, where brainstate
    gives an empty output; input and parameters may have units.

    Channels stay last in memory: neither input nor output is copied for the layout, only the kernel. What does copy the
    input is a padding that is not the same at both ends (as 'SAME' with an even kernel), and `lhs_dilation`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.Conv2d((28, 28, 1), 8, kernel_size=3, stride=2)
    >>> layer.out_size, layer(torch.zeros(5, 28, 28, 1)).shape
    ((14, 14, 8), torch.Size([5, 14, 14, 8]))
    >>> mean = brainstate.nn.Conv2d((2, 2, 1), 1, 2, padding='VALID', w_init=torch.full((2, 2, 1, 1), 0.25))
    >>> mean(torch.tensor([[[1.], [2.]], [[3.], [6.]]]))
    tensor([[[3.]]], grad_fn=<...>)
    """

    num_spatial_dims = 2


class Conv3d(_Conv):
    """A convolution over three axes of space: ``[*N, D, H, W, in]`` to ``[*N, D', H', W', out]``.

    Parameters
    ----------
    in_size, out_channels, kernel_size, stride, padding, lhs_dilation, rhs_dilation, groups
        As for :class:`Conv2d`, with three axes of space.
    w_init, b_init, w_mask, channel_first, name, param_type
        As for :class:`Conv2d`.

    Notes
    -----
    Source: brainstate.nn.Conv3d (0.5.4). Differs: as :class:`Conv2d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.Conv3d((4, 8, 8, 1), 2, kernel_size=(1, 3, 3))
    >>> layer.out_size, layer.weight.value['weight'].shape
    ((4, 8, 8, 2), torch.Size([1, 3, 3, 1, 2]))
    """

    num_spatial_dims = 3


class ScaledWSConv1d(_ScaledWSConv):
    """:class:`Conv1d` with a standardized kernel, see :class:`ScaledWSConv2d`.

    Parameters
    ----------
    in_size, out_channels, kernel_size, stride, padding, lhs_dilation, rhs_dilation, groups
        As for :class:`Conv1d`.
    ws_gain, eps
        As for :class:`ScaledWSConv2d`.
    w_init, b_init, w_mask, channel_first, name, param_type
        As for :class:`Conv2d`.

    Notes
    -----
    Source: brainstate.nn.ScaledWSConv1d (0.5.4). Differs: as :class:`Conv2d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.ScaledWSConv1d((3, 1), 1, 2, padding='VALID', w_init=torch.tensor([[[3.]], [[1.]]]))
    >>> layer(torch.tensor([[0.], [1.], [1.]])).ravel()
    tensor([-0.7071,  0.0000], grad_fn=<...>)
    """

    num_spatial_dims = 1


class ScaledWSConv2d(_ScaledWSConv):
    """:class:`Conv2d` with a kernel that is standardized for each output, see :func:`weight_standardization`.

    Parameters
    ----------
    in_size, out_channels, kernel_size, stride, padding, lhs_dilation, rhs_dilation, groups
        As for :class:`Conv2d`.
    ws_gain
        Learn a factor for each output, ``'gain'`` beside weight and bias.
    eps
        The least variance, times the number of inputs, that is divided by.
    w_init, b_init, w_mask, channel_first, name, param_type
        As for :class:`Conv2d`. The mask is applied after the standardization.

    Notes
    -----
    Source: brainstate.nn.ScaledWSConv2d (0.5.4). Differs: as :class:`Conv2d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.ScaledWSConv2d((8, 8, 3), 4, kernel_size=3, b_init=torch.zeros(4))
    >>> {key: tuple(value.shape) for key, value in layer.weight.value.items()}
    {'weight': (3, 3, 3, 4), 'bias': (4,), 'gain': (1, 1, 1, 4)}
    """

    num_spatial_dims = 2


class ScaledWSConv3d(_ScaledWSConv):
    """:class:`Conv3d` with a standardized kernel, see :class:`ScaledWSConv2d`.

    Parameters
    ----------
    in_size, out_channels, kernel_size, stride, padding, lhs_dilation, rhs_dilation, groups
        As for :class:`Conv3d`.
    ws_gain, eps
        As for :class:`ScaledWSConv2d`.
    w_init, b_init, w_mask, channel_first, name, param_type
        As for :class:`Conv2d`.

    Notes
    -----
    Source: brainstate.nn.ScaledWSConv3d (0.5.4). Differs: as :class:`Conv2d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ScaledWSConv3d((4, 8, 8, 3), 4, kernel_size=3, stride=2).out_size
    (2, 4, 4, 4)
    """

    num_spatial_dims = 3
