"""torch's utilities that exchange one tensor of a module: pruning and parametrizations."""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import torch
from torch.nn.utils import parametrizations, parametrize, prune

__all__ = ["open_utilities"]

#: Gives what holds a tensor of a module, and its name there; see :func:`open_utilities`.
Holder = Callable[[Any, str, bool], AbstractContextManager[tuple[Any, str]]]

#: Each utility that takes (module, name, ...), whether it needs the tensor to be exchanged already, and the name that
#: it takes if it is given none.
_UTILITIES = (
    (parametrize, "register_parametrization", True, None),
    (parametrize, "remove_parametrizations", False, None),
    (parametrize, "is_parametrized", False, None),
    (parametrizations, "orthogonal", True, "weight"),
    (parametrizations, "spectral_norm", True, "weight"),
    (parametrizations, "weight_norm", True, "weight"),
    (torch.nn.utils, "spectral_norm", True, "weight"),
    (torch.nn.utils, "weight_norm", True, "weight"),
    (torch.nn.utils, "remove_spectral_norm", False, "weight"),
    (torch.nn.utils, "remove_weight_norm", False, "weight"),
    (prune, "remove", False, None),
)


def open_utilities(holder: Holder, is_transforming: Callable[[], bool]) -> None:
    """Let torch's utilities ask `holder(module, name, first)` for the module of torch that has the tensor.

    It is a context, so that it learns of a utility that raises.

    They read and delete ``module.weight``, which in a module of this package is a State. torch has no place to tell
    them, so that the functions themselves are wrapped; for a module of torch they do what they did.
    """
    for home, name, first, tensor_name in _UTILITIES:
        setattr(home, name, _opened(getattr(home, name), holder, first, tensor_name))
    # All methods of pruning come through here, however they were imported.
    apply = prune.BasePruningMethod.apply.__func__  # type: ignore[attr-defined]
    prune.BasePruningMethod.apply = classmethod(_pruning(apply, holder))  # type: ignore[assignment, method-assign]
    prune.BasePruningMethod.__call__ = _masking(prune.BasePruningMethod.__call__, is_transforming)  # type: ignore[method-assign]
    prune.global_unstructured = _pruning_all(prune.global_unstructured, holder)


def _opened(utility: Callable[..., Any], holder: Holder, first: bool, default: str | None) -> Callable[..., Any]:
    key = "name" if default else "tensor_name"

    @functools.wraps(utility)
    def opened(module: Any, *args: Any, **kwargs: Any) -> Any:
        name = args[0] if args else kwargs.pop(key, None) or kwargs.pop("name", default)
        if name is None:
            return utility(module, *args, **kwargs)
        with holder(module, name, first) as (held, there):
            result = utility(held, there, *args[1:], **kwargs)
            return module if result is held else result

    return opened


def _pruning(apply: Callable[..., Any], holder: Holder) -> Callable[..., Any]:
    @functools.wraps(apply)
    def opened(cls: Any, module: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        with holder(module, name, True) as place:
            return apply(cls, *place, *args, **kwargs)

    return opened


def _masking(hook: Callable[..., Any], is_transforming: Callable[[], bool]) -> Callable[..., Any]:
    """The hook that sets the masked tensor; inside a transform for one call, since it would be dead after that."""

    @functools.wraps(hook)
    def masked(self: Any, module: torch.nn.Module, inputs: Any) -> None:
        before = vars(module)[self._tensor_name]
        hook(self, module, inputs)
        if not is_transforming():
            return

        def put_back(*_: Any) -> None:
            vars(module)[self._tensor_name] = before
            handle.remove()

        handle = module.register_forward_hook(put_back, always_call=True)

    return masked


def _pruning_all(utility: Any, holder: Holder) -> Callable[..., Any]:
    @functools.wraps(utility)
    def opened(parameters: Any, pruning_method: Any, importance_scores: Any = None, **kwargs: Any) -> Any:
        with ExitStack() as stack:
            places = {(module, name): stack.enter_context(holder(module, name, True)) for module, name in parameters}
            if isinstance(importance_scores, dict):
                importance_scores = {places.get(place, place): scores for place, scores in importance_scores.items()}
            return utility(list(places.values()), pruning_method, importance_scores, **kwargs)

    return opened
