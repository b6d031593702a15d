"""Hooks: callbacks that run when a State is made, read, written or restored."""

from .context import (
    HookContext,
    InitHookContext,
    MutableWriteHookContext,
    ReadHookContext,
    RestoreHookContext,
    WriteHookContext,
)
from .errors import HookCancellationError, HookError, HookExecutionError, HookRegistrationError, HookWarning
from .hook import Hook, HookHandle
from .manager import HookConfig, HookManager
from .registry import (
    GlobalHookRegistry,
    clear_state_hooks,
    has_state_hooks,
    list_state_hooks,
    register_state_hook,
    unregister_state_hook,
)

__all__ = [
    "GlobalHookRegistry",
    "Hook",
    "HookCancellationError",
    "HookConfig",
    "HookContext",
    "HookError",
    "HookExecutionError",
    "HookHandle",
    "HookManager",
    "HookRegistrationError",
    "HookWarning",
    "InitHookContext",
    "MutableWriteHookContext",
    "ReadHookContext",
    "RestoreHookContext",
    "WriteHookContext",
    "clear_state_hooks",
    "has_state_hooks",
    "list_state_hooks",
    "register_state_hook",
    "unregister_state_hook",
]
