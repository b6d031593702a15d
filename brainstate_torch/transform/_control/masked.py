"""A branch that runs in lanes that did not choose it, where its derivative is zero."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from ... import _tree
from ..._arrays import is_real
from ..._host.dispatch import TorchFunctionMode
from ..._host.functorch import enclosing, is_tracked
from ..._program.chosen_lanes import CHOSEN

__all__ = ["InLanes", "first_that_holds"]


def first_that_holds(masks: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """For each mask, where it holds and none before it does; for the last, also where none holds."""
    found: list[torch.Tensor] = []
    free: torch.Tensor | None = None
    for mask in masks[:-1]:
        found.append(mask if free is None else free & mask)
        free = ~mask if free is None else free & ~mask
    return [*found, torch.ones_like(masks[-1]) if free is None else free]


class InLanes(TorchFunctionMode):
    """Within: tensors from outside are constants in the lanes in which a mask does not hold; their numbers stay.

    The derivative of a branch that was not chosen is multiplied by zero, which is nan where it is infinite, as that of
    ``1 / x`` at 0. Masking what the branch takes in, closures and States included, stops it there, in every derivative.

    Parameters
    ----------
    mask
        One boolean for each lane.
    """

    def __init__(self, mask: torch.Tensor) -> None:
        super().__init__()
        self.mask = mask
        self._forward = "Jvp" in enclosing()
        #: Tensors computed within the context, by identity.
        self._own: dict[int, torch.Tensor] = {}
        self._masked: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if func in _PLAIN or name == "__get__" or self not in CHOSEN.branches:
            return func(*args, **kwargs)
        given = [self._taken(x) for x in args]
        if args and _writes(name):
            given[0] = args[0]
        result = func(*given, **{key: x if key == "out" else self._taken(x) for key, x in kwargs.items()})
        for x in (result,) if isinstance(result, torch.Tensor) else result if isinstance(result, (tuple, list)) else ():
            if isinstance(x, torch.Tensor):
                self.computed(x)
        return result

    def __enter__(self) -> "InLanes":
        self._around = CHOSEN.branches
        CHOSEN.branches = (*self._around, self)
        return super().__enter__()  # type: ignore[no-any-return, no-untyped-call]

    def __exit__(self, *error: object) -> None:
        CHOSEN.branches = self._around
        super().__exit__(*error)  # type: ignore[no-untyped-call]

    def computed(self, x: torch.Tensor) -> None:
        """Note a tensor that was computed within."""
        self._own[id(x)] = x

    def _taken(self, x: Any) -> Any:
        if isinstance(x, torch.Tensor):
            return self.taken(x)
        if x is None or isinstance(x, (int, float, str, torch.dtype, torch.device)):
            return x
        return _tree.map(lambda leaf: self.taken(leaf) if isinstance(leaf, torch.Tensor) else leaf, x)

    def taken(self, x: torch.Tensor) -> torch.Tensor:
        """The tensor, constant in the lanes in which the mask does not hold."""
        if id(x) in self._own or not is_real(x) or not (self._forward or is_tracked(x)):
            return x
        known = self._masked.get(id(x))
        if known is None:
            known = self._masked[id(x)] = (x, torch.where(self.mask, x, x.detach()))
        return known[1]


#: Functions that identify tensors by identity.
_PLAIN = {torch.autograd.grad, torch.autograd.backward, torch.Tensor.requires_grad_, torch.Tensor.backward}


def _writes(name: str) -> bool:
    """Whether a function of this name writes into its first argument."""
    return name == "__setitem__" or (name.endswith("_") and not name.endswith("__")) or name.startswith("__i")
