"""Layers between two populations: all to all, and one to one."""

from typing import Any

import torch

from ..._state import ParamState, State
from ...typing import Size
from ...units import math as um
from .. import init
from ..module.module import Module
from ..module.operand import biased, factor, operand
from .linear import Init, _Matrix, made

__all__ = ["AllToAll", "OneToOne"]


class AllToAll(_Matrix):
    """All to all, with one weight for all pairs or one for each.

    Parameters
    ----------
    in_size, out_size, b_init, name, param_type
        As for :class:`Linear`.
    w_init
        The weight: as for :class:`Linear`, or a number.
    include_self
        Connect the n-th to the n-th too.

    Raises
    ------
    ValueError
        The weight is neither a number nor a matrix.

    Notes
    -----
    Source: brainstate.nn.AllToAll (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.AllToAll(3, 3, w_init=2., include_self=False)
    >>> layer(torch.tensor([1., 2., 3.]))
    tensor([10.,  8.,  6.], grad_fn=<...>)
    """

    def __init__(
        self,
        in_size: Size,
        out_size: Size,
        w_init: Init = init.KaimingNormal(),  # noqa: B008
        b_init: Init | None = None,
        include_self: bool = True,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(in_size, out_size, name)
        self.include_self = include_self
        params = {"weight": made(w_init, (self.in_size[-1], self.out_size[-1]))}
        if params["weight"].ndim not in (0, 2):
            raise ValueError(f"the weight must be a number or a matrix. Got shape {tuple(params['weight'].shape)}.")
        if b_init is not None:
            params["bias"] = made(b_init, self.out_size[-1])
        self.weight = param_type(params)

    def update(self, pre_val: Any) -> Any:
        """``[*N, in]`` to ``[*N, out]``; ``[in]`` to ``[]`` for a single weight that includes all."""
        params = self.weight.value
        weight = params["weight"]
        pre = factor(pre_val, weight)
        if um.ndim(weight) == 0:
            post = weight * self._others(pre)
        elif self.include_self:
            post = self._fitting(pre) @ weight
        else:
            post = self._fitting(pre) @ (
                weight * (1 - torch.eye(*weight.shape, dtype=weight.dtype, device=weight.device))
            )
        return biased(post, params["bias"]) if "bias" in params else post

    def _others(self, pre: Any) -> Any:
        """The sum over the inputs, for each output without the input of the same index."""
        total = pre.sum(-1, keepdim=pre.ndim > 1)
        if self.include_self:
            return total
        own = pre[..., : self.out_size[-1]]
        return total - torch.nn.functional.pad(own, (0, self.out_size[-1] - own.shape[-1]))


class OneToOne(Module):
    """Element by element: ``x * weight + bias``.

    Parameters
    ----------
    in_size
        The size without batch axes, of input and output.
    w_init, b_init
        Weight and bias of that shape, or numbers, as for :class:`Linear`.
    name, param_type
        As for :class:`Linear`.

    Notes
    -----
    Source: brainstate.nn.OneToOne (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.OneToOne(2, w_init=torch.tensor([2., 3.]), b_init=1.)
    >>> layer(torch.tensor([1., 2.]))
    tensor([3., 7.], grad_fn=<...>)
    """

    def __init__(
        self,
        in_size: Size,
        w_init: Init = init.Normal(),  # noqa: B008
        b_init: Init | None = None,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(name=name)
        self.in_size = self.out_size = in_size
        params = {"weight": made(w_init, self.in_size)}
        if b_init is not None:
            params["bias"] = made(b_init, self.out_size)
        self.weight = param_type(params)

    def update(self, pre_val: Any) -> Any:
        """``[*N, *size]`` to ``[*N, *size]``."""
        params = self.weight.value
        post = operand(pre_val, params["weight"]) * params["weight"]
        return biased(post, params["bias"]) if "bias" in params else post
