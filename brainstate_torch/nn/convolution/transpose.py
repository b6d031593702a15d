"""Transposed convolutions."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F

from ..._state import ParamState, State
from .. import init
from ..connection.linear import Init
from ..window import Padding, Pairs, span
from .base import Convolution, convolved

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


def _named_padding(padding: str, window: int, stride: int) -> tuple[int, int]:
    """The padding around the input, whose elements are `stride` apart, for 'SAME' and 'VALID'."""
    if padding == "VALID":
        return window - 1, max(window, stride) - 1
    total = window + stride - 2
    before = window - 1 if stride >= window else -(-total // 2)
    return before, total - before


class _ConvTranspose(Convolution):
    def __init__(
        self,
        in_size: Sequence[int],
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: Padding = "SAME",
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
        self.padding_mode = self.padding if isinstance(self.padding, str) else "explicit"
        windows = [span(*sizes) for sizes in zip(self.kernel_size, self.rhs_dilation, strict=True)]
        pads = self.padding
        if isinstance(pads, str):
            pads = tuple(_named_padding(pads, *sizes) for sizes in zip(windows, self.stride, strict=True))
        # The lengths to cut from both ends of the full output, in which every element of the input has its whole
        # kernel.
        self._cuts: Pairs = tuple((k - 1 - pad[0], k - 1 - pad[1]) for k, pad in zip(windows, pads, strict=True))
        whole = [span(n, s) + k - 1 for n, s, k in zip(self._space, self.stride, windows, strict=True)]
        self._set_out_size([size - sum(cut) for size, cut in zip(whole, self._cuts, strict=True)])
        self._make((*self.kernel_size, out_channels, self.in_channels // groups), w_init, b_init, w_mask, param_type)

    def _convolve(self, x: Any, kernel: Any, bias: Any) -> Any:
        axes, groups = self.num_spatial_dims, self.groups
        kernel = kernel.unflatten(axes, (groups, self.out_channels // groups))
        kernel = kernel.permute(axes, axes + 2, axes + 1, *range(axes)).flatten(0, 1)  # [in, out / groups, *kernel]
        # torch cuts the same from both ends. The rest is a view of a slightly larger output, or zeros around it.
        both = tuple(max(0, min(cut)) for cut in self._cuts)
        rest = [(n - before, n - after) for n, (before, after) in zip(both, self._cuts, strict=True)]
        wider = any(max(pair) > 0 for pair in rest)
        y = convolved(
            x,
            kernel,
            None if wider else bias,
            stride=self.stride,
            padding=both,
            dilation=self.rhs_dilation,
            groups=groups,
            transposed=True,
        )
        for axis, (before, after) in zip(range(-axes, 0), rest, strict=True):
            if before < 0 or after < 0:
                y = y.narrow(axis, max(0, -before), y.shape[axis] + min(0, before) + min(0, after))
        if wider:
            y = F.pad(y, [max(0, n) for pair in reversed(rest) for n in pair])
            y = y if bias is None else y + bias.reshape(-1, *[1] * axes)
        return y


class ConvTranspose1d(_ConvTranspose):
    """A transposed convolution over one axis of space: ``[*N, L, in]`` to ``[*N, L', out]``.

    Parameters
    ----------
    in_size, out_channels, kernel_size, stride, padding, rhs_dilation, groups
        As for :class:`ConvTranspose2d`, with one axis of space.
    w_init, b_init, w_mask, channel_first, name, param_type
        As for :class:`ConvTranspose2d`.

    Notes
    -----
    Source: brainstate.nn.ConvTranspose1d (0.5.4). Differs: as :class:`Conv2d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.ConvTranspose1d((2, 1), 1, 2, stride=2, w_init=torch.tensor([[[1.]], [[10.]]]))
    >>> layer(torch.tensor([[1.], [2.]])).ravel()
    tensor([ 1., 10.,  2., 20.], grad_fn=<...>)
    """

    num_spatial_dims = 1


class ConvTranspose2d(_ConvTranspose):
    """A transposed convolution over two axes of space: ``[*N, H, W, in]`` to ``[*N, H', W', out]``.

    Each element of the input puts the kernel, times itself, into the output; kernels of neighbours are `stride` apart.

    Parameters
    ----------
    in_size, out_channels, kernel_size, stride, rhs_dilation, groups, b_init, w_mask, channel_first, name, param_type
        As for :class:`Conv2d`.
    padding
        'SAME': the output has ``size * stride`` elements along each axis; 'VALID': it has all that a kernel reaches, at
        least ``size * stride``; or numbers as for :class:`Conv2d`, of the zeros around the input whose elements are
        `stride` apart: ``rhs_dilation * (kernel_size - 1)`` of them keep all that a kernel reaches. (torch's argument
        counts what is cut from there.)
    w_init
        The kernel, ``[kh, kw, out, in / groups]``: an initialiser, a function of the shape, or an array.

    Notes
    -----
    Source: brainstate.nn.ConvTranspose2d (0.5.4). Differs: as :class:`Conv2d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.ConvTranspose2d((7, 7, 8), 4, kernel_size=3, stride=2)
    >>> layer.out_size, layer.weight.value['weight'].shape
    ((14, 14, 4), torch.Size([3, 3, 4, 8]))
    """

    num_spatial_dims = 2


class ConvTranspose3d(_ConvTranspose):
    """A transposed convolution over three axes of space: ``[*N, D, H, W, in]`` to ``[*N, D', H', W', out]``.

    Parameters
    ----------
    in_size, out_channels, kernel_size, stride, padding, rhs_dilation, groups
        As for :class:`ConvTranspose2d`, with three axes of space.
    w_init, b_init, w_mask, channel_first, name, param_type
        As for :class:`ConvTranspose2d`.

    Notes
    -----
    Source: brainstate.nn.ConvTranspose3d (0.5.4). Differs: as :class:`Conv2d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ConvTranspose3d((2, 4, 4, 8), 4, kernel_size=3, stride=2, padding='VALID').out_size
    (5, 9, 9, 4)
    """

    num_spatial_dims = 3
