"""LoRA: a change of low rank to a layer."""

from collections.abc import Callable
from typing import Any

from ..._state import ParamState, State
from ...typing import Size
from ...units import math as um
from .. import init
from ..module.module import Module

__all__ = ["LoRA"]


class LoRA(Module):
    """``x @ lora_a @ lora_b``, plus the output of a layer that it changes (arXiv:2106.09685).

    Parameters
    ----------
    in_features, lora_rank, out_features
        The lengths of the axes of the two matrices.
    base_module
        The layer; its output is added.
    kernel_init
        Makes a matrix of a given shape.
    param_type
        The kind of State that holds ``{'lora_a': ..., 'lora_b': ...}``.
    in_size
        The size of the input without batch axes, where it has more than one axis.

    Raises
    ------
    TypeError
        `base_module` cannot be called.

    Notes
    -----
    Source: brainstate.nn.LoRA (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.LoRA(2, 1, 3, kernel_init=torch.ones, base_module=lambda x: torch.zeros(3))
    >>> layer(torch.tensor([1., 2.]))
    tensor([3., 3., 3.], grad_fn=<...>)
    """

    def __init__(
        self,
        in_features: int,
        lora_rank: int,
        out_features: int,
        *,
        base_module: Callable[[Any], Any] | None = None,
        kernel_init: Callable[..., Any] = init.LecunNormal(),  # noqa: B008
        param_type: type[State[Any]] = ParamState,
        in_size: Size | None = None,
    ) -> None:
        super().__init__()
        if base_module is not None and not callable(base_module):
            raise TypeError(f"`base_module` must be callable. Got {type(base_module).__name__}.")
        self.in_features, self.out_features = in_features, out_features
        self.in_size = in_features if in_size is None else in_size
        self.out_size = (*self.in_size[:-1], out_features)
        self.base_module = base_module
        self.weight = param_type(
            {"lora_a": kernel_init((in_features, lora_rank)), "lora_b": kernel_init((lora_rank, out_features))}
        )

    def update(self, x: Any) -> Any:
        """``[*N, in]`` to ``[*N, out]``."""
        params = self.weight.value
        y = um.matmul(um.matmul(x, params["lora_a"]), params["lora_b"])
        return y if self.base_module is None else y + self.base_module(x)
