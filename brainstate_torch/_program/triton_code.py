"""Loops over elements as kernels of Triton.

Each program of a kernel carries a block of elements through all steps in registers: inputs are read once, outputs are
written once, and what is carried is read and written once for the whole loop.
"""

import linecache
import math
from collections.abc import Sequence
from typing import Any

import torch

from .._host.fx import Node
from .._host.triton import at
from .elementwise import ElementLoop, Language, expression, stripped

__all__ = ["TRITON", "launch", "loaded", "source"]

_BLOCK = 256
_WITH_NAN = "propagate_nan=tl.PropagateNan.ALL"


def _number(x: float) -> str:
    return repr(x) if not isinstance(x, float) or math.isfinite(x) else f'float("{x}")'


TRITON = Language(
    dtypes={
        torch.float32: "tl.float32",
        torch.float64: "tl.float64",
        torch.int32: "tl.int32",
        torch.int64: "tl.int64",
        torch.bool: "tl.int1",
    },
    functions={
        **{name: f"tl.{name}({{0}})" for name in ("abs", "exp", "exp2", "log", "log2", "sqrt", "sin", "cos", "erf")},
        **{name: f"tl.{name}({{0}})" for name in ("floor", "ceil")},
        **{name: f"libdevice.{name}({{0}})" for name in ("tanh", "expm1", "log1p", "atan", "sinh", "cosh")},
        "pow": "libdevice.pow({0}, {1})",
        "divide": "{0} / {1}",
        "reciprocal": "1.0 / {0}",
        "rsqrt": "1.0 / tl.sqrt({0})",
        "sigmoid": "1.0 / (1.0 + tl.exp(-{0}))",
        "silu": "{0} / (1.0 + tl.exp(-{0}))",
        "relu": "tl.where({0} <= 0, tl.zeros_like({0}), {0})",
        "sigmoid_backward": "{0} * (1.0 - {1}) * {1}",
        "tanh_backward": "{0} * (1.0 - {1} * {1})",
        "maximum": f"tl.maximum({{0}}, {{1}}, {_WITH_NAN})",
        "minimum": f"tl.minimum({{0}}, {{1}}, {_WITH_NAN})",
    },
    choose="tl.where({0}, {1}, {2})",
    cast="({0}).to({1})",
    # Of a block: a scalar Triton would take for one of 32 bits.
    full="tl.full([BLOCK], {0}, {1})",
    truth="({0} != 0)",
    number=_number,
)


def source(loop: ElementLoop) -> str | None:
    """The kernel; None where a step does what it has no name for."""
    names: dict[Node, str] = {}
    head: list[str] = []
    body: list[str] = []
    tail: list[str] = []
    pointers = iter(range(10**6))
    for x in (*loop.carry, *loop.constants, *loop.inputs):
        names[x] = f"v{len(names)}"
        is_input = x in loop.inputs
        line = f"{names[x]} = tl.load({_place(loop, next(pointers), x, is_input)}, mask=inside)"
        (body if is_input else head).append(line)
    head += [f"total_{i} = tl.zeros([BLOCK], {TRITON.dtypes[x.meta['val'].dtype]})" for i, x in enumerate(loop.terms)]
    for node in loop.operations:
        text = expression(TRITON, node, names)
        if text is None:
            return None
        names[node] = f"v{len(names)}"
        body.append(f"{names[node]} = {text}")
    kept, sums = iter(loop.carry), iter(range(len(loop.ends)))
    for x, is_added in zip(loop.ends, loop.summed, strict=True):
        name = f"total_{next(sums)}" if is_added else names[next(kept)]
        tail.append(f"tl.store({_place(loop, next(pointers), x)}, {name}, mask=inside)")
    for x in loop.columns:
        body.append(f"tl.store({_place(loop, next(pointers), x, True)}, {names[x]}, mask=inside)")
    body += [f"total_{i} += {names[x]}" for i, x in enumerate(loop.terms)]
    # All carries change together: a new one may be computed from the old value of another.
    body += [f"next_{i} = {names[x]}" for i, x in enumerate(loop.becomes)]
    body += [f"{names[x]} = next_{i}" for i, x in enumerate(loop.carry)]
    arguments = [f"p{i}" for i in range(next(pointers))]
    return "\n".join(
        [
            "import triton",
            "import triton.language as tl",
            "from triton.language.extra import libdevice",
            "",
            "",
            "@triton.jit",
            f"def kernel({', '.join([*arguments, 'steps', 'size', 'BLOCK: tl.constexpr'])}):",
            "    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)",
            "    inside = at < size",
            *[f"    {line}" for line in head],
            "    for k in range(steps):",
            f"        t = {'steps - 1 - k' if loop.reverse else 'k'}",
            *[f"        {line}" for line in body or ["pass"]],
            *[f"    {line}" for line in tail],
            "",
        ]
    )


def _place(loop: ElementLoop, pointer: int, node: Node, each: bool = False) -> str:
    """Where the elements of a tensor are: of one row at each step, or of the whole."""
    shape = node.meta["val"].shape
    # In 64 bits: a number of 32, such as `t`, would overflow after 2**31 elements.
    row = f"p{pointer} + t * tl.full([], {shape.numel()}, tl.int64)" if each else f"p{pointer}"
    return f"{row} + {_offset(shape, loop.shape)}"


def _offset(shape: torch.Size, whole: torch.Size) -> str:
    """The index of the element of a tensor that broadcasts to each element of the whole."""
    own = stripped(shape)
    if own == stripped(whole):
        return "at"
    parts, inner = [], 1
    for axis in range(1, len(whole) + 1):
        size = whole[-axis]
        if axis <= len(own) and own[-axis] != 1:
            stride = math.prod(own[len(own) - axis + 1 :])
            parts.append(f"(at // {inner} % {size}) * {stride}")
        inner *= size
    return " + ".join(parts) or "at * 0"


def loaded(text: str) -> Any:
    """The kernel of a source text. Triton reads source from a file, so `linecache` gets it under a made-up name."""
    name = f"<loop {abs(hash(text)):x}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    space: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), space)
    return space["kernel"]


def launch(kernel: Any, tensors: Sequence[torch.Tensor], steps: int, size: int) -> None:
    """Run all steps, on the device of the tensors."""
    # A program of the kernel has its elements for all steps, so that none waits for another.
    with at(tensors[-1].device):
        kernel[(-(-size // _BLOCK),)](*tensors, steps, size, BLOCK=_BLOCK)
