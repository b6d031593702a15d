"""What the programs of a compiled function cost: time to make and to run, operations, pieces, memory."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

__all__ = ["Cost", "Costs", "size_of"]


class Cost(NamedTuple):
    """What one program costs.

    Attributes
    ----------
    arguments
        The tensors that it takes as arguments, such as ``float32[3, 2]``.
    states
        How many States it reads or writes.
    pieces, operations
        How many graphs were compiled, such as the step of a loop, and the operations in them together.
    kernels
        How many kernels the compiler wrote for them, without those from its cache. 0 if replayed.
    recording, compiling
        Seconds.
    calls, running
        How often it ran, and the seconds that this took together.
    waits
        How often these calls waited for the device to read a number: for `cond` and `switch`, for each step of a
        `while_loop`, and for checks.
    peak
        The most bytes of results that a replay holds at once. Fused operations take less; what a loop keeps for its
        backward pass is counted in full.
    inputs, outputs
        Bytes of the tensors that it takes, States and constants included, and of those that it gives.
    graph
        Whether it is one CUDA graph: how often that was recorded, or why it is none. ``'no'`` on a CPU.
    """

    arguments: tuple[str, ...]
    states: int
    pieces: int
    operations: int
    kernels: int
    recording: float
    compiling: float
    calls: int
    running: float
    inputs: int
    outputs: int
    graph: str = "no"
    waits: int = 0
    peak: int = 0


class Costs(tuple[Cost, ...]):
    """The :class:`Cost` of each program, the one used last first; printed as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "no program yet: call the function, or its `compile`"
        rows = [
            (
                ", ".join(cost.arguments) or "none",
                *(str(x) for x in (cost.states, cost.pieces, cost.operations, cost.kernels)),
                *(f"{x:.2f} s" for x in (cost.recording, cost.compiling)),
                str(cost.calls),
                *(
                    (f"{cost.running / cost.calls * 1e6:,.0f} us", f"{cost.waits / cost.calls:g}")
                    if cost.calls
                    else "--"
                ),
                *(_bytes(x) for x in (cost.inputs, cost.outputs, cost.peak)),
                cost.graph,
            )
            for cost in self
        ]
        names = (
            *("arguments", "States", "pieces", "operations", "kernels", "recording", "compiling", "calls", "each"),
            *("waits", "inputs", "outputs", "peak", "CUDA graph"),
        )
        widths = [max(len(row[i]) for row in (names, *rows)) for i in range(len(names))]
        lines = [[names[0].ljust(widths[0]), *[x.rjust(width) for x, width in zip(names[1:], widths[1:], strict=True)]]]
        for row in rows:
            lines.append([row[0].ljust(widths[0]), *[x.rjust(w) for x, w in zip(row[1:], widths[1:], strict=True)]])
        return "\n".join("  ".join(line) for line in lines)


def size_of(tensors: Sequence[torch.Tensor]) -> int:
    """The bytes of tensors."""
    return sum(x.numel() * x.element_size() for x in tensors)


def _bytes(count: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:,.0f} {unit}"
        count //= 1024
    return f"{count:,.0f} GiB"


def _each(cost: Cost) -> tuple[str, str]:
    """The time and the waits of one call."""
    if not cost.calls:
        return "-", "-"
    return f"{cost.running / cost.calls * 1e6:,.0f} us", f"{cost.waits / cost.calls:g}"
