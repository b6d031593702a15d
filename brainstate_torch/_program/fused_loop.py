"""A loop whose steps compute element by element, as one Triton kernel that runs through time.

Each program of the kernel carries a block of elements through all steps in registers: inputs are read once, outputs are
written once, and what is carried is read and written once for the whole loop.
"""

import linecache
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from .._host.fx import GraphModule, Node
from .._host.triton import at, runs_triton
from .nodes import arguments, outputs
from .triton_code import DTYPES, expression

__all__ = ["FusedLoop", "can_fuse", "fused"]

_aten = torch.ops.aten
_BLOCK = 256
#: Views and repetitions; `_keeps_place` tells whether each element stays beside the same others.
_VIEWS = {
    *(_aten.view.default, _aten._unsafe_view.default, _aten.reshape.default, _aten.expand.default),
    *(_aten.unsqueeze.default, _aten.squeeze.default, _aten.squeeze.dim, _aten.squeeze.dims),
}
_SUMS = {_aten.sum.default, _aten.sum.dim_IntList}


def can_fuse(like: Sequence[Any]) -> bool:
    """Whether a loop over tensors like these runs where Triton does."""
    return any(runs_triton(x.device) for x in like)


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
    source
        The kernel.
    shape
        That of the elements.
    totals
        The carries that are sums over axes, by their number.
    ends, columns
        Shape and dtype of what is carried at the end, and of each output in one step.
    """

    def __init__(
        self,
        source: str,
        shape: torch.Size,
        totals: dict[int, _Total],
        ends: Sequence[tuple[torch.Size, torch.dtype]],
        columns: Sequence[tuple[torch.Size, torch.dtype]],
        length: int,
    ) -> None:
        self.source, self.totals, self.length = source, totals, length
        self._size, self._ends, self._columns = shape.numel(), ends, columns
        self._kernel: Any = None

    def __call__(
        self, carry: Sequence[torch.Tensor], constants: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor]
    ) -> list[torch.Tensor]:
        """Run all steps by one launch."""
        device = next((x.device for x in (*carry, *inputs, *constants) if not x.is_cpu), torch.device("cpu"))
        if self._kernel is None:
            self._kernel = _loaded(self.source)
        first = [_on(x, device) for i, x in enumerate(carry) if i not in self.totals]
        fixed = [_on(x, device) for x in constants]
        ends = [torch.empty(shape, dtype=dtype, device=device) for shape, dtype in self._ends]
        columns = [torch.empty((self.length, *shape), dtype=dtype, device=device) for shape, dtype in self._columns]
        # A program of the kernel has its elements for all steps, so that none waits for another.
        grid = (-(-self._size // _BLOCK),)
        with at(device):
            self._kernel[grid](*first, *fixed, *inputs, *ends, *columns, self.length, self._size, BLOCK=_BLOCK)
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
    step: GraphModule, layout: Sequence[int], used: Sequence[bool], length: int, reverse: bool
) -> FusedLoop | None:
    """The loop as one kernel; None where a step does more than compute element by element.

    Parameters
    ----------
    step
        carry, constants, inputs, further constants -> carry, outputs.
    layout
        How many are carried, constant, and read at each step.
    used
        Which of the inputs are read.
    """
    given = arguments(step)
    carry, constants = given[: layout[0]], given[layout[0] : layout[0] + layout[1]]
    inputs, more = given[sum(layout[:2]) : sum(layout)], given[sum(layout) :]
    results = outputs(step)
    # A result may be a Python number, which has no elements to store.
    if any(not isinstance(x, Node) for x in results):
        return None
    totals = {i: total for i in range(layout[0]) if (total := _total(carry[i], results[i])) is not None}
    shape = _common_shape(step, list(totals.values()))
    if shape is None or not shape.numel() or not length:
        return None
    code = _Code(shape, length)
    for i, x in enumerate(carry):
        if i in totals:
            code.head.append(f"total_{i} = tl.zeros([BLOCK], {DTYPES[totals[i].term.meta['val'].dtype]})")
        else:
            code.head.append(f"{code.named(x)} = {code.loaded(code.pointer(), x)}")
    for x in (*constants, *more):
        code.head.append(f"{code.named(x)} = {code.loaded(code.pointer(), x)}")
    for x, is_read in zip(inputs, used, strict=True):
        if is_read:
            code.body.append(f"{code.named(x)} = {code.loaded(code.pointer(), x, True)}")
    # A sum over axes in each step would need all blocks at once: the kernel sums per element, torch once at the end.
    skipped = {node for total in totals.values() for node in total.chain} | {results[i] for i in totals}
    for node in step.graph.nodes:
        if node.op != "call_function" or node in skipped:
            continue
        shows = node.target in _VIEWS and _keeps_place(node)
        text = code.names[node.args[0]] if shows else expression(node, code.names)
        if text is None:
            return None
        code.body.append(f"{code.named(node)} = {text}")
    ends = [totals[i].term if i in totals else x for i, x in enumerate(results[: layout[0]])]
    places = [code.pointer() for _ in ends]
    columns = results[layout[0] :]
    for x in columns:
        code.body.append(code.stored(code.pointer(), x, code.names[x], True))
    code.body += [f"total_{i} += {code.names[total.term]}" for i, total in totals.items()]
    kept = [i for i in range(layout[0]) if i not in totals]
    # All carries change together: a new one may be computed from the old value of another.
    code.body += [f"next_{i} = {code.names[results[i]]}" for i in kept]
    code.body += [f"{code.names[carry[i]]} = next_{i}" for i in kept]
    for i, (place, x) in enumerate(zip(places, ends, strict=True)):
        code.tail.append(code.stored(place, x, f"total_{i}" if i in totals else code.names[carry[i]]))
    return FusedLoop(
        code.source(reverse),
        shape,
        totals,
        [_kind(x) for x in ends],
        [_kind(x) for x in columns],
        length,
    )


def _kind(node: Node) -> tuple[torch.Size, torch.dtype]:
    return node.meta["val"].shape, node.meta["val"].dtype


class _Code:
    """The lines of a kernel before, in, and after the loop over time."""

    def __init__(self, shape: torch.Size, length: int) -> None:
        self.shape, self.length = shape, length
        self.names: dict[Node, str] = {}
        self.pointers: list[str] = []
        self.head: list[str] = []
        self.body: list[str] = []
        self.tail: list[str] = []

    def named(self, node: Node) -> str:
        """A new name for what a node computes."""
        return self.names.setdefault(node, f"v{len(self.names)}")

    def pointer(self) -> str:
        """A new argument."""
        self.pointers.append(f"p{len(self.pointers)}")
        return self.pointers[-1]

    def loaded(self, pointer: str, node: Node, each: bool = False) -> str:
        """The code that reads a tensor, one row at each step or the whole."""
        return f"tl.load({self._place(pointer, node, each)}, mask=inside)"

    def stored(self, pointer: str, node: Node, name: str, each: bool = False) -> str:
        """The code that writes a tensor."""
        return f"tl.store({self._place(pointer, node, each)}, {name}, mask=inside)"

    def _place(self, pointer: str, node: Node, each: bool) -> str:
        shape = node.meta["val"].shape
        # In 64 bits: a number of 32, such as `t`, would overflow after 2**31 elements.
        row = f"{pointer} + t * tl.full([], {shape.numel()}, tl.int64)" if each else pointer
        return f"{row} + {self._offset(shape)}"

    def _offset(self, shape: torch.Size) -> str:
        """The index of the element of a tensor that broadcasts to each element of the whole."""
        stripped = _stripped(shape)
        if stripped == _stripped(self.shape):
            return "at"
        parts, inner = [], 1
        for axis in range(1, len(self.shape) + 1):
            size = self.shape[-axis]
            if axis <= len(stripped) and stripped[-axis] != 1:
                stride = math.prod(stripped[len(stripped) - axis + 1 :])
                parts.append(f"(at // {inner} % {size}) * {stride}")
            inner *= size
        return " + ".join(parts) or "at * 0"

    def source(self, reverse: bool) -> str:
        """The kernel."""
        body = self.body or ["pass"]
        return "\n".join(
            [
                "import triton",
                "import triton.language as tl",
                "from triton.language.extra import libdevice",
                "",
                "",
                "@triton.jit",
                f"def kernel({', '.join([*self.pointers, 'steps', 'size', 'BLOCK: tl.constexpr'])}):",
                "    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)",
                "    inside = at < size",
                *[f"    {line}" for line in self.head],
                "    for k in range(steps):",
                f"        t = {'steps - 1 - k' if reverse else 'k'}",
                *[f"        {line}" for line in body],
                *[f"    {line}" for line in self.tail],
                "",
            ]
        )


def _stripped(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape without its leading axes of length 1."""
    found = tuple(shape)
    while found and found[0] == 1:
        found = found[1:]
    return found


