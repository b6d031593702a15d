"""torch's batch normalisation with ``momentum=None``, whose running averages need a Python number."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from ..._program.recording import is_recording

__all__ = ["averaging_in_tensors"]

_KINDS = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d, torch.nn.SyncBatchNorm)


@contextlib.contextmanager
def averaging_in_tensors() -> Iterator[None]:
    """Within: cumulative averages of batch normalisation are computed by tensors, in the thread that records.

    torch weighs a batch by ``1 / float(num_batches_tracked)``, a number that does not exist while a program is
    recorded. So it runs with weight 1 on temporary buffers, which then hold the statistics of the batch, and the
    averages are computed from these. The buffers themselves cannot be passed: the backward pass needs them unchanged.
    """
    calls: list[_Statistics | None] = []

    def before(module: torch.nn.Module, _: Any) -> None:
        if isinstance(module, _KINDS) and is_recording():
            averages = module.momentum is None and module.training and module.running_mean is not None
            calls.append(_Statistics(module) if averages else None)

    def after(module: torch.nn.Module, _: Any, result: Any) -> None:
        if isinstance(module, _KINDS) and is_recording() and (statistics := calls.pop()) is not None:
            statistics.settle(result is not None)

    with contextlib.ExitStack() as stack:
        for handle in (register_module_forward_pre_hook(before), register_module_forward_hook(after, always_call=True)):
            stack.callback(handle.remove)
        yield


class _Statistics:
    """The buffers of a module whose call collects the statistics of one batch."""

    def __init__(self, module: Any) -> None:
        self.module, buffers = module, module._buffers
        self.own = {name: dict.__getitem__(buffers, name) for name in ("running_mean", "running_var")}
        self.averages = [getattr(module, name) for name in self.own]
        for name, average in zip(self.own, self.averages, strict=True):
            dict.__setitem__(buffers, name, torch.zeros_like(average))
        module.momentum = 1.0

    def settle(self, complete: bool) -> None:
        """Give the module its buffers back, with the averages over this batch too if its call is complete."""
        buffers = self.module._buffers
        batch = [dict.__getitem__(buffers, name) for name in self.own]
        for name, tensor in self.own.items():
            dict.__setitem__(buffers, name, tensor)
        self.module.momentum = None
        if complete:
            weight = 1 / self.module.num_batches_tracked
            for average, new in zip(self.averages, batch, strict=True):
                average.copy_(average * (1 - weight) + new.detach() * weight)
