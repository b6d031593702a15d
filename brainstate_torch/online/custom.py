"""Derivatives that a recorded step would not know."""

from collections.abc import Sequence
from typing import Any

import torch

from .._arrays import is_real
from .._state import State
from .._tree import map as mapped
from ..transform._core.functional import partition, run
from .errors import NotSupportedError

__all__ = ["check_no_custom_functions"]


def check_no_custom_functions(fun: Any, args: Sequence[Any], weights: Sequence[State[Any]]) -> None:
    """Raise if a model applies a `torch.autograd.Function` of the user's own: a recorded step has lost its rule."""

    def followed(x: Any) -> Any:
        return x.detach().clone().requires_grad_() if isinstance(x, torch.Tensor) and is_real(x) else x

    with torch.enable_grad():
        outcome = run(fun, mapped(followed, list(args)), {}, weights, [mapped(followed, w.value) for w in weights])
    outcome.frame.abandon()
    tensors = [x for part in (outcome.result, *outcome.written) for x in partition(part)[0]]
    seen, front = set(), [x.grad_fn for x in tensors if x.grad_fn is not None]
    while front:
        node = front.pop()
        if node in seen:
            continue
        seen.add(node)
        rule = getattr(type(node), "_forward_cls", None)
        if rule is not None and not rule.__module__.startswith(f"{__package__.partition('.')[0]}."):
            raise NotSupportedError(
                f"a step that is learnt online must consist of torch's operations. Got `{rule.__qualname__}`, an "
                "autograd.Function, whose derivative a recorded step does not know. Write a spike function as a "
                "subclass of `brainstate_torch.spiking.surrogate.Surrogate`."
            )
        front += [other for other, _ in node.next_functions if other is not None]
