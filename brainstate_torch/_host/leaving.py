"""Contexts within which transforms of torch.func, and the modes that record graphs, are not active.

torch's own are generators. One that a signal leaves unfinished puts back what it left when it is collected, long
after: a level that no transform owns. These put nothing back but in ``__exit__``, and move all layers within one call
into C, during which no signal is handled.
"""

from collections import deque
from itertools import repeat, starmap
from typing import Any, ClassVar

import torch
from torch._C._functorch import get_interpreter_stack, pop_dynamic_layer_stack, push_dynamic_layer_stack
from torch.utils._python_dispatch import _push_mode, _unset_infra_mode

__all__ = ["below", "outside_of_fakes", "outside_of_graphs", "outside_of_transforms", "transformed_again"]

_FAKE, _PROXY = torch._C._TorchDispatchModeKey.FAKE, torch._C._TorchDispatchModeKey.PROXY


class outside_of_transforms:
    """Context within which no torch.func transform is active, as if called from the top; gives the layers left."""

    __slots__ = ("layers", "modes")
    #: The kinds of modes that are left, too.
    kinds: ClassVar[tuple[Any, ...]] = ()

    def __init__(self) -> None:
        #: Innermost first.
        self.layers: list[Any] = []
        self.modes: list[Any] = []

    def depth(self) -> int:
        """How many layers to leave."""
        return len(get_interpreter_stack() or ())

    def __enter__(self) -> list[Any]:
        try:
            if depth := self.depth():
                self.layers.extend(starmap(pop_dynamic_layer_stack, repeat((), depth)))
            for kind in self.kinds:
                mode = torch._C._unset_dispatch_mode(kind) if kind is _FAKE else _unset_infra_mode(kind)  # type: ignore[no-untyped-call]
                if mode is not None:
                    self.modes.append(mode)
        except BaseException:
            self._put_back()
            raise
        return list(self.layers)

    def __exit__(self, *error: object) -> None:
        self._put_back()

    def _put_back(self) -> None:
        while self.modes:
            mode = self.modes.pop()
            torch._C._set_dispatch_mode(mode) if mode._mode_key is _FAKE else _push_mode(mode)
        if self.layers:
            deque(map(push_dynamic_layer_stack, reversed(self.layers)), maxlen=0)


class below(outside_of_transforms):
    """Context within which the transform at a level of torch.func, and those inside it, are not active."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def depth(self) -> int:
        """How many layers to leave."""
        return sum(interpreter.level() >= self.at for interpreter in get_interpreter_stack() or ())


class outside_of_graphs(outside_of_transforms):
    """Context within which no torch.func transform is active and no graph is recorded."""

    __slots__ = ()
    kinds = (_PROXY,)


class outside_of_fakes(outside_of_transforms):
    """Context within which also tensors without numbers are not made: new tensors have memory."""

    __slots__ = ()
    kinds = (_PROXY, _FAKE)


class transformed_again:
    """Context within which layers that :class:`outside_of_transforms` has left are active."""

    __slots__ = ("layers",)

    def __init__(self, layers: list[Any]) -> None:
        self.layers = layers

    def __enter__(self) -> None:
        deque(map(push_dynamic_layer_stack, reversed(self.layers)), maxlen=0)

    def __exit__(self, *error: object) -> None:
        deque(starmap(pop_dynamic_layer_stack, repeat((), len(self.layers))), maxlen=0)
