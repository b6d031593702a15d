"""Layers that drop a part of their input while a model is fitted."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from .. import random
from .._state import ShortTermState
from ..typing import Size
from ..units import get_mantissa
from .init import param
from .module.element_wise import ElementWiseBlock
from .module.fitting import is_fitting
from .module.operand import operand

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "DropoutFixed", "FeatureAlphaDropout"]

#: The limit of SELU for large negative inputs.
_SELU_FLOOR = -1.7580993408473766


class _Dropout(ElementWiseBlock):
    """A layer that keeps each element with probability `prob`; a subclass says which share one decision."""

    def __init__(self, prob: float, name: str | None = None) -> None:
        super().__init__(name=name)
        if not 0.0 <= prob <= 1.0:
            raise ValueError(f"`prob` must be a probability, in the range [0, 1]. Got {prob}.")
        self.prob = prob

    def _active(self) -> bool:
        return is_fitting(self) and self.prob < 1.0

    def _kept(self, x: Any, shape: Sequence[int]) -> torch.Tensor:
        """Which elements to keep, drawn on the device of the input."""
        probability = torch.full((), self.prob, device=get_mantissa(x).device)
        return random.bernoulli(probability, tuple(shape), check_valid=False)

    def _masked(self, x: Any, kept: torch.Tensor) -> Any:
        """The input divided by `prob` where it is kept, so that the mean stays, and zero elsewhere."""
        return torch.where(kept, (x / (self.prob or 1.0)).to(x.dtype), torch.zeros_like(x))


class Dropout(_Dropout):
    """Keep each element with probability `prob`, divided by it, and set the others to zero.

    Parameters
    ----------
    prob
        The probability to *keep* an element. torch's argument is the one to drop it.
    broadcast_dims
        Axes along which all elements share one decision.
    name
        A name, for display.

    Raises
    ------
    ValueError
        `prob` is not a probability.

    Notes
    -----
    Source: brainstate.nn.Dropout (0.5.4). As in brainstate, ``environ``'s setting `fit` decides. Differs: where it
    is not set, ``train()`` and ``eval()`` do, as in torch.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.Dropout(0.5)
    >>> with brainstate.environ.context(fit=True):
    ...     sorted(set(layer(torch.ones(100)).tolist()))
    [0.0, 2.0]
    >>> with brainstate.environ.context(fit=False):
    ...     layer(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, prob: float = 0.5, broadcast_dims: Sequence[int] = (), name: str | None = None) -> None:
        super().__init__(prob, name)
        self.broadcast_dims = broadcast_dims

    def update(self, x: Any) -> Any:
        """``[*N]`` to ``[*N]``."""
        x = operand(x)
        if not self._active():
            return x
        shape = list(x.shape)
        for axis in self.broadcast_dims:
            shape[axis] = 1
        return self._masked(x, self._kept(x, shape))


class _ChannelDropout(_Dropout):
    """One decision for each channel."""

    minimal_dim: ClassVar[int]

    def __init__(self, prob: float = 0.5, channel_axis: int = -1, name: str | None = None) -> None:
        super().__init__(prob, name)
        self.channel_axis = channel_axis

    def update(self, x: Any) -> Any:
        """``[*space, C]`` or ``[N, *space, C]``, to the same."""
        x = operand(x)
        batched = x.ndim - self.minimal_dim
        if batched not in (0, 1):
            raise RuntimeError(
                f"{type(self).__name__}: Expected {self.minimal_dim}D or {self.minimal_dim + 1}D input, an optional "
                f"batch axis before {self.minimal_dim - 1} of space and one of channels. Got shape {tuple(x.shape)}."
            )
        channel = self.channel_axis + batched if self.channel_axis >= 0 else x.ndim + self.channel_axis
        if batched and channel == 0:
            raise ValueError(f"`channel_axis` must not be the batch axis. Got {self.channel_axis}.")
        if not self._active():
            return x
        alone = {channel, 0} if batched else {channel}
        return self._masked(x, self._kept(x, [size if axis in alone else 1 for axis, size in enumerate(x.shape)]))


class Dropout1d(_ChannelDropout):
    """Keep each channel with probability `prob`, divided by it, and set the others to zero.

    Parameters
    ----------
    prob
        The probability to keep a channel.
    channel_axis
        The axis of channels; if not negative, counted without the batch axis.
    name
        A name, for display.

    Raises
    ------
    RuntimeError
        The input does not have 1 axes of space, one of channels, and perhaps one of the batch in front.
    ValueError
        `prob` is not a probability, or the channel axis is the batch axis.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> with brainstate.environ.context(fit=True):
    ...     y = brainstate.nn.Dropout1d(0.5)(torch.ones(2, 100))
    >>> sorted(set(y.sum((0,)).tolist()))
    [0.0, 4.0]
    """

    minimal_dim = 2


class Dropout2d(_ChannelDropout):
    """Keep each channel with probability `prob`, divided by it, and set the others to zero.

    Parameters
    ----------
    prob
        The probability to keep a channel.
    channel_axis
        The axis of channels; if not negative, counted without the batch axis.
    name
        A name, for display.

    Raises
    ------
    RuntimeError
        The input does not have 2 axes of space, one of channels, and perhaps one of the batch in front.
    ValueError
        `prob` is not a probability, or the channel axis is the batch axis.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> with brainstate.environ.context(fit=True):
    ...     y = brainstate.nn.Dropout2d(0.5)(torch.ones(2, 2, 100))
    >>> sorted(set(y.sum((0, 1)).tolist()))
    [0.0, 8.0]
    """

    minimal_dim = 3


