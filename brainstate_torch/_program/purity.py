"""Recorded programs without writes in place."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._host.dispatch import OpOverload
from .._host.functorch import FakeTensorMode, functionalize, shapes_alone
from .._host.fx import GraphModule, Node, traced
from .recording import alone, tidy

__all__ = ["functional", "pure"]


def functional(
    module: GraphModule, like: Sequence[Any], decompositions: Mapping[Any, Any], mode: FakeTensorMode | None = None
) -> GraphModule:
    """The graph in terms of simpler operations, none of which writes in place but the last ones, into inputs.

    The fake tensors in it belong to `mode`.
    """
    return _retraced(pure(module, like), like, "mutations_and_views", decompositions, mode)


def pure(module: GraphModule, like: Sequence[Any]) -> GraphModule:
    """The functionalised graph: without writes in place, every dependency is an edge.

    It may be the module itself, changed.
    """
    if any(map(_writes_within, module.graph.nodes)):
        held, module = module.held, _retraced(module, like, "mutations", _MAPPABLE)
        tidy(module)
        module.held = held
    for node in module.graph.nodes:
        if node.target is torch.ops.aten.view.default:
            # A compiler may give the value strides with which the view is impossible.
            node.target = torch.ops.aten.reshape.default
    module.recompile()
    return module


def _in_memory(x: torch.Tensor, *, like: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
    """A tensor with its axes in the order in which those of another lie in memory, and how to put them back."""
    strides = like.stride()
    order = sorted(range(like.dim()), key=lambda axis: -strides[axis])
    return x.permute(order), [order.index(axis) for axis in range(like.dim())]


def _copied(base: torch.Tensor, source: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    """What `base` becomes where `source` is copied into it."""
    stored, back = _in_memory(source.to(base).expand(base.shape), like=base)
    return stored.clone(memory_format=torch.contiguous_format).permute(back)


def _scattered(
    base: torch.Tensor, source: torch.Tensor, size: Sequence[int], stride: Sequence[int], offset: int | None = None
) -> torch.Tensor:
    """What `base` becomes where `source` is written through a view of its memory."""
    place = torch.full((1,) * len(size), offset or 0, device=base.device)
    for axis, (length, step) in enumerate(zip(size, stride, strict=True)):
        shape = [-1 if i == axis else 1 for i in range(len(size))]
        place = place + step * torch.arange(length, device=base.device).reshape(shape)
    stored, back = _in_memory(base, like=base)
    written = stored.reshape(-1).index_copy(0, place.reshape(-1), source.reshape(-1))
    return written.reshape(stored.shape).permute(back)


#: Writes in place, and the backward pass of one, in terms of operations that vmap knows.
_MAPPABLE = {
    torch.ops.aten.copy.default: _copied,
    torch.ops.aten.as_strided_scatter.default: _scattered,
    torch.ops.aten.fill.Scalar: torch.full_like,
}


def _retraced(
    module: GraphModule,
    like: Sequence[Any],
    without: str,
    decompositions: Mapping[Any, Any],
    mode: FakeTensorMode | None = None,
) -> GraphModule:
    writes = any(map(_writes_within, module.graph.nodes))
    with alone(), mode or shapes_alone():
        inputs = [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in like]
        fun = functionalize(module, remove=without) if writes else module
        return traced(fun, inputs, decompositions)


def _writes_within(node: Node) -> bool:
    """Whether a node writes in place, other than by filling an input."""
    if not isinstance(node.target, OpOverload) or not node.target._schema.is_mutable:
        return False
    fills = node.target is torch.ops.aten.copy_.default and node.args[0].op == "placeholder"  # type: ignore[union-attr]
    return not (fills and not node.users)
