"""GroupNorm: each group of channels of each example is normalised by itself."""

from collections.abc import Callable
from typing import Any

import torch

from ..._state import State
from ...typing import ArrayLike, Axes, DTypeLike, Size
from .. import init
from ..module.operand import operand
from .base import Normalization, as_mask, axes_of, centred
from .layer import learned
from .params import NormalizationParamState, applied, first

__all__ = ["GroupNorm"]

Init = Callable[..., Any] | ArrayLike


class GroupNorm(Normalization):
    """Mean 0 and variance 1 over each group of channels of each example, then a scale and bias (arXiv:1803.08494).

    Parameters
    ----------
    in_size
        The size without batch axes: the number of channels, or the whole ``(*space, C)``.
    feature_axis
        The axis of channels, which is the last.
    num_groups, group_size
        How many groups there are, or how many channels are in one; the other is None.
    epsilon
        What is added to the variance, which is the mean of the squared deviations.
    dtype
        The dtype of the result; None: that of the input, the scale and the bias together.
    use_bias, use_scale
        Learn a bias, a scale.
    bias_init, scale_init
        Their first values: an initialiser, a function of the shape, or an array.
    reduction_axes
        The axes of the *input* to normalise over, the last among them; None: all but the batch axis in front.
    axis_name, axis_index_groups
        None: torch has no named axes.
    use_fast_variance
        Without effect: the accurate variance is the faster one here.
    param_type
        The kind of State that holds ``{'scale': ..., 'bias': ...}``.

    Attributes
    ----------
    weight
        That State, or None.
    num_groups, group_size
        Both numbers.

    Raises
    ------
    NotImplementedError
        `axis_name` is given.
    TypeError
        The input has a unit.
    ValueError
        Both or none of `num_groups` and `group_size` are given, they do not divide the channels, or the channels are
        not the last axis.

    Notes
    -----
    Source: brainstate.nn.GroupNorm (0.5.4). Differs: `in_size` may have more axes than that of channels; an input
    without a batch axis is taken, and any `reduction_axes` that contain the last, where brainstate fails or mixes them.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.GroupNorm(4, num_groups=2)
    >>> layer(torch.tensor([[1., 3., 10., 50.]]))
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]], grad_fn=<...>)
    """

    def __init__(
        self,
        in_size: Size,
        feature_axis: Axes = -1,
        num_groups: int | None = 32,
        group_size: int | None = None,
        *,
        epsilon: float = 1e-6,
        dtype: DTypeLike | None = None,
        use_bias: bool = True,
        use_scale: bool = True,
        bias_init: Init = init.ZeroInit(),  # noqa: B008
        scale_init: Init = init.Constant(1.0),  # noqa: B008
        reduction_axes: Axes | None = None,
        axis_name: str | None = None,
        axis_index_groups: Any = None,
        use_fast_variance: bool = True,
        param_type: type[State[Any]] = NormalizationParamState,
    ) -> None:
        super().__init__(in_size, feature_axis, "feature_axis", dtype, axis_name, axis_index_groups)
        if self.feature_axes != (len(self.in_size) - 1,):
            raise ValueError(f"`feature_axis` must be the last axis of `in_size` {self.in_size}. Got {feature_axis}.")
        self.num_groups, self.group_size = _groups(self.in_size[-1], num_groups, group_size)
        self.reduction_axes = (reduction_axes,) if isinstance(reduction_axes, int) else reduction_axes
        self.epsilon, self.use_fast_variance = float(epsilon), use_fast_variance
        self.use_bias, self.use_scale = use_bias, use_scale
        self.bias_init, self.scale_init = bias_init, scale_init
        self.weight = learned(param_type, self.feature_size, use_scale and scale_init, use_bias and bias_init)

    def _own(self) -> torch.Tensor | None:
        return first(self.weight)

    def update(self, x: Any, *, mask: Any = None) -> torch.Tensor:
        """``[N, *space, C]``, to the same. Where the boolean `mask` is false, `x` does not count."""
        x = operand(x, self._own())
        dtype = self._dtype or torch.promote_types(x.dtype, self.dtype)
        x = self._operand(x, dtype)
        self._check_features(x)
        axes, mask, size = self._reduced(x.ndim), as_mask(mask, x), x.shape
        if mask is not None:
            mask = mask.expand(size).unflatten(-1, (self.num_groups, self.group_size))
        rest, _, variance = centred(x.unflatten(-1, (self.num_groups, self.group_size)), axes, mask)
        y = applied(self.weight, (rest * torch.rsqrt(variance + self.epsilon)).reshape(size))
        return y.to(dtype)  # type: ignore[no-any-return]

    def _reduced(self, ndim: int) -> tuple[int, ...]:
        """The axes to normalise over of the input in groups: the last axis has become that of groups and theirs."""
        if self.reduction_axes is None:
            single = ndim == 1 or (len(self.in_size) > 1 and ndim == len(self.in_size))
            return (*range(0 if single else 1, ndim - 1), ndim)
        axes = axes_of(self.reduction_axes, ndim, "reduction_axes")
        if ndim - 1 not in axes:
            raise ValueError(f"`reduction_axes` must contain the last axis. Got {self.reduction_axes} for {ndim} axes.")
        return tuple(ndim if axis == ndim - 1 else axis for axis in axes)


def _groups(channels: int, num_groups: int | None, group_size: int | None) -> tuple[int, int]:
    """How many groups, and how many channels in each."""
    if (num_groups is None) == (group_size is None):
        raise ValueError(
            "either `num_groups` or `group_size` must be given, the other None. "
            f"Got {num_groups} and {group_size}. With `group_size`, pass `num_groups=None`."
        )
    given = group_size if num_groups is None else num_groups
    name = "group_size" if num_groups is None else "num_groups"
    if not isinstance(given, int) or given <= 0 or channels % given:
        raise ValueError(f"`{name}` must divide the number of channels, {channels}. Got {given}.")
    return (channels // given, given) if num_groups is None else (given, channels // given)
