"""Layers whose weight is a matrix."""

from collections.abc import Callable
from typing import Any

import torch

from ..._state import ParamState, State
from ...typing import ArrayLike, Size
from ...units import math as um
from .. import init
from ..module.module import Module
from ..module.operand import biased, factor, operand
from .weight_standardization import weight_standardization

__all__ = ["Linear", "ScaledWSLinear", "SignedWLinear"]

Init = Callable[..., Any] | ArrayLike


def made(value: Any, sizes: Any) -> Any:
    """The tensor or quantity of a parameter that must not be None."""
    return um.asarray(init.param(value, sizes, allow_none=False))


class _Matrix(Module):
    """A layer from one size to another; the axes before the last are the same."""

    def __init__(self, in_size: Size, out_size: Size, name: str | None) -> None:
        super().__init__(name=name)
        self.in_size, self.out_size = in_size, out_size
        if self.in_size[:-1] != self.out_size[:-1]:
            raise ValueError(
                f"`in_size` and `out_size` must agree in all but the last axis. Got {self.in_size} and {self.out_size}."
            )

    def _fitting(self, x: Any) -> Any:
        """The input, if its last axis is that of `in_size`."""
        if not x.shape or x.shape[-1] != self._in_size[-1]:  # type: ignore[index]
            raise TypeError(
                f"`x` must end with an axis of length {self.in_size[-1]}, as `in_size` says. Got the shape "
                f"{tuple(x.shape)}. Move that axis to the end, or make the layer with another `in_size`."
            )
        return x


class Linear(_Matrix):
    """``x @ weight + bias`` along the last axis.

    Parameters
    ----------
    in_size, out_size
        The sizes without batch axes; they agree in all but the last axis.
    w_init
        The weight, ``[in, out]``: an initialiser, a function of the shape, or an array.
    b_init
        The bias, ``[out]``, given in the same ways; None for no bias.
    w_mask
        A mask by which the weight is multiplied in each call, given in the same ways.
    name
        A name, for display.
    param_type
        The kind of State that holds ``{'weight': ..., 'bias': ...}``.

    Attributes
    ----------
    weight
        That State.

    Raises
    ------
    ValueError
        The sizes differ before the last axis.

    Notes
    -----
    Source: brainstate.nn.Linear (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.Linear(2, 1, w_init=torch.tensor([[3.], [4.]]), b_init=torch.tensor([1.]))
    >>> layer(torch.tensor([1., 2.]))
    tensor([12.], grad_fn=<...>)
    >>> list(layer.state_dict())
    ['weight.weight', 'weight.bias']
    """

    def __init__(
        self,
        in_size: Size,
        out_size: Size,
        w_init: Init = init.KaimingNormal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        w_mask: Init | None = None,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(in_size, out_size, name)
        self.w_mask = init.param(w_mask, self.in_size + self.out_size)
        params = {"weight": made(w_init, (self.in_size[-1], self.out_size[-1]))}
        if b_init is not None:
            params["bias"] = made(b_init, self.out_size[-1])
        self.weight = param_type(params)

    def update(self, x: Any) -> Any:
        """``[*N, in]`` to ``[*N, out]``."""
        params = self.weight.value
        weight = params["weight"] if self.w_mask is None else params["weight"] * self.w_mask
        y = torch.matmul(self._fitting(factor(x, weight)), weight)
        return biased(y, params["bias"]) if "bias" in params else y


class SignedWLinear(_Matrix):
    """``x @ (abs(weight) * w_sign)``: weights whose signs are given.

    Parameters
    ----------
    in_size, out_size, w_init, name, param_type
        As for :class:`Linear`.
    w_sign
        The signs, which broadcast to the weight; None: all positive.

    Notes
    -----
    Source: brainstate.nn.SignedWLinear (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.SignedWLinear(1, 2, w_init=torch.tensor([[-2., 3.]]), w_sign=torch.tensor([1., -1.]))
    >>> layer(torch.ones(1))
    tensor([ 2., -3.], grad_fn=<...>)
    """

    def __init__(
        self,
        in_size: Size,
        out_size: Size,
        w_init: Init = init.KaimingNormal(),  # noqa: B008
        w_sign: ArrayLike | None = None,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(in_size, out_size, name)
        self.w_sign = w_sign
        self.weight = param_type(made(w_init, self.in_size + self.out_size))

    def update(self, x: Any) -> Any:
        """``[*N, in]`` to ``[*N, out]``."""
        weight = um.abs(self.weight.value)
        return um.matmul(self._fitting(operand(x, weight)), weight if self.w_sign is None else weight * self.w_sign)


class ScaledWSLinear(_Matrix):
    """:class:`Linear` with a weight that is standardized for each output, see :func:`weight_standardization`.

    Parameters
    ----------
    in_size, out_size, w_init, b_init, w_mask, name, param_type
        As for :class:`Linear`. The mask, ``[in, 1]``, is applied after the standardization.
    ws_gain
        Learn a factor for each output, ``'gain'`` beside weight and bias.
    eps
        The least variance, times the number of inputs, that is divided by.

    Notes
    -----
    Source: brainstate.nn.ScaledWSLinear (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.ScaledWSLinear(2, 1, w_init=torch.tensor([[3.], [1.]]))
    >>> layer(torch.eye(2))
    tensor([[ 0.7071],
            [-0.7071]], grad_fn=<...>)
    """

    def __init__(
        self,
        in_size: Size,
        out_size: Size,
        w_init: Init = init.KaimingNormal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        w_mask: Init | None = None,
        ws_gain: bool = True,
        eps: float = 1e-4,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(in_size, out_size, name)
        self.eps = eps
        self.w_mask = init.param(w_mask, (self.in_size[-1], 1))
        params = {"weight": made(w_init, (self.in_size[-1], self.out_size[-1]))}
        if b_init is not None:
            params["bias"] = made(b_init, self.out_size[-1])
        if ws_gain:
            params["gain"] = um.ones((1, self.out_size[-1]), dtype=params["weight"].dtype)
        self.weight = param_type(params)

    def update(self, x: Any) -> Any:
        """``[*N, in]`` to ``[*N, out]``."""
        params = self.weight.value
        weight = weight_standardization(params["weight"], self.eps, params.get("gain"))
        y = um.matmul(self._fitting(operand(x, weight)), weight if self.w_mask is None else weight * self.w_mask)
        return biased(y, params["bias"]) if "bias" in params else y
