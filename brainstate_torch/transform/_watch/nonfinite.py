"""Finding the operation that made the first NaN or infinity, in the forward or in the backward pass."""

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ... import _tree
from ..._host.dispatch import TorchDispatchMode, current_autograd_node
from ..._host.functorch import concrete
from ..._program.effect import with_numbers_of
from ..._program.recording import is_recording
from ..._source import OURS, TORCH
from .._core.draws import rewind

__all__ = ["check_finite", "report"]


def check_finite(result: Any, again: Callable[[], Any], before: Any, phase: str) -> None:
    """Raise if a result holds a NaN or an infinity, after a second run that finds where it came from.

    A compiled program looks at its result in every run, and has no second one.

    Parameters
    ----------
    result
        Any pytree.
    again
        Computes the result once more.
    before
        The :func:`random_state` at the start of the first run.
    phase
        Named in the message.

    Raises
    ------
    RuntimeError
        With the operation, its place in the user's code, and counts for each tensor.
    """
    outputs = [x for x in _tree.leaves(result) if isinstance(x, torch.Tensor)]
    if is_recording():
        with_numbers_of(outputs, lambda *numbers: _refuse(numbers, phase))
        return
    outputs = [concrete(x) for x in outputs]
    if not any(_kind_of(x) for x in outputs):
        return
    rewind(before)
    watch = _FirstNonfinite()
    with torch.autograd.set_detect_anomaly(True, check_nan=False), watch:
        again()
    raise RuntimeError(report(watch, outputs, phase))


def _refuse(outputs: Sequence[torch.Tensor], phase: str) -> None:
    if any(_kind_of(x) for x in outputs):
        raise RuntimeError(report(None, outputs, phase))


def report(watch: "_FirstNonfinite | None", outputs: Sequence[torch.Tensor], phase: str) -> str:
    """The text of the error."""
    tag = f" [{phase}]" if phase else ""
    lines = [f"NaN/Inf detected{tag} in the output of the checked function."]
    if watch is None:
        lines.append("  First made by   : call the function outside of `jit` to learn which operation")
    elif watch.operation:
        lines.append(f"  First made by   : `{watch.operation}` in the {watch.direction} pass ({watch.kind})")
        lines.append(f"  Source location : {watch.place}")
    else:
        lines.append("  First made by   : unknown; the inputs may have held it already")
    for i, x in enumerate(outputs):
        nans, infs = int(torch.isnan(x).sum()), int(torch.isinf(x).sum())
        if nans or infs:
            finite = x[torch.isfinite(x)] if not x.is_complex() else x.new_empty(0)
            span = f", finite values from {finite.min():.4g} to {finite.max():.4g}" if finite.numel() else ""
            shape, dtype = tuple(x.shape), str(x.dtype).removeprefix("torch.")
            lines.append(f"  output[{i}]       : shape={shape} dtype={dtype} NaNs={nans} Infs={infs}{span}")
    lines.append("  No State was changed.")
    return "\n".join(lines)


class _FirstNonfinite(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Remembers the first operation that made something non-finite from finite operands."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operation = self.direction = self.kind = self.place = ""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self.operation:
            made = _kind_of(result)
            if made and not _kind_of((args, kwargs)):
                self._remember(str(func.overloadpacket).replace("aten.", ""), made)
        return result

    def _remember(self, operation: str, kind: str) -> None:
        node = current_autograd_node()
        self.operation, self.kind = operation, kind
        if node is None:
            self.direction, self.place = "forward", _user_line(traceback.extract_stack())
        else:
            self.direction = "backward"
            metadata: Any = node.metadata
            self.place = _user_text(metadata.get("traceback_", []))


def _kind_of(tree: Any) -> str:
    """'NaN' or 'Inf' if a floating tensor in the tree holds one."""
    for x in _tree.leaves(tree):
        if isinstance(x, torch.Tensor) and (x.is_floating_point() or x.is_complex()) and x.numel():
            if bool(torch.isnan(x).any()):
                return "NaN"
            if bool(torch.isinf(x).any()):
                return "Inf"
    return ""


def _user_line(stack: Sequence[traceback.FrameSummary]) -> str:
    for frame in reversed(stack):
        if not frame.filename.startswith((OURS, TORCH)):
            return f'File "{frame.filename}", line {frame.lineno}, in {frame.name}: {frame.line}'
    return "unknown"


def _user_text(lines: Sequence[str]) -> str:
    """As :func:`_user_line`, for a formatted traceback: the one of the forward operation."""
    for line in reversed(lines):
        file = line.strip().removeprefix('File "').partition('"')[0]
        if not file.startswith((OURS, TORCH)):
            return ": ".join(part.strip() for part in line.strip().splitlines())
    return "unknown"
