"""NormalizationParamState: what a normalising layer learns, and how it is applied."""

from collections.abc import Mapping
from typing import Any

import torch

from ..._state import ParamState, State

__all__ = ["NormalizationParamState", "applied", "first"]


class NormalizationParamState(ParamState[Any]):
    """The learned ``{'scale': ..., 'bias': ...}`` of a normalising layer; either may be missing.

    A layer applies it with :meth:`execute`, which a subclass given as `param_type` may override.

    Notes
    -----
    Source: the class of the same name in brainstate (0.5.4), which has no public name there.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> params = brainstate.nn.NormalizationParamState({'scale': torch.tensor(2.), 'bias': torch.tensor(1.)})
    >>> params.execute(torch.tensor([1., 3.]))
    tensor([3., 7.])
    """

    def execute(self, x: Any) -> Any:
        """``x * scale + bias``, as far as they are there."""
        return _scaled(self.value, x)


def _scaled(params: Mapping[str, Any], x: Any) -> Any:
    if "scale" in params:
        x = x * params["scale"]
    return x + params["bias"] if "bias" in params else x


def applied(weight: State[Any] | None, x: Any) -> Any:
    """`x` with the learned scale and bias of any kind of State, or unchanged for None."""
    if weight is None:
        return x
    execute = getattr(weight, "execute", None)
    return _scaled(weight.value, x) if execute is None else execute(x)


def first(weight: State[Any] | None) -> torch.Tensor | None:
    """One of the learned tensors, or None for none."""
    return None if weight is None else next(iter(weight.value.values()))
