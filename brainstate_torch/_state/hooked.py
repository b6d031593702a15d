"""The hooks of a State, as the State offers them."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from .._program.recording import is_recording
from .hooks import GlobalHookRegistry, Hook, HookHandle, HookManager

__all__ = ["GLOBAL_HOOKS", "Hooked"]

GLOBAL_HOOKS = GlobalHookRegistry.instance()


class Hooked:
    """The part of a State that keeps its hooks."""

    _hooks_manager: HookManager

    @property
    def hooks(self) -> HookManager:
        """The hooks of this State."""
        return self._hooks_manager

    def _managers(self) -> list[HookManager]:
        """The managers whose hooks run: the global ones first. None do while a program is recorded."""
        if is_recording():
            return []
        managers: list[HookManager] = [GLOBAL_HOOKS] if GLOBAL_HOOKS.active else []
        if self._hooks_manager.active:
            managers.append(self._hooks_manager)
        return managers

    def register_hook(
        self,
        hook_type: str,
        callback: Callable[[Any], Any],
        priority: int = 0,
        name: str | None = None,
        enabled: bool = True,
    ) -> HookHandle:
        """Run `callback` with a context at every `hook_type`: read, write_before, write_after, restore or init.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> s, seen = brainstate.State(torch.zeros(2)), []
        >>> handle = s.register_hook('write_after', lambda context: seen.append(context.value))
        >>> s.value = torch.ones(2)
        >>> seen
        [tensor([1., 1.])]
        """
        return self.hooks.register_hook(hook_type, callback, priority, name, enabled)

    def unregister_hook(self, handle: HookHandle) -> bool:
        """Remove a hook; False if it was not there."""
        return self.hooks.unregister_hook(handle)

    def list_hooks(self, hook_type: str | None = None) -> list[Hook]:
        """The hooks of a type, or all."""
        return self.hooks.get_hooks(hook_type)

    def clear_hooks(self, hook_type: str | None = None) -> None:
        """Remove the hooks of a type, or all."""
        self.hooks.clear_hooks(hook_type)

    def has_hooks(self, hook_type: str | None = None) -> bool:
        """Whether there are hooks of a type, or any."""
        return self.hooks.has_hooks(hook_type)

    @contextlib.contextmanager
    def temporary_hook(self, hook_type: str, callback: Callable[[Any], Any], priority: int = 0) -> Iterator[HookHandle]:
        """A hook for the time of a ``with`` block."""
        handle = self.register_hook(hook_type, callback, priority)
        try:
            yield handle
        finally:
            self.unregister_hook(handle)
