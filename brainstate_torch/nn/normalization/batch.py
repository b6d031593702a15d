"""BatchNorm: each feature is normalised over the batch, and its running statistics are kept for evaluation."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch

from ..._state import BatchState, State
from ...typing import ArrayLike, Axes, DTypeLike, Size
from .. import init
from ..module.fitting import is_fitting
from ..module.sizes import channels_moved
from .base import Normalization, as_mask, centred
from .layer import learned
from .params import NormalizationParamState, applied

__all__ = ["BatchNorm0d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]

Init = Callable[..., Any] | ArrayLike


class _BatchNorm(Normalization):
    """Batch normalisation; a subclass says over how many axes of space."""

    num_spatial_dims: ClassVar[int]

    def __init__(
        self,
        in_size: Size,
        feature_axis: Axes = -1,
        *,
        track_running_stats: bool = True,
        epsilon: float = 1e-5,
        momentum: float = 0.99,
        affine: bool = True,
        bias_initializer: Init = init.Constant(0.0),  # noqa: B008
        scale_initializer: Init = init.Constant(1.0),  # noqa: B008
        axis_name: str | Sequence[str] | None = None,
        axis_index_groups: Sequence[Sequence[int]] | None = None,
        use_fast_variance: bool = True,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        param_type: type[State[Any]] = NormalizationParamState,
        mean_type: type[State[Any]] = BatchState,
    ) -> None:
        super().__init__(in_size, feature_axis, "feature_axis", dtype, axis_name, axis_index_groups, name)
        if affine and not track_running_stats:
            raise ValueError(
                "`affine` must be False where `track_running_stats` is. Got True. Pass `affine=False`, or track them."
            )
        self.affine, self.track_running_stats = affine, track_running_stats
        self.bias_initializer, self.scale_initializer = bias_initializer, scale_initializer
        self.momentum, self.epsilon = float(momentum), float(epsilon)
        self.use_fast_variance = use_fast_variance
        self.running_mean = self.running_var = None
        if track_running_stats:
            kept = torch.promote_types(self._dtype or self._default_dtype, torch.float32)
            self.running_mean = mean_type(torch.zeros(self.feature_size, dtype=kept))
            self.running_var = mean_type(torch.ones(self.feature_size, dtype=kept.to_real()))
        self.weight = learned(param_type, self.feature_size, affine and scale_initializer, affine and bias_initializer)

    def _own(self) -> torch.Tensor | None:
        return None if self.running_mean is None else self.running_mean.value

    def update(self, x: Any, mask: Any = None) -> torch.Tensor:
        """``[N, *in_size]`` or ``[*in_size]``, to the same. Where the boolean `mask` is false, `x` does not count."""
        dtype = self.dtype
        x = self._operand(x, dtype)
        fit = is_fitting(self)
        batched = self._is_batched(x)
        if fit or self.running_mean is None or self.running_var is None:
            axes = tuple(axis for axis in range(x.ndim) if axis - batched not in self.feature_axes)
            if not x.numel():
                raise ValueError(f"`x` must not be empty while the model is fitted. Got shape {tuple(x.shape)}.")
            rest, mean, variance = centred(x, axes, as_mask(mask, x))
        else:
            rest, variance = x - self.running_mean.value, self.running_var.value
        y = applied(self.weight, rest * torch.rsqrt(variance + self.epsilon)).to(dtype)
        if fit and self.running_mean is not None and self.running_var is not None:
            blended = [self._blended(s, new) for s, new in ((self.running_mean, mean), (self.running_var, variance))]
            self.running_mean.value, self.running_var.value = blended
        return y  # type: ignore[no-any-return]

    def _is_batched(self, x: torch.Tensor) -> bool:
        ndim = self.num_spatial_dims + 1
        if x.ndim not in (ndim, ndim + 1):
            raise ValueError(
                f"`x` must have {ndim} axes, or {ndim + 1} with a batch axis. Got {x.ndim}, shape {tuple(x.shape)}."
            )
        batched = x.ndim == ndim + 1
        if tuple(x.shape[batched:]) != self.in_size:
            raise ValueError(
                f"`x` must have the size {self.in_size} after a batch axis. Got shape {tuple(x.shape)}."
                + channels_moved(x.shape, self.in_size)
            )
        return batched

    def _blended(self, state: State[Any], new: torch.Tensor) -> torch.Tensor:
        """The running statistic one step on, in the dtype it has."""
        old = state.value
        blended = self.momentum * old + (1 - self.momentum) * new.reshape(self.feature_size)
        return blended.to(old.dtype)  # type: ignore[no-any-return]


class BatchNorm0d(_BatchNorm):
    """Mean 0 and variance 1 of each feature over the batch, then a scale and bias.

    Parameters
    ----------
    in_size
        The size without the batch axis, no axis of space and one of features.
    feature_axis, track_running_stats, epsilon, momentum, affine, bias_initializer, scale_initializer
        As for :class:`BatchNorm1d`, where the rules are, too.
    axis_name, axis_index_groups, use_fast_variance, name, dtype, param_type, mean_type
        As for :class:`BatchNorm1d`.

    Raises
    ------
    NotImplementedError
        `axis_name` is given.
    TypeError
        The input has a unit.
    ValueError
        `affine` without `track_running_stats`; or the input has another size, or is empty while the model is fitted.

    Notes
    -----
    Source: brainstate.nn.BatchNorm0d (0.5.4). Differs: as :class:`BatchNorm1d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.BatchNorm0d((1,), momentum=0.5)
    >>> x = torch.tensor([1., 3.]).reshape(2, 1).expand(2, 1)
    >>> with brainstate.environ.context(fit=True):
    ...     y = layer(x)
    >>> y.unique(), layer.running_mean.value.item()
    (tensor([-1.0000,  1.0000], grad_fn=<...>), 1.0)
    """

    num_spatial_dims = 0


class BatchNorm1d(_BatchNorm):
    """Mean 0 and variance 1 of each feature over the batch and the axes of space, then a scale and bias.

    While the model is fitted, the batch's own mean and variance are used, and the running ones move towards them:
    ``momentum * running + (1 - momentum) * batch``. Otherwise the running ones are used. ``environ``'s setting `fit`
    decides, or, where it is not set, ``train()`` and ``eval()``. The variance is the mean of the squared deviations, in
    both (arXiv:1502.03167).

    Parameters
    ----------
    in_size
        The size without the batch axis, 1 axes of space and one of features.
    feature_axis
        The axes of `in_size` along which statistics, scale and bias differ.
    track_running_stats
        Keep running statistics; if not, the batch's own are used in evaluation too.
    epsilon
        What is added to the variance.
    momentum
        The share of the running statistics that stays. torch's argument is the share that goes.
    affine
        Learn a scale and a bias.
    bias_initializer, scale_initializer
        Their first values: an initialiser, a function of the shape, or an array.
    axis_name, axis_index_groups
        None: torch has no named axes.
    use_fast_variance
        Without effect: the accurate variance is the faster one here.
    name
        A name, for display.
    dtype
        The dtype of the result; None: that of the statistics, the floating dtype of ``environ``.
    param_type
        The kind of State that holds ``{'scale': ..., 'bias': ...}``.
    mean_type
        The kind of State that holds a running statistic.

    Attributes
    ----------
    running_mean, running_var
        The running statistics, of size `in_size` with 1 for the other axes; None if they are not tracked.
    weight
        The State of scale and bias, or None.

    Raises
    ------
    NotImplementedError
        `axis_name` is given.
    TypeError
        The input has a unit.
    ValueError
        `affine` without `track_running_stats`; or the input has another size, or is empty while the model is fitted.

    Notes
    -----
    Source: brainstate.nn.BatchNorm1d (0.5.4). Differs: without `track_running_stats` the input is normalised, as
    documented there, and not returned as it is; any feature axis keeps the shape of the statistics, and they keep
    their dtype, 32 bit at least; the variance is accurate for large means; the dtype of the result follows ``to()``.
    As there, gradients flow through a running statistic that is read in the function that wrote it.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.BatchNorm1d((2, 1,), momentum=0.5)
    >>> x = torch.tensor([1., 3.]).reshape(2, 1, 1).expand(2, 2, 1)
    >>> with brainstate.environ.context(fit=True):
    ...     y = layer(x)
    >>> y.unique(), layer.running_mean.value.item()
    (tensor([-1.0000,  1.0000], grad_fn=<...>), 1.0)
    """

    num_spatial_dims = 1


class BatchNorm2d(_BatchNorm):
    """Mean 0 and variance 1 of each feature over the batch and the axes of space, then a scale and bias.

    Parameters
    ----------
    in_size
        The size without the batch axis, 2 axes of space and one of features.
    feature_axis, track_running_stats, epsilon, momentum, affine, bias_initializer, scale_initializer
        As for :class:`BatchNorm1d`, where the rules are, too.
    axis_name, axis_index_groups, use_fast_variance, name, dtype, param_type, mean_type
        As for :class:`BatchNorm1d`.

    Raises
    ------
    NotImplementedError
        `axis_name` is given.
    TypeError
        The input has a unit.
    ValueError
        `affine` without `track_running_stats`; or the input has another size, or is empty while the model is fitted.

    Notes
    -----
    Source: brainstate.nn.BatchNorm2d (0.5.4). Differs: as :class:`BatchNorm1d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.BatchNorm2d((2, 2, 1,), momentum=0.5)
    >>> x = torch.tensor([1., 3.]).reshape(2, 1, 1, 1).expand(2, 2, 2, 1)
    >>> with brainstate.environ.context(fit=True):
    ...     y = layer(x)
    >>> y.unique(), layer.running_mean.value.item()
    (tensor([-1.0000,  1.0000], grad_fn=<...>), 1.0)
    """

    num_spatial_dims = 2


class BatchNorm3d(_BatchNorm):
    """Mean 0 and variance 1 of each feature over the batch and the axes of space, then a scale and bias.

    Parameters
    ----------
    in_size
        The size without the batch axis, 3 axes of space and one of features.
    feature_axis, track_running_stats, epsilon, momentum, affine, bias_initializer, scale_initializer
        As for :class:`BatchNorm1d`, where the rules are, too.
    axis_name, axis_index_groups, use_fast_variance, name, dtype, param_type, mean_type
        As for :class:`BatchNorm1d`.

    Raises
    ------
    NotImplementedError
        `axis_name` is given.
    TypeError
        The input has a unit.
    ValueError
        `affine` without `track_running_stats`; or the input has another size, or is empty while the model is fitted.

    Notes
    -----
    Source: brainstate.nn.BatchNorm3d (0.5.4). Differs: as :class:`BatchNorm1d`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.BatchNorm3d((2, 2, 2, 1,), momentum=0.5)
    >>> x = torch.tensor([1., 3.]).reshape(2, 1, 1, 1, 1).expand(2, 2, 2, 2, 1)
    >>> with brainstate.environ.context(fit=True):
    ...     y = layer(x)
    >>> y.unique(), layer.running_mean.value.item()
    (tensor([-1.0000,  1.0000], grad_fn=<...>), 1.0)
    """

    num_spatial_dims = 3