def _keeps_place(node: Node) -> bool:
    """Whether a view keeps the layout of elements, except for leading axes of length 1 and repetition."""
    source: Any = node.args[0]
    before, after = _stripped(source.meta["val"].shape), _stripped(node.meta["val"].shape)
    if node.target is not _aten.expand.default:
        return before == after
    rest = after[len(after) - len(before) :]
    return len(before) <= len(after) and all(x in (1, y) for x, y in zip(before, rest, strict=True))


def _total(place: Node, result: Any) -> _Total | None:
    """The sum that a carry accumulates, if it is used for nothing else."""
    if result.target is not _aten.add.Tensor or result.kwargs or len(place.users) != 1 or place not in result.args:
        return None
    term = next(x for x in result.args if x is not place) if result.args[0] is not result.args[1] else None
    chain: list[Node] = []
    while isinstance(term, Node) and (term.target in _SUMS or term.target in _VIEWS) and len(term.users) == 1:
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
        if not isinstance(value, torch.Tensor) or value.dtype not in DTYPES:
            return None
        try:
            found = torch.broadcast_shapes(found, value.shape)  # type: ignore[no-untyped-call]
        except RuntimeError:
            return None
    return found


def _loaded(source: str) -> Any:
    """The kernel of a source text. Triton reads source from a file, so `linecache` gets it under a made-up name."""
    name = f"<loop {abs(hash(source)):x}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    space: dict[str, Any] = {"__name__": name}
    exec(compile(source, name, "exec"), space)
    return space["kernel"]