class Dropout3d(_ChannelDropout):
    """Keep each channel with probability `prob`, divided by it, and set the others to zero.

    Parameters
    ----------
    prob
        The probability to keep a channel.
    channel_axis
        The axis of channels; if not negative, counted without the batch axis.
    name
        A name, for display.

    Raises
    ------
    RuntimeError
        The input does not have 3 axes of space, one of channels, and perhaps one of the batch in front.
    ValueError
        `prob` is not a probability, or the channel axis is the batch axis.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> with brainstate.environ.context(fit=True):
    ...     y = brainstate.nn.Dropout3d(0.5)(torch.ones(2, 2, 2, 100))
    >>> sorted(set(y.sum((0, 1, 2)).tolist()))
    [0.0, 16.0]
    """

    minimal_dim = 4


class _AlphaDropout(_Dropout):
    """A layer that replaces dropped elements by SELU's lower limit, then applies ``a * x + b``."""

    def __init__(self, prob: float, name: str | None) -> None:
        super().__init__(prob, name)
        dropped = 1.0 - prob
        self.alpha = _SELU_FLOOR
        # With these, mean 0 and variance 1 are kept; if all is dropped, the result is zero.
        self.a = (prob * (1 + dropped * self.alpha**2)) ** -0.5 if prob else 0.0
        self.b = -self.a * dropped * self.alpha

    def _floored(self, x: Any, kept: torch.Tensor) -> Any:
        return torch.where(kept, x, self.alpha) * self.a + self.b


class AlphaDropout(_AlphaDropout):
    """Dropout that keeps mean 0 and variance 1, for networks with SELU (arXiv:1706.02515).

    Parameters
    ----------
    prob
        The probability to keep an element.
    name
        A name, for display.

    Raises
    ------
    ValueError
        `prob` is not a probability.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> with brainstate.environ.context(fit=True):
    ...     y = brainstate.nn.AlphaDropout(0.9)(brainstate.random.randn(100_000))
    >>> bool(y.mean().abs() < 0.05), bool((y.std() - 1).abs() < 0.05)
    (True, True)
    """

    def __init__(self, prob: float = 0.5, name: str | None = None) -> None:
        super().__init__(prob, name)

    def update(self, x: Any) -> Any:
        """``[*N]`` to ``[*N]``."""
        x = operand(x)
        return self._floored(x, self._kept(x, x.shape)) if self._active() else x


class FeatureAlphaDropout(_AlphaDropout):
    """:class:`AlphaDropout` of whole channels.

    Parameters
    ----------
    prob
        The probability to keep a channel.
    channel_axis
        The axis of channels. The first axis is that of the batch.
    name
        A name, for display.

    Raises
    ------
    ValueError
        `prob` is not a probability.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> with brainstate.environ.context(fit=True):
    ...     y = brainstate.nn.FeatureAlphaDropout(0.5)(torch.zeros(2, 3, 4))
    >>> bool((y == y[:, :1]).all())
    True
    """

    def __init__(self, prob: float = 0.5, channel_axis: int = -1, name: str | None = None) -> None:
        super().__init__(prob, name)
        self.channel_axis = channel_axis

    def update(self, x: Any) -> Any:
        """``[N, *space, C]``, to the same."""
        x = operand(x)
        if not self._active():
            return x
        alone = {0, self.channel_axis % x.ndim}
        return self._floored(x, self._kept(x, [size if axis in alone else 1 for axis, size in enumerate(x.shape)]))


class DropoutFixed(_Dropout):
    """:class:`Dropout` of the elements that :meth:`init_state` chooses, the same in every call.

    Parameters
    ----------
    in_size
        The size without batch axes.
    prob
        The probability to keep an element.
    name
        A name, for display.

    Raises
    ------
    ValueError
        `prob` is not a probability, or the input has another shape than the choice.
    AttributeError
        The layer is called before ``init_state``.

    Notes
    -----
    Source: brainstate.nn.DropoutFixed (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.init_all_states(brainstate.nn.DropoutFixed(100))
    >>> with brainstate.environ.context(fit=True):
    ...     bool((layer(torch.ones(100)) == layer(torch.ones(100))).all())
    True
    """

    mask: ShortTermState[torch.Tensor]

    def __init__(self, in_size: Size, prob: float = 0.5, name: str | None = None) -> None:
        super().__init__(prob, name)
        self.in_size = self.out_size = in_size

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Choose the elements to keep."""
        if self.prob < 1.0:
            draw = lambda shape: random.bernoulli(self.prob, shape)
            self.mask = ShortTermState(param(draw, self.in_size, batch_size))

    def update(self, x: Any) -> Any:
        """``[*N, *in_size]`` to ``[*N, *in_size]``."""
        x = operand(x)
        if not self._active():
            return x
        kept = self.mask.value
        if kept.shape != x.shape:
            raise ValueError(
                f"`x` must have the shape {tuple(kept.shape)} of the mask. Got {tuple(x.shape)}, which does not match. "
                "Call `init_state` with the batch size."
            )
        return self._masked(x, kept)
