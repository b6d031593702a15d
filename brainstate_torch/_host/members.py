"""How torch finds a tensor of a module by its dotted name, in functional_call, torch.export and the like."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.utils._named_member_accessor import NamedMemberAccessor

__all__ = ["find_parts_by"]


def find_parts_by(resolve: Callable[[Any, str], torch.nn.Module | None]) -> None:
    """Let torch ask `resolve(module, attribute)` for what stands at one step of a dotted name; "" is the module itself.

    torch itself accepts only modules as steps, and raises for the list ``layers`` in ``layers.0.bias`` and for the
    State ``weight`` in ``weight.bias``. There is no public hook for it. Where `resolve` returns None, torch does what
    it always does.
    """
    original = NamedMemberAccessor.get_submodule

    def get_submodule(self: NamedMemberAccessor, name: str) -> torch.nn.Module:
        if name not in self.memo:
            prefix, _, attribute = name.rpartition(".")
            found = resolve(self.get_submodule(prefix) if name else self.module, attribute)
            if found is None:
                return original(self, name)
            self.memo[name] = found
        return self.memo[name]

    NamedMemberAccessor.get_submodule = get_submodule  # type: ignore[method-assign]
