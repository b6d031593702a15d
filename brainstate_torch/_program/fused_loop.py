"""A loop whose steps compute element by element, as one kernel that runs through time: of Triton, or in C++."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import torch

from .._host.fx import GraphModule, Node
from .._host.triton import runs_triton
from . import cpp_code, triton_code
from .elementwise import VIEWS, ElementLoop
from .nodes import arguments, outputs
from .triton_code import TRITON

__all__ = ["FusedLoop", "fused", "writer_for"]

_aten = torch.ops.aten
_SUMS = {_aten.sum.default, _aten.sum.dim_IntList}


def writer_for(like: Sequence[Any]) -> ModuleType | None:
    """What writes a kernel for a loop over tensors like these: for Triton, for a CPU, or None."""
    if any(runs_triton(x.device) for x in like):
        return triton_code
    return cpp_code if all(x.device.type == "cpu" for x in like) else None


class _Total(NamedTuple):
    """A carry that accumulates a sum over axes, such as the derivative of a weight that all elements share.

    Attributes
    ----------
    term
        What each step adds, before the sum over axes: the kernel accumulates it per element.
    chain
        What is applied to the sum once, after the loop.
    """

    term: Node
    chain: list[Node]


class FusedLoop:
    """carry, constants, the inputs that are read -> carry, outputs.

    Parameters
    ----------
    writer
        What wrote the kernel.
    source
        The kernel.
    loop
        What it runs.
    totals
        The carries that are sums over axes, by their number.
    """

    def __init__(self, writer: ModuleType, source: str, loop: ElementLoop, totals: dict[int, _Total]) -> None:
        self.source, self.totals = source, totals
        self._writer, self._length, self._size = writer, loop.length, loop.shape.numel()
        # Nodes would keep the graph alive.
        self._ends, self._columns = [_kind(x) for x in loop.ends], [_kind(x) for x in loop.columns]
        self._kernel: Any = None

    def load(self) -> bool:
        """Compile the kernel, or read it from the disk; whether there is a compiler."""
        if self._kernel is None:
            self._kernel = self._writer.loaded(self.source)
        return self._kernel is not None

    def __call__(
        self, carry: Sequence[torch.Tensor], constants: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor]
    ) -> list[torch.Tensor]:
        """Run all steps by one launch."""
        device = next((x.device for x in (*carry, *inputs, *constants) if not x.is_cpu), torch.device("cpu"))
        self.load()
        first = [_on(x, device) for i, x in enumerate(carry) if i not in self.totals]
        fixed = [_on(x, device) for x in constants]
        ends = [torch.empty(shape, dtype=dtype, device=device) for shape, dtype in self._ends]
        columns = [torch.empty((self._length, *shape), dtype=dtype, device=device) for shape, dtype in self._columns]
        self._writer.launch(self._kernel, [*first, *fixed, *inputs, *ends, *columns], self._length, self._size)
        for i, total in self.totals.items():
            ends[i] = carry[i] + _followed(ends[i], total)
        return [*ends, *columns]


def _on(x: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor without axes on the device: `full` fills it there, whereas a copy would wait."""
    return x if x.device == device else torch.full((), x.item(), dtype=x.dtype, device=device)


def _followed(x: torch.Tensor, total: _Total) -> torch.Tensor:
    for node in total.chain:
        called: Any = node.target
        x = called(x, *node.args[1:], **node.kwargs)
    return x


def fused(
    writer: ModuleType, step: GraphModule, layout: Sequence[int], used: Sequence[bool], length: int, reverse: bool
) -> FusedLoop | None:
    """The loop as one kernel; None where a step does more than compute element by element.

    Parameters
    ----------
    writer
        What writes the kernel.
    step
        carry, constants, inputs, further constants -> carry, outputs.
    layout
        How many are carried, constant, and read at each step.
    used
        Which of the inputs are read.
    """
    given, results = arguments(step), outputs(step)
    carry, constants = given[: layout[0]], given[layout[0] : layout[0] + layout[1]]
    inputs, more = given[sum(layout[:2]) : sum(layout)], given[sum(layout) :]
    # A result may be a Python number, which has no elements to store.
    if any(not isinstance(x, Node) for x in results):
        return None
    totals = {i: total for i in range(layout[0]) if (total := _total(carry[i], results[i])) is not None}
    shape = _common_shape(step, list(totals.values()))
    if shape is None or not shape.numel() or not length:
        return None
    # A sum over axes in each step would need all blocks at once: the kernel sums per element, torch once at the end.
    skipped = {node for total in totals.values() for node in total.chain} | {results[i] for i in totals}
    loop = ElementLoop(
        shape,
        length,
        reverse,
        [x for i, x in enumerate(carry) if i not in totals],
        [*constants, *more],
        [x for x, is_read in zip(inputs, used, strict=True) if is_read],
        [totals[i].term if i in totals else x for i, x in enumerate(results[: layout[0]])],
        [i in totals for i in range(layout[0])],
        results[layout[0] :],
        [node for node in step.graph.nodes if node.op == "call_function" and node not in skipped],
    )
    source = writer.source(loop)
    return None if source is None else FusedLoop(writer, source, loop, totals)


def _kind(node: Node) -> tuple[torch.Size, torch.dtype]:
    return node.meta["val"].shape, node.meta["val"].dtype


def _total(place: Node, result: Any) -> _Total | None:
    """The sum that a carry accumulates, if it is used for nothing else."""
    if result.target is not _aten.add.Tensor or result.kwargs or len(place.users) != 1 or place not in result.args:
        return None
    term = next(x for x in result.args if x is not place) if result.args[0] is not result.args[1] else None
    chain: list[Node] = []
    while isinstance(term, Node) and (term.target in _SUMS or term.target in VIEWS) and len(term.users) == 1:
        chain.insert(0, term)
        term = term.args[0]
    if not any(node.target in _SUMS and not node.kwargs for node in chain):
        return None
    kinds = {x.meta["val"].dtype for x in (place, result, *chain, term)}
    return _Total(term, chain) if isinstance(term, Node) and len(kinds) == 1 else None


def _common_shape(step: GraphModule, totals: Sequence[_Total]) -> torch.Size | None:
    """The shape that all values of a step broadcast to; None if there is none, or a value does not fit."""
    skipped = {node for total in totals for node in total.chain}
    skipped |= {user for total in totals for user in total.chain[-1].users}
    sums = {x for user in skipped for x in user.all_input_nodes if x.op == "placeholder"}
    found = torch.Size(())
    for node in step.graph.nodes:
        if node.op == "output" or node in skipped or node in sums or (node.op == "placeholder" and not node.users):
            continue
        value = node.meta.get("val")
        if not isinstance(value, torch.Tensor) or value.dtype not in TRITON.dtypes:
            return None
        try:
            found = torch.broadcast_shapes(found, value.shape)  # type: ignore[no-untyped-call]
        except RuntimeError:
            return None
    return found
